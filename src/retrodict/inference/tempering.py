r"""Chains led from an easy problem to the one that was asked: the noise is inflated first, and lowered step by step.

With noise inflated by the root of a temperature T, modes are not separate yet and a search that has not converged fits
the data well enough: every chain wanders to where the posterior at that noise has its mass, and follows it as the noise
is lowered. Chains stay independent, so that those which end apart tell of modes that no chain leaves (a selection of
the fittest would hide them). Only where chains start is decided here: what they do at T = 1 is exact from any start.

Source: Neal, Statistics and Computing 6 (1996) 353 (annealing through tempered densities).
"""

import math
from typing import Final

import equinox as eqx
import jax.numpy as jnp

from retrodict.base.types import Array, Float, Int, Scalar, Vector
from retrodict.problem.target import AbstractLeastSquares, Evaluation

HOTTEST: Final = 1e3  # squared data residuals are divided by this at first
SHARE: Final = 0.5  # of the warm-up, until the temperature is one


class Tempered(eqx.Module):
    """`target` with its noise larger by the root of the temperature: what a trajectory needs of a target."""

    target: AbstractLeastSquares
    temperature: Scalar

    def residual(self, z: Vector) -> Float[Array, " data"]:
        """In units of the larger noise."""
        return self.target.residual(z) / jnp.sqrt(self.temperature)

    def evaluate(self, z: Vector) -> Evaluation:
        """The same, with what comes along."""
        found = self.target.evaluate(z)
        return found._replace(residual=found.residual / jnp.sqrt(self.temperature))

    def prior_residual(self, z: Vector) -> Vector:
        """The prior's is as it was."""
        return self.target.prior_residual(z)


def cooling_steps(warmup: int) -> int:
    """After how many steps of a warm-up the temperature is one."""
    return int(SHARE * warmup)


def temperature_at(index: Int[Array, ""], warmup: int) -> Scalar:
    """Falls geometrically from `HOTTEST` to one."""
    steps = cooling_steps(warmup)
    return jnp.exp(math.log(HOTTEST) * jnp.maximum(1 - index / steps, 0.0)) if steps else jnp.asarray(1.0)
