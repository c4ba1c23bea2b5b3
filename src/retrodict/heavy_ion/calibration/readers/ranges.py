"""The prior range of each parameter: a table `param, min, max`, or the range of the design."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from retrodict.base.domains import did_you_mean
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.shapes import Float
from retrodict.heavy_ion.calibration.readers.named_table import read_named_table

PARAMETER: Final = ("param", "parameter", "name")
LOW, HIGH = ("min", "low", "lower", "minimum"), ("max", "high", "upper", "maximum")
BEYOND: Final = 0.05  # of the width of a range, by which it may reach beyond the design before a note says so


class Ranges(NamedTuple):
    """The box of the prior."""

    low: Float[np.ndarray, " parameters"]
    high: Float[np.ndarray, " parameters"]
    notes: tuple[str, ...] = ()


def read_ranges(path: PathLike) -> dict[str, tuple[float, float]]:
    """The least and the largest value of each parameter by its name.

    Args:
        path: a table `param, min, max`.

    Raises:
        InputError: for a range whose ends are not finite or in the wrong order, and a parameter that occurs twice.
    """
    table = read_named_table(path, words=PARAMETER)
    names = next(iter(table.words.values()), None)
    low, high = table.find(LOW), table.find(HIGH)
    if names is None or low is None or high is None:
        got = ", ".join([*table.words, *map(str, table.headings)][:8])
        raise InputError("this is no table of ranges", where=table.source.path, got=got, expected="param, min, max")
    found: dict[str, tuple[float, float]] = {}
    for row, name in enumerate(names):
        ends = float(table.values[row, low]), float(table.values[row, high])
        if name in found:
            raise InputError("a parameter has two ranges", where=table.where(row), got=name)
        if not (np.isfinite(ends).all() and ends[0] < ends[1]):
            got = f"{name}: {ends[0]:g} to {ends[1]:g}"
            raise InputError("a range that is none", where=table.where(row), got=got, expected="min < max, both finite")
        found[name] = ends
    return found


def box(names: Sequence[str], values: Float[np.ndarray, "points parameters"], given: PathLike | None) -> Ranges:
    """The range of each parameter: of a table, or that which the design covers.

    Args:
        names: of the parameters.
        values: the design.
        given: the table.

    Raises:
        InputError: for a parameter that the table lacks or that the design does not have, and a range outside of which
            all points lie.
    """
    least, largest = values.min(axis=0), values.max(axis=0)
    if given is None:
        return Ranges(least, largest, ("the prior of each parameter is uniform over the range of the design",))
    table = read_ranges(given)
    where = str(given)
    for name in table:
        if name not in names:
            fix = did_you_mean(name, list(names))
            raise InputError("a range of no parameter of the design", where=where, got=name, fix=fix)
    missing = [name for name in names if name not in table]
    if missing:
        fix = "add a row for each: param, min, max"
        raise InputError("a parameter has no range", where=where, got=", ".join(missing[:8]), fix=fix)
    low, high = np.array([table[name] for name in names]).T
    apart = (least > high) | (largest < low)
    if apart.any():
        i = int(np.argmax(apart))
        got = f"{names[i]}: {low[i]:g} to {high[i]:g}, the design from {least[i]:g} to {largest[i]:g}"
        raise InputError("a range outside of the design", where=where, got=got, fix="are the units the same?")
    gap = BEYOND * (high - low)
    past = [
        f"{name} ({low[i]:g} to {high[i]:g}, the design from {least[i]:g} to {largest[i]:g})"
        for i, name in enumerate(names)
        if least[i] - low[i] > gap[i] or high[i] - largest[i] > gap[i]
    ]
    notes = (f"the emulator extrapolates where ranges reach beyond the design: {'; '.join(past)}",) if past else ()
    return Ranges(low, high, notes)
