"""Spreading the axes that grow, ensemble members, chains and data sets, over the devices of one process or several."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from retrodict.base.types import Array, PyTree, Shaped

AXIS = "batch"

Tree = TypeVar("Tree")

_within = ContextVar("within", default=False)


def spread(tree: Tree) -> Tree:
    """The same numbers, the leading axis of each leaf divided among the devices where it divides evenly.

    For use inside and outside of compiled functions: a method spreads the keys or positions of its chains, and all that
    is computed from them stays where they are. With one device it does nothing. Numbers agree to rounding with those of
    one device: batched linear algebra rounds differently for batches of different length.
    """
    if jax.device_count() == 1 or _within.get():
        return tree
    mesh = _mesh()
    return jax.tree.map(lambda leaf: _placed(leaf, mesh), tree)


def fetched(tree: PyTree[Shaped[Array, "..."]]) -> PyTree[Shaped[np.ndarray, "..."]]:
    """The numbers on the host. Arrays that span several processes come whole to each, if all ask at once.

    Args:
        tree: arrays on any devices.
    """
    if jax.process_count() == 1:
        return jax.device_get(tree)
    return jax.tree.map(_gathered, tree)


@contextmanager
def spread_already() -> Iterator[None]:
    """For tracing what is vmapped over an axis that is spread itself: one inside must not compete for the devices."""
    token = _within.set(True)
    try:
        yield
    finally:
        _within.reset(token)


def _mesh() -> Mesh:
    """All devices along one axis. `Auto`: the compiler places what nobody placed."""
    return jax.make_mesh((jax.device_count(),), (AXIS,), axis_types=(AxisType.Auto,))


def _placed(leaf: Shaped[Array, "..."], mesh: Mesh) -> Shaped[Array, "..."]:
    if np.ndim(leaf) == 0 or leaf.shape[0] % mesh.size:
        return leaf
    return jax.lax.with_sharding_constraint(leaf, NamedSharding(mesh, PartitionSpec(AXIS)))


def _gathered(leaf: Shaped[Array, "..."]) -> Shaped[np.ndarray, "..."]:
    from jax.experimental.multihost_utils import process_allgather

    local = not isinstance(leaf, jax.Array) or leaf.is_fully_addressable or leaf.is_fully_replicated
    return jax.device_get(leaf) if local else process_allgather(leaf, tiled=True)
