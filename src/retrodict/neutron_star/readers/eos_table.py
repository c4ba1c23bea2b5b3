"""The equation of state as a table: the rows that were read, before they become intervals.

Where the baryon density is absent it follows from the first law, dn / n = d eps / (eps + p), from n = eps / (931.494
MeV) at the lowest row: one baryon weighs one atomic mass unit there. Masses, radii and deformabilities do not depend on
that.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from retrodict.base.constants import ATOMIC_MASS_UNIT
from retrodict.base.files import Source
from retrodict.base.shapes import Float

SAME_PRESSURE = 1e-10  # relative: rows closer than this share a pressure
Rows: TypeAlias = Float[np.ndarray, " rows"]


@dataclass(frozen=True, eq=False)
class EquationOfStateTable:
    """Cold matter row by row.

    Example:
        >>> import numpy as np
        >>> from retrodict.base.files import Source
        >>> eps = np.array([150.0, 300.0, 600.0])
        >>> table = EquationOfStateTable(eps / 940.0, eps, np.array([1.0, 16.0, 115.0]), Source("mine", 0, ""))
        >>> len(table)
        3
        >>> table.sound_speed_squared
        array([0.1 , 0.33])
    """

    baryon_density: Float[np.ndarray, " rows"]  # n [fm^-3], strictly ascending
    energy_density: Float[np.ndarray, " rows"]  # eps [MeV fm^-3], strictly ascending
    pressure: Float[np.ndarray, " rows"]  # p [MeV fm^-3], not descending
    file: Source  # where it was read
    warnings: tuple[str, ...] = ()  # what the reader noticed, in words

    def __len__(self) -> int:
        return len(self.baryon_density)

    @property
    def sound_speed_squared(self) -> Float[np.ndarray, " intervals"]:
        """dp / d eps between neighbouring rows; zero across a first-order transition."""
        return np.diff(self.pressure) / np.diff(self.energy_density)


def superluminal_from(table: EquationOfStateTable) -> float | None:
    """The baryon density [fm^-3] at which dp / d eps first passes one, between the middles of rows; None if never.

    Args:
        table: equation of state.
    """
    speed, x = table.sound_speed_squared, np.log(table.baryon_density)
    fast = speed > 1.0 + 1e-9
    if not fast.any() or fast[0]:
        return float(table.baryon_density[0]) if fast.any() else None
    i, middle = int(np.argmax(fast)), 0.5 * (x[1:] + x[:-1])
    share = (1.0 - speed[i - 1]) / (speed[i] - speed[i - 1])
    return float(np.exp(middle[i - 1] + share * (middle[i] - middle[i - 1])))


def transitions(table: EquationOfStateTable) -> list[dict[str, float]]:
    """First-order transitions: runs of rows that share a pressure.

    Args:
        table: equation of state.

    Returns:
        For each: `pressure` and `energy_density_jump` [MeV fm^-3], baryon densities `onset` and `end` [fm^-3].
    """
    same = np.diff(table.pressure) <= SAME_PRESSURE * table.pressure[1:]
    flat = np.concatenate([[False], same, [False]])
    edges = np.flatnonzero(np.diff(flat.astype(int)))
    return [
        {
            "pressure": float(table.pressure[start]),
            "onset": float(table.baryon_density[start]),
            "end": float(table.baryon_density[stop]),
            "energy_density_jump": float(table.energy_density[stop] - table.energy_density[start]),
        }
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
    ]


def baryon_density_from_first_law(energy_density: Rows, pressure: Rows) -> Rows:
    """n [fm^-3] at each row, p being a power of eps between rows; the convention stands at the top of this file.

    Args:
        energy_density: eps [MeV fm^-3], ascending, shape (rows,).
        pressure: p [MeV fm^-3], shape (rows,).
    """
    steps = log_density_steps(energy_density, pressure)
    return energy_density[0] / ATOMIC_MASS_UNIT * np.exp(np.concatenate([[0.0], np.cumsum(steps)]))


def log_density_steps(energy_density: Rows, pressure: Rows) -> Float[np.ndarray, " rows-1"]:
    """ln(n_{i+1} / n_i) by the first law: the integral of d ln eps / (1 + p / eps), Gauss-Legendre in ln eps.

    Args:
        energy_density: eps [MeV fm^-3], ascending, shape (rows,).
        pressure: p [MeV fm^-3], shape (rows,).
    """
    points, weight = np.polynomial.legendre.leggauss(8)
    t = 0.5 * (points + 1.0)
    width = np.diff(np.log(energy_density))[:, None]
    ratio = pressure / energy_density
    low, high = ratio[:-1, None], ratio[1:, None]
    power = np.where(low > 0.0, low, 1.0) * (high / np.where(low > 0.0, low, 1.0)) ** t
    between = np.where(low > 0.0, power, high * t)  # a bare surface has p = 0, of which there is no logarithm
    return (0.5 * width * weight / (1.0 + between)).sum(axis=1)
