"""Everything that a target tells about many positions, in compiled batches of one size: one compilation serves."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Flag, Float, PyTree, Scalar
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.sharding import fetched, spread

BATCH: Final = 256


class Evaluated(NamedTuple):
    """What is kept of each draw; leading axis: draws."""

    log_likelihood: Float[np.ndarray, " draw"]  # of a target without data: its log density
    log_density: Float[np.ndarray, " draw"]
    valid: np.ndarray  # the physics has an answer, and it is finite
    derived: dict[str, np.ndarray]


class _One(NamedTuple):
    log_likelihood: Scalar
    log_density: Scalar
    pulls: Float[Array, " pulls"]
    valid: Flag
    derived: dict[str, Array]


def evaluate(target: AbstractTarget, positions: PyTree[Float[Array, "draw ..."]], batch: int = BATCH) -> Evaluated:
    """Evaluate every position. Invalid ones are marked, not dropped."""
    parts = [
        Evaluated(one.log_likelihood, one.log_density, one.valid, one.derived)
        for one in _parts(target, positions, batch)
    ]
    return jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)


def pulls_at(target: AbstractLeastSquares, position: Float[Array, " dim"], batch: int = BATCH) -> np.ndarray:
    """The pulls at one position, by the program that `evaluate` has compiled."""
    return next(_parts(target, position[None], batch)).pulls[0]


def rows(positions: PyTree[Float[Array, "chain draw ..."]]) -> PyTree[Float[np.ndarray, "draws ..."]]:
    """Chains one after the other: (chain, draw, ...) -> (chain * draw, ...)."""
    return jax.tree.map(lambda leaf: np.reshape(leaf, (-1, *np.shape(leaf)[2:])), positions)


def _parts(target: AbstractTarget, positions: PyTree, batch: int) -> Iterator[Any]:
    count = len(jax.tree.leaves(positions)[0])
    for start in range(0, count, batch):
        stop = min(start + batch, count)
        found = fetched(_batch(target, _piece(positions, start, stop, batch)))
        yield _cut(found, stop - start)


def _piece(positions: PyTree, start: int, stop: int, batch: int) -> PyTree:
    return jax.tree.map(lambda leaf: _padded(np.asarray(leaf[start:stop]), batch), positions)


def _cut(found: _One, count: int) -> _One:
    return jax.tree.map(lambda leaf: leaf[:count], found)


def _padded(piece: np.ndarray, batch: int) -> np.ndarray:
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
        return _One(density, density, jnp.zeros(0), jnp.isfinite(density), {name: derived[name] for name in names})
    found = target.evaluate(position)
    density = found.log_likelihood - 0.5 * jnp.sum(target.prior_residual(position) ** 2)
    valid = found.valid & jnp.isfinite(found.log_likelihood)
    return _One(found.log_likelihood, density, found.pulls, valid, {name: found.derived[name] for name in names})
