"""From the centre of a star to the shared grid: a power series across one interval, half steps across the next few.

A Runge-Kutta step is as accurate as its width is small beside the distance to the centre, where the equations are
singular. On an even grid the first step goes from one width to two; below a breakpoint it may be three times wider than
all above it, and then a single step spoils the star. Halving the first `HALVED` intervals, star by star, removes the
greater part of that error at the cost of a few percent of a march.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from retrodict.neutron_star.march import State, slope

STIFFEST_STEP = 3.0  # a step may be at most this many times wider than all above it; else the central series takes it
HALVED = 3  # intervals below the central series that are crossed in two steps each

Rows = Float[Array, "intervals 3"]


class _Stages(NamedTuple):
    """Runge-Kutta stages in turn: matter, the step that leads to the next stage, the weight, and whether it is the
    last."""

    energy: Float[Array, "stages stars"]
    pressure: Float[Array, "stages stars"]
    rise: Float[Array, "stages stars"]
    ahead: Float[np.ndarray, " stages"]
    weight: Float[np.ndarray, " stages"]
    last: Bool[np.ndarray, " stages"]


def centres(
    energy: Rows, pressure: Rows, rise: Rows, centre: Int[np.ndarray, " stars"]
) -> tuple[State, Int[Array, " stars"]]:
    """The states from which the march of the stars centred on the nodes `centre` goes on, and the numbers of the
    intervals at whose lower ends they are."""
    state, first = series(energy, pressure, rise, centre)
    return _halved_steps(energy, pressure, rise, first, state), jnp.maximum(first - HALVED, 0)


def series(
    energy: Rows, pressure: Rows, rise: Rows, centre: Int[np.ndarray, " stars"]
) -> tuple[State, Int[Array, " stars"]]:
    """Central series at the lower end of the first interval that has room for it, and the number of that interval.

    Usually that is the interval below the centre. Where h does not rise (a transition), or rises much less than in the
    next one, the series extends to a later interval: a march that starts at u = 0, or with steps far wider than u,
    would not be stable.
    """
    width = (rise[:, 0] + 4.0 * rise[:, 1] + rise[:, 2]) / 6.0
    h = jnp.concatenate([jnp.zeros(1), jnp.cumsum(width)])
    above = h[centre][:, None] - h[None, 1:]
    wide = (width > STIFFEST_STEP * above) & (np.arange(width.shape[0]) < centre[:, None])
    first = jnp.argmax(wide, axis=1)
    to_upper = h[centre] - h[first + 1]
    half = (5.0 * rise[first, 2] + 8.0 * rise[first, 1] - rise[first, 0]) / 24.0
    to_middle = to_upper + jnp.clip(half, 0.2 * width[first], 0.8 * width[first])  # a sound speed may rise steeply
    fell = (to_middle, to_upper + width[first])
    return _series(
        energy[first, 2], energy[first, 1], energy[first, 0], pressure[first, 2], pressure[first, 0], fell
    ), first


def _halved_steps(energy: Rows, pressure: Rows, rise: Rows, first: Int[Array, " stars"], state: State) -> State:
    """Across the `HALVED` intervals below `first`, matter interpolated by parabolas.

    One stage at a time: the compiler would evaluate a whole step anew for each of its many derivatives.
    """

    def stage(carry: tuple[State, State, State], at: _Stages) -> tuple[tuple[State, State, State], None]:
        start, total, here = carry
        rate = slope(here, at.energy, at.pressure, at.rise)
        total = tuple(s + at.weight * k for s, k in zip(total, rate, strict=True))
        start = tuple(jnp.where(at.last, t, s) for s, t in zip(start, total, strict=True))
        here = tuple(s + at.ahead * k for s, k in zip(start, rate, strict=True))
        return (start, total, here), None  # type: ignore[return-value]

    return lax.scan(stage, (state, state, state), _stages(energy, pressure, rise, first))[0][0]


def _stages(energy: Rows, pressure: Rows, rise: Rows, first: Int[Array, " stars"]) -> _Stages:
    """The eight stages of every halved interval, its upper half first; the rise is zero below the lowest interval."""
    place = np.array([1.0, 0.75, 0.75, 0.5, 0.5, 0.25, 0.25, 0.0])  # 1 at the upper end
    parabola = np.stack([1.0 - place * (3.0 - 2.0 * place), 4.0 * place * (1.0 - place), place * (2.0 * place - 1.0)])
    number = first[:, None] - np.arange(1, HALVED + 1)
    matter = (
        jnp.einsum("sic,ct->its", rows[jnp.maximum(number, 0)], parabola).reshape(-1, first.shape[0])
        for rows in (energy, pressure, 0.5 * rise)
    )
    e, p, d = matter
    inside = jnp.repeat((number >= 0).T, place.size, axis=0)
    ahead, weight, last = (np.tile(row, 2 * HALVED) for row in _CLASSICAL)
    return _Stages(e, p, jnp.where(inside, jnp.maximum(d, 0.0), 0.0), ahead, weight, last.astype(bool))


# The classical Runge-Kutta method: the step to the next stage, the weight of this one, whether it is the last.
_CLASSICAL = np.array([[0.5, 0.5, 1.0, 0.0], [1 / 6, 1 / 3, 1 / 3, 1 / 6], [0.0, 0.0, 0.0, 1.0]])


def _series(
    e: Float[Array, " stars"],
    e_middle: Float[Array, " stars"],
    e_lower: Float[Array, " stars"],
    p: Float[Array, " stars"],
    p_lower: Float[Array, " stars"],
    fell: tuple[Float[Array, " stars"], Float[Array, " stars"]],
) -> State:
    """State where h has fallen by `fell[1]` from the centre, to second order in u relative to the leading term.

    E = e - e1 d + e2 d^2 in the fall d of h, through the values at the middle (`fell[0]`) and at the lower end.
    Coefficients in u carry capitals; they follow by comparing powers of u in the equations.
    """
    middle, lower = fell
    to_middle, to_lower = (e_middle - e) / middle, (e_lower - e) / lower
    e2 = (to_lower - to_middle) / (lower - middle)
    e1 = e2 * middle - to_middle
    both, w0 = e + p, e / 3.0
    q0 = p + w0
    P1, E1 = 0.5 * both * q0, 0.5 * e1 * q0
    w1 = E1 / 5.0
    q1 = P1 + w1
    D1 = 2.0 * w0 * q0 - q1
    P2, E2 = ((e1 + both) * q0**2 - 2.0 * both * D1) / 8.0, 0.25 * (e2 * q0**2 - e1 * D1)
    w2 = E2 / 7.0
    D2 = q0 * (4.0 * w0**2 - 2.0 * w1) - 2.0 * w0 * q1 + P2 + w2
    leading, b1, b2 = 2.0 * lower / q0, 0.5 * D1 / q0, D2 / (3.0 * q0)
    u = leading * (1.0 - b1 * leading + (2.0 * b1**2 - b2) * leading**2)
    w = w0 - w1 * u + w2 * u**2
    y1 = -(e / 3.0 + 11.0 * p + e1) / 7.0
    y2 = (12.0 * w0 * y1 - y1**2 - 8.0 * w1 + (e - p) * y1 + 3.0 * E1 + 11.0 * P1 + e2 * q0 + 4.0 * q0**2) / 9.0
    g0 = 0.8 * both
    g1 = (both * g0 - g0**2 + 4.0 * (2.0 * w0 * both - E1 - P1)) / 7.0
    return u, w, 2.0 + y1 * u + y2 * u**2 - e_lower / (p_lower + w), g0 + g1 * u
