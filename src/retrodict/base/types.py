"""The few types that every floor shares."""

from typing import Any, TypeAlias

from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree, Shaped, UInt32

Key: TypeAlias = PRNGKeyArray
Scalar: TypeAlias = Float[Array, ""]
Flag: TypeAlias = Bool[Array, ""]
Vector: TypeAlias = Float[Array, " dim"]
JSON: TypeAlias = Any  # what json.loads returns

__all__ = ["JSON", "Array", "Bool", "Flag", "Float", "Int", "Key", "PyTree", "Scalar", "Shaped", "UInt32", "Vector"]
