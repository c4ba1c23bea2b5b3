"""The few types that every floor shares."""

from typing import Any, TypeAlias

from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree, Shaped, UInt32
from jaxtyping import Key as _Key

Key: TypeAlias = PRNGKeyArray
Keys: TypeAlias = _Key[Array, " keys"]  # of random numbers, one for each of a batch
Scalar: TypeAlias = Float[Array, ""]
Flag: TypeAlias = Bool[Array, ""]
Vector: TypeAlias = Float[Array, " dim"]
JSON: TypeAlias = Any  # what json.loads returns

__all__ = [
    "JSON",
    "Array",
    "Bool",
    "Flag",
    "Float",
    "Int",
    "Key",
    "Keys",
    "PyTree",
    "Scalar",
    "Shaped",
    "UInt32",
    "Vector",
]
