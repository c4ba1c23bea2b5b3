r"""The XY model site by site: von Mises mixtures on the even sites, exact conditionals on the odd ones.

Even sites: $q(\theta_i|\text{earlier}) = \sum_k w_k\,\mathrm{vM}(\theta_i; \mathbf h_k)$ with fields
$\mathbf h_k = \sum_c a_{kc}\mathbf z_c$, where w and a depend on the invariants $\mathbf z_c\cdot\mathbf z_{c'}$
only: exactly covariant under O(2), periodic without a seam, and the first angle is uniform. Odd sites: given the even
ones they are independent, each a von Mises spin in the field $\beta\sum_{\text{neighbours}}\mathbf u$.

Sources: Wang, Jiang, He, Zhou, Chin. Phys. Lett. 39 (2022) 120502 (continuous-mixture autoregressive networks, there
with Beta laws); the untrained weights are the spin waves of Berezinskii, Sov. Phys. JETP 32 (1971) 493.
"""

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
from retrodict.lattice.theories.phi4 import neighbour_sum
from retrodict.lattice.theories.spins import XY
from retrodict.num import von_mises


class AngleMixture(AbstractExplicit):
    """Angles of an XY model on a lattice of even extents, drawn site by site with their exact density."""

    action: XY
    weights: Weights
    components: int = eqx.field(static=True)

    def sample(self, key: Key) -> Sample:
        """One configuration in (-pi, pi] and log q."""
        even_key, odd_key = jr.split(key)
        weights = causal(self.weights)
        sites = len(weights.shift)

        def next_site(spins: Array, site: tuple[Array, Weights, Key]) -> tuple[Array, tuple[Array, Array]]:
            index, mine, k = site
            choice_key, draw_key = jr.split(k)
            log_share, field = self._mixture(mine, mine.causal @ spins)
            chosen = field[jr.categorical(choice_key, log_share)]
            angle = von_mises.draw(draw_key, chosen)
            spin = von_mises.unit(angle)
            log_prob = jax.nn.logsumexp(log_share + von_mises.log_density(spin, field))
            return spins.at[index].set(spin), (angle, log_prob)

        start = jnp.zeros((sites, 2), weights.shift.dtype)
        _, (angles, log_probs) = jax.lax.scan(next_site, start, (jnp.arange(sites), weights, jr.split(even_key, sites)))
        even, odd = checkerboard(self.action.shape)
        x = jnp.zeros(self.action.volume, angles.dtype).at[even].set(angles)
        field = self._odd_field(von_mises.unit(x))
        angles = von_mises.draw(odd_key, field)
        log_prob = jnp.sum(log_probs) + jnp.sum(von_mises.log_density(von_mises.unit(angles), field))
        return Sample(x.at[odd].set(angles).reshape(self.action.shape), log_prob)

    def log_prob(self, x: Array) -> Scalar:
        """log q with respect to the product of all d theta."""
        spins = von_mises.unit(x.reshape(-1))
        even, odd = checkerboard(self.action.shape)
        given = von_mises.log_density(spins[odd], self._odd_field(spins))
        return self.log_prob_even(spins[even]) + jnp.sum(given)

    def log_prob_even(self, spins: Float[Array, "site 2"]) -> Scalar:
        """log q of the unit vectors on the even sites, in their order."""
        weights = causal(self.weights)

        def one(mine: Weights, spin: Array) -> Scalar:
            log_share, field = self._mixture(mine, mine.causal @ spins)
            return jax.nn.logsumexp(log_share + von_mises.log_density(spin, field))

        return jnp.sum(jax.vmap(one)(weights, spins))

    def _mixture(self, mine: Weights, z: Float[Array, "channel 2"]) -> tuple[Array, Float[Array, "component 2"]]:
        """Logarithms of the shares, and the fields, of one site."""
        found = parameters(mine, z)
        amplitude = found[self.components :].reshape(self.components, -1)
        return jax.nn.log_softmax(found[: self.components]), amplitude @ z

    def _odd_field(self, spins: Float[Array, "site 2"]) -> Float[Array, "odd 2"]:
        _, odd = checkerboard(self.action.shape)
        around = [neighbour_sum(spins[:, part].reshape(self.action.shape)).reshape(-1)[odd] for part in (0, 1)]
        return jnp.asarray(self.action.beta, spins.dtype) * jnp.stack(around, axis=-1)


def angle_mixture(recipe: Autoregressive, action: XY, key: Key) -> AngleMixture:
    """The spin waves of `action` as a model."""
    even, odd = checkerboard(action.shape)
    neighbours, bonds = 2 * len(action.shape), adjacency(action.shape)[np.ix_(even, odd)]
    stiffness = renormalised(action.beta, neighbours)
    precision = stiffness * (neighbours * np.eye(len(even)) - bonds @ bonds.T / neighbours)
    means, given = conditionals(precision + 1e-9 * np.eye(len(even)))  # a global turn costs nothing
    count = recipe.components
    weights = fresh_weights(recipe, even, action.shape, means, count * (1 + recipe.channels), key)
    first = count + recipe.channels * np.arange(count)
    weights = weights._replace(shift=weights.shift.at[:, first].set(given[:, None]))
    return AngleMixture(action=action, weights=in_precision_of(action, weights), components=count)


def renormalised(beta: Scalar | float, neighbours: int) -> Scalar:
    """The coupling b of spin waves that fit the cosine best: b = beta exp(-1 / (neighbours b)).

    Where it has no solution (high temperature), the last coupling that has one for some beta.
    """

    def closer(_: int, b: Scalar) -> Scalar:
        return jnp.maximum(beta * jnp.exp(-1 / (neighbours * b)), 1 / neighbours)

    return jax.lax.fori_loop(0, 200, closer, jnp.asarray(beta, float))
