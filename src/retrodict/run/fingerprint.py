"""A fingerprint of a computation: two that differ in any number, shape, option or function name differ in it."""

import dataclasses
import hashlib
import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def fingerprint(*parts: Any) -> str:
    """sha256 over structure and content: pytrees leaf by leaf, dataclasses field by field, the rest by its `repr`.

    It is the same in every process: memory addresses, which Python prints for functions, are left out.
    """
    digest = hashlib.sha256()
    for part in parts:
        _absorb(digest, part)
    return digest.hexdigest()


def is_key(leaf: Any) -> bool:
    """Whether `leaf`, or the array that it describes, holds PRNG keys."""
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _absorb(digest: Any, part: Any) -> None:
    leaves, structure = jax.tree.flatten(part)
    _text(digest, str(structure))
    for leaf in leaves:
        _absorb_leaf(digest, leaf)


def _absorb_leaf(digest: Any, leaf: Any) -> None:
    if isinstance(leaf, jax.Array) and is_key(leaf):
        _text(digest, str(leaf.dtype))
        leaf = jax.random.key_data(leaf)
    if isinstance(leaf, jax.Array | np.ndarray | np.generic):
        array = np.asarray(leaf)
        _text(digest, f"{array.dtype.str} {array.shape}")
        digest.update(array.tobytes())
    elif dataclasses.is_dataclass(leaf) and not isinstance(leaf, type):
        _text(digest, f"{type(leaf).__module__}.{type(leaf).__qualname__}")
        for field in dataclasses.fields(leaf):
            _text(digest, field.name)
            _absorb(digest, getattr(leaf, field.name))
    else:
        _text(digest, repr(leaf))


def _text(digest: Any, text: str) -> None:
    digest.update(_ADDRESS.sub("", text).encode() + b"\0")
