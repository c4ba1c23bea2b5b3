r"""Convolution kernels on a periodic lattice that its symmetries leave unchanged, and their fit by least squares.

A kernel is one number for each *shell* of momenta that reflections and exchanges of equal axes relate; kernels that
depend on the noise are given at knots of its logarithm.
"""

from typing import Final

import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Int, Scalar

RIDGE: Final = 1e-5  # relative to the mean square of the features: what is not determined stays small


def shells(shape: tuple[int, ...]) -> Int[np.ndarray, "..."]:
    """The number of the shell of each momentum: equal where reflections and exchanges of equal axes relate them."""
    folded = [np.minimum(np.arange(n), n - np.arange(n)) for n in shape]
    grid = np.stack(np.meshgrid(*folded, indexing="ij"), axis=-1)
    if len(set(shape)) == 1:
        grid = np.sort(grid, axis=-1)
    _, number = np.unique(grid.reshape(-1, len(shape)), axis=0, return_inverse=True)
    return number.reshape(shape)


def interpolated(weights: Float[Array, "knots ..."], knots: tuple[float, ...], level: Scalar) -> Array:
    """Weights at a level from those at `knots`, its logarithms in equal rising steps: linear, constant beyond."""
    place = (jnp.log(level) - knots[0]) / (knots[1] - knots[0])
    place = jnp.clip(place, 0, len(knots) - 1).astype(weights.dtype)
    below = jnp.minimum(place.astype(int), len(knots) - 2)
    share = place - below.astype(weights.dtype)
    return (1 - share) * weights[below] + share * weights[below + 1]


def solved(gram: np.ndarray, right: np.ndarray, shell: Int[np.ndarray, "..."]) -> Float[np.ndarray, "features shells"]:
    """The kernels of least squares, from sums of feature times feature `(f, g, *momenta)` and times target `(f, ...)`.

    A mode in which all features vanish gets a kernel of zero.
    """
    gram, right = over_shells(gram, shell), over_shells(right, shell)  # (f, g, shells), (f, shells)
    size = np.trace(gram) / len(right)
    gram = np.moveaxis(gram, 2, 0) + (RIDGE * size + np.finfo(float).tiny)[:, None, None] * np.eye(len(right))
    return np.linalg.solve(gram, right.T[..., None])[..., 0].T


def over_shells(values: np.ndarray, shell: np.ndarray) -> np.ndarray:
    """The mean over each shell of the last axes, which are those of `shell`."""
    count = np.bincount(shell.ravel())
    lead = values.shape[: values.ndim - shell.ndim]
    rows = [np.bincount(shell.ravel(), weights=row) / count for row in np.reshape(values, (-1, shell.size))]
    return np.reshape(rows, (*lead, len(count)))
