"""Initial conditions of TRENTo: the table that it prints, one text file with a grid, or an HDF5 file of many grids.

They hold no particles. The grid step, the nuclei and the parameters are in none of these files.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import h5py
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, Source, decode
from retrodict.base.gzipped import read_unpacked
from retrodict.base.hdf5 import list_hdf5
from retrodict.base.shapes import Float

HARMONICS: Final = ("e2", "e3", "e4", "e5")
TABLE: Final = ("event", "b", "npart", "mult", *HARMONICS)
WITH_COLLISIONS: Final = ("event", "b", "npart", "ncoll", "mult", *HARMONICS)
WHOLE: Final = ("npart", "ncoll")
SMALL: Final = 1e-9
_ROW: Final = re.compile(r"\s*\d+\s+\d+\.\d{10}\s+\d+(\s+\d+)*\s+\d\.\d+e[+-]\d+(\s+\d+\.\d{10})+\s*")
_THREE: Final = re.compile(r"\s*\d+\s+\d+\.\d+\s+(\d+)\s+(\d+)\s+(\d+)\s+")
_HEADER: Final = re.compile(r"#\s*(\w+)\s*=?\s*([-+.\deE]+)\s*$")


@dataclass(frozen=True, eq=False)
class InitialConditions:
    """What TRENTo says of each event.

    Args:
        source: the file.
        format: which of its three.
        columns: `b` [fm], `npart`, `ncoll` where it is known, `mult`, and the eccentricities `e2` to `e5`.
        grid: points along each axis of the density; none in a table.
    """

    source: Source
    format: str
    columns: Mapping[str, Float[np.ndarray, " events"]]
    grid: tuple[int, ...] = ()

    @property
    def events(self) -> int:
        """How many events there are."""
        return len(self.columns["b"])


def is_table_row(line: str) -> bool:
    """Whether a line is one that TRENTo prints: an event, b and eccentricities with ten digits, mult with an exponent.

    Args:
        line: the line.
    """
    return bool(_ROW.fullmatch(line))


def is_three_dimensional(line: str) -> bool:
    """Whether a line is one that trento3d prints, whose third number of nucleons is the sum of the other two.

    Args:
        line: the line.
    """
    match = _THREE.match(line)
    return bool(match) and int(match[1]) == int(match[2]) + int(match[3]) > 0 if match else False


def read_table(path: PathLike) -> InitialConditions:
    """The table that TRENTo prints.

    Args:
        path: the file.

    Raises:
        InputError: for a table of trento3d, rows of different lengths, and numbers that no event can have.
    """
    data, source = read_unpacked(path)
    rows = [line.split() for line in decode(data, path).splitlines() if line.strip() and not line.startswith("#")]
    if rows and is_three_dimensional(" ".join(rows[0])):
        raise _three_dimensional(source)
    known = {len(names): names for names in (TABLE, WITH_COLLISIONS)}
    names = known.get(len(rows[0])) if rows else None
    if names is None:
        expected = f"{' '.join(TABLE)}, with ncoll in front of mult or without"
        got = f"{len(rows[0])} columns" if rows else "no rows"
        raise InputError("not a table of TRENTo", where=source.path, got=got, expected=expected)
    for number, row in enumerate(rows, 1):
        if len(row) != len(names):
            got, expected = f"{len(row)} columns", f"{len(names)} columns"
            fix = "the run was cut off: remove the last line"
            raise InputError(
                "a row is not complete", where=f"{source.path}, row {number}", got=got, expected=expected, fix=fix
            )
    try:
        values = np.array(rows, dtype=float)
    except ValueError as error:
        raise InputError("not a number", where=source.path, got=str(error)[:100]) from error
    return _checked(InitialConditions(source, "TRENTo table", dict(zip(names, values.T, strict=True))))


def read_grid(path: PathLike) -> InitialConditions:
    """One event of TRENTo as text: comments with its numbers, then the density, one row for each y from the lowest.

    Args:
        path: the file.

    Raises:
        InputError: for a grid that is not complete, and numbers that no event can have.
    """
    data, source = read_unpacked(path)
    lines = decode(data, path).splitlines()
    said = [match for line in lines if line.startswith("#") and (match := _HEADER.match(line))]
    columns = {match[1]: np.array([float(match[2])]) for match in said}
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    if not rows or len({len(row) for row in rows}) != 1 or len(rows) != len(rows[0]):
        got = f"{len(rows)} rows of {len(rows[-1]) if rows else 0} numbers in the last"
        fix = "the file was cut off: run TRENTo again"
        raise InputError(
            "the grid is not a square", where=source.path, got=got, expected="rows as long as many", fix=fix
        )
    try:
        density = np.array(rows, dtype=float)
    except ValueError as error:
        raise InputError("not a number", where=source.path, got=str(error)[:100]) from error
    if not np.isfinite(density).all() or density.min() < 0:
        raise InputError("a density below zero or not finite", where=source.path, expected="numbers of at least zero")
    return _checked(InitialConditions(source, "TRENTo grid", columns, density.shape))


def read_grids(path: PathLike) -> InitialConditions:
    """Many events of TRENTo in HDF5: a dataset `event_i` each, with its numbers as attributes.

    Args:
        path: the file.

    Raises:
        InputError: for a file of trento3d, grids of different shapes, and events without their numbers.
    """
    datasets, source = list_hdf5(path)
    names = sorted((name for name in datasets if re.fullmatch(r"event_\d+", name)), key=lambda name: int(name[6:]))
    shapes = {datasets[name].shape for name in names}
    if len(shapes) != 1:
        raise InputError("grids of different shapes", where=source.path, got=f"{len(shapes)} shapes")
    shape = shapes.pop()
    if len(shape) == 3:
        raise _three_dimensional(source)
    missing = sorted(set(range(len(names))) - {int(name[6:]) for name in names})
    if missing:
        fix = "the run was cut off, or datasets were removed: run TRENTo again"
        raise InputError("events are missing", where=source.path, got=f"no event_{missing[0]}", fix=fix)
    found: dict[str, list[float]] = {}
    with h5py.File(source.path, "r") as file:
        for name in names:
            attributes = file[name].attrs
            for key in attributes:
                kind = attributes.get_id(key)
                if kind.shape == () and kind.dtype.kind in "fiu":
                    found.setdefault(key, []).append(float(np.asarray(attributes[key])))
    uneven = [key for key, values in found.items() if len(values) != len(names)]
    if uneven:
        got = f"{uneven[0]} of {len(found[uneven[0]])} of {len(names)} events"
        raise InputError("events without their numbers", where=source.path, got=got)
    columns = {key: np.array(values) for key, values in found.items()}
    return _checked(InitialConditions(source, "TRENTo HDF5", columns, shape))


def _checked(found: InitialConditions) -> InitialConditions:
    """Raises `InputError` for what no event can have."""
    where, columns = found.source.path, found.columns
    needed = ("b", "npart", "mult", *HARMONICS)
    lacking = [name for name in needed if name not in columns]
    if lacking:
        raise InputError("numbers of the events are missing", where=where, got=f"without {', '.join(lacking)}")
    kept = {name: columns[name] for name in (*WHOLE, *needed) if name in columns}
    for name, values in kept.items():
        bad = ~np.isfinite(values) | (values < 0)
        bad |= (values > 1 + SMALL) if name in HARMONICS else (values % 1 != 0) if name in WHOLE else False
        if bad.any():
            index = int(np.argmax(bad))
            expected = (
                "0 to 1" if name in HARMONICS else "a whole number" if name in WHOLE else "a number of at least zero"
            )
            got = f"{values[index]:.6g} in event {index}"
            raise InputError(f"an impossible {name}", where=where, got=got, expected=expected)
    if math.isclose(float(np.max(kept["npart"])), 0.0) or np.any(kept["npart"] < 2):
        raise InputError("an event without participants", where=where, expected="npart of at least 2")
    return InitialConditions(found.source, found.format, kept, found.grid)


def _three_dimensional(source: Source) -> InputError:
    why = "it writes other columns under the same name: participants of each nucleus, a slice for each rapidity"
    fix = "use TRENTo 1.5 for 2+1 dimensions"
    return InputError(
        "an event of trento3d", where=source.path, got="three dimensions", expected="two", why=why, fix=fix
    )
