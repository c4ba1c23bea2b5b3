"""Bases in which covariances are diagonal, and the base distributions of reverse diffusion.

Used for noise, for spectra and for the widths of reverse steps. A multiplier is one number a mode, or one for all
modes. Fields are real and of one shape, `*site`; sums over modes are sums over all of them.
"""

import math
from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Key, Scalar


class AbstractModes(eqx.Module):
    """An orthogonal basis of the fields of one shape.

    Args:
        shape: shape of the fields.
    """

    shape: eqx.AbstractVar[tuple[int, ...]]

    @abstractmethod
    def filter(self, x: Float[Array, "*site"], multiplier: Float[Array, "..."]) -> Float[Array, "*site"]:
        """Multiply each mode of a field by a number.

        Args:
            x: the field, shape `*site`.
            multiplier: one number a mode, or a scalar.
        """

    @abstractmethod
    def power(self, x: Float[Array, "*site"]) -> Float[Array, "..."]:
        """The square of each mode of one field, normalised so that its mean is one for standard normal noise.

        Args:
            x: the field, shape `*site`.
        """

    @abstractmethod
    def log_det(self, multiplier: Float[Array, "..."]) -> Scalar:
        """The sum of the logarithms of the multipliers of all modes.

        Args:
            multiplier: one number a mode, or a scalar.
        """


class Isotropic(AbstractModes):
    """The trivial basis, of covariances that are a multiple of the unit matrix: the multiplier is a scalar."""

    shape: tuple[int, ...] = eqx.field(static=True)  # of the fields

    def filter(self, x: Float[Array, "*site"], multiplier: Scalar) -> Float[Array, "*site"]:
        return x * multiplier

    def power(self, x: Float[Array, "*site"]) -> Scalar:
        return jnp.mean(x**2)

    def log_det(self, multiplier: Scalar) -> Scalar:
        return int(np.prod(self.shape)) * jnp.log(multiplier)


class Fourier(AbstractModes):
    """Plane waves on a periodic lattice; multipliers have the shape of the lattice and are even in the momentum."""

    shape: tuple[int, ...] = eqx.field(static=True)  # of the lattice

    def filter(self, x: Float[Array, "*site"], multiplier: Float[Array, "*site"]) -> Float[Array, "*site"]:
        half = multiplier[..., : x.shape[-1] // 2 + 1].astype(x.dtype)
        return jnp.fft.irfftn(jnp.fft.rfftn(x) * half, s=x.shape)

    def power(self, x: Float[Array, "*site"]) -> Float[Array, "*site"]:
        return jnp.abs(jnp.fft.fftn(x)) ** 2 / x.size

    def log_det(self, multiplier: Float[Array, "..."]) -> Scalar:
        return jnp.sum(jnp.log(multiplier))


class AbstractStart(eqx.Module):
    """The base distribution, from which a reverse process starts: nearly that of the data plus the largest noise."""

    @abstractmethod
    def draw(self, key: Key, level: Scalar) -> tuple[Float[Array, "*site"], Scalar]:
        """Draw one field.

        Args:
            key: random key.
            level: the largest noise level.

        Returns:
            The field, and its log density.
        """

    @abstractmethod
    def log_prob(self, y: Float[Array, "*site"], level: Scalar) -> Scalar:
        """The log density of any field.

        Args:
            y: the field, shape `*site`.
            level: the largest noise level.
        """


class GaussianStart(AbstractStart):
    """A Gaussian base: the variance of the data in each mode plus that of the noise, exact for second moments."""

    modes: AbstractModes  # the basis in which the covariance is diagonal
    variance: Float[Array, "..."]  # of the data in each mode, or one for all

    def draw(self, key: Key, level: Scalar) -> tuple[Float[Array, "*site"], Scalar]:
        white = jr.normal(key, self.modes.shape, self.variance.dtype)
        total = self.variance + level**2
        y = self.modes.filter(white, jnp.sqrt(total))
        return y, -0.5 * (jnp.sum(white**2) + self.modes.log_det(2 * jnp.pi * total))

    def log_prob(self, y: Float[Array, "*site"], level: Scalar) -> Scalar:
        total = self.variance + level**2
        return -0.5 * (jnp.sum(y * self.modes.filter(y, 1 / total)) + self.modes.log_det(2 * jnp.pi * total))


class TailedStart(AbstractStart):
    r"""A base with heavy tails: as `base`, but the mean field $a = \sum_x y_x/\sqrt V$ has a Student-t distribution.

    It is scaled to the variance that the mean field has in the Gaussian base. The importance weights of a model that
    never draws large fields are unbounded; the mean field is the one mode whose tail can, near a phase transition, be
    longer than in the examples of a fit.
    """

    base: GaussianStart  # of all other modes
    freedom: float = eqx.field(static=True)  # degrees of freedom of Student's t, > 2

    def draw(self, key: Key, level: Scalar) -> tuple[Float[Array, "*site"], Scalar]:
        field_key, tail_key = jr.split(key)
        y, log_prob = self.base.draw(field_key, level)
        stretch = jnp.sqrt((self.freedom - 2) / (2 * jr.gamma(tail_key, 0.5 * self.freedom, dtype=y.dtype)))
        moved = y + (stretch - 1) * jnp.mean(y)
        return moved, log_prob - self._log_normal(y, level) + self._log_student(moved, level)

    def log_prob(self, y: Float[Array, "*site"], level: Scalar) -> Scalar:
        return self.base.log_prob(y, level) - self._log_normal(y, level) + self._log_student(y, level)

    def _square(self, y: Float[Array, "*site"], level: Scalar) -> Scalar:
        """a^2 over its variance in the base."""
        return y.size * jnp.mean(y) ** 2 / (self.base.variance.reshape(-1)[0] + level**2)

    def _log_normal(self, y: Float[Array, "*site"], level: Scalar) -> Scalar:
        return -0.5 * self._square(y, level) - 0.5 * math.log(2 * math.pi)

    def _log_student(self, y: Float[Array, "*site"], level: Scalar) -> Scalar:
        nu = self.freedom
        norm = math.lgamma(0.5 * (nu + 1)) - math.lgamma(0.5 * nu) - 0.5 * math.log((nu - 2) * math.pi)
        return norm - 0.5 * (nu + 1) * jnp.log1p(self._square(y, level) / (nu - 2))
