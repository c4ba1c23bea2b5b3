r"""The XY model site by site: von Mises mixtures on the even sites, exact conditionals on the odd ones.

Even sites: $q(\theta_i|\text{earlier}) = \sum_k w_k\,\mathrm{vM}(\theta_i; \mathbf h_k)$ with fields
$\mathbf h_k = \sum_c a_{kc}\mathbf z_c$, where w and a depend on the invariants $\mathbf z_c\cdot\mathbf z_{c'}$
only: exactly covariant under O(2), periodic without a seam, and the first angle is uniform. Odd sites: given the even
ones they are independent, each a von Mises spin in the field $\beta\sum_{\text{neighbours}}\mathbf u$.

Sources: Wang, Jiang, He, Zhou, Chin. Phys. Lett. 39 (2022) 120502 (continuous-mixture autoregressive networks, there
with Beta laws); the untrained weights are the spin waves of Berezinskii, Sov. Phys. JETP 32 (1971) 493.
"""

import math

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
from retrodict.lattice.theories.phi4 import neighbour_sum
from retrodict.num import von_mises


class AngleMixture(AbstractExplicit):
    """Angles of an XY model on a lattice of even extents, drawn site by site with their exact density.

    Args:
        beta: the coupling of nearest neighbours.
        weights: of the even sites, in their order.
        shape: extents of the lattice.
        components: of each mixture.
    """

    beta: Scalar
    weights: Weights
    shape: tuple[int, ...] = eqx.field(static=True)
    components: int = eqx.field(static=True)

    def sample(self, key: Key) -> Sample:
        """One configuration in (-pi, pi] and log q.

        Args:
            key: random key.
        """
        even_key, odd_key = jr.split(key)
        weights = mask_later(self.weights)
        sites = len(weights.shift)

        def draw_site(
            spins: Float[Array, "site 2"], site: tuple[Int[Array, ""], Weights, Key]
        ) -> tuple[Float[Array, "site 2"], tuple[Scalar, Scalar]]:
            index, own, site_key = site
            choice_key, draw_key = jr.split(site_key)
            log_share, field = self._mixture(own, own.causal @ spins)
            chosen = field[jr.categorical(choice_key, log_share)]
            angle = von_mises.draw(draw_key, chosen)
            spin = von_mises.unit(angle)
            log_prob = jax.nn.logsumexp(log_share + von_mises.log_density(spin, field))
            return spins.at[index].set(spin), (angle, log_prob)

        start = jnp.zeros((sites, 2), weights.shift.dtype)
        _, (angles, log_probs) = jax.lax.scan(draw_site, start, (jnp.arange(sites), weights, jr.split(even_key, sites)))
        even, odd = checkerboard(self.shape)
        x = jnp.zeros(math.prod(self.shape), angles.dtype).at[even].set(angles)
        field = self._odd_field(von_mises.unit(x))
        angles = von_mises.draw(odd_key, field)
        log_prob = jnp.sum(log_probs) + jnp.sum(von_mises.log_density(von_mises.unit(angles), field))
        return Sample(x.at[odd].set(angles).reshape(self.shape), log_prob)

    def log_prob(self, x: Float[Array, "*lattice"]) -> Scalar:
        """log q with respect to the product of all d theta.

        Args:
            x: angles [rad].
        """
        spins = von_mises.unit(x.reshape(-1))
        even, odd = checkerboard(self.shape)
        given_even = von_mises.log_density(spins[odd], self._odd_field(spins))
        return self.log_prob_even(spins[even]) + jnp.sum(given_even)

    def log_prob_even(self, spins: Float[Array, "site 2"]) -> Scalar:
        """log q of the angles on the even sites.

        Args:
            spins: the unit vectors of the even sites, in their order.
        """
        weights = mask_later(self.weights)

        def log_density(own: Weights, spin: Float[Array, " 2"]) -> Scalar:
            log_share, field = self._mixture(own, own.causal @ spins)
            return jax.nn.logsumexp(log_share + von_mises.log_density(spin, field))

        return jnp.sum(jax.vmap(log_density)(weights, spins))

    def _mixture(
        self, weights: Weights, z: Float[Array, "channel 2"]
    ) -> tuple[Float[Array, " component"], Float[Array, "component 2"]]:
        """The logarithms of the shares, and the fields, of one site."""
        values = parameters(weights, z)
        amplitude = values[self.components :].reshape(self.components, -1)
        return jax.nn.log_softmax(values[: self.components]), amplitude @ z

    def _odd_field(self, spins: Float[Array, "site 2"]) -> Float[Array, "odd 2"]:
        """beta times the sum of the neighbours of each odd site."""
        _, odd = checkerboard(self.shape)
        around = [neighbour_sum(spins[:, part].reshape(self.shape)).reshape(-1)[odd] for part in (0, 1)]
        return jnp.asarray(self.beta, spins.dtype) * jnp.stack(around, axis=-1)


def angle_mixture(size: Size, shape: tuple[int, ...], beta: Scalar | float, dtype: np.dtype, key: Key) -> AngleMixture:
    """The untrained model: the spin waves of an XY model.

    Args:
        size: components, channels and width.
        shape: extents of the lattice, even.
        beta: the coupling of nearest neighbours.
        dtype: floating-point type of the field.
        key: random key of the initial weights.

    Raises:
        InputError: for an odd extent.
    """
    even, odd = checkerboard(shape)
    neighbours, bonds = 2 * len(shape), adjacency(shape)[np.ix_(even, odd)]
    stiffness = spin_wave_stiffness(beta, neighbours)
    precision = stiffness * (neighbours * np.eye(len(even)) - bonds @ bonds.T / neighbours)
    means, given = conditionals(precision + 1e-9 * np.eye(len(even)))  # a global rotation costs nothing
    count = size.components
    weights = initial_weights(size, even, shape, means, count * (1 + size.channels), key)
    first = count + size.channels * np.arange(count)
    weights = weights._replace(shift=weights.shift.at[:, first].set(given[:, None]))
    beta = jnp.asarray(beta, float)
    return AngleMixture(beta=beta, weights=cast(weights, dtype), shape=shape, components=count)


def spin_wave_stiffness(beta: Scalar | float, neighbours: int) -> Scalar:
    """The coupling b of the spin waves that fit the cosine best: b = beta exp(-1 / (neighbours b)).

    Where it has no solution (high temperature), the last coupling that has one for some beta.

    Args:
        beta: the coupling of nearest neighbours.
        neighbours: the number of neighbours of a site.
    """

    def iterate(_: Int[Array, ""], b: Scalar) -> Scalar:
        return jnp.maximum(beta * jnp.exp(-1 / (neighbours * b)), 1 / neighbours)

    return jax.lax.fori_loop(0, 200, iterate, jnp.asarray(beta, float))
