r"""A continuum that opens at a threshold and then falls, or rises, as a power.

$$\rho = h\,\sigma\!\left(\frac{\ln x - \ln s}{w}\right) t(x),\qquad
  t = \left(1 + \frac{x^2}{L^2}\right)^{-n/2}\ \text{or}\ x^g \text{ where the growth g is known.}$$

The logistic opening $\sigma$ has a relative width w, so that a prediction is smooth in the threshold s; a large n makes
an upper edge.
"""

from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp

from retrodict.base.types import Scalar, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.prior import LogNormal
from retrodict.spectral.ansatz.frequency_grid import FrequencyGrid, Nodes

HEIGHT: Final = LogNormal(0.03, 2.0)
THRESHOLD: Final = LogNormal(2.5, 0.7)  # in units of `unit`
OPENING: Final = LogNormal(0.1, 0.7)  # relative width of the opening
SCALE: Final = LogNormal(3.0, 0.7)  # where the tail begins, in units of `unit`
POWER: Final = LogNormal(1.5, 1.0)  # of the tail
LATENTS: Final = 5


class ThresholdPart(AbstractAnsatz):
    """Latents of each continuum: height, threshold, opening, scale and power of the tail."""

    log_x: Nodes  # ln(omega/unit)
    tail: Nodes | None  # x^growth, where the growth is known
    height: Scalar  # unit of rho in the prior
    continua: int = eqx.field(static=True)  # number of continua
    positive: bool = eqx.field(static=True)  # whether all heights are

    @property
    def dim(self) -> int:
        return LATENTS * self.continua

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes: the sum of all continua."""
        height, threshold, opening, scale, power = z.reshape(self.continua, LATENTS).T
        strength = HEIGHT(height) if self.positive else 2 * HEIGHT.median * jnp.sinh(HEIGHT.spread * height)
        log_x = self.log_x[:, None]
        opened = jax.nn.sigmoid((log_x - jnp.log(THRESHOLD(threshold))) / OPENING(opening))
        if self.tail is None:
            tail = jnp.exp(-0.5 * POWER(power) * jax.nn.softplus(2 * (log_x - jnp.log(SCALE(scale)))))
        else:
            tail = self.tail[:, None]
        return self.height * jnp.sum(strength * opened * tail, axis=1)


def thresholds_on(grid: FrequencyGrid, continua: int, *, positive: bool = True) -> ThresholdPart:
    """Continua with the same prior on a frequency grid.

    Args:
        grid: nodes and units.
        continua: how many.
        positive: whether their heights are positive or of either sign.
    """
    tail = None if grid.growth is None else grid.x**grid.growth
    return ThresholdPart(jnp.log(grid.x), tail, grid.height, continua, positive)
