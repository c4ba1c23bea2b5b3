r"""Wave functions and phase shifts of a kernel: the R-matrix on a Lagrange-Legendre mesh.

Inside the radius a of the mesh $u = (C - E)^{-1} \frac{(\hbar c)^2}{2\mu} f(a)\,u'(a)$; outside
$u = \sin(qr + \delta)$, whose slope at a fixes the scale. The wave function is $\phi = u/(qr)$.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.constants import HBAR_C
from retrodict.base.types import Array, Float, Int
from retrodict.hadron.scattering.eigenpairs import eigenpairs
from retrodict.hadron.scattering.r_matrix import Channel, LegendreMesh, interior


class Waves(NamedTuple):
    """What a potential does to some momenta."""

    phase_shift: Float[Array, " momenta"]  # rad, between -pi/2 and pi/2
    coefficients: Float[Array, "momenta points"]  # of u in the functions of the mesh


class ScatteringSolver(eqx.Module):
    """The waves of some momenta, of any potential given at the mesh.

    Args:
        mesh: inside it the potential acts.
        momentum: k [MeV].
        reduced_mass: mu [MeV].
    """

    mesh: LegendreMesh
    momentum: tuple[float, ...] = eqx.field(static=True)
    reduced_mass: float = eqx.field(static=True)

    def __call__(self, potential: Float[Array, "*shape"]) -> Waves:
        """The waves.

        Args:
            potential: local (points,) [MeV], or a symmetric kernel (points, points) [MeV fm^-1].
        """
        channel = Channel(self.reduced_mass)
        q = np.asarray(self.momentum) / HBAR_C
        matrix = interior(potential, self.mesh, (channel,))
        edge, energy = jnp.asarray(channel.curvature * self.mesh.edge), jnp.asarray(channel.curvature * q**2)
        inside = shifted_solutions(matrix, edge, energy)
        ratio = inside @ self.mesh.edge  # u(a)/u'(a)
        angle = jnp.arctan2(q * ratio, 1.0)  # of sin(qa + delta)/cos(qa + delta)
        phase = angle - q * self.mesh.radius
        phase = phase - jnp.pi * jnp.round(phase / jnp.pi)
        slope = q * jnp.cos(q * self.mesh.radius + phase)
        return Waves(phase, inside * slope[:, None])


def wave_functions(
    waves: Waves,
    solver: ScatteringSolver,
    index: Int[Array, " values"],
    basis: Float[Array, "points values"],
    r: Float[Array, " values"],
) -> Float[Array, " values"]:
    """phi = u/(q r) at given distances.

    Args:
        waves: of the solver.
        solver: that found them.
        index: which momentum each value belongs to.
        basis: functions of the mesh at the distances.
        r: distances [fm].
    """
    q = jnp.asarray(solver.momentum)[index] / HBAR_C
    return jnp.sum(waves.coefficients[index] * basis.T, axis=1) / (q * r)


@jax.custom_jvp
def shifted_solutions(
    matrix: Float[Array, "points points"], right: Float[Array, " points"], energy: Float[Array, " momenta"]
) -> Float[Array, "momenta points"]:
    """(matrix - energy)^-1 right at every energy, by one diagonalisation of a symmetric matrix.

    Args:
        matrix: symmetric.
        right: right-hand side.
        energy: shifts, none of them an eigenvalue.
    """
    levels, vectors = eigenpairs(matrix)
    return ((vectors.T @ right) / (levels - energy[:, None])) @ vectors.T


@shifted_solutions.defjvp
def _shifted_solutions_jvp(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
    """-(matrix - energy)^-1 (change of the matrix) times the solution; energies and right-hand side are fixed."""
    matrix, right, energy = primals
    levels, vectors = eigenpairs(matrix)
    found = ((vectors.T @ right) / (levels - energy[:, None])) @ vectors.T
    moved = (found @ tangents[0]) @ vectors
    return found, -(moved / (levels - energy[:, None])) @ vectors.T
