"""What the constructors of actions and the checks of samplers refuse: shapes, precisions and sizes that cannot be."""

import math
from typing import Final, Literal, TypeAlias

import numpy as np

from retrodict.base.errors import InputError

Precision: TypeAlias = Literal[32, 64]  # bits of a real number

MOST_SITES: Final = 2**28
MOST_AXES: Final = 6


def checked_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The extents of a lattice of one or more dimensions.

    Raises:
        InputError: for what is no shape, and for more than `MOST_AXES` dimensions or `MOST_SITES` sites.

    Example:
        >>> checked_shape([4, 4])
        (4, 4)
    """
    return _checked(tuple(shape), 1)


def checked_link_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The extents of a lattice of two or more dimensions, which has plaquettes. Raises as `checked_shape`."""
    return _checked(tuple(shape), 2)


def real_dtype(precision: int) -> np.dtype:
    """The NumPy type of real numbers of 32 or 64 bits.

    Raises:
        InputError: for another `precision`.

    Example:
        >>> real_dtype(32)
        dtype('float32')
    """
    if precision not in (32, 64):
        raise InputError("fields have 32 or 64 bits", got=f"precision={precision}", expected="32 or 64")
    return np.dtype(np.float32 if precision == 32 else np.float64)


def _checked(shape: tuple[int, ...], least: int) -> tuple[int, ...]:
    if len(shape) < least or not all(isinstance(n, int | np.integer) and n >= 1 for n in shape):
        expected = f"{least} or more positive whole numbers"
        raise InputError("not the shape of a lattice", got=str(shape)[:80], expected=expected)
    if len(shape) > MOST_AXES or math.prod(shape) > MOST_SITES:
        expected = f"at most {MOST_AXES} dimensions and {MOST_SITES} sites"
        raise InputError(
            "the lattice is too large", got=" x ".join(map(str, shape))[:80], expected=expected, fix="fewer sites"
        )
    return tuple(int(n) for n in shape)
