"""Tables of a correlation function: k in MeV, C and its errors, checked for what a slip of units would break."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from retrodict.base.columns import find, note_unused, read_columns, take, unused
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import TABLE_LIMIT, PathLike, Source, decode, form_of, read_head
from retrodict.base.gzipped import read_unpacked
from retrodict.base.shapes import Float
from retrodict.base.table_rows import Columns
from retrodict.base.tables import parse_numbers
from retrodict.base.units import NUMBER
from retrodict.hadron.femtoscopy.columns import (
    DOUBLE_NAMES,
    HIGH_NAMES,
    LOW_NAMES,
    MOMENTUM,
    MOMENTUM_NAMES,
    STATISTICAL_NAMES,
    SYSTEMATIC_NAMES,
    TOTAL_NAMES,
    VALUE_NAMES,
)
from retrodict.hadron.femtoscopy.hepdata import is_hepdata, parse_hepdata

LEAST_POINTS: Final = 4
LEAST_MOMENTUM, LARGEST_MOMENTUM = 5.0, 3000.0  # MeV, between which the largest k of a table lies
LARGEST_VALUE: Final = 1e4  # of C
SYMMETRIC: Final = 1e-6  # of a covariance, relative to its errors

Points = Float[np.ndarray, " points"]


@dataclass(frozen=True, eq=False)
class CorrelationData:
    """A measured correlation function.

    Args:
        momentum: k, half the relative momentum in the rest frame of the pair [MeV], ascending, shape (points,).
        value: C(k), shape (points,).
        error: one standard deviation, statistical and systematic in quadrature, shape (points,).
        low: lower ends of the bins [MeV]; None where the table has none.
        high: upper ends of the bins [MeV].
        covariance: of the values, shape (points, points); None where errors are independent.
        source: the file; None for mock data.
        notes: what the reader assumed.
    """

    momentum: Points
    value: Points
    error: Points
    low: Points | None = None
    high: Points | None = None
    covariance: Float[np.ndarray, "points points"] | None = None
    source: Source | None = None
    notes: tuple[str, ...] = ()


def read_correlation_function(path: PathLike, columns: str = "") -> CorrelationData:
    """A table of k, C and its errors: columns with names and units, or a table of HEPData.

    Args:
        path: the file.
        columns: names and units of the columns of a table without a header.

    Raises:
        UnknownKind: for a table without the columns of a correlation function.
        InputError: for one that breaks the rules: momenta in another unit than stated, errors that are not positive.
    """
    table = _table(path, columns)
    momentum, k_name, notes = _momenta(table)
    value_name = find(table, VALUE_NAMES)
    if value_name is None:
        fix = f"name it C; columns in this file: {', '.join(table.names[:20])}"
        raise UnknownKind("no correlation function: the column C is missing", where=table.source.path, fix=fix)
    value = take(table, VALUE_NAMES, NUMBER)
    error, error_names, more = _errors(table)
    low, high, edges = _edges(table)
    notes += (*table.notes, *more, *note_unused(unused(table, (k_name, value_name, *error_names, *edges))))
    data = CorrelationData(momentum, value, error, low, high, None, table.source, notes)
    _check(data, table, k_name, value_name, error_names[0])
    return data


def read_covariance(path: PathLike, points: int) -> Float[np.ndarray, "points points"]:
    """The covariance of the values: a square matrix of numbers, one row a line.

    Args:
        path: the file.
        points: number of values.

    Raises:
        InputError: unless the matrix is square, of this size, symmetric, and has a positive diagonal.
    """
    data, source = read_unpacked(path, TABLE_LIMIT)
    rows = [row for _, row in parse_numbers(decode(data, path), path)]
    if len(rows) != points or any(len(row) != points for row in rows):
        widths = sorted({len(row) for row in rows})
        got = f"{len(rows)} rows of {' or '.join(map(str, widths[:3]))} numbers"
        raise InputError("the covariance has another size", where=source.path, got=got, expected=f"{points} x {points}")
    matrix = np.array(rows)
    error = np.sqrt(np.abs(np.diag(matrix)))
    if not (np.diag(matrix) > 0.0).all():
        i = int(np.argmin(np.diag(matrix)))
        got = f"{matrix[i, i]:.4g} in row {i + 1}"
        raise InputError("a variance is not positive", where=source.path, got=got)
    excess = np.abs(matrix - matrix.T) / np.outer(error, error)
    i, j = np.unravel_index(int(np.argmax(excess)), excess.shape)
    if excess[i, j] > SYMMETRIC:
        got = f"{matrix[i, j]:.6g} in row {i + 1}, column {j + 1}, and {matrix[j, i]:.6g} across the diagonal"
        fix = "a matrix of correlations or a triangle is no covariance: write the full matrix C_ij"
        raise InputError("the covariance is not symmetric", where=source.path, got=got, fix=fix)
    return 0.5 * (matrix + matrix.T)


def _table(path: PathLike, columns: str) -> Columns:
    head = read_head(path, 65_536)
    text = head.decode("utf-8-sig", errors="replace") if form_of(head) == "text" else ""
    if is_hepdata(text) and not columns:
        data, source = read_unpacked(path, TABLE_LIMIT)
        return parse_hepdata(decode(data, path), source)
    return read_columns(path, columns or None)


def _momenta(table: Columns) -> tuple[Points, str, tuple[str, ...]]:
    """k in MeV, the name of its column, and what was assumed of it."""
    name = find(table, (*MOMENTUM_NAMES, *DOUBLE_NAMES))
    if name is None:
        fix = f"name it k [MeV]; columns in this file: {', '.join(table.names[:20])}"
        raise UnknownKind("no correlation function: the column k is missing", where=table.source.path, fix=fix)
    if not table.unit(name):
        fix = f"write {name} [MeV] or {name} [GeV] in the header"
        raise InputError("the momentum has no unit", where=table.where(name=name), fix=fix)
    momentum = take(table, (name,), MOMENTUM)
    if name in DOUBLE_NAMES:
        return 0.5 * momentum, name, (f"{name} is read as twice k*, which holds for particles of equal mass",)
    return momentum, name, ()


def _errors(table: Columns) -> tuple[Points, tuple[str, ...], tuple[str, ...]]:
    """One error a point, the columns that it is made of, and a note on how."""
    total, statistical, systematic = (
        find(table, names) for names in (TOTAL_NAMES, STATISTICAL_NAMES, SYSTEMATIC_NAMES)
    )
    if total:
        return take(table, (total,), NUMBER), (total,), ()
    if statistical is None:
        fix = f"name it error; columns in this file: {', '.join(table.names[:20])}"
        raise UnknownKind("no errors: the column error is missing", where=table.source.path, fix=fix)
    stat = take(table, (statistical,), NUMBER)
    if systematic is None:
        return stat, (statistical,), ()
    note = "statistical and systematic errors are added in quadrature, as if independent from bin to bin"
    sys = take(table, (systematic,), NUMBER)
    _refuse(sys < 0.0, sys, table, systematic, "a systematic error is negative", "errors >= 0")
    return np.hypot(stat, sys), (statistical, systematic), (note,)


def _edges(table: Columns) -> tuple[Points | None, Points | None, tuple[str, ...]]:
    """The ends of the bins, if both are there."""
    low, high = find(table, LOW_NAMES), find(table, HIGH_NAMES)
    if low is None or high is None:
        return None, None, ()
    unit = table.unit(find(table, MOMENTUM_NAMES) or low)
    below, above = (take(table, (name,), MOMENTUM, unit=unit or None) for name in (low, high))
    bad = ~(above > below)
    _refuse(bad, below, table, low, "the lower end of a bin is not below its upper one", "low < high")
    return below, above, (low, high)


def _check(data: CorrelationData, table: Columns, k: str, c: str, error: str) -> None:
    """Raise `InputError` for numbers that cannot be those of a correlation function in MeV."""
    momentum, top = data.momentum, float(data.momentum.max())
    if len(momentum) < LEAST_POINTS:
        got, expected = f"{len(momentum)} rows", f"at least {LEAST_POINTS}"
        raise InputError("too few points", where=table.source.path, got=got, expected=expected)
    _refuse(momentum <= 0.0, momentum, table, k, "a momentum is not positive", "k > 0")
    unit = table.unit(k)
    if top < LEAST_MOMENTUM:
        got, fix = f"k up to {top:g} MeV", f"are they in GeV? then write {k} [GeV] in the header"
        raise InputError("momenta that are too small for MeV", where=table.where(name=k), got=got, fix=fix)
    if top > LARGEST_MOMENTUM:
        got, fix = f"k up to {top:g} MeV", f"are they in MeV? then write {k} [MeV] in the header"
        raise InputError(f"momenta that are too large for {unit}", where=table.where(name=k), got=got, fix=fix)
    descending = np.append(False, np.diff(momentum) <= 0.0)
    _refuse(descending, momentum, table, k, "momenta are not ascending", "one row for each k, sorted")
    if data.low is not None and data.high is not None:
        outside = (momentum < data.low) | (momentum > data.high)
        _refuse(outside, momentum, table, k, "a momentum lies outside its bin", "low <= k <= high")
    _refuse(data.error <= 0.0, data.error, table, error, "an error is not positive", "one-sigma errors > 0")
    _refuse(data.value < 0.0, data.value, table, c, "a correlation function is negative", "a ratio of counts, C >= 0")
    large = data.value > LARGEST_VALUE
    _refuse(large, data.value, table, c, "no correlation function but counts?", "the ratio of same to mixed events")


def _refuse(bad: np.ndarray, values: Points, table: Columns, name: str, what: str, expected: str) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(what, where=table.where(row, name), got=f"{float(values[row]):g}", expected=expected)
