"""From the centre of a star to the shared grid: a power series across one interval, fine steps across the next few.

A Runge-Kutta step is as accurate as its width is small beside the distance to the centre, where the equations are
singular. On an even grid the first step goes from one width to two; below a breakpoint, or below a soft layer in which
h hardly rises, it may be many times wider than all above it, and then a single step spoils the star. So every star
crosses the first intervals in steps of its own, which costs a few percent of a march. Layers in which h does not rise
at all take none of them.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from retrodict.neutron_star.stars.march import Intervals, State, slope

STIFFEST_STEP = 12.0  # an interval may be at most this many times wider than all above it; else the series takes it
WIDEST_STEP = 0.6  # the same of an interval that is crossed in one step
UNSTABLE_STEP = 2.0  # of a single step that is no longer trusted: the Love number is off by more than a percent
HALVED = 3  # intervals below the central series that are crossed in two steps at least
FINE_STEPS = 9  # at most, for one star

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


class _Plan(NamedTuple):
    """The fine steps of every star: interval, and the parts of it above the upper and the lower end of the step.
    Idle steps have no extent."""

    interval: Int[Array, "steps stars"]
    upper: Float[Array, "steps stars"]
    lower: Float[Array, "steps stars"]


def centres(matter: Intervals, centre: Int[Array | np.ndarray, " stars"]) -> tuple[State, Int[Array, " stars"]]:
    """Carry each star from its centre to the shared grid.

    Args:
        matter: the intervals of the grid, from the surface inward.
        centre: numbers of the nodes at which the stars are centred, ascending, shape (stars,).

    Returns:
        The states from which the march goes on, and the numbers of the intervals at whose lower ends they are.
    """
    state, first = series(matter, centre)
    plan, reached = _plan(matter.rise, centre, first)
    return _fine_steps(matter, plan, state), reached


def march_is_stable(
    rise: Rows, centre: Int[Array | np.ndarray, " stars"], first: Int[Array, " stars"]
) -> Bool[Array, " stars"]:
    """Whether the march of each star is stable: no step far wider than all above it.

    Args:
        rise: c_s^2 times the width of the interval in x, shape (intervals, 3).
        centre: numbers of the nodes at which the stars are centred, shape (stars,).
        first: numbers of the intervals at whose lower ends the march begins, shape (stars,).
    """
    return _lowest_wider(*_widths(lax.stop_gradient(rise)), centre, UNSTABLE_STEP) >= first


def series(matter: Intervals, centre: Int[Array | np.ndarray, " stars"]) -> tuple[State, Int[Array, " stars"]]:
    """The central power series at the lower end of the first interval that has room for it.

    Usually that is the interval below the centre. Where h does not rise (a transition), or rises much less than in the
    next one, the series extends to a later interval: a march that starts at u = 0, or with steps far wider than u,
    would not be stable.

    Args:
        matter: the intervals of the grid, from the surface inward.
        centre: numbers of the nodes at which the stars are centred, ascending, shape (stars,).

    Returns:
        The states, and the number of that interval for each star.
    """
    energy, pressure, rise = matter
    width, h = _widths(rise)
    first = _lowest_wider(width, h, centre, STIFFEST_STEP)
    to_upper = h[centre] - h[first + 1]
    half = (5.0 * rise[first, 2] + 8.0 * rise[first, 1] - rise[first, 0]) / 24.0
    to_middle = to_upper + jnp.clip(half, 0.2 * width[first], 0.8 * width[first])  # a sound speed may rise steeply
    fell = (to_middle, to_upper + width[first])
    return _series(
        energy[first, 2], energy[first, 1], energy[first, 0], pressure[first, 2], pressure[first, 0], fell
    ), first


def _widths(rise: Rows) -> tuple[Float[Array, " intervals"], Float[Array, " nodes"]]:
    """The rise of h across every interval, and h at the nodes above the lowest."""
    width = (rise[:, 0] + 4.0 * rise[:, 1] + rise[:, 2]) / 6.0
    return width, jnp.concatenate([jnp.zeros(1), jnp.cumsum(width)])


def _lowest_wider(
    width: Float[Array, " intervals"],
    h: Float[Array, " nodes"],
    centre: Int[Array | np.ndarray, " stars"],
    factor: float,
) -> Int[Array, " stars"]:
    """The lowest interval, at most the one below the centre, that is wider than `factor` times all above it."""
    reach = lax.cummax(width + factor * h[1:])
    return jnp.minimum(jnp.searchsorted(reach, factor * h[centre], side="right", method="compare_all"), centre - 1)


# By number of steps: the parts of an interval above their ends. From three on they widen in proportion to the distance
# from the centre, in an interval 4 (12) times wider than all above it.
_GRADES = np.ones((6, FINE_STEPS + 1))
_GRADES[1, :2] = 0.0, 1.0
_GRADES[2, :3] = 0.0, 0.5, 1.0
_GRADES[3, :4] = (5.0 ** (np.arange(4) / 3) - 1.0) / 4.0
_GRADES[5, :6] = (13.0 ** (np.arange(6) / 5) - 1.0) / 12.0


def _plan(
    rise: Rows, centre: Int[Array | np.ndarray, " stars"], first: Int[Array, " stars"]
) -> tuple[_Plan, Int[Array, " stars"]]:
    """The fine steps below the intervals `first`, and the numbers of the intervals whose lower ends they reach.

    They cross `HALVED` intervals and go on to the last one that is too wide for a single step, as far as `FINE_STEPS`
    suffice. The numbers of steps change where a ratio of widths passes a bound; matter that is smooth on the grid is
    far from all of them.
    """
    width, h = _widths(lax.stop_gradient(rise))
    solid = jnp.cumsum(width > 0.0)
    order = jnp.searchsorted(
        solid, np.arange(1, width.shape[0] + 1), method="compare_all"
    )  # numbers of the intervals in which h rises
    rank = (solid - (width > 0.0))[first][:, None] - np.arange(1, FINE_STEPS + 1)
    interval, inside = order[jnp.maximum(rank, 0)], rank >= 0
    ratio = width[interval] / (h[centre][:, None] - h[interval + 1])
    near, wide = np.arange(FINE_STEPS) < HALVED, ratio > WIDEST_STEP
    count = 1 + (near | wide) + (ratio > 2.0) + 2 * (ratio > 4.0)
    needed = near | (interval >= _lowest_wider(width, h, centre, WIDEST_STEP)[:, None])
    count = jnp.where(inside & needed, count, 0)
    end = jnp.cumsum(count, axis=1)
    crossed = (end <= FINE_STEPS) & (count > 0)
    reached = jnp.min(jnp.where(crossed, interval, first[:, None]), axis=1)
    step = np.arange(FINE_STEPS)[:, None]
    k = jnp.minimum(jnp.sum(end <= step[..., None], axis=-1), FINE_STEPS - 1)
    at, number, last, busy = (jnp.take_along_axis(a, k.T, axis=1).T for a in (interval, count, end, crossed))
    place = step - (last - number)
    upper = jnp.asarray(_GRADES)[number, jnp.where(busy, place, FINE_STEPS)]
    lower = jnp.asarray(_GRADES)[number, jnp.where(busy, place + 1, FINE_STEPS)]
    return _Plan(at, upper, lower), reached


def _fine_steps(matter: Intervals, plan: _Plan, state: State) -> State:
    """Across the steps of the plan, matter interpolated by parabolas.

    One stage at a time: the compiler would evaluate a whole step anew for each of its many derivatives.
    """

    def stage(carry: tuple[State, State, State], at: _Stages) -> tuple[tuple[State, State, State], None]:
        start, total, here = carry
        rate = slope(here, at.energy, at.pressure, at.rise)
        total = State(*(s + at.weight * k for s, k in zip(total, rate, strict=True)))
        start = State(*(jnp.where(at.last, t, s) for s, t in zip(start, total, strict=True)))
        here = State(*(s + at.ahead * k for s, k in zip(start, rate, strict=True)))
        return (start, total, here), None

    return lax.scan(stage, (state, state, state), _stages(matter, plan))[0][0]


def _stages(matter: Intervals, plan: _Plan) -> _Stages:
    """The four stages of every fine step."""
    extent = plan.lower - plan.upper
    middle = plan.upper + 0.5 * extent
    place = 1.0 - jnp.stack([plan.upper, middle, middle, plan.lower], axis=1)  # 1 at the upper end
    parabola = (1.0 - place * (3.0 - 2.0 * place), 4.0 * place * (1.0 - place), place * (2.0 * place - 1.0))
    rows = jnp.stack(matter, axis=-1)[plan.interval]
    values = sum(rows[:, None, :, column] * part[..., None] for column, part in enumerate(parabola))
    e, p, d = jnp.moveaxis(values.reshape(-1, extent.shape[1], 3), -1, 0)  # type: ignore[union-attr]
    ahead, weight, last = (np.tile(row, FINE_STEPS) for row in _CLASSICAL)
    return _Stages(e, p, jnp.maximum(d, 0.0) * jnp.repeat(extent, 4, axis=0), ahead, weight, last.astype(bool))


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
    return State(u, w, 2.0 + y1 * u + y2 * u**2 - e_lower / (p_lower + w), g0 + g1 * u)
