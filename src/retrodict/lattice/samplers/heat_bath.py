r"""Heat bath and over-relaxation for SU(2), and for SU(3) by its SU(2) subgroups.

Links of one direction on one half of a checkerboard see each other not: given the sum of staples V,
$p(U)\propto\exp(\beta\,\mathrm{Re\,tr}(UV)/N)$ is drawn for all of them at once.

Sources: Creutz, Phys. Rev. D 21 (1980) 2308; Kennedy, Pendleton, Phys. Lett. B 156 (1985) 393; Cabibbo, Marinari, Phys.
Lett. B 119 (1982) 387; Creutz, Phys. Rev. D 36 (1987) 515 (over-relaxation).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Key, Scalar
from retrodict.lattice.core import su2, su3
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.samplers.updates import Moved, Untuned
from retrodict.lattice.theories.groups import SU2, SU3, AbstractGroup
from retrodict.lattice.theories.wilson import Wilson, direction, shifted

SUBGROUPS: Final = ((0, 1), (0, 2), (1, 2))
SMALLEST: Final = 1e-12  # staple sum below which its direction means nothing: the link is then drawn uniformly

Draw = Callable[[Key, Array, Array], Array]  # (key, w = U V as a quaternion, weight) -> the element that multiplies U


@dataclass(frozen=True)
class HeatBathSweep(Untuned):
    """One heat-bath sweep over all links, then `overrelaxation` sweeps that keep the action."""

    overrelaxation: int = 2

    def check(self, action: AbstractAction) -> None:
        """Raise `InputError` for other theories, and for odd extents, which have no checkerboard."""
        if not isinstance(action, Wilson) or not isinstance(action.group, SU2 | SU3):
            got, fix = type(action).__name__, "method.kind: HMC"
            raise InputError("the heat bath is for SU(2) and SU(3) gauge theory", got=got, fix=fix)
        if any(extent % 2 for extent in action.shape):
            raise InputError("a checkerboard needs even extents", got=str(action.shape), fix="method.kind: HMC")
        if action.beta <= 0:
            got = f"beta = {action.beta:g}"
            raise InputError("the heat bath needs a positive coupling", got=got, fix="method.kind: HMC")

    def apply(self, action: AbstractAction, x: Array, key: Key, size: Scalar) -> Moved:
        """Sweep over parities, directions and subgroups."""
        assert isinstance(action, Wilson)
        for number in range(1 + self.overrelaxation):
            x = _sweep(action, x, jr.fold_in(key, number), heat_bath if number == 0 else reflected)
        one = jnp.ones((), x.real.dtype)
        return Moved(x, one, jnp.zeros_like(one))


def heat_bath(key: Key, w: Array, weight: Array) -> Array:
    """g such that g w / |w| is distributed as exp(weight |w| Re tr(.) / 2): the link moves to g U."""
    length = su2.norm(w)
    safe = jnp.where(length > SMALLEST, length, 1.0)
    unit = jnp.where(length > SMALLEST, w / safe, jnp.zeros_like(w).at[0].set(1))
    drawn = kennedy_pendleton(key, jnp.maximum(weight * length, SMALLEST))
    return su2.multiply(drawn, su2.adjoint(unit))


def reflected(key: Key, w: Array, weight: Array) -> Array:
    """g such that g w / |w| is the inverse of w / |w|: the action stays as it is."""
    length = su2.norm(w)
    safe = jnp.where(length > SMALLEST, length, 1.0)
    back = jnp.where(length > SMALLEST, su2.adjoint(w) / safe, jnp.zeros_like(w).at[0].set(1))
    return su2.multiply(back, back)


def kennedy_pendleton(key: Key, alpha: Array) -> Array:
    r"""SU(2) elements with density $\exp(\alpha q_0)$ in the invariant measure, by rejection until all are accepted."""

    def waiting(state: tuple[Array, Array, Array]) -> Array:
        return ~jnp.all(state[1])

    def again(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        q0, done, count = state
        r = 1 - jr.uniform(jr.fold_in(key, count), (4, *alpha.shape), alpha.dtype)  # in (0, 1]
        square = -(jnp.log(r[0]) + jnp.cos(2 * np.pi * r[1]) ** 2 * jnp.log(r[2])) / (2 * alpha)
        accepted = (r[3] ** 2 <= 1 - square) & ~done
        return jnp.where(accepted, 1 - 2 * square, q0), done | accepted, count + 1

    start = jnp.zeros_like(alpha), jnp.zeros(alpha.shape, bool), jnp.asarray(1)
    q0, _, _ = jax.lax.while_loop(waiting, again, start)
    around = jr.normal(jr.fold_in(key, 0), (3, *alpha.shape), alpha.dtype)
    around = around * jnp.sqrt(jnp.maximum(1 - q0**2, 0) / jnp.sum(around**2, axis=0))
    return jnp.concatenate([q0[None], around])


def staples_of(group: AbstractGroup, x: Array, mu: int) -> Array:
    """V as in `wilson.staples`, of one direction alone."""
    count = x.ndim - 1 - group.axes
    u, total = direction(group, x, mu), 0.0
    for nu in range(count):
        if nu != mu:
            v = direction(group, x, nu)
            ahead = shifted(v, mu, count)
            forward = group.times_inverse(ahead, group.multiply(v, shifted(u, nu, count)))
            backward = group.inverse_times(group.multiply(u, ahead), v)
            total = total + forward + shifted(backward, nu, count, -1)
    return total  # type: ignore[return-value]


def _sweep(action: Wilson, x: Array, key: Key, draw: Draw) -> Array:
    group, count = action.group, len(action.shape)
    parity = jnp.asarray(np.indices(action.shape).sum(axis=0) % 2)

    def half_sweep(half: Array, x: Array) -> Array:
        for mu in range(count):
            v, u = staples_of(group, x, mu), direction(group, x, mu)
            changed = _drawn(group, u, v, jr.fold_in(key, half * count + mu), action.beta, draw)
            x = x.at[(slice(None),) * group.axes + (mu,)].set(jnp.where(parity == half, changed, u))
        return x

    return jax.lax.fori_loop(0, 2, half_sweep, x)


def _drawn(group: AbstractGroup, u: Array, v: Array, key: Key, beta: float, draw: Draw) -> Array:
    if isinstance(group, SU2):
        return su2.multiply(draw(key, su2.multiply(u, v), jnp.asarray(beta, u.dtype)), u)
    for number, (i, j) in enumerate(SUBGROUPS):
        w = su3.multiply(u, v)
        block = 0.5 * jnp.stack(
            [
                jnp.real(w[i, i] + w[j, j]),
                jnp.imag(w[i, j] + w[j, i]),
                jnp.real(w[i, j] - w[j, i]),
                jnp.imag(w[i, i] - w[j, j]),
            ]
        )
        g = draw(jr.fold_in(key, number), block, jnp.asarray(2 * beta / 3, block.dtype))
        u = _embedded_product(su2.as_matrix(g), u, i, j)
    return u


def _embedded_product(g: Array, u: Array, i: int, j: int) -> Array:
    """g u with g in the rows and columns i, j."""
    first = g[0, 0] * u[i] + g[0, 1] * u[j]
    second = g[1, 0] * u[i] + g[1, 1] * u[j]
    return u.at[i].set(first).at[j].set(second)
