"""What numbers without names could be in this domain."""

from typing import Final

import numpy as np

from retrodict.base.shapes import Float
from retrodict.spectral.readers.kinds import LEAST_TIMES

MOST_COLUMNS: Final = 7  # of a table without names that may hold a grid, values and errors, three correlators at most


def possible_headers(matrix: Float[np.ndarray, "rows columns"]) -> tuple[str, ...]:
    """Headers that numbers without names could have in this domain: a grid, values, and errors smaller than these.

    Args:
        matrix: the numbers, shape (rows, columns).
    """
    if not 3 <= matrix.shape[1] <= MOST_COLUMNS or len(matrix) < LEAST_TIMES:
        return ()
    grid, value, error = matrix.T[:3]
    ascending, positive = bool((np.diff(grid) > 0.0).all()), bool((error > 0.0).all())
    more = ", _" * (matrix.shape[1] - 3)
    return (f"tau [a], G, sigma{more}",) if ascending and positive and np.median(error / np.abs(value)) < 1.0 else ()
