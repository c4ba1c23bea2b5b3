r"""From the draws of a model to exact statements: importance weights, and independence Metropolis.

Both need only $\log w = -S(x) - \log q(x)$ of each draw, exact or in path space. Below twenty effective draws, or with
a Pareto k above 0.7, neither the effective number nor the weighted errors can be trusted, and that is said.

Sources: Liu, Statistics and Computing 6 (1996) 113 (independence Metropolis); Vehtari, Simpson, Gelman, Yao, Gabry,
JMLR 25 (2024) 72 (Pareto k).
"""

from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Bool, Float, Int, Key, Scalar
from retrodict.inference.diagnostics import pareto_smooth, weight_ess

MIN_EFFECTIVE_DRAWS: Final = 20  # effective draws
MAX_PARETO_K: Final = 0.7  # Pareto k


class ImportanceEstimate(NamedTuple):
    """What the weights of independent draws say: `weights` sum to one, `ess` is a fraction of the draws."""

    weights: Float[np.ndarray, " draw"]
    ess: float
    pareto_k: float
    log_z: float
    log_z_error: float
    variance: float  # of log w

    @property
    def trusted(self) -> bool:
        """Whether the effective number and errors mean anything."""
        return self.ess * len(self.weights) >= MIN_EFFECTIVE_DRAWS and self.pareto_k <= MAX_PARETO_K

    def mean(self, values: Float[np.ndarray, "draw ..."]) -> tuple[np.ndarray, np.ndarray]:
        """The weighted mean and its standard error (delta method of a ratio of means)."""
        values = np.asarray(values, dtype=float)
        mean = np.tensordot(self.weights, values, axes=1)
        return mean, np.sqrt(np.tensordot(self.weights**2, (values - mean) ** 2, axes=1))


def importance(log_weight: Float[Array, " draw"]) -> ImportanceEstimate:
    """Weights of independent draws, their effective share, and ln Z = ln <w> with its error. No smoothing: no bias."""
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


def independence_metropolis(
    log_weight: Float[Array, " draw"], key: Key
) -> tuple[Int[Array, " draw"], Bool[Array, " draw"]]:
    """Independence Metropolis along a series of proposals: which of them the chain stands at, and what was accepted.

    The chain starts at the first proposal, which is not yet a draw of the target: leave out the beginning.
    """

    def step(current: Int[Array, ""], proposed: tuple[Array, Array]) -> tuple[Array, tuple[Array, Array]]:
        index, k = proposed
        accepted = accepts(k, log_weight[current], log_weight[index])
        current = jnp.where(accepted, index, current)
        return current, (current, accepted)

    count = len(log_weight)
    _, (indices, accepted) = jax.lax.scan(step, jnp.asarray(0), (jnp.arange(count), jr.split(key, count)))
    return indices, accepted


def accepts(key: Key, old: Scalar, new: Scalar) -> Bool[Array, ""]:
    """Whether a proposal of log weight `new` replaces one of `old`; never where it is not a number."""
    return jnp.log(jr.uniform(key, dtype=old.dtype)) < jnp.where(jnp.isnan(new), -jnp.inf, new) - old
