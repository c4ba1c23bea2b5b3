r"""Eccentricities about the centre of mass, and classes of centrality.

$$\varepsilon_n e^{i n \Phi_n} = -\frac{\langle r^n e^{i n \varphi} \rangle}{\langle r^n \rangle}$$

where the mean has the weight of each nucleon or cell, and r is counted from the mean position: about any other point
the eccentricities of even a round drop do not vanish.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int, Shaped

from retrodict.base.errors import InputError
from retrodict.heavy_ion.initial.grid import TransverseGrid

__all__ = ["centrality_classes", "eccentricities", "eccentricities_of_density"]


def eccentricities(
    x: Float[Array, "*events points"],
    y: Float[Array, "*events points"],
    weight: Float[Array, "*events points"],
    orders: tuple[int, ...] = (2, 3, 4),
) -> Complex[Array, "*events orders"]:
    """Complex eccentricities of weighted points; zero where all weights are.

    Args:
        x: first coordinate, fm, shape (..., points).
        y: second coordinate, fm.
        weight: of each point, not negative.
        orders: the harmonics n.

    Source: Teaney and Yan, Phys. Rev. C 83 (2011) 064904.
    """
    total = jnp.sum(weight, axis=-1, keepdims=True)
    safe = jnp.where(total > 0.0, total, 1.0)
    x, y = (c - jnp.sum(weight * c, axis=-1, keepdims=True) / safe for c in (x, y))
    z, found = x + 1j * y, []
    for n in orders:
        radial = jnp.sum(weight * jnp.abs(z) ** n, axis=-1)
        found.append(-jnp.sum(weight * z**n, axis=-1) / jnp.where(radial > 0.0, radial, 1.0))
    return jnp.stack(found, axis=-1)


def eccentricities_of_density(
    density: Float[Array, "*events x y"], grid: TransverseGrid, orders: tuple[int, ...] = (2, 3, 4)
) -> Complex[Array, "*events orders"]:
    """Complex eccentricities of densities on a grid.

    Args:
        density: of entropy or energy, in any unit, shape (..., x, y).
        grid: where it is given.
        orders: the harmonics n.
    """
    x, y = jnp.meshgrid(grid.coordinates, grid.coordinates, indexing="ij")
    flat = density.reshape((*density.shape[:-2], -1))
    x, y = (jnp.broadcast_to(c.ravel().astype(density.dtype), flat.shape) for c in (x, y))
    return eccentricities(x, y, flat, orders)


def centrality_classes(
    measure: Shaped[Array | np.ndarray, " events"], edges: tuple[float, ...]
) -> Int[np.ndarray, " events"]:
    """The class of each event, counted from the most central; -1 beyond the last edge.

    Args:
        measure: what grows with centrality (multiplicity, participants, minus the impact parameter), of events that
            collided, shape (events,).
        edges: of the classes in per cent, ascending, such as (0, 5, 10, 20).

    Raises:
        InputError: for edges that do not ascend within 0 and 100.

    Example:
        >>> centrality_classes(np.array([9.0, 1.0, 5.0, 7.0]), (0.0, 25.0, 50.0)).tolist()
        [0, -1, -1, 1]
    """
    bounds = np.asarray(edges, dtype=float)
    if bounds.size < 2 or np.any(np.diff(bounds) <= 0.0) or bounds[0] < 0.0 or bounds[-1] > 100.0:
        raise InputError(
            "centrality classes have ascending edges in per cent", got=str(edges), expected="0 <= ... <= 100"
        )
    values = np.asarray(measure)
    rank = np.empty(values.size)
    rank[np.argsort(-values, kind="stable")] = 100.0 * (np.arange(values.size) + 0.5) / values.size
    found = np.searchsorted(bounds, rank, side="right") - 1
    return np.where((found >= 0) & (found < bounds.size - 1), found, -1)
