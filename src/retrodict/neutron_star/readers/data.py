"""Data of the neutron-star domain: the observations that ship, and safe readers for the user's own.

Every reader returns arrays in the units of this domain (Msun, km, MeV fm^-3, fm^-3) with provenance, and raises
`InputError`, naming file, line and column, for whatever it cannot take at its word. Columns are recognised by name,
never by position: a mass and a radius that change places would give a wrong equation of state without any complaint.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TypeAlias

import numpy as np

from retrodict.base.column_names import WEIGHT_NAMES, ColumnNames
from retrodict.base.columns import find, read_columns, take, weights
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, Source
from retrodict.base.shapes import Float
from retrodict.base.table_rows import Columns
from retrodict.neutron_star.columns import (
    MASS_ERROR_MINUS,
    MASS_ERROR_NAMES,
    MASS_ERROR_PLUS,
    MASS_NAMES,
    RADIUS_ERROR_MINUS,
    RADIUS_ERROR_NAMES,
    RADIUS_ERROR_PLUS,
    RADIUS_NAMES,
)
from retrodict.neutron_star.readers.compose import write_compose
from retrodict.neutron_star.readers.curve import follows_a_curve
from retrodict.neutron_star.readers.eos_tables import (
    WORDS,
    EquationOfStateTable,
    read_equation_of_state,
)
from retrodict.neutron_star.readers.eos_writing import write_equation_of_state, write_mass_radius_curve
from retrodict.neutron_star.readers.leftover import A_CORRELATION, AN_ERROR, notes_on, refuse_left_out
from retrodict.neutron_star.readers.tidal_samples import LEAST_SAMPLES, TidalSamples, read_tidal_samples
from retrodict.neutron_star.units import LENGTH, MASS

__all__ = [
    "OBSERVATION_SETS",
    "EquationOfStateTable",
    "MassRadiusObservations",
    "MassRadiusSamples",
    "TidalSamples",
    "observations",
    "read_equation_of_state",
    "read_mass_radius_samples",
    "read_observations",
    "read_tidal_samples",
    "write_compose",
    "write_equation_of_state",
    "write_mass_radius_curve",
]

OBSERVATION_SETS = ("classic18", "2025")

MASS_RANGE = (0.5, 3.5)  # Msun, of a measured mass
RADIUS_RANGE = (5.0, 25.0)  # km, of a measured radius
MEDIAN_MASS_RANGE = (0.8, 3.0)  # Msun, of the median of posterior samples
MEDIAN_RADIUS_RANGE = (6.0, 20.0)  # km
SAMPLE_MASS_RANGE = (0.1, 5.0)  # of every sample: the tails reach far
SAMPLE_RADIUS_RANGE = (2.0, 40.0)

Rows: TypeAlias = Float[np.ndarray, " rows"]


@dataclass(frozen=True, eq=False)
class MassRadiusObservations:
    """Measured masses and radii, one row for each star, with one-sigma errors below and above."""

    names: tuple[str, ...]  # of the objects
    mass: Rows  # Msun
    mass_error_minus: Rows  # Msun
    mass_error_plus: Rows  # Msun
    radius: Rows  # km
    radius_error_minus: Rows  # km
    radius_error_plus: Rows  # km
    sources: tuple[str, ...]  # the paper of each row, "" where unknown
    file: Source  # where they were read
    notes: tuple[str, ...] = ()  # what the reader assumed or left out

    def __len__(self) -> int:
        return len(self.mass)

    @property
    def mass_error(self) -> Rows:
        """The mean of the errors below and above [Msun]: the error itself where it is symmetric."""
        return 0.5 * (self.mass_error_minus + self.mass_error_plus)

    @property
    def radius_error(self) -> Rows:
        """The mean of the errors below and above [km]: the error itself where it is symmetric."""
        return 0.5 * (self.radius_error_minus + self.radius_error_plus)


@dataclass(frozen=True, eq=False)
class MassRadiusSamples:
    """Posterior samples of one star's mass and radius."""

    mass: Rows  # Msun
    radius: Rows  # km
    weight: Rows  # sums to one
    file: Source  # where they were read
    notes: tuple[str, ...] = ()  # what the reader assumed or left out

    def __len__(self) -> int:
        return len(self.mass)


def observations(name: PathLike = "classic18") -> MassRadiusObservations:
    """The stars that ship, or those of a table.

    The eighteen are those of the published reconstructions (Soma, Wang, Shi, Stoecker, Zhou, JCAP 08 (2022) 071), order
    kept. The names of the objects and the papers beside them were written down from memory of the literature and are
    for display only.

    Args:
        name: `classic18`, or `2025` in which J0437-4715 has its 2024 NICER value, or the path of a table.

    Raises:
        InputError: if there is no such set, or as `read_observations`.

    Example:
        >>> stars = observations("classic18")
        >>> len(stars), float(stars.mass[0]), float(stars.radius[0])
        (18, 1.42, 11.71)
    """
    if isinstance(name, os.PathLike) or Path(name).suffix or os.sep in name:
        return read_observations(name)
    if name not in OBSERVATION_SETS:
        sets = ", ".join(OBSERVATION_SETS)
        raise InputError("no such set of observations", where="observations", got=repr(name), expected=f"one of {sets}")
    with resources.as_file(resources.files("retrodict.neutron_star") / "observations" / f"{name}.csv") as path:
        return read_observations(path)


def read_observations(path: PathLike, columns: ColumnNames | None = None) -> MassRadiusObservations:
    r"""Read measured stars from a table with the columns `mass`, `mass_error`, `radius`, `radius_error` in any order.

    An asymmetric error has two columns, `mass_error_minus` and `mass_error_plus`. `name` and `source` may be there.
    Units stand in the header (`mass [Msun], radius [km]`); without one, Msun and km are meant.

    Args:
        path: table of any form: text, .npy, .npz, HDF5 or JSON.
        columns: names and units of the columns of a file that has no header, as in `"mass, radius"`.

    Raises:
        InputError: if an error is not positive, a value is out of range or columns look swapped.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "stars.csv")
        ...     _ = path.write_text("mass, mass_error, radius, radius_error\n1.4, 0.1, 12.0, 1.0\n")
        ...     read_observations(path).radius.tolist()
        [12.0]
    """
    return observations_from_columns(read_columns(path, columns, words=WORDS))


@np.errstate(all="ignore")  # what overflows is out of range, and refused as such
def observations_from_columns(table: Columns) -> MassRadiusObservations:
    """Check measured stars in columns that are already read.

    Args:
        table: named columns.

    Raises:
        InputError: as `read_observations`.
    """
    mass, radius = take(table, MASS_NAMES, MASS), take(table, RADIUS_NAMES, LENGTH)
    _refuse_swapped(table, mass, radius)
    _require_range(table, "mass", mass, MASS_RANGE, "Msun")
    _require_range(table, "radius", radius, RADIUS_RANGE, "km")
    mass_errors, mass_used, mass_notes = _errors(table, "mass", mass, MASS)
    radius_errors, radius_used, radius_notes = _errors(table, "radius", radius, LENGTH)
    names = table.words.get("name", table.words.get("object", tuple(f"star {i + 1}" for i in range(len(mass)))))
    papers = table.words.get("source", table.words.get("reference", ("",) * len(mass)))
    used = (*mass_used, *radius_used)
    expected = "one error of each mass and radius, or one on each side, and no correlation of the two"
    refuse_left_out(table, used, expected, (AN_ERROR, A_CORRELATION))
    twice = len(mass) - len(np.unique(table.values, axis=0))
    again = (f"{twice} rows hold the numbers of another: is a star counted twice?",) if twice else ()
    notes = (*_notes(table, used), *mass_notes, *radius_notes, *again)
    return MassRadiusObservations(names, mass, *mass_errors, radius, *radius_errors, papers, table.source, notes)


def read_mass_radius_samples(
    path: PathLike, columns: ColumnNames | None = None, *, group: str | None = None
) -> MassRadiusSamples:
    """Read posterior samples of mass [Msun] and radius [km], as the NICER groups publish them.

    The groups do not agree on the order of the columns, so a file without a header needs `columns`.

    Args:
        path: file of samples: text, .npy, .npz or HDF5.
        columns: names and units of the columns, as in `"mass, radius"` or `"radius, mass, weight"`.
        group: the table in an HDF5 file that holds several.

    Raises:
        InputError: if mass and radius look swapped, or values or their medians are out of range.
    """
    return samples_from_columns(read_columns(path, columns, group=group))


@np.errstate(all="ignore")  # what overflows is out of range, and refused as such
def samples_from_columns(table: Columns) -> MassRadiusSamples:
    """Check posterior samples in columns that are already read.

    Args:
        table: named columns.

    Raises:
        InputError: as `read_mass_radius_samples`.
    """
    mass, radius = take(table, MASS_NAMES, MASS), take(table, RADIUS_NAMES, LENGTH)
    used = (find(table, MASS_NAMES), find(table, RADIUS_NAMES), find(table, WEIGHT_NAMES))
    refuse_left_out(table, used, "samples of one star: mass, radius and, if they are not equal, weight")
    if len(mass) < LEAST_SAMPLES:
        got, expected = f"{len(mass)} samples", f"at least {LEAST_SAMPLES}"
        raise InputError("too few posterior samples", where=table.source.path, got=got, expected=expected)
    _refuse_curve(table)
    _refuse_swapped(table, np.median(mass, keepdims=True), np.median(radius, keepdims=True))
    _require_median(table, "mass", mass, MEDIAN_MASS_RANGE, "Msun")
    _require_median(table, "radius", radius, MEDIAN_RADIUS_RANGE, "km")
    _require_range(table, "mass", mass, SAMPLE_MASS_RANGE, "Msun")
    _require_range(table, "radius", radius, SAMPLE_RADIUS_RANGE, "km")
    return MassRadiusSamples(mass, radius, weights(table), table.source, _notes(table, WEIGHT_NAMES))


def _notes(table: Columns, used: Iterable[str]) -> tuple[str, ...]:
    """What was assumed of a table of stars, and the columns that nobody needs."""
    return notes_on(table, (find(table, MASS_NAMES), find(table, RADIUS_NAMES), *used))


def _errors(
    table: Columns, quantity: str, values: Rows, units: Mapping[str, float]
) -> tuple[tuple[Rows, Rows], tuple[str, ...], tuple[str, ...]]:
    """The errors below and above, positive and smaller than the value itself; their columns, and what was assumed."""
    is_mass = quantity == "mass"
    notes: tuple[str, ...] = ()
    symmetric = find(table, MASS_ERROR_NAMES if is_mass else RADIUS_ERROR_NAMES)
    minus = find(table, MASS_ERROR_MINUS if is_mass else RADIUS_ERROR_MINUS)
    plus = find(table, MASS_ERROR_PLUS if is_mass else RADIUS_ERROR_PLUS)
    sides = [minus or f"{quantity}_error_minus", plus or f"{quantity}_error_plus"]
    if symmetric or not (minus or plus):
        sides = [symmetric or f"{quantity}_error"]
    stated = table.unit(str(find(table, MASS_NAMES if is_mass else RADIUS_NAMES))) or None
    errors = [take(table, (side,), units, unit=stated) for side in sides]  # without a unit, in that of the value
    if stated not in (None, next(iter(units))) and not all(map(table.unit, sides)):
        notes = (f"{', '.join(sides)} without a unit: in that of the {quantity}, {stated}",)
    if len(sides) == 2 and (errors[0] < 0.0).all():
        errors[0] = -errors[0]
        notes = (
            *notes,
            f"{sides[0]} has a minus sign: its size is the error",
        )
    for side, error in zip(sides, errors, strict=True):
        bad = (error <= 0.0) | (error >= values)
        if bad.any():
            row = int(np.argmax(bad))
            got, expected = repr(float(error[row])), f"more than 0 and less than the {quantity} {values[row]:g}"
            what = "an error is not positive" if error[row] <= 0.0 else "an error is larger than the value"
            raise InputError(what, where=table.where(row, side), got=got, expected=expected)
    return (errors[0], errors[-1]), tuple(sides), notes


def _refuse_curve(table: Columns) -> None:
    if follows_a_curve(table):
        raise InputError(
            "a mass-radius curve, not posterior samples",
            where=table.source.path,
            got="rows that follow a smooth curve",
            why="the stars of one equation of state are a prediction; as samples of one star they would be data",
            fix="give measured stars or samples; to look at a curve: retrodict inspect FILE",
        )


def _refuse_swapped(table: Columns, mass: Rows, radius: Rows) -> None:
    low, high = MEDIAN_MASS_RANGE[0], MASS_RANGE[1]
    swapped = (mass > MEDIAN_RADIUS_RANGE[0]) & (radius > low) & (radius < high)
    if swapped.any():
        row = int(np.argmax(swapped))
        got = f"mass {mass[row]:.4g} Msun, radius {radius[row]:.4g} km"
        where, fix = table.where(row if len(mass) > 1 else None), "swap the two names"
        raise InputError("mass and radius look swapped", where=where, got=got, fix=fix)


def _require_range(table: Columns, name: str, values: Rows, bounds: tuple[float, float], unit: str) -> None:
    bad = (values < bounds[0]) | (values > bounds[1])
    if bad.any():
        row = int(np.argmax(bad))
        expected = f"{bounds[0]:g} to {bounds[1]:g} {unit}"
        got, fix = f"{values[row]:.6g} {unit}", "check the unit and the order of the columns"
        raise InputError(f"a {name} is out of range", where=table.where(row, name), got=got, expected=expected, fix=fix)


def _require_median(table: Columns, name: str, values: Rows, bounds: tuple[float, float], unit: str) -> None:
    median = float(np.median(values))
    if not bounds[0] <= median <= bounds[1]:
        got, expected = f"a median of {median:.6g} {unit}", f"{bounds[0]:g} to {bounds[1]:g} {unit}"
        fix = "check the unit and the order of the columns"
        what = f"the samples of the {name} are out of range"
        raise InputError(what, where=table.where(name=name), got=got, expected=expected, fix=fix)
