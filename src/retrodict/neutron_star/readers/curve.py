"""The mass-radius curve of a theory: stars in order of their central density, a prediction and not data."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from retrodict.base.columns import find, take
from retrodict.base.errors import InputError
from retrodict.base.files import Source
from retrodict.base.shapes import Float
from retrodict.base.table_rows import Columns
from retrodict.base.units import NUMBER
from retrodict.neutron_star.columns import LAMBDA_NAMES, MASS_NAMES, RADIUS_NAMES
from retrodict.neutron_star.readers.leftover import notes_on
from retrodict.neutron_star.units import LENGTH, MASS

LEAST_STARS = 4
HIGHEST_MASS_RANGE = (0.3, 5.0)  # Msun, where a curve must have its maximum
SMOOTH = 0.3  # second differences over first ones: below on a smooth curve; 1.4 on a random walk, 1.7 in a cloud
Stars: TypeAlias = Float[np.ndarray, " stars"]


@dataclass(frozen=True, eq=False)
class MassRadiusCurve:
    """The stars of one equation of state."""

    mass: Stars  # Msun
    radius: Stars  # km
    tidal_deformability: Stars | None
    file: Source  # where they were read
    notes: tuple[str, ...] = ()  # what the reader assumed or left out

    def __len__(self) -> int:
        return len(self.mass)

    def at_mass(self, mass: float, name: str) -> float | None:
        """A quantity of the star of a mass on the stable branch, between rows by a straight line.

        Args:
            mass: of the star [Msun].
            name: `radius` or `tidal_deformability`; the logarithm of the second is interpolated.

        Returns:
            The value; None where the curve has no such star.
        """
        top = int(np.argmax(self.mass))
        if self.mass[0] > self.mass[-1] and top == 0:  # the heaviest star first
            tides = None if self.tidal_deformability is None else self.tidal_deformability[::-1]
            return MassRadiusCurve(self.mass[::-1], self.radius[::-1], tides, self.file).at_mass(mass, name)
        above = np.flatnonzero((self.mass[:top] <= mass) & (self.mass[1 : top + 1] > mass))
        values = getattr(self, name)
        if not len(above) or values is None:
            return None
        i = int(above[-1])
        share = (mass - self.mass[i]) / (self.mass[i + 1] - self.mass[i])
        low, high = values[i], values[i + 1]
        if name == "tidal_deformability" and low > 0.0 and high > 0.0:
            return float(low * (high / low) ** share)
        return float(low + share * (high - low))


@np.errstate(all="ignore")  # what overflows is out of range, and refused as such
def curve_from_columns(table: Columns) -> MassRadiusCurve:
    """Check a mass-radius curve in columns that are already read.

    Args:
        table: named columns.

    Raises:
        InputError: for fewer than four stars, or masses and radii that no neutron star has.
    """
    mass, radius = take(table, MASS_NAMES, MASS), take(table, RADIUS_NAMES, LENGTH)
    name = find(table, LAMBDA_NAMES)
    if len(mass) < LEAST_STARS:
        got, expected = f"{len(mass)} stars", f"at least {LEAST_STARS}"
        raise InputError("too few stars for a curve", where=table.source.path, got=got, expected=expected)
    low, high = HIGHEST_MASS_RANGE
    if not low <= mass.max() <= high or (mass < 0.0).any() or (radius <= 0.0).any():
        got = f"a largest mass of {mass.max():.4g} Msun, radii from {radius.min():.4g} km"
        what, fix = "no masses and radii of neutron stars", "check the units and the order of the columns"
        raise InputError(what, where=table.source.path, got=got, expected=f"{low:g} to {high:g} Msun", fix=fix)
    tides = take(table, LAMBDA_NAMES, NUMBER) if name else None
    used = (find(table, MASS_NAMES), find(table, RADIUS_NAMES), name, "central_density")
    return MassRadiusCurve(mass, radius, tides, table.source, notes_on(table, used))


def follows_a_curve(table: Columns) -> bool:
    """Whether the masses and radii of a table are those of a smooth curve and no cloud of samples.

    Neighbours on a curve differ by nearly the same step; in a cloud, or on a random walk, steps are independent.

    Args:
        table: columns with a mass and a radius.
    """
    values = [table[name] for names in (MASS_NAMES, RADIUS_NAMES) if (name := find(table, names))]
    if len(values) < 2 or len(values[0]) < LEAST_STARS:
        return False
    steps = [[np.median(np.abs(np.diff(value, order))) for order in (1, 2)] for value in values]
    return all(second < SMOOTH * first for first, second in steps)
