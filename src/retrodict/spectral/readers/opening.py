"""The choice of a reader by the content of a file: its first bytes, first line or keys, not its suffix."""

import os
from dataclasses import replace

import numpy as np

from retrodict.base.arrays import read_npy, read_npz
from retrodict.base.column_names import ColumnNames, parse_names
from retrodict.base.columns import left_out, read_columns
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import (
    JSON,
    TABLE_LIMIT,
    TEXT_LIMIT,
    PathLike,
    Source,
    decode,
    form_of,
    parse_json,
    read_head,
)
from retrodict.base.gzipped import read_unpacked
from retrodict.base.recognition import FileHead
from retrodict.base.shapes import Float
from retrodict.base.tables import header_columns, parse_numbers, parse_table
from retrodict.spectral.correlator import MAX_POINTS, Correlator
from retrodict.spectral.readers.arrays import EXPECTED, from_arrays, from_columns, roles
from retrodict.spectral.readers.gvar_text import read_gvar_text
from retrodict.spectral.readers.hadrons import is_hadrons, read_hadrons
from retrodict.spectral.readers.hdf5_arrays import read_hdf5_correlator
from retrodict.spectral.readers.kinds import LEAST_TIMES, are_numbered, is_gvar_text
from retrodict.spectral.readers.pyerrors import is_pyerrors, read_pyerrors
from retrodict.spectral.readers.resamplings import from_replicates, replicates
from retrodict.spectral.samples import CorrelatorSamples

CONFIGURATIONS = ("cfg", "conf", "config", "configuration", "meas", "measurement", "sample", "traj")
Raw = Correlator | CorrelatorSamples


@np.errstate(all="ignore")  # what overflows is not finite, and refused as such
def open_correlator(
    path: PathLike,
    dataset: str = "",
    covariance: PathLike | None = None,
    columns: ColumnNames | None = None,
) -> tuple[Raw, str]:
    """Read a correlator, not yet checked.

    Args:
        path: a file, a folder of Hadrons files, or a pattern.
        dataset: which correlator, where there are several.
        covariance: a second file with the covariance of the means.
        columns: names of the columns of a table without a header.

    Returns:
        The correlator or its measurements, and the name of the form of the file.

    Raises:
        UnknownKind: for a readable file that is no correlator.
        InputError: for a file that cannot be read.
    """
    if is_hadrons(path):
        _refuse(covariance, "covariance")
        return read_hadrons(path, dataset), "hadrons"
    if os.path.isdir(path):
        expected = "a file, or a folder of stem.<configuration>.h5"
        raise UnknownKind("no correlator in the folder", where=os.fspath(path), expected=expected)
    form = form_of(read_head(path))
    matrix = None if covariance is None else read_matrix(covariance)
    if form == "hdf5":
        return read_hdf5_correlator(path, dataset, matrix), "hdf5"
    if form == "zip":
        archive = read_npz(path)
        raw = from_arrays(_selected(archive.arrays, columns), archive.source, matrix)
        return replace(raw, notes=(*raw.notes, *left_out(archive.left))), "npz"
    if form == "npy":
        return _matrix_of_means(path, columns, matrix), "npy"
    data, source = read_unpacked(path, TEXT_LIMIT if form == "json" else TABLE_LIMIT)
    if form_of(data[:4096]) == "json":
        return _from_json(parse_json(decode(data, path), path), source, dataset, matrix)
    return _from_text(data, source, dataset, matrix, columns)


def read_matrix(path: PathLike) -> Float[np.ndarray, "points points"]:
    """The only square matrix of numbers in a text file, `.npy` or `.npz`.

    Args:
        path: the file.

    Raises:
        InputError: if there is none, or several.
    """
    form = form_of(read_head(path))
    if form == "npy":
        found = [read_npy(path)[0]]
    elif form == "zip":
        found = [values for values in read_npz(path).arrays.values() if values.ndim == 2]
    else:
        data, _ = read_unpacked(path)
        rows = [row for _, row in parse_numbers(decode(data, path).replace(",", " "), path)]
        found = [np.array(rows)] if rows and len({len(row) for row in rows}) == 1 else []
    square = [matrix for matrix in found if matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1]]
    if len(square) != 1:
        got = ", ".join(str(matrix.shape) for matrix in found[:8]) or "rows of different lengths, or none"
        expected = "one square matrix of numbers"
        raise InputError("the covariance could not be read", where=os.fspath(path), got=got, expected=expected)
    return square[0]


def _from_text(
    data: bytes, source: Source, dataset: str, matrix: Float[np.ndarray, "_ _"] | None, columns: ColumnNames | None
) -> tuple[Raw, str]:
    head = data[:100_000].decode("utf-8-sig", errors="replace")
    if columns is None and is_gvar_text(head):
        return read_gvar_text(decode(data, source.path), source, dataset), "gvar"
    try:
        table = parse_table(data, source, columns)
    except InputError as error:
        if error.what in ("the columns have no names", "the header could not be read"):
            chain = _unnamed_measurements(data, source) if columns is None and matrix is None else None
            if chain is not None:
                return chain, "text"
            fix = (
                "add a first line such as: tau [GeV^-1], G, sigma   (or begin each measurement with a tag: C 0.98 0.61)"
            )
            raise UnknownKind(
                "numbers without names", where=error.where, got=error.got, expected=EXPECTED, fix=fix
            ) from error
        if columns is None and not roles(tuple(name for name, _ in header_columns(head)), source.path).known:
            raise UnknownKind.of(error) from error
        raise
    found = replicates(table.names) if matrix is None else None
    if found is not None:
        return from_replicates(table, *found), "text"
    if are_numbered(table.names) and matrix is None:
        _refuse_transposed(table.names[0], source.path)
        note = f"columns {table.names[0]} to {table.names[-1]}: taken for measurements, (configurations, times)"
        return _measurements(table.values, source, note), "text"
    return from_columns(table, matrix), "text"


def _refuse_transposed(name: str, where: str) -> None:
    """Columns that count configurations, not times."""
    word = name.rstrip("0123456789").rstrip("_")
    if word in CONFIGURATIONS:
        fix = "turn the table round: one row a configuration, one column a time, named t0, t1, t2, ..."
        raise InputError("columns of configurations, not of times", where=where, got=name, fix=fix)


def _unnamed_measurements(data: bytes, source: Source) -> CorrelatorSamples | None:
    """Rows of equally many numbers, one a configuration, as `numpy.savetxt` writes them; None where it is something
    else. A first row 0, 1, 2, ... is the header that pandas writes."""
    width = len(next(iter(FileHead(source.path).first_rows), "").replace(",", " ").split())
    if width < LEAST_TIMES:
        return None
    try:
        chain = parse_table(data, source, [f"t{time}" for time in range(width)]).values
    except InputError:
        return None
    note = "rows without names: taken for measurements, (configurations, times)"
    if (chain[0] - chain[0, 0] == np.arange(width)).all() and chain[0, 0] in (0.0, 1.0):
        chain, note = chain[1:], f"the first row counts the times: a header; {note}"
    return _measurements(chain, source, note) if _in_no_order(chain) else None


def _in_no_order(chain: Float[np.ndarray, "configurations times"]) -> bool:
    """Measurements are in no order: no column of theirs rises or falls from row to row."""
    steps = np.diff(chain, axis=0)
    return len(chain) >= LEAST_TIMES and not ((steps >= 0.0).all(axis=0) | (steps <= 0.0).all(axis=0)).any()


def _measurements(chain: Float[np.ndarray, "configurations times"], source: Source, *notes: str) -> CorrelatorSamples:
    return CorrelatorSamples(np.arange(float(chain.shape[1])), ((chain,),), "tau", "a", "", notes, source)


def _from_json(value: JSON, source: Source, dataset: str, matrix: Float[np.ndarray, "_ _"] | None) -> tuple[Raw, str]:
    if is_pyerrors(value):
        return read_pyerrors(value, source, dataset), "pyerrors"
    arrays = {}
    for name, cells in value.items() if isinstance(value, dict) else ():
        if isinstance(cells, list) and len(cells) <= MAX_POINTS and len(name) <= 200 and _regular(cells):
            try:
                arrays[name] = np.array(cells, dtype=np.float64)
            except OverflowError as error:
                where = f"{source.path}:{name}"
                raise InputError("a number is too large", where=where, expected="numbers that fit a double") from error
    if not arrays:
        expected = f"the JSON of pyerrors, or lists: {EXPECTED}"
        raise UnknownKind("no correlator in the JSON file", where=source.path, expected=expected)
    return from_arrays(arrays, source, matrix), "json"


def _regular(cells: list) -> bool:
    """A list of numbers, or of lists of numbers of one length."""
    if all(type(cell) in (int, float) for cell in cells):
        return bool(cells)
    rows = all(isinstance(row, list) and all(type(cell) in (int, float) for cell in row) for row in cells)
    return rows and len({len(row) for row in cells}) == 1


def _matrix_of_means(path: PathLike, columns: ColumnNames | None, matrix: Float[np.ndarray, "_ _"] | None) -> Raw:
    """A two-dimensional `.npy` is a table if its columns are named, and else measurements, (configurations, times)."""
    if columns is not None:
        return from_columns(read_columns(path, columns), matrix)
    chain, source = read_npy(path)
    if chain.ndim != 2 or chain.shape[1] < LEAST_TIMES:
        expected = f"(configurations, times) with {LEAST_TIMES} times or more, or columns that are named"
        raise UnknownKind(
            "not an array of measurements", where=source.path, got=str(chain.shape)[:80], expected=expected
        )
    return _measurements(chain, source)


def _selected(
    arrays: dict[str, Float[np.ndarray, "..."]], columns: ColumnNames | None
) -> dict[str, Float[np.ndarray, "..."]]:
    """The arrays that `columns` names, under the names and units that it gives them."""
    if columns is None:
        return arrays
    names, units = parse_names(columns)
    plain = {name.lower(): values for name, values in arrays.items()}
    missing = [name for name in names if name not in plain]
    if missing:
        fix = "arrays in this file: " + ", ".join(list(arrays)[:20])
        raise InputError("an array is missing", where="columns", got=", ".join(missing)[:200], fix=fix[:300])
    return {f"{name} [{unit}]" if unit else name: plain[name] for name, unit in zip(names, units, strict=True)}


def _refuse(value: object, name: str) -> None:
    if value is not None:
        raise InputError(f"{name} is of no use here", where=name, why="the covariance comes from the measurements")
