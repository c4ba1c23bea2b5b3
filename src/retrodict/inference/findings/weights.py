"""Importance weights: the tail of their distribution, the number of draws that they leave, and the evidence."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from retrodict.base.types import JSON, Array, Float, Scalar
from retrodict.inference.diagnostics import pareto_smooth, weight_ess
from retrodict.inference.findings.chains import SAMPLE_SIZE
from retrodict.run.diagnostic import Finding, Limits, Severity

PARETO_K = Limits(0.7, 1.0)  # Vehtari et al., JMLR 25 (2024) 72


class ImportanceWeights(NamedTuple):
    """How far importance weights can be trusted."""

    pareto_k: Scalar | float  # tail index of the raw weights
    weight_ess: Scalar | float | None = None  # effective number of draws of the answer; None: draws of equal weight
    importance_ess: Scalar | float | None = None  # effective number of smoothed weights, whether they are used or not
    exact: bool = True  # False for a method that promises no more than an approximation: no failure then

    def findings(self) -> tuple[Finding, ...]:
        """A heavy tail, or too few effective draws."""
        found, worst, k = [], Severity.FAIL if self.exact else Severity.WARN, float(self.pareto_k)
        if severity := min(PARETO_K.above(k), worst):
            text = f"the importance weights have a heavy tail: Pareto k = {k:.2f} (should be <= {PARETO_K.warn})"
            found.append(Finding(severity, text, "a sampler that moves, such as NUTS or ConstrainedHMC"))
        if self.weight_ess is not None and (severity := min(SAMPLE_SIZE.below(float(self.weight_ess)), worst)):
            text = f"the importance weights leave {float(self.weight_ess):.0f} effective draws"
            text = f"{text} (should be >= {SAMPLE_SIZE.warn:.0f})"
            found.append(Finding(severity, text, "more draws, or a sampler that moves"))
        return tuple(found)

    def to_json(self) -> dict[str, JSON]:
        """`pareto_k`, and `weight_ess` and `importance_ess` where they are known."""
        figures = {name: getattr(self, name) for name in ("pareto_k", "weight_ess", "importance_ess")}
        return {name: float(value) for name, value in figures.items() if value is not None}


class Evidence(NamedTuple):
    """The logarithm of the evidence, or of a partition function."""

    log_evidence: Scalar | float  # natural logarithm
    log_evidence_error: Scalar | float | None = None  # standard error; None where it is not known

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: weights and particles have the limits."""
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`log_evidence` and, where it is known, `log_evidence_error`."""
        return {name: float(value) for name, value in self._asdict().items() if value is not None}


def weigh(
    own: ImportanceWeights | None,
    log_weight: Float[np.ndarray, " draw"] | Float[Array, " draw"],
    *,
    exact: bool,
) -> ImportanceWeights:
    """The record of draws that carry weights.

    Args:
        own: the record of the method, if it has one: it has seen the raw ones, the draws may carry smoothed ones.
        log_weight: logarithms of the weights of all draws, minus infinity for invalid ones.
        exact: whether the method converges to the target.
    """
    if own is not None and own.weight_ess is not None:
        return own
    size = float(weight_ess(jnp.asarray(log_weight)))
    if own is not None:
        return own._replace(weight_ess=size)
    return ImportanceWeights(float(pareto_smooth(jnp.asarray(log_weight))[1]), size, exact=exact)
