"""Tables of the equation of state: reading with explicit units, checking, and writing to the last bit.

A table must say what its columns are and in which units; a mass density in g cm^-3 is an energy density over c^2. Where
the baryon density is absent it follows from the first law, dn / n = d eps / (eps + p), from n = eps / (931.494 MeV) at
the lowest row: one baryon weighs one atomic mass unit there. Masses, radii and deformabilities do not depend on that.
"""

from typing import TypeAlias

import numpy as np

from retrodict.base.atomic import write_text
from retrodict.base.columns import find, read_columns
from retrodict.base.constants import ATOMIC_MASS_UNIT, ATOMIC_MASS_UNIT_IN_GRAM
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.shapes import Float
from retrodict.base.tables import ColumnNames, Columns, format_table
from retrodict.base.units import factor, is_unit
from retrodict.neutron_star.columns import BARYON_NAMES, ENERGY_NAMES, PRESSURE_NAMES
from retrodict.neutron_star.readers.compose import is_compose, read_compose
from retrodict.neutron_star.readers.eos_table import EquationOfStateTable
from retrodict.neutron_star.units import ENERGY_DENSITY, NUMBER_DENSITY, PRESSURE

LEAST_ROWS = 8
HIGHEST_DENSITY_RANGE = (0.1, 100.0)  # fm^-3, where a table must end to describe a star
HIGHEST_ENERGY_RANGE = (100.0, 1e5)  # MeV fm^-3
HIGHEST_PRESSURE_RANGE = (0.3, 1e5)  # MeV fm^-3
ENERGY_PER_BARYON_RANGE = (400.0, 2e4)  # MeV, with the rest mass
SAME_PRESSURE = 1e-10  # relative: rows closer than this share a pressure
CONSISTENCY = 0.01  # of n between the table and the first law, above which a warning is given

HEADER = "baryon_density [fm^-3], energy_density [MeV fm^-3], pressure [MeV fm^-3]"
Rows: TypeAlias = Float[np.ndarray, " rows"]

_MASS_DENSITY = {"g cm^-3": 1e-39 / ATOMIC_MASS_UNIT_IN_GRAM, "kg m^-3": 1e-42 / ATOMIC_MASS_UNIT_IN_GRAM}


def read_equation_of_state(path: PathLike, columns: ColumnNames | None = None) -> EquationOfStateTable:
    """Read a table with `baryon_density`, `energy_density` and `pressure` in any order, or a CompOSE cold table.

    Units stand in the header, `pressure [dyn cm^-2]`. The baryon density may be absent. For CompOSE name the folder, or
    one of its files `eos.nb`, `eos.thermo`, `eos.t`, `eos.yq`.

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
    table = read_columns(path, columns)
    return table_from_columns(table)


@np.errstate(all="ignore")  # what overflows is out of range, and refused as such
def table_from_columns(table: Columns) -> EquationOfStateTable:
    """Check an equation of state in columns that are already read.

    Args:
        table: named columns.

    Raises:
        InputError: as `read_equation_of_state`.
    """
    energy_density = _with_unit(table, ENERGY_NAMES, ENERGY_DENSITY)
    pressure = _with_unit(table, PRESSURE_NAMES, PRESSURE)
    name = find(table, BARYON_NAMES)
    if name is None:
        return check_table(None, energy_density, pressure, table)
    mass = is_unit(table.unit(name), _MASS_DENSITY)
    density = _with_unit(table, BARYON_NAMES, _MASS_DENSITY if mass else NUMBER_DENSITY)
    return check_table(density, energy_density, pressure, table)


def write_equation_of_state(path: PathLike, table: EquationOfStateTable) -> None:
    """Write CSV that `read_equation_of_state` reads back to the same bits.

    Args:
        path: file to write.
        table: equation of state.

    Raises:
        StorageError: if the file cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> from retrodict.base.files import Source
        >>> eps = np.geomspace(100.0, 1500.0, 9)
        >>> table = EquationOfStateTable(eps / 950.0, eps, 1e-4 * eps**2, Source("mine", "", 0))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "eos.csv")
        ...     write_equation_of_state(path, table)
        ...     bool((read_equation_of_state(path).pressure == table.pressure).all())
        True
    """
    arrays = (table.baryon_density, table.energy_density, table.pressure)
    names = ("baryon_density", "energy_density", "pressure")
    write_text(path, format_table(names, ("fm^-3", "MeV fm^-3", "MeV fm^-3"), arrays))


def write_mass_radius_curve(
    path: PathLike,
    *,
    mass: Float[np.ndarray, " stars"],
    radius: Float[np.ndarray, " stars"],
    tidal_deformability: Float[np.ndarray, " stars"] | None = None,
    central_density: Float[np.ndarray, " stars"] | None = None,
) -> None:
    """Write CSV of stars.

    Args:
        path: file to write.
        mass: masses [Msun], shape (stars,).
        radius: radii [km], shape (stars,).
        tidal_deformability: Lambda, shape (stars,); no column if None.
        central_density: baryon densities [fm^-3], shape (stars,); no column if None.

    Raises:
        StorageError: if the file cannot be written.
    """
    given = {
        ("mass", "Msun"): mass,
        ("radius", "km"): radius,
        ("tidal_deformability", ""): tidal_deformability,
        ("central_density", "fm^-3"): central_density,
    }
    present = {key: np.asarray(values, dtype=float) for key, values in given.items() if values is not None}
    names, units = zip(*present, strict=True)
    write_text(path, format_table(names, units, list(present.values())))


def baryon_density_from_first_law(energy_density: Rows, pressure: Rows) -> Rows:
    """n [fm^-3] at each row, p being a power of eps between rows; the convention stands at the top of this file.

    Args:
        energy_density: eps [MeV fm^-3], ascending, shape (rows,).
        pressure: p [MeV fm^-3], shape (rows,).
    """
    steps = log_density_steps(energy_density, pressure)
    return energy_density[0] / ATOMIC_MASS_UNIT * np.exp(np.concatenate([[0.0], np.cumsum(steps)]))


def log_density_steps(energy_density: Rows, pressure: Rows) -> Float[np.ndarray, " rows-1"]:
    """ln(n_{i+1} / n_i) by the first law: the integral of d ln eps / (1 + p / eps), Gauss-Legendre in ln eps.

    Args:
        energy_density: eps [MeV fm^-3], ascending, shape (rows,).
        pressure: p [MeV fm^-3], shape (rows,).
    """
    points, weight = np.polynomial.legendre.leggauss(8)
    t = 0.5 * (points + 1.0)
    width = np.diff(np.log(energy_density))[:, None]
    ratio = pressure / energy_density
    low, high = ratio[:-1, None], ratio[1:, None]
    power = np.where(low > 0.0, low, 1.0) * (high / np.where(low > 0.0, low, 1.0)) ** t
    between = np.where(low > 0.0, power, high * t)  # a bare surface has p = 0, of which there is no logarithm
    return (0.5 * width * weight / (1.0 + between)).sum(axis=1)


@np.errstate(all="ignore")  # what overflows is out of range, and refused as such
def check_table(
    density: Rows | None,
    energy_density: Rows,
    pressure: Rows,
    table: Columns,
) -> EquationOfStateTable:
    """Make an equation of state of three columns in canonical units.

    Args:
        density: n [fm^-3], shape (rows,); None where it is to follow from the first law.
        energy_density: eps [MeV fm^-3], shape (rows,).
        pressure: p [MeV fm^-3], shape (rows,).
        table: the columns as read, for messages.

    Raises:
        InputError: for the first fault.
    """
    if len(pressure) < LEAST_ROWS:
        got, expected = f"{len(pressure)} rows", f"at least {LEAST_ROWS}"
        raise InputError("the table has too few rows", where=table.source.path, got=got, expected=expected)
    quantities = {"energy_density": energy_density, "pressure": pressure}
    if density is not None:
        quantities = {"baryon_density": density, **quantities}
    order = slice(None, None, -1) if energy_density[0] > energy_density[-1] else slice(None)
    for name, values in quantities.items():
        _refuse_negative(table, name, values)
    eps, p = energy_density[order].copy(), _level(pressure[order])
    rising = {name: p if name == "pressure" else values[order] for name, values in quantities.items()}
    for name, values in rising.items():
        _refuse_falling(table, name, values, reverse=order.step == -1)
    _refuse_swapped(table, density, energy_density, pressure)
    _refuse_wrong_units(table, quantities)
    n = baryon_density_from_first_law(eps, p) if density is None else density[order].copy()
    result = EquationOfStateTable(n, eps, p, table.source)
    _refuse_superluminal(result)
    return EquationOfStateTable(n, eps, p, table.source, tuple(_warnings(result, integrated=density is None)))


def superluminal_from(table: EquationOfStateTable) -> float | None:
    """The baryon density [fm^-3] at which dp / d eps first passes one, between the middles of rows; None if never.

    Args:
        table: equation of state.
    """
    speed, x = table.sound_speed_squared, np.log(table.baryon_density)
    fast = speed > 1.0 + 1e-9
    if not fast.any() or fast[0]:
        return float(table.baryon_density[0]) if fast.any() else None
    i, middle = int(np.argmax(fast)), 0.5 * (x[1:] + x[:-1])
    share = (1.0 - speed[i - 1]) / (speed[i] - speed[i - 1])
    return float(np.exp(middle[i - 1] + share * (middle[i] - middle[i - 1])))


def transitions(table: EquationOfStateTable) -> list[dict[str, float]]:
    """First-order transitions: runs of rows that share a pressure.

    Args:
        table: equation of state.

    Returns:
        For each: `pressure` and `energy_density_jump` [MeV fm^-3], baryon densities `onset` and `end` [fm^-3].
    """
    same = np.diff(table.pressure) <= SAME_PRESSURE * table.pressure[1:]
    flat = np.concatenate([[False], same, [False]])
    edges = np.flatnonzero(np.diff(flat.astype(int)))
    return [
        {
            "pressure": float(table.pressure[start]),
            "onset": float(table.baryon_density[start]),
            "end": float(table.baryon_density[stop]),
            "energy_density_jump": float(table.energy_density[stop] - table.energy_density[start]),
        }
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
    ]


def _level(pressure: Rows) -> Rows:
    """Pressures that fall by rounding alone are those of a first-order transition: they keep the value before."""
    highest = np.maximum.accumulate(pressure)
    return np.where(highest - pressure <= SAME_PRESSURE * highest, highest, pressure)


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


def _refuse_negative(table: Columns, name: str, values: Rows) -> None:
    end = 0 if values[0] <= values[-1] else len(values) - 1
    bad = values <= 0.0
    if name == "pressure" and values[end] == 0.0:
        bad = bad & (np.arange(len(values)) != end)  # the bare surface of self-bound matter
    bad |= ~np.isfinite(values)
    if bad.any():
        row = int(np.argmax(bad))
        got, expected = f"{values[row]:.6g}", "a positive number (the first pressure may be 0)"
        raise InputError(f"the {name} is not positive", where=table.where(row, name), got=got, expected=expected)


def _refuse_swapped(
    table: Columns,
    density: Rows | None,
    energy_density: Rows,
    pressure: Rows,
) -> None:
    """Where the pressure a baryon looks like an energy a baryon; other mixtures leave the ranges."""
    low, high = ENERGY_PER_BARYON_RANGE
    like_energy = density is None or low <= np.median(pressure / density) <= high
    if like_energy and (pressure > energy_density).mean() > 0.5:
        row = int(np.argmax(pressure > energy_density))
        got = f"pressure {pressure[row]:.6g} above energy density {energy_density[row]:.6g} MeV fm^-3"
        why, fix = "matter that stars are made of has p < eps", "check the order of the columns and their units"
        what = "energy density and pressure look swapped, or their units wrong"
        raise InputError(what, where=table.where(row), got=got, why=why, fix=fix)


def _refuse_wrong_units(table: Columns, quantities: dict[str, Rows]) -> None:
    ranges = {
        "baryon_density": (HIGHEST_DENSITY_RANGE, "fm^-3"),
        "energy_density": (HIGHEST_ENERGY_RANGE, "MeV fm^-3"),
        "pressure": (HIGHEST_PRESSURE_RANGE, "MeV fm^-3"),
    }
    fix = "check the units in the header, and that the table reaches into the core"
    for name, values in quantities.items():
        (low, high), unit = ranges[name]
        if not low <= values.max() <= high:
            got, expected = f"a highest value of {values.max():.4g} {unit}", f"{low:g} to {high:g} {unit}"
            what = f"the {name} is out of range"
            raise InputError(what, where=table.where(name=name), got=got, expected=expected, fix=fix)
    if "baryon_density" in quantities:
        _refuse_energy_per_baryon(table, quantities["energy_density"] / quantities["baryon_density"])


def _refuse_energy_per_baryon(table: Columns, energy: Rows) -> None:
    low, high = ENERGY_PER_BARYON_RANGE
    bad = (energy < low) | (energy > high)
    if bad.any():
        row = int(np.argmax(bad))
        got, expected = f"{energy[row]:.4g} MeV", f"{low:g} to {high:g} MeV, about 930 to 2000 in a star"
        fix = "check the units; the energy density includes the rest mass of the baryons"
        what = "the energy per baryon is out of range"
        raise InputError(what, where=table.where(row), got=got, expected=expected, fix=fix)


def _refuse_falling(table: Columns, name: str, values: Rows, *, reverse: bool) -> None:
    steps = np.diff(values)
    bad = steps < 0.0 if name == "pressure" else steps <= 0.0
    if bad.any():
        step = int(np.argmax(bad))
        row = len(values) - 2 - step if reverse else step + 1
        got = f"{values[step + 1]:.10g} after {values[step]:.10g} MeV fm^-3"
        got = got.replace("MeV ", "") if name == "baryon_density" else got
        expected = "values that rise; only the pressure may stay (a first-order transition)"
        what = f"the {name} does not rise"
        raise InputError(what, where=table.where(row, name), got=got, expected=expected, why="matter would be unstable")


def _refuse_superluminal(table: EquationOfStateTable) -> None:
    speed = table.sound_speed_squared
    if (speed > 1.0).mean() > 0.95:
        got, expected = f"dp / d eps from {speed.min():.3g} to {speed.max():.3g}", "at most 1"
        fix = "check the units and the order of the columns"
        what = "the table is superluminal everywhere"
        raise InputError(what, where=table.file.path, got=got, expected=expected, fix=fix)


def _warnings(table: EquationOfStateTable, *, integrated: bool) -> list[str]:
    warnings = []
    onset = superluminal_from(table)
    if onset is not None:
        warnings.append(f"superluminal above a baryon density of {onset:.4g} fm^-3")
    if integrated:
        rest = f"n = eps / {ATOMIC_MASS_UNIT:.3f} MeV at the lowest row"
        warnings.append(f"no baryon density in the file: integrated from d eps / (eps + p), with {rest}")
        return warnings
    steps = np.diff(np.log(table.baryon_density)) - log_density_steps(table.energy_density, table.pressure)
    worst, total = int(np.argmax(np.abs(steps))), float(np.abs(np.cumsum(steps)).max())
    if total > CONSISTENCY:
        at = f"worst near {table.baryon_density[worst]:.4g} fm^-3"
        warnings.append(
            f"baryon density and d eps / (eps + p) disagree by {100 * total:.2g} % ({at}); the first law is violated"
        )
    return warnings
