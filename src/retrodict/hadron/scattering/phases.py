r"""Phase shifts that are continuous in the momentum, and their functional derivative with respect to the potential."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from retrodict.base.constants import HBAR_C
from retrodict.hadron.scattering.coulomb import coulomb_functions, sommerfeld_parameter
from retrodict.hadron.scattering.grid import RadialGrid
from retrodict.hadron.scattering.numerov import ScatteringStates, scattering_states


def followed_phase_shift(
    states: ScatteringStates,
    momentum: Float[np.ndarray, " momenta"],
    *,
    grid: RadialGrid,
    reduced_mass: float,
    l: int = 0,  # noqa: E741
    charge_product: float = 0.0,
) -> Float[Array, " momenta"]:
    r"""Phase shifts that vanish at high momentum and are continuous in between [rad].

    The multiple of pi comes from the nodes of each wave, compared with those of a free one: no momentum needs a
    neighbour. By Levinson's theorem the limit at zero momentum is pi times the number of bound states.

    Args:
        states: as `scattering_states` returns them.
        momentum: k > 0 [MeV].
        grid: their radii.
        reduced_mass: mu [MeV].
        l: angular momentum.
        charge_product: Z1 Z2 of the Coulomb force between points.
    """
    k = np.asarray(momentum)
    options = {"grid": grid, "reduced_mass": reduced_mass, "l": l, "charge_product": charge_product}
    free = scattering_states(jnp.zeros(grid.points), jnp.asarray(k), **options)
    eta = sommerfeld_parameter(k, reduced_mass, charge_product)
    end = coulomb_functions(l, eta, k / HBAR_C * grid.step * grid.points)
    angle = jnp.arctan2(end.regular, end.irregular)  # of the free wave at the last radius, modulo pi
    turned = jnp.mod(angle, jnp.pi) + jnp.pi * _nodes(free.wave)
    wanted = jnp.mod(angle + states.phase_shift, jnp.pi) + jnp.pi * _nodes(states.wave)
    return states.phase_shift + jnp.pi * jnp.round((wanted - turned - states.phase_shift) / jnp.pi)


def _nodes(wave: Float[Array, "momenta points"]) -> Float[Array, " momenta"]:
    return jnp.sum(wave[:, 1:] * wave[:, :-1] < 0, axis=1).astype(float)


def phase_shift_response(
    states: ScatteringStates, momentum: Float[Array, " momenta"], *, reduced_mass: float
) -> Float[Array, "momenta points"]:
    r"""The functional derivative $\delta(\delta)/\delta V(r) = -\frac{2\mu}{\hbar c\,k}u^2(r)$ [rad / (MeV fm)].

    Times the step and a change of the potential, summed over the radii, it is the change of the phase shift.

    Args:
        states: as `scattering_states` returns them.
        momentum: k > 0 [MeV].
        reduced_mass: mu [MeV].
    """
    return -2 * reduced_mass / HBAR_C / momentum[:, None] * states.wave**2
