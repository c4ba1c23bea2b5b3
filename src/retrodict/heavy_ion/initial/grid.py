"""The square grid in the transverse plane on which densities live."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["TransverseGrid"]


class TransverseGrid(NamedTuple):
    """A square of cells about the origin.

    Args:
        cells: number of cells along a side.
        spacing: width of a cell, fm.

    Example:
        >>> TransverseGrid(4, 0.5).coordinates.tolist()
        [-0.75, -0.25, 0.25, 0.75]
    """

    cells: int
    spacing: float

    @property
    def coordinates(self) -> Float[Array, " cells"]:
        """Centres of the cells along either side [fm]."""
        return (jnp.arange(self.cells) - 0.5 * (self.cells - 1)) * self.spacing
