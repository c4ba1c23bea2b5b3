"""The physics: sigma(E) = h (Gamma/2)^2 / ((E - M)^2 + (Gamma/2)^2), two likelihoods, a nuisance of each."""

from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import jax.numpy as jnp
import numpy as np
from pydantic import Field

from retrodict import (
    AbstractAnsatz,
    AbstractForward,
    Covariance,
    Gaussian,
    Independent,
    LogNormal,
    Normal,
    Nuisance,
    Poisson,
    Posterior,
    Quantity,
)
from retrodict.base.columns import find, read_columns, take
from retrodict.base.files import PathLike
from retrodict.base.types import Array, Flag, Float, Scalar, Vector
from retrodict.base.units import NUMBER
from retrodict_resonance.domain import AREA, COUNTS, CROSS_SECTIONS, ENERGIES, ENERGY, ERRORS

LUMINOSITY = 20.0  # events of the second experiment for each nb
ENERGY_SHOWN = np.linspace(600.0, 950.0, 141)  # MeV
Energies = Float[Array, " energies"]


class Resonance(AbstractAnsatz):
    """Mass, width [MeV] and height [nb] of the resonance, all positive."""

    mass: float = 770.0
    width: float = 150.0
    height: float = 40.0

    @property
    def dim(self) -> int:
        return 3

    def __call__(self, z: Vector) -> dict[str, Scalar]:
        """Log-normal priors: 3 % of the mass, 30 % of the width, a factor of two of the height."""
        scales = {"mass": (self.mass, 0.03), "width": (self.width, 0.3), "height": (self.height, 0.7)}
        return {
            name: centre * jnp.exp(spread * x) for (name, (centre, spread)), x in zip(scales.items(), z, strict=True)
        }


def line_shape(unknown: dict[str, Scalar], energy: Energies) -> Energies:
    """sigma(E) [nb] at energies [MeV]."""
    half = 0.5 * unknown["width"]
    return unknown["height"] * half**2 / ((energy - unknown["mass"]) ** 2 + half**2)


class LineShapes(AbstractForward):
    """The cross section [nb] at the energies of each experiment [MeV]."""

    energies: dict[str, Energies]

    def __call__(self, unknown: dict[str, Scalar]) -> tuple[dict[str, Energies], Flag]:
        """Prediction by experiment; there is one for every unknown."""
        return {name: line_shape(unknown, energy) for name, energy in self.energies.items()}, jnp.asarray(True)


def problem(
    data: PathLike | None = None,
    *,
    counts: PathLike | None = None,
    ansatz: Resonance = Resonance(),  # noqa: B008
    normalisation_error: Annotated[float, Field(gt=0, lt=1)] = 0.05,
) -> Posterior:
    """The posterior of a resonance; without `data` and `counts` of the mock data that ship.

    Args:
        data: table E [MeV], cross_section [nb], error; all cross sections share a normalisation.
        counts: table E [MeV], counts; a constant background lies below the resonance.
        ansatz: prior of mass, width and height.
        normalisation_error: relative, of the cross sections.
    """
    if data is None and counts is None:
        data, counts = mock("cross_section.csv"), mock("counts.csv")
    energies: dict[str, Any] = {}
    terms: dict[str, Any] = {}
    nuisances = []
    if data is not None:
        table = read_columns(data)
        energies["cross_sections"] = jnp.asarray(take(table, ENERGIES, ENERGY))
        errors = Covariance.diagonal(take(table, ERRORS, AREA))
        measured = Gaussian(jnp.asarray(take(table, CROSS_SECTIONS, AREA)), errors)
        terms["cross_sections"] = measured.of(lambda p, nuisance: nuisance["normalisation"] * p["cross_sections"])
        nuisances.append(Nuisance("normalisation", Normal(1.0, normalisation_error)))
    if counts is not None:
        table = read_columns(counts)
        energies["counts"] = jnp.asarray(take(table, ENERGIES, ENERGY))
        events = Poisson(jnp.asarray(take(table, COUNTS, NUMBER)))
        terms["counts"] = events.of(lambda p, nuisance: LUMINOSITY * p["counts"] + nuisance["background"])
        nuisances.append(Nuisance("background", LogNormal(50.0, 0.5), label="background"))
    numbers = (Quantity("mass", "MeV", "$M$"), Quantity("width", "MeV", r"$\Gamma$"), Quantity("height", "nb"))
    shape = Quantity("line_shape", "nb", r"$\sigma(E)$", tuple(ENERGY_SHOWN.tolist()), "energy", "MeV", "energy")
    return Posterior(
        ansatz,
        LineShapes(energies),
        Independent(terms),
        derive=lambda unknown, _: {**unknown, "line_shape": line_shape(unknown, jnp.asarray(ENERGY_SHOWN))},
        quantities=(*numbers, shape),
        nuisances=tuple(nuisances),
    )


def mock(name: str) -> Path:
    """A table of mock data that ships."""
    return Path(str(resources.files("retrodict_resonance") / name))


def describe(path: PathLike) -> dict[str, Any]:
    """What is in a table of either experiment, for `retrodict inspect`."""
    table = read_columns(path)
    kind, field = ("event_counts", "counts") if find(table, COUNTS) else ("cross_sections", "data")
    energy = take(table, ENERGIES, ENERGY)
    return {
        "kind": kind,
        "points": len(energy),
        "energy": {"least": float(energy.min()), "largest": float(energy.max()), "unit": "MeV"},
        "warnings": [],
        "config": f"problem:\n  {field}: {path}",
    }
