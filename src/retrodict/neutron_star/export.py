"""Posterior draws as tables that other programs read: one equation of state a draw, crust included."""

import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Float
from retrodict.neutron_star.eos import EquationOfState
from retrodict.problem.posterior import Posterior

LEAST_STEP = 1e-9  # of ln n, below which two nodes are one
UNITS = {"baryon_density": "fm^-3", "energy_density": "MeV fm^-3", "pressure": "MeV fm^-3"}


def tables(target: Posterior, z: Float[np.ndarray, "draws dim"]) -> dict[str, dict[str, tuple[np.ndarray, str]]]:
    """`equation_of_state`: the columns of `UNITS`, arrays `(draw, row)` with their unit, from the surface upwards.

    The rows are the nodes of the ansatz; where two coincide (a joint at a breakpoint) the second is NaN. Rows that
    share a pressure are a first-order transition.
    """

    @jax.jit
    def columns(z: Float[np.ndarray, "draws dim"]) -> tuple:
        return jax.vmap(lambda one: _columns(target.ansatz(one)))(z)

    arrays = (np.asarray(column) for column in columns(z))
    return {"equation_of_state": {name: (array, UNITS[name]) for name, array in zip(UNITS, arrays, strict=True)}}


def _columns(eos: EquationOfState) -> tuple:
    again = jnp.diff(eos.log_density, prepend=-jnp.inf) < LEAST_STEP
    return tuple(jnp.where(again, jnp.nan, x) for x in (eos.density, eos.node_energy_density, eos.node_pressure))
