r"""Bound states of the radial Schroedinger equation on a Lagrange mesh of Laguerre functions.

The reduced wave $u(r) = r R(r)$ obeys
$-\frac{(\hbar c)^2}{2\mu}\left[u'' - \frac{l(l+1)}{r^2} u\right] + \int V(r, r')\,u(r')\,dr' = E\,u$, with
$V(r, r') = V(r)\,\delta(r - r')$ for a local potential. Functions $r\,p(r)\,e^{-r/2h}$ with polynomials p, one a node,
and the Gauss quadrature of the nodes make of it a symmetric matrix that holds the potential at the nodes only.
The error falls exponentially with their number for smooth potentials and singularities up to 1/r.

Source: Baye, Phys. Rept. 565 (2015) 1, sections 3.3.4 and 3.3.5.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Inexact
from scipy.special import roots_laguerre

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Scalar

MOST_POINTS = 150  # above it, the weights of Laguerre's quadrature leave the range of double precision

Potential = Inexact[Array, " points"] | Inexact[Array, "points points"]


class LagrangeMesh(eqx.Module):
    """The nodes of Laguerre's polynomial, with the kinetic energy between them.

    The nodes reach from about `1.4 scale / points` to about `4 scale points`, too far out for most problems to need
    them all: the scale is right where energies do not change with it.

    Args:
        points: number of nodes, 2 to 150.
        scale: length h that multiplies the nodes [fm].

    Raises:
        InputError: for another number of points, or a scale that is not positive.

    Example:
        >>> mesh = LagrangeMesh(20, 0.5)
        >>> round(float(jnp.sum(mesh.weight * jnp.exp(-mesh.r))), 12)  # the integral of exp(-r) from 0 on
        1.0
    """

    r: Float[Array, " points"]  # nodes [fm]
    weight: Float[Array, " points"]  # of the quadrature of any function over r [fm]
    kinetic: Float[Array, "points points"]  # -d^2/dr^2 [fm^-2]

    def __init__(self, points: int, scale: float) -> None:
        if not 2 <= points <= MOST_POINTS or not 0.0 < scale < np.inf:
            raise InputError(
                "a Lagrange mesh needs points and a length",
                got=f"points={points}, scale={scale}",
                expected=f"2 <= points <= {MOST_POINTS} and 0 < scale [fm]",
            )
        x = roots_laguerre(points)[0]
        self.r, self.weight = jnp.asarray(scale * x), jnp.asarray(scale * _weights(x))
        self.kinetic = jnp.asarray(_kinetic(x) / scale**2)


class BoundStates(NamedTuple):
    """The lowest states of one partial wave, in the order of the real parts of their energies."""

    energy: Inexact[Array, " count"]  # MeV; complex for a complex potential, with Im E = -Gamma/2
    wave: Inexact[Array, "count points"]  # u at the nodes [fm^-1/2]: the sum of weight u^2 is one, without a modulus

    @property
    def derivative(self) -> Inexact[Array, "count points"]:
        r"""The functional derivative $\delta E_n/\delta V(r) = u_n(r)^2$ at the nodes [fm^-1].

        That with respect to a symmetric non-local $V(r, r')$ is $u_n(r)\,u_n(r')$.
        """
        return self.wave**2


def bound_states(
    potential_at_mesh: Potential,
    *,
    mesh: LagrangeMesh,
    reduced_mass: float | Scalar,
    l: int = 0,  # noqa: E741 (the symbol of the field)
    count: int,
) -> BoundStates:
    """The lowest states of a local, a symmetric non-local or a complex potential.

    Energies are stationary, so that their derivatives are those of Hellmann and Feynman; the waves are differentiable,
    too, unless two energies coincide. States above the potential at infinity are those of the mesh as a box.

    Args:
        potential_at_mesh: V at `mesh.r` [MeV], shape (points,), real or complex; or a non-local one that acts on u,
            V(r, r') [MeV fm^-1], shape (points, points), equal to its transpose (without a complex conjugate).
        mesh: the nodes.
        reduced_mass: mu [MeV].
        l: orbital angular momentum.
        count: how many states.

    Returns:
        Energies and waves.

    Raises:
        InputError: for a potential of another shape, a negative l, or more states than nodes.
    """
    points = mesh.r.shape[0]
    if potential_at_mesh.shape not in ((points,), (points, points)):
        expected = f"one value a node, ({points},); of a non-local potential one a pair, ({points}, {points})"
        raise InputError("the potential is not given on the mesh", got=f"{potential_at_mesh.shape}", expected=expected)
    if l < 0 or not 1 <= count <= points:
        expected = f"l >= 0 and 1 <= count <= {points}, the nodes of the mesh"
        raise InputError("no such bound states", got=f"l={l}, count={count}", expected=expected)
    unit = HBAR_C**2 / (2.0 * reduced_mass)  # MeV fm^2
    centrifugal = l * (l + 1) / mesh.r**2
    if potential_at_mesh.ndim == 1:
        potential = potential_at_mesh / unit + centrifugal
    else:
        root = jnp.sqrt(mesh.weight)
        potential = root[:, None] * potential_at_mesh * root / unit + jnp.diag(centrifugal)
    energies, vectors = _eigenstates(potential, mesh.kinetic)
    wave = vectors.T[:count] / jnp.sqrt(mesh.weight)
    return BoundStates(unit * energies[:count], jnp.where(jnp.real(wave[:, :1]) < 0.0, -wave, wave))


@jax.custom_jvp
def _eigenstates(
    potential: Potential, kinetic: Float[Array, "points points"]
) -> tuple[Inexact[Array, " points"], Inexact[Array, "points points"]]:
    """All eigenvalues, by their real parts, and vectors (columns) with v^T v = 1 of kinetic + potential."""
    matrix = kinetic + (jnp.diag(potential) if potential.ndim == 1 else potential)
    vectors = _eigenvectors(matrix)
    # Stationary, hence better than the eigenvalues of the factorisation.
    return jnp.sum(vectors * (matrix @ vectors), axis=0), vectors


@jax.custom_batching.sequential_vmap
def _eigenvectors(matrix: Inexact[Array, "points points"]) -> Inexact[Array, "points points"]:
    """Eigenvectors (columns) with v^T v = 1 of a symmetric matrix, by the real parts of their eigenvalues.

    One matrix after the other, also under `vmap`: the batched routines of XLA hand their batch to the threads of the
    program that waits for them, and were seen to wait for ever.
    """
    if not jnp.iscomplexobj(matrix):
        return jnp.linalg.eigh(matrix, symmetrize_input=False)[1]
    found, vectors = jax.lax.linalg.eig(matrix, compute_left_eigenvectors=False)
    vectors = vectors[:, jnp.argsort(jnp.real(found))]
    return vectors / jnp.sqrt(jnp.sum(vectors**2, axis=0))


@_eigenstates.defjvp
def _first_order(
    at: tuple[Array, Array], change: tuple[Array, Array]
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """First-order perturbation theory in the potential; the mesh stays as it is."""
    energies, vectors = _eigenstates(*at)
    by = change[0]
    shifted = by[:, None] * vectors if by.ndim == 1 else by @ vectors
    same = jnp.eye(len(energies), dtype=bool)
    gap = jnp.where(same, 1.0, energies[None, :] - energies[:, None])
    mixing = jnp.where(same, 0.0, (vectors.T @ shifted) / gap)
    return (energies, vectors), (jnp.sum(vectors * shifted, axis=0), vectors @ mixing)


def _weights(x: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
    """Weights of the integral from 0 on, the factor exp(x) included: 1/sum_k [L_k(x) exp(-x/2)]^2."""
    before, now = np.zeros_like(x), np.exp(-0.5 * x)
    total = now**2
    for k in range(len(x) - 1):
        before, now = now, ((2 * k + 1 - x) * now - k * before) / (k + 1)
        total += now**2
    return 1.0 / total


def _kinetic(x: Float[np.ndarray, " points"]) -> Float[np.ndarray, "points points"]:
    """-d^2/dx^2 between the functions that are regularised by x, by the quadrature of the mesh."""
    points = len(x)
    sign = 1.0 - 2.0 * (np.add.outer(np.arange(points), np.arange(points)) % 2)
    distance = np.subtract.outer(x, x) + np.eye(points)
    matrix = sign * np.add.outer(x, x) / (np.sqrt(np.multiply.outer(x, x)) * distance**2)
    np.fill_diagonal(matrix, (4.0 + (4 * points + 2) * x - x**2) / (12.0 * x**2))
    return matrix
