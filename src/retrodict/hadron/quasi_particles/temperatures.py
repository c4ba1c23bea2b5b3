r"""Temperatures at which masses are known, and exact maps from there to integrals and values at any other.

Panels of Gauss-Legendre nodes span the range. A function is the polynomial through its values in each panel, so that
$\int_{T_0}^{T} s\,dT'$, $s(T)$ and $ds/dT$ are matrices; the derivative of the integral *is* the value.
"""

from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from numpy.polynomial import legendre

from retrodict.base.types import Array, Float

PANELS: Final = 8
ORDER: Final = 12  # nodes of a panel
Points = Float[np.ndarray, " points"]


class Temperatures(eqx.Module):
    """The nodes, and the maps from them to some temperatures.

    Args:
        lowest: T_0 [MeV], from which integrals run.
        node: nodes [MeV], shape (nodes,).
        point: temperatures of interest [MeV], shape (points,).
        interpolation: from values at the nodes to those at the points.
        integral: the same to the integral from the lowest temperature [MeV].
        slope: the same to the derivative [1/MeV].
    """

    lowest: float = eqx.field(static=True)
    highest: float = eqx.field(static=True)
    node: Float[Array, " nodes"]
    point: Float[Array, " points"]
    interpolation: Float[Array, "points nodes"]
    integral: Float[Array, "points nodes"]
    slope: Float[Array, "points nodes"]


def temperatures(lowest: float, highest: float, point: Points) -> Temperatures:
    """Nodes in a range, and the maps to some temperatures of it.

    Args:
        lowest: T_0 [MeV].
        highest: upper end [MeV].
        point: temperatures of interest [MeV], shape (points,).

    Example:
        >>> grid = temperatures(100.0, 400.0, np.array([250.0]))
        >>> round(float((grid.integral @ grid.node**2)[0]), 6) == round((250.0**3 - 100.0**3) / 3, 6)
        True
    """
    edges = np.linspace(lowest, highest, PANELS + 1)
    place, weight = legendre.leggauss(ORDER)
    half = 0.5 * (edges[1] - edges[0])
    node = (edges[:-1, None] + half * (1 + place)).ravel()
    to_series = np.linalg.inv(legendre.legvander(place, ORDER - 1))
    panel = np.clip(np.searchsorted(edges, point, side="right") - 1, 0, PANELS - 1)
    inside = (point - edges[panel]) / half - 1
    unit = np.eye(ORDER)
    value = legendre.legvander(inside, ORDER - 1) @ to_series
    rise = legendre.legval(inside, legendre.legder(unit)).T @ to_series / half
    area = legendre.legval(inside, legendre.legint(unit, lbnd=-1)).T @ to_series * half
    maps = np.zeros((3, len(point), PANELS, ORDER))
    rows = np.arange(len(point))
    for matrix, block in zip(maps, (value, area, rise), strict=True):
        matrix[rows, panel] = block
    before = np.arange(PANELS) < panel[:, None]
    maps[1] += before[:, :, None] * half * weight
    flat = maps.reshape(3, len(point), -1)
    return Temperatures(lowest, highest, *(jnp.asarray(array) for array in (node, point, *flat)))
