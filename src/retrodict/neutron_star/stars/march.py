"""The march down the shared grid: equations and Runge-Kutta steps of all stars in lockstep (see
`retrodict.neutron_star.stars.tov`)."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

LARGEST_U = 1e10  # km^2


class State(NamedTuple):
    """The variables of the march, one value for each star (of each interval, where a path is stored)."""

    u: Float[Array, "*path stars"]  # r^2 [km^2]
    w: Float[Array, "*path stars"]  # m / r^3 [km^-2]
    z: Float[Array, "*path stars"]  # tidal variable y - E / (P + w)
    g: Float[Array, "*path stars"]  # frame dragging (r omega' / omega) / r^2 [km^-2]


class Intervals(NamedTuple):
    """Matter as the march uses it; the columns are the lower end, the middle and the upper end of each interval.

    It holds only arrays, so a Jacobian, a tangent or a single interval (shape (3,)) of it has the same type.
    """

    energy: Float[Array, "*intervals 3"]  # E = 4 pi G eps / c^4 [km^-2]
    pressure: Float[Array, "*intervals 3"]  # P = 4 pi G p / c^4 [km^-2]
    rise: Float[Array, "*intervals 3"]  # dh / ds = c_s^2 times the width of the interval in x = ln n


def slope(
    state: State, energy: Float[Array, "*stars"], pressure: Float[Array, "*stars"], rise: Float[Array, "*stars"]
) -> State:
    """Evaluate d(state)/ds along an interval that is crossed downward in unit time.

    Args:
        state: u, w, z, g of the stars.
        energy: E = 4 pi eps [km^-2], a scalar or one value for each star.
        pressure: P = 4 pi p [km^-2], of the same shape.
        rise: rate at which h falls, c_s^2 times the width of the interval in x, of the same shape.
    """
    u, w, z, g = state
    q, a = pressure + w, 1.0 - 2.0 * u * w
    uq = u * q
    inverse = 1.0 / (uq * a)  # the one division
    over_q, t = inverse * a * u, rise * inverse * a
    ta, y = t * a, z + energy * over_q
    dw = (energy - 3.0 * w) * ta
    bracket = (
        a * y * y
        + y * (1.0 - u * (energy - pressure))
        + u * (5.0 * energy + 9.0 * pressure)
        - 6.0
        - 4.0 * uq * uq * (inverse * uq)
    )
    both = energy + pressure
    dz = energy * over_q * over_q * (dw - rise * both) - t * bracket
    ug = u * g
    dg = t * (both * (ug + 4.0) - a * g * (ug + 5.0))
    return State(2.0 * u * ta, dw, dz, dg)


def _step(state: State, interval: Intervals) -> State:
    """One classical Runge-Kutta step across an interval."""
    e, p, d = interval
    k1 = slope(state, e[2], p[2], d[2])
    k2 = slope(_shift(state, k1, 0.5), e[1], p[1], d[1])
    k3 = slope(_shift(state, k2, 0.5), e[1], p[1], d[1])
    k4 = slope(_shift(state, k3, 1.0), e[0], p[0], d[0])
    return State(*(s + (a + 2.0 * (b + c) + d) / 6.0 for s, a, b, c, d in zip(state, k1, k2, k3, k4, strict=True)))


def _shift(state: State, slope: State, fraction: float) -> State:
    return State(*(s + fraction * k for s, k in zip(state, slope, strict=True)))


def march(matter: Intervals, first: Int[Array, " stars"], state: State) -> State:
    """Integrate from the start of each star down to the lowest node.

    Args:
        matter: the intervals of the grid, from the surface inward.
        first: number of the interval at whose lower end the star has `state`.
        state: u, w, z, g there, each of shape (stars,).

    Returns:
        The state at the lowest node.
    """

    def step(state: State, interval: tuple[Int[Array, ""], Intervals]) -> tuple[State, None]:
        number, matter = interval
        return _where(number < first, _step(state, matter), state), None

    return lax.scan(step, state, (jnp.arange(matter.energy.shape[0]), matter), reverse=True)[0]


def trajectory(matter: Intervals, first: Int[Array, " stars"], state: State) -> tuple[State, State]:
    """Integrate as `march` does and keep the path.

    Args:
        matter: the intervals of the grid, from the surface inward.
        first: number of the interval at whose lower end the star has `state`.
        state: u, w, z, g there, each of shape (stars,).

    Returns:
        The state at the lowest node, and the states at the upper end of every interval, of shape (intervals, stars).
    """

    def step(state: State, interval: tuple[Int[Array, ""], Intervals]) -> tuple[State, State]:
        number, matter = interval
        return _where(number < first, _step(state, matter), state), state

    return lax.scan(step, state, (jnp.arange(matter.energy.shape[0]), matter), reverse=True)


def _where(condition: Bool[Array, " stars"], new: State, old: State) -> State:
    return State(*(jnp.where(condition, a, b) for a, b in zip(new, old, strict=True)))


def march_is_whole(surface: State) -> Bool[Array, " stars"]:
    """Whether the state at the surface is that of a star: finite, of positive mass, and not inside its horizon.

    Args:
        surface: u, w, z, g at the lowest node, each of shape (stars,).
    """
    u, w, z, g = surface
    finite = jnp.isfinite(u) & jnp.isfinite(w) & jnp.isfinite(z) & jnp.isfinite(g)
    return finite & (u > 0.0) & (u < LARGEST_U) & (w > 0.0) & (2.0 * u * w < 1.0)
