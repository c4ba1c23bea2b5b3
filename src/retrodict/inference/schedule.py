"""Numbers that change along a run: learning rates, temperatures.

Each is a function of the progress of a run, which grows from 0 to 1.
"""

import math
from dataclasses import dataclass

import jax.numpy as jnp

from retrodict.base.types import Scalar


@dataclass(frozen=True)
class Constant:
    """The same value all along.

    Args:
        value: the value.
    """

    value: float = 1.0

    def __call__(self, progress: Scalar) -> Scalar:
        return jnp.full_like(progress, self.value)


@dataclass(frozen=True)
class Geometric:
    """From one value to another by a constant factor a step.

    Args:
        start: value at the first step.
        stop: value from `until` on.
        until: progress, from 0 to 1, at which `stop` is reached.

    Example:

        >>> print(Geometric(100.0)(jnp.asarray(0.25)).round(3))
        10.0
    """

    start: float
    stop: float = 1.0
    until: float = 0.5

    def __call__(self, progress: Scalar) -> Scalar:
        ratio = math.log(self.stop / self.start)
        value = self.start * jnp.exp(ratio * progress / self.until)
        return jnp.where(progress < self.until, value, self.stop)  # exactly `stop`, not to rounding


@dataclass(frozen=True)
class Cosine:
    """From `start` to `stop` along half a cosine. Loshchilov, Hutter, ICLR 2017.

    Args:
        start: value at the first step.
        stop: value at the last step.
    """

    start: float = 1e-2
    stop: float = 1e-4

    def __call__(self, progress: Scalar) -> Scalar:
        return self.stop + 0.5 * (self.start - self.stop) * (1 + jnp.cos(jnp.pi * jnp.minimum(progress, 1.0)))
