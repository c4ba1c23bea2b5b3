"""Cold, beta-equilibrated tables of the CompOSE data base: `eos.nb`, `eos.thermo`, `eos.t`, `eos.yq`.

`eos.thermo` begins with the neutron mass, the proton mass and a flag for leptons; each row then holds the indices of T,
n and Y_q, seven quantities Q and further ones. Here p = Q1 n and eps = m_n n (1 + Q7).
Source: Typel, Oertel, Klaehn, Phys. Part. Nucl. 46, 633 (2015), section 4.
"""

import os
from pathlib import Path

import numpy as np

from retrodict.base.atomic import storage_error, write_text
from retrodict.base.constants import NEUTRON_MASS, PROTON_MASS
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import PathLike, Source, read_text
from retrodict.base.shapes import Float, Int
from retrodict.base.table_rows import Columns
from retrodict.base.tables import parse_numbers
from retrodict.neutron_star.readers.eos_table import EquationOfStateTable

COLDEST = 1.0  # MeV: a star is far colder, and so must be the coldest slice of a table
_SUFFIXES = (".nb", ".thermo", ".t", ".yq")
_HEAD = 3 + 7 + 1  # indices, Q1 to Q7, the number of further quantities


def is_compose(path: PathLike) -> bool:
    """Whether a path is a folder or a file of a CompOSE table.

    Args:
        path: file or folder.
    """
    path = Path(path)
    try:
        return path.is_dir() or (path.suffix in _SUFFIXES and _beside(path, ".nb").is_file())
    except (OSError, ValueError):
        return False


def read_compose(
    path: PathLike,
) -> tuple[Float[np.ndarray, " rows"], Float[np.ndarray, " rows"], Float[np.ndarray, " rows"], Columns]:
    """Read the coldest slice of a CompOSE table.

    Args:
        path: the folder, or one of its files.

    Returns:
        n [fm^-3], eps and p [MeV fm^-3], each of shape (rows,), and the same as columns with their provenance.

    Raises:
        InputError: if the table is not cold, not in beta equilibrium or not complete.
    """
    nb, thermo = _members(Path(path))
    density = _grid(nb)
    for suffix, what in ((".t", "temperature"), (".yq", "charge fraction")):
        _check_axis(_beside(thermo, suffix), what, density)
    masses, rows, source, lines = _thermo_rows(thermo)
    rows, lines = _coldest(rows, lines, thermo)
    first, values = density
    index = rows[:, 1].astype(int) - first
    if (index < 0).any() or (index >= len(values)).any():
        got = f"the index {int(rows[np.argmax((index < 0) | (index >= len(values))), 1])}"
        raise InputError("a row names a density that eos.nb lacks", where=str(thermo), got=got)
    n = values[index]
    pressure, energy = rows[:, 3] * n, masses[0] * n * (1.0 + rows[:, 9])
    names, units = ("baryon_density", "energy_density", "pressure"), ("fm^-3", "MeV fm^-3", "MeV fm^-3")
    table = Columns(names, units, np.stack([n, energy, pressure], axis=1), source, "compose", lines, {})
    return n, energy, pressure, table


def write_compose(folder: PathLike, table: EquationOfStateTable) -> None:
    """Write the four files of a cold CompOSE table. A table has no charge fraction; it is written as 0.

    Args:
        folder: where to write; made if it does not exist.
        table: equation of state.

    Raises:
        StorageError: if a file cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(folder, error) from error
    n, eps, p = table.baryon_density, table.energy_density, table.pressure
    per_baryon, enthalpy = eps / (n * NEUTRON_MASS) - 1.0, (eps + p) / (n * NEUTRON_MASS) - 1.0
    rows = zip(p / n, enthalpy, per_baryon, strict=True)
    body = [
        f"1 {i} 1 {float(q1)!r} 0.0 {float(q3)!r} 0.0 0.0 {float(q6)!r} {float(q6)!r} 0"
        for i, (q1, q3, q6) in enumerate(rows, 1)
    ]
    write_text(folder / "eos.nb", "\n".join(["1", str(len(n)), *(repr(float(x)) for x in n), ""]))
    write_text(folder / "eos.t", "1\n1\n0.0\n")
    write_text(folder / "eos.yq", "1\n1\n0.0\n")
    write_text(folder / "eos.thermo", "\n".join([f"{NEUTRON_MASS!r} {PROTON_MASS!r} 1", *body, ""]))


def _members(path: Path) -> tuple[Path, Path]:
    if not path.is_dir():
        return _beside(path, ".nb"), _beside(path, ".thermo")
    names = sorted(os.listdir(path))
    tables = [name for name in names if name.endswith(".nb")]
    if len(tables) != 1:
        got = ", ".join(tables) or "no file *.nb"
        fix = "name one file: FOLDER/eos.nb" if tables else "a CompOSE folder holds eos.nb, eos.thermo, eos.t, eos.yq"
        kind = InputError if tables else UnknownKind
        raise kind("not the folder of one CompOSE table", where=str(path), got=got, fix=fix)
    return path / tables[0], _beside(path / tables[0], ".thermo")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_suffix(suffix)


def _grid(path: Path) -> tuple[int, Float[np.ndarray, " values"]]:
    """First index and values of an `eos.nb`, `eos.t` or `eos.yq`."""
    text, _ = read_text(path)
    numbers = [value for _, row in parse_numbers(text, path) for value in row]
    whole = len(numbers) > 2 and all(float(x).is_integer() and 0 <= x < 1e7 for x in numbers[:2])
    if not whole or len(numbers) != 2 + numbers[1] - numbers[0] + 1:
        expected = "first index, last index, and as many values as they say"
        raise InputError("not a CompOSE grid", where=str(path), got=f"{len(numbers)} numbers", expected=expected)
    return int(numbers[0]), np.asarray(numbers[2:])


def _check_axis(path: Path, what: str, density: tuple[int, Float[np.ndarray, " values"]]) -> None:
    """One charge fraction (or one for each density), and a slice that is cold."""
    if not path.is_file():
        return
    _, values = _grid(path)
    if what == "temperature" and values.min() > COLDEST:
        got, expected = f"{values.min():g} MeV and more", f"at most {COLDEST:g} MeV"
        raise InputError("not a cold table", where=str(path), got=got, expected=expected)
    if what == "charge fraction" and len(values) not in (1, len(density[1])):
        fix = "take the beta-equilibrated version of the table"
        raise InputError("not in beta equilibrium", where=str(path), got=f"{len(values)} charge fractions", fix=fix)


def _thermo_rows(
    path: Path,
) -> tuple[tuple[float, float], Float[np.ndarray, "rows columns"], Source, Int[np.ndarray, " rows"]]:
    text, source = read_text(path)
    rows = iter(parse_numbers(text, path))
    number, head = next(rows, (1, []))
    if len(head) != 3 or not all(900.0 < mass < 1000.0 for mass in head[:2]):
        got, expected = " ".join(f"{x:g}" for x in head[:4]) or "nothing", "neutron mass, proton mass [MeV], 0 or 1"
        raise InputError("not a CompOSE table", where=f"{path}:{number}", got=got, expected=expected)
    values, lines = [], []
    for number, row in rows:
        whole = len(row) >= _HEAD and all(abs(x) < 1e7 and float(x).is_integer() for x in (*row[:3], row[10]))
        if not whole or len(row) != _HEAD + row[10]:
            expected = f"{_HEAD} numbers and those that the last of them counts"
            raise InputError(
                "a row is incomplete", where=f"{path}:{number}", got=f"{len(row)} numbers", expected=expected
            )
        values.append(row[:_HEAD])
        lines.append(number)
    if not values:
        raise InputError("the table has no rows of numbers", where=str(path))
    return (head[0], head[1]), np.asarray(values), source, np.asarray(lines)


def _coldest(
    rows: Float[np.ndarray, "rows columns"], lines: Int[np.ndarray, " rows"], path: Path
) -> tuple[Float[np.ndarray, "cold columns"], Int[np.ndarray, " cold"]]:
    cold = rows[:, 0] == rows[:, 0].min()
    rows, lines = rows[cold], lines[cold]
    order = np.argsort(rows[:, 1], kind="stable")
    rows, lines = rows[order], lines[order]
    twice = np.diff(rows[:, 1]) == 0.0
    if twice.any():
        got = f"density index {int(rows[np.argmax(twice), 1])} twice"
        fix = "take the beta-equilibrated version of the table"
        raise InputError("not in beta equilibrium", where=f"{path}:{lines[1:][twice][0]}", got=got, fix=fix)
    return rows, lines
