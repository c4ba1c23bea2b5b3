"""Tables of the equation of state, read with explicit units.

A table must say what its columns are and in which units; a mass density in g cm^-3 is an energy density over c^2.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from retrodict.base.column_names import ColumnNames
from retrodict.base.columns import find, read_columns
from retrodict.base.constants import ATOMIC_MASS_UNIT_IN_GRAM
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, form_of, read_head
from retrodict.base.table_rows import Columns
from retrodict.base.units import factor, is_unit
from retrodict.neutron_star.columns import AMBIGUOUS_NAMES, BARYON_NAMES, ENERGY_NAMES, PRESSURE_NAMES
from retrodict.neutron_star.readers.compose import is_compose, read_compose
from retrodict.neutron_star.readers.eos_checks import check_table
from retrodict.neutron_star.readers.eos_table import EquationOfStateTable, Rows
from retrodict.neutron_star.readers.leftover import notes_on
from retrodict.neutron_star.units import ENERGY_DENSITY, NUMBER_DENSITY, PRESSURE

WITHOUT_NAMES: Final = {  # the columns of programs that name none; m^-2 is G = c = 1
    "LALSuite": "pressure [m^-2], energy_density [m^-2]",
    "RNS": "energy_density [g cm^-3], pressure [dyn cm^-2], enthalpy, baryon_density [cm^-3]",
    "LORENE": "index, baryon_density [fm^-3], energy_density [g cm^-3], pressure [dyn cm^-2]",
}
WORDS = ("name", "source", "reference", "object")  # columns of words in the tables of this domain

HEADER = "baryon_density [fm^-3], energy_density [MeV fm^-3], pressure [MeV fm^-3]"

_MASS_DENSITY = {"g cm^-3": 1e-39 / ATOMIC_MASS_UNIT_IN_GRAM, "kg m^-3": 1e-42 / ATOMIC_MASS_UNIT_IN_GRAM}


def read_equation_of_state(path: PathLike, columns: ColumnNames | None = None) -> EquationOfStateTable:
    """Read a table with `baryon_density`, `energy_density` and `pressure` in any order, or a CompOSE cold table.

    Units stand in the header, `pressure [dyn cm^-2]` or `pressure_dyn_cm2`. The baryon density may be absent. For
    CompOSE name the folder, or one of its files `eos.nb`, `eos.thermo`, `eos.t`, `eos.yq`. The tables of LORENE, RNS
    and LALSuite are read as they are. What was assumed or left out stands in `warnings`.

    Args:
        path: file or folder.
        columns: names and units of the columns of a file that has no header, as in
            `"pressure [dyn cm^-2], energy_density [g cm^-3]"`; `_` skips a column.

    Raises:
        InputError: if the table is not matter: negative, not ascending, superluminal everywhere, or in units other than
            stated.
    """
    if columns is None and is_compose(path):
        return check_table(*read_compose(path))
    return table_from_columns(read_eos_columns(path, columns))


def read_eos_columns(path: PathLike, columns: ColumnNames | None = None) -> Columns:
    """The columns of a table of any kind; without names it is taken for what a program writes if its numbers are
    matter in the units of that program, and in those of no other: see `WITHOUT_NAMES`.

    Args:
        path: the file.
        columns: names and units of the columns of a file that has no header.

    Raises:
        InputError: if the file is no table.
    """
    try:
        return read_columns(path, columns, words=WORDS)
    except InputError as error:
        if columns is not None or error.what != "the columns have no names" or form_of(read_head(path)) != "text":
            raise
        for program, names in WITHOUT_NAMES.items():
            table = _as_matter(path, names)
            if table is not None:
                note = f"no names: taken for {names}, as {program} writes tables"
                return replace(table, notes=(*table.notes, note))
        raise


def _as_matter(path: PathLike, names: str) -> Columns | None:
    """The table with these names if it then is an equation of state; None if not."""
    try:
        table = read_columns(path, names, words=WORDS)
        table_from_columns(table)
    except InputError:
        return None
    return table


@np.errstate(all="ignore")  # what overflows is out of range, and refused as such
def table_from_columns(table: Columns) -> EquationOfStateTable:
    """Check an equation of state in columns that are already read.

    Args:
        table: named columns.

    Raises:
        InputError: as `read_equation_of_state`.
    """
    baryons, energy = find(table, BARYON_NAMES), find(table, ENERGY_NAMES)
    names = ENERGY_NAMES
    if energy is None and baryons is not None and (energy := find(table, AMBIGUOUS_NAMES)) is not None:
        names = (energy,)
        why = "since the baryon density stands beside it"
        table = replace(table, notes=(*table.notes, f"{energy} is taken for the energy density over c^2, {why}"))
    table = _without_repeats(_without_vacuum(table, (names, PRESSURE_NAMES, BARYON_NAMES)))
    energy_density = _with_unit(table, names, ENERGY_DENSITY)
    pressure = _with_unit(table, PRESSURE_NAMES, PRESSURE)
    table = replace(table, notes=notes_on(table, (energy, baryons, find(table, PRESSURE_NAMES))))
    if baryons is None:
        _refuse_unknown_density(table)
        return check_table(None, energy_density, pressure, table)
    mass = is_unit(table.unit(baryons), _MASS_DENSITY)
    density = _with_unit(table, BARYON_NAMES, _MASS_DENSITY if mass else NUMBER_DENSITY)
    if energy in AMBIGUOUS_NAMES:
        _refuse_rest_mass(table, str(energy), energy_density / density, pressure / energy_density)
    return check_table(density, energy_density, pressure, table)


def _without_vacuum(table: Columns, names: tuple[tuple[str, ...], ...]) -> Columns:
    """The table without first (or last) rows in which all three quantities are zero: they are no matter."""
    present = [table.names.index(name) for alternatives in names if (name := find(table, alternatives))]
    empty = (table.values[:, present] == 0.0).all(axis=1)
    if not (empty[0] or empty[-1]) or empty.all():
        return table
    full = np.flatnonzero(~empty)
    keep = slice(full[0], full[-1] + 1)
    note = f"{len(empty) - (full[-1] + 1 - full[0])} row of zeros, the vacuum, was left out"
    lines = table.lines[keep] if len(table.lines) else table.lines
    return replace(table, values=table.values[keep], lines=lines, notes=(*table.notes, note))


def _without_repeats(table: Columns) -> Columns:
    """The table with a row that stands there twice, one behind the other, once."""
    again = np.concatenate([[False], (np.diff(table.values, axis=0) == 0.0).all(axis=1)])
    if not again.any():
        return table
    lines = table.lines[~again] if len(table.lines) else table.lines
    note = f"{again.sum()} row that repeats the one before was left out"
    return replace(table, values=table.values[~again], lines=lines, notes=(*table.notes, note))


def _refuse_unknown_density(table: Columns) -> None:
    """The one number density of a table is hardly anything but that of the baryons."""
    found = [name for name in table.names if table.unit(name) and is_unit(table.unit(name), NUMBER_DENSITY)]
    if len(found) == 1:
        fix = f"if it is that of the baryons, name it baryon_density [{table.unit(found[0])}]; else remove the column"
        why = "without a baryon density it would be integrated, beside a column that may hold it"
        where = table.where(name=found[0])
        raise InputError("a number density of what?", where=where, got=found[0], why=why, fix=fix)


def _refuse_rest_mass(table: Columns, name: str, energy: Rows, stiffness: Rows) -> None:
    """An energy a baryon that does not rise where the pressure is large is the rest mass alone."""
    if stiffness.max() > 0.03 and np.ptp(energy) < 1e-3 * energy.min():
        why = f"{name} over the baryon density is {energy[0]:.6g} MeV in every row: the rest mass alone"
        fix = "give the energy density with its unit, energy_density [MeV fm^-3]"
        raise InputError("no energy density", where=table.where(name=name), got=name, why=why, fix=fix)


def _with_unit(table: Columns, names: tuple[str, ...], units: dict[str, float]) -> Rows:
    name = find(table, names)
    where = table.source.path
    if name is None:
        why = "'rho' and 'density' could mean baryons or energy" if find(table, ("rho", "density")) else ""
        fix = f"the header should read: {HEADER}"
        got = ", ".join(table.names[:12])
        raise InputError(f"the column {names[0]} is missing", where=where, got=got, why=why, fix=fix)
    if not table.unit(name):
        fix = f"write the unit in the header, {name} [{next(iter(units))}], or name it in the call"
        choices = ", ".join(units)
        raise InputError("a column has no unit", where=table.where(name=name), expected=f"one of {choices}", fix=fix)
    return table[name] * factor(table.unit(name), units, table.where(name=name))
