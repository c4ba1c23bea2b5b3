"""Posterior draws as tables that other programs read: one equation of state a draw, crust included, and its stars."""

from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Float, Scalar, Vector
from retrodict.neutron_star.eos.crust import interval_points
from retrodict.neutron_star.eos.equation_of_state import EquationOfState
from retrodict.neutron_star.forward import Prediction
from retrodict.neutron_star.stars.branch import stable_chords
from retrodict.problem.posterior import Posterior

LEAST_STEP = 1e-9  # of ln n, below which two nodes are one
MATTER = {"baryon_density": "fm^-3", "energy_density": "MeV fm^-3", "pressure": "MeV fm^-3"}
STARS = {
    "mass": "Msun",
    "radius": "km",
    "tidal_deformability": "",
    "moment_of_inertia": "kg m^2",
    "central_density": "fm^-3",
    "central_pressure": "MeV fm^-3",
}

_Table: TypeAlias = dict[str, tuple[Float[np.ndarray, "draws rows"], str]]
_Rows: TypeAlias = tuple[Float[jax.Array, " rows"], ...]
_Stars: TypeAlias = tuple[Float[jax.Array, " stars"], ...]
_Columns: TypeAlias = tuple[Float[jax.Array, "draws ..."], ...]


def tables(target: Posterior, z: Float[np.ndarray, "draws dim"]) -> dict[str, _Table]:
    """Posterior draws as tables of matter and of stars.

    Matter: the nodes of the ansatz from the surface upwards and the middles between them, so that a reader who
    interpolates finds the same stars to a metre; where two coincide (a joint at a breakpoint) the second is NaN. Rows
    that share a pressure are a first-order transition. Stars: those that are stable, in order of central density, among
    them the heaviest; the rows after them are NaN.

    Args:
        target: posterior of this domain.
        z: draws of its latents, shape (draws, dim).

    Returns:
        `equation_of_state` with the columns of `MATTER`, `stars` with those of `STARS`: arrays of shape (draws, rows)
        and their unit.
    """

    @jax.jit
    def columns(z: Float[jax.Array, "draws dim"]) -> tuple[_Columns, _Columns]:
        return jax.vmap(lambda latents: _tables(target, latents))(z)

    units = {"equation_of_state": MATTER, "stars": STARS}
    return {
        name: {column: (np.asarray(array), unit) for array, (column, unit) in zip(arrays, kind.items(), strict=True)}
        for arrays, (name, kind) in zip(columns(jnp.asarray(z)), units.items(), strict=True)
    }


def _tables(target: Posterior, z: Vector) -> tuple[_Rows, _Stars]:
    unknown = target.unknown(z)
    prediction, _ = target.forward(unknown)
    return _matter(unknown), _stars(prediction)


def _matter(eos: EquationOfState) -> _Rows:
    """The lower end and the middle of every interval, and the upper end of the last."""
    lower, middle, _ = interval_points(eos.log_density).T
    x = _rows(lower, middle, eos.log_density[-1])
    energy, pressure = (_rows(a[:, 0], a[:, 1], a[-1, 2]) for a in (eos.energy_density, eos.pressure))
    again = jnp.diff(x, prepend=-jnp.inf) < LEAST_STEP
    return tuple(jnp.where(again, jnp.nan, column) for column in (jnp.exp(x), energy, pressure))


def _rows(lower: Float[jax.Array, " n"], middle: Float[jax.Array, " n"], last: Scalar) -> Float[jax.Array, " rows"]:
    return jnp.append(jnp.stack([lower, middle], axis=1).ravel(), last)


def _stars(prediction: Prediction) -> _Stars:
    """The stars of the grid and the heaviest, which lies between two of them, sorted; the others are NaN at the end."""
    sequence, heaviest = prediction.sequence, prediction.heaviest
    chords = stable_chords(sequence.mass, sequence.radius)
    begins, ends = jnp.append(chords, False), jnp.append(False, chords)
    below = sequence.central_density < heaviest.central_density  # the upper end of the last chord may lie beyond
    exists = jnp.append((begins | ends & below) & sequence.valid, heaviest.valid)
    density = jnp.append(sequence.central_density, heaviest.central_density)
    order = jnp.argsort(jnp.where(exists, density, jnp.inf))
    columns = (jnp.append(getattr(sequence, name), getattr(heaviest, name)) for name in STARS)
    return tuple(jnp.where(exists, column, jnp.nan)[order] for column in columns)
