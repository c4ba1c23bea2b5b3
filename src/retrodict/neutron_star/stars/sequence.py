"""The stars of one equation of state: the heaviest, the one of a given mass, its twins.

All functionals interpolate in the central log-enthalpy h, in which masses and radii are smoothest (they have a kink
only where the centre enters a denser phase, and no stencil crosses one). They are smooth in the equation of state and
finite wherever the stars are.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from retrodict.base.types import Flag, Scalar

STENCIL = 6  # stars that take part in one interpolation
SAME_CENTRE = 1e-9  # stars whose central h differ by less share their centre (it lies in a first-order transition)


class StellarSequence(eqx.Module):
    """Stars of rising central density; under vmap the arrays have further axes in front."""

    central_density: Float[Array, " stars"]  # n_c [fm^-3]
    central_pressure: Float[Array, " stars"]  # [MeV fm^-3]
    central_log_enthalpy: Float[Array, " stars"]  # ln(mu_c / mu at the surface)
    mass: Float[Array, " stars"]  # gravitational mass [Msun]
    radius: Float[Array, " stars"]  # circumferential radius [km]
    tidal_deformability: Float[Array, " stars"]  # Lambda = (2/3) k2 (R / M)^5
    moment_of_inertia: Float[Array, " stars"]  # slow rotation [kg m^2]
    stable: Bool[Array, " stars"]  # mass rises towards the star from the one before (turning-point criterion)
    valid: Bool[Array, " stars"]  # finite, and matter causal and stable up to its centre

    @property
    def compactness(self) -> Float[Array, " stars"]:
        """G M / (R c^2)."""
        from retrodict.base.constants import SOLAR_MASS_IN_KM

        return self.mass * SOLAR_MASS_IN_KM / self.radius


class Star(eqx.Module):
    """One star, or several: then all arrays have the same axes in front."""

    mass: Scalar  # [Msun]
    radius: Scalar  # [km]
    tidal_deformability: Scalar  # Lambda
    moment_of_inertia: Scalar  # [kg m^2]
    central_density: Scalar  # [fm^-3]
    central_pressure: Scalar  # [MeV fm^-3]
    central_log_enthalpy: Scalar  # ln(mu_c / mu at the surface)
    valid: Flag  # it exists, and the stars that it was interpolated from are valid


def maximum_mass(sequence: StellarSequence) -> Star:
    """The heaviest star: the turning point of a local polynomial, or the last star before a destabilising transition.

    Args:
        sequence: stars of rising central density.

    Returns:
        The star; `valid` is False where it is the last star of the grid (the true maximum lies beyond) or its centre is
        acausal.
    """
    best = jnp.argmax(jnp.where(jnp.isfinite(sequence.mass), sequence.mass, -jnp.inf))
    window, usable = window_of(sequence, best, best)
    h = sequence.central_log_enthalpy[window]
    position = _turning_point(h, sequence.mass[window], sequence.central_log_enthalpy[best])
    interior = best < sequence.mass.shape[0] - 1
    return _interpolate(sequence, window, usable, best, position, interior)


def star_at_mass(sequence: StellarSequence, mass: Scalar | float) -> Star:
    """The star of a given mass on the first stable branch that reaches it.

    Args:
        sequence: stars of rising central density.
        mass: gravitational mass [Msun].

    Returns:
        The star; where there is none it is finite, but not `valid`.
    """
    crossing = _crossings(sequence, mass)
    return _star_between(sequence, mass, jnp.argmax(crossing), crossing.any())


def stars_at_mass(sequence: StellarSequence, mass: Scalar | float, *, branches: int = 3) -> Star:
    """All stable stars of a given mass (twin stars) in order of central density.

    Args:
        sequence: stars of rising central density.
        mass: gravitational mass [Msun].
        branches: length of the arrays; stars beyond that number are left out.

    Returns:
        Arrays of shape (branches,); those that are `valid` exist.
    """
    crossing = _crossings(sequence, mass)
    (where,) = jnp.nonzero(crossing, size=branches, fill_value=-1)
    return jax.vmap(lambda k: _star_between(sequence, mass, jnp.maximum(k, 0), k >= 0))(where)


def mass_radius_curve(sequence: StellarSequence, masses: Float[Array, " masses"]) -> Star:
    """The first stable branch as a function of mass.

    Args:
        sequence: stars of rising central density.
        masses: gravitational masses [Msun], shape (masses,).

    Returns:
        Arrays of shape (masses,).
    """
    return jax.vmap(lambda mass: star_at_mass(sequence, mass))(masses)


def stable_mask(log_enthalpy: Float[Array, " stars"], mass: Float[Array, " stars"]) -> Bool[Array, " stars"]:
    """Turning-point criterion along the curve; a star centred inside a transition counts as the star at its onset.

    Args:
        log_enthalpy: central h of the stars, ascending, shape (stars,).
        mass: masses [Msun], shape (stars,).
    """
    rising = (jnp.diff(mass) > 0.0) & (jnp.diff(log_enthalpy) > SAME_CENTRE)
    return jnp.concatenate([rising[:1], rising]) if mass.shape[0] > 1 else jnp.ones(mass.shape, dtype=bool)


def _crossings(sequence: StellarSequence, mass: Scalar | float) -> Bool[Array, " pairs"]:
    lower, upper = sequence.mass[:-1], sequence.mass[1:]
    return (lower <= mass) & (mass < upper) & sequence.stable[1:]


def _phase(sequence: StellarSequence) -> Int[Array, " stars"]:
    """How many first-order transitions lie between the surface and the centre."""
    flat = jnp.diff(sequence.central_log_enthalpy) <= SAME_CENTRE
    return jnp.concatenate([jnp.zeros(1, dtype=int), jnp.cumsum(flat)])


def window_of(
    sequence: StellarSequence, lower: Int[Array, ""], upper: Int[Array, ""]
) -> tuple[Int[Array, " stencil"], Flag]:
    """The stars nearest to a pair whose centres are in the same phase.

    Args:
        sequence: stars of rising central density.
        lower: number of the first star of the pair.
        upper: number of the second one.

    Returns:
        The numbers of the `STENCIL` stars, and whether there are enough of them in that phase.
    """
    phase = _phase(sequence)
    same = phase == phase[upper]
    first, last = jnp.argmax(same), same.shape[0] - 1 - jnp.argmax(same[::-1])
    start = jnp.clip((lower + upper) // 2 - STENCIL // 2 + 1, first, jnp.maximum(last - STENCIL + 1, first))
    window = jnp.minimum(start + jnp.arange(STENCIL), same.shape[0] - 1)
    return window, last - first >= STENCIL - 1


def _star_between(sequence: StellarSequence, mass: Scalar | float, k: Int[Array, ""], exists: Flag) -> Star:
    """The star of `mass` between the stars `k` and `k + 1` of one branch."""
    window, usable = window_of(sequence, k, k + 1)
    h, m = sequence.central_log_enthalpy, sequence.mass
    fraction = (mass - m[k]) / jnp.where(exists, m[k + 1] - m[k], 1.0)
    guess = jnp.where(exists, h[k] + jnp.clip(fraction, 0.0, 1.0) * (h[k + 1] - h[k]), h[k])
    root = _root(h[window], m[window], mass, guess, (h[k], h[k + 1]))
    position = jnp.where(usable & exists, root, guess)
    return _interpolate(sequence, window, usable, k, position, exists & sequence.valid[k + 1])


def _interpolate(
    sequence: StellarSequence,
    window: Int[Array, " stencil"],
    usable: Flag,
    k: Int[Array, ""],
    position: Scalar,
    exists: Flag,
) -> Star:
    """Polynomial interpolation at the central log-enthalpy `position`; in a phase with too few stars, linear from `k`
    on."""
    h = sequence.central_log_enthalpy
    after = jnp.minimum(k + 1, h.shape[0] - 1)
    gap = h[after] - h[k]
    t = (position - h[k]) / jnp.where(gap > SAME_CENTRE, gap, 1.0)
    weights = lagrange(distinct_nodes(h[window], usable), position)

    def at(values: Float[Array, " stars"]) -> Scalar:
        return jnp.where(usable, weights @ values[window], values[k] + t * (values[after] - values[k]))

    return Star(
        mass=at(sequence.mass),
        radius=at(sequence.radius),
        tidal_deformability=jnp.exp(at(jnp.log(sequence.tidal_deformability))),
        moment_of_inertia=at(sequence.moment_of_inertia),
        central_density=jnp.exp(at(jnp.log(sequence.central_density))),
        central_pressure=jnp.exp(at(jnp.log(sequence.central_pressure))),
        central_log_enthalpy=position,
        valid=exists & sequence.valid[k],
    )


def distinct_nodes(nodes: Float[Array, " stencil"], usable: Flag) -> Float[Array, " stencil"]:
    """The nodes, or 0, 1, 2, ... where two of them may coincide.

    Args:
        nodes: nodes of an interpolation, shape (stencil,).
        usable: whether they are all different.
    """
    return jnp.where(usable, nodes, jnp.arange(nodes.shape[0], dtype=nodes.dtype))


def lagrange(nodes: Float[Array, " stencil"], x: Scalar) -> Float[Array, " stencil"]:
    """Weights of the values at the nodes in the polynomial through them.

    Args:
        nodes: different nodes, shape (stencil,).
        x: the point at which the polynomial is evaluated.

    Example:
        >>> import jax.numpy as jnp
        >>> lagrange(jnp.array([0.0, 1.0, 2.0]), jnp.asarray(0.5)).tolist()
        [0.375, 0.75, -0.125]
    """
    other = ~jnp.eye(nodes.shape[0], dtype=bool)
    gap = jnp.where(other, nodes[:, None] - nodes[None, :], 1.0)
    return jnp.prod(jnp.where(other, x - nodes[None, :], 1.0) / gap, axis=1)


def _newton_form(nodes: Float[Array, " stencil"], values: Float[Array, " stencil"]) -> list[Scalar]:
    """Divided differences."""
    table, coefficients = values, [values[0]]
    for order in range(1, nodes.shape[0]):
        table = jnp.diff(table) / (nodes[order:] - nodes[:-order])
        coefficients.append(table[0])
    return coefficients


def _derivatives(
    nodes: Float[Array, " stencil"], coefficients: list[Scalar], x: Scalar
) -> tuple[Scalar, Scalar, Scalar]:
    """Value, first and second derivative of a polynomial in Newton form."""
    value, slope, curvature = coefficients[-1], jnp.zeros_like(x), jnp.zeros_like(x)
    for k in range(len(coefficients) - 2, -1, -1):
        step = x - nodes[k]
        curvature = curvature * step + 2.0 * slope
        slope = slope * step + value
        value = value * step + coefficients[k]
    return value, slope, curvature


def _root(
    nodes: Float[Array, " stencil"],
    values: Float[Array, " stencil"],
    target: Scalar | float,
    guess: Scalar,
    bracket: tuple[Scalar, Scalar],
) -> Scalar:
    """Where the polynomial equals `target`, by Newton's method kept in the bracket; the last step carries the
    derivative."""
    apart = jnp.abs(nodes[-1] - nodes[0]) > SAME_CENTRE
    nodes = distinct_nodes(nodes, apart & (jnp.diff(nodes) > SAME_CENTRE).all())
    coefficients = _newton_form(nodes, values)

    def step(x: Scalar) -> Scalar:
        value, slope, _ = _derivatives(nodes, coefficients, x)
        return x - (value - target) / jnp.where(slope == 0.0, 1.0, slope)

    x = guess
    for _ in range(5):
        x = jnp.clip(step(x), *bracket)
    return jnp.clip(step(lax.stop_gradient(x)), *bracket)


def _turning_point(nodes: Float[Array, " stencil"], values: Float[Array, " stencil"], guess: Scalar) -> Scalar:
    """Where the polynomial is greatest within a step of `guess`, not beyond the stencil (there the phase ends)."""
    fine = (jnp.diff(nodes) > SAME_CENTRE).all()
    safe = distinct_nodes(nodes, fine)
    coefficients = _newton_form(safe, values)
    reach = jnp.max(jnp.diff(safe))
    bracket = (jnp.maximum(guess - reach, safe[0]), jnp.minimum(guess + reach, safe[-1]))

    def step(x: Scalar) -> Scalar:
        _, slope, curvature = _derivatives(safe, coefficients, x)
        return x - slope / jnp.where(curvature < 0.0, curvature, -jnp.inf)

    x = guess
    for _ in range(6):
        x = jnp.clip(step(x), *bracket)
    return jnp.where(fine, jnp.clip(step(lax.stop_gradient(x)), *bracket), guess)
