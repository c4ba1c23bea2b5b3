r"""A sum rule as an exact constraint: $\int_0^\infty d\omega\,\omega^n \rho = W$, whatever the latents.

A positive rho is rescaled. To one of free sign the missing weight is added in the form of a template,
$\omega (1 + \omega^2/u^2)^{-(n + 5)/2}$ for $n \ge -1$. Since the integral exists, rho falls: it is cut off far beyond
what data see, where a draw of the prior might not.
"""

from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import equinox as eqx

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Scalar, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.spectral.ansatz.frequency_grid import AbstractSpectrum, FrequencyGrid, Nodes

FAR: Final = 1e3  # units: where rho is made to fall by two powers more than the integral asks for
LOWEST_POWER: Final = -1.0


@runtime_checkable
class SpectrumWithSign(Protocol):
    """A prior over spectral functions that says whether they are positive for all latents."""

    @property
    def positive(self) -> bool:
        """Whether rho is positive for all latents."""
        ...

    def on(self, grid: FrequencyGrid) -> AbstractAnsatz:
        """The map from standard normal latents to rho on the nodes of `grid`."""
        ...


class NormalisedPart(AbstractAnsatz):
    """An ansatz with its total weight corrected; the same latents."""

    ansatz: AbstractAnsatz
    cut: Nodes  # factor that makes rho fall at very large omega
    row: Float[Array, " nodes"]  # integrates omega^power rho
    template: Nodes | None  # of weight one; None: rescale
    value: float = eqx.field(static=True)  # the total weight

    @property
    def dim(self) -> int:
        return self.ansatz.dim

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes."""
        rho = self.cut * self.ansatz(z)
        weight: Scalar = self.row @ rho
        return rho * (self.value / weight) if self.template is None else rho + (self.value - weight) * self.template


@dataclass(frozen=True)
class WithTotalWeight(AbstractSpectrum):
    """A prior with a fixed integral of omega^power rho over all frequencies.

    Args:
        ansatz: the prior that is corrected.
        value: the integral [unit of rho times frequency^(power + 1)].
        power: of omega in the integral, at least -1.

    Raises:
        InputError: for a power below -1, or a weight that is not positive where rho is.

    Example:
        >>> from retrodict.spectral.ansatz.smooth import SmoothSpectrum
        >>> WithTotalWeight(SmoothSpectrum(), 1.0, 1.0).positive
        True
    """

    ansatz: SpectrumWithSign
    value: float
    power: float = 1.0

    def __post_init__(self) -> None:
        if self.power < LOWEST_POWER:
            expected = f"a power of at least {LOWEST_POWER:g}"
            raise InputError(
                "this weight need not exist: rho ~ omega at small omega", got=f"{self.power:g}", expected=expected
            )
        if self.positive and not self.value > 0:
            fix = "a positive value, or a spectral function of free sign: ansatz.positive: false"
            raise InputError("a positive spectral function has a positive weight", got=f"{self.value:g}", fix=fix)

    @property
    def positive(self) -> bool:
        """That of the ansatz."""
        return self.ansatz.positive

    def on(self, grid: FrequencyGrid) -> NormalisedPart:
        """The map from standard normal latents to rho on the nodes.

        Args:
            grid: nodes and units.

        Raises:
            InputError: for an even rho and a power of -1: the integral need not exist.
        """
        if grid.even and self.power <= LOWEST_POWER:
            what = "this weight need not exist: an even rho does not vanish at omega = 0"
            raise InputError(what, got=f"{self.power:g}", expected=f"a power above {LOWEST_POWER:g}")
        row = grid.weight * grid.omega**self.power
        cut = (1 + (grid.x / FAR) ** 2) ** (-0.5 * (self.power + 3 + max(grid.growth or 0.0, 1.0)))
        template = None
        if not self.positive:
            template = grid.x * (1 + grid.x**2) ** (-0.5 * (self.power + 5))
            template = template / (row @ template)
        return NormalisedPart(self.ansatz.on(grid), cut, row, template, self.value)
