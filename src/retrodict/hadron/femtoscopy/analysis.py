"""Femtoscopy: from a correlation function to the source that emitted the pairs, and to their force."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.types import Positive
from retrodict.hadron.femtoscopy.experiment import Known, Nodes, nodes_of, nuisances_of
from retrodict.hadron.femtoscopy.mock import mock_data, truth, without_values
from retrodict.hadron.femtoscopy.model import (
    CorrelationForward,
    Derivation,
    PairAnsatz,
    Setup,
    quantities_of,
)
from retrodict.hadron.femtoscopy.pair import Channel, Pair, check_channels, pair_of
from retrodict.hadron.femtoscopy.potentials import LiteraturePotential
from retrodict.hadron.femtoscopy.reading import CorrelationData, read_correlation_function, read_covariance
from retrodict.hadron.femtoscopy.sources import NeuralSource, Source, SourceGrid
from retrodict.hadron.femtoscopy.wave_kernel import Distances, Kernel, kernel_of
from retrodict.problem.analysis import AbstractAnalysis
from retrodict.problem.covariance import Covariance
from retrodict.problem.labelled import Labelled
from retrodict.problem.likelihood import AbstractLikelihood, Gaussian
from retrodict.problem.posterior import Posterior

FINER: Final = 4  # steps of the waves in one of the source
CONVENTION: Final = "a0 > 0 for a shallow bound state: k cot(delta) = -1/a0 + r_eff k^2 / 2"


class Femtoscopy(AbstractAnalysis):
    """A correlation function C(k) of two hadrons, and the source behind it.

    Args:
        particles: names, such as proton or Omega, or masses [MeV].
        charge_product: Z1 Z2, for the Coulomb force: -1 for opposite charges, 0 without.
        identical: whether the particles are the same: quantum statistics.
        channels: states of the total spin with their weights and potentials.
        source: prior of the source.
        lambda_parameter: share of genuine pairs; all others (feed-down, impurities) are taken as uncorrelated.
        normalisation: of C.
        slope: of the baseline, for each 100 MeV of k.
        curvature: of the baseline, for each (100 MeV)^2.
        resolution: standard deviation of the measured k [MeV].
        resolution_matrix: a file with the shares of the true bins (columns) in the measured ones (rows).
        covariance: a file with the covariance of C; the errors of the table then serve no purpose but figures.
        columns: names and units of the columns of a table without a header.
        lower: leave out smaller k [MeV].
        upper: leave out larger k [MeV].
        r_max: the largest distance of a pair [fm].
        step: of the source's grid [fm]; waves have a four times finer one.

    Raises:
        InputError: for fields that contradict each other.
    """

    particles: tuple[str | float, str | float] = eqx.field(default=("proton", "Omega"), static=True)
    charge_product: int = eqx.field(default=0, static=True)
    identical: bool = eqx.field(default=False, static=True)
    channels: tuple[Channel, ...] = eqx.field(default=(Channel(1.0, 2.0, LiteraturePotential()),), static=True)
    source: Source = eqx.field(default=NeuralSource(), static=True)
    lambda_parameter: Known = eqx.field(default=Known(1.0), static=True)
    normalisation: Known = eqx.field(default=Known(1.0), static=True)
    slope: Known = eqx.field(default=Known(0.0), static=True)
    curvature: Known = eqx.field(default=Known(0.0), static=True)
    resolution: Annotated[float, Field(ge=0)] = eqx.field(default=0.0, static=True)
    resolution_matrix: PathLike | None = eqx.field(default=None, static=True)
    covariance: PathLike | None = eqx.field(default=None, static=True)
    columns: str = eqx.field(default="", static=True)
    lower: float | None = eqx.field(default=None, static=True)
    upper: float | None = eqx.field(default=None, static=True)
    r_max: Positive = eqx.field(default=30.0, static=True)
    step: Annotated[float, Field(gt=0, le=0.2)] = eqx.field(default=0.05, static=True)

    def __check_init__(self) -> None:
        check_channels(self.channels, self.pair)
        if not (self.identical or self.charge_product or any(channel.potential for channel in self.channels)):
            why = "without a force and without quantum statistics C(k) is one, whatever the source"
            fix = "give a channel its potential, set charge_product, or identical: true"
            raise InputError("such a pair says nothing of its source", why=why, fix=fix)
        if not 0.0 < self.lambda_parameter.value <= 1.0:
            got = f"{self.lambda_parameter.value:g}"
            raise InputError("lambda_parameter is a share", got=got, expected="0 < lambda <= 1")
        if self.r_max < 20.0 * self.step:
            raise InputError("r_max and step of the source's grid", got=f"{self.r_max:g} and {self.step:g} fm")

    @property
    def pair(self) -> Pair:
        """The two particles."""
        return pair_of(self.particles, self.charge_product, identical=self.identical)

    @property
    def distances(self) -> Distances:
        """Where sources and waves are given."""
        return Distances(self.step, round(self.r_max / self.step), FINER)

    def posterior(self, data: PathLike | None) -> Posterior:
        """The posterior of the source, of a potential that is fitted, and of the numbers of the experiment."""
        found = without_values() if data is None else self._read(data)
        nodes = nodes_of(found, self.resolution, self.resolution_matrix)
        kernel = kernel_of(self.pair, self.channels, nodes.momentum, self.distances)
        forward = _forward(kernel, found, nodes, self.step)
        fitted = next((channel.fitted for channel in self.channels if channel.fitted), None)
        potential = fitted.prior_on(self.distances.wave_radius) if fitted else None
        if data is None:
            latent = fitted.mock_latent if fitted else 0.0
            found = mock_data(forward, truth(self.distances.radius, potential, latent, self.centre))
        nuisances = nuisances_of(self.numbers)
        named = {nuisance.name for nuisance in nuisances}
        fixed = tuple((name, value) for name, value in self.centre.items() if name not in named)
        source = self.source.on(SourceGrid(jnp.asarray(self.distances.radius)))
        derivation = Derivation(Setup(self.pair, self.channels, found, self.distances), nuisances)
        return Posterior(
            PairAnsatz(source, potential, fixed, nuisances),
            forward,
            _likelihood(found),
            derive=derivation,
            quantities=quantities_of(derivation, source, fitted=fitted is not None),
            notes=(*found.notes, *self._notes(fitted=fitted is not None)),
        )

    @property
    def numbers(self) -> Mapping[str, Known]:
        """What is known of the experiment, by name."""
        names = ("lambda_parameter", "normalisation", "slope", "curvature")
        return {name: getattr(self, name) for name in names}

    @property
    def centre(self) -> dict[str, float]:
        """The numbers of the experiment at the centre of their priors."""
        return {name: known.value for name, known in self.numbers.items()}

    def _read(self, path: PathLike) -> CorrelationData:
        """The data of a file in the range of momenta that is wanted."""
        whole = read_correlation_function(path, self.columns)
        covariance = None if self.covariance is None else read_covariance(self.covariance, len(whole.momentum))
        low, high = -np.inf if self.lower is None else self.lower, np.inf if self.upper is None else self.upper
        keep = (whole.momentum >= low) & (whole.momentum <= high)
        if not keep.any():
            got = f"k from {whole.momentum[0]:g} to {whole.momentum[-1]:g} MeV"
            raise InputError("no data between lower and upper", where=str(path), got=got)
        cut = {
            name: values[keep]
            for name in ("momentum", "value", "error", "low", "high")
            if (values := getattr(whole, name)) is not None
        }
        return replace(whole, **cut, covariance=None if covariance is None else covariance[np.ix_(keep, keep)])

    def _notes(self, *, fitted: bool) -> tuple[str, ...]:
        """What the data leave open."""
        if fitted:
            shared = "source and potential are fitted together: what the data say of one depends on the other"
            return (f"{shared}; see how they are tied in the report", CONVENTION)
        if any(channel.potential for channel in self.channels):
            return ("the potentials are taken as exact: their errors are not in the band of the source",)
        return ()


def _forward(kernel: Kernel, data: CorrelationData, nodes: Nodes, step: float) -> CorrelationForward:
    known, average = jnp.asarray(nodes.average @ kernel.known), jnp.asarray(nodes.average)
    return CorrelationForward(known, jnp.asarray(data.momentum), average, step, kernel.fitted)


def _likelihood(data: CorrelationData) -> AbstractLikelihood:
    """Normal errors; independent ones have labels."""
    value = jnp.asarray(data.value)
    if data.covariance is not None:
        return Gaussian(value, Covariance.full(data.covariance))
    labels = [f"k = {k:.4g} MeV" for k in data.momentum]
    return Labelled(Gaussian(value, Covariance.diagonal(data.error)), labels)
