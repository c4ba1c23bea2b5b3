"""Models that know the density of any configuration, and their training where draws have no derivative."""

from abc import abstractmethod
from typing import ClassVar, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.learners import SEED, log_weight
from retrodict.generate.model import AbstractModel, Density, with_weights
from retrodict.problem.learner import AbstractLearner
from retrodict.problem.target import AbstractTarget
from retrodict.run.sharding import spread


class AbstractExplicit(AbstractModel):
    """A model whose `log_prob` is defined for every x; its loss on an example is minus that: maximum likelihood."""

    density: ClassVar[Density] = Density.EXACT  # type: ignore[override]

    @abstractmethod
    def log_prob(self, x: Array) -> Scalar:
        """log q(x), normalised."""

    def loss(self, x: Array, key: Key) -> Scalar:
        """-log q(x)."""
        return -self.log_prob(x)


E = TypeVar("E", bound=AbstractExplicit)


class Reinforce(AbstractLearner, Generic[E]):
    r"""The reverse Kullback-Leibler divergence up to ln Z, by the score function: for draws without a derivative.

    $\nabla\langle f\rangle_q = \langle (f - \bar f)\,\nabla\log q\rangle_q$ with $f = \log q - \log p$ and its
    mean over the batch as baseline. The value of the loss is $\bar f$, an upper bound of -ln Z. As with all of this
    divergence, what is never drawn is never learnt.

    Sources: Williams, Machine Learning 8 (1992) 229; for spins Wu, Wang, Zhang, Phys. Rev. Lett. 122 (2019) 080602.
    """

    model: E
    target: AbstractTarget
    judged: int = eqx.field(static=True, default=256)

    def init(self, key: Key) -> PyTree[Float[Array, "..."]]:
        """The weights that the model came with."""
        return self.model.weights

    def loss(self, x: PyTree[Float[Array, "..."]], key: Key, batch: int) -> Scalar:
        model = with_weights(self.model, x)
        drawn = jax.lax.stop_gradient(jax.vmap(lambda k: model.sample(k).x)(spread(jr.split(key, batch))))
        log_q = jax.vmap(model.log_prob)(drawn)
        cost = jax.lax.stop_gradient(log_q - jax.vmap(self.target.log_density)(drawn))
        mean = jnp.mean(cost)
        surrogate = jnp.mean((cost - mean) * log_q)
        return mean + surrogate - jax.lax.stop_gradient(surrogate)

    def validation(self, x: PyTree[Float[Array, "..."]]) -> Scalar:
        """Half the variance of log w: the divergence to second order, without its noise at the optimum."""
        model, keys = with_weights(self.model, x), jr.split(jr.key(SEED), self.judged)
        return 0.5 * jnp.var(jax.vmap(lambda k: log_weight(model, self.target, k))(keys))
