"""Ready-made problems: observed neutron stars in, the equation of state of cold dense matter out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import jax.numpy as jnp
import numpy as np
from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.neutron_star.ansatz import (
    FirstOrderTransition,
    GaussianProcessSoundSpeed,
    NeuralPressure,
    NeuralSoundSpeed,
    PiecewiseLinearSoundSpeed,
    PiecewisePolytropes,
    SpectralSoundSpeed,
)
from retrodict.neutron_star.derived import QUANTITIES, derive
from retrodict.neutron_star.eos.equation_of_state import EquationOfState
from retrodict.neutron_star.forward import Prediction, Stars
from retrodict.neutron_star.likelihood.measured_stars import MarginalMassRadius, ProfileMassRadius, PulsarMass
from retrodict.neutron_star.likelihood.noise import mass_radius_errors
from retrodict.neutron_star.likelihood.samples import sampled_star, sampled_tides
from retrodict.neutron_star.likelihood.theory import Reachability, read_pressure_band
from retrodict.neutron_star.mock import MockStars, mock_observations
from retrodict.neutron_star.readers.data import (
    MassRadiusObservations,
    observations,
    read_mass_radius_samples,
    read_observations,
)
from retrodict.neutron_star.readers.tidal_samples import read_tidal_samples
from retrodict.neutron_star.stars.branch import LIGHTEST
from retrodict.problem.labelled import Labelled
from retrodict.problem.likelihood import AbstractLikelihood, Independent
from retrodict.problem.posterior import Posterior

__all__ = ["problem", "reproduction"]

Ansatz = (
    GaussianProcessSoundSpeed
    | NeuralSoundSpeed
    | NeuralPressure
    | PiecewisePolytropes
    | SpectralSoundSpeed
    | PiecewiseLinearSoundSpeed
    | FirstOrderTransition
)


@dataclass(frozen=True)
class Marginal:
    """Every star marginalised over its mass: the likelihood `MarginalMassRadius`."""

    lightest: Annotated[float, Field(gt=0)] = LIGHTEST  # Msun, lower end of the prior, uniform to the maximum mass


@dataclass(frozen=True)
class Profile:
    """Every star at the closest point of the curve, as in the source papers: the likelihood `ProfileMassRadius`.

    It is no density of the data.
    """


@dataclass(frozen=True)
class Pulsar:
    """A star of which the mass alone is measured; all of them together become one likelihood `PulsarMass`.

    Example:
        >>> Pulsar("PSR J0348+0432", 2.01, 0.04).mass
        2.01
    """

    name: str  # label
    mass: Annotated[float, Field(gt=0.5, lt=3.5)]  # Msun
    error: Annotated[float, Field(gt=0)]  # Msun, one standard deviation


@dataclass(frozen=True)
class ChiralBand:
    """A calculated band of the pressure at low density, as from chiral effective field theory: `PressureBand`.

    The pressure is that of matter in beta equilibrium. No band ships, because the choice of one is the user's.
    """

    file: Path  # columns baryon_density, pressure_low, pressure_high
    sigmas: Annotated[float, Field(gt=0)] = 1.0  # half-width of the band in standard deviations
    correlation: Annotated[float, Field(gt=0)] = 1.0  # correlation length of the errors in ln n


@dataclass(frozen=True)
class PerturbativeQCD:
    """Matter of perturbative QCD that must be within reach of the star's: the likelihood `Reachability`.

    Source: Komoltsev, Kurkela, PRL 128, 202701 (2022).
    """

    density: Annotated[float, Field(gt=0)]  # n_H [fm^-3]
    density_error: Annotated[float, Field(gt=0)]  # fm^-3
    pressure: Annotated[float, Field(gt=0)]  # p_H [MeV fm^-3]
    pressure_error: Annotated[float, Field(gt=0)]  # MeV fm^-3
    chemical_potential: Annotated[float, Field(gt=1500)] = 2600.0  # mu_H [MeV], of baryon number
    matching: Annotated[float, Field(gt=1, le=14)] | None = None  # n_sat, of the state L


@dataclass(frozen=True)
class Table:
    """A table of measured stars that needs a word on how to read it."""

    file: Path
    columns: str = ""  # names and units of its columns, as in "mass [Msun], mass_error, radius [km], radius_error"


@dataclass(frozen=True)
class StarSamples:
    """A file of posterior samples of one star that needs a word on how to read it."""

    file: Path
    columns: str = ""  # names and units of its columns, as in "radius [km], mass [Msun], weight"
    group: str = ""  # the table in an HDF5 file that holds several


@dataclass(frozen=True)
class MergerSamples:
    """A file of gravitational-wave samples that needs a word on how to read it."""

    file: Path
    columns: str = ""  # names and units of its columns
    group: str = ""  # the analysis in an HDF5 file that holds several, such as "C01:IMRPhenomPv2NRTidal"
    redshift: Annotated[float, Field(gt=-1)] | None = None  # of a merger whose masses are in the detector frame


HEAVY_PULSARS = (Pulsar("PSR J0348+0432", 2.01, 0.04), Pulsar("PSR J1614-2230", 1.908, 0.016))


def problem(
    data: Literal["classic18", "2025"] | PathLike | Table | None = "classic18",
    *,
    ansatz: Ansatz = GaussianProcessSoundSpeed(),  # noqa: B008
    likelihood: Marginal | Profile = Marginal(),
    pulsars: tuple[Pulsar, ...] = HEAVY_PULSARS,
    samples: tuple[PathLike | StarSamples, ...] = (),
    tides: tuple[PathLike | MergerSamples, ...] = (),
    mock: MockStars | None = None,
    chiral: ChiralBand | None = None,
    perturbative: PerturbativeQCD | None = None,
    least_maximum_mass: Annotated[float, Field(ge=LIGHTEST)] = LIGHTEST,
) -> Posterior[EquationOfState, Prediction]:
    """The posterior of the equation of state.

    Args:
        data: masses and radii with Gaussian errors: a set that ships, the path of a table, or a table with a word on
            how to read it; None for none.
        ansatz: map from latents to matter.
        likelihood: how the position of a star on the mass-radius curve is treated.
        pulsars: stars of which the mass alone is measured. PSR J0740+6620 is in the sets that ship and so not among
            the default pulsars.
        samples: files of posterior samples of mass and radius, one star each; or with a word on how to read them.
        tides: files of gravitational-wave samples, one merger each; or with a word on how to read them.
        mock: stars of a known equation of state with errors, for a closure test; set `data` to None beside it.
        chiral: theory of matter at low density, left out by default.
        perturbative: theory of matter at high density, left out by default.
        least_maximum_mass: hard selection on top [Msun]; 1.9 in the source papers.

    Raises:
        InputError: if there is nothing to fit or a file is not what it should be.

    Example:
        >>> problem("classic18", pulsars=()).ansatz.dim
        21
    """
    measured, notes = _measured(data, mock, likelihood, pulsars, samples, tides)
    if not measured:
        raise InputError("there are no data", expected="data, samples, tides, mock or pulsars", fix="data: classic18")
    theory = _theory(chiral, perturbative)
    terms = {**measured, **theory}
    joint = next(iter(terms.values())) if len(terms) == 1 else Independent(terms)
    stars = Stars(least_maximum_mass, matter=bool(theory))
    return Posterior(ansatz, stars, joint, derive=derive, quantities=QUANTITIES).with_notes(*notes)


def _measured(
    data: Literal["classic18", "2025"] | PathLike | Table | None,
    mock: MockStars | None,
    kind: Marginal | Profile,
    pulsars: tuple[Pulsar, ...],
    samples: tuple[PathLike | StarSamples, ...],
    tides: tuple[PathLike | MergerSamples, ...],
) -> tuple[dict[str, AbstractLikelihood[Prediction]], list[str]]:
    """The likelihoods of what was observed: `stars`, `mock`, `samples.FILE`, `tides.FILE` and `pulsars`; and what the
    readers assumed."""
    terms: dict[str, AbstractLikelihood[Prediction]] = {}
    notes: list[str] = []
    tables = {} if mock is None else {"mock": mock_observations(mock)}
    if isinstance(data, Table):
        tables["stars"] = read_observations(data.file, data.columns or None)
    elif data is not None:
        tables["stars"] = observations(data)
    for term, table in tables.items():
        notes += [f"{term}: {note}" for note in table.notes]
        labels = (*(f"{name}: M" for name in table.names), *(f"{name}: R" for name in table.names))
        terms[term] = Labelled(mass_radius_likelihood(table, kind), labels)
    entries = [one if isinstance(one, StarSamples) else StarSamples(Path(one)) for one in samples]
    for name, one in zip(_by_stem("samples", [one.file for one in entries]), entries, strict=True):
        star = read_mass_radius_samples(one.file, one.columns or None, group=one.group or None)
        terms[name] = Labelled(sampled_star(star), (f"{one.file.stem}: M", f"{one.file.stem}: R"))
        notes += [f"{name}: {note}" for note in star.notes]
    mergers = [one if isinstance(one, MergerSamples) else MergerSamples(Path(one)) for one in tides]
    for name, one in zip(_by_stem("tides", [one.file for one in mergers]), mergers, strict=True):
        merger = read_tidal_samples(one.file, one.columns or None, group=one.group or None, redshift=one.redshift)
        terms[name] = Labelled(sampled_tides(merger), (f"{one.file.stem}: tides",))
        notes += [f"{name}: {note}" for note in merger.notes]
    if pulsars:
        masses = PulsarMass(jnp.asarray([p.mass for p in pulsars]), jnp.asarray([p.error for p in pulsars]))
        terms["pulsars"] = Labelled(masses, tuple(p.name for p in pulsars))
    return terms, notes


def _by_stem(kind: str, files: Sequence[Path]) -> list[str]:
    """Names of the terms that belong to files, numbered where two files have the same name."""
    stems = [path.stem for path in files]
    numbers = [f"-{stems[: i + 1].count(stem)}" if stem in stems[:i] else "" for i, stem in enumerate(stems)]
    return [f"{kind}.{stem}{number}" for stem, number in zip(stems, numbers, strict=True)]


def _theory(chiral: ChiralBand | None, high: PerturbativeQCD | None) -> dict[str, AbstractLikelihood[Prediction]]:
    """The likelihoods that look at matter."""
    terms: dict[str, AbstractLikelihood[Prediction]] = {}
    if chiral is not None:
        band = read_pressure_band(chiral.file, chiral.sigmas, chiral.correlation)
        labels = tuple(f"{chiral.file.stem}: mode {k + 1}" for k in range(len(band.density)))
        terms["chiral"] = Labelled(band, labels)
    if high is not None:
        state, error = [high.density, high.pressure], [high.density_error, high.pressure_error]
        matter = Reachability(jnp.asarray(state), jnp.asarray(error), high.chemical_potential, high.matching)
        terms["perturbative_qcd"] = Labelled(matter, ("perturbative QCD: least p", "perturbative QCD: greatest p"))
    return terms


def mass_radius_likelihood(
    table: MassRadiusObservations,
    kind: Marginal | Profile = Marginal(),
) -> MarginalMassRadius | ProfileMassRadius:
    """The likelihood of measured masses and radii, errors to either side kept apart.

    Args:
        table: measured stars.
        kind: how the position of a star on the mass-radius curve is treated.
    """
    errors = (
        np.stack([getattr(table, f"{name}_error_{side}") for side in ("minus", "plus")], axis=1)
        for name in ("mass", "radius")
    )
    measured, error = jnp.asarray(np.stack([table.mass, table.radius], axis=1)), mass_radius_errors(*errors)
    if isinstance(kind, Profile):
        return ProfileMassRadius(measured, error)
    return MarginalMassRadius(measured, error, kind.lightest)


def reproduction(data: Literal["classic18", "2025"] | PathLike = "classic18") -> Posterior[EquationOfState, Prediction]:
    """The set-up of the automatic-differentiation reconstruction, for `Ensemble(prior=False, confined=False)`.

    A network P(rho), closest-point likelihood, data resampled, members kept that are causal and reach 1.9 Msun
    (`confined=True` would push the others to the border of causality instead of dropping them). Our prior on the
    weights stays (theirs is the initialisation of the network and early stopping): without one the sound speed is
    driven to its bounds. Sources: Soma, Wang, Shi, Stocker, Zhou, JCAP 08 (2022) 071; PRD 107, 083028 (2023).

    Args:
        data: a set that ships, or the path of a table.

    Example:
        >>> reproduction("classic18").forward.least_maximum_mass
        1.9
    """
    return problem(data, ansatz=NeuralPressure(), likelihood=Profile(), pulsars=(), least_maximum_mass=1.9)
