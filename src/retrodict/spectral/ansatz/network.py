r"""Networks as priors over spectral functions: their weights are white latents.

What the published reconstruction leaves to the initialisation, to penalties and to the end of the optimisation is here
one proper prior, which can be drawn, looked at and out-voted by data in units of their errors. Sampling it is another
matter: with weights as latents the posterior is far more curved than that of a Gaussian process, `ConstrainedHMC` takes
tiny steps and mixes poorly. `MAP` and `Ensemble` serve; for bands prefer `PeaksAndContinuum`.

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
from retrodict.spectral.ansatz.layers import WhiteNetwork
from retrodict.spectral.ansatz.smooth import AMPLITUDE, HYPERPARAMETERS, SmoothPart, SmoothSpectrum
from retrodict.spectral.ansatz.trend import Trend, trend_on

SHARPNESS: Final = LogNormal(4.0, 0.4)  # of the function network over half the range


class ListPart(AbstractAnsatz):
    """Latents: offset, slope, amplitude, length, then the weights of a network whose outputs are the smooth modes."""

    smooth: SmoothPart
    network: WhiteNetwork

    @property
    def dim(self) -> int:
        return HYPERPARAMETERS + self.network.dim

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes."""
        outputs = self.network(z[HYPERPARAMETERS:], jnp.ones(1))
        return self.smooth(jnp.concatenate([z[:HYPERPARAMETERS], outputs]))


class FunctionPart(AbstractAnsatz):
    """Latents: offset, slope, amplitude, sharpness, then the weights of a network of one input."""

    trend: Trend
    place: Float[Array, "nodes one"]  # arsinh(x), scaled to [-1, 1]
    network: WhiteNetwork

    @property
    def dim(self) -> int:
        return HYPERPARAMETERS + self.network.dim

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes."""
        f = self.network(z[HYPERPARAMETERS:], self.place, SHARPNESS(z[3]))[:, 0]
        return self.trend(z[0], z[1], AMPLITUDE(z[2]) * f)


@dataclass(frozen=True)
class NeuralList(AbstractSpectrum):
    """A constant goes in, a list comes out: `modes` excitations of the smooth part, from `depth` layers of `width`.

    Given the hidden layers it is the Gaussian process of `SmoothSpectrum`; they give it a common random amplitude, with
    the heavier tails the deeper the network: what depth regularises.
    """

    width: int = 16
    depth: int = 3
    modes: int = 40
    positive: bool = True

    def __post_init__(self) -> None:
        _check_sizes(self.width, self.depth, repr(self))

    def on(self, frame: FrequencyGrid) -> ListPart:
        """White latents -> rho on the nodes."""
        network = WhiteNetwork(1, self.modes, self.width, self.depth)
        return ListPart(SmoothSpectrum(self.modes, self.positive).on(frame), network)


@dataclass(frozen=True)
class NeuralFunction(AbstractSpectrum):
    """A frequency goes in, rho comes out: `depth` tanh layers of `width` over arsinh(omega/unit).

    Smooth, and biased towards broad structures: two peaks become one where the data allow it.
    """

    width: int = 16
    depth: int = 2
    positive: bool = True

    def __post_init__(self) -> None:
        _check_sizes(self.width, self.depth, repr(self))

    def on(self, frame: FrequencyGrid) -> FunctionPart:
        """White latents -> rho on the nodes."""
        place = frame.place / (0.5 * frame.extent) - 1
        network = WhiteNetwork(1, 1, self.width, self.depth)
        return FunctionPart(trend_on(frame, positive=self.positive), place[:, None], network)


def _check_sizes(width: int, depth: int, got: str) -> None:
    if width < 1 or depth < 1:
        raise InputError("a network has at least one layer of one unit", got=got)
