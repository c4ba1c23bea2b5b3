"""The march down the shared grid: equations and Runge-Kutta steps of all stars in lockstep (see
`retrodict.neutron_star.stars.tov`)."""

from typing import TypeAlias

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

LARGEST_U = 1e10  # km^2
# u [km^2], w [km^-2], z, g [km^-2], each of shape (stars,)
State: TypeAlias = tuple[Float[Array, " stars"], Float[Array, " stars"], Float[Array, " stars"], Float[Array, " stars"]]
Exact: TypeAlias = tuple[Array, Array, Array, Array, State]  # the arguments of `march`


def slope(state: State, energy: Float[Array, ""], pressure: Float[Array, ""], rise: Float[Array, ""]) -> State:
    """d(state)/ds along an interval that is crossed downward in unit time, where h falls at the rate `rise`."""
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
    return 2.0 * u * ta, dw, dz, dg


def _step(state: State, e: Float[Array, " 3"], p: Float[Array, " 3"], d: Float[Array, " 3"]) -> State:
    """One classical Runge-Kutta step across an interval."""
    k1 = slope(state, e[2], p[2], d[2])
    k2 = slope(_shift(state, k1, 0.5), e[1], p[1], d[1])
    k3 = slope(_shift(state, k2, 0.5), e[1], p[1], d[1])
    k4 = slope(_shift(state, k3, 1.0), e[0], p[0], d[0])
    moved = (s + (a + 2.0 * (b + c) + d) / 6.0 for s, a, b, c, d in zip(state, k1, k2, k3, k4, strict=True))
    return tuple(moved)  # type: ignore[return-value]


def _shift(state: State, slope: State, fraction: float) -> State:
    return tuple(s + fraction * k for s, k in zip(state, slope, strict=True))  # type: ignore[return-value]


def march(
    energy: Float[Array, "intervals 3"],
    pressure: Float[Array, "intervals 3"],
    rise: Float[Array, "intervals 3"],
    first: Int[Array, " stars"],
    state: State,
) -> State:
    """From the lower end of interval `first[k]`, where star k has `state`, to the lowest node. `rise` is c_s^2 times
    the width in x."""

    def step(state: State, interval: tuple[Array, ...]) -> tuple[State, None]:
        number, *matter = interval
        return _where(number < first, _step(state, *matter), state), None

    return lax.scan(step, state, (jnp.arange(energy.shape[0]), energy, pressure, rise), reverse=True)[0]


def trajectory(
    energy: Float[Array, "intervals 3"],
    pressure: Float[Array, "intervals 3"],
    rise: Float[Array, "intervals 3"],
    first: Int[Array, " stars"],
    state: State,
) -> tuple[State, State]:
    """`march`, and the states at the upper end of every interval, of shape (intervals, stars)."""

    def step(state: State, interval: tuple[Array, ...]) -> tuple[State, State]:
        number, *matter = interval
        return _where(number < first, _step(state, *matter), state), state

    return lax.scan(step, state, (jnp.arange(energy.shape[0]), energy, pressure, rise), reverse=True)


def _where(condition: Array, new: State, old: State) -> State:
    return tuple(jnp.where(condition, a, b) for a, b in zip(new, old, strict=True))  # type: ignore[return-value]


def march_is_whole(surface: State) -> Bool[Array, " stars"]:
    """Whether the state at the surface is that of a star: finite, of positive mass, and not inside its horizon."""
    u, w, z, g = surface
    finite = jnp.isfinite(u) & jnp.isfinite(w) & jnp.isfinite(z) & jnp.isfinite(g)
    return finite & (u > 0.0) & (u < LARGEST_U) & (w > 0.0) & (2.0 * u * w < 1.0)
