r"""Models whose draws have no derivative: training on an action by the score function.

$\nabla\langle f\rangle_q = \langle (f - \bar f)\,\nabla\log q\rangle_q$ with $f = \log q - \log p$, whose mean over a
few draws is taken off as a baseline. As with every use of this divergence, what is never drawn is never learnt.

Sources: Williams, Machine Learning 8 (1992) 229; for spins Wu, Wang, Zhang, Phys. Rev. Lett. 122 (2019) 080602.
"""

from abc import abstractmethod
from typing import ClassVar, Final

import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Key, Scalar
from retrodict.generate.model import AbstractModel, Density
from retrodict.problem.target import AbstractTarget

DRAWS: Final = 8  # that share a baseline: its noise adds one eighth to the variance of the gradient


class AbstractExplicit(AbstractModel):
    """A model with an explicit density, drawn number by number: its loss is minus the log-likelihood of an example."""

    density: ClassVar[Density] = Density.EXACT  # type: ignore[override]

    @abstractmethod
    def log_prob(self, x: Array) -> Scalar:
        """log q(x), normalised."""

    def loss(self, x: Array, key: Key) -> Scalar:
        """-log q(x)."""
        return -self.log_prob(x)

    def reverse_loss(self, target: AbstractTarget, key: Key) -> Scalar:
        """log q - log p, the mean over `DRAWS` draws; its derivative is an unbiased one of the divergence."""
        drawn = jax.lax.stop_gradient(jax.vmap(lambda k: self.sample(k).x)(jr.split(key, DRAWS)))
        log_q = jax.vmap(self.log_prob)(drawn)
        cost = jax.lax.stop_gradient(log_q - jax.vmap(target.log_density)(drawn))
        mean = jnp.mean(cost)
        surrogate = jnp.sum((cost - mean) * log_q) / (DRAWS - 1)  # the mean contains the draw itself
        return mean + surrogate - jax.lax.stop_gradient(surrogate)
