r"""Cluster updates: Swendsen-Wang for Ising spins, and for those embedded in XY angles and in scalar fields.

A field whose bonds are $-K c_x c_y$ with signed components c is an Ising model of their signs; equal signs are bonded
with probability $1 - \exp(-2Kc_xc_y)$ and each cluster is flipped with probability 1/2. Angles are mirrored at a random
axis (Wolff); for scalar fields |phi| stays, so that another update must go with it.

Sources: Swendsen, Wang, Phys. Rev. Lett. 58 (1987) 86; Wolff, Phys. Rev. Lett. 62 (1989) 361; Brower, Tamayo, Phys.
Rev. Lett. 62 (1989) 1087.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Bool, Flag, Float, Int, Key, Scalar
from retrodict.lattice.core.action import AbstractAction, EmbeddedSpins
from retrodict.lattice.core.spaces import Field
from retrodict.lattice.samplers.updates import Moved, Untuned


@dataclass(frozen=True)
class ClusterSweep(Untuned):
    """All clusters at once, each flipped with probability 1/2.

    Args:
        alone: whether no other update goes with it.
    """

    alone: bool = False

    def check(self, action: AbstractAction) -> None:
        """Refuse an action for which clusters are wrong or not enough.

        Raises:
            InputError: for an action without embedded Ising spins, for an antiferromagnet, and if `alone` where
                clusters alone do not reach every field.
        """
        spins, name = action.embedded_spins, type(action).__name__
        if spins is None:
            raise InputError("clusters are for actions with Ising spins in them", got=name, fix="method.kind: HMC")
        if spins.coupling < 0:
            got, why = f"a coupling of {spins.coupling:g}", "bonds join equal signs"
            raise InputError("clusters need a ferromagnetic coupling", got=got, why=why, fix="method.kind: HMC")
        if self.alone and not spins.complete:
            why, fix = "they flip signs and leave |phi| as it is", "method.trajectory: true"
            raise InputError(f"clusters alone do not sample {name}", why=why, fix=fix)

    def apply(self, action: AbstractAction, x: Field, key: Key, size: Scalar) -> Moved:
        """Draw bonds, find clusters, flip a coin for each.

        Args:
            action: an action with embedded spins.
            x: the field.
            key: random key.
            size: not used.
        """
        axis_key, bond_key, coin_key = jr.split(key, 3)
        spins = _embedded_spins(action)
        component, flipped = spins.draw(x, axis_key)
        label = clusters(bonds(component, spins.coupling, bond_key))
        coin = jr.bernoulli(coin_key, 0.5, (x.size,))[label]
        certain = jnp.ones((), x.dtype)
        return Moved(jnp.where(coin, flipped(x), x), certain, jnp.zeros_like(certain))


def _embedded_spins(action: AbstractAction) -> EmbeddedSpins:
    spins = action.embedded_spins
    assert spins is not None  # `check` refuses it
    return spins


def bonds(component: Float[Array, "*lattice"], coupling: float | Scalar, key: Key) -> Bool[Array, "axis *lattice"]:
    """Draw which sites are bonded to their forward neighbour.

    Args:
        component: signed components c of the embedded spins.
        coupling: K of S = -K sum c c'.
        key: random key.
    """
    products = jnp.stack([component * jnp.roll(component, -1, axis) for axis in range(component.ndim)])
    probability = -jnp.expm1(-2 * coupling * jnp.maximum(products, 0))
    return jr.uniform(key, products.shape, component.dtype) < probability


def clusters(bonded: Bool[Array, "axis *lattice"]) -> Int[Array, "*lattice"]:
    """The smallest site number in the cluster of each site.

    Each step takes the smaller label of bonded neighbours, then the label of the site that a label names.
    """
    shape = bonded.shape[1:]
    start = jnp.arange(np.prod(shape)).reshape(shape)

    def smaller(label: Int[Array, "*lattice"]) -> Int[Array, "*lattice"]:
        for axis in range(len(shape)):
            ahead = jnp.roll(label, -1, axis)
            label = jnp.where(bonded[axis], jnp.minimum(label, ahead), label)
            behind = jnp.roll(jnp.where(bonded[axis], label, start.size), 1, axis)
            label = jnp.minimum(label, behind)
        return label.reshape(-1)[label]

    def step(state: tuple[Int[Array, "*lattice"], Flag]) -> tuple[Int[Array, "*lattice"], Flag]:
        label, _ = state
        new = smaller(label)
        return new, jnp.any(new != label)

    return jax.lax.while_loop(lambda state: state[1], step, (start, jnp.asarray(True)))[0]
