"""The unknown, with its physics built in: a map from standard-normal latents to a function or a few parameters."""

from abc import abstractmethod
from typing import Any

import equinox as eqx

from retrodict.base.types import Vector


class AbstractAnsatz(eqx.Module):
    """A map from white latents to the unknown.

    Positivity, causality, monotonicity, symmetry and normalisation belong into the map: whatever the latents, the
    unknown obeys them. The prior over functions is the push-forward of a standard normal, so swapping one ansatz for
    another swaps the prior knowingly.
    """

    @property
    @abstractmethod
    def dim(self) -> int:
        """The number of latents."""

    @abstractmethod
    def __call__(self, z: Vector) -> Any:
        """White latents -> the unknown that the forward model of the domain takes."""
