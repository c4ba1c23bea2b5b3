r"""From the potential to what a lattice measures: $M = 2 m_Q + \mathrm{Re}\,E$ and $\Gamma = -2\,\mathrm{Im}\,E$."""

from typing import Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from retrodict.base.types import Array, Flag, Float
from retrodict.hadron.quarkonium.potentials import ComplexPotential
from retrodict.hadron.scattering.lagrange_mesh import LagrangeMesh, bound_states
from retrodict.problem.forward import AbstractForward

POINTS: Final = 24  # of the mesh: states of bottomonium up to n = 3 to 1e-5 MeV
SCALE: Final = 0.06  # fm, of the mesh for bottom quarks
BOTTOM: Final = 4676.0  # MeV: the quark mass for which SCALE is right


class Spectrum(NamedTuple):
    """Masses and widths of all states at all temperatures."""

    mass: Float[Array, "temperatures states"]  # MeV
    width: Float[Array, "temperatures states"]  # MeV


def mesh_for(quark_mass: float) -> LagrangeMesh:
    """The nodes for a quark mass: lengths in a linear potential go as its power -1/3.

    Args:
        quark_mass: m_Q [MeV].
    """
    return LagrangeMesh(POINTS, SCALE * (BOTTOM / quark_mass) ** (1.0 / 3.0))


class InMediumSpectrum(AbstractForward[ComplexPotential, Spectrum]):
    """Masses and widths of chosen states at every temperature.

    Args:
        mesh: nodes; the first radii of the unknown are these.
        quark_mass: m_Q [MeV].
        states: radial number n = 1, 2, ... and angular momentum of each state.
    """

    mesh: LagrangeMesh
    quark_mass: float = eqx.field(static=True)
    states: tuple[tuple[int, int], ...] = eqx.field(static=True)

    def __call__(self, unknown: ComplexPotential) -> tuple[Spectrum, Flag]:
        """The spectrum; there is one for every potential.

        Args:
            unknown: the potential.
        """
        points = self.mesh.r.shape[0]
        potential = unknown.real[:, :points] - 1j * unknown.imaginary[:, :points]
        energy = {
            angular: jax.vmap(
                lambda one, angular=angular: (
                    bound_states(
                        one,
                        mesh=self.mesh,
                        reduced_mass=0.5 * self.quark_mass,
                        l=angular,
                        count=max(n for n, other in self.states if other == angular),
                    ).energy
                )
            )(potential)
            for angular in sorted({angular for _, angular in self.states})
        }
        found = jnp.stack([energy[angular][:, n - 1] for n, angular in self.states], axis=1)
        mass, width = 2.0 * self.quark_mass + jnp.real(found), -2.0 * jnp.imag(found)
        return Spectrum(mass, width), jnp.all(jnp.isfinite(mass) & jnp.isfinite(width))
