"""The exterior derivative on a periodic plane: from links to plaquettes, and back."""

import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float


def curl(links: Float[Array, "*batch 2 columns rows"]) -> Float[Array, "*batch columns rows"]:
    """d: the plaquette angles of links [radians], not wrapped."""
    u, v = links[..., 0, :, :], links[..., 1, :, :]
    return u + jnp.roll(v, -1, -2) - jnp.roll(u, -1, -1) - v


def curl_adjoint(f: Float[Array, "*batch columns rows"]) -> Float[Array, "*batch 2 columns rows"]:
    """d^T: a function on links from one on plaquettes, the transpose of `curl`."""
    return jnp.stack([f - jnp.roll(f, 1, -1), jnp.roll(f, 1, -2) - f], axis=-3)


def momentum_squared(shape: tuple[int, ...], dtype: np.dtype | type) -> Float[Array, "columns rows"]:
    """The eigenvalues of d d^T, 4 sin^2(k/2) summed over both axes."""
    first, second = (4 * np.sin(np.pi * np.arange(n) / n) ** 2 for n in shape)
    return jnp.asarray(first[:, None] + second, dtype)


def half(multiplier: Float[Array, "*batch columns rows"]) -> Float[Array, "*batch columns half"]:
    """The part of a multiplier of all momenta that a real Fourier transform needs."""
    return multiplier[..., : multiplier.shape[-1] // 2 + 1]


def convolved(
    multiplier: Float[Array, "columns rows"], f: Float[Array, "*batch columns rows"]
) -> Float[Array, "*batch columns rows"]:
    """A function with each momentum multiplied.

    Args:
        multiplier: real factors of the momenta.
        f: the function.
    """
    return jnp.fft.irfft2(half(multiplier) * jnp.fft.rfft2(f), s=f.shape)


def links_around(angle: Float[Array, "*batch columns rows"]) -> Float[Array, "*batch 2 columns rows"]:
    """Links with plaquettes `angle` (of sum 2 pi times an integer), up to multiples of 2 pi: zero on a maximal tree.

    Linear, and a homomorphism of angles: multiples of 2 pi of the plaquettes become such multiples of the links.
    """
    u = jnp.cumsum(angle, axis=-1) - angle
    column = jnp.sum(angle, axis=-1)
    v = jnp.zeros_like(angle).at[..., -1].set(jnp.cumsum(column, axis=-1) - column)
    return jnp.stack([-u, v], axis=-3)
