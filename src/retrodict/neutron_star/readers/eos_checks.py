"""What makes rows of numbers an equation of state: matter that is stable, causal somewhere, and in the units stated."""

import numpy as np

from retrodict.base.constants import ATOMIC_MASS_UNIT
from retrodict.base.errors import InputError
from retrodict.base.table_rows import Columns
from retrodict.neutron_star.readers.eos_table import (
    SAME_PRESSURE,
    EquationOfStateTable,
    Rows,
    baryon_density_from_first_law,
    log_density_steps,
    superluminal_from,
)

LEAST_ROWS = 8
GLITCHES_BELOW = 1e-3  # fm^-3
MOST_GLITCHES = 3  # rows at which the baryon density alone may fall, or one in a hundred
HIGHEST_DENSITY_RANGE = (0.1, 100.0)  # fm^-3, where a table must end to describe a star
HIGHEST_ENERGY_RANGE = (100.0, 1e5)  # MeV fm^-3
HIGHEST_PRESSURE_RANGE = (0.3, 1e5)  # MeV fm^-3
ENERGY_PER_BARYON_RANGE = (400.0, 2e4)  # MeV, with the rest mass
CONSISTENCY = 0.01  # of n between the table and the first law, above which a warning is given


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
    glitches = 0 if density is None else int((np.diff(density[order]) <= 0.0).sum())
    few = 0 < glitches <= max(MOST_GLITCHES, 0.01 * len(p)) and _only_outside(density, order)
    rising = {name: p if name == "pressure" else values[order] for name, values in quantities.items()}
    for name, values in rising.items():
        if not (few and name == "baryon_density"):
            _refuse_falling(table, name, values, reverse=order.step == -1)
    _refuse_swapped(table, density, energy_density, pressure)
    _refuse_wrong_units(table, quantities)
    n, notes = baryon_density_from_first_law(eps, p), list(table.notes)
    if density is not None and few:
        falls = np.flatnonzero(np.diff(density[order]) <= 0.0)
        row = len(p) - 2 - int(falls[0]) if order.step == -1 else int(falls[0]) + 1
        above = min(int(falls[-1]) + 2, len(p) - 1)  # from here on the density of the table stands
        n = np.concatenate([n[:above] * density[order][above] / n[above], density[order][above:]])
        notes.append(
            f"the baryon density falls at {table.where(row)}, while the energy density rises: up to there it is "
            "replaced by that of the first law; stars follow from pressure and energy density alone"
        )
    elif density is not None:
        n = density[order].copy()
    result = EquationOfStateTable(n, eps, p, table.source)
    _refuse_superluminal(result)
    warnings = _warnings(result, integrated=density is None)
    return EquationOfStateTable(n, eps, p, table.source, (*notes, *warnings))


def _only_outside(density: Rows | None, order: slice) -> bool:
    """Whether the baryon density falls only far outside the core, where masses and radii do not feel it."""
    if density is None:
        return False
    values = density[order]
    return bool((values[1:][np.diff(values) <= 0.0] < GLITCHES_BELOW).all())


def _level(pressure: Rows) -> Rows:
    """Pressures that fall by rounding alone are those of a first-order transition: they keep the value before."""
    highest = np.maximum.accumulate(pressure)
    return np.where(highest - pressure <= SAME_PRESSURE * highest, highest, pressure)


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
