"""A simulator's design and what it gave: parameters by name, outputs by observable and centrality, point by point."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.shapes import Float, Int
from retrodict.heavy_ion.calibration.readers.named_table import NamedTable, read_named_table

INDEX: Final = ("index", "idx", "point", "design_point")
LEAST_POINTS: Final = 8
NEAR: Final = 1e-6  # per cent, within which two ends of a bin are the same


class Bin(NamedTuple):
    """One number that a simulator gives: an observable in a range of centralities."""

    observable: str
    low: float  # per cent
    high: float  # per cent

    def __str__(self) -> str:
        return f"{self.observable}[{self.low:g} {self.high:g}]"

    def is_like(self, other: "Bin") -> bool:
        """Whether it is the same observable in the same range.

        Args:
            other: another one.
        """
        near = abs(self.low - other.low) < NEAR and abs(self.high - other.high) < NEAR
        return near and self.observable == other.observable


@dataclass(frozen=True, eq=False)
class Design:
    """The parameters at which a simulator was run.

    Args:
        names: of the parameters.
        units: of the parameters, empty where none is stated.
        values: shape (points, parameters).
        index: name of each point.
        indexed: whether the file names its points; they are counted from 0 otherwise.
        path: the file.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Float[np.ndarray, "points parameters"]
    index: Int[np.ndarray, " points"]
    indexed: bool
    path: str


@dataclass(frozen=True, eq=False)
class Outputs:
    """What a simulator gave.

    Args:
        bins: of the columns.
        values: shape (points, bins); NaN where the simulator failed.
        error: one standard deviation of its statistics, NaN where none is stated; None where there are none at all.
        index: name of each point, None where the file does not name them.
        path: the file.
    """

    bins: tuple[Bin, ...]
    values: Float[np.ndarray, "points bins"]
    error: Float[np.ndarray, "points bins"] | None
    index: Int[np.ndarray, " points"] | None
    path: str


@dataclass(frozen=True, eq=False)
class Runs:
    """Design and outputs, joined: one row a point at which the simulator gave numbers.

    Args:
        design: the points that are used.
        outputs: of these points, in this order.
        notes: what was left out.
    """

    design: Design
    outputs: Outputs
    notes: tuple[str, ...] = ()


def read_design(path: PathLike) -> Design:
    """A table with one row a point and one column a parameter, `name` or `name [unit]`; an `index` column names points.

    Args:
        path: text, NPZ or HDF5.

    Raises:
        InputError: for a parameter that is missing somewhere or never varies, and for too few points.
    """
    table = read_named_table(path)
    outputs = [str(one) for one in table.headings if bin_of(one.name, one.inside)]
    if outputs:
        fix = "give it as outputs: --set outputs=FILE"
        raise InputError("these are outputs and no design", where=table.source.path, got=outputs[0], fix=fix)
    index, rest = _index(table)
    names = tuple(table.headings[i].name for i in rest)
    if not names:
        raise InputError("the design has no parameters", where=table.source.path, expected="a column a parameter")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError("a parameter appears twice", where=table.source.path, got=twice, fix="rename one of them")
    values = table.values[:, rest]
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = (int(i[0]) for i in np.nonzero(bad))
        fix = "every point of a design has all its parameters: remove the row here and in the outputs"
        raise InputError("a parameter is missing or not finite", where=table.where(row, names[column]), fix=fix)
    same = np.ptp(values, axis=0) == 0.0
    if len(values) > 1 and same.any():
        name = names[int(np.argmax(same))]
        fix = "remove the column: nothing can be learnt of what was never varied"
        raise InputError("a parameter has one value at all points", where=table.where(column=name), fix=fix)
    if len(values) < max(LEAST_POINTS, len(names) + 2):
        expected = f"at least {max(LEAST_POINTS, len(names) + 2)} points for {len(names)} parameters"
        raise InputError(
            "the design is too small", where=table.source.path, got=f"{len(values)} points", expected=expected
        )
    units = tuple(table.headings[i].inside for i in rest)
    given = np.arange(len(values)) if index is None else index
    return Design(names, units, values, given, index is not None, table.source.path)


def read_outputs(path: PathLike) -> Outputs:
    """A table with one row a point and columns `observable[low high]`, centralities in per cent, with `... error`.

    Args:
        path: text, NPZ or HDF5.

    Raises:
        InputError: for columns that are no outputs, bins that occur twice, errors of columns that are not there, or
            errors that are negative.
    """
    table = read_named_table(path)
    index, rest = _index(table)
    found = {i: bin_of(table.headings[i].name, table.headings[i].inside) for i in rest}
    unknown = [str(table.headings[i]) for i, one in found.items() if one is None]
    if unknown or not found:
        expected = "observable[low high] with centralities in per cent, such as dNch_deta[0 5]"
        got = ", ".join(unknown[:6]) or "no columns"
        raise InputError("a column is no output", where=table.source.path, got=got, expected=expected)
    value = {one: i for i, one in found.items() if one and not table.headings[i].is_error}
    error = {one: i for i, one in found.items() if one and table.headings[i].is_error}
    alone = next((one for one in error if one not in value), None)
    if alone is not None:
        raise InputError("an error without its output", where=table.source.path, got=f"{alone} error")
    errors = None
    if error:
        errors = np.full((len(table.values), len(value)), np.nan)
        for column, one in enumerate(value):
            if one in error:
                errors[:, column] = table.values[:, error[one]]
        if (errors < 0.0).any():
            row, column = (int(i[0]) for i in np.nonzero(errors < 0.0))
            raise InputError("an error is negative", where=table.where(row, f"{list(value)[column]} error"))
    return Outputs(tuple(value), table.values[:, list(value.values())], errors, index, table.source.path)


def bin_of(name: str, inside: str) -> Bin | None:
    """The observable and the centralities of a column; None for a column that has none.

    Args:
        name: ahead of the brackets.
        inside: the brackets, two numbers in per cent.

    Raises:
        InputError: for two numbers that are no range of centralities.

    Example:
        >>> bin_of("dNch_deta", "0 5"), bin_of("nucleon_width", "fm")
        (Bin(observable='dNch_deta', low=0.0, high=5.0), None)
    """
    parts = inside.replace(",", " ").replace("%", " ").split()
    try:
        low, high = map(float, parts)
    except ValueError:
        return None
    if not 0.0 <= low < high <= 100.0:
        expected = "observable[low high] with 0 <= low < high <= 100 per cent"
        raise InputError("this is no range of centralities", where=f"column {name}[{inside}]", expected=expected)
    return Bin(name, low, high)


def join(design: Design, outputs: Outputs, drop: Sequence[int] = ()) -> Runs:
    """The points that have both parameters and outputs.

    Args:
        design: the parameters.
        outputs: what the simulator gave; rows are matched by index where both files have one, by order otherwise.
        drop: names of points to leave out: their index, or their number from 0.

    Raises:
        InputError: for a point without output that is not among those to leave out, numbers of rows that differ, and
            a name in `drop` that no point has.
    """
    unknown = [one for one in drop if one not in design.index]
    if unknown:
        what = "the index of a row" if design.indexed else "the number of a row, from 0"
        got = ", ".join(map(str, unknown[:8]))
        raise InputError("no such point to drop", where="problem.analysis.drop", got=got, expected=what)
    kept = ~np.isin(design.index, list(drop))
    if outputs.index is not None and design.indexed:
        place = {int(one): row for row, one in enumerate(outputs.index)}
        strange = [one for one in place if one not in design.index]
        if strange:
            got = ", ".join(map(str, strange[:8]))
            raise InputError("outputs of points that the design does not have", where=outputs.path, got=got)
        missing = [int(one) for one in design.index[kept] if int(one) not in place]
        rows = [place.get(int(one), -1) for one in design.index[kept]]
    else:
        short = len(design.index) - len(outputs.values)
        missing = [int(one) for one in design.index[-short:]] if short > 0 else []
        if short and kept.sum() == len(outputs.values):
            short, missing = 0, []
            rows = list(range(len(outputs.values)))
        else:
            rows = [int(row) for row in np.flatnonzero(kept)]
        if short:
            got = f"{len(design.index)} points and {len(outputs.values)} rows of outputs"
            fix = "give both files an index column, or one row for each point"
            raise InputError("the design and its outputs have different lengths", where=outputs.path, got=got, fix=fix)
    if missing:
        fix = f"drop: [{', '.join(map(str, missing[:20]))}]   in problem.analysis, or run the simulator there"
        got = ", ".join(map(str, missing[:12]))
        raise InputError("a design row has no output", where=outputs.path, got=f"points {got}", fix=fix)
    chosen = replace(design, values=design.values[kept], index=design.index[kept])
    error = None if outputs.error is None else outputs.error[rows]
    return Runs(chosen, replace(outputs, values=outputs.values[rows], error=error, index=chosen.index))


def select(runs: Runs, columns: Sequence[int]) -> Runs:
    """The same points with some outputs, without the rows where one of these is missing.

    Args:
        runs: all outputs.
        columns: numbers of those to keep, in their order.

    Raises:
        InputError: if too few points are left.
    """
    values = runs.outputs.values[:, list(columns)]
    good = np.isfinite(values).all(axis=1)
    design, outputs = runs.design, runs.outputs
    failed = [int(one) for one in design.index[~good]]
    shown = ", ".join(map(str, failed[:20])) + (f" and {len(failed) - 20} more" if len(failed) > 20 else "")
    notes = (f"the simulator gave no finite numbers at {len(failed)} points, left out: {shown}",) if failed else ()
    least = max(LEAST_POINTS, len(design.names) + 2)
    good = np.asarray(good)
    if good.sum() < least:
        got = f"{good.sum()} of {len(good)} rows"
        raise InputError("too few rows of finite outputs", where=outputs.path, got=got, expected=f"at least {least}")
    error = None if outputs.error is None else outputs.error[:, list(columns)][good]
    bins = tuple(outputs.bins[i] for i in columns)
    same = np.ptp(values[good], axis=0) == 0.0
    if same.any():
        got = str(bins[int(np.argmax(same))])
        raise InputError("an output has one value at all points", where=outputs.path, got=got)
    return Runs(
        replace(design, values=design.values[good], index=design.index[good]),
        replace(outputs, bins=bins, values=values[good], error=error, index=design.index[good]),
        (*runs.notes, *notes),
    )


def _index(table: NamedTable) -> tuple[Int[np.ndarray, " points"] | None, list[int]]:
    """The names of the points, if the table has them, and the numbers of the other columns."""
    place = table.find(INDEX)
    rest = [i for i in range(len(table.headings)) if i != place]
    if place is None:
        return None, rest
    column, name = table.values[:, place], table.headings[place].name
    whole = np.isfinite(column) & (column == np.floor(column)) & (np.abs(column) < 2**53)
    if not whole.all():
        where = table.where(int(np.argmin(whole)), name)
        raise InputError("an index is a whole number", where=where, expected="0, 1, 2, ...")
    index = column.astype(np.int64)
    number, count = np.unique(index, return_counts=True)
    if (count > 1).any():
        raise InputError("an index occurs twice", where=table.where(column=name), got=str(number[count > 1][0]))
    return index, rest
