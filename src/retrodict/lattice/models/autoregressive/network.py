r"""What the autoregressive models of XY angles and of scalar fields share: an order of the sites and causal features.

Site i depends on the earlier sites of the order through channels $z_{ic} = \sum_{j<i} W_{icj}\,y_j$, where y is the
unit vector of an angle, or the field itself. A small network for each site computes the parameters of a mixture from
the products $z_c\cdot z_{c'}$, which no global symmetry changes.

The first channel starts as the conditional mean of a free field, $z_{i0} = \sum_{j<i}c_{ij}y_j$, so that an untrained
model is already that free field.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Int, Key


class Size(NamedTuple):
    """The size of a model.

    Args:
        components: the number of components of each mixture.
        channels: the number of causal channels (of harmonics of the flux, for plaquettes).
        width: the number of hidden units of a network.
    """

    components: int
    channels: int
    width: int


class Weights(NamedTuple):
    """Everything that is trained; the first axis is the site, in the order in which sites are drawn.

    Args:
        causal: W of the channels.
        hidden: from the products of channels to the hidden units.
        bias: of the hidden units.
        output: from the hidden units to the parameters of the mixture.
        shift: added to the parameters of the mixture.
    """

    causal: Float[Array, "*site channel earlier"]
    hidden: Float[Array, "*site product width"]
    bias: Float[Array, "*site width"]
    output: Float[Array, "*site width parameter"]
    shift: Float[Array, "*site parameter"]


def checkerboard(shape: tuple[int, ...]) -> tuple[Int[np.ndarray, " even"], Int[np.ndarray, " odd"]]:
    """The flat indices of the even and of the odd sites.

    Args:
        shape: extents of the lattice.

    Returns:
        Indices into the flattened lattice, ascending, of the even and of the odd sites.

    Raises:
        InputError: unless all extents are even.
    """
    if any(extent % 2 for extent in shape):
        raise InputError("a checkerboard needs even extents", got=str(shape), where="shape")
    parity = np.indices(shape).sum(axis=0).ravel() % 2
    return np.flatnonzero(parity == 0), np.flatnonzero(parity == 1)


def adjacency(shape: tuple[int, ...]) -> Float[np.ndarray, "site site"]:
    """The number of bonds between each pair of sites of a periodic lattice.

    Args:
        shape: extents of the lattice.

    Returns:
        A symmetric matrix of 0 and 1; 2 for neighbours across an extent of two.
    """
    sites = np.arange(np.prod(shape)).reshape(shape)
    bonds = np.zeros((sites.size, sites.size))
    for axis in range(len(shape)):
        np.add.at(bonds, (sites.ravel(), np.roll(sites, -1, axis).ravel()), 1.0)
    return bonds + bonds.T


def conditionals(
    precision: Float[Array, "site site"] | Float[np.ndarray, "site site"],
) -> tuple[Float[Array, "site site"], Float[Array, " site"]]:
    """The conditional laws of a Gaussian field, each site given the earlier ones.

    They follow from the Cholesky factor in reversed order: its columns condition on what comes later in that order,
    which is what comes earlier in the original one.

    Args:
        precision: the inverse covariance.

    Returns:
        c with <y_i | earlier> = sum_j c_ij y_j, strictly lower triangular; and the precision of each y_i given the
        earlier ones.
    """
    factor = jnp.linalg.cholesky(precision[::-1, ::-1])
    diagonal = jnp.diag(factor)
    means = -jnp.tril((factor / diagonal).T[::-1, ::-1], -1)
    return means, diagonal[::-1] ** 2


def initial_weights(
    size: Size,
    places: Int[np.ndarray, " site"],
    shape: tuple[int, ...],
    means: Float[Array, "site site"],
    outputs: int,
    key: Key,
) -> Weights:
    """The weights of an untrained model; its output is near zero, and the caller sets the shift.

    The first channel is `means`. The other channels are `means` with random factors that depend on the displacement
    of two sites only.

    Args:
        size: components, channels and width.
        places: flat indices of the sites, in the order in which they are drawn.
        shape: extents of the lattice.
        means: the coefficients of the conditional means (see `conditionals`).
        outputs: the number of parameters of a mixture.
        key: random key.
    """
    sites, channels, width = len(places), size.channels, size.width
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
    """The inner products of all pairs of channels, each once.

    Args:
        z: the channels of one site, each a vector of one or two components.
    """
    first, second = np.triu_indices(len(z))
    return jnp.sum(z[first] * z[second], axis=-1)


def parameters(weights: Weights, z: Float[Array, "channel part"], compress: bool = False) -> Float[Array, " parameter"]:
    """The parameters of the mixture of one site, by its network.

    Args:
        weights: the weights of this site, without the axis of sites.
        z: its channels.
        compress: whether to take the inverse hyperbolic sine of the products first: for fields without a bound.
    """
    features = jnp.arcsinh(products(z)) if compress else products(z)
    return jnp.tanh(features @ weights.hidden + weights.bias) @ weights.output + weights.shift


def mask_later(weights: Weights) -> Weights:
    """The weights with the coefficients of all sites that are not earlier set to zero.

    Args:
        weights: the weights of all sites.
    """
    earlier = np.tri(len(weights.shift), k=-1, dtype=weights.shift.dtype)
    return weights._replace(causal=weights.causal * earlier[:, None, :])


def cast(weights: Weights, dtype: np.dtype) -> Weights:
    """The weights in another floating-point type.

    Args:
        weights: the weights of all sites.
        dtype: the type of the field.
    """
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), weights)
