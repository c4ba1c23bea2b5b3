r"""Peaks: Breit-Wigner lines whose weight, position and width are latents.

$$\rho = \frac{4 A \Gamma \omega}{(M^2 + \Gamma^2 - \omega^2)^2 + 4\Gamma^2\omega^2}$$

is the spectral function of the propagator $A / (M^2 + (p + \Gamma)^2)$ (Wang, Shi, Zhou, PRD 106, L051502 (2022)), and
$A/M$ times the difference of two Lorentzians around $\pm M$. Where rho is even in omega it is their sum.
"""

from typing import Final

import equinox as eqx
import jax.numpy as jnp

from retrodict.base.types import Array, Float, Scalar, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.prior import LogNormal
from retrodict.spectral.ansatz.frequency_grid import FrequencyGrid, Nodes

WEIGHT: Final = LogNormal(0.08, 1.8)  # A in units of height x unit^2
POSITION: Final = LogNormal(2.5, 0.7)  # M in units of `unit`
RELATIVE_WIDTH: Final = LogNormal(0.12, 0.7)  # Gamma / M
LATENTS: Final = 3


class Lines(eqx.Module):
    """Breit-Wigner lines, in the units of a frequency grid."""

    weight: Float[Array, " peaks"]  # A [height unit^2]
    position: Float[Array, " peaks"]  # M [unit]
    width: Float[Array, " peaks"]  # Gamma [unit], half of the full width


class PeakPart(AbstractAnsatz):
    """Latents: weight, position and relative width of each peak; with a free sign the weight is normal."""

    x: Nodes  # frequencies in units of the grid's unit
    height: Scalar  # unit of rho in the prior
    peaks: int = eqx.field(static=True)  # number of lines
    positive: bool = eqx.field(static=True)  # whether all weights are
    even: bool = eqx.field(static=True)  # whether rho is even in omega

    @property
    def dim(self) -> int:
        return LATENTS * self.peaks

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes: the sum of all lines."""
        lines, x = self.lines(z), self.x[:, None]
        centre = lines.position**2 + lines.width**2
        profile = 4 * lines.width * x / ((centre - x**2) ** 2 + 4 * lines.width**2 * x**2)
        if self.even:
            profile = profile * 0.5 * (centre + x**2) / (lines.position * x)
        return self.height * jnp.sum(lines.weight * profile, axis=1)

    def lines(self, z: Vector) -> Lines:
        """The lines that belong to the latents `z`."""
        weight, position, width = z.reshape(self.peaks, LATENTS).T
        strength = WEIGHT(weight) if self.positive else 2 * WEIGHT.median * jnp.sinh(WEIGHT.spread * weight)
        place = POSITION(position)
        return Lines(strength, place, place * RELATIVE_WIDTH(width))


def peaks_on(grid: FrequencyGrid, peaks: int, *, positive: bool = True) -> PeakPart:
    """Lines with the same prior on a frequency grid.

    Args:
        grid: nodes and units.
        peaks: number of lines.
        positive: whether their weights are positive or of either sign.
    """
    return PeakPart(grid.x, grid.height, peaks, positive, grid.even)
