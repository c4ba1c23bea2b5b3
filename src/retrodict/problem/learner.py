"""The contract of what is trained on batches: emulators, inverse networks, generative models."""

from abc import abstractmethod

from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.problem.target import AbstractTarget


class AbstractLearner(AbstractTarget):
    """A loss over parameters, estimated on random batches, and judged on examples held out.

    `init` draws fresh parameters: a pytree of float arrays, so that networks are partitioned by the learner. Minus the
    validation loss stands in for the log density.
    """

    @abstractmethod
    def loss(self, x: PyTree[Float[Array, "..."]], key: Key, batch: int) -> Scalar:
        """Mean loss of `batch` examples, drawn (or simulated) with `key`."""

    @abstractmethod
    def validation(self, x: PyTree[Float[Array, "..."]]) -> Scalar:
        """Mean loss of the examples held out."""

    def log_density(self, x: PyTree[Float[Array, "..."]]) -> Scalar:
        """Minus the validation loss."""
        return -self.validation(x)
