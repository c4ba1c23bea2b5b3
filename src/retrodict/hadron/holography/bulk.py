r"""A scalar field in the bulk, $\phi'' + h(\eta)\phi' - m^2\phi - \lambda\phi^3 = 0$, from the horizon to the boundary.

With $t = \ln\eta$ and $\theta = \eta\phi'$ the equation is $\dot\theta = -k\theta + \eta^2(m^2\phi + \lambda\phi^3)$,
$k = \eta h - 1$, which vanishes at the horizon: regular fields, $\phi = \phi_0 + \tfrac14(m^2\phi_0 +
\lambda\phi_0^3)\eta^2$, are the only ones that start there, so that the horizon condition $\pi(0) = 0$ holds exactly.
Each $\phi_0$ is a point of the response curve; the one that has a given source is found by Newton's method, and
differentiated implicitly.
Sources: Hashimoto, Sugishita, Tanaka, Tomiya, PRD 98, 046019 (2018); PRD 98, 106014 (2018).
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Flag, Float, Scalar

HORIZON: Final = 0.01  # eta from which the series at the horizon is followed numerically
BOUNDARY: Final = 1.0  # eta at which the bulk ends
STEPS: Final = 128  # of the fourth-order Runge-Kutta rule, in ln eta
NEWTON: Final = 24  # steps, each inside the bracket that is known so far
WIDEST: Final = 4.0  # the bracket, in centres of the linear response
PLACES: Final = np.exp(np.linspace(np.log(HORIZON), np.log(BOUNDARY), 2 * STEPS + 1))  # eta of the nodes, middles too
CLOSE: Final = 1e-9  # of a source, relative


class Bulk(NamedTuple):
    """The unknown: a metric, and what is not known of the field."""

    excess: Float[Array, " nodes"]  # k = eta h - 1 at PLACES
    mass_squared: Scalar  # m^2
    coupling: Scalar  # lambda
    length: Scalar  # L [1/GeV], where sources have units; 1 otherwise


def field_at_boundary(bulk: Bulk, centre: Scalar) -> tuple[Scalar, Scalar]:
    """phi and phi' at the boundary of the field that is regular at the horizon.

    Args:
        bulk: the metric and the field.
        centre: phi at the horizon.
    """

    def force(phi: Scalar) -> Scalar:
        return bulk.mass_squared * phi + bulk.coupling * phi**3

    def rate(phi: Scalar, theta: Scalar, excess: Scalar, square: Scalar) -> tuple[Scalar, Scalar]:
        return theta, square * force(phi) - excess * theta

    def step(state: tuple[Scalar, Scalar], nodes: tuple[Array, Array]) -> tuple[tuple[Scalar, Scalar], None]:
        (phi, theta), (excess, square) = state, nodes
        a, b = rate(phi, theta, excess[0], square[0])
        c, d = rate(phi + 0.5 * size * a, theta + 0.5 * size * b, excess[1], square[1])
        e, f = rate(phi + 0.5 * size * c, theta + 0.5 * size * d, excess[1], square[1])
        g, i = rate(phi + size * e, theta + size * f, excess[2], square[2])
        return (phi + size / 6 * (a + 2 * c + 2 * e + g), theta + size / 6 * (b + 2 * d + 2 * f + i)), None

    size = float(np.log(BOUNDARY / HORIZON)) / STEPS
    windows = _windows(bulk.excess), _windows(jnp.asarray(PLACES**2))
    bend = 0.25 * force(centre) * HORIZON**2
    (phi, theta), _ = jax.lax.scan(step, (centre + bend, 2 * bend), windows)
    return phi, theta / BOUNDARY


def centres(
    bulk: Bulk, source: Float[Array, " points"], source_of: Callable[[Bulk, Scalar], Scalar]
) -> tuple[Float[Array, " points"], Flag]:
    """The fields at the horizon that belong to given sources, and whether there is one for each.

    Args:
        bulk: the metric and the field.
        source: at the boundary, positive.
        source_of: `(bulk, centre) -> source`.
    """
    fixed = jax.lax.stop_gradient(bulk)

    def slope(centre: Scalar) -> tuple[Scalar, Scalar]:
        return jax.jvp(lambda c: source_of(fixed, c), (centre,), (jnp.ones_like(centre),))

    def solve(wanted: Scalar) -> tuple[Scalar, Scalar, Flag]:
        _, linear = slope(jnp.asarray(0.0))

        def newton(_: int, state: tuple[Scalar, Scalar, Scalar]) -> tuple[Scalar, Scalar, Scalar]:
            low, high, centre = state
            value, rise = slope(centre)
            small = value < wanted  # a field that blows up is too large
            low, high = jnp.where(small, centre, low), jnp.where(small, high, centre)
            tried = centre - (value - wanted) / rise
            inside = (tried >= low) & (tried <= high)  # false for what is not finite
            return low, high, jnp.where(inside, tried, 0.5 * (low + high))

        highest = WIDEST * wanted / jnp.where(linear > 0, linear, 1.0)
        start = (jnp.zeros_like(wanted), highest, jnp.minimum(highest / WIDEST, 1.0))
        _, _, centre = jax.lax.fori_loop(0, NEWTON, newton, start)
        value, rise = slope(centre)
        found = (linear > 0) & (rise > 0) & (jnp.abs(value - wanted) < CLOSE * jnp.abs(wanted))
        return centre, rise, found

    centre, rise, found = jax.lax.stop_gradient(jax.vmap(solve)(source))
    safe = jnp.where(jnp.isfinite(centre) & (rise > 0), rise, 1.0)
    centre = jnp.where(jnp.isfinite(centre) & (jnp.abs(centre) < 1e3), centre, 0.0)
    miss = jax.vmap(lambda c, wanted: source_of(bulk, c) - wanted)(centre, source)
    correction = jnp.where(found, miss / safe, 0.0)  # nearly zero; its derivative is that of the implicit function
    return centre - correction, jnp.all(found)


def _windows(nodes: Float[Array, " nodes"]) -> Float[Array, "steps 3"]:
    """Values at the begin, the middle and the end of each step."""
    return jnp.stack([nodes[:-1:2], nodes[1::2], nodes[2::2]], axis=1)
