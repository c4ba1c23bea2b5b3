"""Posterior draws as tables that other programs read: one equation of state a draw, crust included."""

import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Scalar
from retrodict.neutron_star.crust import interval_points
from retrodict.neutron_star.eos import EquationOfState
from retrodict.problem.posterior import Posterior

LEAST_STEP = 1e-9  # of ln n, below which two nodes are one
UNITS = {"baryon_density": "fm^-3", "energy_density": "MeV fm^-3", "pressure": "MeV fm^-3"}


def tables(target: Posterior, z: Float[np.ndarray, "draws dim"]) -> dict[str, dict[str, tuple[np.ndarray, str]]]:
    """`equation_of_state`: the columns of `UNITS`, arrays `(draw, row)` with their unit, from the surface upwards.

    The rows are the nodes of the ansatz and the middles between them, so that a reader who interpolates finds the same
    stars to a metre; where two coincide (a joint at a breakpoint) the second is NaN. Rows that
    share a pressure are a first-order transition.
    """

    @jax.jit
    def columns(z: Float[np.ndarray, "draws dim"]) -> tuple:
        return jax.vmap(lambda one: _columns(target.ansatz(one)))(z)

    arrays = (np.asarray(column) for column in columns(z))
    return {"equation_of_state": {name: (array, UNITS[name]) for name, array in zip(UNITS, arrays, strict=True)}}


def _columns(eos: EquationOfState) -> tuple:
    """The lower end and the middle of every interval, and the upper end of the last."""
    lower, middle, _ = interval_points(eos.log_density).T
    x = _rows(lower, middle, eos.log_density[-1])
    energy, pressure = (_rows(a[:, 0], a[:, 1], a[-1, 2]) for a in (eos.energy_density, eos.pressure))
    again = jnp.diff(x, prepend=-jnp.inf) < LEAST_STEP
    return tuple(jnp.where(again, jnp.nan, column) for column in (jnp.exp(x), energy, pressure))


def _rows(lower: Float[Array, " n"], middle: Float[Array, " n"], last: Scalar) -> Float[Array, " rows"]:
    return jnp.append(jnp.stack([lower, middle], axis=1).ravel(), last)
