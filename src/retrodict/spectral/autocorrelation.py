r"""Integrated autocorrelation times by the Gamma method: how many of the measurements count.

$$\tau_\mathrm{int} = \tfrac12 + \sum_{t=1}^{W} \frac{\Gamma(t)}{\Gamma(0)}, \qquad
  \sigma^2 = \frac{2 \tau_\mathrm{int}}{N}\,\Gamma(0)$$

with the window W where the statistical and the truncation error balance. Source: Wolff, Comput. Phys. Commun. 156
(2004) 143, hep-lat/0306017: Gamma over replica (eq. 31), window (eqs. 50-52), bias (eq. 49), error of tau_int (eq. 42).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from retrodict.base.shapes import Float, Int
from retrodict.num.autocorrelation import (
    SHORTEST,
    automatic_window,
    gamma_method,
    lagged_products,
    replica_agreement,
)


@dataclass(frozen=True, eq=False)
class Autocorrelation:
    """Autocorrelation of every point of a correlator; times in units of one measurement."""

    tau_int: Float[np.ndarray, " points"]  # integrated autocorrelation time; 1/2 where nothing is correlated
    tau_int_error: Float[np.ndarray, " points"]  # one-sigma error of tau_int
    error: Float[np.ndarray, " points"]  # of the mean over all measurements, in the unit of the measurements
    window: Int[np.ndarray, " points"]  # last lag of the sum

    def slowest(self) -> int:
        """The point of the largest tau_int."""
        return int(np.argmax(self.tau_int))


def integrated_times(
    chains: Sequence[Float[np.ndarray, "_ points"]], times: Sequence[Int[np.ndarray, " _"]] | None = None
) -> Autocorrelation:
    """Estimate the autocorrelation of every point from the replica of one ensemble, about their common mean.

    Args:
        chains: the replica, each of shape (measurements, points) in Monte Carlo order; lengths may differ.
        times: for each replicum the numbers of its configurations, where they are not evenly spaced: the error of the
            mean is then the sum over the pairs that exist, and tau_int that of as many evenly spaced measurements.

    Returns:
        The integrated times with their errors, and the error of the mean.

    Example:
        >>> chain = np.random.default_rng(0).normal(size=(1000, 2))
        >>> integrated_times([chain]).tau_int.round(1)
        array([0.6, 0.5])
    """
    if times is not None:
        return _at_times(chains, times)
    total = sum(len(chain) for chain in chains)
    mean = np.sum([chain.sum(axis=0) for chain in chains], axis=0) / total
    furthest = max(1, min(len(chain) for chain in chains) // 2)
    gamma = np.zeros((furthest, len(mean)))
    for chain in chains:
        gamma += lagged_products(chain - mean, furthest)
    lag = np.arange(furthest)
    gamma /= np.maximum(total - len(chains) * lag, 1)[:, None]
    variance = np.where(gamma[0] > 0.0, gamma[0], 1.0)
    running = np.cumsum(gamma / variance, axis=0) - 0.5  # tau_int(W), before the bias is removed
    window, _ = automatic_window(running, total)
    raw = np.take_along_axis(running, window[None, :], axis=0)[0]
    return _correct_bias(raw, gamma[0], window, total)


def _at_times(
    chains: Sequence[Float[np.ndarray, "_ points"]], times: Sequence[Int[np.ndarray, " _"]]
) -> Autocorrelation:
    points = range(chains[0].shape[1])
    each = [gamma_method([chain[:, point] for chain in chains], times=list(times)) for point in points]
    tau = np.array([0.5 * one.entries / one.effective_size for one in each])
    spread = np.array([one.error_of_error / one.error if one.error > 0.0 else 0.0 for one in each])
    error, window = np.array([one.error for one in each]), np.array([one.window for one in each])
    return Autocorrelation(tau, 2.0 * spread * tau, error, window)


class Disagreement(NamedTuple):
    """How far the means of replica are apart, at the point where it is most improbable."""

    point: int
    deviations: tuple[float, ...]  # of each replicum from the mean of all, in its errors
    q: float  # the chance of more, corrected for the number of points


def replica_disagreement(
    chains: Sequence[Float[np.ndarray, "_ points"]], times: Sequence[Int[np.ndarray, " _"]] | None = None
) -> Disagreement | None:
    """Test whether replica of one ensemble sample the same distribution; None where there is one, or one is short.

    Source: Wolff (2004), section 3.1, at every point, with the correction of Bonferroni for their number.

    Args:
        chains: the replica, each of shape (measurements, points).
        times: for each replicum the numbers of its configurations, where they are not evenly spaced.
    """
    if len(chains) < 2 or min(len(chain) for chain in chains) < SHORTEST:
        return None
    points = chains[0].shape[1]
    stamps = None if times is None else list(times)
    each = [replica_agreement([chain[:, point] for chain in chains], times=stamps) for point in range(points)]
    worst = min(range(points), key=lambda point: each[point].q)
    found, sizes = each[worst], np.array([len(chain) for chain in chains])
    mean = np.sum(sizes * found.means) / sizes.sum()
    apart = (np.array(found.means) - mean) / np.where(np.array(found.errors) > 0.0, found.errors, np.inf)
    return Disagreement(worst, tuple(apart.tolist()), min(1.0, points * found.q))


def _correct_bias(
    raw: Float[np.ndarray, " points"],
    variance: Float[np.ndarray, " points"],
    window: Int[np.ndarray, " points"],
    total: int,
) -> Autocorrelation:
    """Remove the bias of a mean that is estimated from the same data (eq. 49); tau_int is at least 1/4."""
    tau = np.maximum(raw, 0.25)
    spread = 2.0 * tau * variance * (1.0 + (2.0 * window + 1.0) / total)
    tau_int = spread / (2.0 * np.where(variance > 0.0, variance + spread / total, 1.0))
    tau_int = np.where(variance > 0.0, tau_int, 0.5)
    error = 2.0 * tau_int * np.sqrt(np.maximum(window + 0.5 - tau_int, 0.25) / total)
    return Autocorrelation(tau_int, error, np.sqrt(spread / total), window)
