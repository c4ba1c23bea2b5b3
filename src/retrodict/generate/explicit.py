r"""Models whose draws cannot be differentiated: training on an action by the score-function estimator (REINFORCE).

$\nabla\langle f\rangle_q = \langle (f - \bar f)\,\nabla\log q\rangle_q$ with $f = \log q - \log p$, where the mean over
a few draws is subtracted as a baseline. As always with the reverse divergence, modes that are never drawn are never
learnt.

Sources: Williams, Machine Learning 8 (1992) 229; for spins Wu, Wang, Zhang, Phys. Rev. Lett. 122 (2019) 080602.
"""

from abc import abstractmethod
from typing import ClassVar, Final

import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.generate.model import AbstractModel, Density
from retrodict.problem.target import AbstractTarget

DRAWS: Final = 8  # that share a baseline: its noise adds one eighth to the variance of the gradient


class AbstractExplicit(AbstractModel):
    """A model of explicit density, drawn number by number; the loss of an example is minus its log-likelihood."""

    density: ClassVar[Density] = Density.EXACT  # type: ignore[override]

    @abstractmethod
    def log_prob(self, x: Float[Array, "*site"]) -> Scalar:
        """log q(x), normalised.

        Args:
            x: the configuration, shape `*site`.
        """

    def loss(self, x: Float[Array, "*site"], key: Key) -> Scalar:
        """-log q(x)."""
        return -self.log_prob(x)

    def reverse_loss(self, target: AbstractTarget, key: Key) -> Scalar:
        """log q - log p, averaged over `DRAWS` draws; its gradient is unbiased for that of the divergence."""
        drawn = jax.lax.stop_gradient(jax.vmap(lambda k: self.sample(k).x)(jr.split(key, DRAWS)))
        log_q = jax.vmap(self.log_prob)(drawn)
        cost = jax.lax.stop_gradient(log_q - jax.vmap(target.log_density)(drawn))
        mean = jnp.mean(cost)
        surrogate = jnp.sum((cost - mean) * log_q) / (DRAWS - 1)  # the mean contains the draw itself
        return mean + surrogate - jax.lax.stop_gradient(surrogate)
