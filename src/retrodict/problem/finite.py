"""Data as they must be: finite numbers of double precision, as many as errors."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Shaped


def float_array(values: Shaped[Array | np.ndarray, "..."] | list[float]) -> Shaped[Array, "..."]:
    """An array of float64; what stands for one while a program is traced stays as it is.

    Args:
        values: numbers of any type.
    """
    concrete = isinstance(values, np.ndarray | jax.Array | list | tuple | float | int)
    return jnp.asarray(values, dtype=float) if concrete else values  # type: ignore[return-value]


def check_data(values: Shaped[Array, "..."], count: int | None = None) -> None:
    """Look at measured values, unless they are being traced.

    Args:
        values: the data.
        count: how many there should be; None: any number.

    Raises:
        InputError: naming the first datum that is not finite, or both numbers.
    """
    if not isinstance(values, jax.Array) or isinstance(values, Tracer):
        return
    if count is not None and values.shape != (count,):
        raise InputError(
            "the data and their errors are not equally many",
            got=f"data of shape {values.shape}",
            expected=f"({count},)",
        )
    bad = np.flatnonzero(~np.isfinite(np.asarray(values)))
    if bad.size:
        raise InputError(
            f"data number {bad[0]} is not finite", got=f"{np.ravel(values)[bad[0]]}", fix="remove the point"
        )
