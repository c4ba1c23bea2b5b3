"""Likelihood, validity and derived quantities of many positions, in batches of one size: one compilation serves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError, RetrodictError
from retrodict.base.types import Array, Bool, Flag, Float, PyTree, Scalar, Shaped
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.sharding import fetched, spread

BATCH: Final = 256
# What functions raise that are no functions of JAX arrays (its own errors of tracing are TypeErrors).
FAULTS: Final = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RuntimeError)
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


def trace(target: AbstractTarget, position: PyTree[jax.ShapeDtypeStruct], batch: int = BATCH) -> None:
    """Trace the program that evaluates positions, which is kept for them; nothing is computed.

    Args:
        target: the target.
        position: shapes and types of one position.
        batch: as for `evaluate`.

    Raises:
        InputError: naming the function that does not return what it should.
    """
    many = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((batch, *leaf.shape), leaf.dtype), position)
    eqx.filter_eval_shape(_batch, target, many)


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
    if not isinstance(target, AbstractLeastSquares):
        with _named(target, "log_density"):
            density = _number(target, "log_density", target.log_density(position))
        with _named(target, "derived"):
            derived = _derived(target, target.derived(position))
        none, valid = jnp.zeros(0), jnp.isfinite(density)
        return _One(density, density, none, none, none, valid, derived, None)
    found, prior = target.evaluate(position), target.prior_residual(position)
    density = found.log_likelihood - 0.5 * jnp.sum(prior**2)
    valid = _number(target, "the validity", found.valid) & jnp.isfinite(found.log_likelihood)
    derived = _derived(target, found.derived)
    return _One(found.log_likelihood, density, found.residual, prior, found.pulls, valid, derived, found.pointwise)


@contextmanager
def _named(target: AbstractTarget, function: str) -> Iterator[None]:
    """An error of a user's function says which function that is."""
    try:
        yield
    except RetrodictError:
        raise
    except FAULTS as error:
        raise broken(f"{function} of {type(target).__name__}", error) from error


def broken(where: str, error: Exception) -> InputError:
    """What is said of a function that cannot be traced.

    Args:
        where: the function.
        error: what it raised.
    """
    text = (str(error).strip().splitlines() or [""])[0]
    return InputError(
        "a function of the problem fails",
        where=where,
        got=f"{type(error).__name__}: {text}"[:300],
        expected="a function of JAX arrays: jax.numpy for numpy, jnp.where for if",
    )


def _number(target: AbstractTarget, function: str, value: Shaped[Array, "..."]) -> Shaped[Array, ""]:
    """One number, as it must be."""
    shape = jnp.shape(value)
    if shape:
        raise InputError(
            f"{function} returns an array",
            where=f"{function} of {type(target).__name__}",
            got=f"shape {shape}",
            expected="one number, shape ()",
            fix="jnp.sum of it, if the entries are independent" if function == "log_density" else "jnp.all of it",
        )
    return jnp.asarray(value)


def _derived(target: AbstractTarget, found: Mapping[str, Array]) -> dict[str, Array]:
    """The derived quantities by name, each of the shape that its description says."""
    where = f"{'derive' if isinstance(target, Posterior) else 'derived'} of {type(target).__name__}"
    if not isinstance(found, Mapping):
        expected = "a dictionary from the names of `quantities` to arrays"
        raise InputError("derived quantities have no names", where=where, got=type(found).__name__, expected=expected)
    names = [quantity.name for quantity in target.quantities]
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(
            f"a quantity is described, but not derived: {', '.join(missing)}",
            where=where,
            got=", ".join(map(str, found)) or "nothing",
            expected=", ".join(names),
            fix=f"return {missing[0]!r} as well, or take it out of `quantities`",
        )
    for quantity in target.quantities:
        shape, expected = jnp.shape(found[quantity.name]), (len(quantity.grid),) if quantity.is_function else ()
        if shape != expected:
            fix = f"Quantity({quantity.name!r}, grid=...) for a function, or one number" if not expected else ""
            raise InputError(
                f"{quantity.name} has another shape than its description",
                where=where,
                got=str(shape),
                expected=str(expected),
                fix=fix,
            )
    return {name: jnp.asarray(found[name]) for name in names}
