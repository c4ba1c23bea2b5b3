"""Momenta of real periodic fields: shells that the point group relates, and the half grid of a real transform."""

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Int


class Modes(NamedTuple):
    """The half grid of `rfftn`, last axis halved.

    `orbit` is the shell of each momentum, of which there are `orbits`; `multiplicity` is how often each entry of the
    half grid occurs on the full one; `k_hat` is the lattice momentum squared, sum (2 sin k/2)^2.
    """

    orbit: Int[np.ndarray, "..."]
    orbits: int
    multiplicity: Float[np.ndarray, "..."]
    k_hat: Float[np.ndarray, "..."]


@cache
def shells(shape: tuple[int, ...]) -> Int[np.ndarray, "..."]:
    """The number of the shell of each momentum: equal where reflections and exchanges of equal axes relate them."""
    grid = _folded(shape)
    for extent in set(shape):
        same = [axis for axis, n in enumerate(shape) if n == extent]
        grid[..., same] = np.sort(grid[..., same], axis=-1)
    _, number = np.unique(grid.reshape(-1, len(shape)), axis=0, return_inverse=True)
    return number.reshape(shape)


def over_shells(values: Float[Array, "..."], shape: tuple[int, ...]) -> Float[Array, "... shells"]:
    """The mean over each shell of momenta.

    Args:
        values: one for each momentum; the last axes are those of the lattice.
        shape: of the lattice.
    """
    number = shells(shape).ravel()
    rows = values.reshape(*values.shape[: values.ndim - len(shape)], -1)
    sums = jax.ops.segment_sum(jnp.moveaxis(rows, -1, 0), number, number.max() + 1)
    return jnp.moveaxis(sums, 0, -1) / jnp.asarray(np.bincount(number), values.dtype)


@cache
def modes_of(shape: tuple[int, ...]) -> Modes:
    """The momenta of real fields of that shape."""
    half = shape[-1] // 2 + 1
    grid, orbit = _folded(shape)[..., :half, :], shells(shape)[..., :half]
    last = grid[..., -1]
    multiplicity = 1.0 + ((last > 0) & (2 * last != shape[-1]))
    k_hat = np.sum(4 * np.sin(np.pi * grid / np.array(shape)) ** 2, axis=-1)
    return Modes(orbit, int(orbit.max()) + 1, multiplicity, k_hat)


def _folded(shape: tuple[int, ...]) -> Int[np.ndarray, "... axis"]:
    """The wave numbers of all momenta without their signs."""
    axes = [np.minimum(np.arange(n), n - np.arange(n)) for n in shape]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


@cache
def real_fourier(extent: int) -> Float[np.ndarray, "mode site"]:
    """The orthogonal matrix of the real Fourier modes of a ring: 1, cos, sin, cos 2, sin 2, ..."""
    phase = 2 * np.pi * np.outer(np.arange(extent // 2 + 1), np.arange(extent)) / extent
    rows = np.stack([np.cos(phase), np.sin(phase)], axis=1).reshape(-1, extent)
    rows = rows[np.linalg.norm(rows, axis=1) > 1e-6]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def frequencies(extent: int) -> Int[np.ndarray, " mode"]:
    """The wave number of each row of `real_fourier`."""
    return (np.arange(extent) + 1) // 2
