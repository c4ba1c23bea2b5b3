r"""Forward processes of diffusion models: how a configuration is drowned in noise, and at which pace.

$dx = K(t)\,x\,dt + g(t)\,dW$ from t = 0 to 1 leads to $x_t = f(t)\,x_0 + \sqrt{\Xi(t)}\,n$. The scaled field
$y = x_t / f$ is $x_0$ plus noise of standard deviation $\sigma = \sqrt\Xi / f$, the *level*, whatever the process: so
scores and samplers speak of (y, level), and a process only says which level belongs to which time.

Source: Song, Sohl-Dickstein, Kingma, Kumar, Ermon, Poole, ICLR 2021 (arXiv:2011.13456).
"""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import jax.numpy as jnp

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Scalar


@runtime_checkable
class Noise(Protocol):
    """A forward process."""

    def mean_factor(self, t: Array) -> Array:
        """f(t)."""
        ...

    def variance(self, t: Array) -> Array:
        """Xi(t)."""
        ...

    def drift(self, t: Array) -> Array:
        """K(t) = d ln f / dt."""
        ...

    def diffusion_squared(self, t: Array) -> Array:
        """g(t)^2 = d Xi / dt - 2 K Xi."""
        ...

    def time(self, level: Array) -> Array:
        """The time at which the level is reached."""
        ...


@dataclass(frozen=True)
class VarianceExploding:
    r"""$dx = \sigma^t\,dW$: f = 1, $\Xi = (\sigma^{2t} - 1) / 2\ln\sigma$.

    The highest level must exceed the largest standard deviation of any mode of the data, which near criticality is that
    of the mean field: sigma = 25 (level 9.8) is too small for phi^4 at L = 16, kappa = 0.27 (13).
    """

    sigma: float = 25.0

    def __post_init__(self) -> None:
        if not self.sigma > 1:
            raise InputError("the noise must grow", got=f"sigma={self.sigma}", expected="sigma > 1")

    def mean_factor(self, t: Array) -> Array:
        """f(t)."""
        return jnp.ones_like(t)

    def variance(self, t: Array) -> Array:
        """Xi(t)."""
        rate = 2 * math.log(self.sigma)
        return jnp.expm1(rate * t) / rate

    def drift(self, t: Array) -> Array:
        """K(t)."""
        return jnp.zeros_like(t)

    def diffusion_squared(self, t: Array) -> Array:
        """g(t)^2."""
        return jnp.exp(2 * math.log(self.sigma) * t)

    def time(self, level: Array) -> Array:
        """The time at which the level is reached."""
        rate = 2 * math.log(self.sigma)
        return jnp.log1p(rate * level**2) / rate


@dataclass(frozen=True)
class VariancePreserving:
    r"""$dx = -\tfrac12\beta x\,dt + \sqrt\beta\,dW$ with $\beta$ linear in t: $f^2 = e^{-\int\beta}$, $\Xi = 1 - f^2$.

    Ho, Jain, Abbeel, NeurIPS 2020, in continuous time.
    """

    slowest: float = 0.1
    fastest: float = 20.0

    def __post_init__(self) -> None:
        if not 0 < self.slowest < self.fastest:
            got = f"slowest={self.slowest}, fastest={self.fastest}"
            raise InputError("the rate must grow", got=got, expected="0 < slowest < fastest")

    def mean_factor(self, t: Array) -> Array:
        """f(t)."""
        return jnp.exp(-0.5 * self._integral(t))

    def variance(self, t: Array) -> Array:
        """Xi(t)."""
        return -jnp.expm1(-self._integral(t))

    def drift(self, t: Array) -> Array:
        """K(t)."""
        return -0.5 * self.diffusion_squared(t)

    def diffusion_squared(self, t: Array) -> Array:
        """g(t)^2."""
        return self.slowest + (self.fastest - self.slowest) * t

    def time(self, level: Array) -> Array:
        """The time at which the level is reached."""
        wanted, slope = jnp.log1p(level**2), self.fastest - self.slowest
        return 2 * wanted / (self.slowest + jnp.sqrt(self.slowest**2 + 2 * slope * wanted))

    def _integral(self, t: Array) -> Array:
        return self.slowest * t + 0.5 * (self.fastest - self.slowest) * t**2


def level_of(noise: Noise, t: Array) -> Array:
    """Noise to signal at a time: sqrt(Xi) / f."""
    return jnp.sqrt(noise.variance(t)) / noise.mean_factor(t)


def noised(noise: Noise, x: Array, white: Array, t: Scalar) -> Array:
    """x_t, from a configuration and standard normal numbers of its shape."""
    return noise.mean_factor(t) * x + jnp.sqrt(noise.variance(t)) * white


def levels_of(noise: Noise, steps: int, finest: float) -> Float[Array, " levels"]:
    """Levels from time 1 down to `finest`, at `steps` equal steps in time: the pace of the process itself."""
    last = noise.time(jnp.asarray(finest))
    return level_of(noise, jnp.linspace(1.0, last, steps + 1))


def geometric(largest: float, finest: float, steps: int) -> Float[Array, " levels"]:
    """Levels that fall by the same factor at each of `steps` steps: the same work at every scale."""
    if not 0 < finest < largest or steps < 1:
        got = f"largest={largest}, finest={finest}, steps={steps}"
        raise InputError("no falling levels", got=got, expected="0 < finest < largest, steps >= 1")
    return jnp.geomspace(largest, finest, steps + 1)
