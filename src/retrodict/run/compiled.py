"""The compiled part of the loop: one program a method and target, whatever the number of steps that a chunk takes."""

from typing import Generic, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Flag, Int, Key, PyTree, Shaped
from retrodict.problem.target import AbstractTarget
from retrodict.run.fingerprint import is_key
from retrodict.run.method import Method, Record

T = TypeVar("T", bound=AbstractTarget)
S = TypeVar("S")
Arrays = PyTree[Shaped[Array, "..."]]
Leaf = Shaped[Array, "..."] | Key | jax.ShapeDtypeStruct | object


class Chunk(NamedTuple):
    """The outcome of up to `capacity` steps; entries of `metrics` and `kept` from `taken` on are padding."""

    state: Arrays  # after the last step, arrays only
    taken: Int[Array, ""]  # number of steps
    finite: Flag  # False if the last step was not finite
    done: Flag  # whether the method has ended before its last step
    metrics: dict[str, Shaped[Array, " capacity"]]
    kept: PyTree[Shaped[Array, "capacity ..."]]


class Compiled(Generic[T, S]):
    """A method bound to a target and a key.

    `state_structure` and `history_structure` (of one step) describe what a checkpoint restores, at no cost.

    Args:
        target: the target.
        method: the method.
        key: of the whole run.
        capacity: the largest number of steps of a chunk.
    """

    def __init__(self, target: T, method: Method[T, S], key: Key, capacity: int) -> None:
        self._target, self._method, self._key = target, _hashable(method), key
        # A buffer of length one would be optimised away, and the arithmetic fused with it differently.
        self._capacity = max(capacity, 2)
        structure = eqx.filter_eval_shape(_init, self._method, target, key)
        self.state_structure, self._static = eqx.partition(structure, _is_array_structure)
        record = eqx.filter_eval_shape(_step, self._method, target, structure, key, jnp.asarray(0))[1]
        self._buffers = record.metrics, record.kept
        self.history_structure = record.kept

    def init(self) -> Arrays:
        """The arrays of the state before the first step."""
        return eqx.filter(_compiled_init(self._method, self._target, self._key), eqx.is_array)

    def advance(self, state: Arrays, first: int, trips: int) -> Chunk:
        """Take some steps; fewer if the method is done or something is not finite.

        Args:
            state: arrays of the state.
            first: number of the first step.
            trips: number of steps, at most `capacity`.
        """
        counts = jnp.asarray(first), jnp.asarray(trips)
        return _chunk(self._method, self._target, (state, self._static), self._key, *counts, self._empty())

    def whole(self, state: Arrays) -> S:
        """The state with what is not an array put back.

        Args:
            state: its arrays.
        """
        return eqx.combine(state, self._static)

    def _empty(self) -> PyTree[Shaped[np.ndarray, "capacity ..."]]:
        return jax.tree.map(lambda leaf: np.zeros((self._capacity, *leaf.shape), leaf.dtype), self._buffers)


class _Identity(Generic[T, S]):
    """A method whose fields cannot be hashed is compared by identity instead."""

    def __init__(self, method: Method[T, S]) -> None:
        self.method = method


def _hashable(method: Method[T, S]) -> Method[T, S] | _Identity[T, S]:
    if not jax.tree_util.all_leaves([method]):
        return method  # a pytree: its arrays become arguments
    try:
        hash(method)
    except TypeError:
        return _Identity(method)
    return method


def _method(holder: Method[T, S] | _Identity[T, S]) -> Method[T, S]:
    return holder.method if isinstance(holder, _Identity) else holder


def _init(method: Method[T, S] | _Identity[T, S], target: T, key: Key) -> S:
    state = _method(method).init(target, jr.fold_in(key, 0))
    return jax.tree.map(_strong, state)


def _step(
    method: Method[T, S] | _Identity[T, S], target: T, state: S, key: Key, index: Int[Array, ""]
) -> tuple[S, Record]:
    state, record = _method(method).step(target, state, jr.fold_in(key, index + 1), index)
    return jax.tree.map(_strong, state), jax.tree.map(jnp.asarray, record)


def _strong(leaf: Leaf) -> Leaf:
    """Python numbers become arrays, weak types strong ones: a restored state is then of the same type."""
    if isinstance(leaf, jax.Array) and is_key(leaf):
        return leaf
    if isinstance(leaf, jax.ShapeDtypeStruct) or not eqx.is_array_like(leaf):
        return leaf
    array = jnp.asarray(leaf)
    return jnp.asarray(array, dtype=array.dtype)


def _is_array_structure(leaf: Leaf) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct)


_compiled_init = eqx.filter_jit(_init)


@eqx.filter_jit
def _chunk(
    method: Method[T, S] | _Identity[T, S],
    target: T,
    state: tuple[Arrays, PyTree],
    key: Key,
    first: Int[Array, ""],
    trips: Int[Array, ""],
    buffers: tuple[dict[str, Shaped[Array, " capacity"]], PyTree[Shaped[Array, "capacity ..."]]],
) -> Chunk:
    arrays, static = state

    def done(arrays: Arrays) -> Flag:
        return jnp.asarray(_method(method).done(eqx.combine(arrays, static)), dtype=bool)

    def going_on(carry: tuple) -> Flag:
        arrays, count, finite, _ = carry
        return (count < trips) & finite & ~done(arrays)

    def body(carry: tuple) -> tuple:
        arrays, count, _, buffers = carry
        state, record = _step(method, target, eqx.combine(arrays, static), key, first + count)
        # The barrier keeps the arithmetic of a step apart from where its record is stored: no chunk size changes it.
        state, record = jax.lax.optimization_barrier((eqx.filter(state, eqx.is_array), record))
        entries = record.metrics, record.kept
        buffers = jax.tree.map(lambda buffer, entry: buffer.at[count].set(entry), buffers, entries)
        return state, count + 1, jnp.asarray(record.finite, dtype=bool), buffers

    start = arrays, jnp.zeros_like(trips), jnp.asarray(True), buffers
    arrays, count, finite, (metrics, kept) = jax.lax.while_loop(going_on, body, start)
    return Chunk(arrays, count, finite, done(arrays), metrics, kept)
