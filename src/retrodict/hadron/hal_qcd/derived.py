"""What is reported of a local potential: itself, its phase shift, scattering length, effective range, bound state."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.constants import HBAR_C
from retrodict.base.types import Array, Float
from retrodict.hadron.potentials.ansatz import AbstractPotentialAnsatz, Envelope, Potential
from retrodict.hadron.scattering.effective_range import from_two_momenta
from retrodict.hadron.scattering.grid import RadialGrid
from retrodict.hadron.scattering.lagrange_mesh import LagrangeMesh, bound_states
from retrodict.hadron.scattering.numerov import scattering_states
from retrodict.hadron.scattering.phases import followed_phase_shift
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
        k = np.array([*LOW, *self.momentum])
        of = {"grid": self.grid, "reduced_mass": self.reduced_mass}
        states = scattering_states(unknown(self.grid.r), k, **of)
        low = from_two_momenta(k[:2], states.phase_shift[:2])
        phase = followed_phase_shift(states, k, **of)
        # delta = n pi - arctan(k a) at a low momentum (Levinson's theorem).
        bound = jnp.round((phase[0] + jnp.arctan(k[0] / HBAR_C / low.inverse_scattering_length)) / jnp.pi)
        ground = bound_states(unknown(self.mesh.r), mesh=self.mesh, reduced_mass=self.reduced_mass, count=1)
        return {
            "scattering_length": 1.0 / low.inverse_scattering_length,
            "effective_range": low.effective_range,
            "binding_energy": jnp.where(bound > 0, -ground.energy[0], jnp.nan),
            "potential": unknown(self.r),
            "phase_shift": jnp.rad2deg(phase[2:]),
        }


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
