r"""U(1) links in two dimensions, plaquette by plaquette, each told of the flux that went before.

On a torus of V plaquettes all but the last are independent under the invariant measure; the last one returns what the
others sum up to. The model draws $p_1 \ldots p_{V-1}$ in turn from mixtures of von Mises laws, whose shares and fields
a network makes of the flux so far, $\Phi_i = \sum_{j<i} p_j$ modulo $2\pi$, and of the number of plaquettes left. Links
are uniform among those with these plaquettes. With respect to links of total measure one the density is
$\prod_{i<V} 2\pi\,q(p_i|\Phi_i, V - i)$: gauge invariant, of free flux, even under charge conjugation, and exact.

For the Wilson action, a product over plaquettes with the one constraint, that is all that there is to learn: the law of
a plaquette is $\propto e^{\beta\cos p}\,F_{V-i}(\Phi + p)$, F the density with which the rest can return a flux. The
network is told neither $\beta$ nor this form. It knows the volume only by what is left, and counts that no further than
`FAR`, for F flattens as $(I_1/I_0)^{V-i}$: weights that were trained on `FAR` plaquettes or more serve any volume.
Untrained, it draws uniform links.
"""

import math
from typing import Any, Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Int, Key, Scalar
from retrodict.generate.explicit import AbstractExplicit
from retrodict.generate.model import Sample
from retrodict.lattice.core.spaces import wrapped
from retrodict.lattice.models.autoregressive.recipe import Autoregressive
from retrodict.lattice.models.u1.flux import Haar, UniformLinks, u1_in_the_plane, with_plaquettes
from retrodict.lattice.theories.plane import curl
from retrodict.num import von_mises

FAR: Final = 64  # plaquettes left, beyond which it does not matter how many


class Network(NamedTuple):
    """Two hidden layers, shared by all plaquettes."""

    first: Float[Array, "width seen"]
    first_bias: Float[Array, " width"]
    second: Float[Array, "width width"]
    second_bias: Float[Array, " width"]
    last: Float[Array, "three component width"]
    last_bias: Float[Array, "three component"]


class FluxMixture(AbstractExplicit):
    """Plaquettes in turn, given the flux so far; links that have them."""

    weights: Network
    uniform: UniformLinks
    channels: int = eqx.field(static=True)

    def sample(self, key: Key) -> Sample:
        """One configuration, angles in (-pi, pi]."""
        plaquette_key, link_key = jr.split(key)

        def following(flux: Array, this: tuple[Array, Key]) -> tuple[Array, tuple[Array, Array]]:
            left, (choice_key, draw_key) = this[0], jr.split(this[1])
            log_share, field = self._mixture(flux, left)
            angle = von_mises.draw(draw_key, field[jr.categorical(choice_key, log_share)])
            return wrapped(flux + angle), (angle, _log_density(angle, log_share, field))

        left = self._left()
        start = jnp.zeros((), self.uniform.like.dtype)
        flux, (angle, log_probs) = jax.lax.scan(following, start, (left, jr.split(plaquette_key, len(left))))
        angle = jnp.append(angle, wrapped(-flux)).reshape(self.uniform.like.shape[1:])
        return Sample(with_plaquettes(self.uniform.sample(link_key).x, angle), jnp.sum(log_probs))

    def log_prob(self, x: Array) -> Scalar:
        """log q with respect to links of total measure one."""
        angle = wrapped(curl(x)).ravel()[:-1]
        flux = jnp.cumsum(angle) - angle
        return jnp.sum(jax.vmap(_log_density)(angle, *jax.vmap(self._mixture)(flux, self._left())))

    def _left(self) -> Int[Array, " plaquette"]:
        """How many plaquettes follow each of those that are drawn."""
        return jnp.arange(self.uniform.like[0].size - 1, 0, -1)

    def _mixture(self, flux: Scalar, left: Scalar) -> tuple[Array, Float[Array, "component 2"]]:
        """Logarithms of the shares, and the fields. Components in reverse order are mirror images at opposite flux."""
        order = jnp.arange(1, self.channels + 1, dtype=flux.dtype) * flux
        room = 1 / jnp.minimum(left, FAR).astype(flux.dtype)
        even, odd = jnp.append(jnp.cos(order), jnp.stack([room, jnp.sqrt(room)])), jnp.sin(order)
        ahead, behind = (_answer(self.weights, jnp.append(even, sign * odd)) for sign in (1, -1))
        mirror = jnp.asarray([1, 1, -1], flux.dtype)[:, None]
        logit, along, across = 0.5 * (ahead + mirror * behind[:, ::-1])
        return jax.nn.log_softmax(logit), jnp.stack([along, across], axis=-1)


def flux_mixture(recipe: Autoregressive, target: Any, key: Key) -> FluxMixture:
    """Uniform links as a model. Raises `InputError` unless `target` is U(1) gauge theory in two dimensions."""
    action = u1_in_the_plane(target, "plaquettes in turn")
    uniform = Haar().on(action, key)
    return FluxMixture(_fresh(recipe, key, uniform.like.dtype), uniform, recipe.channels)


def _fresh(recipe: Autoregressive, key: Key, dtype: Any) -> Network:
    first_key, second_key = jr.split(key)
    width, seen, shape = recipe.width, 2 * recipe.channels + 2, (3, recipe.components)
    first = jr.normal(first_key, (width, seen), dtype) / math.sqrt(seen)
    second = jr.normal(second_key, (width, width), dtype) / math.sqrt(width)
    zero = jnp.zeros(width, dtype)
    return Network(first, zero, second, zero, jnp.zeros((*shape, width), dtype), jnp.zeros(shape, dtype))


def _answer(weights: Network, seen: Float[Array, " seen"]) -> Float[Array, "three component"]:
    hidden = jnp.tanh(weights.first @ seen + weights.first_bias)
    hidden = jnp.tanh(weights.second @ hidden + weights.second_bias)
    return weights.last @ hidden + weights.last_bias


def _log_density(angle: Scalar, log_share: Array, field: Float[Array, "component 2"]) -> Scalar:
    """ln of 2 pi q."""
    return jax.nn.logsumexp(log_share + von_mises.log_density(von_mises.unit(angle), field)) + von_mises.LOG_TURN
