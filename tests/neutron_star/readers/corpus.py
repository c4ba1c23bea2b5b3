"""Good files in every form that the readers know, and bad ones made from them by breaking one thing at a time.

Nothing here is stored: each file is written by a function, so that a test can say what is wrong with it.
"""

import gzip
import json
import os
import pickle
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from retrodict.base.constants import (
    ATOMIC_MASS_UNIT,
    ATOMIC_MASS_UNIT_IN_GRAM,
    MEV_FM3_IN_DYN_CM2,
    MEV_FM3_IN_GRAM_CM3,
    SPEED_OF_LIGHT,
)
from retrodict.base.files import read_yaml
from retrodict.neutron_star.readers import data
from tests.hostile_files import (
    Arrays,
    Bad,
    ByteChange,
    Change,
    Form,
    Hostile,
    Payload,
    at,
    byte_cases,
    byte_faults,
    change_hdf5,
    hostile_cases,
    hostile_hdf5,
    npy_bytes,
    number_cases,
    object_npy,
    raw,
    without,
    write_zip,
)


def sly(points: int = 60, lowest: float = 1e10) -> Arrays:
    """SLy as the piecewise polytrope of Read et al., PRD 79, 124032 (2009), from `lowest` to 5e15 g cm^-3."""
    core = 10**34.384 / (SPEED_OF_LIGHT * 100) ** 2 / 10 ** (14.7 * 3.005)
    join = (3.99873692e-8 / core) ** (1.0 / (3.005 - 1.35692395))
    edges = [2.44033979e7, 3.78358138e11, 2.62780487e12, join, 10**14.7, 1e15]
    index = [1.58424999, 1.28732904, 0.62223344, 1.35692395, 3.005, 2.988, 2.851]
    rho = np.unique(np.concatenate([np.geomspace(lowest, 5e15, points), [e for e in edges if e > lowest]]))
    k, a = [6.80109613e-9], [0.0]
    for i, edge in enumerate(edges):
        k.append(k[i] * edge ** (index[i] - index[i + 1]))
        below, above = (k[j] * edge ** (index[j] - 1) / (index[j] - 1) for j in (i, i + 1))
        a.append(a[i] + below - above)
    piece = np.searchsorted(edges, rho)
    p = np.array(k)[piece] * rho ** np.array(index)[piece]
    eps = (1 + np.array(a)[piece]) * rho + p / (np.array(index)[piece] - 1)
    scale = 1.0 / MEV_FM3_IN_GRAM_CM3
    n = rho / ATOMIC_MASS_UNIT_IN_GRAM * 1e-39
    mass = n * ATOMIC_MASS_UNIT / (rho * scale)
    return {"baryon_density": n, "energy_density": eps * scale * mass, "pressure": p * scale * mass}


def stars() -> Arrays:
    own = data.observations()
    return {"mass": own.mass, "mass_error": own.mass_error, "radius": own.radius, "radius_error": own.radius_error}


def samples(count: int = 80) -> Arrays:
    rng = np.random.default_rng(0)
    return {"mass": rng.normal(1.4, 0.1, count), "radius": rng.normal(12.0, 0.8, count)}


def merger(count: int = 80) -> Arrays:
    rng = np.random.default_rng(1)
    return {
        "m1": rng.uniform(1.4, 1.6, count),
        "m2": rng.uniform(1.2, 1.36, count),
        "lambda_tilde": rng.uniform(50.0, 800.0, count),
    }


# --- writing ----------------------------------------------------------------------------------------------------------

UNITS = {
    "baryon_density": "fm^-3",
    "energy_density": "MeV fm^-3",
    "pressure": "MeV fm^-3",
    "mass": "Msun",
    "mass_error": "Msun",
    "radius": "km",
    "radius_error": "km",
    "m1": "Msun",
    "m2": "Msun",
}


def label(name: str) -> str:
    return f"{name} [{UNITS[name]}]" if name in UNITS else name


def csv_text(arrays: Arrays) -> str:
    rows = [", ".join(repr(float(x)) for x in row) for row in zip(*arrays.values(), strict=True)]
    return "\n".join([", ".join(map(label, arrays)), *rows, ""])


def write_csv(path: Path, arrays: Arrays) -> None:
    path.write_text(csv_text(arrays))


def write_spaced(path: Path, arrays: Arrays) -> None:
    """White space, a comment for the header, Windows line ends, a byte order mark."""
    path.write_text("# made for a test\n# " + csv_text(arrays).replace(", ", "  ").replace("\n", "\r\n"), "utf-8-sig")


def write_bare(path: Path, arrays: Arrays) -> None:
    path.write_text(csv_text(arrays).split("\n", 1)[1].replace(",", " "))


def write_cgs(path: Path, arrays: Arrays) -> None:
    """Four columns as RNS reads them: a count, then eps [g cm^-3], p [dyn cm^-2], an enthalpy, n [cm^-3]."""
    eps, p = arrays["energy_density"] * MEV_FM3_IN_GRAM_CM3, arrays["pressure"] * MEV_FM3_IN_DYN_CM2
    rows = zip(eps, p, np.ones_like(p), arrays["baryon_density"] * 1e39, strict=True)
    path.write_text("\n".join([str(len(p)), *(" ".join(f"{x:.17e}" for x in row) for row in rows), ""]))


def write_npy(path: Path, arrays: Arrays) -> None:
    np.save(path, np.stack(list(arrays.values()), axis=1))


def write_npz(path: Path, arrays: Arrays) -> None:
    np.savez_compressed(path, **{label(name): values for name, values in arrays.items()})


def write_hdf5(path: Path, arrays: Arrays) -> None:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[f"table/{name}"] = values
            file[f"table/{name}"].attrs["units"] = np.bytes_(UNITS.get(name, ""))


def write_compound(path: Path, arrays: Arrays) -> None:
    """PESummary: one compound table an analysis, with a column of words beside the numbers."""
    table = np.zeros(len(next(iter(arrays.values()))), [*((name, "f8") for name in arrays), ("model", "S4")])
    for name, values in arrays.items():
        table[name] = values
    with h5py.File(path, "w") as file:
        file["low_spin/posterior_samples"] = table
        file["version"] = "1.0"


def write_json(path: Path, arrays: Arrays) -> None:
    path.write_text(json.dumps({label(name): list(values) for name, values in arrays.items()}))


def write_bilby(path: Path, arrays: Arrays) -> None:
    renamed = {{"m1": "mass_1_source", "m2": "mass_2_source"}.get(k, k): list(v) for k, v in arrays.items()}
    path.write_text(json.dumps({"label": "x", "posterior": {"__dataframe__": True, "content": renamed}}))


def write_compose(path: Path, arrays: Arrays) -> None:
    """The folder of a CompOSE table, written by hand from its definition."""
    path.mkdir(exist_ok=True)
    n, eps, p = (arrays[name] for name in ("baryon_density", "energy_density", "pressure"))
    m = 939.56
    (path / "eos.nb").write_text("\n".join(["1", str(len(n)), *(f"{x:.17e}" for x in n), ""]))
    (path / "eos.t").write_text("0\n0\n0.0\n")
    (path / "eos.yq").write_text("0\n0\n0.0\n")
    energy = eps / n / m - 1.0
    rows = [f"0 {i + 1} 0 {p[i] / n[i]:.17e} 0 0 0 0 {energy[i]:.17e} {energy[i]:.17e} 1 0.5" for i in range(len(n))]
    (path / "eos.thermo").write_text("\n".join([f"{m} 938.27 1", *rows, ""]))


CGS = "energy_density [g cm^-3], pressure [dyn cm^-2], _, baryon_density [cm^-3]"
EOS, STARS, NICER, TIDES = (
    data.read_equation_of_state,
    data.read_observations,
    data.read_mass_radius_samples,
    data.read_tidal_samples,
)

FORMS = [
    Form("eos-csv", "eos.csv", sly, write_csv, EOS),
    Form("eos-spaced", "eos.dat", sly, write_spaced, EOS),
    Form("eos-cgs", "eos.rns", sly, write_cgs, lambda path: EOS(path, CGS)),
    Form("eos-npz", "eos.npz", sly, write_npz, EOS),
    Form("eos-hdf5", "eos.h5", sly, write_hdf5, EOS),
    Form("eos-json", "eos.json", sly, write_json, EOS),
    Form("eos-compose", "compose", sly, write_compose, EOS),
    Form("stars-csv", "stars.csv", stars, write_csv, STARS),
    Form("stars-spaced", "stars.txt", stars, write_spaced, STARS),
    Form("stars-json", "stars.json", stars, write_json, STARS),
    Form("samples-csv", "nicer.csv", samples, write_csv, NICER),
    Form("samples-bare", "nicer.dat", samples, write_bare, lambda path: NICER(path, "mass, radius")),
    Form("samples-npy", "nicer.npy", samples, write_npy, lambda path: NICER(path, "mass, radius")),
    Form("samples-npz", "nicer.npz", samples, write_npz, NICER),
    Form("tides-csv", "gw.dat", merger, write_csv, TIDES),
    Form("tides-compound", "gw.h5", merger, write_compound, TIDES),
    Form("tides-bilby", "gw_result.json", merger, write_bilby, TIDES),
]
BY_NAME = {form.name: form for form in FORMS}


# --- breaking numbers -------------------------------------------------------------------------------------------------


def scaled(name: str, by: float) -> Change:
    return lambda arrays: {**arrays, name: arrays[name] * by}


def swapped(one: str, other: str) -> Change:
    return lambda arrays: {**arrays, one: arrays[other], other: arrays[one]}


def cut(rows: int) -> Change:
    return lambda arrays: {key: values[:rows] for key, values in arrays.items()}


def superluminal_everywhere(arrays: Arrays) -> Arrays:
    eps = np.linspace(1000.0, 3000.0, 40)
    return {"baryon_density": eps / 1000.0, "energy_density": eps, "pressure": 1.2 * (eps - 999.0)}


EOS_FAULTS = {
    "nan": at("pressure", 20, np.nan),
    "infinite": at("energy_density", 20, np.inf),
    "negative-pressure": at("pressure", 5, -1e-3),
    "zero-energy": at("energy_density", 0, 0.0),
    "falling-pressure": at("pressure", 50, 1e-3),
    "falling-energy": at("energy_density", 50, 1.0),
    "density-stays": lambda a: at("baryon_density", 50, a["baryon_density"][49])(a),
    "swapped": swapped("pressure", "energy_density"),
    "density-swapped": swapped("baryon_density", "energy_density"),
    "energy-in-wrong-unit": scaled("energy_density", MEV_FM3_IN_GRAM_CM3),
    "pressure-in-wrong-unit": scaled("pressure", MEV_FM3_IN_DYN_CM2),
    "density-in-wrong-unit": scaled("baryon_density", 1e39),
    "without-rest-mass": lambda a: {**a, "energy_density": a["energy_density"] - 0.999 * a["energy_density"]},
    "crust-only": cut(25),
    "few-rows": cut(4),
    "superluminal-everywhere": superluminal_everywhere,
}
STARS_FAULTS = {
    "nan": at("mass", 3, np.nan),
    "negative-error": at("mass_error", 3, -0.1),
    "zero-error": at("radius_error", 3, 0.0),
    "error-above-value": at("radius_error", 3, 15.0),
    "swapped": swapped("mass", "radius"),
    "swapped-errors": swapped("mass", "mass_error"),
    "radius-in-metres": scaled("radius", 1e3),
    "mass-in-kg": scaled("mass", 1.989e30),
    "no-radius": without("radius"),
    "no-error": without("mass_error"),
}
SAMPLES_FAULTS = {
    "nan": at("radius", 7, np.nan),
    "swapped": swapped("mass", "radius"),
    "negative": at("radius", 7, -12.0),
    "radius-in-metres": scaled("radius", 1e3),
    "few": cut(5),
}
TIDES_FAULTS = {
    "nan": at("m1", 7, np.nan),
    "negative": at("lambda_tilde", 7, -3.0),
    "swapped": swapped("m1", "lambda_tilde"),
    "heavy": scaled("m2", 100.0),
    "no-lambda": without("lambda_tilde"),
    "few": cut(5),
}
FAULTS = {"eos": EOS_FAULTS, "stars": STARS_FAULTS, "samples": SAMPLES_FAULTS, "tides": TIDES_FAULTS}


# --- breaking bytes ---------------------------------------------------------------------------------------------------


BYTE_FAULTS: dict[str, ByteChange] = {
    **byte_faults(csv_text(sly())),
    "gzip-cut": lambda good, marker: gzip.compress(good)[:-9],
    "huge-line": lambda good, marker: b"1.0," * 500_000,
    "latin-1": lambda good, marker: "Länge, Größe\n1,2\n".encode("latin-1"),
}


def _good_hdf5(path: Path) -> None:
    write_hdf5(path, sly())


def _huge(file: h5py.File) -> None:
    file.create_dataset("table/huge", (10**13,), dtype="f8", chunks=(1000,))


EIGHTY_TERABYTES = "{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,), }"
ALIAS_BOMB = "a: &a [1,1]\n" + "\n".join(
    f"{y}: &{y} [*{x},*{x},*{x}]" for x, y in zip("abcdefg", "bcdefgh", strict=True)
)


def _swapped_bytes(path: Path, arrays: Arrays) -> None:
    """Big-endian numbers under a little-endian header."""
    write_npy(path, {name: values.byteswap() for name, values in arrays.items()})


def _duplicate_member(path: Path, marker: Path) -> None:
    """Two members of one name: `mas1` renamed behind the library's back."""
    write_zip(path, {"mas0.npy": b"x", "mas1.npy": b"x"})
    path.write_bytes(path.read_bytes().replace(b"mas1", b"mas0"))


def _claiming(path: Path, size: int) -> None:
    """50 MiB of zeros in 50 kB, with another size in the directory of the archive."""
    write_zip(path, {"mass.npy": bytes(50 * 2**20)})
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", size)
    path.write_bytes(bytes(data))


NPY = BY_NAME["samples-npy"].read
HOSTILE: list[Hostile] = [
    ("npy-80-terabytes", "a.npy", raw(npy_bytes(EIGHTY_TERABYTES)), NPY),
    ("npy-object", "a.npy", raw(object_npy), NPY),
    ("npy-deep-header", "a.npy", raw(npy_bytes("(" * 60_000)), NPY),
    ("npy-code-header", "a.npy", raw(npy_bytes("__import__('os').system('touch x')")), NPY),
    ("npy-negative-shape", "a.npy", raw(npy_bytes(EIGHTY_TERABYTES.replace("10000000000000", "-1"))), NPY),
    ("npy-other-endian", "a.npy", lambda path, marker: _swapped_bytes(path, samples()), NPY),
    ("npy-words", "a.npy", lambda path, marker: np.save(path, np.array([["mass", "radius"]])), NPY),
    ("npy-complex", "a.npy", lambda path, marker: np.save(path, np.ones((80, 2), complex)), NPY),
    ("npy-three-columns", "a.npy", lambda path, marker: np.save(path, np.ones((80, 3))), NPY),
    ("npz-bomb", "a.npz", lambda path, marker: _claiming(path, 2**32 - 2), NICER),
    ("npz-bomb-that-lies", "a.npz", lambda path, marker: _claiming(path, 1000), NICER),
    (
        "npz-80-terabytes",
        "a.npz",
        lambda path, marker: write_zip(path, {"mass.npy": npy_bytes(EIGHTY_TERABYTES)}),
        NICER,
    ),
    ("npz-object", "a.npz", lambda path, marker: write_zip(path, {"mass.npy": object_npy(marker)}), NICER),
    ("npz-pickle", "a.npz", lambda path, m: write_zip(path, {"mass.npy": pickle.dumps(Payload(m))}), NICER),
    ("npz-outside", "a.npz", lambda path, marker: write_zip(path, {"../../mass.npy": b"x"}), NICER),
    ("npz-twice", "a.npz", _duplicate_member, NICER),
    ("npz-empty", "a.npz", lambda path, marker: write_zip(path, {}), NICER),
    ("npz-many", "a.npz", lambda path, marker: write_zip(path, {f"x{i}.npy": b"" for i in range(1200)}), NICER),
    *((name, "a.h5", write, EOS) for name, write in hostile_hdf5(_good_hdf5, "table", (8,)).items()),
    ("hdf5-80-terabytes", "a.h5", change_hdf5(_good_hdf5, _huge), EOS),
    ("json-twice", "a.json", raw(b'{"mass": [1.0], "mass": [2.0]}'), NICER),
    (
        "json-nan",
        "a.json",
        raw(b'{"mass": [' + b"NaN, " * 79 + b'1], "radius": [' + b"12, " * 79 + b"12]}"),
        NICER,
    ),
    ("json-digits", "a.json", raw(b'{"mass": [' + b"9" * 5000 + b'], "radius": [1]}'), NICER),
    ("json-beyond-float", "a.json", raw(b'{"mass": [' + b"9" * 400 + b'], "radius": [1]}'), NICER),
    ("json-ragged", "a.json", raw(b'{"mass": [1, 2], "radius": [1]}'), NICER),
    ("csv-duplicate-columns", "a.csv", raw(b"mass, mass, radius\n1.4, 1.4, 12\n"), STARS),
    ("csv-no-header", "a.csv", raw(b"1.4, 0.1, 12, 1\n"), STARS),
    ("csv-no-rows", "a.csv", raw(b"mass [Msun], radius [km]\n"), STARS),
    (
        "csv-ragged",
        "a.csv",
        raw(b"mass, mass_error, radius, radius_error\n1.4, .1, 12, 1\n1.4, .1, 12\n"),
        STARS,
    ),
    ("csv-words", "a.csv", raw(b"mass, mass_error, radius, radius_error\n1.4, .1, twelve, 1\n"), STARS),
    ("csv-underscores", "a.csv", raw(b"mass, mass_error, radius, radius_error\n1_4, .1, 12, 1\n"), STARS),
    ("csv-overflow", "a.csv", raw(b"mass, mass_error, radius, radius_error\n1e999, .1, 12, 1\n"), STARS),
    ("csv-unknown-unit", "a.csv", raw(csv_text(sly()).replace("fm^-3", "furlong").encode()), EOS),
    ("csv-no-unit", "a.csv", raw(csv_text(sly()).replace(" [MeV fm^-3]", "").encode()), EOS),
    (
        "csv-rho",
        "a.csv",
        raw(csv_text(without("baryon_density")(sly())).replace("energy_density", "rho").encode()),
        EOS,
    ),
    ("csv-formula", "a.csv", raw(csv_text(sly()).replace("0.", "=cmd|' /C calc'!A0", 1).encode()), EOS),
    ("tides-detector-frame", "a.dat", raw(csv_text(merger()).replace("m", "mass_", 2).encode()), TIDES),
    ("tides-nothing", "a.dat", raw(csv_text(samples()).encode()), TIDES),
    ("compose-empty-folder", "folder", lambda path, marker: path.mkdir(), EOS),
    ("folder", "folder.csv", lambda path, marker: path.mkdir(), STARS),
    ("pipe", "pipe.csv", lambda path, marker: os.mkfifo(path), STARS),
    ("loop", "loop.csv", lambda path, marker: path.symlink_to(path), STARS),
    ("missing", "nowhere.csv", lambda path, marker: None, STARS),
    ("yaml-alias-bomb", "a.yaml", raw(ALIAS_BOMB.encode()), read_yaml),
    ("yaml-tag", "a.yaml", raw(b"a: !!python/object/apply:os.system ['touch x']\n"), read_yaml),
    ("yaml-twice", "a.yaml", raw(b"a: 1\na: 2\n"), read_yaml),
    ("yaml-nested", "a.yaml", raw(b"[" * 50_000), read_yaml),
    ("yaml-pickle", "a.yaml", raw(lambda marker: pickle.dumps(Payload(marker))), read_yaml),
    ("yaml-large", "a.yaml", raw(b"a: 1 #" + b"x" * 2**21), read_yaml),
]


def cases() -> Iterator[Bad]:
    """The whole corpus."""
    for form in FORMS:
        yield from number_cases(form, FAULTS[form.name.split("-")[0]])
        yield from byte_cases(form, BYTE_FAULTS if form.name != "eos-compose" else {})
    for fault, break_it in COMPOSE_FAULTS.items():
        yield Bad(f"compose-{fault}", partial(_make_compose, break_it), EOS)
    yield from hostile_cases(HOSTILE)


def _make_compose(break_it: Callable[[Path], object], folder: Path, marker: Path) -> Path:
    write_compose(folder / "compose", sly())
    break_it(folder / "compose")
    return folder / "compose"


COMPOSE_FAULTS: dict[str, Callable[[Path], object]] = {
    "no-thermo": lambda place: (place / "eos.thermo").unlink(),
    "no-nb": lambda place: (place / "eos.nb").unlink(),
    "hot": lambda place: (place / "eos.t").write_text("1\n1\n30.0\n"),
    "many-fractions": lambda place: (place / "eos.yq").write_text("1\n3\n0.1\n0.2\n0.3\n"),
    "short-grid": lambda place: (place / "eos.nb").write_text("1\n9\n0.1\n0.2\n"),
    "huge-grid": lambda place: (place / "eos.nb").write_text("1\n999999\n0.1\n"),
    "no-masses": lambda place: (place / "eos.thermo").write_text("1 2 3\n"),
    "short-row": lambda place: (place / "eos.thermo").write_text("939.56 938.27 1\n1 1 1 0.1\n"),
    "index-beyond": lambda place: (place / "eos.thermo").write_text("939.56 938.27 1\n1 999 1 1 0 0 0 0 0 0 0\n"),
    "row-twice": lambda place: (place / "eos.thermo").write_text("939.56 938.27 1\n" + "1 5 1 1 0 0 0 0 0 0 0\n" * 2),
    "words": lambda place: (place / "eos.thermo").write_text("939.56 938.27 leptons\n"),
}
