r"""Cluster updates: Swendsen-Wang for Ising spins, and for those embedded in XY angles and in scalar fields.

A field whose bonds are $-K c_x c_y$ with signed components c is an Ising model of their signs; equal signs are bonded
with probability $1 - \exp(-2Kc_xc_y)$ and each cluster is flipped with probability 1/2. Angles are mirrored at a random
axis (Wolff); for scalar fields |phi| stays, so that another update must go with it.

Sources: Swendsen, Wang, Phys. Rev. Lett. 58 (1987) 86; Wolff, Phys. Rev. Lett. 62 (1989) 361; Brower, Tamayo, Phys.
Rev. Lett. 62 (1989) 1087.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Bool, Int, Key, Scalar
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.samplers.updates import Moved, Untuned
from retrodict.lattice.theories.phi4 import AbstractPhi4, Phi4
from retrodict.lattice.theories.spins import XY, Ising


@dataclass(frozen=True)
class ClusterSweep(Untuned):
    """All clusters at once, each flipped with probability 1/2; `alone` if no other update goes with it."""

    alone: bool = False

    def check(self, action: AbstractAction) -> None:
        """Raise `InputError` for a theory without embedded Ising spins, an antiferromagnet, and where clusters alone
        do not reach every field."""
        if not isinstance(action, Ising | XY | AbstractPhi4):
            fix = "method.kind: HMC"
            raise InputError("clusters are for Ising, XY and phi^4", got=type(action).__name__, fix=fix)
        if ferromagnetic_coupling(action) < 0:
            got, why = f"a coupling of {ferromagnetic_coupling(action):g}", "bonds join equal signs"
            raise InputError("clusters need neighbours that want to be equal", got=got, why=why, fix="method.kind: HMC")
        if self.alone and isinstance(action, AbstractPhi4):
            why, fix = "they flip signs and leave |phi| as it is", "method.trajectory: true"
            raise InputError("clusters alone do not sample phi^4", why=why, fix=fix)

    def apply(self, action: AbstractAction, x: Array, key: Key, size: Scalar) -> Moved:
        """Bonds, clusters, coins."""
        axis_key, bond_key, coin_key = jr.split(key, 3)
        component, coupling, mirrored = embedded(action, x, axis_key)
        label = clusters(bonds(component, coupling, bond_key))
        coin = jr.bernoulli(coin_key, 0.5, (x.size,))[label]
        one = jnp.ones((), x.dtype)
        return Moved(jnp.where(coin, mirrored(x), x), one, jnp.zeros_like(one))


def embedded(action: AbstractAction, x: Array, key: Key) -> tuple[Array, float, Callable[[Array], Array]]:
    """Signed components c, the coupling K of S = -K sum c c' + local terms, and what flipping does."""
    if isinstance(action, XY):
        axis = jr.uniform(key, (), x.dtype, -np.pi, np.pi)
        return jnp.cos(x - axis), action.beta, lambda angle: np.pi + 2 * axis - angle
    return x, ferromagnetic_coupling(action), lambda field: -field


def ferromagnetic_coupling(action: AbstractAction) -> float:
    """K of S = -K sum c c' + local terms."""
    if isinstance(action, XY):
        return action.beta
    if isinstance(action, Ising):
        return action.coupling
    return 2 * action.kappa if isinstance(action, Phi4) else 1.0


def bonds(component: Array, coupling: float, key: Key) -> Bool[Array, "axis ..."]:
    """Which sites are bonded to their forward neighbour, one array an axis."""
    products = jnp.stack([component * jnp.roll(component, -1, axis) for axis in range(component.ndim)])
    probability = -jnp.expm1(-2 * coupling * jnp.maximum(products, 0))
    return jr.uniform(key, products.shape, component.dtype) < probability


def clusters(bonded: Bool[Array, "axis ..."]) -> Int[Array, "..."]:
    """The smallest site number in the cluster of each site: neighbours compare, then each asks its label's label."""
    shape = bonded.shape[1:]
    start = jnp.arange(np.prod(shape)).reshape(shape)

    def compared(label: Array) -> Array:
        for axis in range(len(shape)):
            ahead = jnp.roll(label, -1, axis)
            label = jnp.where(bonded[axis], jnp.minimum(label, ahead), label)
            behind = jnp.roll(jnp.where(bonded[axis], label, start.size), 1, axis)
            label = jnp.minimum(label, behind)
        return label.reshape(-1)[label]

    def step(state: tuple[Array, Array]) -> tuple[Array, Array]:
        label, _ = state
        new = compared(label)
        return new, jnp.any(new != label)

    return jax.lax.while_loop(lambda state: state[1], step, (start, jnp.asarray(True)))[0]
