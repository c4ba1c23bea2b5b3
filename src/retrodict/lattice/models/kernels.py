r"""Convolution kernels on a periodic lattice that its symmetries leave unchanged, and their fit by least squares.

A kernel is one number for each *shell* of momenta that reflections and exchanges of equal axes relate; kernels that
depend on the noise are given at knots of its logarithm.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.num.lattice_modes import over_shells

Knots: TypeAlias = tuple[float, ...] | Float[Array, " knots"]

BATCH: Final = 512  # fields at once in a fit
RIDGE: Final = 1e-5  # relative to the mean square of the features: what is not determined stays small


def interpolated(weights: Float[Array, "knots ..."], knots: Knots, level: Scalar) -> Array:
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
    knots: Knots,
    shape: tuple[int, ...],
    repeats: int,
) -> Float[Array, "knots features shells"]:
    """Kernels at all knots by least squares; `equations(batch, key, level)` gives the sums that `solved` takes.

    May be compiled. Each field is used `repeats` times, a remainder of the last of equal batches excepted. Raises
    `InputError` for fields of another lattice.
    """
    lattice = fields.shape[fields.ndim - len(shape) :]
    if lattice != shape:
        raise InputError("fields of another lattice", got=str(lattice), expected=str(shape))
    parts = -(-len(fields) // BATCH)
    size = len(fields) // parts
    batches = jnp.asarray(fields)[: parts * size].reshape(parts, size, *fields.shape[1:])

    def at(knot: tuple[Array, Array]) -> Array:
        number, place = knot
        level = jnp.exp(place).astype(fields.dtype)

        def sums(part: Array) -> tuple[Array, Array]:
            k = jr.fold_in(jr.fold_in(key, number), part)
            return jax.tree.map(lambda x: x.astype(float), equations(batches[part % parts], k, level))

        zero = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), jax.eval_shape(sums, jnp.asarray(0)))
        count = jnp.arange(repeats * parts)
        (gram, right), _ = jax.lax.scan(lambda total, part: (_sum(total, sums(part)), None), zero, count)
        return solved(gram, right, shape)

    found = jax.lax.map(at, (jnp.arange(len(knots)), jnp.asarray(knots)))
    return found.astype(fields.dtype)


def solved(gram: Array, right: Array, shape: tuple[int, ...]) -> Float[Array, "features shells"]:
    """The kernels of least squares, from sums of feature times feature `(f, g, *momenta)` and times target `(f, ...)`.

    A mode in which all features vanish gets a kernel of zero.
    """
    gram, right = over_shells(gram, shape), over_shells(right, shape)  # (f, g, shells), (f, shells)
    size = jnp.trace(gram) / len(right)
    ridge = (RIDGE * size + np.finfo(float).tiny)[:, None, None] * jnp.eye(len(right))
    return jnp.linalg.solve(jnp.moveaxis(gram, 2, 0) + ridge, right.T[..., None])[..., 0].T


def _sum(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
    return a[0] + b[0], a[1] + b[1]
