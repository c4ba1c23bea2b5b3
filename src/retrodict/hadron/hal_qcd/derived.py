"""What is reported of a local potential: itself, its phase shift, scattering length, effective range, bound state."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.constants import HBAR_C
from retrodict.base.types import Array, Float, Int, Scalar
from retrodict.hadron.potentials.ansatz import AbstractPotentialAnsatz, Envelope, Potential
from retrodict.hadron.scattering.grid import RadialGrid
from retrodict.hadron.scattering.lagrange_mesh import LagrangeMesh, bound_states
from retrodict.hadron.scattering.numerov import scattering_states
from retrodict.problem.target import Quantity

STEP = 0.02  # fm, of the radial equation
VANISHED = 1e-2  # MeV: a potential below it has ended
SHORTEST, LONGEST = 3.0, 15.0  # fm, of the radial equation
LOW = (1.0, 2.0)  # MeV, momenta from which the effective-range expansion is read
DISTANCES, ENERGIES = 121, 40
MESH_POINTS, MESH_SCALE = 60, 0.2  # nodes, fm: from 0.005 to 45 fm


class ReportedGrid(NamedTuple):
    """Where a potential and its phase shift are reported."""

    r: Float[np.ndarray, " distances"]  # fm
    energy: Float[np.ndarray, " energies"]  # MeV in the centre of mass
    radial: RadialGrid  # of the equation
    reduced_mass: float  # MeV

    @staticmethod
    def of(
        ansatz: AbstractPotentialAnsatz, spacing: float, extent: int, reduced_mass: float, highest: float
    ) -> "ReportedGrid":
        """Distances up to half the lattice, energies up to the highest, radii up to the end of the prior's envelope.

        Args:
            ansatz: the prior.
            spacing: a [fm].
            extent: L.
            reduced_mass: mu [MeV].
            highest: energy in the centre of mass [MeV].
        """
        envelope = getattr(ansatz, "envelope", Envelope())
        r = np.arange(SHORTEST, LONGEST, STEP)
        above = np.asarray(envelope(jnp.asarray(r))) > VANISHED
        end = float(r[above][-1]) if above.any() else SHORTEST
        energy = np.linspace(1.0, np.sqrt(highest), ENERGIES) ** 2
        return ReportedGrid(
            np.linspace(0.0, 0.5 * spacing * extent, DISTANCES), energy, RadialGrid(STEP, int(end / STEP)), reduced_mass
        )


class LocalPotentialDerived(eqx.Module):
    """From a potential to what is reported of it; in degrees, MeV and fm.

    Args:
        r: distances [fm].
        momentum: k of each energy [MeV].
        grid: radii of the equation.
        mesh: of the bound state.
        reduced_mass: mu [MeV].
    """

    r: Float[Array, " distances"]
    momentum: tuple[float, ...] = eqx.field(static=True)
    grid: RadialGrid
    mesh: LagrangeMesh
    reduced_mass: float = eqx.field(static=True)

    def __call__(self, unknown: Potential, prediction: object) -> dict[str, Array]:
        """The derived quantities by name.

        Args:
            unknown: the potential.
            prediction: not needed.
        """
        values = unknown(self.grid.r)
        k = np.array([*LOW, *self.momentum])
        with jax.ensure_compile_time_eval():  # momenta are known when the program is compiled
            momenta = jnp.asarray(k)
        states = scattering_states(values, momenta, grid=self.grid, reduced_mass=self.reduced_mass)
        low = _effective_range(k[:2], states.phase_shift[:2])
        end = self.grid.step * self.grid.points
        bound = _sign_changes(states.wave[0]) + (low.scattering_length > end)
        phase = continuous(states.phase_shift, bound)
        ground = bound_states(unknown(self.mesh.r), mesh=self.mesh, reduced_mass=self.reduced_mass, count=1)
        return {
            "scattering_length": low.scattering_length,
            "effective_range": low.effective_range,
            "binding_energy": jnp.where(bound > 0, -ground.energy[0], jnp.nan),
            "potential": unknown(self.r),
            "phase_shift": jnp.rad2deg(phase[2:]),
        }


class EffectiveRange(NamedTuple):
    """k cot(delta) = -1/a0 + r_eff k^2/2: a0 > 0 of a shallow bound state."""

    scattering_length: Scalar  # a0 [fm]
    effective_range: Scalar  # r_eff [fm]


def _effective_range(k: Float[np.ndarray, " two"], phase: Float[Array, " two"]) -> EffectiveRange:
    """From two low momenta [MeV]."""
    q = jnp.asarray(k) / HBAR_C
    low, high = q / jnp.tan(phase)
    slope = (high - low) / (q[1] ** 2 - q[0] ** 2)
    return EffectiveRange(-1.0 / (low - slope * q[0] ** 2), 2.0 * slope)


def _sign_changes(wave: Float[Array, " points"]) -> Int[Array, ""]:
    return jnp.sum(wave[1:] * wave[:-1] < 0.0)


def continuous(phase: Float[Array, " momenta"], bound: Int[Array, ""]) -> Float[Array, " momenta"]:
    """Phase shifts that start at pi times the number of bound states and follow the momenta without jumps.

    Args:
        phase: delta at ascending momenta, each up to a multiple of pi; the first is within pi/2 of its limit.
        bound: states (Levinson's theorem).
    """
    return jnp.unwrap(phase, period=jnp.pi) - jnp.pi * jnp.round(phase[0] / jnp.pi) + jnp.pi * bound


def derivation(reported: ReportedGrid) -> LocalPotentialDerived:
    """The map from a potential to what is reported.

    Args:
        reported: distances and energies.
    """
    momentum = np.sqrt(2.0 * reported.reduced_mass * reported.energy)
    mesh = LagrangeMesh(MESH_POINTS, MESH_SCALE)
    return LocalPotentialDerived(
        jnp.asarray(reported.r), tuple(momentum.tolist()), reported.radial, mesh, reported.reduced_mass
    )


def quantities(reported: ReportedGrid) -> tuple[Quantity, ...]:
    """Names, units and labels of what is reported.

    Args:
        reported: distances and energies.
    """
    r, energy = tuple(reported.r.tolist()), tuple(reported.energy.tolist())
    return (
        Quantity("scattering_length", "fm", "$a_0$"),
        Quantity("effective_range", "fm", r"$r_\mathrm{eff}$"),
        Quantity("binding_energy", "MeV", "$B$"),
        Quantity("potential", "MeV", "$V$", r, "$r$", "fm", "r"),
        Quantity("phase_shift", "deg", r"$\delta$", energy, "$E$", "MeV", "energy"),
    )
