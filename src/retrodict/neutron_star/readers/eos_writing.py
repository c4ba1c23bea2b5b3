"""Equations of state and mass-radius curves as CSV that is read back to the same bits."""

import numpy as np

from retrodict.base.atomic import write_text
from retrodict.base.files import PathLike
from retrodict.base.shapes import Float
from retrodict.base.tables import format_table
from retrodict.neutron_star.readers.eos_table import EquationOfStateTable


def write_equation_of_state(path: PathLike, table: EquationOfStateTable) -> None:
    """Write CSV that `read_equation_of_state` reads back to the same bits.

    Args:
        path: file to write.
        table: equation of state.

    Raises:
        StorageError: if the file cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> from retrodict.base.files import Source
        >>> from retrodict.neutron_star import read_equation_of_state
        >>> eps = np.geomspace(100.0, 1500.0, 9)
        >>> table = EquationOfStateTable(eps / 950.0, eps, 1e-4 * eps**2, Source("mine", "", 0))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "eos.csv")
        ...     write_equation_of_state(path, table)
        ...     bool((read_equation_of_state(path).pressure == table.pressure).all())
        True
    """
    arrays = (table.baryon_density, table.energy_density, table.pressure)
    names = ("baryon_density", "energy_density", "pressure")
    write_text(path, format_table(names, ("fm^-3", "MeV fm^-3", "MeV fm^-3"), arrays))


def write_mass_radius_curve(
    path: PathLike,
    *,
    mass: Float[np.ndarray, " stars"],
    radius: Float[np.ndarray, " stars"],
    tidal_deformability: Float[np.ndarray, " stars"] | None = None,
    central_density: Float[np.ndarray, " stars"] | None = None,
) -> None:
    """Write CSV of stars.

    Args:
        path: file to write.
        mass: masses [Msun], shape (stars,).
        radius: radii [km], shape (stars,).
        tidal_deformability: Lambda, shape (stars,); no column if None.
        central_density: baryon densities [fm^-3], shape (stars,); no column if None.

    Raises:
        StorageError: if the file cannot be written.
    """
    given = {
        ("mass", "Msun"): mass,
        ("radius", "km"): radius,
        ("tidal_deformability", ""): tidal_deformability,
        ("central_density", "fm^-3"): central_density,
    }
    present = {key: np.asarray(values, dtype=float) for key, values in given.items() if values is not None}
    names, units = zip(*present, strict=True)
    write_text(path, format_table(names, units, list(present.values())))
