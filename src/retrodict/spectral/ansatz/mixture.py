"""The default: lines, a continuum with a threshold and a smooth part, added up.

A stationary Gaussian process alone fails on a narrow line over a broad background and on a threshold; lines alone fail
on everything else. Their sum holds both, and since weights have a log-normal prior that reaches far down, a component
that is not needed switches itself off.
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
    """rho = sum of parts, each with latents of its own, in order."""

    parts: tuple[AbstractAnsatz, ...]

    @property
    def dim(self) -> int:
        return sum(part.dim for part in self.parts)

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes."""
        first, *others = self.each(z)
        return sum(others, start=first)

    def each(self, z: Vector) -> tuple[Nodes, ...]:
        """rho of every part on the nodes."""
        ends = [0]
        for part in self.parts:
            ends.append(ends[-1] + part.dim)
        return tuple(part(z[a:b]) for part, a, b in zip(self.parts, ends[:-1], ends[1:], strict=True))


@dataclass(frozen=True)
class PeaksAndContinuum(AbstractSpectrum):
    """`peaks` Breit-Wigner lines, `continua` thresholds and a Gaussian process of `modes` cosines behind a softplus.

    With `positive: false` (ghosts, quarks) lines and continua have weights of either sign and the link is the identity.
    """

    peaks: int = 3
    continua: int = 1
    modes: int = 40
    positive: bool = True

    def __post_init__(self) -> None:
        if self.peaks < 0 or self.continua < 0:
            raise InputError("numbers of peaks and continua are not negative", got=repr(self))

    def on(self, grid: FrequencyGrid) -> SumOfParts:
        """White latents -> rho on the nodes."""
        parts: list[AbstractAnsatz] = [SmoothSpectrum(self.modes, self.positive).on(grid)]
        if self.peaks:
            parts.append(peaks_on(grid, self.peaks, positive=self.positive))
        if self.continua:
            parts.append(thresholds_on(grid, self.continua, positive=self.positive))
        return SumOfParts(tuple(parts))
