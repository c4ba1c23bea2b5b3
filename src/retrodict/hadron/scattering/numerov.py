r"""Scattering waves of the radial Schroedinger equation, by Numerov's method for all momenta at a time.

$u'' = [2\mu V/(\hbar c)^2 + l(l+1)/r^2 + 2\eta q/r - q^2] u$ with $q = k/\hbar c$. In $w_n = (1 - h^2 f_n/12) u_n$ the
method is the symmetric recurrence $w_{n+1} + w_{n-1} = c_n w_n$. Three things are added to it. The first points come
from a power series with $rV$ a parabola there, so that potentials that diverge like 1/r and every l keep the fourth
order. The momentum is replaced by that number by which the recurrence carries $\sin qr$ without any error of phase. And
derivatives are those of the recurrence, in closed form: with its discrete Wronskian the change of a phase shift is
exactly $d\delta = -\sum_n u_n^2 h\,dU_n/q$ of the normalised wave.

The potential ends after the last radius, where waves are joined to Coulomb or Riccati-Bessel functions.
Source: B. V. Noumerov, Mon. Not. R. Astron. Soc. 84 (1924) 592; A. C. Allison, J. Comput. Phys. 6 (1970) 378.
"""

from functools import partial
from math import factorial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Complex, Float, Inexact

from retrodict.base.constants import FINE_STRUCTURE_CONSTANT, HBAR_C
from retrodict.base.errors import InputError
from retrodict.hadron.scattering.coulomb import coulomb_functions, sommerfeld_parameter
from retrodict.hadron.scattering.grid import RadialGrid


class ScatteringStates(eqx.Module):
    r"""Waves of some momenta in one potential.

    A wave is real and goes to $\cos\delta\,F_l(\eta, kr) + \sin\delta\,G_l(\eta, kr)$ outside the force.
    """

    phase_shift: Float[Array, " momenta"]  # delta [rad], between -pi/2 and pi/2
    wave: Float[Array, "momenta points"]  # u(r), without dimension


def scattering_states(
    potential: Float[Array, " points"],
    momentum: Float[Array, " momenta"],
    *,
    grid: RadialGrid,
    reduced_mass: float,
    l: int = 0,  # noqa: E741
    charge_product: float = 0.0,
) -> ScatteringStates:
    """Phase shifts and waves; differentiable in the potential, forwards and backwards.

    Under `jit` with momenta that are not known at compilation the functions outside the force are computed by a call
    back to the host. There is no derivative with respect to momenta.

    Args:
        potential: V at the radii of the grid [MeV], without the Coulomb force.
        momentum: k > 0 of one particle in the centre of mass [MeV].
        grid: the radii; the force has vanished at the last one.
        reduced_mass: mu [MeV].
        l: angular momentum.
        charge_product: Z1 Z2 of the Coulomb force between points, positive where they repel.

    Raises:
        InputError: if potential and grid differ in length, for a negative l or a mass that is not positive.
    """
    if potential.shape != (grid.points,):
        raise InputError("potential and grid", got=f"{potential.shape} values", expected=f"{grid.points} radii")
    if l < 0 or not reduced_mass > 0:
        raise InputError("l or reduced mass", got=f"l = {l}, mu = {reduced_mass} MeV", expected="l >= 0, mu > 0 MeV")

    def outside(k: np.ndarray) -> np.ndarray:
        radii = grid.step * np.array([grid.points, grid.points + 1])
        rho = np.asarray(k)[..., None, :] / HBAR_C * radii[:, None]
        eta = sommerfeld_parameter(np.asarray(k), reduced_mass, charge_product)[..., None, :]
        functions = coulomb_functions(l, np.broadcast_to(eta, rho.shape), rho)
        return np.stack([functions.regular, functions.irregular], axis=-3)

    if isinstance(momentum, Tracer):
        shape = jax.ShapeDtypeStruct((2, 2, *momentum.shape), momentum.dtype)
        ends = jax.pure_callback(outside, shape, momentum, vmap_method="broadcast_all")
    else:
        ends = jnp.asarray(outside(np.asarray(momentum)))
    coulomb = 2 * charge_product * FINE_STRUCTURE_CONSTANT * reduced_mass / HBAR_C
    cosine = jnp.cos(momentum / HBAR_C * grid.step)
    # 1 - cos qh without cancellation
    fitted = 24 * jnp.sin(momentum / HBAR_C * grid.step / 2) ** 2 / (5 + cosine)
    strength = 2 * reduced_mass / HBAR_C**2 * potential
    phase_shift, wave = _compiled(_Scheme(grid, l, coulomb), strength, fitted, ends)
    return ScatteringStates(phase_shift, wave.T)


def jost_function(
    potential: Float[Array, " points"],
    momentum: Complex[Array, " momenta"],
    *,
    grid: RadialGrid,
    reduced_mass: float,
    l: int = 0,  # noqa: E741
) -> Complex[Array, " momenta"]:
    r"""The Jost function, 1 without a potential; S(k) is the quotient of its values at -k and k.

    Its zeros are bound states where Im k > 0, virtual states and resonances where Im k < 0. There the tail of the
    potential grows against the wave: only momenta with -2 Im k below the rate at which it decays mean anything.

    Args:
        potential: V at the radii of the grid [MeV]; no Coulomb force.
        momentum: k [MeV], complex, not zero.
        grid: the radii.
        reduced_mass: mu [MeV].
        l: angular momentum.
    """
    q = momentum / HBAR_C
    scheme = _Scheme(grid, l, 0.0)
    fitted = 24 * jnp.sin(q * grid.step / 2) ** 2 / (5 + jnp.cos(q * grid.step))
    strength = 2 * reduced_mass / HBAR_C**2 * potential
    t = _twelfth(scheme, strength, fitted)
    w, step = _march(scheme, 12 * t / (1 - t), _start(scheme, strength, fitted))
    n = grid.points + jnp.arange(2)
    free = 1 - (scheme.free(n)[:, None] - fitted) / 12
    outgoing = free * riccati_hankel(l, q * grid.step * n[:, None])
    regular = free * (outgoing / free - riccati_hankel(l, q * grid.step * n[:, None], -1)) / 2j
    scale = (q * grid.step) ** (l + 1) / np.prod(np.arange(2 * l + 1, 0, -2, dtype=float))
    found = step * outgoing[0] - w[-2] * (outgoing[1] - outgoing[0])
    return scale * found / ((regular[1] - regular[0]) * outgoing[0] - regular[0] * (outgoing[1] - outgoing[0]))


def riccati_hankel(l: int, rho: Complex[Array, "*shape"], sign: int = 1) -> Complex[Array, "*shape"]:  # noqa: E741
    """G + i F without Coulomb force, or G - i F; exp(i rho) for l = 0.

    Args:
        l: angular momentum.
        rho: k r, complex.
        sign: 1 or -1.
    """
    terms = [factorial(l + m) / factorial(m) / factorial(l - m) * (sign * 0.5j / rho) ** m for m in range(l + 1)]
    return (-1j * sign) ** l * jnp.exp(sign * 1j * rho) * sum(terms)


class _Scheme(NamedTuple):
    """What is known at compilation."""

    grid: RadialGrid
    l: int  # noqa: E741
    coulomb: float  # 2 eta q [fm^-1]

    @property
    def first(self) -> int:
        """The last point of the power series."""
        return max(self.l, 1)

    def free(self, n: Float[Array, " n"]) -> Float[Array, " n"]:
        """h^2 times the equation's coefficient without potential and energy, at the points n."""
        return self.l * (self.l + 1) / n**2 + self.coulomb * self.grid.step / n


Columns = Inexact[Array, "n momenta"]
Vector = Inexact[Array, " momenta"]


def _twelfth(scheme: _Scheme, strength: Float[Array, " points"], fitted: Vector) -> Columns:
    """h^2 f / 12 at every point."""
    n = jnp.arange(1, scheme.grid.points + 1)
    return ((scheme.grid.step**2 * strength + scheme.free(n))[:, None] - fitted) / 12


def _start(scheme: _Scheme, strength: Float[Array, " points"], fitted: Vector) -> Columns:
    """w at the origin and at the points 1, ..., `first`, by the power series of the regular solution, scaled."""
    h, l = scheme.grid.step, scheme.l  # noqa: E741
    one, two, three = (h**2 * strength[n] * (n + 1) for n in range(3))  # h r U(r): in units of the step
    bend = (one - 2 * two + three) / 2
    slope = two - one - 3 * bend
    pole = one - slope - bend + scheme.coulomb * h
    first = pole / (2 * l + 2)
    second = (pole * first + slope - fitted) / (2 * (2 * l + 3))
    third = (pole * second + (slope - fitted) * first + bend) / (3 * (2 * l + 4))
    n = jnp.arange(1, scheme.first + 1)[:, None]
    u = n ** (l + 1) * (1 + first * n + second * n**2 + third * n**3)
    origin = -pole / 12 if l == 0 else -1 / 6 if l == 1 else 0.0
    w = (1 - _twelfth(scheme, strength, fitted)[: scheme.first]) * u
    return jnp.concatenate([jnp.broadcast_to(origin, (1, *fitted.shape)), w])


def _march(scheme: _Scheme, bend: Columns, start: Columns, source: Columns | None = None) -> tuple[Columns, Vector]:
    """w at the points 0, ..., points + 1 of w[n+1] - 2 w[n] + w[n-1] = bend[n] w[n] + source[n], and its last step.

    Steps from point to point are carried along, which keeps the digits that subtracting neighbours would lose.
    """

    def advance(state: tuple[Vector, Vector], row: tuple[Vector, ...]) -> tuple[tuple[Vector, Vector], Vector]:
        here, step = state
        step = step + row[0] * here if source is None else step + row[0] * here + row[1]
        return (here + step, step), here + step

    rows = tuple(item[scheme.first - 1 :] for item in (bend, source) if item is not None)
    (_, step), w = jax.lax.scan(advance, (start[-1], start[-1] - start[-2]), rows, unroll=4)
    return jnp.concatenate([start, w]), step


class _Joined(NamedTuple):
    """Waves of arbitrary scale, and what they are outside."""

    w: Columns  # points 0, ..., points + 1
    lift: Columns  # 1 / (1 - h^2 f / 12) at the points 1, ...: u = lift w
    bend: Columns  # of the recurrence
    regular: Float[Array, "2 momenta"]  # F as a w, at the last point, and its step to the one after it
    irregular: Float[Array, "2 momenta"]
    wronskian: Vector  # of F and G, in the recurrence
    cosine: Vector  # share of F
    sine: Vector  # share of G


def _join(scheme: _Scheme, strength: Float[Array, " points"], fitted: Vector, ends: Array) -> _Joined:
    t = _twelfth(scheme, strength, fitted)
    lift = 1 / (1 - t)
    bend = 12 * t * lift
    w, step = _march(scheme, bend, _start(scheme, strength, fitted))
    n = scheme.grid.points + jnp.arange(2)
    regular, irregular = (1 - (scheme.free(n)[:, None] - fitted) / 12) * ends
    regular, irregular = (jnp.stack([pair[0], pair[1] - pair[0]]) for pair in (regular, irregular))
    wronskian = regular[1] * irregular[0] - regular[0] * irregular[1]
    cosine, sine = _shares(w[-2], step, regular, irregular, wronskian)
    return _Joined(w, lift, bend, regular, irregular, wronskian, cosine, sine)


def _shares(w: Vector, step: Vector, regular: Columns, irregular: Columns, wronskian: Vector) -> tuple[Vector, Vector]:
    """Of F and of G in a wave that is known at the last point, with its step to the one after it."""
    cosine = (step * irregular[0] - w * irregular[1]) / wronskian
    return cosine, (w * regular[1] - step * regular[0]) / wronskian


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _solve(scheme: _Scheme, strength: Array, fitted: Array, ends: Array) -> tuple[Vector, Columns]:
    joined = _join(scheme, strength, fitted, ends)
    return _outcome(joined)[:2]


def _outcome(joined: _Joined) -> tuple[Vector, Columns, Vector]:
    """Phase shift, wave, and the scale by which w was divided."""
    sign = jnp.where(joined.cosine < 0, -1.0, 1.0)
    scale = sign * jnp.hypot(joined.cosine, joined.sine)
    phase = jnp.arctan2(sign * joined.sine, sign * joined.cosine)
    return phase, joined.w[1:-1] * joined.lift * (1 / scale), scale


@_solve.defjvp
def _solve_jvp(scheme: _Scheme, primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[tuple, tuple]:
    """The change with the potential: of momenta and the functions outside there is none to be asked for."""
    strength, fitted, ends = primals
    change = scheme.grid.step**2 * tangents[0]
    joined = _join(scheme, strength, fitted, ends)
    phase, wave, scale = _outcome(joined)
    _, start = jax.jvp(lambda s: _start(scheme, s, fitted), (strength,), (tangents[0],))
    w, first = joined.w, scheme.first
    boundary = (w[first - 1] * start[-1] - w[first] * start[-2]) / scale**2
    phase_change = -(boundary + change[first - 1 :] @ wave[first - 1 :] ** 2) / joined.wronskian

    source = change[:, None] * joined.lift**2 * w[1:-1]  # 12 dt w / (1 - t)^2
    moved, step = _march(scheme, joined.bend, start, source)
    cosine, sine = _shares(moved[-2], step, joined.regular, joined.irregular, joined.wronskian)
    growth = (joined.cosine * cosine + joined.sine * sine) / scale**2
    wave_change = joined.lift * (moved[1:-1] * (1 / scale) + wave * (change / 12)[:, None]) - wave * growth
    return (phase, wave), (phase_change, wave_change)


_compiled = jax.jit(_solve, static_argnums=0)
