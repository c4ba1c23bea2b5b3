"""The posterior of the potential, local or not, behind wave functions of several momenta."""

from typing import Annotated, TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.types import Array, Flag, Float, Int, Positive
from retrodict.hadron.potentials.ansatz import GaussianProcessPotential
from retrodict.hadron.scattering.r_matrix import LegendreMesh
from retrodict.hadron.wave_functions.kernel import (
    LocalOnMesh,
    NeuralKernel,
    NeuralKernelOnMesh,
    SmoothKernel,
    SmoothKernelOnMesh,
    separable,
)
from retrodict.hadron.wave_functions.readers import WaveTable, read_waves
from retrodict.hadron.wave_functions.solution import ScatteringSolver, wave_functions
from retrodict.problem.analysis import AbstractAnalysis
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import Quantity

BoundAnsatz: TypeAlias = SmoothKernelOnMesh | NeuralKernelOnMesh | LocalOnMesh
MOCK_STRENGTH, MOCK_DECAY, MOCK_MASS = -400.0, 2.0, 470.0  # MeV fm^-3, fm^-1, MeV
MOCK_ERROR = 1e-3
ENERGIES = 40
UNWRAPPED = 120  # momenta between which phases are followed


class PredictedWaves(AbstractForward[Float[Array, "*shape"], Float[Array, " values"]]):
    """phi of a potential at the distances and momenta of the data, with the sign of the data.

    Args:
        solver: of the momenta.
        index: which momentum each value belongs to.
        basis: functions of the mesh at each distance, shape (points, values).
        distance: of each value [fm].
        sign: data over their errors squared, by which the sign of each wave is chosen.
    """

    solver: ScatteringSolver
    index: Int[Array, " values"]
    basis: Float[Array, "points values"]
    distance: Float[Array, " values"]
    sign: Float[Array, " values"]

    def __call__(self, unknown: Float[Array, "*shape"]) -> tuple[Float[Array, " values"], Flag]:
        """The prediction; there is one for every potential that is finite."""
        phi = wave_functions(self.solver(unknown), self.solver, self.index, self.basis, self.distance)
        likeness = jnp.zeros(len(self.solver.momentum)).at[self.index].add(phi * self.sign)
        signed = jnp.where(likeness < 0.0, -1.0, 1.0)[self.index] * phi
        return signed, jnp.all(jnp.isfinite(signed))


class WaveDerived(eqx.Module):
    """From a potential on the mesh to what is reported of it.

    Args:
        solver: of the momenta between which phases are followed.
        place: of the reported ones among them.
        mesh: of the potential.
    """

    solver: ScatteringSolver
    place: Int[Array, " energies"]
    mesh: LegendreMesh

    def __call__(self, unknown: Float[Array, "*shape"], prediction: object) -> dict[str, Array]:
        """The derived quantities by name.

        Args:
            unknown: a local potential, or a kernel.
            prediction: not needed.
        """
        phase = self.solver(unknown).phase_shift
        # It vanishes at high momenta: followed downwards from there.
        followed = jnp.unwrap(phase[::-1], period=jnp.pi)[::-1]
        integral = unknown if unknown.ndim == 1 else unknown @ self.mesh.weights
        return {"kernel_integral": integral, "phase_shift": jnp.rad2deg(followed[self.place])}


class WaveFunctions(AbstractAnalysis):
    """Wave functions phi_k(r) of several momenta -> a local or a symmetric non-local potential, and its phase shift.

    phi goes to sin(kr + delta)/(kr) at large distances, up to a sign.

    Args:
        reduced_mass: mu [MeV].
        ansatz: the prior of the potential: a symmetric kernel, smooth or a network, or a local function.
        radius: beyond it the potential has vanished [fm].
        points: of the mesh on which it is solved for.
        columns: names and units of the columns of a table without a header.
    """

    reduced_mass: Positive | None = None
    ansatz: SmoothKernel | NeuralKernel | GaussianProcessPotential = SmoothKernel()
    radius: Positive = 8.0
    points: Annotated[int, Field(ge=10, le=200)] = 48
    columns: str = ""

    def posterior(self, data: PathLike | None) -> Posterior:
        """The posterior of the potential.

        Args:
            data: the file; None: waves of a separable potential.

        Raises:
            InputError: without a reduced mass, and for a file that holds no wave functions.
        """
        mass = self.reduced_mass if self.reduced_mass is not None else MOCK_MASS if data is None else None
        if mass is None:
            fix = "--set reduced_mass=469.5   (half the mass of each of two equal hadrons)"
            raise InputError("the reduced mass is missing", where="problem.analysis.reduced_mass", fix=fix)
        mesh = LegendreMesh(float(self.radius), self.points)
        table = mock(mesh, mass) if data is None else read_waves(data, self.columns)
        if table.distance.max() >= self.radius:
            got, expected = f"r up to {table.distance.max():.3g} fm", f"less than radius: {self.radius:g} fm"
            raise InputError("distances beyond the mesh", where="problem.analysis.radius", got=got, expected=expected)
        return wave_posterior(table, self._on(mesh), mesh, float(mass)).with_notes(*table.notes, *_notes(self, data))

    def _on(self, mesh: LegendreMesh) -> BoundAnsatz:
        if isinstance(self.ansatz, GaussianProcessPotential):
            return LocalOnMesh(self.ansatz, jnp.asarray(mesh.r))
        return self.ansatz.on(mesh.r)


def wave_posterior(table: WaveTable, ansatz: BoundAnsatz, mesh: LegendreMesh, reduced_mass: float) -> Posterior:
    """The posterior of a potential on a mesh, given wave functions.

    Args:
        table: the data.
        ansatz: a prior bound to the mesh.
        mesh: inside it the potential acts.
        reduced_mass: mu [MeV].
    """
    momenta, index = np.unique(table.momentum, return_inverse=True)
    solver = ScatteringSolver(mesh, tuple(momenta.tolist()), reduced_mass)
    sign = jnp.asarray(table.wave / table.error**2)
    basis, distance = jnp.asarray(mesh.basis(table.distance)), jnp.asarray(table.distance)
    forward = PredictedWaves(solver, jnp.asarray(index), basis, distance, sign)
    reported = np.linspace(0.3 * momenta[0], 1.2 * momenta[-1], ENERGIES)
    every = np.unique(np.concatenate([reported, np.geomspace(0.3 * momenta[0], 10.0 * momenta[-1], UNWRAPPED)]))
    place = np.searchsorted(every, reported)
    derive = WaveDerived(ScatteringSolver(mesh, tuple(every.tolist()), reduced_mass), jnp.asarray(place), mesh)
    energy = tuple((reported**2 / (2.0 * reduced_mass)).tolist())
    quantities = (
        Quantity("kernel_integral", "MeV", r"$\int K(r, r')\,dr'$", tuple(mesh.r.tolist()), "$r$", "fm", "r"),
        Quantity("phase_shift", "deg", r"$\delta$", energy, "$E$", "MeV", "energy"),
    )
    likelihood = Gaussian(jnp.asarray(table.wave), Covariance.diagonal(table.error))
    return Posterior(ansatz, forward, likelihood, derive=derive, quantities=quantities)


def mock(mesh: LegendreMesh, reduced_mass: float, seed: int = 0) -> WaveTable:
    """Waves of ten momenta in a separable potential, with independent errors.

    Args:
        mesh: on which they are solved for.
        reduced_mass: mu [MeV].
        seed: of the noise.
    """
    momenta, r = np.linspace(20.0, 300.0, 10), np.linspace(0.1, 5.0, 40)
    solver = ScatteringSolver(mesh, tuple(momenta.tolist()), reduced_mass)
    waves = solver(jnp.asarray(separable(mesh.r, MOCK_STRENGTH, MOCK_DECAY)))
    phi = np.asarray(waves.coefficients) @ mesh.basis(r) / (momenta[:, None] / HBAR_C * r)
    noise = MOCK_ERROR * np.random.default_rng(seed).normal(size=phi.size)
    k, at = np.repeat(momenta, len(r)), np.tile(r, len(momenta))
    return WaveTable(k, at, phi.ravel() + noise, np.full(phi.size, MOCK_ERROR), ("mock data of a separable potential",))


def _notes(analysis: WaveFunctions, data: PathLike | None) -> tuple[str, ...]:
    if isinstance(analysis.ansatz, GaussianProcessPotential):
        return ()
    text = "of a kernel the data fix what it does to their waves: the rest is the prior's (see Identifiability)"
    return (text,)
