"""Bounded likelihoods as residuals."""

import jax.numpy as jnp

from retrodict.base.types import Array, Float


def residual_of_bounded(log_prob: Float[Array, "*shape"], bound: Float[Array, "..."] | float) -> Float[Array, "*shape"]:
    """Residual of a bounded likelihood: sqrt(2 (bound - log_prob)), with slope 0 where it touches its bound.

    Args:
        log_prob: log-likelihood of each term, any shape.
        bound: its greatest value for any prediction.
    """
    gap = 2 * (bound - log_prob)
    safe = jnp.where(gap > 1e-24, gap, 1.0)
    return jnp.where(gap > 1e-24, jnp.sqrt(safe), 0.0)
