"""Good correlators in every form that the readers know, and bad ones made from them by breaking one thing at a time.

Nothing here is stored: each file is written by a function, so that a test can say what is wrong with it.
"""

import gzip
import json
import os
import pickle
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from retrodict.spectral.data import read_correlator
from retrodict.spectral.mock import MockCorrelator
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

TIMES = np.arange(8.0)
MOCK = MockCorrelator(TIMES, 2.0 * np.exp(-0.4 * TIMES), signal_to_noise=20.0, decay=0.1, time_correlation=2.0)


def propagator() -> Arrays:
    """A Kallen-Lehmann propagator with independent errors."""
    p = np.linspace(0.0, 6.0, 9)
    return {"grid": p, "mean": 1.0 / (4.0 + (p + 0.5) ** 2), "error": np.full(9, 1e-4)}


def correlated() -> Arrays:
    """A correlator in imaginary time with the covariance of 50 measurements."""
    return {"grid": TIMES, "mean": MOCK.exact, "covariance": MOCK.covariance(50)}


def measured(count: int = 60) -> Arrays:
    """Measurements of the same."""
    return {"grid": TIMES, "samples": MOCK.draw(np.random.default_rng(7), count)}


# --- writing ----------------------------------------------------------------------------------------------------------


def rows_of(arrays: Arrays) -> list[str]:
    return [", ".join(repr(float(x)) for x in row) for row in zip(*arrays.values(), strict=True)]


def csv_text(arrays: Arrays, names: dict[str, str]) -> str:
    return "\n".join([", ".join(names[key] for key in arrays), *rows_of(arrays), ""])


P_NAMES = {"grid": "p [GeV]", "mean": "D [GeV^-2]", "error": "sigma [GeV^-2]"}
TAU_NAMES = {"grid": "tau [GeV^-1]", "mean": "G", "error": "sigma", "covariance": "covariance", "samples": "samples"}


def write_csv(path: Path, arrays: Arrays) -> None:
    path.write_text(csv_text(arrays, P_NAMES))


def write_spaced(path: Path, arrays: Arrays) -> None:
    """White space, a comment for the header, Windows line ends, a byte order mark, other names."""
    names = {"grid": "omega_n [GeV]", "mean": "mean", "error": "err"}
    path.write_text("# a test\n# " + csv_text(arrays, names).replace(", ", "  ").replace("\n", "\r\n"), "utf-8-sig")


def write_covariance_columns(path: Path, arrays: Arrays) -> None:
    columns = {f"cov_{i}": column for i, column in enumerate(arrays.get("covariance", np.empty((8, 0))).T)}
    table = {key: values for key, values in arrays.items() if key != "covariance"} | columns
    path.write_text(csv_text(table, TAU_NAMES | {name: name for name in columns}))


def write_npz(path: Path, arrays: Arrays) -> None:
    np.savez_compressed(path, **{TAU_NAMES[key]: values for key, values in arrays.items()})


def write_json(path: Path, arrays: Arrays) -> None:
    path.write_text(json.dumps({TAU_NAMES[key]: values.tolist() for key, values in arrays.items()}))


def write_npy(path: Path, arrays: Arrays) -> None:
    np.save(path, arrays["samples"])


def write_gvar(path: Path, arrays: Arrays) -> None:
    """Two tags that alternate, one of them a number a line."""
    lines = [f"plaquette 0.5{i}\nmeson " + " ".join(map(repr, row)) for i, row in enumerate(arrays["samples"].tolist())]
    path.write_text("# two tags\n" + "\n".join(lines) + "\n")


def write_gvar_gzip(path: Path, arrays: Arrays) -> None:
    """The spelling with brackets, packed."""
    lines = [f"meson {row}" for row in arrays["samples"].tolist()]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))


def write_hdf5(path: Path, arrays: Arrays) -> None:
    with h5py.File(path, "w") as file:
        file["run/meson"] = arrays["samples"]
        file["run/meson"].attrs["units"] = np.bytes_("a^-3")
        file["run/plaquette"] = np.ones(len(arrays["samples"]))


def write_hdf5_complex(path: Path, arrays: Arrays) -> None:
    with h5py.File(path, "w") as file:
        file["meson"] = arrays["samples"] * (1.0 + 0.01j)


def write_hdf5_table(path: Path, arrays: Arrays) -> None:
    with h5py.File(path, "w") as file:
        for key, values in arrays.items():
            file[f"result/{TAU_NAMES[key].split()[0]}"] = values
        file["result/tau"].attrs["units"] = np.bytes_("GeV^-1")


RE_IM = np.dtype([("re", "f8"), ("im", "f8")])


def write_hadrons(path: Path, arrays: Arrays) -> None:
    path.mkdir(exist_ok=True)
    for i, row in enumerate(arrays["samples"]):
        pair = np.zeros(len(row), RE_IM)
        pair["re"], pair["im"] = row, 1e-3 * row
        with h5py.File(path / f"pt_ll.{10 * (i + 1)}.h5", "w") as file:
            file["meson/meson_0/corr"] = pair


def pyerrors_document(samples: np.ndarray) -> dict:
    mean = samples.mean(axis=0)
    deltas = [[i + 1, *row] for i, row in enumerate((samples - mean).tolist())]
    data = [{"id": "A", "replica": [{"name": "A|r1", "deltas": deltas}]}]
    one = {"type": "Corr", "layout": f"{len(mean)}, 1", "value": mean.tolist(), "data": data, "tag": {"tag": ["None"]}}
    return {"program": "pyerrors 2.17.0", "version": "1.1", "obsdata": [one]}


def write_pyerrors(path: Path, arrays: Arrays) -> None:
    path.write_bytes(gzip.compress(json.dumps(pyerrors_document(arrays["samples"])).encode()))


def write_pyerrors_plain(path: Path, arrays: Arrays) -> None:
    path.write_text(json.dumps(pyerrors_document(arrays["samples"])))


READ = read_correlator

FORMS = [
    Form("means-csv", "d.csv", propagator, write_csv, READ),
    Form("means-spaced", "d.dat", propagator, write_spaced, READ),
    Form("means-json", "d.json", propagator, write_json, READ),
    Form("means-npz", "d.npz", propagator, write_npz, READ),
    Form("covariance-csv", "g.csv", correlated, write_covariance_columns, READ),
    Form("covariance-npz", "g.npz", correlated, write_npz, READ),
    Form("covariance-json", "g.json", correlated, write_json, READ),
    Form("covariance-hdf5", "g.h5", correlated, write_hdf5_table, READ),
    Form("samples-npz", "s.npz", measured, write_npz, READ),
    Form("samples-npy", "s.npy", measured, write_npy, READ),
    Form("samples-gvar", "s.txt", measured, write_gvar, READ),
    Form("samples-gvar-gzip", "s.txt.gz", measured, write_gvar_gzip, READ),
    Form("samples-hdf5", "s.h5", measured, write_hdf5, READ),
    Form("samples-complex", "c.h5", measured, write_hdf5_complex, READ),
    Form("samples-hadrons", "hadrons", measured, write_hadrons, READ),
    Form("samples-pyerrors", "s.json.gz", measured, write_pyerrors, READ),
    Form("samples-pyerrors-plain", "s.json", measured, write_pyerrors_plain, READ),
]
BY_NAME = {form.name: form for form in FORMS}


# --- breaking numbers -------------------------------------------------------------------------------------------------


def cut(points: int) -> Change:
    """The first points alone."""
    kept = {1: lambda v: v[:points], 2: lambda v: v[:points, :points]}
    return lambda arrays: {key: kept[values.ndim](values) for key, values in arrays.items()}


def cut_samples(rows: int, points: int) -> Change:
    return lambda arrays: {"grid": arrays["grid"][:points], "samples": arrays["samples"][:rows, :points]}


def non_positive(arrays: Arrays) -> Arrays:
    """One eigenvalue of the covariance changes its sign."""
    value, vector = np.linalg.eigh(arrays["covariance"])
    value[0] = -value[0]
    return {**arrays, "covariance": (vector * value) @ vector.T}


def rank_deficient(arrays: Arrays) -> Arrays:
    """The covariance of eight points from five samples."""
    draws = MOCK.draw(np.random.default_rng(1), 5)
    return {**arrays, "covariance": np.cov(draws.T)}


MEANS_FAULTS = {
    "nan-value": at("mean", 3, np.nan),
    "infinite-value": at("mean", 3, np.inf),
    "nan-grid": at("grid", 3, np.nan),
    "nan-error": at("error", 3, np.nan),
    "zero-error": at("error", 3, 0.0),
    "negative-error": at("error", 3, -1e-4),
    "duplicate-grid": lambda arrays: at("grid", 4, float(arrays["grid"][3]))(arrays),
    "negative-grid": at("grid", 0, -1.0),
    "no-mean": without("mean"),
    "no-error": without("error"),
    "no-grid": without("grid"),
    "one-point": cut(1),
}
COVARIANCE_FAULTS = {
    "nan-covariance": at("covariance", (2, 3), np.nan),
    "zero-variance": at("covariance", (2, 2), 0.0),
    "negative-variance": at("covariance", (2, 2), -1e-4),
    "not-symmetric": at("covariance", (2, 3), 0.9e-4),
    "not-positive": non_positive,
    "rank-deficient": rank_deficient,
    "too-small": lambda arrays: {**arrays, "covariance": arrays["covariance"][:, :5]},
    "duplicate-grid": at("grid", 4, 3.0),
    "no-covariance": without("covariance"),
}
SAMPLES_FAULTS = {
    "nan": at("samples", (5, 3), np.nan),
    "infinite": at("samples", (5, 3), np.inf),
    "constant": lambda arrays: {**arrays, "samples": arrays["samples"] * 0.0 + 1.0},
    "three-rows": cut_samples(3, 8),
    "one-row": cut_samples(1, 8),
    "one-point": cut_samples(60, 1),
}
UNDEFINED = ("nan", "infinite")  # in pyerrors a NaN is a time slice that was left out
FAULTS = {"means": MEANS_FAULTS, "covariance": COVARIANCE_FAULTS, "samples": SAMPLES_FAULTS}


# --- breaking bytes ---------------------------------------------------------------------------------------------------


BYTE_FAULTS: dict[str, ByteChange] = {
    **byte_faults(csv_text(propagator(), P_NAMES)),
    "pickle-in-gzip": lambda good, marker: gzip.compress(pickle.dumps(Payload(marker))),
}


def _good_hdf5(path: Path) -> None:
    write_hdf5(path, measured())


def _huge(file: h5py.File) -> None:
    file.create_dataset("run/huge", (10**7, 10**6), dtype="f8", chunks=(10, 10))


def _large(file: h5py.File) -> None:
    """A gigabyte that is not there: below what a file may hold, above what is read into memory."""
    del file["run/meson"]
    file.create_dataset("run/meson", (10**6, 128), dtype="f8", chunks=(1000, 128))


def _gzip_bomb(size: int) -> bytes:
    return gzip.compress(b"meson" + b" 0.125" * (size // 6), mtime=0)


def _pyerrors(change: Callable[[dict], object]) -> Callable[[Path, Path], object]:
    def write(path: Path, marker: Path) -> None:
        document = pyerrors_document(measured()["samples"])
        change(document)
        path.write_bytes(gzip.compress(json.dumps(document).encode()))

    return write


def _deltas(document: dict) -> list:
    return document["obsdata"][0]["data"][0]["replica"][0]["deltas"]


def _hadrons(change: Callable[[Path], object]) -> Callable[[Path, Path], object]:
    def write(path: Path, marker: Path) -> None:
        write_hadrons(path, {"samples": measured()["samples"][:6]})
        change(path)

    return write


def _replace(file: Path, shape: tuple[int, ...], dtype: object = RE_IM) -> None:
    with h5py.File(file, "w") as opened:
        opened["meson/meson_0/corr"] = np.zeros(shape, dtype)


def _linked(file: Path) -> None:
    with h5py.File(file, "a") as opened:
        opened["meson/other"] = h5py.ExternalLink("/etc/other.h5", "/x")


def _with_matrix(text: str) -> Callable[[Path, Path], object]:
    """A good table, and beside it a bad covariance."""

    def write(path: Path, marker: Path) -> None:
        write_csv(path, propagator())
        path.with_name("cov.txt").write_text(text)

    return write


def _read_with_matrix(path: Path) -> object:
    return read_correlator(path, covariance=path.with_name("cov.txt"))


EIGHTY_TERABYTES = "{'descr': '<f8', 'fortran_order': False, 'shape': (10000000, 1000000), }"
NINE = "\n".join(" ".join("1e-8" if i == j else "0" for j in range(9)) for i in range(9))

HOSTILE: list[Hostile] = [
    ("npy-80-terabytes", "a.npy", raw(npy_bytes(EIGHTY_TERABYTES)), READ),
    ("npy-object", "a.npy", raw(object_npy), READ),
    ("npy-cube", "a.npy", lambda path, marker: np.save(path, np.ones((4, 4, 4))), READ),
    (
        "npz-80-terabytes",
        "a.npz",
        lambda path, m: write_zip(path, {"samples.npy": npy_bytes(EIGHTY_TERABYTES)}),
        READ,
    ),
    ("npz-object", "a.npz", lambda path, marker: write_zip(path, {"tau.npy": object_npy(marker)}), READ),
    ("npz-pickle", "a.npz", lambda path, m: write_zip(path, {"tau.npy": pickle.dumps(Payload(m))}), READ),
    ("npz-two-grids", "a.npz", lambda path, m: np.savez(path, tau=TIMES, p=TIMES, G=TIMES, sigma=TIMES + 1), READ),
    *((name, "a.h5", write, READ) for name, write in hostile_hdf5(_good_hdf5, "run", (8, 8)).items()),
    ("hdf5-80-terabytes", "a.h5", change_hdf5(_good_hdf5, _huge), READ),
    ("hdf5-gigabyte", "a.h5", change_hdf5(_good_hdf5, _large), READ),
    ("hdf5-several", "a.h5", change_hdf5(_good_hdf5, lambda f: f.copy("run/meson", "other")), READ),
    ("hdf5-wrong-path", "a.h5", change_hdf5(_good_hdf5, lambda f: None), partial(READ, dataset="run/baryon")),
    ("hdf5-words", "a.h5", change_hdf5(_good_hdf5, lambda f: f.pop("run/meson")), READ),
    ("gzip-bomb", "a.json.gz", raw(lambda marker: _gzip_bomb(2**27)), READ),
    ("gzip-bomb-of-json", "a.json.gz", raw(lambda m: gzip.compress(b"[" + b"1," * 2**26)), READ),
    ("gzip-cut", "a.json.gz", raw(lambda m: _gzip_bomb(2**16)[:-30]), READ),
    ("gzip-flipped", "a.json.gz", raw(lambda m: _gzip_bomb(2**16)[:-6] + b"xxxxxx"), READ),
    ("gzip-trailing", "a.json.gz", raw(lambda m: _gzip_bomb(2**16) + b"trailing"), READ),
    ("gzip-in-gzip", "a.json.gz", raw(lambda m: gzip.compress(gzip.compress(b"meson 1 2"))), READ),
    ("gzip-many-members", "a.gz", raw(gzip.compress(b"") * 200_000), READ),
    ("gvar-ragged", "a.txt", raw(b"c 1 2 3\nc 1 2\n" * 4), READ),
    ("gvar-nan", "a.txt", raw(b"c 1 2 3\nc 1 nan 3\n" * 4), READ),
    ("gvar-words", "a.txt", raw(b"c 1 2 3\nc 1 two 3\n" * 4), READ),
    ("gvar-code", "a.txt", raw(b"c 1 2 3\nc __import__('os').system('touch x')\n"), READ),
    ("gvar-only-tag", "a.txt", raw(b"c 1 2 3\nc\n" * 4), READ),
    ("gvar-scalars", "a.txt", raw(b"c 1\nc 2\n" * 4), READ),
    ("gvar-two-tags", "a.txt", raw(b"c 1 2\nd 2 1\n" * 4), READ),
    ("gvar-wrong-tag", "a.txt", raw(b"c 1 2\nc 2 1\n" * 4), partial(READ, dataset="d")),
    ("gvar-many-tags", "a.txt", raw("".join(f"c{i} 1 2\n" for i in range(10_001)).encode()), READ),
    ("pyerrors-layout", "a.json.gz", _pyerrors(lambda d: d["obsdata"][0].update(layout="9, 1")), READ),
    ("pyerrors-layout-words", "a.json.gz", _pyerrors(lambda d: d["obsdata"][0].update(layout="eight")), READ),
    ("pyerrors-no-value", "a.json.gz", _pyerrors(lambda d: d["obsdata"][0].pop("value")), READ),
    ("pyerrors-no-data", "a.json.gz", _pyerrors(lambda d: d["obsdata"][0].pop("data")), READ),
    ("pyerrors-data-list", "a.json.gz", _pyerrors(lambda d: d["obsdata"][0].update(data=[1])), READ),
    ("pyerrors-short-row", "a.json.gz", _pyerrors(lambda d: _deltas(d)[3].pop()), READ),
    ("pyerrors-word", "a.json.gz", _pyerrors(lambda d: _deltas(d)[3].__setitem__(2, "x")), READ),
    ("pyerrors-nan", "a.json.gz", _pyerrors(lambda d: _deltas(d)[3].__setitem__(2, float("nan"))), READ),
    ("pyerrors-huge", "a.json.gz", _pyerrors(lambda d: _deltas(d)[3].__setitem__(2, 10**400)), READ),
    ("pyerrors-no-deltas", "a.json.gz", _pyerrors(lambda d: _deltas(d).clear()), READ),
    ("pyerrors-empty", "a.json.gz", _pyerrors(lambda d: d["obsdata"].clear()), READ),
    ("pyerrors-cdata", "a.json.gz", _pyerrors(lambda d: d["obsdata"][0].update(cdata=[{"cov": [1], "grad": 1}])), READ),
    ("pyerrors-structure", "a.json.gz", _pyerrors(lambda d: d["obsdata"].append(7)), READ),
    ("pyerrors-wrong", "a.json.gz", _pyerrors(lambda d: None), partial(READ, dataset="3[0,0]")),
    ("json-twice", "a.json", raw(b'{"tau": [1.0], "tau": [2.0]}'), READ),
    (
        "json-beyond-float",
        "a.json",
        raw(b'{"tau": [1, ' + b"9" * 400 + b'], "G": [1, 2], "sigma": [1, 1]}'),
        READ,
    ),
    ("json-ragged", "a.json", raw(b'{"tau": [1, 2], "G": [1], "sigma": [1, 1]}'), READ),
    ("json-matrix-grid", "a.json", raw(b'{"tau": [[1, 2]], "G": [1, 2], "sigma": [1, 1]}'), READ),
    ("csv-no-header", "a.csv", raw(b"0, 1, .1\n1, .5, .1\n"), READ),
    ("csv-no-rows", "a.csv", raw(b"tau, G, sigma\n"), READ),
    ("csv-ragged", "a.csv", raw(b"tau, G, sigma\n0, 1, .1\n1, .5\n"), READ),
    ("csv-words", "a.csv", raw(b"tau, G, sigma\n0, one, .1\n1, .5, .1\n"), READ),
    ("csv-huge-values", "a.csv", raw(b"tau, G, sigma\n0, 1, 1e300\n1, .5, .1\n"), READ),
    ("csv-overflow", "a.csv", raw(b"tau, G, sigma\n0, 1e999, .1\n1, .5, .1\n"), READ),
    ("csv-mixed-units", "a.csv", raw(b"p [GeV], D [GeV^-2], sigma [MeV^-2]\n0, 1, .1\n1, .5, .1\n"), READ),
    ("csv-momentum-in-fm", "a.csv", raw(b"p [fm], D, sigma\n0, 1, .1\n1, .5, .1\n"), READ),
    ("csv-time-in-GeV", "a.csv", raw(b"tau [GeV], D, sigma\n0, 1, .1\n1, .5, .1\n"), READ),
    ("csv-time-in-1/a", "a.csv", raw(b"tau [1/a], D, sigma\n0, 1, .1\n1, .5, .1\n"), READ),
    ("csv-two-grids", "a.csv", raw(b"p, tau, D, sigma\n0, 0, 1, .1\n1, 1, .5, .1\n"), READ),
    ("csv-twice", "a.csv", raw(b"p, D, D, sigma\n0, 0, 1, .1\n1, 1, .5, .1\n"), READ),
    ("csv-other-table", "a.csv", raw(b"mass, radius\n1.4, 12\n1.5, 12\n"), READ),
    ("csv-covariance-gap", "a.csv", raw(b"tau, G, cov_0, cov_2\n0, 1, .1, 0\n1, .5, 0, .1\n"), READ),
    (
        "csv-contradiction",
        "a.csv",
        raw(b"t, G, sigma, cov_0, cov_1\n0, 1, .1, .1, 0\n1, .5, .1, 0, .1\n"),
        READ,
    ),
    ("csv-long-line", "a.csv", raw(b"tau, G, sigma\n" + b"1.0," * 500_000), READ),
    ("matrix-ragged", "a.csv", _with_matrix(NINE + " 0"), _read_with_matrix),
    ("matrix-small", "a.csv", _with_matrix("1 0\n0 1\n"), _read_with_matrix),
    ("matrix-words", "a.csv", _with_matrix(NINE.replace("1e-8", "x", 1)), _read_with_matrix),
    ("matrix-not-positive", "a.csv", _with_matrix(NINE.replace("1e-8", "-1e-8", 1)), _read_with_matrix),
    ("matrix-missing", "a.csv", lambda path, m: write_csv(path, propagator()), _read_with_matrix),
    ("hadrons-other-length", "f", _hadrons(lambda f: _replace(f / "pt_ll.30.h5", (5,))), READ),
    ("hadrons-lacking", "f", _hadrons(lambda f: h5py.File(f / "pt_ll.30.h5", "w").close()), READ),
    ("hadrons-damaged", "f", _hadrons(lambda f: (f / "pt_ll.30.h5").write_bytes(b"not HDF5")), READ),
    ("hadrons-real", "f", _hadrons(lambda f: _replace(f / "pt_ll.30.h5", (8,), "f8")), READ),
    ("hadrons-link", "f", _hadrons(lambda f: _linked(f / "pt_ll.30.h5")), READ),
    ("hadrons-two-stems", "f", _hadrons(lambda f: _replace(f / "pt_ss.30.h5", (8,))), READ),
    ("hadrons-twice", "f", _hadrons(lambda f: _replace(f / "pt_ll.030.h5", (8,))), READ),
    ("hadrons-single-file", "a.h5", lambda path, marker: _replace(path, (8,)), READ),
    ("folder", "folder.csv", lambda path, marker: path.mkdir(), READ),
    ("pipe", "pipe.csv", lambda path, marker: os.mkfifo(path), READ),
    ("loop", "loop.csv", lambda path, marker: path.symlink_to(path), READ),
    ("missing", "nowhere.csv", lambda path, marker: None, READ),
]


def cases() -> Iterator[Bad]:
    """The whole corpus."""
    for form in FORMS:
        defined = form.name.startswith("samples-pyerrors")
        faults = FAULTS[form.name.split("-")[0]]
        yield from number_cases(form, {k: v for k, v in faults.items() if not (defined and k in UNDEFINED)})
        yield from byte_cases(form, BYTE_FAULTS if form.name != "samples-hadrons" else {})
    yield from hostile_cases(HOSTILE)
