"""The posterior of the potential behind an R-correlator, by the time-dependent method of HAL QCD."""

from typing import Annotated, NamedTuple, TypedDict

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from pydantic import Field

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.types import Array, Flag, Float, Positive
from retrodict.hadron.hal_qcd.correlator import RCorrelator, Rows
from retrodict.hadron.hal_qcd.data import PotentialData, potential_data
from retrodict.hadron.hal_qcd.derived import ReportedGrid, derivation, quantities
from retrodict.hadron.hal_qcd.mock import MOCK_MASS, MOCK_SPACING, mock
from retrodict.hadron.hal_qcd.readers import read_r_correlator
from retrodict.hadron.potentials.ansatz import (
    AbstractPotentialAnsatz,
    GaussianProcessPotential,
    NeuralPotential,
    Potential,
    SumOfGaussians,
)
from retrodict.problem.analysis import AbstractAnalysis
from retrodict.problem.compression import compress
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward, LinearForward
from retrodict.problem.posterior import Posterior

PRIOR_DRAWS = 400
MIXED = 1.25  # correlation of momenta, over that of independent ones, above which the noise is not homogeneous


class OnLattice(AbstractForward[Potential, Float[Array, " modes"]]):
    """The potential with its periodic images at the points of a lattice, in the modes of the data.

    Args:
        nodes: distances at which the potential is evaluated [fm].
        modes: from these values to the modes of the whitened data.
    """

    nodes: Float[Array, " nodes"]
    modes: LinearForward

    def __call__(self, unknown: Potential) -> tuple[Float[Array, " modes"], Flag]:
        """The prediction; there is one for every potential that is finite."""
        return self.modes(unknown(self.nodes))


class Scale(TypedDict):
    """Masses in lattice units, and the lattice spacing in fm."""

    mass: float
    lattice_spacing: float
    other_mass: float | None


class Setting(NamedTuple):
    """What is fitted, at which times, in which units."""

    correlator: RCorrelator
    times: tuple[int, ...]  # t/a
    scale: Scale

    @property
    def reduced_mass(self) -> float:
        """mu [MeV]."""
        mass, other = self.scale["mass"], self.scale["other_mass"] or self.scale["mass"]
        return mass * other / (mass + other) * HBAR_C / self.scale["lattice_spacing"]


class HalQcd(AbstractAnalysis):
    """An R-correlator -> the local potential at leading order of the derivative expansion, its phase shift and poles.

    The data are V = (D R)/R at every point of the cubic wedge, at one or several times. The covariance of its jackknife
    samples is estimated in momentum space, where noise that is the same everywhere on the lattice does not mix.

    Args:
        lattice_spacing: a [fm].
        mass: of one hadron, in lattice units.
        other_mass: of the other hadron, in lattice units; the same if None.
        times: t/a of the potentials that are fitted together; the middle one of the file if empty.
        rows: what the samples of the file are.
        ansatz: the prior of the potential.
        energy: up to which phase shifts are reported, in the centre of mass [MeV].
        columns: names of the columns of a table without a header.
    """

    lattice_spacing: Positive | None = None
    mass: Positive | None = None
    other_mass: Positive | None = None
    times: tuple[int, ...] = ()
    rows: Rows = "jackknife"
    ansatz: GaussianProcessPotential | NeuralPotential | SumOfGaussians = GaussianProcessPotential()
    energy: Annotated[float, Field(gt=1, le=1000)] = 100.0
    columns: str = ""

    def posterior(self, data: PathLike | None) -> Posterior:
        """The posterior of V(r) behind the R-correlator in a file, or behind the mock.

        Args:
            data: the file; None: a mock of two Omega baryons.

        Raises:
            InputError: if the lattice spacing or the mass is missing, and for a file that is no R-correlator.
        """
        setting = self.setting(data)
        correlator, spacing = setting.correlator, setting.scale["lattice_spacing"]
        found = potential_data(correlator, setting.times, **setting.scale)
        grid = ReportedGrid.of(self.ansatz, spacing, correlator.wedge.extent, setting.reduced_mass, self.energy)
        notes = _notes(setting, found, mock=data is None)
        return potential_posterior(found, self.ansatz, grid).with_notes(*notes)

    def setting(self, data: PathLike | None) -> "Setting":
        """The correlator with the times and the scale at which it is looked at.

        Args:
            data: the file; None: the mock.

        Raises:
            InputError: as `posterior`.
        """
        correlator = mock() if data is None else read_r_correlator(data, self.rows, self.columns)
        spacing, mass = self._scale(mock=data is None)
        times = self.times or (int(correlator.inner_times[len(correlator.inner_times) // 2]),)
        if len(set(times)) < len(times):
            raise InputError("a time twice", where="problem.analysis.times", got=", ".join(map(str, times)))
        scale = Scale(mass=mass, lattice_spacing=spacing, other_mass=self.other_mass)
        return Setting(correlator.resampled(), times, scale)

    def _scale(self, *, mock: bool) -> tuple[float, float]:
        """Lattice spacing [fm] and mass in lattice units; those of the mock, or given."""
        spacing = self.lattice_spacing if self.lattice_spacing is not None else MOCK_SPACING if mock else None
        mass = self.mass if self.mass is not None else MOCK_MASS if mock else None
        missing = [name for name, value in (("lattice_spacing", spacing), ("mass", mass)) if value is None]
        if spacing is None or mass is None:
            raise InputError(
                f"the R-correlator is in lattice units: {' and '.join(missing)} must be given",
                where=f"problem.analysis.{missing[0]}",
                expected="lattice_spacing in fm, mass of one hadron in lattice units",
                fix="--set lattice_spacing=0.0899 --set mass=0.665",
            )
        energy = mass * HBAR_C / spacing
        if not 100.0 < energy < 50_000.0:
            raise InputError(
                "mass and lattice spacing do not belong to a hadron",
                where="problem.analysis.mass",
                got=f"m = {mass:g}/a = {energy:.4g} MeV at a = {spacing:g} fm",
                expected="100 to 50000 MeV",
                why="the mass is in lattice units, a in fm",
            )
        return spacing, mass


def potential_posterior(data: PotentialData, ansatz: AbstractPotentialAnsatz, reported: ReportedGrid) -> Posterior:
    """The posterior of a local potential, given its values on a lattice.

    Args:
        data: values, covariance and distances.
        ansatz: the prior.
        reported: distances and energies that are reported.
    """
    nodes = jnp.asarray(data.nodes)
    draws = _at_nodes(ansatz, nodes, jr.normal(jr.key(0), (PRIOR_DRAWS, ansatz.dim)))
    white = Covariance.diagonal(np.ones(len(data.mean)))
    modes, likelihood = compress(jnp.asarray(data.operator), jnp.asarray(data.mean), white, np.asarray(draws))
    return Posterior(
        ansatz, OnLattice(nodes, modes), likelihood, derive=derivation(reported), quantities=quantities(reported)
    )


@eqx.filter_jit
def _at_nodes(
    ansatz: AbstractPotentialAnsatz, nodes: Float[Array, " nodes"], latents: Float[Array, "draws dim"]
) -> Float[Array, "draws nodes"]:
    return jax.vmap(lambda z: ansatz(z)(nodes))(latents)


def _notes(setting: Setting, data: PotentialData, *, mock: bool) -> list[str]:
    """What the reader of any result should know."""
    at = ", ".join(str(time) for time in setting.times)
    found = [
        f"the potential is local: leading order of the derivative expansion, from R at t = {at}; what a non-local "
        "potential would add shows as a dependence on t",
        f"{setting.correlator.samples} samples for {len(data.mean)} values: the errors are those of noise that is the "
        f"same everywhere on the lattice; momenta are correlated {data.noise.mixing:.2f} times as much as by chance",
        f"between r = 0 and the lattice spacing, {setting.scale['lattice_spacing']:.3g} fm, the prior interpolates",
    ]
    if data.noise.mixing > MIXED:
        found.append(
            "the noise is not the same everywhere: errors may be wrong; compare `retrodict compare DIR --methods`"
        )
    return [*(["mock data of a known potential"] if mock else []), *found]
