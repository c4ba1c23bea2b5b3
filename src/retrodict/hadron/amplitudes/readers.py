"""Tables of phase shifts and line shapes: read, checked against what a wrong unit would make of them, described."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from retrodict.base.columns import find, note_unused, read_columns, take, unused
from retrodict.base.constants import HBAR_C
from retrodict.base.description import quoted, value_range
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, form_of, read_head
from retrodict.base.table_rows import Columns
from retrodict.base.types import JSON
from retrodict.hadron.amplitudes.columns import (
    ABOVE_THRESHOLD,
    ANGLE,
    ANY_NUMBER,
    AREA,
    COUNTS,
    ENERGY,
    ERRORS,
    HIGH,
    INTENSITIES,
    LOW,
    MOMENTA,
    MOMENTUM,
    PHASES,
    SQUARES,
    TOTAL,
)
from retrodict.hadron.amplitudes.hepdata import spectrum_columns

LEAST_ENERGY, LARGEST_ENERGY = 0.5, 3000.0  # MeV above threshold, of the last point: outside, the unit is wrong
LEAST_MASS, LARGEST_MASS = 200.0, 2e5  # MeV, of the last bin
LARGEST_ANGLE = 1080.0  # deg
FEWEST = 6  # points

Numbers = Float[np.ndarray, " points"]


class Phases(NamedTuple):
    """A table of phase shifts: either energies above threshold or momenta are given."""

    energy: Numbers | None  # MeV above threshold
    momentum: Numbers | None  # MeV
    delta: Numbers  # deg
    error: Numbers  # deg
    path: str
    notes: tuple[str, ...]


class Spectrum(NamedTuple):
    """A line shape in bins or at points."""

    low: Numbers  # MeV, total energies of a spectrum; energies above threshold or momenta of |f|^2, then low = high
    high: Numbers
    value: Numbers  # counts, intensities, or fm^2
    error: Numbers | None  # None: the values are counts with Poisson's errors
    kind: str  # "spectrum", "f_squared" (of an energy above threshold) or "f_squared_of_k"
    path: str
    notes: tuple[str, ...]


def read_phases(path: PathLike, columns: str = "") -> Phases:
    """A table `E_cm [MeV], delta [deg], error`, or with the momentum `k [MeV]`.

    Args:
        path: of the table.
        columns: names and units, where the file has none.

    Raises:
        InputError: for a table that breaks the rules, or whose numbers belong to another unit.
    """
    table = read_columns(path, columns or None)
    of_k = find(table, MOMENTA) is not None and find(table, (*ABOVE_THRESHOLD, "e", "energy")) is None
    names, units = (MOMENTA, MOMENTUM) if of_k else ((*ABOVE_THRESHOLD, "energy", "e"), ENERGY)
    x, x_name = take(table, names, units), find(table, names)
    delta, name = take(table, PHASES, ANGLE), find(table, PHASES)
    unit = table.unit(name or "") or "deg"
    error = take(table, ERRORS, ANGLE, unit=unit)
    _check_rising(table, x, x_name or "", positive=True)
    if not of_k:
        _check_range(table, x_name or "", x, (LEAST_ENERGY, LARGEST_ENERGY))
    else:
        _check_range(table, x_name or "", x, (5.0, LARGEST_ENERGY))
    _check_errors(table, error)
    largest = float(np.abs(delta).max())
    if largest > LARGEST_ANGLE:
        fix = "degrees under a header of radians? write delta [deg]"
        raise InputError(
            "phase shifts beyond all bounds", where=table.where(name=name or ""), got=f"{largest:g} deg", fix=fix
        )
    if largest <= np.pi and ANGLE.get(unit) == 1.0 and not columns:
        fix = 'delta [rad]; if they are degrees, say so: --columns "' + ", ".join(table.names) + '", with units'
        got = f"all of them within {largest:.3g} degrees"
        raise InputError("phase shifts that look like radians", where=table.where(name=name or ""), got=got, fix=fix)
    if np.any(error >= 90):
        row = int(np.argmax(error))
        raise InputError(
            "an error of a right angle or more says nothing", where=table.where(row), got=f"{error[row]:g} deg"
        )
    notes = (*table.notes, *note_unused(unused(table, (x_name, name, find(table, ERRORS)))))
    return Phases(None if of_k else x, x if of_k else None, delta, error, table.source.path, notes)


def read_line_shape(path: PathLike, columns: str = "") -> Spectrum:
    """A spectrum in bins (`mass [MeV], low [MeV], high [MeV], counts`), HEPData's CSV of one, or |f|^2 with errors.

    Args:
        path: of the table.
        columns: names and units, where the file has none.

    Raises:
        InputError: for a table that breaks the rules, or whose numbers belong to another unit.
    """
    if not columns and form_of(read_head(path)) == "text":
        columns = spectrum_columns(read_head(path, 65_536).decode("utf-8-sig", errors="replace"))
    table = read_columns(path, columns or None)
    return _squares(table) if find(table, SQUARES) else _spectrum(table)


def _squares(table: Columns) -> Spectrum:
    of_k = find(table, MOMENTA) is not None and find(table, ABOVE_THRESHOLD) is None
    names, units = (MOMENTA, MOMENTUM) if of_k else (ABOVE_THRESHOLD, ENERGY)
    x, value = take(table, names, units), take(table, SQUARES, AREA)
    unit = table.unit(find(table, SQUARES) or "") or "fm^2"
    error = take(table, ERRORS, AREA, unit=unit)
    name = find(table, names) or ""
    _check_rising(table, x, name, positive=True)
    _check_range(table, name, x, (5.0 if of_k else LEAST_ENERGY, LARGEST_ENERGY))
    _check_errors(table, error)
    if np.any(value < -5 * error):
        row = int(np.argmin(value / error))
        raise InputError("a square is negative", where=table.where(row), got=f"{value[row]:g} fm^2")
    kind = "f_squared_of_k" if of_k else "f_squared"
    return Spectrum(x, x, value, error, kind, table.source.path, tuple(table.notes))


def _spectrum(table: Columns) -> Spectrum:
    low, high = _edges(table)
    name = find(table, (*COUNTS, *INTENSITIES))
    value = take(table, (*COUNTS, *INTENSITIES), ANY_NUMBER)
    where = table.where(name=name or "")
    _check_rising(table, 0.5 * (low + high), "mass", positive=True)
    _check_range(table, "mass", high, (LEAST_MASS, LARGEST_MASS))
    error, used = _errors_of(table, len(value))
    if error is None:
        if find(table, COUNTS) is None and not np.all(value == np.round(value)):
            raise InputError("intensities without errors", where=where, fix="a column error; or whole counts")
        if np.any(value < 0) or not np.all(value == np.round(value)):
            row = int(np.argmax((value < 0) | (value != np.round(value))))
            expected = "whole numbers >= 0 (Poisson), or a column error beside weighted ones"
            raise InputError("counts that are none", where=table.where(row), got=f"{value[row]:g}", expected=expected)
    if not np.any(value > 0):
        raise InputError("a spectrum without events", where=where)
    known = (name, *used, *(find(table, names) for names in (LOW, HIGH, TOTAL)))
    notes = (*table.notes, *note_unused(unused(table, known)))
    return Spectrum(low, high, value, error, "spectrum", table.source.path, notes)


def _edges(table: Columns) -> tuple[Numbers, Numbers]:
    """Edges of the bins [MeV]; those halfway between equidistant centres where the table has none."""
    if find(table, LOW) and find(table, HIGH):
        low, high = take(table, LOW, ENERGY), take(table, HIGH, ENERGY)
        wrong = np.flatnonzero(high <= low)
        overlap = np.flatnonzero(low[1:] < high[:-1] - 1e-6 * (high - low)[:-1])
        centre = take(table, TOTAL, ENERGY) if find(table, TOTAL) else 0.5 * (low + high)
        outside = np.flatnonzero((centre < low) | (centre > high))
        for rows, what in ((wrong, "an empty bin"), (overlap, "bins overlap"), (outside, "a centre outside its bin")):
            if rows.size:
                row = int(rows[0])
                raise InputError(
                    what, where=table.where(row), got=f"{low[row]:g} ... {high[row]:g} MeV, centre {centre[row]:g}"
                )
        return low, high
    centre = take(table, TOTAL, ENERGY)
    step = np.diff(centre)
    if len(centre) < 2 or not np.allclose(step, step.mean(), rtol=1e-3):
        expected = "columns low and high, or centres at equal distances"
        raise InputError("the edges of the bins are not known", where=table.source.path, expected=expected)
    half = 0.5 * float(step.mean())
    return centre - half, centre + half


def _errors_of(table: Columns, count: int) -> tuple[Numbers | None, tuple[str, ...]]:
    """The error of each value: its column, or HEPData's pairs averaged and added in quadrature; None without any."""
    if name := find(table, ERRORS):
        error = take(table, ERRORS, ANY_NUMBER)
        _check_errors(table, error)
        return error, (name,)
    pairs = [name for name in table.names if name.startswith(("stat_plus", "error_plus"))]
    square, used = np.zeros(count), []
    for plus in pairs:
        minus = plus.replace("plus", "minus")
        sides = [np.abs(table[name]) for name in (plus, minus) if name in table]
        square, used = square + np.mean(sides, axis=0) ** 2, [*used, plus, minus]
    if not pairs:
        return None, ()
    error = np.sqrt(square)
    _check_errors(table, error)
    return error, tuple(used)


def _check_rising(table: Columns, x: Numbers, name: str, *, positive: bool) -> None:
    if len(x) < FEWEST:
        raise InputError("too few points", where=table.source.path, got=str(len(x)), expected=f"{FEWEST} or more")
    if positive and x[0] <= 0:
        raise InputError(
            "an energy at or below threshold", where=table.where(0, name), got=f"{x[0]:g} MeV", expected="> 0"
        )
    falling = np.flatnonzero(np.diff(x) <= 0)
    if falling.size:
        raise InputError("energies do not rise", where=table.where(int(falling[0]) + 1, name), fix="sort the rows")


def _check_range(table: Columns, name: str, x: Numbers, limits: tuple[float, float]) -> None:
    """Whether the last number can be in MeV."""
    low, high = limits
    if x[-1] < low or x[-1] > high:
        other = "GeV under a header of MeV" if x[-1] < low else "MeV under a header of GeV"
        fix = f"{other}? write {name} [{'GeV' if x[-1] < low else 'MeV'}]"
        got, expected = f"up to {x[-1]:g} MeV", f"{low:g} ... {high:g} MeV"
        raise InputError("energies out of range", where=table.where(name=name), got=got, expected=expected, fix=fix)


def _check_errors(table: Columns, error: Numbers) -> None:
    if np.any(error <= 0):
        row = int(np.argmin(error))
        raise InputError("an error is not positive", where=table.where(row), got=f"{error[row]:g}")


def check_unitarity(k: Numbers, square: Numbers, error: Numbers, path: str) -> None:
    """Raise `InputError` where |f|^2 is more than five errors above the unitarity bound 1/k^2.

    Args:
        k: momenta [MeV].
        square: |f|^2 [fm^2].
        error: of it [fm^2].
        path: of the file.
    """
    excess = (square - HBAR_C**2 / k**2) / error
    if np.any(excess > 5):
        row = int(np.argmax(excess))
        got = f"|f|^2 = {square[row]:.4g} fm^2 at k = {k[row]:.4g} MeV, row {row + 1}"
        expected = f"at most 1/k^2 = {HBAR_C**2 / k[row] ** 2:.4g} fm^2"
        fix = "check the unit of |f|^2 and the masses; a partial wave cannot be larger"
        raise InputError("an amplitude that violates unitarity", where=path, got=got, expected=expected, fix=fix)


def describe_phases(path: PathLike, columns: str = "") -> dict[str, JSON]:
    """What is in a table of phase shifts, for `retrodict inspect`.

    Args:
        path: of the table.
        columns: names and units, where the file has none.
    """
    phases = read_phases(path, columns)
    x, name = (phases.energy, "energy") if phases.energy is not None else (phases.momentum, "momentum")
    assert x is not None
    ranges = {
        name: value_range(x, "MeV"),
        "delta": value_range(phases.delta, "deg"),
        "error": value_range(phases.error, "deg"),
    }
    config = f"problem:\n  data: {quoted(str(path))}\n  analysis: {{kind: PhaseShifts, masses: [M1, M2]}}  # MeV"
    return {"kind": "phase_shifts", "points": len(x), **ranges, "warnings": list(phases.notes), "config": config}


def describe_line_shape(path: PathLike, columns: str = "") -> dict[str, JSON]:
    """What is in a table of a line shape, for `retrodict inspect`.

    Args:
        path: of the table.
        columns: names and units, where the file has none.
    """
    shape = read_line_shape(path, columns)
    values = "fm^2" if shape.kind != "spectrum" else ""
    found: dict[str, JSON] = {
        "kind": "line_shape",
        "points": len(shape.value),
        "values": {"spectrum": "counts" if shape.error is None else "intensities"}.get(shape.kind, "f_squared"),
        "energy": value_range(0.5 * (shape.low + shape.high), "MeV"),
        "value": value_range(shape.value, values),
    }
    if shape.error is not None:
        found["error"] = value_range(shape.error, values)
    config = (
        f"problem:\n  data: {quoted(str(path))}\n  analysis: {{kind: LineShape, channels: [[M1, M2], [M3, M4]]}}  # MeV"
    )
    return found | {"warnings": list(shape.notes), "config": config}
