"""The same stars by an adaptive integration with an error estimate: to check the fixed-step march, not to replace
it."""

import diffrax
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from retrodict.base.types import Scalar
from retrodict.neutron_star.eos.equation_of_state import EquationOfState
from retrodict.neutron_star.stars.march import State, slope

MOST_STEPS = 20_000


def march_adaptively(
    eos: EquationOfState, first: Int[Array, " stars"], state: State, *, curvature: float, rtol: float
) -> State:
    """Integrate each star down to the lowest node by DOP853 in x.

    Between the nodes matter is interpolated (`EquationOfState.__call__`), and this bounds the accuracy, however small
    `rtol` is. A star that takes too many steps ends as NaN, hence not valid.

    Args:
        eos: equation of state, crust included.
        first: number of the interval at whose lower end the star has `state`, shape (stars,).
        state: u, w, z, g there, each of shape (stars,).
        curvature: factor from MeV fm^-3 to the units of the state [km^-2].
        rtol: relative tolerance of a step.

    Returns:
        The state at the lowest node.
    """

    def field(x: Scalar, state: State, _: None) -> State:
        here = eos(x[None])
        energy, pressure = curvature * here.energy_density[0], curvature * here.pressure[0]
        moved = slope(state, energy, pressure, jnp.clip(here.sound_speed_squared[0], 0.0, 10.0))
        return State(*(-rate for rate in moved))

    def integrate(x: Scalar, state: State) -> State:
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(field),  # type: ignore[arg-type]
            diffrax.Dopri8(),
            x,
            eos.log_density[0],
            None,
            state,
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=1e-6 * rtol),
            max_steps=MOST_STEPS,
            throw=False,
        )
        failed = solution.result != diffrax.RESULTS.successful
        return jax.tree.map(lambda path: jnp.where(failed, jnp.nan, path[-1]), solution.ys)

    return jax.vmap(integrate)(eos.log_density[first], state)
