"""The unknown, with its physics built in: a map from standard-normal latents to a function or a few parameters."""

from abc import abstractmethod
from typing import Generic, TypeVar

import equinox as eqx

from retrodict.base.types import Vector

UnknownT = TypeVar("UnknownT")


class AbstractAnsatz(eqx.Module, Generic[UnknownT]):
    """A map from standard-normal latents to the unknown.

    Positivity, causality, monotonicity, symmetry and normalisation belong into the map: whatever the latents, the
    unknown obeys them. The prior over functions is the push-forward of a standard normal, so that another ansatz is
    another prior.
    """

    @property
    @abstractmethod
    def dim(self) -> int:
        """The number of latents."""

    @abstractmethod
    def __call__(self, z: Vector) -> UnknownT:
        """The unknown that the forward model of the domain takes.

        Args:
            z: standard-normal latents, shape (dim,).
        """
