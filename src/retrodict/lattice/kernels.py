r"""Convolution kernels on a periodic lattice that its symmetries leave unchanged, and their fit by least squares.

A kernel is one number for each *shell* of momenta that reflections and exchanges of equal axes relate; kernels that
depend on the noise are given at knots of its logarithm.
"""

from collections.abc import Callable
from typing import Final

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Int, Key, Scalar

BATCH: Final = 512  # fields at once in a fit
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


def fitted(
    equations: Callable[[Array, Key, Scalar], tuple[Array, Array]],
    fields: Float[Array, "fields ..."],
    key: Key,
    knots: tuple[float, ...],
    shell: Int[Array, "..."],
    repeats: int,
) -> Float[Array, "knots features shells"]:
    """Kernels at all knots by least squares; `equations(batch, key, level)` gives the sums that `solved` takes.

    Each field is used `repeats` times. Raises `InputError` for fields of another lattice.
    """
    lattice = fields.shape[fields.ndim - shell.ndim :]
    if lattice != shell.shape:
        raise InputError("fields of another lattice", got=str(lattice), expected=str(shell.shape))
    numbers, found = np.asarray(shell), []
    for number, place in enumerate(knots):
        level, gram, right = jnp.asarray(np.exp(place), fields.dtype), np.zeros(()), np.zeros(())
        for part in range(repeats * -(-len(fields) // BATCH)):
            first = part * BATCH % (-(-len(fields) // BATCH) * BATCH)
            sums = equations(fields[first : first + BATCH], jr.fold_in(jr.fold_in(key, number), part), level)
            gram, right = gram + np.asarray(sums[0], float), right + np.asarray(sums[1], float)
        found.append(solved(gram, right, numbers))
    return jnp.asarray(np.stack(found), fields.dtype)


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
