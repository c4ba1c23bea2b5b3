"""The table of measurements: one row a number; errors symmetric or with two sides, absolute or in per cent."""

from typing import Final

import numpy as np

from retrodict.base.errors import InputError, UnknownKind
from retrodict.heavy_ion.calibration.columns import ERRORS, HIGH, LOW, PER_CENT, TOTAL, VALUE
from retrodict.heavy_ion.calibration.readers.measurements import (
    KINDS,
    ErrorSource,
    Kind,
    Measurements,
    RowsOf,
    from_sides,
)
from retrodict.heavy_ion.calibration.readers.named_table import NamedTable
from retrodict.heavy_ion.calibration.readers.runs import bin_of

TINY: Final = 1e-3  # relative, within which a total is the sum of its parts


def from_table(table: NamedTable) -> Measurements:
    """The measurements of a table.

    Args:
        table: with a column of words, the observable.

    Raises:
        UnknownKind: for a table of something else.
        InputError: for centralities that are none, and errors that are one-sided or counted twice.
    """
    names = next(iter(table.words.values()), None)
    places = [table.find(one) for one in (LOW, HIGH, VALUE)]
    if names is None or None in places:
        got = ", ".join([*table.words, *map(str, table.headings)][:10])
        expected = "observable, centrality_low [%], centrality_high [%], value, error"
        raise UnknownKind("this is no table of measurements", where=table.source.path, got=got, expected=expected)
    low, high, value = (table.values[:, place] for place in places if place is not None)
    for place in (LOW, HIGH):
        unit = table.headings[table.find(place) or 0].inside
        if unit and unit.lower() not in PER_CENT:
            raise InputError("centralities are in per cent", where=table.where(column=place[0]), got=unit, expected="%")
    if len(high) and np.nanmax(high) <= 1.0:
        got = f"{place[0]} up to {np.nanmax(high):g}"
        raise InputError(
            "centralities are in per cent", where=table.where(column=HIGH[0]), got=got, fix="multiply by 100"
        )
    bins = []
    for row, name in enumerate(names):
        one = bin_of(name, f"{float(low[row])!r} {float(high[row])!r}") if name else None
        if one is None:
            raise InputError("a row names no observable and bin", where=table.where(row), got=repr(name[:40]))
        bins.append(one)
    sources, notes = _sources(table, value)
    used = {i for i in places if i is not None}
    left = [
        str(one)
        for i, one in enumerate(table.headings)
        if i not in used and _kind_of(one.name) is None and one.name.lower() not in TOTAL
    ]
    more = (f"columns not used: {', '.join(left[:12])}",) if left else ()
    return Measurements(tuple(bins), value, sources, table.source.path, (*notes, *more))


def _sources(table: NamedTable, value: RowsOf) -> tuple[tuple[ErrorSource, ...], tuple[str, ...]]:
    """The errors of a table, symmetric or with both sides, absolute or in per cent."""
    sides: dict[tuple[str, Kind], dict[str, RowsOf]] = {}
    total = None
    for i, heading in enumerate(table.headings):
        size = table.values[:, i]
        if heading.inside.lower() in PER_CENT:
            size = 0.01 * size * np.abs(value)
        elif heading.inside:
            expected = "no unit (that of the value), or %"
            raise InputError("the unit of an error", where=table.where(column=str(heading)), expected=expected)
        name = heading.name.lower()
        side = next((one for one in ("plus", "minus") if name.endswith(f"_{one}")), "")
        stem = name.removesuffix(f"_{side}") if side else name
        if stem in TOTAL and not side:
            total = (heading.name, size)
            continue
        kind: Kind | None = "statistical" if stem in TOTAL else _kind_of(name)
        if kind is not None:
            sides.setdefault((stem, kind), {})[side] = size
    notes: list[str] = []
    sources = []
    for (name, kind), given in sides.items():
        if set(given) not in ({""}, {"plus", "minus"}):
            got, expected = f"{name}: {', '.join(sorted(given))}", "one column, or both _plus and _minus"
            raise InputError("an error of one side", where=table.source.path, got=got, expected=expected)
        if "" in given:
            size = given[""]
        else:
            plus, minus = given["plus"], given["minus"]
            minus = -minus if (minus >= 0.0).all() and (plus >= 0.0).all() else minus
            size, kind, said = from_sides(plus, minus, kind, f"{table.source.path}, {name}")
            notes += said
        sources.append(ErrorSource(name, kind, size))
    if total is None and not sources:
        got = ", ".join(map(str, table.headings[:10]))
        raise UnknownKind("measurements without errors", where=table.source.path, got=got, expected="a column error")
    if total is not None and sources:
        parts = np.sqrt(sum((one.size**2 for one in sources), np.zeros(len(value))))
        if not np.allclose(parts, total[1], rtol=TINY):
            got = f"{total[0]} beside {', '.join(one.name for one in sources)}, which do not add up to it"
            fix = "keep the total, or its parts: together they would be counted twice"
            raise InputError("an error is counted twice", where=table.source.path, got=got, fix=fix)
        notes.append(f"{total[0]} is the sum of the other errors in quadrature: not counted again")
    elif total is not None:
        sources.append(ErrorSource(total[0], "statistical", total[1]))
        notes.append("total errors are taken as independent from bin to bin")
    return tuple(sources), tuple(notes)


def _kind_of(name: str) -> Kind | None:
    """The kind of a column of errors, None for a column of something else."""
    stem = name.lower().removesuffix("_plus").removesuffix("_minus")
    return next((kind for kind in KINDS if stem in ERRORS[kind]), None)
