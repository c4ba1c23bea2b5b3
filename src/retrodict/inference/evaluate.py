"""Likelihood, validity and derived quantities of many positions, in batches of one size: one compilation serves."""

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Bool, Flag, Float, PyTree, Scalar, Shaped
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.sharding import fetched, spread

BATCH: Final = 256
POINTWISE: Final = 2**24  # numbers, data times draws (128 MiB): more are not kept one by one
T = TypeVar("T")


class Evaluated(NamedTuple):
    """What is kept of each draw; leading axis: draws."""

    log_likelihood: Float[np.ndarray, " draw"]  # of a target without data: its log density
    log_density: Float[np.ndarray, " draw"]  # up to a constant
    valid: Bool[np.ndarray, " draw"]  # the physics has an answer, and it is finite
    derived: dict[str, Float[np.ndarray, "draw ..."]]  # by the names of the quantities
    pointwise: Float[np.ndarray, "draw datum"] | None = (
        None  # log p of each datum; None where there is none or too many
    )


class Residuals(NamedTuple):
    """What a linearisation is made of; leading axis: positions."""

    residual: Float[np.ndarray, "position data"]  # whitened
    prior: Float[np.ndarray, "position latent"]  # prior residual
    pulls: Float[np.ndarray, "position pull"]
    valid: Bool[np.ndarray, " position"]


class _One(NamedTuple):
    log_likelihood: Scalar
    log_density: Scalar
    residual: Float[Array, " data"]
    prior: Float[Array, " latent"]
    pulls: Float[Array, " pulls"]
    valid: Flag
    derived: dict[str, Float[Array, "..."]]
    pointwise: Float[Array, " datum"] | None


def evaluate(target: AbstractTarget, positions: PyTree[Float[Array, "draw ..."]], batch: int = BATCH) -> Evaluated:
    """Evaluate every position; invalid ones are marked, not dropped.

    Args:
        target: the target.
        positions: leading axis: draws.
        batch: positions of one compiled call.
    """
    count = len(jax.tree.leaves(positions)[0])
    return _joined([_kept(part, count) for part in _parts(target, positions, batch)])


def _kept(part: _One, count: int) -> Evaluated:
    """What is kept of a batch of `count` positions in all."""
    few = part.pointwise is not None and count * part.pointwise.shape[-1] <= POINTWISE
    return Evaluated(
        np.asarray(part.log_likelihood),
        np.asarray(part.log_density),
        np.asarray(part.valid),
        {name: np.asarray(values) for name, values in part.derived.items()},
        np.asarray(part.pointwise) if few else None,
    )


def residuals_at(
    target: AbstractLeastSquares, positions: Float[Array | np.ndarray, "position latent"], batch: int = BATCH
) -> Residuals:
    """Residuals and pulls of every position, by the program that `evaluate` has compiled.

    Args:
        target: the target.
        positions: latents, shape (position, latent).
        batch: as for `evaluate`.
    """
    parts = [
        Residuals(*(np.asarray(leaf) for leaf in (part.residual, part.prior, part.pulls, part.valid)))
        for part in _parts(target, positions, batch)
    ]
    return _joined(parts)


def rows(positions: PyTree[Float[Array | np.ndarray, "chain draw ..."]]) -> PyTree[Float[np.ndarray, "draws ..."]]:
    """Chains one after the other: (chain, draw, ...) -> (chain * draw, ...)."""
    return jax.tree.map(lambda leaf: np.reshape(leaf, (-1, *np.shape(leaf)[2:])), positions)


def _parts(target: AbstractTarget, positions: PyTree, batch: int) -> Iterator[_One]:
    count = len(jax.tree.leaves(positions)[0])
    for start in range(0, count, batch):
        stop = min(start + batch, count)
        found = fetched(_batch(target, _piece(positions, start, stop, batch)))
        yield _cut(found, stop - start)


def _piece(positions: PyTree, start: int, stop: int, batch: int) -> PyTree:
    return jax.tree.map(lambda leaf: _pad(np.asarray(leaf[start:stop]), batch), positions)


def _joined(parts: list[T]) -> T:
    return jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)


def _cut(found: _One, count: int) -> _One:
    return jax.tree.map(lambda leaf: leaf[:count], found)


def _pad(piece: Shaped[np.ndarray, "draw ..."], batch: int) -> Shaped[np.ndarray, "batch ..."]:
    """Repeat the last position up to the size of the batch."""
    return np.concatenate([piece, np.repeat(piece[-1:], batch - len(piece), axis=0)])


@eqx.filter_jit
def _batch(target: AbstractTarget, positions: PyTree) -> _One:
    return jax.vmap(lambda position: _evaluate_one(target, position))(spread(positions))


def _evaluate_one(target: AbstractTarget, position: PyTree) -> _One:
    names = [quantity.name for quantity in target.quantities]
    if not isinstance(target, AbstractLeastSquares):
        density = target.log_density(position)
        derived = target.derived(position)
        none, valid = jnp.zeros(0), jnp.isfinite(density)
        return _One(density, density, none, none, none, valid, {name: derived[name] for name in names}, None)
    found, prior = target.evaluate(position), target.prior_residual(position)
    density = found.log_likelihood - 0.5 * jnp.sum(prior**2)
    valid = found.valid & jnp.isfinite(found.log_likelihood)
    derived = {name: found.derived[name] for name in names}
    return _One(found.log_likelihood, density, found.residual, prior, found.pulls, valid, derived, found.pointwise)
