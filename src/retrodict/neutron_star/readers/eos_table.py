"""The equation of state as a table: the rows that were read, before they become intervals."""

from dataclasses import dataclass

import numpy as np

from retrodict.base.files import Source
from retrodict.base.shapes import Float


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
