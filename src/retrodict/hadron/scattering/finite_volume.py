r"""Two particles in a periodic cubic box at rest: energies of a potential, and Luescher's formula for phase shifts.

Energies are eigenvalues on a Fourier grid in the representation A1+ of the cube: a wave is even in each coordinate and
symmetric in all three, so that one forty-eighth of the box is unknown. Points lie half a spacing off the origin. For a
smooth potential the error falls faster than any power of the spacing.

Luescher: $k\cot\delta_0 = \frac{2}{\sqrt\pi L} Z_{00}(1; q^2)$, $q = kL/2\pi$, for a force that ends within L/2 and
without waves of l = 4 and more. Source: M. Luescher, Nucl. Phys. B 354 (1991) 531.
"""

from collections.abc import Callable
from typing import Final

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError

MOST_POINTS: Final = 200  # along half a side: a third of a million unknowns
NEIGHBOURS: Final = 1  # images of the potential on each side, whose tails reach into the box
FARTHEST: Final = 7  # |n| of the sum of the zeta function: e^-49
NODES: Final = 64  # of its integral


def finite_volume_levels(
    potential: Callable[[Float[np.ndarray, " r"]], Float[np.ndarray | Array, " r"]],
    extent: float,
    *,
    reduced_mass: float,
    count: int = 3,
    spacing: float = 0.1,
) -> Float[np.ndarray, " count"]:
    """The lowest energies in A1+, which contains the s-wave [MeV], ascending; the pair at rest has energy zero.

    Args:
        potential: V(r) [MeV] of radii r > 0 [fm].
        extent: side L of the box [fm].
        reduced_mass: mu [MeV].
        count: how many levels.
        spacing: about that of the Fourier grid [fm]; half of it shows the error.

    Raises:
        InputError: for numbers that are not positive, or a grid of too few or too many points.
    """
    from scipy.sparse.linalg import lobpcg  # a second to import

    if not (extent > 0 and reduced_mass > 0 and spacing > 0 and count > 0):
        got = f"L = {extent} fm, mu = {reduced_mass} MeV, count = {count}, spacing = {spacing} fm"
        raise InputError("a box, a mass, a count and a spacing", got=got, expected="positive numbers")
    half = round(extent / spacing / 2)
    if not 4 <= half <= MOST_POINTS:
        raise InputError("the Fourier grid", got=f"{half} points along half a side", expected=f"4 to {MOST_POINTS}")
    cosines, wedge = _cosines(half), _Wedge(half)
    x = (np.arange(half) + 0.5) * extent / (2 * half)
    images = np.arange(-NEIGHBOURS, NEIGHBOURS + 1) * extent
    V = np.zeros(len(wedge.copies))
    a, b, c = (x[index] for index in wedge.indices)
    for shift in np.stack(np.meshgrid(images, images, images), axis=-1).reshape(-1, 3):
        V += np.asarray(potential(np.sqrt((a + shift[0]) ** 2 + (b + shift[1]) ** 2 + (c + shift[2]) ** 2)))
    squared = (2 * np.pi / extent * HBAR_C * np.arange(half)) ** 2 / 2 / reduced_mass
    kinetic = squared[:, None, None] + squared[:, None] + squared

    def in_modes(vectors: np.ndarray, multiplier: np.ndarray) -> np.ndarray:
        cube = wedge.unfold(vectors)
        for axis in (1, 2, 3):
            cube = np.moveaxis(np.tensordot(cosines, cube, (1, axis)), 0, axis)
        cube *= multiplier
        for axis in (1, 2, 3):
            cube = np.moveaxis(np.tensordot(cosines, cube, (0, axis)), 0, axis)
        return wedge.fold(cube)

    shift = 1 / (kinetic + squared[1])
    start = _start(wedge, cosines, count + 2)

    def hamiltonian(vectors: np.ndarray) -> np.ndarray:
        return in_modes(vectors, kinetic) + V[:, None] * vectors

    levels, waves = lobpcg(
        hamiltonian, start, M=lambda v: in_modes(v, shift), largest=False, tol=1e-7 * squared[1], maxiter=300
    )[:2]
    order = np.argsort(levels)[:count]
    misfit = np.linalg.norm(hamiltonian(waves[:, order]) - waves[:, order] * levels[order], axis=0)
    if not np.all(misfit < 1e-4 * squared[1]):
        raise InputError("levels in a box did not converge", got=f"misfit {misfit.max():.1e} MeV", fix="fewer levels")
    return levels[order]


def _cosines(half: int) -> Float[np.ndarray, "mode point"]:
    """The orthogonal matrix from values at half-integer points to cosine modes."""
    modes = np.arange(half)[:, None]
    matrix = np.sqrt(2 / half) * np.cos(np.pi * modes * (np.arange(half) + 0.5) / half)
    matrix[0] /= np.sqrt(2)
    return matrix


class _Wedge:
    """Points i >= j >= k of an octant, each for all its permutations; vectors have the norm of the octant."""

    def __init__(self, half: int) -> None:
        cube = np.sort(np.indices((half,) * 3), axis=0)
        label = (cube[2] * half + cube[1]) * half + cube[0]
        points, where, copies = np.unique(label.ravel(), return_inverse=True, return_counts=True)
        self.half, self.copies = half, copies
        self.where = where.ravel()
        self.indices = (points // half**2, points // half % half, points % half)
        self.roots = np.sqrt(copies)[:, None]

    def unfold(self, vectors: Float[np.ndarray, "wedge count"]) -> Float[np.ndarray, "count i j k"]:
        return (vectors / self.roots)[self.where].T.reshape(-1, *(self.half,) * 3)

    def fold(self, cube: Float[np.ndarray, "count i j k"]) -> Float[np.ndarray, "wedge count"]:
        return cube[(slice(None), *self.indices)].T * self.roots


def _start(wedge: _Wedge, cosines: np.ndarray, count: int) -> Float[np.ndarray, "wedge count"]:
    """The lowest free waves, symmetric."""
    span = np.arange(min(wedge.half, count + 1))
    modes = np.array([(a, b, c) for a in span for b in span[: a + 1] for c in span[: b + 1]])
    lowest = modes[np.argsort((modes**2).sum(axis=1), kind="stable")[:count]]
    columns = []
    for mode in lowest:
        orders = {
            tuple(mode[list(order)]) for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
        }
        columns.append(sum(np.einsum("i,j,k->ijk", *(cosines[m] for m in order)) for order in orders))
    return wedge.fold(np.stack(columns))


def luescher_k_cot_delta(momentum_squared: Float[Array, "*levels"], extent: float) -> Float[Array, "*levels"]:
    """k cot(delta) [MeV] of the s-wave at the energy of a level, k^2 / 2 mu; differentiable.

    Args:
        momentum_squared: k^2 [MeV^2], negative for a bound state.
        extent: side L of the box [fm].
    """
    q_squared = momentum_squared * (extent / (2 * np.pi * HBAR_C)) ** 2
    return 2 / np.sqrt(np.pi) / extent * HBAR_C * zeta_function(q_squared)


def zeta_function(q_squared: Float[Array, "*levels"]) -> Float[Array, "*levels"]:
    r"""Luescher's $Z_{00}(1; q^2) = \frac{1}{\sqrt{4\pi}}\sum_{n\in Z^3}(n^2 - q^2)^{-1}$, continued, to 1e-12.

    Args:
        q_squared: (k L / 2 pi)^2, up to about 40 and not the square of an integer vector, where it has poles.
    """
    q2 = jnp.asarray(q_squared)[..., None]
    side = np.arange(-FARTHEST, FARTHEST + 1) ** 2
    squares, copies = np.unique(np.add.outer(np.add.outer(side, side), side), return_counts=True)
    inner = squares <= FARTHEST**2
    squares, copies = squares[inner], copies[inner]
    total = jnp.sum(copies * jnp.exp(-(squares - q2)) / (squares - q2), axis=-1)
    s, weight = np.polynomial.legendre.leggauss(NODES)
    s, weight = (s + 1) / 2, weight / 2  # t = s^2 from 0 to 1
    winding = np.sum(copies[1:] * np.exp(-(np.pi**2) * squares[1:] / s[:, None] ** 2), axis=1)
    integrand = jnp.exp(s**2 * q2) * winding + jnp.expm1(s**2 * q2)
    total += np.pi**1.5 * (jnp.sum(2 * weight / s**2 * integrand, axis=-1) - 2)
    return total / np.sqrt(4 * np.pi)
