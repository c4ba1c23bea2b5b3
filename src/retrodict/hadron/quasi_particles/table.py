"""An equation of state of hot matter at zero chemical potential, as a table; values in powers of the temperature."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from retrodict.base.columns import find, note_unused, read_columns, take, unused
from retrodict.base.description import quoted, value_range
from retrodict.base.errors import InputError
from retrodict.base.files import JSON, PathLike
from retrodict.base.shapes import Float
from retrodict.base.table_rows import Columns
from retrodict.base.units import NUMBER
from retrodict.hadron.quasi_particles.columns import (
    ERROR,
    FROM_DENSITIES,
    QUANTITIES,
    SYMBOLS,
    TEMPERATURE,
    TEMPERATURE_NAMES,
    error_names,
)

LEAST_ROWS: Final = 5
RANGE: Final = (50.0, 5000.0)  # MeV, of the temperatures
LIMITS: Final = {  # beyond free quarks and gluons of three flavours, by more than the errors of any lattice
    "entropy_density": (0.0, 22.0),
    "trace_anomaly": (-1.0, 10.0),
    "pressure": (0.0, 5.6),
    "energy_density": (0.0, 16.5),
    "baryon_susceptibility": (0.0, 0.4),
    "strangeness_susceptibility": (0.0, 1.2),
}
CONSISTENT: Final = 0.03  # relative: Ts = e + p and the trace anomaly e - 3p of one row
Rows = Float[np.ndarray, " rows"]


@dataclass(frozen=True, eq=False)
class LatticeTable:
    """Values with their errors at ascending temperatures."""

    temperature: Float[np.ndarray, " rows"]  # MeV
    value: Mapping[str, Rows]  # quantity -> values, in powers of T
    error: Mapping[str, Rows]  # quantity -> one standard deviation, in powers of T
    path: str  # of the file
    notes: tuple[str, ...] = ()  # what the reader noticed

    @property
    def equation_of_state(self) -> tuple[str, ...]:
        """Which of entropy density, trace anomaly, pressure and energy density are given: two determine the others."""
        return tuple(name for name in self.value if not name.endswith("susceptibility"))


def read_table(path: PathLike, columns: str = "") -> LatticeTable:
    """The table in a file.

    Args:
        path: with columns `T [MeV], s/T^3, s/T^3_error, ...`, or with densities in units.
        columns: names and units of the columns of a table without a header.

    Raises:
        InputError: for missing columns, errors or rows, temperatures that are not in order, values that no hot matter
            has, columns that contradict each other.
    """
    table = read_columns(path, columns or None)
    temperature = take(table, TEMPERATURE_NAMES, TEMPERATURE)
    _check_temperatures(temperature, table)
    found = {name: column for name in QUANTITIES if (column := _column(table, name, temperature))}
    if not found:
        expected = ", ".join(SYMBOLS.values())
        fix = "name the columns T [MeV], s/T^3, s/T^3_error"
        raise InputError("no column of an equation of state", where=table.source.path, expected=expected, fix=fix)
    used = [find(table, TEMPERATURE_NAMES), *(name for one in found.values() for name in one[2])]
    value = {name: one[0] for name, one in found.items()}
    error = {name: one[1] for name, one in found.items()}
    for name in found:
        _check_range(name, value[name], table)
    _check_consistent(value, table)
    return LatticeTable(temperature, value, error, table.source.path, note_unused(unused(table, used)))


def describe(path: PathLike, columns: str = "") -> dict[str, JSON]:
    """What is in such a file, for `retrodict inspect`.

    Args:
        path: of the file.
        columns: names and units of the columns of a table without a header.

    Raises:
        InputError: as `read_table`.
    """
    table = read_table(path, columns)
    named = f"\n    columns: {quoted(columns)}" if columns else ""
    return {
        "kind": "lattice_equation_of_state",
        "points": len(table.temperature),
        "temperature": value_range(table.temperature, "MeV"),
        **{name: value_range(values, "") for name, values in table.value.items()},
        "relative_error": {
            name: float(np.median(table.error[name] / np.maximum(np.abs(values), 1e-3)))
            for name, values in table.value.items()
        },
        "warnings": list(table.notes),
        "config": f"problem:\n  data: {quoted(str(path))}\n  analysis:\n    kind: QuasiParticles{named}",
    }


def _column(table: Columns, name: str, temperature: Rows) -> tuple[Rows, Rows, list[str]] | None:
    """Values, errors and the names of their columns; None where the table has no such quantity."""
    column = find(table, QUANTITIES[name])
    if column is not None:
        value, units, power = take(table, (column,), NUMBER), NUMBER, 0
    elif name in FROM_DENSITIES and (column := find(table, FROM_DENSITIES[name][0])) is not None:
        _, units, power = FROM_DENSITIES[name]
        if not table.unit(column):
            fix = f"{column} [{next(iter(units))}], or {SYMBOLS[name]} for a value in powers of T"
            raise InputError(f"the column {column} has no unit", where=table.where(name=column), fix=fix)
        value = take(table, (column,), units)
    else:
        return None
    several = sum(find(table, names) is not None for names in QUANTITIES.values()) > 1
    error = find(table, (*error_names(column), *(() if several else (ERROR,))))
    if error is None:
        fix = f"add a column {column}_error with one standard deviation of each value"
        raise InputError(f"the column {column} has no errors", where=table.source.path, fix=fix)
    sigma = take(table, (error,), units, unit=table.unit(column) or None)
    if (sigma <= 0).any():
        row = int(np.argmax(sigma <= 0))
        raise InputError("an error is not positive", where=table.where(row, error), got=f"{sigma[row]:g}")
    scale = temperature**power
    return value / scale, sigma / scale, [column, error]


def _check_temperatures(temperature: Rows, table: Columns) -> None:
    name = find(table, TEMPERATURE_NAMES) or ""
    if len(temperature) < LEAST_ROWS:
        got, expected = f"{len(temperature)} rows", f"at least {LEAST_ROWS}"
        raise InputError("too few temperatures", where=table.source.path, got=got, expected=expected)
    outside = (temperature < RANGE[0]) | (temperature > RANGE[1])
    if outside.any():
        row = int(np.argmax(outside))
        fix = "T [GeV], if these are GeV" if temperature[row] < RANGE[0] else "check the unit of the column"
        expected = f"{RANGE[0]:g} to {RANGE[1]:g} MeV"
        got = f"{temperature[row]:g} MeV"
        raise InputError(
            "no temperature of hot hadronic matter", where=table.where(row, name), got=got, expected=expected, fix=fix
        )
    falling = np.diff(temperature) <= 0
    if falling.any():
        row = int(np.argmax(falling)) + 1
        got = f"{temperature[row]:g} MeV after {temperature[row - 1]:g} MeV"
        raise InputError("temperatures do not ascend", where=table.where(row, name), got=got, fix="sort the rows")


def _check_range(name: str, value: Rows, table: Columns) -> None:
    low, high = LIMITS[name]
    outside = ~((value > low) & (value < high))
    if outside.any():
        row = int(np.argmax(outside))
        why = "free gluons and quarks of three flavours have s/T^3 = 20.8, p/T^4 = 5.2, chi2_B = 1/3, chi2_S = 1"
        raise InputError(
            f"a {name.replace('_', ' ')} that hot matter does not have",
            where=table.where(row),
            got=f"{SYMBOLS[name]} = {value[row]:.5g}",
            expected=f"{low:g} to {high:g}, in powers of T",
            why=why,
            fix="divide by the power of T, or state the unit of a density: pressure [MeV fm^-3]",
        )


def _check_consistent(value: Mapping[str, Rows], table: Columns) -> None:
    """Ts = e + p and the trace anomaly e - 3p, wherever the columns are there."""
    sums = {
        "entropy_density": {"energy_density": 1.0, "pressure": 1.0},
        "trace_anomaly": {"energy_density": 1.0, "pressure": -3.0},
    }
    pairs = [(name, parts) for name, parts in sums.items() if name in value and parts.keys() <= value.keys()]
    if {"entropy_density", "trace_anomaly", "pressure"} <= value.keys():
        pairs.append(("entropy_density", {"trace_anomaly": 1.0, "pressure": 4.0}))
    for name, parts in pairs:
        other = sum((share * value[part] for part, share in parts.items()), np.zeros(len(value[name])))
        scale = sum((np.abs(share * value[part]) for part, share in parts.items()), np.zeros(len(value[name])))
        wrong = np.abs(other - value[name]) > CONSISTENT * scale
        if wrong.any():
            row = int(np.argmax(wrong))
            formula = " + ".join(f"{share:g} {SYMBOLS[part]}" for part, share in parts.items())
            raise InputError(
                "columns of a row contradict each other",
                where=table.where(row),
                got=f"{SYMBOLS[name]} = {value[name][row]:.5g}, but {formula} = {other[row]:.5g}",
                expected="Ts = e + p, and the trace anomaly e - 3p",
                fix="check which column is which, and its unit",
            )
