"""A default model, around which the smooth part of a spectral function is built: a table of omega and rho."""

from dataclasses import dataclass
from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from retrodict.base.columns import read_columns, take
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, Source
from retrodict.spectral.ansatz.frequency_grid import FrequencyGrid

OMEGA_NAMES: Final = ("omega", "w", "energy")
RHO_NAMES: Final = ("rho", "default_model", "m")
ENERGIES: Final = {"": 1.0, "GeV": 1.0, "1/a": 1.0}  # as in the correlator's file: nothing is converted


@dataclass(frozen=True, eq=False)
class DefaultModel:
    """Positive values of rho at ascending frequencies.

    Args:
        omega: frequencies, in the unit that belongs to the correlator's grid (GeV or 1/a), shape (rows,).
        rho: values, in the unit of rho that belongs to the correlator, shape (rows,).
        file: where the table comes from.
    """

    omega: Float[np.ndarray, " rows"]
    rho: Float[np.ndarray, " rows"]
    file: Source

    def on(self, grid: FrequencyGrid) -> FrequencyGrid:
        """The frequency `grid` with this default model, interpolated in logarithms and continued as powers."""
        x, y = np.log(self.omega), np.log(self.rho)
        at = np.log(np.asarray(grid.omega))
        inside = np.interp(at, x, y)
        first, last = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])
        below, above = y[0] + first * (at - x[0]), y[-1] + last * (at - x[-1])
        values = np.exp(np.where(at < x[0], below, np.where(at > x[-1], above, inside)))
        height = jnp.asarray(np.exp(np.mean(np.interp(np.log(grid.unit * np.array([1.0, 2.5, 6.0])), x, y))))
        return eqx.tree_at(
            lambda f: (f.default, f.height), grid, (jnp.asarray(values), height), is_leaf=lambda leaf: leaf is None
        )


def read_default_model(path: PathLike) -> DefaultModel:
    """Read a table with the columns `omega` and `rho`.

    Args:
        path: a text table, or named arrays.

    Raises:
        InputError: unless both columns are there and positive, and omega ascends.
    """
    table = read_columns(path)
    omega, rho = take(table, OMEGA_NAMES, ENERGIES), take(table, RHO_NAMES, ENERGIES, unit="")
    if len(omega) < 2 or np.any(omega <= 0) or np.any(np.diff(omega) <= 0):
        raise InputError("the frequencies of a default model ascend from above zero", where=str(path))
    if np.any(rho <= 0):
        index = int(np.argmin(rho))
        raise InputError(
            "a default model is positive",
            where=f"{path}, row {index + 1}",
            got=f"{rho[index]:g}",
            fix="where nothing is expected give a small number",
        )
    return DefaultModel(omega, rho, table.source)
