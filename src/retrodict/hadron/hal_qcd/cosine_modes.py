"""Plane waves of the periodic box, summed over the cubic group: the momentum space of functions in A1+."""

import numpy as np

from retrodict.base.shapes import Float
from retrodict.hadron.hal_qcd.wedge import CubicWedge


def to_modes(values: Float[np.ndarray, "*shape points"], wedge: CubicWedge) -> Float[np.ndarray, "*shape points"]:
    """Coefficients of a function in the orthonormal cosine modes, one for each momentum 2 pi n / L with n in the wedge.

    Sums of squares are kept: that of the coefficients is the sum of `values`^2 over the whole lattice.

    Args:
        values: on the points of the wedge, last axis.
        wedge: the points.
    """
    shape, sides = values.shape[:-1], (wedge.extent,) * 3
    flat = values.reshape(-1, values.shape[-1])
    found = np.empty_like(flat, dtype=float)
    place = tuple(wedge.points.T)
    for row, one in enumerate(flat):
        found[row] = np.fft.rfftn(one[wedge.place_on_lattice].reshape(sides))[place].real
    return (found * np.sqrt(wedge.multiplicity) / wedge.extent**1.5).reshape(*shape, -1)


def momentum_squared(wedge: CubicWedge) -> Float[np.ndarray, " points"]:
    """The eigenvalue of minus the lattice Laplacian for each mode, in units of 1/a^2.

    Args:
        wedge: the momenta n, as points.
    """
    return np.sum((2.0 * np.sin(np.pi * wedge.points / wedge.extent)) ** 2, axis=1)


def from_modes(modes: Float[np.ndarray, "*shape points"], wedge: CubicWedge) -> Float[np.ndarray, "*shape points"]:
    """The function whose coefficients are given: the inverse of `to_modes`.

    Args:
        modes: coefficients, last axis.
        wedge: the points.
    """
    root = np.sqrt(wedge.multiplicity)
    return to_modes(modes / root, wedge) / root
