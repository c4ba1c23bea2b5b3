r"""Integrated autocorrelation times by the Gamma method: how many of the measurements count.

$$\tau_\mathrm{int} = \tfrac12 + \sum_{t=1}^{W} \frac{\Gamma(t)}{\Gamma(0)}, \qquad
  \sigma^2 = \frac{2 \tau_\mathrm{int}}{N}\,\Gamma(0)$$

with the window W where the statistical and the truncation error balance. Source: Wolff, Comput. Phys. Commun. 156
(2004) 143, hep-lat/0306017: Gamma over replica (eq. 31), window (eqs. 50-52), bias (eq. 49), error of tau_int (eq. 42).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrodict.num.autocorrelation import automatic_window, lagged_products


@dataclass(frozen=True, eq=False)
class Autocorrelation:
    """Of each point: all arrays are (points,). Times are in units of one measurement; 1/2 means uncorrelated."""

    tau_int: np.ndarray
    tau_int_error: np.ndarray
    error: np.ndarray  # of the mean over all measurements
    window: np.ndarray

    def slowest(self) -> int:
        """The point of the largest tau_int."""
        return int(np.argmax(self.tau_int))


def integrated_times(chains: Sequence[np.ndarray]) -> Autocorrelation:
    """The autocorrelation of replica `chains`, each (measurements, points), about their common mean."""
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
    return _corrected(raw, gamma[0], window, total)


def _corrected(raw: np.ndarray, variance: np.ndarray, window: np.ndarray, total: int) -> Autocorrelation:
    """Without the bias of a mean taken from the same data; nothing is better than half of uncorrelated."""
    tau = np.maximum(raw, 0.25)
    spread = 2.0 * tau * variance * (1.0 + (2.0 * window + 1.0) / total)
    tau_int = spread / (2.0 * np.where(variance > 0.0, variance + spread / total, 1.0))
    tau_int = np.where(variance > 0.0, tau_int, 0.5)
    error = 2.0 * tau_int * np.sqrt(np.maximum(window + 0.5 - tau_int, 0.25) / total)
    return Autocorrelation(tau_int, error, np.sqrt(spread / total), window)
