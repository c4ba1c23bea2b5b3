"""Step sizes that find themselves during warm-up, by dual averaging.

Source: Hoffman, Gelman, JMLR 15 (2014) 1593, section 3.2.
"""

from typing import NamedTuple

import jax.numpy as jnp

from retrodict.base.types import Array, Float, Scalar

SHRINKAGE, OFFSET, FORGETTING = 0.05, 10.0, 0.75  # gamma, t0, kappa of the source


class StepSize(NamedTuple):
    """`log` is tried during warm-up, `log_average` used afterwards."""

    log: Scalar
    log_average: Scalar
    error: Scalar  # running mean of wanted minus seen acceptance
    tries: Scalar
    centre: Scalar


def initial_step_size(value: Scalar | float) -> StepSize:
    """Start (again) at `value`; ten times larger steps are tried first."""
    log, zero = jnp.log(jnp.asarray(value, dtype=float)), jnp.asarray(0.0)
    return StepSize(log, log, zero, zero, jnp.log(10.0) + log)


def adapted(state: StepSize, acceptance: Float[Array, "..."], wanted: float) -> StepSize:
    """After one step of all chains, which share the step size: their mean acceptance probability is what counts."""
    tries = state.tries + 1
    weight = 1 / (tries + OFFSET)
    error = (1 - weight) * state.error + weight * (wanted - jnp.mean(acceptance))
    log = state.centre - jnp.sqrt(tries) / SHRINKAGE * error
    forget = tries**-FORGETTING
    return StepSize(log, forget * log + (1 - forget) * state.log_average, error, tries, state.centre)
