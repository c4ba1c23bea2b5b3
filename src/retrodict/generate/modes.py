"""Bases in which covariances are diagonal: for noise, for spectra and for the widths of reverse steps.

A multiplier is one number a mode, or one for all. Fields are real and of one shape; sums over modes are sums over all.
"""

import math
from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Key, Scalar


class AbstractModes(eqx.Module):
    """A basis of a space of fields."""

    shape: eqx.AbstractVar[tuple[int, ...]]

    @abstractmethod
    def filter(self, x: Array, multiplier: Array) -> Array:
        """Each mode times its multiplier."""

    @abstractmethod
    def power(self, x: Array) -> Array:
        """The square of each mode of one field, normalised so that white noise of variance one has one."""

    @abstractmethod
    def log_det(self, multiplier: Array) -> Scalar:
        """The sum of the logarithms of the multipliers of all modes."""


class Isotropic(AbstractModes):
    """All numbers alike: one multiplier, a scalar."""

    shape: tuple[int, ...] = eqx.field(static=True)

    def filter(self, x: Array, multiplier: Array) -> Array:
        return x * multiplier

    def power(self, x: Array) -> Array:
        return jnp.mean(x**2)

    def log_det(self, multiplier: Array) -> Scalar:
        return int(np.prod(self.shape)) * jnp.log(multiplier)


class Fourier(AbstractModes):
    """Plane waves on a periodic lattice; multipliers have the shape of the lattice and are even in the momentum."""

    shape: tuple[int, ...] = eqx.field(static=True)

    def filter(self, x: Array, multiplier: Array) -> Array:
        half = multiplier[..., : x.shape[-1] // 2 + 1].astype(x.dtype)
        return jnp.fft.irfftn(jnp.fft.rfftn(x) * half, s=x.shape)

    def power(self, x: Array) -> Array:
        return jnp.abs(jnp.fft.fftn(x)) ** 2 / x.size

    def log_det(self, multiplier: Array) -> Scalar:
        return jnp.sum(jnp.log(multiplier))


class AbstractStart(eqx.Module):
    """Where a reverse process begins: nearly the distribution of the data plus noise of the largest level."""

    @abstractmethod
    def draw(self, key: Key, level: Scalar) -> tuple[Array, Scalar]:
        """One field and its log density."""

    @abstractmethod
    def log_prob(self, y: Array, level: Scalar) -> Scalar:
        """The log density of any field."""


class GaussianStart(AbstractStart):
    """Gaussian, with the data's variance in each mode plus the noise: exact for the second moments."""

    modes: AbstractModes
    variance: Array

    def draw(self, key: Key, level: Scalar) -> tuple[Array, Scalar]:
        white = jr.normal(key, self.modes.shape, self.variance.dtype)
        total = self.variance + level**2
        y = self.modes.filter(white, jnp.sqrt(total))
        return y, -0.5 * (jnp.sum(white**2) + self.modes.log_det(2 * jnp.pi * total))

    def log_prob(self, y: Array, level: Scalar) -> Scalar:
        total = self.variance + level**2
        return -0.5 * (jnp.sum(y * self.modes.filter(y, 1 / total)) + self.modes.log_det(2 * jnp.pi * total))


class TailedStart(AbstractStart):
    r"""As `base`, but the mean field $a = \sum_x y_x/\sqrt V$ follows Student's t of `freedom` > 2 degrees.

    It is scaled to the variance that it has in the base. A model that never draws large fields gives their weights no
    bound. The mean field is the one mode whose tail a theory with a phase transition can make longer than a fit has
    seen.
    """

    base: GaussianStart
    freedom: float = eqx.field(static=True)

    def draw(self, key: Key, level: Scalar) -> tuple[Array, Scalar]:
        field_key, tail_key = jr.split(key)
        y, log_prob = self.base.draw(field_key, level)
        stretch = jnp.sqrt((self.freedom - 2) / (2 * jr.gamma(tail_key, 0.5 * self.freedom, dtype=y.dtype)))
        moved = y + (stretch - 1) * jnp.mean(y)
        return moved, log_prob - self._normal(y, level) + self._student(moved, level)

    def log_prob(self, y: Array, level: Scalar) -> Scalar:
        return self.base.log_prob(y, level) - self._normal(y, level) + self._student(y, level)

    def _square(self, y: Array, level: Scalar) -> Scalar:
        """a^2 over its variance in the base."""
        return y.size * jnp.mean(y) ** 2 / (self.base.variance.reshape(-1)[0] + level**2)

    def _normal(self, y: Array, level: Scalar) -> Scalar:
        return -0.5 * self._square(y, level) - 0.5 * math.log(2 * math.pi)

    def _student(self, y: Array, level: Scalar) -> Scalar:
        nu = self.freedom
        norm = math.lgamma(0.5 * (nu + 1)) - math.lgamma(0.5 * nu) - 0.5 * math.log((nu - 2) * math.pi)
        return norm - 0.5 * (nu + 1) * jnp.log1p(self._square(y, level) / (nu - 2))
