r"""Gaussian fields with a given power spectrum: the base distribution of the flows, with an exact density.

A density that is invariant under translations and under the point group of a periodic lattice has, to second order,
independent momenta: $\langle|\tilde\phi_k|^2\rangle = V P_k$. The Gaussian field with the measured spectrum has the
right two-point function, at any coupling.
"""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.num.lattice_modes import Modes, modes_of, over_shells

MIN_POWER = 1e-6  # in units of the mean power: a mode of power zero has no density


class GaussianField(eqx.Module):
    """Gaussian fields of mean zero on a periodic lattice.

    Args:
        power: P_k on the half grid of a real Fourier transform, shape `*half`.
        shape: extents of the lattice.
    """

    power: Float[Array, "*half"]
    shape: tuple[int, ...] = eqx.field(static=True)

    @property
    def modes(self) -> Modes:
        """The momenta of the lattice."""
        return modes_of(self.shape)

    @property
    def deviation(self) -> Scalar:
        """The standard deviation of the field at a site."""
        return jnp.sqrt(sum_over_momenta(self.modes, self.power) / np.prod(self.shape))

    def sample(self, key: Key) -> Float[Array, "*site"]:
        """Draw one field.

        Args:
            key: random key.
        """
        white = jr.normal(key, self.shape, self.power.dtype)
        return self.filter(white, jnp.sqrt(self.power))

    def log_prob(self, x: Float[Array, "*site"]) -> Scalar:
        """The normalised log density.

        Args:
            x: a field, shape `*site`.
        """
        share = jnp.abs(jnp.fft.rfftn(x)) ** 2 / (np.prod(self.shape) * self.power)
        return -0.5 * sum_over_momenta(self.modes, share + jnp.log(2 * np.pi * self.power))

    def filter(self, x: Float[Array, "*site"], factor: Float[Array, "*half"]) -> Float[Array, "*site"]:
        """Multiply each momentum of a field by a real number.

        Args:
            x: a field, shape `*site`.
            factor: the numbers on the half grid, shape `*half`.
        """
        return jnp.fft.irfftn(factor * jnp.fft.rfftn(x), self.shape)


def white_noise_field(shape: tuple[int, ...], dtype: np.dtype) -> GaussianField:
    """Independent standard normal numbers as a Gaussian field.

    Args:
        shape: extents of the lattice.
        dtype: precision of the field.
    """
    return GaussianField(jnp.ones(modes_of(shape).k_hat.shape, dtype), shape)


def shell_spectrum(examples: Float[Array, "examples *site"]) -> Float[Array, " shell"]:
    """Measure the power of examples about zero, averaged over momenta that the point group relates.

    Args:
        examples: fields, shape `(examples, *site)`.
    """
    shape, axes = examples.shape[1:], tuple(range(1, examples.ndim))
    power = jnp.mean(jnp.abs(jnp.fft.fftn(examples, axes=axes)) ** 2, axis=0) / np.prod(shape)
    return over_shells(power.astype(examples.dtype), shape)


def fit_gaussian_field(examples: Float[Array, "examples *site"]) -> GaussianField:
    """Return the Gaussian field with the spectrum of examples.

    Args:
        examples: fields, shape `(examples, *site)`.
    """
    shape = examples.shape[1:]
    modes = modes_of(shape)
    power = shell_spectrum(examples)[modes.orbit]
    return GaussianField(jnp.maximum(power, MIN_POWER * sum_over_momenta(modes, power) / np.prod(shape)), shape)


def sum_over_momenta(modes: Modes, values: Float[Array, "..."]) -> Float[Array, "..."]:
    """Sum over all momenta.

    Args:
        modes: the momenta.
        values: numbers on the half grid, shape `(..., *half)`.

    Returns:
        The sums, of the shape of the leading axes.
    """
    axes = tuple(range(-modes.k_hat.ndim, 0))
    return jnp.sum(values * jnp.asarray(modes.multiplicity, values.dtype), axis=axes)
