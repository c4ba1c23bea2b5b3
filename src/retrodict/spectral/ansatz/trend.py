r"""What surrounds a function f that can take any value: $\rho = m(\omega)\,\mathrm{softplus}(a + b\ln(1 + x^2) + f)$.

m is the envelope of the frame; offset and slope are latents. Without positivity the link is the identity and the slope
is fixed.
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

    From -1/2 upwards rho would not fall, and a Kallen-Lehmann integral over it would not exist.
    """

    median: float = eqx.field(static=True)
    spread: float = eqx.field(static=True)

    @property
    def mean(self) -> float:
        """The slope at z = 0."""
        return -0.5 - self.median

    def __call__(self, z: Scalar) -> Scalar:
        """The slope."""
        return -0.5 - self.median * jnp.exp(self.spread * z)


OFFSET: Final = Normal(-1.0, 1.5)
SLOPE: Final = Decay(1.0, 0.7)  # where the growth is not known
KNOWN_SLOPE: Final = Normal(0.0, 0.0)  # where it is: a slope would turn into another power wherever f < 0
DEFAULT_OFFSET: Final = Normal(0.54, 0.7)  # softplus(0.54) = 1: around a default model


class Trend(eqx.Module):
    """Latents: offset and slope."""

    envelope: Nodes
    logarithm: Nodes  # ln(1 + x^2)
    offset: Normal
    slope: Normal | Decay
    positive: bool = eqx.field(static=True)

    def __call__(self, offset: Scalar, slope: Scalar, f: Nodes) -> Nodes:
        """rho on the nodes, from two white latents and f."""
        total = self.offset(offset) + self.slope(slope) * self.logarithm + f
        return self.envelope * (jax.nn.softplus(total) if self.positive else total)


def trend_on(frame: FrequencyGrid, *, positive: bool) -> Trend:
    """The trend that the frame asks for: a known growth, a default model, or neither."""
    slope = slope_of(frame)
    offset = OFFSET if frame.default is None else DEFAULT_OFFSET
    logarithm = jnp.log1p(frame.x**2)
    if positive:
        return Trend(frame.envelope, logarithm, offset, slope, True)
    return Trend(centre_of(frame), logarithm, Normal(0.0, 1.0), Normal(0.0, 0.0), False)


def slope_of(frame: FrequencyGrid) -> Normal | Decay:
    """The prior of the slope that the frame asks for."""
    return SLOPE if frame.growth is None and frame.default is None else KNOWN_SLOPE


def centre_of(frame: FrequencyGrid) -> Nodes:
    """The default model on the nodes, or the smooth spectrum around which the prior is centred."""
    return frame.envelope * (1 + frame.x**2) ** slope_of(frame).mean
