"""The few types that every floor shares."""

from typing import Annotated, Any, TypeAlias

from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree, Shaped, UInt32
from jaxtyping import Key as _Key
from pydantic import Field

Key: TypeAlias = PRNGKeyArray
Keys: TypeAlias = _Key[Array, " keys"]  # of random numbers, one for each of a batch
Scalar: TypeAlias = Float[Array, ""]
Flag: TypeAlias = Bool[Array, ""]
Vector: TypeAlias = Float[Array, " dim"]
JSON: TypeAlias = Any  # what json.loads returns

# Bounds of settings: a config is checked against them; from Python they are documentation.
Count: TypeAlias = Annotated[int, Field(ge=1)]
CountOrZero: TypeAlias = Annotated[int, Field(ge=0)]  # zero is a choice
Positive: TypeAlias = Annotated[float, Field(gt=0)]
Share: TypeAlias = Annotated[float, Field(gt=0, lt=1)]

__all__ = [
    "JSON",
    "Array",
    "Bool",
    "Count",
    "CountOrZero",
    "Flag",
    "Float",
    "Int",
    "Key",
    "Keys",
    "Positive",
    "PyTree",
    "Scalar",
    "Shaped",
    "Share",
    "UInt32",
    "Vector",
]
