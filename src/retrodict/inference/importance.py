r"""Draws of the prior, weighted by their likelihood: exact where data say little.

A `Bank` keeps the predictions of its draws, so that other data (of the same experiment) are answered without solving
the physics again: this is what makes calibration over thousands of simulated data sets affordable.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Bool, Count, Flag, Float, Int, Key, PyTree, Scalar, Shaped
from retrodict.inference.diagnostics import pareto_smooth, weight_ess
from retrodict.inference.findings.weights import Evidence, ImportanceWeights
from retrodict.inference.gauss_newton import require_least_squares
from retrodict.problem.likelihood import AbstractLikelihood
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.method import Draws, Record
from retrodict.run.sharding import spread


class Drawn(NamedTuple):
    """One batch of the prior."""

    position: Float[Array, "batch dim"]  # draws of the prior
    log_likelihood: Float[Array, " batch"]  # of these draws


@dataclass(frozen=True)
class Importance:
    """Draws of the prior with importance weights p(data | z), Pareto-smoothed.

    Exact as the number of draws grows, useless where the posterior is much narrower than the prior: the effective
    sample size and the Pareto k say which. The evidence is the mean weight. Source: Vehtari, Simpson, Gelman, Yao,
    Gabry, JMLR 25 (2024) 72.

    Args:
        draws: number of draws.
        batch: draws of one step, computed side by side.

    Example:

        >>> Importance(draws=2000, batch=500).steps
        4
    """

    draws: Count = 10_000
    batch: Count = 500

    references: ClassVar[tuple[str, ...]] = ("vehtari2024",)  # BibTeX keys
    uses_gradient: ClassVar[bool] = False  # in each step

    @property
    def steps(self) -> int:
        """One batch a step."""
        return -(-self.draws // self.batch)

    @property
    def positions_per_step(self) -> int:
        """A batch."""
        return self.batch

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` if `target` has no normalised likelihood and prior of its own."""
        require_least_squares(target, type(self).__name__)

    def init(self, target: AbstractLeastSquares, key: Key) -> Scalar:
        """The logarithm of the sum of the likelihoods: none so far."""
        return jnp.asarray(-jnp.inf)

    def step(
        self, target: AbstractLeastSquares, state: Scalar, key: Key, index: Int[Array, ""]
    ) -> tuple[Scalar, Record]:
        """One batch: draws and their log-likelihoods.

        Arguments as in `Method.step`: `target`, `state`, `key`, `index`.
        """
        position = jax.vmap(target.init)(spread(jr.split(key, self.batch)))
        log_likelihood = jax.vmap(target.log_likelihood)(position)
        state = jnp.logaddexp(state, jax.nn.logsumexp(log_likelihood))
        metrics = {"log_evidence": state - jnp.log((index + 1.0) * self.batch)}
        return state, Record(~jnp.any(jnp.isnan(log_likelihood)), metrics, Drawn(position, log_likelihood))

    def done(self, state: Scalar) -> Flag:
        """Never early."""
        return jnp.asarray(False)

    def finish(self, target: AbstractLeastSquares, state: Scalar, history: Drawn) -> Draws:
        """All draws as one chain, with smoothed weights.

        Arguments as in `Method.finish`: `target`, `state`, `history`.
        """
        position = np.asarray(history.position).reshape(-1, history.position.shape[-1])[: self.draws]
        log_likelihood = np.asarray(history.log_likelihood).reshape(-1)[: self.draws]
        log_weight, *records = weigh_by_likelihood(log_likelihood)
        return Draws(jnp.asarray(position[None]), log_weight[None], "exact", {}, diagnostics=tuple(records))


def weigh_by_likelihood(
    log_likelihood: Float[np.ndarray, " draws"],
) -> tuple[Float[Array, " draws"], ImportanceWeights, Evidence]:
    """Weights of prior draws, and the evidence.

    Args:
        log_likelihood: of all draws, minus infinity for invalid ones.

    Returns:
        Logarithms of the smoothed weights; how far they can be trusted; the logarithm of their mean.
    """
    log_weight, k = smooth_unless_equal(jnp.asarray(log_likelihood))
    size, peak = len(log_likelihood), np.max(log_likelihood)
    mean = np.mean(np.exp(log_likelihood - peak)) if np.isfinite(peak) else np.nan
    error = np.std(np.exp(log_likelihood - peak)) / mean / np.sqrt(size) if np.isfinite(peak) else np.nan
    weights = ImportanceWeights(k, importance_ess=weight_ess(log_weight))
    return log_weight, weights, Evidence(float(peak + np.log(mean)), float(error))


def smooth_unless_equal(log_ratio: Float[Array, " draws"]) -> tuple[Float[Array, " draws"], Scalar]:
    """Pareto-smoothed log weights and k; equal weights have no tail to fit: k = 0.

    Args:
        log_ratio: logarithms of the raw weights.
    """
    smoothed, k = pareto_smooth(log_ratio)
    equal = jnp.ptp(log_ratio) <= 1e-6
    return jnp.where(equal, 0.0, smoothed), jnp.where(equal, 0.0, k)


class Bank(eqx.Module):
    """Draws of the prior with their predictions, nuisances and derived quantities; leading axis: draws.

    Inside `vmap` it is a single draw, without that axis.
    """

    position: Float[Array, "*draws dim"]  # draws of the prior
    prediction: PyTree[Shaped[Array, "..."]]  # of the forward model
    nuisance: dict[str, Float[Array, "*draws"]]  # by name
    derived: dict[str, Float[Array, "..."]]  # by name
    valid: Bool[Array, "*draws"]  # whether the physics has an answer

    def log_likelihood(self, likelihood: AbstractLikelihood) -> Float[Array, " draws"]:
        """log p(data | draw) for the data that `likelihood` holds: unsmoothed log weights."""
        log_prob = jax.vmap(lambda nuisance, prediction: likelihood.at(nuisance).log_prob(prediction))
        return jnp.where(self.valid, log_prob(self.nuisance, self.prediction), -jnp.inf)

    def log_likelihoods(
        self, likelihood: AbstractLikelihood, data: PyTree[Shaped[Array, "sets ..."]]
    ) -> Float[Array, "sets draws"]:
        """The same for many data sets (leading axis of each leaf of `data`), one after the other."""
        return jax.lax.map(lambda one: self.log_likelihood(likelihood.with_data(one)), data)


def fill_bank(target: Posterior, key: Key, *, draws: int, batch: int = 500) -> Bank:
    """Solve the physics for draws of the prior.

    Args:
        target: the problem; its data do not matter.
        key: of the draws.
        draws: their number.
        batch: draws that are computed side by side.
    """

    def one(k: Key) -> Bank:
        position = target.init(k)
        found = target.forward_pass(position)
        return Bank(position, found.prediction, found.nuisance, target.derived_from(found), found.valid)

    return eqx.filter_jit(lambda keys: jax.lax.map(one, keys, batch_size=min(batch, draws)))(jr.split(key, draws))
