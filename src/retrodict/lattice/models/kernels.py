"""Convolution kernels on a periodic lattice that are invariant under its symmetries, and their fit by least squares.

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
from retrodict.base.types import Array, Float, Int, Key, Scalar
from retrodict.num.lattice_modes import over_shells

Knots: TypeAlias = tuple[float, ...] | Float[Array, " knots"]  # logarithms of levels, rising in equal steps
Sums: TypeAlias = tuple[Float[Array, "features features *momenta"], Float[Array, "features *momenta"]]

BATCH: Final = 512  # fields at once in a fit
RIDGE: Final = 1e-5  # relative to the mean square of the features: what is not determined stays small


def interpolate(weights: Float[Array, "knots *kernel"], knots: Knots, level: Scalar) -> Float[Array, "*kernel"]:
    """Weights at a level of noise: linear in its logarithm between the knots, constant beyond.

    Args:
        weights: at each knot.
        knots: logarithms of the levels of these weights, rising in equal steps.
        level: standard deviation of the noise.
    """
    place = (jnp.log(level) - knots[0]) / (knots[1] - knots[0])
    place = jnp.clip(place, 0, len(knots) - 1).astype(weights.dtype)
    below = jnp.minimum(place.astype(int), len(knots) - 2)
    share = place - below.astype(weights.dtype)
    return (1 - share) * weights[below] + share * weights[below + 1]


def fit(
    equations: Callable[[Float[Array, "batch *field"], Key, Scalar], Sums],
    fields: Float[Array, "fields *field"],
    key: Key,
    knots: Knots,
    shape: tuple[int, ...],
    repeats: int,
) -> Float[Array, "knots features shells"]:
    """Kernels at all knots by least squares. May be compiled.

    Args:
        equations: maps a batch of fields, a random key of the noise and a level of noise to the sums that `solve`
            takes.
        fields: configurations to fit to; a remainder that fills no batch is left out.
        key: random key of the noise.
        knots: logarithms of the levels, rising in equal steps.
        shape: extents of the lattice.
        repeats: how often each field is used, with other noise.

    Raises:
        InputError: for fields of another lattice.
    """
    lattice = fields.shape[fields.ndim - len(shape) :]
    if lattice != shape:
        raise InputError("fields of another lattice", got=str(lattice), expected=str(shape))
    parts = -(-len(fields) // BATCH)
    size = len(fields) // parts
    batches = jnp.asarray(fields)[: parts * size].reshape(parts, size, *fields.shape[1:])

    def kernels_at(knot: tuple[Int[Array, ""], Scalar]) -> Float[Array, "features shells"]:
        number, place = knot
        level = jnp.exp(place).astype(fields.dtype)

        def sums(part: Int[Array, ""]) -> Sums:
            noise_key = jr.fold_in(jr.fold_in(key, number), part)
            return jax.tree.map(lambda x: x.astype(float), equations(batches[part % parts], noise_key, level))

        zero = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), jax.eval_shape(sums, jnp.asarray(0)))
        count = jnp.arange(repeats * parts)
        (gram, right), _ = jax.lax.scan(lambda total, part: (_add(total, sums(part)), None), zero, count)
        return solve(gram, right, shape)

    kernels = jax.lax.map(kernels_at, (jnp.arange(len(knots)), jnp.asarray(knots)))
    return kernels.astype(fields.dtype)


def solve(
    gram: Float[Array, "features features *momenta"],
    right: Float[Array, "features *momenta"],
    shape: tuple[int, ...],
) -> Float[Array, "features shells"]:
    """The kernels of least squares. A mode in which all features vanish gets a kernel of zero.

    Args:
        gram: sums over fields of feature times feature, at each momentum.
        right: sums over fields of feature times target, at each momentum.
        shape: extents of the lattice.
    """
    gram, right = over_shells(gram, shape), over_shells(right, shape)  # (f, g, shells), (f, shells)
    size = jnp.trace(gram) / len(right)
    ridge = (RIDGE * size + np.finfo(float).tiny)[:, None, None] * jnp.eye(len(right))
    return jnp.linalg.solve(jnp.moveaxis(gram, 2, 0) + ridge, right.T[..., None])[..., 0].T


def _add(a: Sums, b: Sums) -> Sums:
    return a[0] + b[0], a[1] + b[1]
