"""The prior over latents, and push-forwards of it: functions get theirs through the ansatz, numbers through these."""

import math

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jax.scipy.special import ndtr

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, Scalar, Vector


class StandardNormal(eqx.Module):
    """Standard-normal latents, `z ~ N(mean, 1)`; the mean differs from zero only in randomised problems.

    Args:
        mean: of the latents, a number or shape (dim,).
    """

    mean: Float[Array, "..."]

    def __init__(self, mean: Float[Array, "..."] | float = 0.0) -> None:
        self.mean = jnp.asarray(mean, dtype=float)

    def residual(self, z: Vector) -> Vector:
        """z - mean: standard normal under the prior.

        Args:
            z: latents, shape (dim,).
        """
        return z - self.mean

    def log_prob(self, z: Vector) -> Scalar:
        """Normalised log density.

        Args:
            z: latents, shape (dim,).
        """
        return -0.5 * jnp.sum(self.residual(z) ** 2) - 0.5 * z.size * jnp.log(2 * jnp.pi)

    def sample(self, key: Key, dim: int) -> Vector:
        """One draw.

        Args:
            key: random key.
            dim: number of latents.
        """
        return self.mean + jr.normal(key, (dim,))


class Normal(eqx.Module):
    """mean + spread z: a number with a normal prior.

    Args:
        mean: of the prior.
        spread: its standard deviation; 0 fixes the number.

    Example:
        >>> float(Normal(1.0, 0.05)(2.0))
        1.1
    """

    mean: float = eqx.field(static=True, converter=float)
    spread: float = eqx.field(static=True, converter=float)

    def __check_init__(self) -> None:
        _check(math.isfinite(self.mean) and 0 <= self.spread < math.inf, self, "a finite mean and a spread >= 0")

    def __call__(self, z: Float[Array, "*shape"] | float) -> Float[Array, "*shape"]:
        """The number that belongs to a standard-normal latent.

        Args:
            z: latents, any shape.
        """
        return self.mean + self.spread * jnp.asarray(z)


class LogNormal(eqx.Module):
    """median exp(spread z): a positive number, known up to a factor.

    Args:
        median: of the prior, > 0.
        spread: standard deviation of its logarithm; 0 fixes the number.

    Example:
        >>> round(float(LogNormal(2.0, 0.1)(1.0)), 3)
        2.21
    """

    median: float = eqx.field(static=True, converter=float)
    spread: float = eqx.field(static=True, converter=float)

    def __check_init__(self) -> None:
        _check(0 < self.median < math.inf and 0 <= self.spread < math.inf, self, "a median > 0 and a spread >= 0")

    def __call__(self, z: Float[Array, "*shape"] | float) -> Float[Array, "*shape"]:
        """The number that belongs to a standard-normal latent.

        Args:
            z: latents, any shape.
        """
        return self.median * jnp.exp(self.spread * jnp.asarray(z))


class Uniform(eqx.Module):
    r"""$low + (high - low)\,\Phi(z)$: a number of which only the range is known.

    Args:
        low: lower end.
        high: upper end, > low.

    Example:
        >>> float(Uniform(2.0, 4.0)(0.0))
        3.0
    """

    low: float = eqx.field(static=True, converter=float)
    high: float = eqx.field(static=True, converter=float)

    def __check_init__(self) -> None:
        _check(-math.inf < self.low < self.high < math.inf, self, "low < high, both finite")

    def __call__(self, z: Float[Array, "*shape"] | float) -> Float[Array, "*shape"]:
        """The number that belongs to a standard-normal latent.

        Args:
            z: latents, any shape.
        """
        return self.low + (self.high - self.low) * ndtr(jnp.asarray(z))


def _check(good: bool, prior: eqx.Module, expected: str) -> None:
    if not good:
        raise InputError("a prior that is no distribution", got=str(prior), expected=expected)
