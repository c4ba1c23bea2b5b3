"""The exterior derivative on a periodic plane: from links to plaquettes, and back."""

import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array


def curl(links: Array) -> Array:
    """d: plaquette angles, not wrapped, of links `(2, columns, rows)`."""
    u, v = links[..., 0, :, :], links[..., 1, :, :]
    return u + jnp.roll(v, -1, -2) - jnp.roll(u, -1, -1) - v


def curl_adjoint(f: Array) -> Array:
    """d^T: what a function of plaquettes does to links."""
    return jnp.stack([f - jnp.roll(f, 1, -1), jnp.roll(f, 1, -2) - f], axis=-3)


def momentum_squared(shape: tuple[int, ...], dtype: np.dtype | type) -> Array:
    """The eigenvalues of d d^T, 4 sin^2(k/2) summed over both axes."""
    first, second = (4 * np.sin(np.pi * np.arange(n) / n) ** 2 for n in shape)
    return jnp.asarray(first[:, None] + second, dtype)


def half(multiplier: Array) -> Array:
    """What of a multiplier of all momenta belongs to a real Fourier transform."""
    return multiplier[..., : multiplier.shape[-1] // 2 + 1]


def convolved(multiplier: Array, f: Array) -> Array:
    """f with each momentum times its multiplier."""
    return jnp.fft.irfft2(half(multiplier) * jnp.fft.rfft2(f), s=f.shape)


def links_around(angle: Array) -> Array:
    """Links whose plaquettes are `angle`, whose sum is a multiple of 2 pi, up to turns: zero on a maximal tree.

    Linear, and a homomorphism of angles: turns of the plaquettes become turns of the links.
    """
    u = jnp.cumsum(angle, axis=-1) - angle
    column = jnp.sum(angle, axis=-1)
    v = jnp.zeros_like(angle).at[..., -1].set(jnp.cumsum(column, axis=-1) - column)
    return jnp.stack([-u, v], axis=-3)
