r"""Forward processes of diffusion models: how noise is added to a configuration, and the schedule of its level.

$dx = K(t)\,x\,dt + g(t)\,dW$ from t = 0 to 1 leads to $x_t = f(t)\,x_0 + \sqrt{\Xi(t)}\,n$. The scaled field
$y = x_t / f$ is $x_0$ plus noise of standard deviation $\sigma = \sqrt\Xi / f$, the *level*, for every process. Scores
and samplers are therefore functions of (y, level), and a process only maps times to levels.

Source: Song, Sohl-Dickstein, Kingma, Kumar, Ermon, Poole, ICLR 2021 (arXiv:2011.13456).
"""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import jax.numpy as jnp

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Scalar

Times = Float[Array, "*time"]


@runtime_checkable
class Noise(Protocol):
    """A forward process: the functions of its time t in 0 ... 1, applied to arrays of any shape `*time`."""

    def mean_factor(self, t: Times) -> Times:
        """f(t)."""
        ...

    def variance(self, t: Times) -> Times:
        """Xi(t)."""
        ...

    def drift(self, t: Times) -> Times:
        """K(t) = d ln f / dt."""
        ...

    def diffusion_squared(self, t: Times) -> Times:
        """g(t)^2 = d Xi / dt - 2 K Xi."""
        ...

    def time(self, level: Times) -> Times:
        """The time at which the level is reached."""
        ...


@dataclass(frozen=True)
class VarianceExploding:
    r"""$dx = \sigma^t\,dW$: f = 1, $\Xi = (\sigma^{2t} - 1) / 2\ln\sigma$.

    The highest level must exceed the largest standard deviation of any mode of the data, which near criticality is that
    of the mean field: sigma = 25 (level 9.8) is too small for phi^4 at L = 16, kappa = 0.27 (13).

    Args:
        sigma: base of the noise, > 1; the highest level is sqrt((sigma^2 - 1) / (2 ln sigma)).

    Raises:
        InputError: if sigma <= 1.

    Example:
        >>> round(float(noise_level(VarianceExploding(25.0), jnp.asarray(1.0))), 2)
        9.85
    """

    sigma: float = 25.0

    def __post_init__(self) -> None:
        if not self.sigma > 1:
            raise InputError("the noise must grow", got=f"sigma={self.sigma}", expected="sigma > 1")

    def mean_factor(self, t: Times) -> Times:
        """f(t)."""
        return jnp.ones_like(t)

    def variance(self, t: Times) -> Times:
        """Xi(t)."""
        rate = 2 * math.log(self.sigma)
        return jnp.expm1(rate * t) / rate

    def drift(self, t: Times) -> Times:
        """K(t)."""
        return jnp.zeros_like(t)

    def diffusion_squared(self, t: Times) -> Times:
        """g(t)^2."""
        return jnp.exp(2 * math.log(self.sigma) * t)

    def time(self, level: Times) -> Times:
        """The time at which the level is reached."""
        rate = 2 * math.log(self.sigma)
        return jnp.log1p(rate * level**2) / rate


@dataclass(frozen=True)
class VariancePreserving:
    r"""$dx = -\tfrac12\beta x\,dt + \sqrt\beta\,dW$ with $\beta$ linear in t: $f^2 = e^{-\int\beta}$, $\Xi = 1 - f^2$.

    Source: Ho, Jain, Abbeel, NeurIPS 2020, in continuous time.

    Args:
        slowest: beta at t = 0, > 0.
        fastest: beta at t = 1, > slowest.

    Raises:
        InputError: unless 0 < slowest < fastest.

    Example:
        >>> noise = VariancePreserving()
        >>> f, xi = noise.mean_factor(jnp.asarray(0.5)), noise.variance(jnp.asarray(0.5))
        >>> round(float(f**2 + xi), 6)
        1.0
    """

    slowest: float = 0.1
    fastest: float = 20.0

    def __post_init__(self) -> None:
        if not 0 < self.slowest < self.fastest:
            got = f"slowest={self.slowest}, fastest={self.fastest}"
            raise InputError("the rate must grow", got=got, expected="0 < slowest < fastest")

    def mean_factor(self, t: Times) -> Times:
        """f(t)."""
        return jnp.exp(-0.5 * self._integral(t))

    def variance(self, t: Times) -> Times:
        """Xi(t)."""
        return -jnp.expm1(-self._integral(t))

    def drift(self, t: Times) -> Times:
        """K(t)."""
        return -0.5 * self.diffusion_squared(t)

    def diffusion_squared(self, t: Times) -> Times:
        """g(t)^2."""
        return self.slowest + (self.fastest - self.slowest) * t

    def time(self, level: Times) -> Times:
        """The time at which the level is reached."""
        integral, slope = jnp.log1p(level**2), self.fastest - self.slowest
        return 2 * integral / (self.slowest + jnp.sqrt(self.slowest**2 + 2 * slope * integral))

    def _integral(self, t: Times) -> Times:
        return self.slowest * t + 0.5 * (self.fastest - self.slowest) * t**2


def noise_level(noise: Noise, t: Times) -> Times:
    """Ratio of noise to signal at a time: sqrt(Xi) / f.

    Args:
        noise: the forward process.
        t: times in 0 ... 1, any shape.
    """
    return jnp.sqrt(noise.variance(t)) / noise.mean_factor(t)


def add_noise(noise: Noise, x: Float[Array, "*site"], white: Float[Array, "*site"], t: Scalar) -> Float[Array, "*site"]:
    """Run the forward process from 0 to t: return x_t.

    Args:
        noise: the forward process.
        x: the configuration at time 0, shape `*site`.
        white: standard normal numbers, shape `*site`.
        t: the time.
    """
    return noise.mean_factor(t) * x + jnp.sqrt(noise.variance(t)) * white


def uniform_time_levels(noise: Noise, steps: int, finest: float) -> Float[Array, " levels"]:
    """Levels from time 1 down to `finest`, at equal steps in the time of the process.

    Args:
        noise: the forward process.
        steps: number of steps, one less than that of levels.
        finest: the last level.
    """
    last = noise.time(jnp.asarray(finest))
    return noise_level(noise, jnp.linspace(1.0, last, steps + 1))


def geometric_levels(largest: float, finest: float, steps: int) -> Float[Array, " levels"]:
    """Levels that fall by the same factor at each step: the same number of steps for every scale.

    Args:
        largest: the first level.
        finest: the last level, smaller than the first.
        steps: number of steps, one less than that of levels.

    Raises:
        InputError: unless 0 < finest < largest and steps >= 1.
    """
    if not 0 < finest < largest or steps < 1:
        got = f"largest={largest}, finest={finest}, steps={steps}"
        raise InputError("no falling levels", got=got, expected="0 < finest < largest, steps >= 1")
    return jnp.geomspace(largest, finest, steps + 1)
