"""Momenta of real periodic fields: the half grid of a real Fourier transform, and what the point group maps together."""

from functools import cache
from typing import NamedTuple

import numpy as np

from retrodict.base.types import Float, Int


class Modes(NamedTuple):
    """The half grid of `rfftn`, last axis halved.

    `orbit` numbers the sets of momenta that reflections and exchanges of axes of equal extent map into each other;
    `multiplicity` is how often each entry of the half grid occurs on the full one; `k_hat` is the lattice momentum
    squared, sum (2 sin k/2)^2.
    """

    orbit: Int[np.ndarray, "..."]
    orbits: int
    multiplicity: Float[np.ndarray, "..."]
    k_hat: Float[np.ndarray, "..."]

    def averaged(self, values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Values on the half grid replaced by their means over orbits."""
        total, count = (np.bincount(self.orbit.ravel(), weights=w.ravel()) for w in self._weighted(values))
        return (total / count)[self.orbit]

    def _weighted(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.multiplicity * values, self.multiplicity


@cache
def modes_of(shape: tuple[int, ...]) -> Modes:
    """The momenta of real fields of that shape."""
    axes = [np.minimum(np.arange(n), n - np.arange(n)) for n in shape]
    axes[-1] = np.arange(shape[-1] // 2 + 1)
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    canonical = grid.copy()
    for extent in set(shape):
        same = [axis for axis, n in enumerate(shape) if n == extent]
        canonical[..., same] = np.sort(grid[..., same], axis=-1)
    distinct, orbit = np.unique(canonical.reshape(-1, len(shape)), axis=0, return_inverse=True)
    twice = (axes[-1] > 0) & (2 * axes[-1] != shape[-1])
    multiplicity = np.broadcast_to(1.0 + twice, grid.shape[:-1])
    k_hat = np.sum(4 * np.sin(np.pi * grid / np.array(shape)) ** 2, axis=-1)
    return Modes(orbit.reshape(grid.shape[:-1]), len(distinct), multiplicity, k_hat)
