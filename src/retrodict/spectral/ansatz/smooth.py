r"""The smooth part of a spectral function: a Gaussian process with a link function.

$\rho = m(\omega)\,\mathrm{softplus}(f)$ with the envelope $m$ of the grid, $f = a + b\ln(1 + x^2) + g(\xi)$ and a
Gaussian process $g$ in $\xi = \mathrm{arsinh}\,x$, linear in frequency below the unit and logarithmic above, in cosine
modes (Solin, Sarkka, Stat. Comput. 30 (2020) 419). Offset, slope, amplitude and correlation length are latents like the
modes: hyper-parameters are marginalised. Without positivity the link is the identity.
"""

from dataclasses import dataclass
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Scalar, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.prior import LogNormal, Normal
from retrodict.spectral.ansatz.frequency_grid import AbstractSpectrum, FrequencyGrid, Nodes
from retrodict.spectral.ansatz.trend import Decay, trend_on

AMPLITUDE: Final = LogNormal(1.5, 0.5)
DEFAULT_AMPLITUDE: Final = LogNormal(0.5, 0.7)  # around a default model, which is expected to be close
LENGTH: Final = LogNormal(0.25, 0.4)
HYPERPARAMETERS: Final = 4


class SmoothPart(AbstractAnsatz):
    """Latents: offset, slope, amplitude, length, then one a mode."""

    envelope: Nodes  # m
    logarithm: Nodes  # ln(1 + x^2)
    modes: Float[Array, "nodes modes"]  # cosines, orthonormal over arsinh(x)
    wave_number: Float[Array, " modes"]  # of the cosines, per unit of arsinh(x)
    offset: Normal  # prior of a
    slope: Normal | Decay  # prior of b
    amplitude: LogNormal  # prior of the standard deviation of g
    length: LogNormal  # prior of the correlation length of g, in arsinh(x)
    positive: bool = eqx.field(static=True)  # whether the link is a softplus

    @property
    def dim(self) -> int:
        return HYPERPARAMETERS + len(self.wave_number)

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes."""
        return self.envelope * (jax.nn.softplus(self.latent(z)) if self.positive else self.latent(z))

    def latent(self, z: Vector) -> Nodes:
        """f on the nodes, from the latents `z`: Gaussian for given amplitude and length."""
        scale = self.spectral_density(self.amplitude(z[2]), self.length(z[3]))
        process = self.modes @ (scale * z[HYPERPARAMETERS:])
        return self.offset(z[0]) + self.slope(z[1]) * self.logarithm + process

    def spectral_density(self, amplitude: Scalar, length: Scalar) -> Float[Array, " modes"]:
        """Standard deviation of each mode, for a squared-exponential covariance of `amplitude` and `length`."""
        return amplitude * jnp.sqrt(jnp.sqrt(2 * jnp.pi) * length) * jnp.exp(-0.25 * (length * self.wave_number) ** 2)


@dataclass(frozen=True)
class SmoothSpectrum(AbstractSpectrum):
    """A Gaussian process, stationary in arsinh(omega/unit).

    Good for broad structures, too stiff for a narrow peak on a broad background. With fixed hyper-parameters and
    `positive` false the problem is linear.

    Args:
        modes: cosines of the process.
        positive: whether rho is positive (a softplus of the process) or of free sign.
        amplitude: standard deviation of the process; None: inferred.
        length: its correlation length in arsinh(omega/unit); None: inferred.

    Raises:
        InputError: unless all numbers are positive.

    Example:
        >>> SmoothSpectrum(modes=20, amplitude=1.0).length is None
        True
    """

    modes: int = 40
    positive: bool = True
    amplitude: float | None = None
    length: float | None = None

    def __post_init__(self) -> None:
        if self.modes < 1 or any(x is not None and x <= 0 for x in (self.amplitude, self.length)):
            raise InputError("modes, amplitude and length are positive", got=repr(self))

    def on(self, grid: FrequencyGrid) -> SmoothPart:
        """The map from standard normal latents to rho on the nodes of `grid`."""
        usual = AMPLITUDE if grid.default is None else DEFAULT_AMPLITUDE
        fixed = ((self.amplitude, usual), (self.length, LENGTH))
        amplitude, length = (free if value is None else LogNormal(value, 0.0) for value, free in fixed)
        trend = trend_on(grid, positive=self.positive)
        number = jnp.pi / grid.extent * jnp.arange(1, self.modes + 1)
        waves = jnp.cos(number * grid.place[:, None]) * jnp.sqrt(2 / grid.extent)
        surroundings = trend.envelope, trend.logarithm, waves, number, trend.offset, trend.slope
        return SmoothPart(*surroundings, amplitude, length, self.positive)
