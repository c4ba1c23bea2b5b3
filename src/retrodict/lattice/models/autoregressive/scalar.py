r"""The scalar theory site by site: mixtures of normal laws, even sites of the checkerboard before odd ones.

$q(\phi_i|\text{earlier}) = \sum_k\sum_\pm w_{k\pm}\,N(\phi_i; m_k \pm b_k, s_k)$ with $m_k = \sum_c a_{kc}z_c$ and
$\ln w_{k\pm} = l_k \pm \sum_c g_{kc}z_c$ up to normalisation, where a, b, s, l, g depend on the products
$z_cz_{c'}$ only: exactly symmetric under the change of all signs, with two maxima where the symmetry is broken.

Source: Wang, Jiang, He, Zhou, Chin. Phys. Lett. 39 (2022) 120502 for the mixtures; the untrained weights are the
Hartree approximation, the free field whose mass contains its own fluctuations.
"""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Int, Key, Scalar
from retrodict.generate.explicit import AbstractExplicit
from retrodict.generate.model import Sample
from retrodict.lattice.models.autoregressive.network import (
    Size,
    Weights,
    adjacency,
    cast,
    checkerboard,
    conditionals,
    initial_weights,
    mask_later,
    parameters,
)

APART = 0.1  # half the distance of the means of a pair in an untrained mixture, in units of width times number


class Mixture(NamedTuple):
    """The conditional law of one site; the first half of the components has the upper sign.

    Args:
        log_share: logarithms of the shares, normalised.
        mean: the means.
        log_width: logarithms of the standard deviations.
    """

    log_share: Float[Array, " component"]
    mean: Float[Array, " component"]
    log_width: Float[Array, " component"]

    def log_density(self, value: Scalar) -> Scalar:
        """ln q of a value of the field.

        Args:
            value: the field at the site.
        """
        z = (value - self.mean) * jnp.exp(-self.log_width)
        return jax.nn.logsumexp(self.log_share - 0.5 * z**2 - self.log_width - 0.5 * math.log(2 * math.pi))


class NormalMixture(AbstractExplicit):
    """The field of a phi^4 theory on a lattice of even extents, drawn site by site with its exact density.

    Args:
        weights: of all sites, even ones first.
        shape: extents of the lattice.
        pairs: of components of each mixture.
    """

    weights: Weights
    shape: tuple[int, ...] = eqx.field(static=True)
    pairs: int = eqx.field(static=True)

    def sample(self, key: Key) -> Sample:
        """One configuration and log q.

        Args:
            key: random key.
        """
        weights = mask_later(self.weights)
        sites = math.prod(self.shape)

        def draw_site(
            values: Float[Array, " site"], site: tuple[Int[Array, ""], Weights, Key]
        ) -> tuple[Float[Array, " site"], Scalar]:
            index, own, site_key = site
            choice_key, draw_key = jr.split(site_key)
            law = self._law(own, values)
            chosen = jr.categorical(choice_key, law.log_share)
            value = law.mean[chosen] + jnp.exp(law.log_width[chosen]) * jr.normal(draw_key, (), values.dtype)
            return values.at[index].set(value), law.log_density(value)

        keys, start = jr.split(key, sites), jnp.zeros(sites, weights.shift.dtype)
        values, log_probs = jax.lax.scan(draw_site, start, (jnp.arange(sites), weights, keys))
        x = jnp.zeros_like(values).at[_order(self.shape)].set(values)
        return Sample(x.reshape(self.shape), jnp.sum(log_probs))

    def log_prob(self, x: Float[Array, "*lattice"]) -> Scalar:
        """log q with respect to the product of all d phi.

        Args:
            x: the field.
        """
        values = x.reshape(-1)[_order(self.shape)]
        weights = mask_later(self.weights)
        return jnp.sum(jax.vmap(lambda own, value: self._law(own, values).log_density(value))(weights, values))

    def _law(self, weights: Weights, values: Float[Array, " site"]) -> Mixture:
        """The law of one site given the fields of all; those that are not earlier have no weight."""
        z = weights.causal @ values
        outputs = parameters(weights, z[:, None], compress=True).reshape(self.pairs, -1)
        log_share, log_width, apart = outputs[:, 0], outputs[:, 1], outputs[:, 2]
        middle, tilt = outputs[:, 3:].reshape(self.pairs, 2, -1).swapaxes(0, 1) @ z
        return Mixture(
            log_share=jax.nn.log_softmax(jnp.concatenate([log_share + tilt, log_share - tilt])),
            mean=jnp.concatenate([middle + apart, middle - apart]),
            log_width=jnp.concatenate([log_width, log_width]),
        )


def normal_mixture(
    size: Size,
    shape: tuple[int, ...],
    kappa: Scalar | float,
    lam: Scalar | float,
    dtype: np.dtype,
    key: Key,
) -> NormalMixture:
    """The untrained model: the Hartree approximation of a phi^4 theory.

    Args:
        size: components (pairs of them), channels and width.
        shape: extents of the lattice, even.
        kappa: the hopping parameter.
        lam: the quartic coupling lambda.
        dtype: floating-point type of the field.
        key: random key of the initial weights.

    Raises:
        InputError: for an odd extent.
    """
    order, pairs = _order(shape), size.components
    means, given = conditionals(hartree_precision(shape, kappa, lam)[np.ix_(order, order)])
    weights = initial_weights(size, order, shape, means, pairs * (3 + 2 * size.channels), key)
    width = given[:, None] ** -0.5
    start = [jnp.zeros_like(width), jnp.log(width), APART * width * jnp.arange(pairs), jnp.ones_like(width)]
    start = jnp.stack(jnp.broadcast_arrays(*start, jnp.zeros((len(order), pairs)))[:4], axis=-1)
    rest = jnp.zeros((len(order), pairs, 2 * size.channels - 1))
    weights = weights._replace(shift=jnp.concatenate([start, rest], axis=-1).reshape(len(order), -1))
    return NormalMixture(weights=cast(weights, dtype), shape=shape, pairs=pairs)


def hartree_precision(shape: tuple[int, ...], kappa: Scalar | float, lam: Scalar | float) -> Float[Array, "site site"]:
    """The precision matrix of the free field with the mass 2 (1 - 2 lambda) + 12 lambda <phi^2>, by bisection.

    Args:
        shape: extents of the lattice.
        kappa: the hopping parameter.
        lam: the quartic coupling lambda.
    """
    bonds = adjacency(shape)
    hopping = 2 * kappa * np.linalg.eigvalsh(bonds)
    local, quartic = 2 - 4 * lam, 12 * lam

    def bisect(_: Int[Array, ""], ends: tuple[Scalar, Scalar]) -> tuple[Scalar, Scalar]:
        low, high = ends
        mass = 0.5 * (low + high)
        enough = mass > local + quartic * jnp.mean(1 / (mass - hopping))
        return jnp.where(enough, low, mass), jnp.where(enough, mass, high)

    least = jnp.asarray(jnp.max(hopping), float)
    _, mass = jax.lax.fori_loop(0, 100, bisect, (least, least + abs(local) + quartic + 1.0))
    return mass * np.eye(len(bonds)) - 2 * kappa * bonds


def _order(shape: tuple[int, ...]) -> Int[np.ndarray, " site"]:
    """The flat indices of the even sites, then of the odd ones."""
    return np.concatenate(checkerboard(shape))
