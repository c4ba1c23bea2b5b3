r"""Static stars, their tides and their slow rotation: all stars of an equation of state at once.

Instead of the radius, the march goes down in x = ln n, from a grid node to the surface. With $u = r^2$, $w = m / r^3$,
$E = 4\pi\varepsilon$, $P = 4\pi p$ (curvatures, km^-2), $q = P + w$ and $A = 1 - 2uw$ the equations of
Tolman, Oppenheimer and Volkoff are

$$\frac{du}{dh} = -\frac{2A}{q}, \qquad \frac{dw}{dh} = -\frac{(E - 3w)A}{uq}, \qquad dh = c_s^2\,dx .$$

The tidal perturbation $y = rH'/H$ of Hinderer (2008) jumps where the density does. $z = y - E/q$ does not: in its
equation every term is proportional to dh, so a first-order transition is crossed without error, and at the surface,
where $E \to 0$, $z$ is the exterior $y$ even for a star with a bare surface (Damour and Nagar 2009). The frame dragging
of Hartle (1967) enters as $g = (r\bar\omega'/\bar\omega) / r^2$.

All stars start at grid nodes and share the intervals they traverse: no interpolation, no gather, no adaptive loop.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from retrodict.base.constants import GRAVITATIONAL_CONSTANT, MEV_FM3_IN_INVERSE_KM2, SOLAR_MASS_IN_KM, SPEED_OF_LIGHT
from retrodict.neutron_star.eos.equation_of_state import EquationOfState
from retrodict.neutron_star.stars.centre import centres, march_is_stable
from retrodict.neutron_star.stars.march import Intervals, State, march_is_whole
from retrodict.neutron_star.stars.response import differentiable_march
from retrodict.neutron_star.stars.sequence import (
    Star,
    StellarSequence,
    mass_radius_curve,
    maximum_mass,
    stable_mask,
    star_at_mass,
    stars_at_mass,
)

__all__ = [
    "Star",
    "StellarSequence",
    "mass_radius_curve",
    "maximum_mass",
    "solve",
    "star_at_mass",
    "stars_at_mass",
]

CURVATURE = 4.0 * np.pi * MEV_FM3_IN_INVERSE_KM2  # 4 pi G / c^4 for MeV fm^-3 [km^-2]
INERTIA_UNIT = SPEED_OF_LIGHT**2 / GRAVITATIONAL_CONSTANT * 1e9  # km^3 -> kg m^2
MOST_STARS = 160
SAFE_STATE = (100.0, 2e-3, 0.5, 3e-3)  # stands in where a march failed, so that nothing there is NaN
TINIEST_TIDE = 1e-9  # stands in where a tide is not positive, since logarithms are interpolated


def solve(
    eos: EquationOfState, stars: Int[Array | np.ndarray, " stars"] | None = None, *, rtol: float | None = None
) -> StellarSequence:
    """Solve the structure equations for a sequence of stars.

    Fourth order in the width of the intervals; differentiable once, in both modes, and to be vmapped over `eos`.

    Args:
        eos: equation of state, crust included.
        stars: numbers of the nodes at which stars are centred, ascending, none below 1; None means those of the core,
            thinned to at most 160.
        rtol: relative tolerance of an adaptive integration that takes the place of the fixed steps: some hundred times
            slower, for checks and single stars.

    Returns:
        The stars in the same order; `valid` is False where no star exists or its matter is not causal.
    """
    centre = default_stars(eos) if stars is None else stars if isinstance(stars, Array) else np.asarray(stars)
    matter = _intervals(eos)
    state, first = centres(matter, centre)
    if rtol is None:
        surface = differentiable_march(matter, first, state)
        return _observables(eos, centre, surface, march_is_stable(matter.rise, centre, first))
    # diffrax takes half a second to import, and an adaptive march is rare
    from retrodict.neutron_star.stars.adaptive import march_adaptively

    surface = march_adaptively(eos, first, state, curvature=CURVATURE, rtol=rtol)
    return _observables(eos, centre, surface, jnp.ones(centre.shape, dtype=bool))


def _intervals(eos: EquationOfState) -> Intervals:
    """The grid in the units of the march."""
    energy, pressure = CURVATURE * eos.energy_density, CURVATURE * eos.pressure
    return Intervals(
        energy, pressure, jnp.clip(eos.sound_speed_squared, 0.0, 10.0) * jnp.diff(eos.log_density)[:, None]
    )


def default_stars(eos: EquationOfState) -> Int[np.ndarray, " stars"]:
    """Nodes of the core, thinned evenly where there are more than `MOST_STARS`, the last one kept.

    Args:
        eos: equation of state, crust included.
    """
    last, least = eos.pressure.shape[0], max(1, eos.core_start + 1)
    stride = -(-(last - least + 1) // MOST_STARS)
    return np.arange(last, least - 1, -stride)[::-1]


def _observables(
    eos: EquationOfState, centre: Int[Array | np.ndarray, " stars"], state: State, trusted: Bool[Array, " stars"]
) -> StellarSequence:
    """Cross the thin shell above the lowest node in closed form and read the exterior solution.

    The shell's mass is first order in its pressure; its weight acts at the lowest node, from where the exterior
    solution is exact.
    """
    whole = march_is_whole(state)
    u, w, z, g = (jnp.where(whole, value, safe) for value, safe in zip(state, SAFE_STATE, strict=True))
    r, shell = jnp.sqrt(u), CURVATURE * eos.pressure[0, 0]
    inner = 1.0 - 2.0 * u * w
    m = u * r * (w + shell * inner / (u * w))
    z = z - shell / (u * w * w) * (2.0 * inner * z + 1.0 + 3.0 * inner + u * w * (5.0 - z))
    f = u * (g + shell / (u * w) * (u * g + 4.0))
    redshift = (1.0 - 2.0 * m / r) * jnp.exp(2.0 * eos.surface_log_enthalpy)
    mass, radius, h = m / SOLAR_MASS_IN_KM, 2.0 * m / (1.0 - redshift), eos.log_enthalpy[centre]
    tide = tidal_deformability(m / r, z)
    sound = whole & (tide > 0.0) & (f > 0.0) & (redshift > 0.0)
    stable = stable_mask(h, mass) & whole & jnp.concatenate([whole[:1], whole[:-1]])
    return StellarSequence(
        central_density=eos.density[centre],
        central_pressure=eos.node_pressure[centre],
        central_log_enthalpy=h,
        mass=jnp.where(whole, mass, 0.0),
        radius=radius,
        tidal_deformability=jnp.where(tide > 0.0, tide, TINIEST_TIDE),
        moment_of_inertia=INERTIA_UNIT * u * r * f / (6.0 + 2.0 * f),
        stable=stable,
        valid=sound & trusted & eos.causal[centre - 1],
    )


def tidal_deformability(compactness: Float[Array, " stars"], y: Float[Array, " stars"]) -> Float[Array, " stars"]:
    """Lambda = (2/3) k2 / C^5 from the exterior solution of the tidal equation.

    The denominator is of order C^5 but its terms are not: below C = 0.1 the power series of the logarithm is used, in
    which they have been cancelled by hand. Source: Hinderer, ApJ 677 (2008) 1216, with the erratum.

    Args:
        compactness: C = m / r, shape (stars,).
        y: logarithmic derivative r H' / H at that radius, shape (stars,).

    Example:
        >>> import jax.numpy as jnp
        >>> [round(float(x), 2) for x in tidal_deformability(jnp.array([0.15, 0.2]), jnp.array([0.5, 0.5]))]
        [852.87, 145.08]
    """
    c = compactness
    top = (1.0 - 2.0 * c) ** 2 * (2.0 + 2.0 * c * (y - 1.0) - y)
    polynomial = 2.0 * c * (6.0 - 3.0 * y + 3.0 * c * (5.0 * y - 8.0)) + 4.0 * c**3 * (
        13.0 - 11.0 * y + c * (3.0 * y - 2.0) + 2.0 * c**2 * (1.0 + y)
    )
    closed = polynomial + 3.0 * (1.0 - 2.0 * c) ** 2 * (2.0 - y + 2.0 * c * (y - 1.0)) * jnp.log1p(-2.0 * c)
    small = jnp.minimum(c, LARGEST_SERIES)
    return 16.0 / 15.0 * top / jnp.where(c < LARGEST_SERIES, small**5 * _denominator_series(small, y), closed)


def _denominator_series(c: Float[Array, " stars"], y: Float[Array, " stars"]) -> Float[Array, " stars"]:
    """The denominator of the Love number over C^5, to double precision below `LARGEST_SERIES`."""
    constant, linear = jnp.zeros_like(c), jnp.zeros_like(c)
    for n in range(5 + SERIES_TERMS, 5, -1):
        constant, linear = (c * (_LOGARITHM[n][k] + part) for k, part in enumerate((constant, linear)))
    return 8.0 + _LOGARITHM[5][0] + constant + (8.0 + _LOGARITHM[5][1] + linear) * y


def _logarithm_coefficients(n: int) -> tuple[float, float]:
    """The coefficient of C^n in 3 (1 - 2C)^2 (2 - y + 2C (y - 1)) ln(1 - 2C): its constant part and its part linear in
    y."""
    factors = ((2.0, -1.0), (-5.0, 3.0), (4.0, -3.0), (-1.0, 1.0))
    constant, linear = (-3.0 * 2.0**n * sum(f[k] / (n - j) for j, f in enumerate(factors)) for k in (0, 1))
    return constant, linear


SERIES_TERMS = 24
LARGEST_SERIES = 0.1  # compactness
_LOGARITHM = {n: _logarithm_coefficients(n) for n in range(5, 6 + SERIES_TERMS)}
