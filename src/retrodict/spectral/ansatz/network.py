r"""Networks as priors over spectral functions: their weights are standard normal latents.

The published reconstruction is regularised by its initialisation, by penalties and by the end of the optimisation. Here
one proper prior, from which draws can be taken, is combined with data in units of their errors. It is hard to sample:
with weights as latents the posterior is far more curved than that of a Gaussian process, `ConstrainedHMC` takes tiny
steps and mixes poorly. Use `MAP` or `Ensemble`; for bands prefer `PeaksAndContinuum`.

Sources: Wang, Shi, Zhou, PRD 106, L051502 (2022) (both networks); Neal, Bayesian learning for neural networks (1996).
"""

from dataclasses import dataclass
from typing import Final

import jax.numpy as jnp

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.prior import LogNormal
from retrodict.spectral.ansatz.frequency_grid import AbstractSpectrum, FrequencyGrid, Nodes
from retrodict.spectral.ansatz.layers import LatentNetwork
from retrodict.spectral.ansatz.smooth import AMPLITUDE, HYPERPARAMETERS, SmoothPart, SmoothSpectrum
from retrodict.spectral.ansatz.trend import Trend, trend_on

SHARPNESS: Final = LogNormal(4.0, 0.4)  # of the function network over half the range


class ListPart(AbstractAnsatz):
    """Latents: offset, slope, amplitude, length, then the weights of a network whose outputs are the smooth modes."""

    smooth: SmoothPart
    network: LatentNetwork  # from a constant to the modes

    @property
    def dim(self) -> int:
        return HYPERPARAMETERS + self.network.dim

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes."""
        outputs = self.network(z[HYPERPARAMETERS:], jnp.ones(1))
        return self.smooth(jnp.concatenate([z[:HYPERPARAMETERS], outputs]))


class FunctionPart(AbstractAnsatz):
    """Latents: offset, slope, amplitude, sharpness, then the weights of a network of one input."""

    trend: Trend  # link and envelope
    place: Float[Array, "nodes one"]  # arsinh(x), scaled to [-1, 1]
    network: LatentNetwork  # from a scaled frequency to f

    @property
    def dim(self) -> int:
        return HYPERPARAMETERS + self.network.dim

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes."""
        f = self.network(z[HYPERPARAMETERS:], self.place, SHARPNESS(z[3]))[:, 0]
        return self.trend(z[0], z[1], AMPLITUDE(z[2]) * f)


@dataclass(frozen=True)
class NeuralList(AbstractSpectrum):
    """A network from a constant to the modes of the smooth part.

    For given hidden layers it is the Gaussian process of `SmoothSpectrum`; they give it a common random amplitude, with
    heavier tails the deeper the network.

    Args:
        width: units of a hidden layer.
        depth: hidden layers.
        modes: cosines of the smooth part.
        positive: whether rho is positive or of free sign.

    Raises:
        InputError: for a width or depth below one.

    Example:
        >>> NeuralList(width=8).depth
        3
    """

    width: int = 16
    depth: int = 3
    modes: int = 40
    positive: bool = True

    def __post_init__(self) -> None:
        _check_sizes(self.width, self.depth, repr(self))

    def on(self, grid: FrequencyGrid) -> ListPart:
        """The map from standard normal latents to rho on the nodes of `grid`."""
        network = LatentNetwork(1, self.modes, self.width, self.depth)
        return ListPart(SmoothSpectrum(self.modes, self.positive).on(grid), network)


@dataclass(frozen=True)
class NeuralFunction(AbstractSpectrum):
    """A network of tanh layers from arsinh(omega/unit) to rho.

    Smooth, and biased towards broad structures: two peaks become one where the data allow it.

    Args:
        width: units of a hidden layer.
        depth: hidden layers.
        positive: whether rho is positive or of free sign.

    Raises:
        InputError: for a width or depth below one.

    Example:
        >>> NeuralFunction(positive=False).width
        16
    """

    width: int = 16
    depth: int = 2
    positive: bool = True

    def __post_init__(self) -> None:
        _check_sizes(self.width, self.depth, repr(self))

    def on(self, grid: FrequencyGrid) -> FunctionPart:
        """The map from standard normal latents to rho on the nodes of `grid`."""
        place = grid.place / (0.5 * grid.extent) - 1
        network = LatentNetwork(1, 1, self.width, self.depth)
        return FunctionPart(trend_on(grid, positive=self.positive), place[:, None], network)


def _check_sizes(width: int, depth: int, got: str) -> None:
    if width < 1 or depth < 1:
        raise InputError("a network has at least one layer of one unit", got=got)
