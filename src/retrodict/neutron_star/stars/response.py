r"""The linear response of all stars to the equation of state: the exact derivative of the discrete march.

Reverse-mode differentiation of a Runge-Kutta scan costs 15 to 70 marches on a CPU, because each of the hundreds of
adjoint outputs recomputes its whole stage. Here the derivative is assembled as a matrix instead. The march is
linearised interval by interval (dense array operations over all intervals and stars at once), the sensitivity of the
final state to every earlier one follows by one cheap scan, and their product

$$\delta S_{\rm surface} = \sum_{\rm intervals} \left(K_E\,\delta E + K_P\,\delta P + K_D\,\delta D\right) + L\,\delta
S_{\rm centre}$$

is linear in the tangents. Forward mode applies it, reverse mode its transpose, and a Jacobian with any number of
columns assembles it once.
"""

from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_batching import sequential_vmap
from jaxtyping import Array, Float, Int, Shaped

from retrodict.neutron_star.stars.march import Intervals, State, march, march_is_whole, trajectory

Grid: TypeAlias = Float[Array, "intervals stars"]
_Arguments: TypeAlias = tuple[Intervals, Int[Array, " stars"], State]  # of `march`
_Tangents: TypeAlias = tuple[Intervals, Shaped[Array | np.ndarray, " stars"], State]  # integers have none: float0


class Block(NamedTuple):
    """The Jacobian d(u, w, z, g)/d(u, w, z, g), without its zeros.

    z and g depend on u and w, not on each other, and nothing depends on them. The first letter of a field is the
    variable that is differentiated: `zu` is dz/du.
    """

    uu: Grid  # du/du
    uw: Grid  # du/dw
    wu: Grid  # dw/du
    ww: Grid  # dw/dw
    zu: Grid  # dz/du
    zw: Grid  # dz/dw
    zz: Grid  # dz/dz
    gu: Grid  # dg/du
    gw: Grid  # dg/dw
    gg: Grid  # dg/dg


IDENTITY = Block(1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0)  # type: ignore[arg-type]


class Gradient(NamedTuple):
    """Derivatives of u, w, z or g with respect to the matter E, P and D of one stage."""

    energy: Grid  # by E
    pressure: Grid  # by P
    rise: Grid  # by D


class Kernel(NamedTuple):
    """The surface state and its derivatives.

    The three gradients of a variable are those with respect to matter at the upper end, the middle and the lower end of
    every interval.
    """

    surface: State  # state at the lowest node
    centre: Block  # derivative by the state at the start
    u: tuple[Gradient, Gradient, Gradient]  # of u at the surface
    w: tuple[Gradient, Gradient, Gradient]  # of w
    z: tuple[Gradient, Gradient, Gradient]  # of z
    g: tuple[Gradient, Gradient, Gradient]  # of g


class Stage(NamedTuple):
    """Terms that all derivatives at one Runge-Kutta stage share; the rates are those for D = 1."""

    u: Grid  # r^2
    w: Grid  # m / r^3
    g: Grid  # frame dragging
    e: Grid  # E
    p: Grid  # P
    a: Grid  # A = 1 - 2 u w
    y: Grid  # tidal y = z + E / q
    over_q: Grid  # 1 / q, q = P + w
    t: Grid  # 1 / (u q)
    over_a: Grid  # 1 / A
    tidal: Grid  # the bracket of the tidal equation
    rates: State  # d(u, w, z, g)/ds


def stage(state: State, e: Grid, p: Grid) -> Stage:
    """Evaluate the equations of `retrodict.neutron_star.stars.march.slope` and keep their terms.

    Args:
        state: u, w, z, g of every interval and star.
        e: E = 4 pi eps [km^-2] of every interval, shape (intervals, 1).
        p: P = 4 pi p [km^-2] of every interval, shape (intervals, 1).
    """
    u, w, z, g = state
    q, a = p + w, 1.0 - 2.0 * u * w
    inverse = lax.optimization_barrier(1.0 / (u * q * a))
    over_q, t, over_a = inverse * a * u, inverse * a, inverse * u * q
    y = z + e * over_q
    tidal = a * y * y + y * (1.0 - u * (e - p)) + u * (5.0 * e + 9.0 * p) - 6.0 - 4.0 * (u * q) ** 2 * over_a
    y, tidal, over_q, t, over_a = lax.optimization_barrier((y, tidal, over_q, t, over_a))
    dw, both = (e - 3.0 * w) * t * a, e + p
    dz = e * over_q**2 * (dw - both) - t * tidal
    dg = t * (both * (u * g + 4.0) - a * g * (u * g + 5.0))
    rates = lax.optimization_barrier(State(2.0 * u * t * a, dw, dz, dg))
    return Stage(u, w, g, e, p, a, y, over_q, t, over_a, tidal, rates)


def by_state(s: Stage, d: Grid) -> Block:
    """Derivatives of the rates, times the rise, with respect to the state.

    Args:
        s: terms of the stage.
        d: rise D of every interval and star; zero where the star has not started.
    """
    u, w, g, e, p, a, y, over_q, t, over_a, tidal, (du, dw, _, _) = s
    q, both, ug = p + w, s.e + s.p, u * g
    over_u, lag, td = t * q, e - 3.0 * w, t * d
    wu = -lag * (2.0 * w * t + t * a * over_u)
    ww = -3.0 * t * a - lag * (2.0 * u * t + t * a * over_q)
    by_y = 2.0 * a * y + 1.0 - u * (e - p)
    quartic = 8.0 * u * q * over_a
    tidal_u = 5.0 * e + 9.0 * p - 2.0 * w * y * y - y * (e - p) - quartic * q * (1.0 + u * w * over_a)
    tidal_w = -2.0 * u * y * y - by_y * e * over_q**2 - quartic * u * (1.0 + u * q * over_a)
    drag = both * (ug + 4.0) - a * g * (ug + 5.0)
    return Block(
        uu=-4.0 * w * over_q * d,
        uw=-(4.0 * u + du) * over_q * d,
        wu=wu * d,
        ww=ww * d,
        zu=d * e * over_q**2 * wu + td * (over_u * tidal - tidal_u),
        zw=d * e * over_q**2 * (ww - 2.0 * over_q * (dw - both)) + td * (over_q * tidal - tidal_w),
        zz=-td * by_y,
        gu=td * (g * (both - a * g + 2.0 * w * (ug + 5.0)) - over_u * drag),
        gw=td * (2.0 * ug * (ug + 5.0) - over_q * drag),
        gg=td * (both * u - a * (2.0 * ug + 5.0)),
    )


def by_matter(s: Stage, d: Grid, back: Block) -> tuple[Gradient, Gradient, Gradient, Gradient]:
    """Derivatives of the final u, w, z, g with respect to E, P and D at one stage.

    Args:
        s: terms of the stage.
        d: rise D of every interval and star; zero where the star has not started, and so must `back` be.
        back: derivative of the final state with respect to the rates of the stage.
    """
    u, w, g, e, p, a, y, over_q, t, over_a, tidal, (du, dw, dz, dg) = s
    q, both, ug = p + w, s.e + s.p, u * g
    by_y = 2.0 * a * y + 1.0 - u * (e - p)
    ta = t * a
    zE = d * (over_q**2 * (dw - both + e * (ta - 1.0)) - t * (by_y * over_q - y * u + 5.0 * u))
    tidal_p = u * (y + 9.0) - by_y * e * over_q**2 - 8.0 * u * u * q * over_a
    zP = d * (-e * over_q**2 * (2.0 * over_q * (dw - both) + dw * over_q + 1.0) + t * (over_q * tidal - tidal_p))
    gE = d * t * (ug + 4.0)
    gP = gE - d * over_q * dg
    zE, zP, gE, gP = lax.optimization_barrier((zE, zP, gE, gP))
    uP, wE, wP = -du * over_q * d, ta * d, -dw * over_q * d
    return (
        Gradient(back.uw * wE, back.uu * uP + back.uw * wP, back.uu * du + back.uw * dw),
        Gradient(back.ww * wE, back.wu * uP + back.ww * wP, back.wu * du + back.ww * dw),
        Gradient(
            back.zw * wE + back.zz * zE,
            back.zu * uP + back.zw * wP + back.zz * zP,
            back.zu * du + back.zw * dw + back.zz * dz,
        ),
        Gradient(
            back.gw * wE + back.gg * gE,
            back.gu * uP + back.gw * wP + back.gg * gP,
            back.gu * du + back.gw * dw + back.gg * dg,
        ),
    )


def product(a: Block, b: Block) -> Block:
    """The matrix product a b.

    Args:
        a: left factor.
        b: right factor.
    """
    return Block(
        uu=a.uu * b.uu + a.uw * b.wu,
        uw=a.uu * b.uw + a.uw * b.ww,
        wu=a.wu * b.uu + a.ww * b.wu,
        ww=a.wu * b.uw + a.ww * b.ww,
        zu=a.zu * b.uu + a.zw * b.wu + a.zz * b.zu,
        zw=a.zu * b.uw + a.zw * b.ww + a.zz * b.zw,
        zz=a.zz * b.zz,
        gu=a.gu * b.uu + a.gw * b.wu + a.gg * b.gu,
        gw=a.gu * b.uw + a.gw * b.ww + a.gg * b.gw,
        gg=a.gg * b.gg,
    )


def _add_scaled(a: Block, factor: float, b: Block) -> Block:
    return Block(*(x + factor * y for x, y in zip(a, b, strict=True)))


def _scale(factor: float | Grid, a: Block) -> Block:
    return Block(*(factor * x for x in a))


def _stages(path: State, matter: Intervals, rise: list[Grid]) -> list[Stage]:
    """The four Runge-Kutta stages of every interval, recomputed from the states at its upper end."""
    stages, state = [], path
    for column, fraction in ((2, 0.5), (1, 0.5), (1, 1.0), (0, 0.0)):
        stages.append(stage(state, matter.energy[:, column, None], matter.pressure[:, column, None]))
        moved = (s + fraction * rise[column] * k for s, k in zip(path, stages[-1].rates, strict=True))
        state = lax.optimization_barrier(State(*moved))
    return stages


def assemble(matter: Intervals, first: Int[Array, " stars"], state: State) -> Kernel:
    """Integrate the stars together with the derivative of the march.

    Args:
        matter: the intervals of the grid, from the surface inward.
        first: number of the interval at whose lower end the star has `state`, shape (stars,).
        state: u, w, z, g there, each of shape (stars,).
    """
    surface, path = trajectory(matter, first, state)
    started = (jnp.arange(matter.energy.shape[0])[:, None] < first).astype(matter.energy.dtype)
    active = [matter.rise[:, column, None] * started for column in range(3)]
    stages = _stages(path, matter, active)
    columns = (2, 1, 1, 0)
    f = [lax.optimization_barrier(by_state(s, active[c])) for s, c in zip(stages, columns, strict=True)]
    k2 = lax.optimization_barrier(product(f[1], _add_scaled(IDENTITY, 0.5, f[0])))
    k3 = lax.optimization_barrier(product(f[2], _add_scaled(IDENTITY, 0.5, k2)))
    k4 = lax.optimization_barrier(product(f[3], _add_scaled(IDENTITY, 1.0, k3)))
    across = (one + (a + 2.0 * (b + c) + d) / 6.0 for one, a, b, c, d in zip(IDENTITY, f[0], k2, k3, k4, strict=True))
    centre, below = _accumulate(lax.optimization_barrier(Block(*across)))
    below = _scale(started, below)
    c4 = lax.optimization_barrier(_scale(1.0 / 6.0, below))
    c3 = lax.optimization_barrier(_add_scaled(_scale(1.0 / 3.0, below), 1.0, product(c4, f[3])))
    c2 = lax.optimization_barrier(_add_scaled(_scale(1.0 / 3.0, below), 0.5, product(c3, f[2])))
    c1 = lax.optimization_barrier(_add_scaled(_scale(1.0 / 6.0, below), 0.5, product(c2, f[1])))
    rows = [by_matter(s, active[c], b) for s, c, b in zip(stages, columns, (c1, c2, c3, c4), strict=True)]
    gathered = ((r1, Gradient(*map(jnp.add, r2, r3)), r4) for r1, r2, r3, r4 in zip(*rows, strict=True))
    whole = march_is_whole(surface)  # the others have no derivative, and a NaN would spread to all
    silenced = jax.tree.map(lambda matrix: jnp.where(whole, matrix, 0.0), (centre, *gathered))
    return Kernel(surface, *silenced)


def _accumulate(across: Block) -> tuple[Block, Block]:
    """d(surface)/d(state at the upper end of the highest interval), and d(surface)/d(state at the lower end) of every
    interval."""
    one = Block(*(jnp.full_like(across.uu[0], x) for x in IDENTITY))
    return lax.scan(lambda below, step: (product(below, step), below), one, across)


_assemble_one_by_one = sequential_vmap(
    assemble
)  # one equation of state at a time fits in a CPU's cache; a hundred do not


@jax.custom_jvp
def differentiable_march(matter: Intervals, first: Int[Array, " stars"], state: State) -> State:
    """Integrate as `march` does, with a derivative that is exact, linear in the tangents and cheap in both modes.

    It can be differentiated once, not twice.

    Args:
        matter: the intervals of the grid, from the surface inward.
        first: number of the interval at whose lower end the star has `state`, shape (stars,).
        state: u, w, z, g there, each of shape (stars,).

    Returns:
        The state at the lowest node.
    """
    return march(matter, first, state)


@differentiable_march.defjvp
def _response(primals: _Arguments, tangents: _Tangents) -> tuple[State, State]:
    build = _assemble_one_by_one if jax.default_backend() == "cpu" else assemble
    kernel = build(*primals)
    change, _, (du, dw, dz, dg) = tangents
    c = kernel.centre
    final = [
        c.uu * du + c.uw * dw,
        c.wu * du + c.ww * dw,
        c.zu * du + c.zw * dw + c.zz * dz,
        c.gu * du + c.gw * dw + c.gg * dg,
    ]
    for k, rows in enumerate((kernel.u, kernel.w, kernel.z, kernel.g)):
        for column, gradient in zip((2, 1, 0), rows, strict=True):
            for matrix, tangent in zip(gradient, change, strict=True):
                final[k] = final[k] + jnp.einsum("is,i->s", matrix, tangent[:, column])
    return kernel.surface, State(*final)
