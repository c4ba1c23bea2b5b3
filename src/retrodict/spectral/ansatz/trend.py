r"""From a function f of any sign to rho: $\rho = m(\omega)\,\mathrm{softplus}(a + b\ln(1 + x^2) + f)$.

m is the envelope of the frequency grid; offset and slope are latents. Without positivity the link is the identity and
the slope is fixed.
"""

from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp

from retrodict.base.types import Scalar
from retrodict.problem.prior import Normal
from retrodict.spectral.ansatz.frequency_grid import FrequencyGrid, Nodes


class Decay(eqx.Module):
    """-(1/2 + median exp(spread z)): a slope at which rho falls as a power, omega^(-2 median) for the typical one.

    With a slope of -1/2 or more rho would not fall, and a Kallen-Lehmann integral over it would not exist.
    """

    median: float = eqx.field(static=True)  # of the slope's distance from -1/2
    spread: float = eqx.field(static=True)  # standard deviation of its logarithm

    @property
    def mean(self) -> float:
        """The slope at z = 0."""
        return -0.5 - self.median

    def __call__(self, z: Scalar) -> Scalar:
        """The slope that belongs to the latent `z`."""
        return -0.5 - self.median * jnp.exp(self.spread * z)


OFFSET: Final = Normal(-1.0, 1.5)
SLOPE: Final = Decay(1.0, 0.7)  # where the growth is not known
KNOWN_SLOPE: Final = Normal(0.0, 0.0)  # where it is: a slope would turn into another power wherever f < 0
DEFAULT_OFFSET: Final = Normal(0.54, 0.7)  # softplus(0.54) = 1: around a default model


class Trend(eqx.Module):
    """The link with its offset and slope, which are latents."""

    envelope: Nodes  # m
    logarithm: Nodes  # ln(1 + x^2)
    offset: Normal  # prior of a
    slope: Normal | Decay  # prior of b
    positive: bool = eqx.field(static=True)  # whether the link is a softplus

    def __call__(self, offset: Scalar, slope: Scalar, f: Nodes) -> Nodes:
        """rho on the nodes, from the latents of `offset` and `slope`, and `f` on the nodes."""
        total = self.offset(offset) + self.slope(slope) * self.logarithm + f
        return self.envelope * (jax.nn.softplus(total) if self.positive else total)


def trend_on(grid: FrequencyGrid, *, positive: bool) -> Trend:
    """The trend on a `grid`, with its growth or default model, for a rho that is `positive` or of free sign."""
    slope = slope_of(grid)
    offset = OFFSET if grid.default is None else DEFAULT_OFFSET
    logarithm = jnp.log1p(grid.x**2)
    if positive:
        return Trend(grid.envelope, logarithm, offset, slope, True)
    return Trend(centre_of(grid), logarithm, Normal(0.0, 1.0), Normal(0.0, 0.0), False)


def slope_of(grid: FrequencyGrid) -> Normal | Decay:
    """The prior of the slope on a `grid`: fixed where the growth or a default model is given."""
    return SLOPE if grid.growth is None and grid.default is None else KNOWN_SLOPE


def centre_of(grid: FrequencyGrid) -> Nodes:
    """The default model on the nodes of `grid`, or the smooth spectrum around which the prior is centred."""
    return grid.envelope * (1 + grid.x**2) ** slope_of(grid).mean
