r"""The scalar theory site by site: mixtures of normal laws, even sites of the checkerboard before odd ones.

$q(\phi_i|\text{earlier}) = \sum_k\sum_\pm w_{k\pm}\,N(\phi_i; m_k \pm b_k, s_k)$ with $m_k = \sum_c a_{kc}z_c$ and
$\ln w_{k\pm} = l_k \pm \sum_c g_{kc}z_c$ up to normalisation, where a, b, s, l, g depend on the products
$z_cz_{c'}$ only: exactly symmetric under the change of all signs, and able to be of two minds where a phase is broken.

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

from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.generate.explicit import AbstractExplicit
from retrodict.generate.model import Sample
from retrodict.lattice.models.autoregressive.recipe import (
    Autoregressive,
    Weights,
    adjacency,
    causal,
    checkerboard,
    conditionals,
    fresh_weights,
    in_precision_of,
    parameters,
)
from retrodict.lattice.theories.phi4 import Phi4

APART = 0.1  # half the distance of the twins in an untrained mixture, in units of their width and of their number


class Mixture(NamedTuple):
    """The conditional law of one site; the first half of the components has the upper sign."""

    log_share: Float[Array, " component"]
    mean: Float[Array, " component"]
    log_width: Float[Array, " component"]

    def log_density(self, value: Scalar) -> Scalar:
        """ln q of a value of the field."""
        z = (value - self.mean) * jnp.exp(-self.log_width)
        return jax.nn.logsumexp(self.log_share - 0.5 * z**2 - self.log_width - 0.5 * math.log(2 * math.pi))


class NormalMixture(AbstractExplicit):
    """The field of a phi^4 theory on a lattice of even extents, drawn site by site with its exact density."""

    action: Phi4
    weights: Weights
    pairs: int = eqx.field(static=True)

    def sample(self, key: Key) -> Sample:
        """One configuration and log q."""
        weights = causal(self.weights)
        sites = self.action.volume

        def next_site(values: Array, site: tuple[Array, Weights, Key]) -> tuple[Array, Scalar]:
            index, mine, k = site
            choice_key, draw_key = jr.split(k)
            law = self._law(mine, values)
            chosen = jr.categorical(choice_key, law.log_share)
            value = law.mean[chosen] + jnp.exp(law.log_width[chosen]) * jr.normal(draw_key, (), values.dtype)
            return values.at[index].set(value), law.log_density(value)

        keys, start = jr.split(key, sites), jnp.zeros(sites, weights.shift.dtype)
        values, log_probs = jax.lax.scan(next_site, start, (jnp.arange(sites), weights, keys))
        x = jnp.zeros_like(values).at[_order(self.action.shape)].set(values)
        return Sample(x.reshape(self.action.shape), jnp.sum(log_probs))

    def log_prob(self, x: Array) -> Scalar:
        """log q with respect to the product of all d phi."""
        values = x.reshape(-1)[_order(self.action.shape)]
        weights = causal(self.weights)
        return jnp.sum(jax.vmap(lambda mine, value: self._law(mine, values).log_density(value))(weights, values))

    def _law(self, mine: Weights, values: Float[Array, " site"]) -> Mixture:
        """The law of one site given the fields of all; those that are not earlier have no weight."""
        z = mine.causal @ values
        found = parameters(mine, z[:, None], compressed=True).reshape(self.pairs, -1)
        log_share, log_width, apart = found[:, 0], found[:, 1], found[:, 2]
        middle, tilt = found[:, 3:].reshape(self.pairs, 2, -1).swapaxes(0, 1) @ z
        return Mixture(
            log_share=jax.nn.log_softmax(jnp.concatenate([log_share + tilt, log_share - tilt])),
            mean=jnp.concatenate([middle + apart, middle - apart]),
            log_width=jnp.concatenate([log_width, log_width]),
        )


def normal_mixture(recipe: Autoregressive, action: Phi4, key: Key) -> NormalMixture:
    """The Hartree approximation of `action` as a model."""
    order, pairs = _order(action.shape), recipe.components
    means, given = conditionals(hartree(action)[np.ix_(order, order)])
    weights = fresh_weights(recipe, order, action.shape, means, pairs * (3 + 2 * recipe.channels), key)
    width = given[:, None] ** -0.5
    start = [jnp.zeros_like(width), jnp.log(width), APART * width * jnp.arange(pairs), jnp.ones_like(width)]
    start = jnp.stack(jnp.broadcast_arrays(*start, jnp.zeros((len(order), pairs)))[:4], axis=-1)
    rest = jnp.zeros((len(order), pairs, 2 * recipe.channels - 1))
    weights = weights._replace(shift=jnp.concatenate([start, rest], axis=-1).reshape(len(order), -1))
    return NormalMixture(action=action, weights=in_precision_of(action, weights), pairs=pairs)


def hartree(action: Phi4) -> Float[Array, "site other"]:
    """The precision matrix of the free field with the mass 2 (1 - 2 lambda) + 12 lambda <phi^2>, by bisection."""
    bonds = adjacency(action.shape)
    hopping = 2 * action.kappa * np.linalg.eigvalsh(bonds)
    local, quartic = 2 - 4 * action.lam, 12 * action.lam

    def halved(_: int, ends: tuple[Scalar, Scalar]) -> tuple[Scalar, Scalar]:
        low, high = ends
        mass = 0.5 * (low + high)
        enough = mass > local + quartic * jnp.mean(1 / (mass - hopping))
        return jnp.where(enough, low, mass), jnp.where(enough, mass, high)

    least = jnp.asarray(jnp.max(hopping), float)
    _, mass = jax.lax.fori_loop(0, 100, halved, (least, least + abs(local) + quartic + 1.0))
    return mass * np.eye(len(bonds)) - 2 * action.kappa * bonds


def _order(shape: tuple[int, ...]) -> np.ndarray:
    return np.concatenate(checkerboard(shape))
