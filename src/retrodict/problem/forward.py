"""The known physics: from the unknown to what an experiment would see, exact and differentiable."""

from abc import abstractmethod
from typing import Generic, TypeVar

import equinox as eqx
import jax.numpy as jnp

from retrodict.base.types import Array, Flag, Float

UnknownT = TypeVar("UnknownT")
PredictionT = TypeVar("PredictionT")


class AbstractForward(eqx.Module, Generic[UnknownT, PredictionT]):
    """unknown -> (prediction, valid).

    The prediction is finite even where `valid` is false, so that gradients stay finite and invalid draws can be
    counted and do not spoil the others of their batch.
    """

    @abstractmethod
    def __call__(self, unknown: UnknownT) -> tuple[PredictionT, Flag]:
        """The prediction, and whether the physics has an answer for this unknown.

        Args:
            unknown: what the ansatz returns.
        """


class LinearForward(AbstractForward[Float[Array, " unknowns"], Float[Array, " points"]]):
    """prediction = operator @ unknown: integral transforms, convolutions, projections.

    Args:
        operator: matrix of shape (points, unknowns); valid where the unknown is finite.

    Example:
        >>> prediction, valid = LinearForward(jnp.array([[1.0, 1.0]]))(jnp.array([2.0, 3.0]))
        >>> prediction.tolist(), bool(valid)
        ([5.0], True)
    """

    operator: Float[Array, "points unknowns"]

    def __call__(self, unknown: Float[Array, " unknowns"]) -> tuple[Float[Array, " points"], Flag]:
        return self.operator @ unknown, jnp.all(jnp.isfinite(unknown))
