r"""U(1) links in two dimensions, plaquette by plaquette: an autoregressive model of the plaquette angles.

On a torus of V plaquettes all but the last are independent under the invariant measure; the last one is minus the sum
of the others (the flux constraint). The model draws $p_1 \ldots p_{V-1}$ in turn from mixtures of von Mises laws, whose
shares and fields a network computes from the flux of the earlier plaquettes, $\Phi_i = \sum_{j<i} p_j$ modulo $2\pi$,
and from the number of plaquettes left. Links are uniform among those with these plaquettes. With respect to links of
total measure one the density is $\prod_{i<V} 2\pi\,q(p_i|\Phi_i, V - i)$: exact, gauge invariant, with all topological
sectors, and even under charge conjugation.

For the Wilson action, a product over plaquettes with this one constraint, these conditionals are all that has to be
learnt: the law of a plaquette is $\propto e^{\beta\cos p}\,F_{V-i}(\Phi + p)$, where F is the density with which the
remaining plaquettes return a flux. Neither $\beta$ nor this form is an input of the network. The volume enters only by
the number of plaquettes left, counted no further than `FAR`, because F becomes flat as $(I_1/I_0)^{V-i}$: weights that
were trained on `FAR` plaquettes or more serve any volume. Untrained, the model draws uniform links.
"""

import math
from typing import Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Int, Key, Scalar
from retrodict.generate.explicit import AbstractExplicit
from retrodict.generate.model import Sample
from retrodict.lattice.core.spaces import wrap
from retrodict.lattice.models.autoregressive.network import Size
from retrodict.lattice.models.u1.flux import Links, UniformLinks, with_plaquettes
from retrodict.lattice.theories.plane import curl
from retrodict.num import von_mises

FAR: Final = 64  # plaquettes left, beyond which it does not matter how many


class Network(NamedTuple):
    """Weights of two hidden layers, shared by all plaquettes.

    Args:
        first: from the inputs to the first layer.
        first_bias: of the first layer.
        second: from the first layer to the second.
        second_bias: of the second layer.
        last: from the second layer to logit, field along and field across of each component.
        last_bias: of these outputs.
    """

    first: Float[Array, "width inputs"]
    first_bias: Float[Array, " width"]
    second: Float[Array, "width width"]
    second_bias: Float[Array, " width"]
    last: Float[Array, "3 component width"]
    last_bias: Float[Array, "3 component"]


class FluxMixture(AbstractExplicit):
    """Plaquettes drawn in turn, each from a mixture given the flux of the earlier ones; and links that have them.

    Args:
        weights: of the network.
        uniform: the model of uniform links.
        channels: harmonics of the flux that enter the network.
    """

    weights: Network
    uniform: UniformLinks
    channels: int = eqx.field(static=True)

    def sample(self, key: Key) -> Sample:
        """One configuration, angles in (-pi, pi].

        Args:
            key: random key.
        """
        plaquette_key, link_key = jr.split(key)

        def draw_next(flux: Scalar, plaquette: tuple[Int[Array, ""], Key]) -> tuple[Scalar, tuple[Scalar, Scalar]]:
            left, (choice_key, draw_key) = plaquette[0], jr.split(plaquette[1])
            log_share, field = self._mixture(flux, left)
            angle = von_mises.draw(draw_key, field[jr.categorical(choice_key, log_share)])
            return wrap(flux + angle), (angle, _log_density(angle, log_share, field))

        left = self._left()
        start = jnp.zeros((), self.uniform.like.dtype)
        flux, (angle, log_probs) = jax.lax.scan(draw_next, start, (left, jr.split(plaquette_key, len(left))))
        angle = jnp.append(angle, wrap(-flux)).reshape(self.uniform.like.shape[1:])
        return Sample(with_plaquettes(self.uniform.sample(link_key).x, angle), jnp.sum(log_probs))

    def log_prob(self, x: Links) -> Scalar:
        """log q with respect to links of total measure one.

        Args:
            x: angles of the links [rad].
        """
        angle = wrap(curl(x)).ravel()[:-1]
        flux = jnp.cumsum(angle) - angle
        return jnp.sum(jax.vmap(_log_density)(angle, *jax.vmap(self._mixture)(flux, self._left())))

    def _left(self) -> Int[Array, " plaquette"]:
        """How many plaquettes follow each of those that are drawn."""
        return jnp.arange(self.uniform.like[0].size - 1, 0, -1)

    def _mixture(
        self, flux: Scalar, left: Int[Array, ""]
    ) -> tuple[Float[Array, " component"], Float[Array, "component 2"]]:
        """Logarithms of the shares, and the fields. Components in reverse order are mirror images at opposite flux."""
        order = jnp.arange(1, self.channels + 1, dtype=flux.dtype) * flux
        room = 1 / jnp.minimum(left, FAR).astype(flux.dtype)
        even, odd = jnp.append(jnp.cos(order), jnp.stack([room, jnp.sqrt(room)])), jnp.sin(order)
        outputs, mirrored = (_outputs(self.weights, jnp.append(even, sign * odd)) for sign in (1, -1))
        mirror = jnp.asarray([1, 1, -1], flux.dtype)[:, None]
        logit, along, across = 0.5 * (outputs + mirror * mirrored[:, ::-1])
        return jax.nn.log_softmax(logit), jnp.stack([along, across], axis=-1)


def flux_mixture(size: Size, uniform: UniformLinks, key: Key) -> FluxMixture:
    """The untrained model, which draws uniform links.

    Args:
        size: components, channels (harmonics of the flux) and width.
        uniform: the model of uniform links on the same lattice.
        key: random key of the initial weights.
    """
    return FluxMixture(_initial_weights(size, key, uniform.like.dtype), uniform, size.channels)


def _initial_weights(size: Size, key: Key, dtype: np.dtype) -> Network:
    """Random hidden layers below outputs of zero."""
    first_key, second_key = jr.split(key)
    width, inputs, shape = size.width, 2 * size.channels + 2, (3, size.components)
    first = jr.normal(first_key, (width, inputs), dtype) / math.sqrt(inputs)
    second = jr.normal(second_key, (width, width), dtype) / math.sqrt(width)
    zero = jnp.zeros(width, dtype)
    return Network(first, zero, second, zero, jnp.zeros((*shape, width), dtype), jnp.zeros(shape, dtype))


def _outputs(weights: Network, inputs: Float[Array, " inputs"]) -> Float[Array, "3 component"]:
    """Logit, field along and field across of each component."""
    hidden = jnp.tanh(weights.first @ inputs + weights.first_bias)
    hidden = jnp.tanh(weights.second @ hidden + weights.second_bias)
    return weights.last @ hidden + weights.last_bias


def _log_density(angle: Scalar, log_share: Float[Array, " component"], field: Float[Array, "component 2"]) -> Scalar:
    """ln of 2 pi q."""
    return jax.nn.logsumexp(log_share + von_mises.log_density(von_mises.unit(angle), field)) + von_mises.LOG_TURN
