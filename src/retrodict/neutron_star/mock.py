"""Stars that nobody observed: those of an equation of state, with errors put upon them, for a closure test."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.base.shapes import Float
from retrodict.neutron_star.readers.canonical import stars_of_table
from retrodict.neutron_star.readers.data import MassRadiusObservations
from retrodict.neutron_star.readers.eos_tables import read_equation_of_state

STARS = 6
LIGHTEST, HEAVIEST = 1.1, 0.97  # Msun, and in units of the maximum mass: where the stars stand if nobody says


@dataclass(frozen=True)
class MockStars:
    """Measured stars of a known equation of state, for a closure test.

    Example:
        >>> MockStars(Path("sly.dat"), masses=(1.4, 1.8)).radius_error
        0.5
    """

    equation_of_state: Path  # a table that `retrodict inspect` calls an equation of state
    columns: str = ""  # names and units of its columns, where it has none
    crust: bool | None = None  # below its first row; null: where that row is too dense to be a surface
    masses: tuple[float, ...] = ()  # Msun, of the stars; empty: six up to near the maximum mass
    mass_error: Annotated[float, Field(gt=0)] = 0.05  # Msun
    radius_error: Annotated[float, Field(gt=0)] = 0.5  # km
    seed: int = 0  # of the errors


def mock_observations(mock: MockStars) -> MassRadiusObservations:
    """The stars of an equation of state, each mass and radius with a Gaussian error.

    Args:
        mock: the equation of state, and which stars.

    Raises:
        InputError: for a table that is no equation of state, or without a star of a mass that is asked for.
    """
    table = read_equation_of_state(mock.equation_of_state, mock.columns or None)
    (heaviest, _), sequence, below = stars_of_table(table, mock.crust)
    mass, radius = _first_branch(np.asarray(sequence.mass), np.asarray(sequence.radius))
    largest = min(float(heaviest.mass), float(mass[-1]))
    masses = np.array(mock.masses or np.linspace(min(LIGHTEST, 0.5 * largest), HEAVIEST * largest, STARS))
    if (masses > mass[-1]).any() or (masses < mass[0]).any():
        got, expected = ", ".join(f"{m:g}" for m in masses), f"{mass[0]:.3g} to {mass[-1]:.4g} Msun"
        where, fix = table.file.path, "mock.masses: [...] within this range"
        raise InputError("there is no such star", where=where, got=got, expected=expected, fix=fix)
    rng = np.random.default_rng(mock.seed)
    error = np.stack([np.full(len(masses), mock.mass_error), np.full(len(masses), mock.radius_error)])
    true = np.stack([masses, np.interp(masses, mass, radius)])
    seen = true + error * rng.standard_normal(true.shape)
    names = tuple(f"mock {m:.2f}" for m in masses)
    said = f"mock data: {len(masses)} stars of {table.file.path} with errors of {mock.mass_error:g} Msun and "
    notes = (f"{said}{mock.radius_error:g} km, seed {mock.seed}", *below, *table.warnings)
    papers = ("",) * len(masses)
    return MassRadiusObservations(
        names, seen[0], error[0], error[0], seen[1], error[1], error[1], papers, table.file, notes
    )


def _first_branch(
    mass: Float[np.ndarray, " stars"], radius: Float[np.ndarray, " stars"]
) -> tuple[Float[np.ndarray, " some"], Float[np.ndarray, " some"]]:
    """The stars from the lightest stable one on, as far as the mass rises with the central density."""
    first = int(np.argmin(mass[: int(np.nanargmax(mass)) + 1]))
    falls = np.flatnonzero(np.diff(mass[first:]) <= 0.0)
    last = first + int(falls[0]) + 1 if len(falls) else len(mass)
    return mass[first:last], radius[first:last]
