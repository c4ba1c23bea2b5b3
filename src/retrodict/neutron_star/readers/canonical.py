"""The stars of a table of the equation of state: the heaviest, and every stable one of 1.4 Msun."""

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import JSON
from retrodict.base.shapes import Float, Int
from retrodict.neutron_star.readers.eos_table import EquationOfStateTable, superluminal_from

if TYPE_CHECKING:
    from retrodict.neutron_star.eos.equation_of_state import EquationOfState
    from retrodict.neutron_star.stars.sequence import Star, StellarSequence

CANONICAL_MASS = 1.4  # Msun
HEAVIEST_PULSAR = 1.9  # Msun, as the published reconstructions ask
LEAST_CENTRAL_DENSITY = 0.08  # fm^-3
MOST_CENTRES = 200
MOST_TWINS = 4
LEAST_INTERVALS = 512  # of a compiled program: more than most tables have
_STAR_UNITS = {"radius": "km", "tidal_deformability": "", "central_density": "fm^-3"}


def solve_stars(table: EquationOfStateTable, crust: bool | None = None) -> tuple[dict[str, JSON], list[str]]:
    """The heaviest star and all stable stars of 1.4 Msun of a table.

    Args:
        table: equation of state.
        crust: whether the crust that ships is put below the first row; None: where that is too dense to be a surface.

    Returns:
        The stars, `radius_1.4` and `tidal_deformability_1.4` being those of the star of lowest density where there are
        several, and warnings about their limits.
    """
    stars, sequence, below = stars_of_table(table, crust)
    heaviest, same_mass = stars
    twins = _twins(sequence, same_mass)
    first = twins[0] if twins else {key: quantity(None, unit) for key, unit in _STAR_UNITS.items()}
    found = {
        "maximum_mass": quantity(float(heaviest.mass), "Msun"),
        "radius_of_maximum_mass": quantity(float(heaviest.radius), "km"),
        "central_density_of_maximum_mass": quantity(float(heaviest.central_density), "fm^-3"),
        "radius_1.4": first["radius"],
        "tidal_deformability_1.4": first["tidal_deformability"],
        "stars_1.4": twins,
    }
    return found, [
        *below,
        *_star_warnings(sequence, heaviest, twins),
        *_superluminal_warning(table, sequence, heaviest),
    ]


def stars_of_table(
    table: EquationOfStateTable, crust: bool | None
) -> tuple[tuple["Star", "Star"], "StellarSequence", tuple[str, ...]]:
    """The heaviest star and those of 1.4 Msun, the sequence that they belong to, and what lies below the table.

    Args:
        table: equation of state.
        crust: as for `solve_stars`.

    Raises:
        InputError: if no star can be built on the table.
    """
    from retrodict.neutron_star.eos.equation_of_state import from_table  # JAX takes a second to import

    arrays = (table.baryon_density, table.energy_density, table.pressure)
    try:
        matter = from_table(*arrays, crust=crust)
    except ValueError as error:
        raise InputError("no star can be built on the table", where=table.file.path, got=str(error)) from error
    density = np.asarray(matter.density)
    stars, sequence = solved(matter, _centres(density))
    return stars, sequence, _matter_below(table, density[0], crust)


def solved(
    matter: "EquationOfState", centre: Int[np.ndarray, " stars"]
) -> tuple[tuple["Star", "Star"], "StellarSequence"]:
    """The heaviest star and those of 1.4 Msun, and the sequence that they belong to.

    Intervals without width are put above the last node, and copies of the first star before it, so that tables of
    similar lengths share one compiled program. Neither changes a star.

    Args:
        matter: the equation of state, of any number of nodes.
        centre: numbers of the nodes at which stars are centred, ascending, shape (stars,).
    """
    import jax

    intervals = matter.energy_density.shape[0]
    above, before = _size(intervals) - intervals, MOST_CENTRES - len(centre)
    extended = jax.tree.map(lambda a: np.concatenate([a, np.repeat(np.asarray(a)[-1:], above, axis=0)]), _grid(matter))
    for name in ("energy_density", "pressure", "sound_speed_squared"):
        extended[name][intervals:] = extended[name][intervals - 1, 2]
    surface = np.asarray(matter.surface_log_enthalpy)
    stars, sequence = _program()(extended, surface, np.concatenate([np.repeat(centre[:1], before), centre]))
    return stars, jax.tree.map(lambda a: np.asarray(a)[before:], sequence)


def _size(intervals: int) -> int:
    """The number of intervals of the compiled program that serves as many: a power of two."""
    return max(LEAST_INTERVALS, 1 << (intervals - 1).bit_length())


def _grid(matter: "EquationOfState") -> dict[str, Float[np.ndarray, "..."]]:
    names = ("log_density", "energy_density", "pressure", "sound_speed_squared")
    return {name: np.asarray(getattr(matter, name)) for name in names}


@functools.cache
def _program() -> Callable[..., tuple[tuple["Star", "Star"], "StellarSequence"]]:
    """Compiled once for each size."""
    import jax

    from retrodict.base.types import Array, Scalar
    from retrodict.neutron_star.eos.equation_of_state import EquationOfState
    from retrodict.neutron_star.stars.tov import Star, StellarSequence, maximum_mass, solve, stars_at_mass

    @jax.jit
    def all_stars(
        grid: dict[str, Float[Array, "..."]], surface: Scalar, centre: Int[Array, " stars"]
    ) -> tuple[tuple[Star, Star], StellarSequence]:
        matter = EquationOfState(**grid, surface_log_enthalpy=surface, core_start=0)
        sequence = solve(matter, centre)
        return (maximum_mass(sequence), stars_at_mass(sequence, CANONICAL_MASS, branches=MOST_TWINS)), sequence

    return all_stars


def _matter_below(table: EquationOfStateTable, lowest: float, crust: bool | None) -> tuple[str, ...]:
    """What was put below the first row, and how the user decides that."""
    first = f"n = {table.baryon_density[0]:.4g} fm^-3, p = {table.pressure[0]:.4g} MeV fm^-3"
    if lowest < 0.5 * table.baryon_density[0]:
        source = "the SLy crust of Douchin and Haensel, as polytropes of Read et al. (2009)"
        return (f"below the first row ({first}) a nuclear crust was put: {source}; crust: false leaves it out",)
    if crust is False and table.pressure[0] > 0.0:
        return (f"no crust: below the first row ({first}) the matter is continued to p = 0 as it begins",)
    return ()


def _centres(density: Float[np.ndarray, " nodes"]) -> Int[np.ndarray, " stars"]:
    """Nodes that are centres of neutron stars: above half of saturation density, thinned, the last one kept."""
    core = np.flatnonzero(density > LEAST_CENTRAL_DENSITY)
    core = core[core > 0]
    return core[:: -max(1, -(-len(core) // MOST_CENTRES))][::-1]


def _twins(sequence: "StellarSequence", stars: "Star") -> list[dict[str, JSON]]:
    """Every stable star of 1.4 Msun, causal or not, in order of central density."""
    mass, stable = np.asarray(sequence.mass), np.asarray(sequence.stable)
    crossing = (mass[:-1] <= CANONICAL_MASS) & (mass[1:] > CANONICAL_MASS) & stable[1:]
    count = min(int(crossing.sum()), MOST_TWINS)
    return [
        {name: quantity(float(getattr(stars, name)[k]), unit) for name, unit in _STAR_UNITS.items()}
        for k in range(count)
    ]


def _star_warnings(sequence: "StellarSequence", heaviest: "Star", twins: list[dict[str, JSON]]) -> list[str]:
    mass = np.asarray(sequence.mass)
    found = []
    if int(np.nanargmax(mass)) == len(mass) - 1:
        found.append("the mass still rises where the table ends: the maximum mass is larger than the value given")
    if not twins:
        found.append(f"no stable star of {CANONICAL_MASS} Msun")
    if len(twins) > 1:
        found.append(f"{len(twins)} stable stars of {CANONICAL_MASS} Msun (twin stars): see stars_1.4")
    if float(heaviest.mass) < HEAVIEST_PULSAR:
        found.append(f"the maximum mass is below {HEAVIEST_PULSAR} Msun: pulsars of two solar masses exclude it")
    return found


def _superluminal_warning(table: EquationOfStateTable, sequence: "StellarSequence", heaviest: "Star") -> list[str]:
    onset = superluminal_from(table)
    if onset is None:
        return []
    start = f"superluminal (dp / d eps > 1) above a baryon density of {onset:.4g} fm^-3"
    pressure = float(np.exp(np.interp(np.log(onset), np.log(table.baryon_density), _log(table.pressure))))
    best = int(np.nanargmax(np.asarray(sequence.mass)))
    centre, mass = _log(np.asarray(sequence.central_pressure)[: best + 1]), np.asarray(sequence.mass)[: best + 1]
    if pressure >= float(heaviest.central_pressure):
        return [
            f"{start}, beyond the centre of the heaviest star ({float(heaviest.mass):.4g} Msun): no star is affected"
        ]
    return [f"{start}: the centres of stars heavier than {np.interp(np.log(pressure), centre, mass):.4g} Msun"]


def _log(values: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
    return np.log(np.maximum(values, 1e-300))


def quantity(value: float | None, unit: str) -> dict[str, JSON]:
    """A number with its unit for JSON; null where it is not finite.

    Args:
        value: the number; None where there is none.
        unit: of it.
    """
    known = value is not None and math.isfinite(value)
    return {"value": float(value) if known and value is not None else None, "unit": unit}
