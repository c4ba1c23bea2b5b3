r"""Heat bath and over-relaxation for SU(2), and for SU(3) by its SU(2) subgroups.

No two links of one direction on one half of a checkerboard share a plaquette: given the sum of staples V,
$p(U)\propto\exp(\beta\,\mathrm{Re\,tr}(UV)/N)$ is drawn for all of them at once.

Sources: Creutz, Phys. Rev. D 21 (1980) 2308; Kennedy, Pendleton, Phys. Lett. B 156 (1985) 393; Cabibbo, Marinari, Phys.
Lett. B 119 (1982) 387; Creutz, Phys. Rev. D 36 (1987) 515 (over-relaxation).
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Bool, Flag, Float, Int, Key, Scalar
from retrodict.lattice.core import su2
from retrodict.lattice.core.action import AbstractAction, SubgroupDraw
from retrodict.lattice.core.spaces import Field
from retrodict.lattice.samplers.updates import Moved, Untuned

SMALLEST: Final = 1e-12  # staple sum below which its direction is arbitrary: the link is then drawn uniformly

Quaternions: TypeAlias = Float[Array, "4 *lattice"]
Attempt: TypeAlias = tuple[Float[Array, "*lattice"], Bool[Array, "*lattice"], Int[Array, ""]]  # q_0, accepted, count


@dataclass(frozen=True)
class HeatBathSweep(Untuned):
    """One heat-bath sweep over all links, then sweeps that keep the action.

    Args:
        overrelaxation: number of over-relaxation sweeps.
    """

    overrelaxation: int = 2

    def check(self, action: AbstractAction) -> None:
        """Refuse an action without conditional draws of links.

        Raises:
            InputError: for other theories, for odd extents, which have no checkerboard, and for a coupling <= 0.
        """
        links = action.link_updates
        if links is None:
            got, fix = type(action).__name__, "method.kind: HMC"
            raise InputError("the heat bath is for SU(2) and SU(3) gauge theory", got=got, fix=fix)
        if any(extent % 2 for extent in action.shape):
            raise InputError("a checkerboard needs even extents", got=str(action.shape), fix="method.kind: HMC")
        if links.coupling <= 0:
            got = f"beta = {links.coupling:g}"
            raise InputError("the heat bath needs a positive coupling", got=got, fix="method.kind: HMC")

    def apply(self, action: AbstractAction, x: Field, key: Key, size: Scalar) -> Moved:
        """Sweep over parities, directions and subgroups.

        Args:
            action: an action with conditional draws of links.
            x: links.
            key: random key.
            size: not used.
        """
        for number in range(1 + self.overrelaxation):
            x = sweep(action, x, jr.fold_in(key, number), heat_bath if number == 0 else over_relaxation)
        certain = jnp.ones((), x.real.dtype)
        return Moved(x, certain, jnp.zeros_like(certain))


def heat_bath(key: Key, w: Quaternions, weight: Scalar) -> Quaternions:
    """Draw g such that g w / |w| is distributed as exp(weight |w| Re tr(.) / 2): the link moves to g U.

    Args:
        key: random key.
        w: U V.
        weight: factor of Re tr(U V) / 2 in the exponent.
    """
    length = su2.norm(w)
    safe = jnp.where(length > SMALLEST, length, 1.0)
    unit = jnp.where(length > SMALLEST, w / safe, jnp.zeros_like(w).at[0].set(1))
    drawn = kennedy_pendleton(key, jnp.maximum(weight * length, SMALLEST))
    return su2.multiply(drawn, su2.adjoint(unit))


def over_relaxation(key: Key, w: Quaternions, weight: Scalar) -> Quaternions:
    """g such that g w / |w| is the inverse of w / |w|: the action stays as it is.

    Args:
        key: not used.
        w: U V.
        weight: not used.
    """
    length = su2.norm(w)
    safe = jnp.where(length > SMALLEST, length, 1.0)
    back = jnp.where(length > SMALLEST, su2.adjoint(w) / safe, jnp.zeros_like(w).at[0].set(1))
    return su2.multiply(back, back)


def kennedy_pendleton(key: Key, alpha: Float[Array, "*lattice"]) -> Quaternions:
    r"""Draw SU(2) elements with density $\exp(\alpha q_0)$ in the invariant measure, by rejection."""

    def unfinished(state: Attempt) -> Flag:
        return ~jnp.all(state[1])

    def attempt(state: Attempt) -> Attempt:
        q0, done, count = state
        r = 1 - jr.uniform(jr.fold_in(key, count), (4, *alpha.shape), alpha.dtype)  # in (0, 1]
        square = -(jnp.log(r[0]) + jnp.cos(2 * np.pi * r[1]) ** 2 * jnp.log(r[2])) / (2 * alpha)
        accepted = (r[3] ** 2 <= 1 - square) & ~done
        return jnp.where(accepted, 1 - 2 * square, q0), done | accepted, count + 1

    start = jnp.zeros_like(alpha), jnp.zeros(alpha.shape, bool), jnp.asarray(1)
    q0, _, _ = jax.lax.while_loop(unfinished, attempt, start)
    around = jr.normal(jr.fold_in(key, 0), (3, *alpha.shape), alpha.dtype)
    around = around * jnp.sqrt(jnp.maximum(1 - q0**2, 0) / jnp.sum(around**2, axis=0))
    return jnp.concatenate([q0[None], around])


def sweep(action: AbstractAction, x: Field, key: Key, draw: SubgroupDraw) -> Field:
    """Update all links once, one parity and direction after the other.

    Args:
        action: an action with conditional draws of links.
        x: links, shape (*group axes, direction, *lattice).
        key: random key.
        draw: draws the SU(2) elements.
    """
    links, count = action.link_updates, len(action.shape)
    assert links is not None  # `check` refuses it
    axes = (slice(None),) * (x.ndim - 1 - count)  # of the group
    parity = jnp.asarray(np.indices(action.shape).sum(axis=0) % 2)

    def half_sweep(half: Int[Array, ""], x: Field) -> Field:
        for mu in range(count):
            changed = links.update(x, mu, jr.fold_in(key, half * count + mu), draw)
            x = x.at[(*axes, mu)].set(jnp.where(parity == half, changed, x[(*axes, mu)]))
        return x

    return jax.lax.fori_loop(0, 2, half_sweep, x)
