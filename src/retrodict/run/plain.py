"""Numbers as JSON has them."""

import math
from collections.abc import Mapping

import numpy as np

from retrodict.base.types import JSON


def plain(value: object) -> JSON:
    """Numbers, texts, lists and mappings as JSON has them; what is not finite becomes null.

    Args:
        value: Python, NumPy or JAX values, nested.

    Example:

        >>> plain({"x": np.array([1.0, np.nan]), "n": np.int64(3)})
        {'x': [1.0, None], 'n': 3}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value] if np.ndim(value) else plain(np.asarray(value).item())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int | str | None) else str(value)
