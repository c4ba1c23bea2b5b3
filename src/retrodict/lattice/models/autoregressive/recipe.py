r"""What the autoregressive models of XY angles and of scalar fields share: an order of the sites, and causal features.

Site i of the order sees the earlier ones through channels $z_{ic} = \sum_{j<i} W_{icj}\,y_j$, y being the unit vector
of an angle or the field itself, and a small network of its own turns the products $z_c\cdot z_{c'}$, which no
global symmetry changes, into the parameters of a mixture.

The first channel starts as the conditional mean of a free field, $z_{i0} = \sum_{j<i}c_{ij}y_j$, so that an untrained
model is already that free field.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key
from retrodict.generate.explicit import AbstractExplicit
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.spins import XY
from retrodict.lattice.theories.wilson import Wilson


class Weights(NamedTuple):
    """All that is learnt; the first axis is the site."""

    causal: Float[Array, "site channel earlier"]
    hidden: Float[Array, "site product width"]
    bias: Float[Array, "site width"]
    output: Float[Array, "site width parameter"]
    shift: Float[Array, "site parameter"]


@dataclass(frozen=True)
class Autoregressive:
    """A recipe: `components` of each mixture, causal `channels`, and the `width` of each site's network.

    `on` binds it to XY angles, or to a phi^4 field (there components are pairs), on a lattice of even extents; or to
    U(1) links in two dimensions, where plaquettes are drawn in turn and channels are harmonics of the flux so far.
    """

    components: int = 3
    channels: int = 8
    width: int = 24

    references: ClassVar[tuple[str, ...]] = ("wang2022can", "wu2019")

    def on(self, target: Any, key: Key) -> AbstractExplicit:
        """The model with the weights of a free field. Raises `InputError` for other theories and odd extents."""
        from retrodict.lattice.models.autoregressive.angles import angle_mixture
        from retrodict.lattice.models.autoregressive.plaquettes import flux_mixture
        from retrodict.lattice.models.autoregressive.scalar import normal_mixture

        if min(self.components, self.channels, self.width) < 1:
            raise InputError("no such model", got=str(self), expected="components, channels, width >= 1")
        if isinstance(target, XY):
            return angle_mixture(self, target, key)
        if isinstance(target, Phi4):
            return normal_mixture(self, target, key)
        if isinstance(target, Wilson):
            return flux_mixture(self, target, key)
        raise InputError("autoregressive models are for XY, phi^4 and U(1)", got=type(target).__name__)


def checkerboard(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The flat numbers of the even and of the odd sites. Raises `InputError` unless all extents are even."""
    if any(extent % 2 for extent in shape):
        raise InputError("a checkerboard needs even extents", got=str(shape), where="shape")
    parity = np.indices(shape).sum(axis=0).ravel() % 2
    return np.flatnonzero(parity == 0), np.flatnonzero(parity == 1)


def adjacency(shape: tuple[int, ...]) -> Float[np.ndarray, "site other"]:
    """The number of bonds between each pair of sites of a periodic lattice: two across an extent of two."""
    sites = np.arange(np.prod(shape)).reshape(shape)
    bonds = np.zeros((sites.size, sites.size))
    for axis in range(len(shape)):
        np.add.at(bonds, (sites.ravel(), np.roll(sites, -1, axis).ravel()), 1.0)
    return bonds + bonds.T


def conditionals(precision: Float[Array, "site other"]) -> tuple[Array, Array]:
    """Of a Gaussian with this precision: c with <y_i | earlier> = sum_j c_ij y_j, and the precision of each given them.

    From the Cholesky factor in reversed order: its columns condition on what comes later, that is, earlier.
    """
    factor = jnp.linalg.cholesky(precision[::-1, ::-1])
    diagonal = jnp.diag(factor)
    means = -jnp.tril((factor / diagonal).T[::-1, ::-1], -1)
    return means, diagonal[::-1] ** 2


def fresh_weights(
    recipe: Autoregressive, places: np.ndarray, shape: tuple[int, ...], means: Array, outputs: int, key: Key
) -> Weights:
    """The first channel is `means`; the others are the same with random factors that depend on the displacement only.

    `places` are the flat numbers of the sites in their order. The output starts near zero: the caller sets its shift.
    """
    sites, channels, width = len(places), recipe.channels, recipe.width
    factor_key, hidden_key, output_key = jr.split(key, 3)
    where = np.stack(np.unravel_index(places, shape))
    displacement = (where[:, None, :] - where[:, :, None]) % np.array(shape)[:, None, None]
    factors = jr.normal(factor_key, (channels, *shape)).at[0].set(1.0)
    pairs = channels * (channels + 1) // 2
    return Weights(
        causal=means[:, None, :] * jnp.moveaxis(factors[:, *displacement], 0, 1),
        hidden=jr.normal(hidden_key, (sites, pairs, width)) / np.sqrt(channels),
        bias=jnp.zeros((sites, width)),
        output=jr.normal(output_key, (sites, width, outputs)) * 0.1 / np.sqrt(width),
        shift=jnp.zeros((sites, outputs)),
    )


def products(z: Float[Array, "channel part"]) -> Float[Array, " product"]:
    """The inner products of all pairs of channels, each once."""
    first, second = np.triu_indices(len(z))
    return jnp.sum(z[first] * z[second], axis=-1)


def parameters(
    weights: Weights, z: Float[Array, "channel part"], compressed: bool = False
) -> Float[Array, " parameter"]:
    """What the network of one site, whose weights these are, makes of its channels; unbounded ones `compressed`."""
    seen = jnp.arcsinh(products(z)) if compressed else products(z)
    return jnp.tanh(seen @ weights.hidden + weights.bias) @ weights.output + weights.shift


def causal(weights: Weights) -> Weights:
    """The weights, blind to what is not earlier."""
    earlier = np.tri(len(weights.shift), k=-1, dtype=weights.shift.dtype)
    return weights._replace(causal=weights.causal * earlier[:, None, :])


def in_precision_of(action: AbstractAction, weights: Weights) -> Weights:
    """The weights with the floating-point type of the field."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, action.cold().dtype), weights)
