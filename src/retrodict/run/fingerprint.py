"""A fingerprint of a computation: two that differ in any number, shape, option or function name differ in it."""

import dataclasses
import hashlib
import re
from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np


@runtime_checkable
class HasType(Protocol):
    """An array, or what describes one."""

    @property
    def dtype(self) -> np.dtype:
        """The type of its numbers."""
        ...


Update: TypeAlias = Callable[[bytes], None]  # of a digest

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def fingerprint(*parts: object) -> str:
    """sha256 over structure and content: pytrees leaf by leaf, dataclasses field by field, the rest by its `repr`.

    It is the same in every process: memory addresses, which Python prints for functions, are left out.

    Args:
        parts: target, method and seed, or whatever makes a computation.
    """
    digest = hashlib.sha256()
    for part in parts:
        _absorb(digest.update, part)
    return digest.hexdigest()


def is_key(leaf: HasType) -> bool:
    """Whether `leaf`, or the array that it describes, holds PRNG keys."""
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _absorb(update: Update, part: object) -> None:
    leaves, structure = jax.tree.flatten(part)
    _text(update, str(structure))
    for leaf in leaves:
        _absorb_leaf(update, leaf)


def _absorb_leaf(update: Update, leaf: object) -> None:
    if isinstance(leaf, jax.Array) and is_key(leaf):
        _text(update, str(leaf.dtype))
        leaf = jax.random.key_data(leaf)
    if isinstance(leaf, jax.Array | np.ndarray | np.generic):
        array = np.asarray(leaf)
        _text(update, f"{array.dtype.str} {array.shape}")
        update(array.tobytes())
    elif dataclasses.is_dataclass(leaf) and not isinstance(leaf, type):
        _text(update, f"{type(leaf).__module__}.{type(leaf).__qualname__}")
        for field in dataclasses.fields(leaf):
            _text(update, field.name)
            _absorb(update, getattr(leaf, field.name))
    else:
        _text(update, repr(leaf))


def _text(update: Update, text: str) -> None:
    update(_ADDRESS.sub("", text).encode() + b"\0")
