r"""Priors of a non-local potential U(r, r') of an S wave: symmetric, decaying, smooth.

A potential acts on u = r phi as the kernel $K(r, r') = 4\pi r r' U(r, r')$ [MeV fm^-1]. A draw is
$K(r, r') = A(r) A(r') f(x, x')$ with $f(x, x') = f(x', x)$ and an envelope $A = \sqrt{S}\,(r/s)\,e^{-r/s}$, which vanishes at
the origin as a regular kernel must and decays beyond the range s.
"""

from abc import abstractmethod
from typing import Annotated, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from retrodict.base.types import Array, Float, Positive, Vector
from retrodict.problem.ansatz import AbstractAnsatz

Radii: TypeAlias = Float[np.ndarray, " radii"]
Kernel: TypeAlias = Float[Array, "radii radii"]


class AbstractKernelAnsatz(AbstractAnsatz):
    """A prior over symmetric kernels at given radii."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """The number of latents."""

    @abstractmethod
    def on(self, r: Radii) -> "KernelOnMesh":
        """The prior at radii [fm].

        Args:
            r: radii [fm].
        """

    def __call__(self, z: Vector) -> Kernel:
        raise NotImplementedError("bind the prior to a mesh with `on`")
