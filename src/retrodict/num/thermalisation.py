"""Whether a Markov chain has forgotten its start: early against late, hot against cold, and long enough to tell.

No test can prove equilibrium; each of these catches a way of not having reached it. A chain that is shorter than a
score of autocorrelation times can be neither trusted nor tested, so that its length alone is a reason to reject it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from retrodict.num.autocorrelation import Estimate, gamma_method

SHORTEST: Final = 20.0  # autocorrelation times of each chain
SIGMAS: Final = 4.0  # of the difference between early and late, hot and cold
FEWEST_CHAINS: Final = 8  # whose scatter gives an error; fewer need the autocorrelation time


@dataclass(frozen=True)
class Thermalisation:
    """The outcome; `reasons` say why a history is rejected."""

    reasons: tuple[str, ...]
    tau: float
    length: float  # of one chain, in units of tau
    drift: float  # late minus early third, in units of its error
    disagreement: float | None  # between the two starts, in units of its error

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against equilibrium."""
        return not self.reasons


def thermalisation(history: np.ndarray, other_start: np.ndarray | None = None) -> Thermalisation:
    """Judge the history `(chain, time)` of one quantity, all of it that is going to be used.

    `other_start` is the history of chains that started differently (cold where these were hot); both are then judged
    together, by their late halves. Choose a slow quantity: |M| or chi for a scalar field, the topological charge.
    """
    history = np.atleast_2d(np.asarray(history, dtype=float))
    found = gamma_method(history)
    # tau is known to its error only; a window that did not close has underestimated it.
    tau = found.tau + found.tau_error
    length = history.shape[1] / tau
    drift = _drift(history, found)
    reasons = []
    if length < SHORTEST or not found.closed:
        reasons.append(f"a chain is only {length:.1f} autocorrelation times long (should be >= {SHORTEST:.0f})")
    if not abs(drift) <= SIGMAS:
        reasons.append(f"the last third differs from the first by {drift:.1f} standard errors")
    disagreement = None
    if other_start is not None:
        disagreement = _disagreement(history, np.atleast_2d(np.asarray(other_start, dtype=float)))
        if not abs(disagreement) <= SIGMAS:
            reasons.append(f"the two starts disagree by {disagreement:.1f} standard errors")
    return Thermalisation(tuple(reasons), tau, length, drift, disagreement)


def _drift(history: np.ndarray, found: Estimate) -> float:
    third = max(history.shape[1] // 3, 1)
    difference = history[:, -third:].mean(axis=1) - history[:, :third].mean(axis=1)
    if len(history) >= FEWEST_CHAINS:
        error = difference.std(ddof=1) / np.sqrt(len(history))
    else:
        error = np.sqrt(2 * 2 * found.tau * history.var() / (third * len(history)))
    return _ratio(difference.mean(), error)


def _disagreement(one: np.ndarray, other: np.ndarray) -> float:
    means, errors = zip(*(_late_mean(history) for history in (one, other)), strict=True)
    return _ratio(means[0] - means[1], np.hypot(*errors))


def _late_mean(history: np.ndarray) -> tuple[float, float]:
    late = history[:, history.shape[1] // 2 :]
    if len(history) >= FEWEST_CHAINS:
        means = late.mean(axis=1)
        return float(means.mean()), float(means.std(ddof=1) / np.sqrt(len(means)))
    found = gamma_method(late)
    return found.value, found.error


def _ratio(difference: float, error: float) -> float:
    return float(difference / error) if error > 0 else float(np.inf * difference if difference else 0.0)
