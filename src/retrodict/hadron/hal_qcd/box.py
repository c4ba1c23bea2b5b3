"""Two hadrons in the periodic box of the lattice: energies and wave functions of a potential in the representation A1+.

The Hamiltonian is that of the time-dependent method, the Laplacian by seven points and the potential with its periodic
images, so that the levels can be compared with those that the correlator itself shows.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import coo_matrix, csr_matrix, diags, identity
from scipy.sparse.linalg import eigsh

from retrodict.base.shapes import Float
from retrodict.hadron.hal_qcd.wedge import CubicWedge

DENSE = 300  # points up to which a dense matrix is diagonalised


class Levels(NamedTuple):
    """The lowest states, in lattice units."""

    energy: Float[np.ndarray, " levels"]  # eigenvalues of H0 + V, ascending
    wave: Float[np.ndarray, "levels points"]  # psi, normalised to sum_x |psi(x)|^2 = 1 over the lattice


def levels(potential: Float[np.ndarray, " points"], wedge: CubicWedge, reduced_mass: float, count: int) -> Levels:
    """The lowest levels of -nabla^2/(2 mu) + V on the lattice.

    Args:
        potential: V at the points of the wedge, its images included, in lattice units.
        wedge: the points.
        reduced_mass: mu, in lattice units.
        count: how many levels.
    """
    weight = np.sqrt(wedge.multiplicity)
    matrix = diags(potential) + diags(weight) @ _kinetic(wedge, reduced_mass) @ diags(1.0 / weight)
    if len(weight) <= DENSE or count > len(weight) // 2:
        energy, vectors = eigh(matrix.toarray(), subset_by_index=(0, min(count, len(weight)) - 1))
    else:
        below = float(potential.min()) - 1e-3
        energy, vectors = eigsh(matrix.tocsc(), k=count, sigma=below, v0=np.ones(len(weight)))
        order = np.argsort(energy)
        energy, vectors = energy[order], vectors[:, order]
    wave = vectors.T / weight
    return Levels(energy, wave * np.sign(wave @ wedge.multiplicity)[:, None])


def _kinetic(wedge: CubicWedge, reduced_mass: float) -> csr_matrix:
    """-nabla^2/(2 mu), which acts on values at the points of the wedge."""
    size = len(wedge.points)
    rows = np.repeat(np.arange(size), 6)
    hopping = coo_matrix((np.ones(6 * size), (rows, wedge.neighbours.ravel())), shape=(size, size))
    return csr_matrix((6.0 * identity(size) - hopping) / (2.0 * reduced_mass))
