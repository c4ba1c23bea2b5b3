"""The known physics: from the unknown to what an experiment would see, exact and differentiable."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax.numpy as jnp

from retrodict.base.types import Array, Flag, Float


class AbstractForward(eqx.Module):
    """unknown -> (prediction, valid).

    The prediction is finite even where `valid` is false, so that gradients stay finite and invalid draws can be
    counted instead of poisoning their neighbours in a batch.
    """

    @abstractmethod
    def __call__(self, unknown: Any) -> tuple[Any, Flag]:
        """The prediction, and whether the physics has an answer for this unknown."""


class LinearForward(AbstractForward):
    """prediction = operator @ unknown: integral transforms, convolutions, projections."""

    operator: Float[Array, "points unknowns"]

    def __call__(self, unknown: Float[Array, " unknowns"]) -> tuple[Float[Array, " points"], Flag]:
        """The transform of `unknown`; valid where it is finite."""
        return self.operator @ unknown, jnp.all(jnp.isfinite(unknown))
