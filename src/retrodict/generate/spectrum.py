r"""Gaussian fields with a given power spectrum: the base of the flows, and for free a sampler that knows its density.

A density that is invariant under translations and under the point group of a periodic lattice has, to second order,
independent momenta: $\langle|\tilde\phi_k|^2\rangle = V P_k$. The Gaussian field with the spectrum that was measured
has all two-point functions right, at any coupling.
"""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.num.lattice_modes import Modes, modes_of, over_shells

LEAST = 1e-6  # of the mean power: a mode without any cannot be drawn


class GaussianField(eqx.Module):
    """Fields of mean zero on a periodic lattice of `shape`; `power` is P_k on the half grid of a real transform."""

    power: Float[Array, "..."]
    shape: tuple[int, ...] = eqx.field(static=True)

    @property
    def modes(self) -> Modes:
        """The momenta."""
        return modes_of(self.shape)

    @property
    def deviation(self) -> Scalar:
        """The standard deviation of the field at a site."""
        return jnp.sqrt(sum_over_momenta(self.modes, self.power) / np.prod(self.shape))

    def sample(self, key: Key) -> Array:
        """One field."""
        white = jr.normal(key, self.shape, self.power.dtype)
        return self.filter(white, jnp.sqrt(self.power))

    def log_prob(self, x: Array) -> Scalar:
        """The normalised log density."""
        share = jnp.abs(jnp.fft.rfftn(x)) ** 2 / (np.prod(self.shape) * self.power)
        return -0.5 * sum_over_momenta(self.modes, share + jnp.log(2 * np.pi * self.power))

    def filter(self, x: Array, factor: Float[Array, "..."]) -> Array:
        """The field with each momentum multiplied by a real number."""
        return jnp.fft.irfftn(factor * jnp.fft.rfftn(x), self.shape)


def white_noise_field(shape: tuple[int, ...], dtype: np.dtype) -> GaussianField:
    """Independent standard normal numbers."""
    return GaussianField(jnp.ones(modes_of(shape).k_hat.shape, dtype), shape)


def shell_spectrum(examples: Float[Array, "examples ..."]) -> Float[Array, " shell"]:
    """The power of examples about zero, averaged over momenta that the point group maps into each other."""
    shape, axes = examples.shape[1:], tuple(range(1, examples.ndim))
    power = jnp.mean(jnp.abs(jnp.fft.fftn(examples, axes=axes)) ** 2, axis=0) / np.prod(shape)
    return over_shells(power.astype(examples.dtype), shape)


def fit_gaussian_field(examples: Float[Array, "examples ..."]) -> GaussianField:
    """The Gaussian field with the spectrum of the examples."""
    shape = examples.shape[1:]
    modes = modes_of(shape)
    power = shell_spectrum(examples)[modes.orbit]
    return GaussianField(jnp.maximum(power, LEAST * sum_over_momenta(modes, power) / np.prod(shape)), shape)


def sum_over_momenta(modes: Modes, values: Float[Array, "..."]) -> Array:
    """The sum over all momenta of numbers on the half grid, which are the last axes."""
    axes = tuple(range(-modes.k_hat.ndim, 0))
    return jnp.sum(values * jnp.asarray(modes.multiplicity, values.dtype), axis=axes)
