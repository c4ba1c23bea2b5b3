"""The table of a user: masses and thermal widths of states at several temperatures, checked row by row."""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from retrodict.base.cells import finite
from retrodict.base.column_names import ColumnNames
from retrodict.base.columns import Columns, find, note_unused, read_columns, take, unused
from retrodict.base.description import quoted, value_range
from retrodict.base.errors import InputError
from retrodict.base.files import JSON, PathLike
from retrodict.base.recognition import FileHead
from retrodict.base.units import factor
from retrodict.hadron.quarkonium.kinds import (
    ENERGY,
    MASS,
    MASS_ERROR,
    STATE,
    TEMPERATURE,
    WIDTH,
    WIDTH_ERROR,
)

ANGULAR: Final = "SPDF"  # l = 0, 1, 2, 3
MOST: Final = 4  # radial excitations that the mesh holds
LEAST_TEMPERATURE, LARGEST_TEMPERATURE = 20.0, 2000.0  # MeV; zero is the vacuum
LEAST_MASS, LARGEST_MASS = 2000.0, 25_000.0  # MeV
LEAST_ERROR, LARGEST_ERROR = 1e-3, 2000.0  # MeV
LARGEST_WIDTH = 5000.0  # MeV
NARROW = 2.0  # MeV: widths that are all below it are in another unit

_NAME = re.compile(r"(?:(?:Y|Upsilon|ϒ|Υ|psi|chi_b|chi_c)\s*)?\(?([1-9])\s*([SPDFspdf])\)?")
_GAP = "a row has the wrong number of cells"


class State(NamedTuple):
    """Quantum numbers of a state without spin."""

    n: int  # 1, 2, ...
    l: int  # noqa: E741 (the symbol of the field)

    def __str__(self) -> str:
        return f"{self.n}{ANGULAR[self.l]}"


@dataclass(frozen=True)
class QuarkoniumStates:
    """Masses and widths, one row a state and temperature."""

    temperature: Float[np.ndarray, " rows"]  # MeV
    state: tuple[State, ...]
    mass: Float[np.ndarray, " rows"]  # MeV
    mass_error: Float[np.ndarray, " rows"]  # MeV
    width: Float[np.ndarray, " rows"]  # MeV; NaN where it was not measured
    width_error: Float[np.ndarray, " rows"]  # MeV; NaN there, too
    file: str = ""
    notes: tuple[str, ...] = ()

    @property
    def temperatures(self) -> Float[np.ndarray, " temperatures"]:
        """The temperatures, ascending [MeV]."""
        return np.unique(self.temperature)

    @property
    def states(self) -> tuple[State, ...]:
        """The states, S before P before D."""
        return tuple(sorted(set(self.state), key=lambda state: (state.l, state.n)))

    @property
    def has_width(self) -> Bool[np.ndarray, " rows"]:
        """Whether the width of a row was measured."""
        return np.isfinite(self.width)


def read_states(path: PathLike, columns: ColumnNames | None = None) -> QuarkoniumStates:
    """The table of a file.

    Args:
        path: a text table, `T [MeV], state, mass [MeV], mass_error [MeV], width [MeV], width_error [MeV]`; `nan` or `-`
            where a width is missing, and no such columns where all are.
        columns: names and units of the columns of a table without a header.

    Raises:
        InputError: for a column without a name or unit, an unknown state, two rows of one state and temperature, or a
            number that is none in its unit.
    """
    head = FileHead(path, columns if isinstance(columns, str) else "")
    table = _table(path, columns, head)
    used = {name: find(table, names) for name, names in _NAMED.items()}
    for name in ("T", "mass"):
        if used[name] is not None and not table.unit(used[name] or ""):
            fix = f"write {used[name]} [MeV] or {used[name]} [GeV]"
            raise InputError("a column has no unit", where=table.where(name=used[name] or ""), fix=fix)
    temperature, mass = take(table, TEMPERATURE, ENERGY), take(table, MASS, ENERGY)
    error = take(table, MASS_ERROR, ENERGY, unit=table.unit(used["mass"] or ""))
    words = find(table, STATE) or next((name for name in STATE if name in table.words), None)
    if words is None or words not in table.words:
        fix = f"name it state; columns in this file: {', '.join(table.names[:20])}"
        raise InputError("the column state is missing", where=table.source.path, fix=fix)
    state = tuple(_state(word, table.where(row, words)) for row, word in enumerate(table.words[words]))
    _in_range(temperature, table, TEMPERATURE, LEAST_TEMPERATURE, LARGEST_TEMPERATURE, or_zero=True)
    _in_range(mass, table, MASS, LEAST_MASS, LARGEST_MASS)
    _in_range(error, table, MASS_ERROR, LEAST_ERROR, LARGEST_ERROR)
    width, width_error = _widths(table, dict(head.columns))
    _refuse_twice(table, temperature, state)
    left = note_unused(unused(table, used.values()))
    missing = int(np.sum(np.isnan(width)))
    notes = (f"{missing} of {len(width)} widths are missing: these rows give their masses alone",) if missing else ()
    return QuarkoniumStates(
        temperature, state, mass, error, width, width_error, table.source.path, (*table.notes, *notes, *left)
    )


_NAMED: Final = {
    "T": TEMPERATURE,
    "mass": MASS,
    "mass_error": MASS_ERROR,
    "width": WIDTH,
    "width_error": WIDTH_ERROR,
}


def _table(path: PathLike, columns: ColumnNames | None, head: FileHead) -> Columns:
    """The columns; those of widths as words where a width is missing."""
    both = all(any(name in head.names for name in names) for names in (WIDTH, WIDTH_ERROR))
    try:
        return read_columns(path, columns, words=STATE)
    except InputError as error:
        if error.what == _GAP:
            fix = "write nan where a width is missing"
            raise InputError(error.what, where=error.where, got=error.got, expected=error.expected, fix=fix) from error
        if not both or error.what != "a value is missing or not finite":
            raise
    return read_columns(path, columns, words=(*STATE, *WIDTH, *WIDTH_ERROR))


def _widths(table: Columns, units: dict[str, str]) -> tuple[Float[np.ndarray, " rows"], Float[np.ndarray, " rows"]]:
    """Widths and their errors [MeV], NaN where they are missing."""
    width, error = _column(table, WIDTH, units, ""), _column(table, WIDTH_ERROR, units, _unit_of(WIDTH, units))
    if width is None:
        nothing = np.full(len(table.values), np.nan)
        return nothing, nothing
    if error is None:
        raise InputError("the widths have no errors", where=table.source.path, fix="add a column width_error [MeV]")
    for row in range(len(width)):
        where = table.where(row, "width")
        if width[row] < 0.0:
            why = "a width is -2 Im E of a state that decays"
            raise InputError("a width is negative", where=where, got=f"{width[row]:g} MeV", expected=">= 0", why=why)
        if width[row] > LARGEST_WIDTH:
            _refuse(width[row], where, f"widths up to {LARGEST_WIDTH:g} MeV")
        if np.isfinite(width[row]) != np.isfinite(error[row]):
            expected = "both, or nan for both"
            raise InputError("a width without its error, or an error alone", where=where, expected=expected)
        if error[row] < LEAST_ERROR or error[row] > LARGEST_ERROR:
            _refuse(error[row], table.where(row, "width_error"), f"errors of {LEAST_ERROR:g} to {LARGEST_ERROR:g} MeV")
    known = np.isfinite(width)
    if known.any() and 0.0 < np.max(width[known]) < NARROW:
        _refuse(float(np.max(width[known])), table.where(name="width"), f"some width above {NARROW:g} MeV")
    return np.where(known, width, np.nan), np.where(known, error, np.nan)


def _unit_of(names: tuple[str, ...], units: dict[str, str]) -> str:
    return next((units[name] for name in names if name in units), "")


def _column(
    table: Columns, names: tuple[str, ...], units: dict[str, str], otherwise: str
) -> Float[np.ndarray, " rows"] | None:
    """A column [MeV], NaN where a number is missing, in the unit `otherwise` if it states none; None: no column."""
    name = next((name for name in names if name in table.words or name in table), None)
    if name is None:
        return None
    unit = (table.unit(name) if name in table else units.get(name, "")) or otherwise
    if not unit:
        raise InputError(
            "a column has no unit", where=table.where(name=name), fix=f"write {name} [MeV] or {name} [GeV]"
        )
    if name in table:
        return take(table, names, ENERGY, unit=unit)
    scale = factor(unit, ENERGY, table.where(name=name))
    cells = enumerate(table.words[name])
    return np.array(
        [np.nan if _is_missing(cell) else scale * finite(cell, table.where(row, name)) for row, cell in cells]
    )


def _is_missing(cell: str) -> bool:
    return cell.strip().lower() in ("", "-", "--", "nan", "na", "n/a", "none", "null")


def _state(word: str, where: str) -> State:
    match = _NAME.fullmatch(word.strip()[:40])
    if match is None or int(match[1]) > MOST:
        expected = f"1S, 2S, 1P, 1D, ... up to n = {MOST}, or Y(1S), chi_b(1P)"
        raise InputError("an unknown state", where=where, got=repr(word[:40]), expected=expected)
    return State(int(match[1]), ANGULAR.index(match[2].upper()))


def _in_range(
    values: Float[np.ndarray, " rows"],
    table: Columns,
    names: tuple[str, ...],
    least: float,
    largest: float,
    *,
    or_zero: bool = False,
) -> None:
    bad = ~((values >= least) & (values <= largest) | (or_zero & (values == 0.0)))
    if bad.any():
        row = int(np.argmax(bad))
        _refuse(float(values[row]), table.where(row, find(table, names) or ""), f"{least:g} to {largest:g} MeV")


def _refuse(value: float, where: str, expected: str) -> None:
    why = "another unit than the header says, or a difference of masses in place of a mass"
    raise InputError("a number that is none in its unit", where=where, got=f"{value:g} MeV", expected=expected, why=why)


def _refuse_twice(table: Columns, temperature: Float[np.ndarray, " rows"], state: tuple[State, ...]) -> None:
    seen: dict[tuple[float, State], int] = {}
    for row, key in enumerate(zip(temperature.tolist(), state, strict=True)):
        if key in seen:
            got = f"{key[1]} at T = {key[0]:g} MeV, as in row {seen[key] + 1}"
            raise InputError("two rows of one state and temperature", where=table.where(row), got=got)
        seen[key] = row


def describe(path: PathLike, columns: ColumnNames | None = None) -> dict[str, JSON]:
    """Describe a table of masses and widths.

    Args:
        path: the file.
        columns: names of the columns of a table without a header.

    Returns:
        A mapping that JSON can hold, of the kind `quarkonium_states`.

    Raises:
        InputError: for a table that cannot be used.
    """
    found = read_states(path, columns)
    known = found.width[found.has_width]
    return {
        "kind": "quarkonium_states",
        "file": found.file,
        "rows": len(found.mass),
        "temperatures": {"values": found.temperatures.tolist(), "unit": "MeV"},
        "states": [str(state) for state in found.states],
        "columns": {
            "mass": value_range(found.mass, "MeV"),
            "mass_error": value_range(found.mass_error, "MeV"),
            **({"width": value_range(known, "MeV")} if len(known) else {}),
        },
        "widths": len(known),
        "warnings": list(found.notes),
        "config": f"problem:\n  data: {quoted(str(path))}\n  analysis: {{kind: Quarkonium, quark_mass: 4676.0}}",
    }
