"""Training of a model by the common loop: on data with its own loss, or on an action alone.

A learner is a target whose position is the weights of the model, so that `Train` serves every model and every loss.
"""

from collections.abc import Callable
from typing import Generic

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.model import AbstractModel, Density, M, with_weights
from retrodict.problem.learner import AbstractLearner
from retrodict.problem.target import AbstractTarget
from retrodict.run.sharding import spread

Change = Callable[[Float[Array, "..."], Key], Float[Array, "..."]]  # a field, transformed at random
Weights = PyTree[Float[Array, "..."]]

SEED = 0  # of the noise in validation losses: always the same, so that they can be compared


class FromData(AbstractLearner, Generic[M]):
    """The model's own loss on batches of examples.

    Args:
        model: the model at the start of training.
        examples: training data, shape `(examples, *site)`.
        held_out: data of the validation loss, shape `(held, *site)`.
        change: data augmentation: applies a random symmetry to an example that is not built into the model, such as
            the sign flip; None for none.
    """

    model: M
    examples: Float[Array, "examples *site"]
    held_out: Float[Array, "held *site"]
    change: Change | None = eqx.field(static=True, default=None)

    def init(self, key: Key) -> Weights:
        """The weights that the model came with."""
        return self.model.weights

    def loss(self, x: Weights, key: Key, batch: int) -> Scalar:
        """Mean loss of `batch` random examples with the weights `x`; `key` draws examples, symmetries and noise."""
        pick, change, noise = jr.split(key, 3)
        fields = spread(self.examples[jr.randint(pick, (batch,), 0, len(self.examples))])
        if self.change is not None:
            fields = jax.vmap(self.change)(fields, jr.split(change, batch))
        return _mean_loss(with_weights(self.model, x), fields, noise)

    def validation(self, x: Weights) -> Scalar:
        """Mean loss of the examples held out."""
        return _mean_loss(with_weights(self.model, x), self.held_out, jr.key(SEED))


class FromAction(AbstractLearner, Generic[M]):
    r"""The reverse Kullback-Leibler divergence $\langle\log q - \log p\rangle_q$ up to ln Z: needs no data.

    Modes that the model never draws are never learnt, without any sign in the loss (mode collapse): look at ln Z and
    at the symmetry of the draws. Source: Kullback, Leibler, Ann. Math. Stat. 22 (1951) 79; for lattice fields Albergo,
    Kanwar, Shanahan, Phys. Rev. D 100 (2019) 034515.

    Args:
        model: the model at the start of training, of exact density.
        target: the density p to be sampled.
        validation_draws: number of draws from which the validation loss is estimated.

    Raises:
        InputError: if the density of the model is not exact.
    """

    model: M
    target: AbstractTarget
    validation_draws: int = eqx.field(static=True, default=256)

    def __check_init__(self) -> None:
        if self.model.density is not Density.EXACT:
            raise InputError(
                "training on an action needs a model of exact density",
                got=f"{type(self.model).__name__} ({self.model.density.value})",
                expected="a flow or an autoregressive model",
                fix="FromData",
            )

    def init(self, key: Key) -> Weights:
        """The weights that the model came with."""
        return self.model.weights

    def loss(self, x: Weights, key: Key, batch: int) -> Scalar:
        """Mean of log q - log p over `batch` draws of the model with the weights `x`, made with `key`."""
        model = with_weights(self.model, x)
        return jnp.mean(jax.vmap(lambda k: model.reverse_loss(self.target, k))(spread(jr.split(key, batch))))

    def validation(self, x: Weights) -> Scalar:
        """Half the variance of log w: the divergence to second order, without its noise at the optimum."""
        model, keys = with_weights(self.model, x), jr.split(jr.key(SEED), self.validation_draws)
        return 0.5 * jnp.var(jax.vmap(lambda k: log_weight(model, self.target, k))(keys))


def log_weight(model: AbstractModel, target: AbstractTarget, key: Key) -> Scalar:
    """log p(x) - log q(x) of one draw.

    Args:
        model: the model, of exact or path-space density.
        target: the density p.
        key: random key of the draw.
    """
    x, log_prob = model.sample(key)
    assert log_prob is not None
    return target.log_density(x) - log_prob


def with_trained_weights(model: M, weights: PyTree) -> M:
    """Return the model with the weights of a `Train` run.

    Args:
        model: the model that was trained.
        weights: the position in the draws of the run, with the leading axes `(chain, draw)` of length one.
    """
    return with_weights(model, jax.tree.map(lambda leaf: jnp.asarray(leaf)[0, 0], weights))


def _mean_loss(model: AbstractModel, fields: Float[Array, "examples *site"], key: Key) -> Scalar:
    return jnp.mean(jax.vmap(model.loss)(fields, jr.split(key, len(fields))))
