"""The default prior: the sum of lines, a continuum with a threshold and a smooth part.

A stationary Gaussian process alone fails on a narrow line over a broad background and on a threshold; lines alone fail
on everything else. Their sum describes both, and since weights have a log-normal prior that reaches far down, a
component that is not needed becomes negligible.
"""

from dataclasses import dataclass

from retrodict.base.errors import InputError
from retrodict.base.types import Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.spectral.ansatz.frequency_grid import AbstractSpectrum, FrequencyGrid, Nodes
from retrodict.spectral.ansatz.peaks import peaks_on
from retrodict.spectral.ansatz.smooth import SmoothSpectrum
from retrodict.spectral.ansatz.threshold import thresholds_on


class SumOfParts(AbstractAnsatz):
    """rho as a sum of parts, each with latents of its own."""

    parts: tuple[AbstractAnsatz, ...]  # in the order of their latents

    @property
    def dim(self) -> int:
        return sum(part.dim for part in self.parts)

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes."""
        first, *others = self.contributions(z)
        return sum(others, start=first)

    def contributions(self, z: Vector) -> tuple[Nodes, ...]:
        """rho of every part on the nodes."""
        ends = [0]
        for part in self.parts:
            ends.append(ends[-1] + part.dim)
        return tuple(part(z[a:b]) for part, a, b in zip(self.parts, ends[:-1], ends[1:], strict=True))


@dataclass(frozen=True)
class PeaksAndContinuum(AbstractSpectrum):
    """Breit-Wigner lines, continua with a threshold and a Gaussian process, added up.

    Args:
        peaks: number of lines.
        continua: number of continua.
        modes: cosines of the Gaussian process.
        positive: whether rho is positive; if not (ghosts, quarks), lines and continua have weights of either sign, and
            the link of the process is the identity instead of a softplus.

    Raises:
        InputError: for a negative number of peaks or continua.

    Example:
        >>> PeaksAndContinuum(peaks=2).modes
        40
    """

    peaks: int = 3
    continua: int = 1
    modes: int = 40
    positive: bool = True

    def __post_init__(self) -> None:
        if self.peaks < 0 or self.continua < 0:
            raise InputError("numbers of peaks and continua are not negative", got=repr(self))

    def on(self, grid: FrequencyGrid) -> SumOfParts:
        """The map from standard normal latents to rho on the nodes of `grid`."""
        parts: list[AbstractAnsatz] = [SmoothSpectrum(self.modes, self.positive).on(grid)]
        if self.peaks:
            parts.append(peaks_on(grid, self.peaks, positive=self.positive))
        if self.continua:
            parts.append(thresholds_on(grid, self.continua, positive=self.positive))
        return SumOfParts(tuple(parts))
