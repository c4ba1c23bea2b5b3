r"""Exact results from the draws of a model: importance weights, and independence Metropolis.

Both need only $\log w = -S(x) - \log q(x)$ of each draw, exact or in path space. Below twenty effective draws, or with
a Pareto k above 0.7, neither the effective sample size nor the errors of weighted means are reliable: `trusted` is
then False.

Sources: Liu, Statistics and Computing 6 (1996) 113 (independence Metropolis); Vehtari, Simpson, Gelman, Yao, Gabry,
JMLR 25 (2024) 72 (Pareto k).
"""

from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Bool, Flag, Float, Int, Key, Scalar
from retrodict.inference.diagnostics import pareto_smooth, weight_ess

MIN_EFFECTIVE_DRAWS: Final = 20
MAX_PARETO_K: Final = 0.7

LogWeights = Float[Array | np.ndarray, " draw"]


class ImportanceEstimate(NamedTuple):
    """Importance weights of independent draws, and what follows from them."""

    weights: Float[np.ndarray, " draw"]  # normalised: their sum is one
    ess: float  # effective sample size (Kish), as a fraction of the number of draws
    pareto_k: float  # tail index of the weights
    log_z: float  # ln of the mean weight: ln Z where p is not normalised
    log_z_error: float  # standard error of log_z
    variance: float  # of log w

    @property
    def trusted(self) -> bool:
        """Whether the effective sample size and the errors are reliable."""
        return self.ess * len(self.weights) >= MIN_EFFECTIVE_DRAWS and self.pareto_k <= MAX_PARETO_K

    def mean(
        self, values: Float[Array | np.ndarray, "draw *quantity"]
    ) -> tuple[Float[np.ndarray, "*quantity"] | np.floating, Float[np.ndarray, "*quantity"] | np.floating]:
        """Weighted mean and its standard error (delta method for a ratio of means).

        Args:
            values: what is averaged, one entry or array a draw, shape `(draw, *quantity)`.

        Returns:
            Mean and standard error, shape `*quantity` each.
        """
        values = np.asarray(values, dtype=float)
        mean = np.tensordot(self.weights, values, axes=1)
        return mean, np.sqrt(np.tensordot(self.weights**2, (values - mean) ** 2, axes=1))


def importance(log_weight: LogWeights) -> ImportanceEstimate:
    """Weight independent draws, and estimate ln Z = ln <w> with its error. Weights are not smoothed: no bias.

    Args:
        log_weight: log p - log q of each draw, shape `(draw,)`; p need not be normalised.

    Example:
        >>> estimate = importance(np.zeros(4))
        >>> estimate.weights.tolist(), estimate.ess, estimate.trusted  # equal weights, but too few draws
        ([0.25, 0.25, 0.25, 0.25], 1.0, False)
    """
    log_w = np.asarray(log_weight, dtype=float)
    peak = np.max(log_w)
    relative = np.exp(log_w - peak)
    mean, count = np.mean(relative), len(log_w)
    k = 0.0 if np.ptp(log_w) <= 1e-6 else float(pareto_smooth(jnp.asarray(log_w))[1])
    ess = float(weight_ess(jnp.asarray(log_w))) / count
    error = float(np.std(relative) / mean / np.sqrt(count))
    return ImportanceEstimate(
        relative / (mean * count), ess, k, float(peak + np.log(mean)), error, float(np.var(log_w))
    )


def independence_metropolis(log_weight: LogWeights, key: Key) -> tuple[Int[Array, " draw"], Bool[Array, " draw"]]:
    """Run independence Metropolis along a series of proposals.

    The chain starts at the first proposal, which is not yet a draw of the target: leave out the beginning.

    Args:
        log_weight: log p - log q of each proposal, in the order of the chain, shape `(draw,)`.
        key: random key of the acceptances.

    Returns:
        The index of the proposal at which the chain is after each step, and whether that step was accepted.

    Example:
        >>> indices, accepted = independence_metropolis(jnp.array([0.0, -1e9, 1e9]), jr.key(0))
        >>> indices.tolist(), accepted.tolist()
        ([0, 0, 2], [True, False, True])
    """
    log_weight = jnp.asarray(log_weight)

    def step(
        current: Int[Array, ""], proposal: tuple[Int[Array, ""], Key]
    ) -> tuple[Int[Array, ""], tuple[Int[Array, ""], Flag]]:
        index, k = proposal
        accepted = accepts(k, log_weight[current], log_weight[index])
        current = jnp.where(accepted, index, current)
        return current, (current, accepted)

    count = len(log_weight)
    _, (indices, accepted) = jax.lax.scan(step, jnp.asarray(0), (jnp.arange(count), jr.split(key, count)))
    return indices, accepted


def accepts(key: Key, old: Scalar, new: Scalar) -> Flag:
    """Metropolis decision between two log weights; a proposal whose weight is not a number is rejected.

    Args:
        key: random key.
        old: log weight of the present state.
        new: log weight of the proposal.

    Returns:
        True if the proposal replaces the present state.
    """
    return jnp.log(jr.uniform(key, dtype=old.dtype)) < jnp.where(jnp.isnan(new), -jnp.inf, new) - old
