r"""Scattering by the R-matrix on a Lagrange-Legendre mesh: local, non-local, complex potentials, coupled channels.

Inside a radius a the equation with Bloch's surface operator is a matrix problem,
$(C - E)u = \frac{\hbar^2}{2\mu}f(a)\,u'(a)$, and $u(a) = R\,u'(a)$ joins it to what is known outside, where all
potentials have vanished. On the mesh a local potential is diagonal and a non-local one is its values. The error falls
faster than any power of the number of points, as long as the potential is smooth inside; a jump belongs at the radius.

Potentials are given by their values at the mesh, the number of dimensions says what they are: (points) local,
(points, points) non-local U(r, r') in MeV/fm, (channel, channel, points) and (channel, channel, points, points).

Source: P. Descouvemont and D. Baye, Rep. Prog. Phys. 73 (2010) 036301.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Complex, Float, Inexact

from retrodict.base.constants import FINE_STRUCTURE_CONSTANT, HBAR_C
from retrodict.base.errors import InputError
from retrodict.hadron.scattering.coulomb import coulomb_functions, outgoing_slope, sommerfeld_parameter
from retrodict.hadron.scattering.eigenpairs import eigenpairs

Potential = Inexact[Array | np.ndarray, "*dimensions"]
Energies = Float[Array | np.ndarray, " energies"]


@dataclass(frozen=True)
class Channel:
    """A pair of particles in one partial wave.

    Args:
        reduced_mass: mu [MeV].
        threshold: energy at which the pair is at rest [MeV].
        l: angular momentum.
        charge_product: Z1 Z2 of the Coulomb force between points, inside and outside.
    """

    reduced_mass: float
    threshold: float = 0.0
    l: int = 0  # noqa: E741
    charge_product: float = 0.0

    @property
    def curvature(self) -> float:
        """(hbar c)^2 / 2 mu [MeV fm^2]."""
        return HBAR_C**2 / 2 / self.reduced_mass


class LegendreMesh(eqx.Module):
    """Points at which potentials are given, between the origin and the radius.

    Args:
        radius: beyond it only the Coulomb force acts [fm].
        points: how many.

    Raises:
        InputError: for a radius that is not positive or fewer than two points.
    """

    radius: float = eqx.field(static=True)
    points: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if not (0 < self.radius < float("inf") and self.points > 1):
            raise InputError(
                "a mesh", got=f"{self.points} points in {self.radius} fm", expected="a positive radius, 2 points"
            )

    @property
    def r(self) -> Float[np.ndarray, " points"]:
        """Radii [fm]."""
        return self.radius * self._unit[0]

    @property
    def weights(self) -> Float[np.ndarray, " points"]:
        """Of the Gauss quadrature over r [fm]."""
        return self.radius * self._unit[1]

    @property
    def _unit(self) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
        x, w = np.polynomial.legendre.leggauss(self.points)
        return (x + 1) / 2, w / 2

    @property
    def edge(self) -> Float[np.ndarray, " points"]:
        """The basis functions at the radius [fm^-1/2]."""
        x = self._unit[0]
        return (-1.0) ** np.arange(self.points - 1, -1, -1) / np.sqrt(self.radius * x * (1 - x))

    @property
    def kinetic(self) -> Float[np.ndarray, "points points"]:
        """-d^2/dr^2 with the surface operator [fm^-2]."""
        x, n = self._unit[0], self.points
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = (x[:, None] + x - 2 * x[:, None] * x) / (x[:, None] - x) ** 2
            matrix = n**2 + n + 1 + apart - 1 / (1 - x[:, None]) - 1 / (1 - x)
        sign = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
        matrix = sign * matrix / np.sqrt(np.multiply.outer(x * (1 - x), x * (1 - x)))
        own = ((4 * n**2 + 4 * n + 3) * x * (1 - x) - 6 * x + 1) / (3 * x**2 * (1 - x) ** 2)
        return np.where(np.eye(n, dtype=bool), own, matrix) / self.radius**2

    def basis(self, r: Float[np.ndarray, " radii"]) -> Float[np.ndarray, "points radii"]:
        """The basis functions [fm^-1/2] at other radii inside.

        Args:
            r: radii [fm], none of them a point of the mesh.
        """
        x, t = self._unit[0][:, None], np.asarray(r) / self.radius
        legendre = np.polynomial.legendre.Legendre.basis(self.points)(2 * t - 1)
        sign = (-1.0) ** np.arange(self.points - 1, -1, -1)[:, None]
        return sign * np.sqrt((1 - x) / x / self.radius) * t / (t - x) * legendre


def interior(potential: Potential, mesh: LegendreMesh, channels: Sequence[Channel]) -> Inexact[Array, "size size"]:
    """The matrix C of the Hamiltonian with the surface operator [MeV], channels one after the other.

    Args:
        potential: at the mesh, as the module says [MeV, or MeV/fm if it is not local].
        mesh: the points.
        channels: all that are coupled.

    Raises:
        InputError: if the dimensions of the potential are not those of mesh and channels.
    """
    n, count = mesh.points, len(channels)
    blocks = jnp.asarray(potential)
    blocks = blocks if blocks.ndim > 2 else blocks[None, None]
    if blocks.shape not in ((count, count, n), (count, count, n, n)):
        expected = f"({n}), ({n}, {n}), ({count}, {count}, {n}) or ({count}, {count}, {n}, {n})"
        raise InputError("potential, mesh and channels", got=str(potential.shape), expected=expected)
    if blocks.ndim == 3:
        blocks = jax.vmap(jax.vmap(jnp.diag))(blocks)
    else:
        blocks = blocks * np.sqrt(np.multiply.outer(mesh.weights, mesh.weights))
    own = np.zeros((count, count, n, n))
    for index, channel in enumerate(channels):
        coulomb = 2 * channel.charge_product * FINE_STRUCTURE_CONSTANT * channel.reduced_mass / HBAR_C
        barrier = channel.l * (channel.l + 1) / mesh.r**2 + coulomb / mesh.r
        own[index, index] = channel.curvature * (mesh.kinetic + np.diag(barrier)) + channel.threshold * np.eye(n)
    return (blocks + own).transpose(0, 2, 1, 3).reshape(count * n, count * n)


def surfaces(mesh: LegendreMesh, channels: Sequence[Channel]) -> Float[np.ndarray, "size channel"]:
    """sqrt((hbar c)^2 / 2 mu) f(a) of each channel [MeV^1/2 fm^1/2].

    Args:
        mesh: the points.
        channels: all that are coupled.
    """
    return np.kron(np.diag([np.sqrt(channel.curvature) for channel in channels]), mesh.edge[:, None])


@jax.custom_jvp
def _resolvent(
    C: Float[Array, "m m"], B: Float[Array, "m c"], energy: Float[Array | np.ndarray, " e"]
) -> Float[Array, "e c c"]:
    """B^T (C - E)^-1 B of a symmetric matrix, of which one diagonalisation serves all energies."""
    return _resolvent_and_solution(C, B, energy)[0]


def _resolvent_and_solution(
    C: Float[Array, "m m"], B: Float[Array, "m c"], energy: Energies
) -> tuple[Float[Array, "energies c c"], Float[Array, "energies m c"]]:
    levels, vectors = eigenpairs(C)
    shares = vectors.T @ B
    scaled = shares / (levels - energy[:, None])[..., None]
    return jnp.einsum("mc,emd->ecd", shares, scaled), jnp.einsum("nm,emd->end", vectors, scaled)


@_resolvent.defjvp
def _resolvent_jvp(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
    value, solution = _resolvent_and_solution(*primals)
    matrix, _, energy = tangents
    change = jnp.einsum("emc,mn,end->ecd", solution, matrix, solution)
    return value, energy[:, None, None] * jnp.einsum("emc,emd->ecd", solution, solution) - change


def scattering_matrix(
    potential: Potential, energy: Energies, *, mesh: LegendreMesh, channels: Sequence[Channel]
) -> Complex[Array, "energies channel channel"]:
    """S-matrix; rows and columns of closed channels are those of the unit matrix. Differentiable in the potential.

    Args:
        potential: symmetric, at the mesh, as the module says [MeV, or MeV/fm if it is not local].
        energy: above the zero of all thresholds [MeV].
        mesh: the points.
        channels: all that are coupled.

    Raises:
        InputError: if the dimensions of the potential are not those of mesh and channels.
    """
    K, one = _k_matrix(potential, energy, mesh, channels), jnp.eye(len(channels))
    return _solve(one - 1j * K, one + 1j * K)


def _k_matrix(
    potential: Potential, energy: Energies, mesh: LegendreMesh, channels: Sequence[Channel]
) -> Inexact[Array, "energies c c"]:
    """tan(delta) as a matrix, zero in closed channels."""
    C, B = interior(potential, mesh, channels), jnp.asarray(surfaces(mesh, channels))
    if jnp.iscomplexobj(C):
        shifted = C - energy[:, None, None] * jnp.eye(len(C))
        R = jnp.einsum("mc,emd->ecd", B, jnp.linalg.solve(shifted, jnp.broadcast_to(B, (len(energy), *B.shape))))
    else:
        R = _resolvent(C, B, energy)

    def outside(energies: Energies) -> Float[np.ndarray, "..."]:
        return _outside(np.asarray(energies), mesh.radius, channels)

    if isinstance(energy, Tracer):
        shape = jax.ShapeDtypeStruct((5, *energy.shape, len(channels)), energy.dtype)
        known = jax.pure_callback(outside, shape, energy, vmap_method="sequential")
    else:
        known = jnp.asarray(outside(np.asarray(energy)))
    F, F_slope, G, G_slope, velocity = known
    one = jnp.eye(len(channels))
    matrix = one * G[:, None, :] - R * G_slope[:, None, :]
    K = _solve(matrix, R * F_slope[:, None, :] - one * F[:, None, :])
    return K * jnp.sqrt(velocity)[:, :, None] / jnp.sqrt(jnp.where(velocity > 0, velocity, 1.0))[:, None, :]


def _solve(matrix: Inexact[Array, "e c c"], right: Inexact[Array, "e c c"]) -> Inexact[Array, "e c c"]:
    return right / matrix if matrix.shape[-1] == 1 else jnp.linalg.solve(matrix, right)


def _outside(energy: Float[np.ndarray, " e"], radius: float, channels: Sequence[Channel]) -> Float[np.ndarray, "5 e c"]:
    """F, F', G, G' at the radius, slopes in fm^-1, and the velocity, all scaled as the surfaces are.

    In closed channels F and the velocity are zero, and G is the wave that decays, of arbitrary scale.
    """
    found = np.zeros((5, len(energy), len(channels)))
    for index, channel in enumerate(channels):
        excess = energy - channel.threshold
        k = np.sqrt(2 * channel.reduced_mass * np.abs(excess))
        opened, q = excess > 0, k / HBAR_C
        eta = sommerfeld_parameter(k, channel.reduced_mass, channel.charge_product)
        F, F_slope, G, G_slope = coulomb_functions(channel.l, eta[opened], q[opened] * radius)
        found[:, opened, index] = F, q[opened] * F_slope, G, q[opened] * G_slope, q[opened] / channel.reduced_mass
        closed = ~opened
        slope = outgoing_slope(channel.l, -1j * eta[closed], 1j * q[closed] * radius)
        found[2, closed, index] = 1.0
        found[3, closed, index] = (1j * q[closed] * slope).real
        found[:4, :, index] *= np.sqrt(channel.curvature)
    if not np.all(np.isfinite(found)):
        raise InputError("an energy too close to the threshold of a channel with charges", fix="a larger radius")
    return found


def phase_shift(
    potential: Potential,
    momentum: Float[Array | np.ndarray, " momenta"],
    *,
    mesh: LegendreMesh,
    reduced_mass: float,
    l: int = 0,  # noqa: E741
    charge_product: float = 0.0,
) -> Inexact[Array, " momenta"]:
    """Phase shifts of one channel [rad], between -pi/2 and pi/2; complex for a complex potential.

    Args:
        potential: at the mesh, local or not [MeV or MeV/fm].
        momentum: k > 0 [MeV].
        mesh: the points.
        reduced_mass: mu [MeV].
        l: angular momentum.
        charge_product: Z1 Z2 of the Coulomb force between points.

    Raises:
        InputError: if the dimensions of the potential are not those of the mesh.
    """
    channel = Channel(reduced_mass, 0.0, l, charge_product)
    # NumPy keeps momenta that are known at compilation what they are.
    energy = (momentum if isinstance(momentum, Tracer) else np.asarray(momentum)) ** 2 / 2 / reduced_mass
    return jnp.arctan(_k_matrix(potential, energy, mesh, (channel,))[:, 0, 0])
