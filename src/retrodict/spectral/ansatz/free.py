r"""One latent a node: the `list` of the literature, with the penalty on differences turned into a prior.

$f_j = f_{j-1} + a\sqrt{\xi_j - \xi_{j-1}}\,z_j$ over $\xi = \mathrm{arsinh}\,x$: minus the log prior is the sum of
squared differences, in units that do not depend on the grid. Continuous, nowhere smooth; the amplitude a is a latent.
Source of the representation: Wang, Shi, Zhou, PRD 106, L051502 (2022).
"""

from dataclasses import dataclass
from typing import Final

import jax.numpy as jnp

from retrodict.base.types import Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.prior import LogNormal
from retrodict.spectral.ansatz.frequency_grid import AbstractSpectrum, FrequencyGrid, Nodes
from retrodict.spectral.ansatz.trend import Trend, trend_on

ROUGHNESS: Final = LogNormal(2.0, 0.5)  # standard deviation of f over one unit of arsinh(omega/unit)
HYPERPARAMETERS: Final = 3


class FreePart(AbstractAnsatz):
    """A random walk over the nodes. Latents: offset, slope, roughness, then one a node."""

    trend: Trend  # link and envelope
    increment: Nodes  # standard deviations of the steps, for roughness one

    @property
    def dim(self) -> int:
        return HYPERPARAMETERS + len(self.increment)

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes."""
        walk = jnp.cumsum(self.increment * z[HYPERPARAMETERS:])
        return self.trend(z[0], z[1], ROUGHNESS(z[2]) * walk)


@dataclass(frozen=True)
class FreeGrid(AbstractSpectrum):
    """One latent for every node: the differences of neighbours are those of a random walk.

    Args:
        positive: whether rho is positive (a softplus of the walk) or of free sign (the walk itself).

    Example:
        >>> FreeGrid(positive=False)
        FreeGrid(positive=False)
    """

    positive: bool = True

    def on(self, grid: FrequencyGrid) -> FreePart:
        """The map from standard normal latents to rho on the nodes of `grid`."""
        steps = jnp.sqrt(jnp.diff(grid.place, prepend=0.0))
        return FreePart(trend_on(grid, positive=self.positive), steps)
