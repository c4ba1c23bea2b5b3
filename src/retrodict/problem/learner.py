"""The contract of what is trained on batches: emulators, inverse networks, generative models."""

from abc import abstractmethod

import equinox as eqx

from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.problem.target import AbstractTarget, Quantity


class AbstractLearner(AbstractTarget):
    """A loss over parameters, estimated on random batches and assessed on examples held out.

    `init` draws fresh parameters: a pytree of float arrays, so that networks are partitioned by the learner. Minus the
    validation loss stands in for the log density. Nothing is derived by default: the network is the answer.
    """

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """None, unless overridden."""
        return ()

    def derived(self, x: PyTree[Float[Array, "..."]], /) -> dict[str, Array]:
        """Nothing, unless overridden."""
        return {}

    @abstractmethod
    def loss(self, x: PyTree[Float[Array, "..."]], key: Key, batch: int) -> Scalar:
        """Mean loss of random examples.

        Args:
            x: parameters, a pytree like that of `init`.
            key: random key with which examples are drawn or simulated.
            batch: number of examples.
        """

    @abstractmethod
    def validation(self, x: PyTree[Float[Array, "..."]]) -> Scalar:
        """Mean loss of the examples held out.

        Args:
            x: parameters, a pytree like that of `init`.
        """

    def log_density(self, x: PyTree[Float[Array, "..."]]) -> Scalar:
        """Minus the validation loss."""
        return -self.validation(x)


def fresh_weights(like: eqx.nn.MLP, key: Key) -> PyTree[Float[Array, "..."]]:
    """New random weights of a multilayer perceptron.

    Args:
        like: perceptron whose sizes and activation are taken.
        key: random key.

    Returns:
        Its float arrays, as `AbstractLearner.init` returns them.
    """
    network = eqx.nn.MLP(like.in_size, like.out_size, like.width_size, like.depth, like.activation, key=key)
    return eqx.filter(network, eqx.is_inexact_array)
