"""Step sizes that find themselves during warm-up, by dual averaging.

Source: Hoffman, Gelman, JMLR 15 (2014) 1593, section 3.2.
"""

from typing import NamedTuple

import jax.numpy as jnp

from retrodict.base.types import Array, Float, Scalar

SHRINKAGE, OFFSET, DECAY = 0.05, 10.0, 0.75  # gamma, t0, kappa of the source


class StepSize(NamedTuple):
    """`log` is tried during warm-up, `log_average` used afterwards."""

    log: Scalar
    log_average: Scalar
    error: Scalar  # running mean of the wanted acceptance minus that of the steps
    tries: Scalar  # steps so far
    centre: Scalar  # towards which the logarithm is drawn


def initial_step_size(value: Scalar | float) -> StepSize:
    """Start (again) at `value`; ten times larger steps are tried first."""
    log, zero = jnp.log(jnp.asarray(value, dtype=float)), jnp.asarray(0.0)
    return StepSize(log, log, zero, zero, jnp.log(10.0) + log)


def adapted(state: StepSize, acceptance: Float[Array, "..."], wanted: float) -> StepSize:
    """The step size after one step of all chains, which share it.

    Args:
        state: the step size before.
        acceptance: acceptance probabilities of all chains, of which the mean counts.
        wanted: the mean acceptance probability to aim at.
    """
    tries = state.tries + 1
    weight = 1 / (tries + OFFSET)
    error = (1 - weight) * state.error + weight * (wanted - jnp.mean(acceptance))
    log = state.centre - jnp.sqrt(tries) / SHRINKAGE * error
    recent = tries**-DECAY
    return StepSize(log, recent * log + (1 - recent) * state.log_average, error, tries, state.centre)
