"""The crust that ships: cold matter of Douchin and Haensel (SLy) as analytic polytropes.

Below about half of saturation density all modern equations of state agree well enough for masses and radii; what
differs is where one stops trusting the crust. The join is therefore an argument that may be traced, differentiated and
marginalised.

Source: Read, Lackey, Owen, Friedman, PRD 79, 124032 (2009): Table II (crust) and the SLy row of Table III (its fifth
piece).
"""

from typing import Final, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from retrodict.base.constants import ATOMIC_MASS_UNIT, ATOMIC_MASS_UNIT_IN_GRAM, MEV_FM3_IN_DYN_CM2, SPEED_OF_LIGHT
from retrodict.base.types import Scalar

# p / c^2 = K rho^Gamma [g cm^-3], each piece from its lowest density [g cm^-3] to that of the next.
CRUST_INDEX: Final = (1.58424999, 1.28732904, 0.62223344, 1.35692395)
CRUST_LOWEST_DENSITY: Final = (0.0, 2.44033979e7, 3.78358138e11, 2.62780487e12)
CRUST_COEFFICIENT: Final = 6.80109613e-9  # K of the outermost piece; the others follow from continuity

# SLy matter above the crust: log10 p(10^14.7 g cm^-3) [dyn cm^-2] and its index.
SLY_LOG10_P1: Final = 34.384
SLY_INDEX: Final = 3.005
LOG10_DENSITY_1: Final = 14.7

INTERVALS_PER_PIECE: Final = (20, 4, 19, 3)
LOWEST_DENSITY: Final = 3e9  # g cm^-3, of the lowest node
GRADING: Final = 1.25  # exponent of the node spacing within a piece
LEAST_JOIN: Final = 0.024  # fm^-3: below it the outer pieces would have to be cut too


Real: TypeAlias = Scalar | float


class Segment(NamedTuple):
    """Cold matter on consecutive intervals of x = ln(n fm^3).

    The three columns are the values at the lower end, the middle and the upper end of an interval. Matter at single
    points has arrays of shape (points,) instead.
    """

    log_density: Float[Array, " nodes"]  # x = ln(n fm^3) at the ends of the intervals
    energy_density: Float[Array, "intervals 3"]  # MeV fm^-3
    pressure: Float[Array, "intervals 3"]  # MeV fm^-3
    sound_speed_squared: Float[Array, "intervals 3"]  # units of c^2


def log_number_density(mass_density: float) -> float:
    """ln(n fm^3) of a rest-mass density; one baryon weighs one atomic mass unit, as in Read et al.

    Args:
        mass_density: rest-mass density [g cm^-3].
    """
    return float(np.log(mass_density / ATOMIC_MASS_UNIT_IN_GRAM) - 39.0 * np.log(10.0))


def interval_points(nodes: Float[Array, " nodes"]) -> Float[Array, "intervals 3"]:
    """Lower end, middle and upper end of every interval.

    Args:
        nodes: ascending nodes, shape (nodes,).
    """
    lower, upper = nodes[:-1], nodes[1:]
    return jnp.stack([lower, 0.5 * (lower + upper), upper], axis=-1)


def polytrope(nodes: Float[Array, " nodes"], index: Real, energy_density: Real, pressure: Real) -> Segment:
    """p ~ n^index in closed form.

    The first law gives eps = eps_0 e^d + p_0 (e^(index d) - e^d) / (index - 1) with d = x - x_0, written so that index
    = 1 is regular.

    Args:
        nodes: x = ln(n fm^3) of the nodes, ascending, shape (nodes,).
        index: d ln p / d ln n.
        energy_density: eps at the first node [MeV fm^-3].
        pressure: p at the first node [MeV fm^-3].
    """
    distance = interval_points(nodes) - nodes[0]
    exponent = (jnp.asarray(index) - 1.0) * distance
    small = jnp.abs(exponent) < 1e-8
    ratio = jnp.where(small, 1.0 + 0.5 * exponent, jnp.expm1(exponent) / jnp.where(small, 1.0, exponent))
    p = pressure * jnp.exp(index * distance)
    eps = jnp.exp(distance) * (energy_density + pressure * distance * ratio)
    return Segment(nodes, eps, p, index * p / (eps + p))


def join(first: Segment, second: Segment) -> Segment:
    """Join two segments of which the second starts where the first ends.

    Args:
        first: the lower segment.
        second: the upper segment.
    """
    nodes = jnp.concatenate([first.log_density, second.log_density[1:]])
    return Segment(nodes, *(jnp.concatenate(pair) for pair in zip(first[1:], second[1:], strict=True)))


def top(segment: Segment) -> tuple[Scalar, Scalar, Scalar]:
    """x, energy density [MeV fm^-3] and pressure [MeV fm^-3] at the upper end.

    Args:
        segment: cold matter.
    """
    return segment.log_density[-1], segment.energy_density[-1, 2], segment.pressure[-1, 2]


def extend(
    segment: Segment, index: Scalar, log_density: Scalar, intervals: int, *, grading: float = GRADING
) -> Segment:
    """Continue a segment by one polytrope.

    Args:
        segment: the matter below.
        index: d ln p / d ln n of the polytrope.
        log_density: x = ln(n fm^3) at which it ends.
        intervals: number of new intervals.
        grading: exponent of the node spacing, see `graded_nodes`.
    """
    x, eps, p = top(segment)
    return join(segment, polytrope(graded_nodes(x, log_density, intervals, grading), index, eps, p))


def graded_nodes(lower: Real, upper: Real, intervals: int, grading: float) -> Float[Array, " nodes"]:
    """Nodes that crowd towards `upper`, where the mass is.

    Args:
        lower: the first node.
        upper: the last node.
        intervals: number of intervals between them.
        grading: exponent of the distance to `upper`; equal steps for 1.
    """
    distance = jnp.linspace(1.0, 0.0, intervals + 1) ** grading
    return upper - (upper - lower) * distance


def _vacuum_to(x: float) -> tuple[float, float]:
    """Energy density and pressure at `x` in the second piece, with the outermost one below it."""
    first = log_number_density(CRUST_LOWEST_DENSITY[1])
    outer, index = CRUST_INDEX[:2]
    unit = (SPEED_OF_LIGHT * 1e2) ** 2 / MEV_FM3_IN_DYN_CM2
    p_first = CRUST_COEFFICIENT * CRUST_LOWEST_DENSITY[1] ** outer * unit
    rest = ATOMIC_MASS_UNIT * np.exp(first) + p_first / (outer - 1.0) - p_first / (index - 1.0)
    p = p_first * np.exp(index * (x - first))
    return float(rest * np.exp(x - first) + p / (index - 1.0)), float(p)


def bottom(refine: int) -> float:
    """x of the lowest node.

    The layer above it is treated as a thin shell in closed form, whose error falls as the fourth power of `refine`.

    Args:
        refine: number of parts into which every interval of the crust is split.
    """
    return max(log_number_density(LOWEST_DENSITY / refine**4), log_number_density(CRUST_LOWEST_DENSITY[1]))


def surface_log_enthalpy(refine: int) -> float:
    """ln(mu / mu_vacuum) at the lowest node, in closed form.

    Args:
        refine: number of parts into which every interval of the crust is split.
    """
    x = bottom(refine)
    return float(np.log(sum(_vacuum_to(x)) / (ATOMIC_MASS_UNIT * np.exp(x))))


def vacuum_below(pressure: float) -> tuple[float, float]:
    """Energy density [MeV fm^-3] and ln(mu / mu_vacuum) in the two outermost pieces.

    Args:
        pressure: pressure at which they are asked for [MeV fm^-3].
    """
    unit = (SPEED_OF_LIGHT * 1e2) ** 2 / MEV_FM3_IN_DYN_CM2
    first = log_number_density(CRUST_LOWEST_DENSITY[1])
    p_first = CRUST_COEFFICIENT * CRUST_LOWEST_DENSITY[1] ** CRUST_INDEX[0] * unit
    piece = CRUST_INDEX[1 if pressure > p_first else 0]
    n = float(np.exp(first + np.log(pressure / p_first) / piece))
    offset = p_first / np.exp(first) * (1.0 / (CRUST_INDEX[0] - 1.0) - 1.0 / (CRUST_INDEX[1] - 1.0))
    rest = ATOMIC_MASS_UNIT + (offset if pressure > p_first else 0.0)
    eps = rest * n + pressure / (piece - 1.0)
    return eps, float(np.log((eps + pressure) / (ATOMIC_MASS_UNIT * n)))


def _inner_crust() -> tuple[float, float]:
    """x and pressure at the lower end of the innermost crust piece."""
    middle, inner = (log_number_density(density) for density in CRUST_LOWEST_DENSITY[2:])
    return inner, _vacuum_to(middle)[1] * float(np.exp(CRUST_INDEX[2] * (inner - middle)))


def crossing(log10_p1: Scalar, index: Scalar) -> Scalar:
    """x where a core piece p1 (rho / rho1)^index meets the innermost crust piece.

    Args:
        log10_p1: log10 of the pressure [dyn cm^-2] of the core piece at 10^14.7 g cm^-3.
        index: its index, larger than that of the crust.
    """
    x, p = _inner_crust()
    x1 = log_number_density(10.0**LOG10_DENSITY_1)
    log_p1 = log10_p1 * np.log(10.0) - np.log(MEV_FM3_IN_DYN_CM2)
    return (log_p1 - index * x1 - np.log(p) + CRUST_INDEX[3] * x) / (CRUST_INDEX[3] - index)


def log_density_at_pressure(pressure: Scalar) -> Scalar:
    """x at which the inner crust or the SLy matter above it has a given pressure; not below the inner crust.

    Args:
        pressure: pressure [MeV fm^-3].
    """
    x, p = _inner_crust()
    boundary = crossing(jnp.asarray(SLY_LOG10_P1), jnp.asarray(SLY_INDEX))
    inner = x + jnp.log(pressure / p) / CRUST_INDEX[3]
    outer = boundary + (jnp.log(pressure / p) - CRUST_INDEX[3] * (boundary - x)) / SLY_INDEX
    return jnp.maximum(jnp.where(inner < boundary, inner, outer), x)


def outer_crust(refine: int) -> Segment:
    """The pieces below 2.6e12 g cm^-3, always present whole.

    Args:
        refine: number of parts into which every interval is split.
    """
    x = bottom(refine)
    eps, p = (jnp.asarray(value) for value in _vacuum_to(x))
    first = graded_nodes(x, log_number_density(CRUST_LOWEST_DENSITY[2]), refine * INTERVALS_PER_PIECE[0], GRADING)
    segment = polytrope(first, jnp.asarray(CRUST_INDEX[1]), eps, p)
    upper = jnp.asarray(log_number_density(CRUST_LOWEST_DENSITY[3]))
    return extend(segment, jnp.asarray(CRUST_INDEX[2]), upper, refine * INTERVALS_PER_PIECE[1])


def crust(join_density: Scalar, *, refine: int = 1) -> Segment:
    """SLy matter from `bottom(refine)` to the join.

    Above the inner crust (0.09 fm^-3) it continues as SLy nuclear matter. Intervals of a piece above the join have zero
    width.

    Args:
        join_density: density at which it ends [fm^-3], from `LEAST_JOIN` to 0.18; may be traced.
        refine: number of parts into which every interval is split.
    """
    x_join = jnp.log(join_density)
    segment = outer_crust(refine)
    boundary = crossing(jnp.asarray(SLY_LOG10_P1), jnp.asarray(SLY_INDEX))
    inner = jnp.minimum(boundary, x_join)
    segment = extend(segment, jnp.asarray(CRUST_INDEX[3]), inner, refine * INTERVALS_PER_PIECE[2])
    return extend(segment, jnp.asarray(SLY_INDEX), jnp.maximum(inner, x_join), refine * INTERVALS_PER_PIECE[3])


@jax.jit
def compiled_crust(join_density: Scalar) -> Segment:
    """`crust` as one program, where nothing around it is compiled: one for each operation takes ten times as long.

    Args:
        join_density: density at which it ends [fm^-3].
    """
    return crust(join_density)


@jax.jit
def density_at_pressure(pressure: Scalar) -> Scalar:
    """The density of SLy matter at a pressure [fm^-3], compiled as one program.

    Args:
        pressure: p [MeV fm^-3].
    """
    return jnp.exp(log_density_at_pressure(pressure))
