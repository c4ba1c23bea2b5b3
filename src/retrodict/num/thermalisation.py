"""Tests of thermalisation: early against late parts of a Markov chain, hot against cold starts, and its length.

No test can prove equilibrium; each of these detects one way of not having reached it. A chain that is shorter than 20
autocorrelation times can be neither trusted nor tested, so that its length alone is a reason to reject it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from retrodict.num.autocorrelation import SHORTEST as FEWEST_ENTRIES
from retrodict.num.autocorrelation import Estimate, History, gamma_method

Chains = Float[np.ndarray, "chain time"]

SHORTEST: Final = 20.0  # autocorrelation times of each chain
SIGMAS: Final = 4.0  # of the difference between early and late, hot and cold
FEWEST_CHAINS: Final = 8  # whose scatter gives an error; fewer need the autocorrelation time


@dataclass(frozen=True)
class Thermalisation:
    """The outcome of the tests."""

    reasons: tuple[str, ...]  # why the history is rejected; empty if it passed
    tau: float  # integrated autocorrelation time, raised by its error
    length: float  # of one chain, in units of tau
    drift: float  # late minus early third, in units of its error
    disagreement: float | None  # between the two starts, in units of its error

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against equilibrium."""
        return not self.reasons


def thermalisation(history: History, other_start: History | None = None) -> Thermalisation:
    """Test the history of one quantity, all of it that is going to be used.

    Choose a slow quantity: |M| or chi for a scalar field, the topological charge.

    Args:
        history: shape (chain, time), or (time,) for one chain.
        other_start: history of chains that started differently (cold where these were hot); the late halves of both
            are compared.
    """
    history = np.atleast_2d(np.asarray(history, dtype=float))
    estimate = gamma_method(history)
    # tau is known to its error only; a window that did not close has underestimated it.
    tau = estimate.tau + estimate.tau_error
    length = history.shape[1] / tau
    drift = _drift(history, estimate)
    reasons = []
    if length < SHORTEST or not estimate.closed:
        reasons.append(f"a chain is only {length:.1f} autocorrelation times long (should be >= {SHORTEST:.0f})")
    if not abs(drift) <= SIGMAS:
        reasons.append(f"the last third differs from the first by {drift:.1f} standard errors")
    disagreement = None
    if other_start is not None:
        disagreement = _disagreement(history, np.atleast_2d(np.asarray(other_start, dtype=float)))
        if not abs(disagreement) <= SIGMAS:
            reasons.append(f"the two starts disagree by {disagreement:.1f} standard errors")
    return Thermalisation(tuple(reasons), tau, length, drift, disagreement)


def _drift(history: Chains, estimate: Estimate) -> float:
    third = max(history.shape[1] // 3, 1)
    difference = history[:, -third:].mean(axis=1) - history[:, :third].mean(axis=1)
    if len(history) >= FEWEST_CHAINS:
        error = difference.std(ddof=1) / np.sqrt(len(history))
    else:
        error = np.sqrt(2 * 2 * estimate.tau * history.var() / (third * len(history)))
    return _ratio(difference.mean(), error)


def _disagreement(hot: Float[np.ndarray, "hot time"], cold: Float[np.ndarray, "cold later"]) -> float:
    means, errors = zip(*(_late_mean(history) for history in (hot, cold)), strict=True)
    return _ratio(means[0] - means[1], np.hypot(*errors))


def _late_mean(history: Chains) -> tuple[float, float]:
    late = history[:, history.shape[1] // 2 :] if history.shape[1] >= 2 * FEWEST_ENTRIES else history
    if len(history) >= FEWEST_CHAINS:
        means = late.mean(axis=1)
        return float(means.mean()), float(means.std(ddof=1) / np.sqrt(len(means)))
    estimate = gamma_method(late)
    return estimate.value, estimate.error


def _ratio(difference: float, error: float) -> float:
    return float(difference / error) if error > 0 else float(np.inf * difference if difference else 0.0)
