r"""Integrated autocorrelation times by the Gamma method: how many of the measurements count.

$$\tau_\mathrm{int} = \tfrac12 + \sum_{t=1}^{W} \frac{\Gamma(t)}{\Gamma(0)}, \qquad
  \sigma^2 = \frac{2 \tau_\mathrm{int}}{N}\,\Gamma(0)$$

with the window W where the statistical and the truncation error balance. Source: Wolff, Comput. Phys. Commun. 156
(2004) 143, hep-lat/0306017: Gamma over replica (eq. 31), window (eqs. 50-52), bias (eq. 49), error of tau_int (eq. 42).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrodict.base.shapes import Float, Int
from retrodict.num.autocorrelation import automatic_window, lagged_products


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


def integrated_times(chains: Sequence[Float[np.ndarray, "_ points"]]) -> Autocorrelation:
    """Estimate the autocorrelation of every point from the replica of one ensemble, about their common mean.

    Args:
        chains: the replica, each of shape (measurements, points) in Monte Carlo order; lengths may differ.

    Returns:
        The integrated times with their errors, and the error of the mean.

    Example:
        >>> chain = np.random.default_rng(0).normal(size=(1000, 2))
        >>> integrated_times([chain]).tau_int.round(1)
        array([0.6, 0.5])
    """
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
