"""The posterior's parts: the unknown behind a correlation function, its prediction, and what is reported."""

from typing import Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Flag, Float, Scalar, Vector
from retrodict.hadron.femtoscopy.experiment import measured
from retrodict.hadron.femtoscopy.pair import Channel, Pair
from retrodict.hadron.femtoscopy.potentials import BoundPotential
from retrodict.hadron.femtoscopy.reading import CorrelationData
from retrodict.hadron.femtoscopy.sources import AbstractSource
from retrodict.hadron.femtoscopy.wave_kernel import Distances, StrongWaves
from retrodict.hadron.scattering.effective_range import from_two_momenta
from retrodict.hadron.scattering.numerov import scattering_states
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.forward import AbstractForward
from retrodict.problem.nuisance import Nuisance
from retrodict.problem.target import Quantity

Points = Float[Array, " points"]
TAIL: Final = 5.0  # fm, beyond which the share of the pairs is reported
REPORTED: Final = 12.0  # fm, to which the source and the potential are reported
LOW_MOMENTA: Final = (1.0, 6.0)  # MeV, from which scattering length and effective range follow


class Unknown(NamedTuple):
    """What the latents stand for."""

    source: Float[Array, " radii"]  # 4 pi r^2 S(r) [fm^-1]
    parameters: dict[str, Scalar]  # of the source, by name
    potential: Float[Array, " fine"]  # V [MeV] on the grid of the waves; no numbers where none is fitted
    experiment: dict[str, Scalar | float]  # lambda_parameter, normalisation, slope, curvature


class PairAnsatz(AbstractAnsatz[Unknown]):
    """Latents of the source, of the potential if one is fitted, and of each number of the experiment with an error.

    Args:
        source: its prior.
        potential: its prior; None where no potential is fitted.
        fixed: the numbers of the experiment without an error, by name.
        nuisances: those with one.
    """

    source: AbstractSource
    potential: BoundPotential | None
    fixed: tuple[tuple[str, float], ...] = eqx.field(static=True)
    nuisances: tuple[Nuisance, ...] = eqx.field(static=True)

    @property
    def dim(self) -> int:
        return self.source.dim + self._free + len(self.nuisances)

    @property
    def _free(self) -> int:
        return 0 if self.potential is None else self.potential.dim

    def __call__(self, z: Vector) -> Unknown:
        """Source, potential and the numbers of the experiment."""
        first, last = self.source.dim, self.source.dim + self._free
        potential = jnp.zeros(0) if self.potential is None else self.potential(z[first:last])
        free = {nuisance.name: nuisance.prior(x) for nuisance, x in zip(self.nuisances, z[last:], strict=True)}
        source = z[:first]
        return Unknown(self.source(source), self.source.values(source), potential, {**dict(self.fixed), **free})


class CorrelationForward(AbstractForward[Unknown, Points]):
    """C(k) as it is measured.

    Args:
        kernel: from 4 pi r^2 S(r) on its grid to C - 1 at the data, resolution and bins in it, shape (points, radii).
        momentum: k of the data [MeV], shape (points,).
        average: from momenta at which waves are computed to the data, shape (points, nodes).
        step: of the source's grid [fm].
        fitted: the waves of the potential that is fitted; None where there is none.
    """

    kernel: Float[Array, "points radii"]
    momentum: Points
    average: Float[Array, "points nodes"]
    step: float = eqx.field(static=True)
    fitted: StrongWaves | None

    def __call__(self, unknown: Unknown) -> tuple[Points, Flag]:
        """The measured correlation function; valid where it is finite."""
        weighted = self.step * unknown.source
        genuine = 1.0 + self.kernel @ weighted
        if self.fitted is not None:
            genuine = genuine + self.average @ (self.fitted.change(unknown.potential) @ weighted)
        value = measured(genuine, self.momentum, unknown.experiment)
        return value, jnp.all(jnp.isfinite(value))


class Setup(NamedTuple):
    """What a report asks of the problem beside the posterior."""

    pair: Pair
    channels: tuple[Channel, ...]
    data: CorrelationData
    distances: Distances


class Derivation(eqx.Module):
    """What is reported of an unknown and its prediction.

    Args:
        setup: of the problem.
        nuisances: whose values are reported.
    """

    setup: Setup = eqx.field(static=True)
    nuisances: tuple[Nuisance, ...] = eqx.field(static=True)

    @property
    def shown(self) -> slice:
        """The distances of the source that are reported: every other one up to `REPORTED`."""
        distances = self.setup.distances
        return slice(1, min(distances.points, round(REPORTED / distances.step)), 2)

    def __call__(self, unknown: Unknown, prediction: Points) -> dict[str, Array]:
        """Source, correlation function, mean distance, tail, and of a fitted potential what it means for scattering."""
        distances = self.setup.distances
        radius, weighted = jnp.asarray(distances.radius), distances.step * unknown.source
        return {
            "source": unknown.source[self.shown],
            "correlation_function": prediction,
            "mean_distance": jnp.sum(radius * weighted),
            "tail_probability": share_beyond(unknown.source, distances.step),
            **unknown.parameters,
            **({} if not unknown.potential.size else self._scattering(unknown.potential)),
            **{nuisance.name: jnp.asarray(unknown.experiment[nuisance.name]) for nuisance in self.nuisances},
        }

    def _scattering(self, potential: Float[Array, " fine"]) -> dict[str, Array]:
        """The potential itself, and scattering length and effective range of its S wave."""
        distances = self.setup.distances
        seen = slice(self.shown.start * distances.finer, self.potential_end, 2 * distances.finer)
        found: dict[str, Array] = {"potential": potential[seen]}
        if self.setup.pair.charge_product == 0:
            inverse, effective = low_energy(potential, distances, self.setup.pair.reduced_mass)
            found |= {"inverse_scattering_length": inverse, "scattering_length": 1.0 / inverse}
            found |= {"effective_range": effective}
        return found

    @property
    def potential_end(self) -> int:
        """Where the reported potential ends on the grid of the waves: at 4 fm."""
        return round(4.0 / self.setup.distances.step) * self.setup.distances.finer


def share_beyond(source: Float[Array, " radii"], step: float) -> Scalar:
    """The share of the pairs whose distance is larger than `TAIL`: one minus the integral up to it.

    Args:
        source: 4 pi r^2 S(r) at one step, two steps, ... [fm^-1], shape (radii,).
        step: of the grid [fm].
    """
    place = step * np.arange(1, len(source) + 1)
    inside = np.clip((TAIL - place) / step + 0.5, 0.0, 1.0)
    return 1.0 - step * jnp.sum(inside * source)


def low_energy(potential: Float[Array, " fine"], distances: Distances, reduced_mass: float) -> tuple[Scalar, Scalar]:
    """1/a0 [fm^-1] and r_eff [fm] of an S wave: k cot(delta) = -1/a0 + r_eff k^2 / 2, a0 > 0 for a shallow bound state.

    Args:
        potential: V [MeV] on the grid of the waves.
        distances: its grid.
        reduced_mass: mu [MeV].
    """
    momentum = np.array(LOW_MOMENTA)
    states = scattering_states(potential, momentum, grid=distances.waves, reduced_mass=reduced_mass)
    found = from_two_momenta(momentum, states.phase_shift)
    return found.inverse_scattering_length, found.effective_range


def quantities_of(derivation: Derivation, source: AbstractSource, *, fitted: bool) -> tuple[Quantity, ...]:
    """The meaning of what `Derivation` reports.

    Args:
        derivation: of the posterior.
        source: whose parameters are reported.
        fitted: whether a potential is.
    """
    setup = derivation.setup
    radius = setup.distances.radius[derivation.shown]
    distance = ("distance", "fm", "r")
    found = [
        Quantity("source", "fm^-1", r"$4\pi r^2 S(r)$", tuple(radius.tolist()), *distance),
        Quantity("correlation_function", "", "$C(k)$", tuple(setup.data.momentum.tolist()), "k", "MeV", "k"),
        Quantity("mean_distance", "fm", "mean distance"),
        Quantity("tail_probability", "", f"$P(r > {TAIL:g}$ fm)"),
        *source.parameters,
    ]
    if fitted:
        ends = derivation.potential_end // setup.distances.finer
        places = setup.distances.radius[derivation.shown.start : ends : 2]
        found.append(Quantity("potential", "MeV", "$V(r)$", tuple(places.tolist()), *distance))
    if fitted and setup.pair.charge_product == 0:
        found += [
            Quantity("inverse_scattering_length", "fm^-1", "$1/a_0$"),
            Quantity("scattering_length", "fm", "$a_0$"),
            Quantity("effective_range", "fm", r"$r_\mathrm{eff}$"),
        ]
    return (*found, *(nuisance.quantity for nuisance in derivation.nuisances))
