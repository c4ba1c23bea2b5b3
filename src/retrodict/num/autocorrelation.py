r"""Errors of time series whose entries are correlated: the Gamma method, jackknife and bootstrap over bins, walkers.

A history has the shape `(replica, time)`, or `(time,)` for one replica; a function of several means takes histories
`(quantity, replica, time)`. The integrated autocorrelation time is $\tau = \tfrac12 + \sum_{t\ge1}\rho(t)$ in units of
the time step: 1/2 for independent entries, and the squared error of a mean of N entries is $2\tau\Gamma(0)/N$.

Source: U. Wolff, "Monte Carlo errors with less errors", Comput. Phys. Commun. 156 (2004) 143.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int, Real

from retrodict.base.errors import InputError

S: Final = 1.5  # the guess tau_exp = S tau_int of the automatic window
SHORTEST: Final = 4  # entries: no autocorrelation is estimated from fewer

History = Real[np.ndarray, "..."]  # (replica, time) or (time,): anything else is refused in words
Histories = Real[np.ndarray, "quantity replica time"]
Means = Float[np.ndarray, " quantity"]
Function = Callable[[Means], float]


@dataclass(frozen=True)
class Estimate:
    """A mean, or a function of means, with its error and the autocorrelation behind that error."""

    value: float  # the mean, or the function at the means
    error: float  # standard error of the value
    error_of_error: float  # standard error of `error`
    tau: float  # integrated autocorrelation time, 1/2 for independent entries
    tau_error: float  # standard error of `tau`
    window: int  # lag at which the sum over the autocorrelation is cut
    entries: int  # of all replica together
    closed: bool  # whether the history was long enough for the window to close by itself

    @property
    def effective_size(self) -> float:
        """The number of independent entries with the same error."""
        return self.entries / (2 * self.tau)

    def deviation(self, exact: float) -> float:
        """Signed distance of the value from `exact`, in units of the error."""
        return (self.value - exact) / self.error if self.error > 0 else np.inf * np.sign(self.value - exact)


def gamma_method(history: History, s: float = S) -> Estimate:
    """Estimate the mean of a history by the Gamma method with the automatic window.

    Args:
        history: one quantity along the chain, shape (replica, time) or (time,).
        s: the guess tau_exp = s tau_int of the automatic window.

    Raises:
        InputError: if a replicum has fewer than four entries, or one that is not finite.
    """
    history = _as_history(history)
    mean = float(history.mean())
    return _estimate(mean, history - mean, s)


def gamma_method_of(function: Function, histories: Histories, s: float = S) -> Estimate:
    """Estimate a function of several means by linear propagation of their joint fluctuations (eqs. 5-17).

    Args:
        function: takes the means, shape (quantity,); its gradient is taken by central differences over one error.
        histories: the quantities along the chain, shape (quantity, replica, time).
        s: the guess tau_exp = s tau_int of the automatic window.

    Raises:
        InputError: if a replicum has fewer than four entries, or one that is not finite.
    """
    histories = np.stack([_as_history(history) for history in histories])
    means = histories.mean(axis=(1, 2))
    steps = histories.std(axis=(1, 2)) / np.sqrt(histories[0].size)
    gradient = gradient_of(function, means, steps)
    fluctuation = np.tensordot(gradient, histories - means[:, None, None], axes=1)
    return _estimate(float(function(means)), fluctuation, s)


def gradient_of(function: Function, means: Means, steps: Means) -> Means:
    """The gradient of a function of means by central differences.

    Args:
        function: takes the means, shape (quantity,).
        means: where the gradient is taken, shape (quantity,).
        steps: half the difference along each mean; the gradient is zero along means whose step is zero.
    """
    return np.array([_slope(function, means, index, step) for index, step in enumerate(steps)])


def autocovariance(history: History) -> Float[np.ndarray, " lag"]:
    r"""$\Gamma(t)$ about the mean of all replica, averaged over all pairs of entries, at lags 0 ... length / 2.

    Args:
        history: one quantity along the chain, shape (replica, time) or (time,).
    """
    history = _as_history(history)
    replica, length = history.shape
    lags = np.arange(length // 2 + 1)
    return lagged_products((history - history.mean()).T, len(lags)).sum(axis=1) / (replica * (length - lags))


def lagged_products(deviation: Float[np.ndarray, "time ..."], lags: int) -> Float[np.ndarray, "lag ..."]:
    """The sums over i of d_i d_{i+t} along the first axis, by a zero-padded Fourier transform.

    Args:
        deviation: d, a history minus its mean, shape (time, ...).
        lags: how many lags t = 0 ... lags - 1.
    """
    padded = 1 << (2 * len(deviation) - 1).bit_length()
    power = np.abs(np.fft.rfft(deviation, padded, axis=0)) ** 2
    return np.fft.irfft(power, padded, axis=0)[:lags]


def automatic_window(
    running: Float[np.ndarray, "window *quantities"], entries: int, s: float = S
) -> tuple[Int[np.ndarray, "*quantities"], Bool[np.ndarray, "*quantities"]]:
    """Choose the first window W >= 1 at which the statistical error outgrows that of truncation (eqs. 50-52).

    Args:
        running: tau_int(W) along the first axis, from W = 0 on.
        entries: how many entries the history has.
        s: the guess tau_exp = s tau_int.

    Returns:
        The window, and whether the condition was met; where it was not, the last W is taken.
    """
    w = np.arange(1, len(running)).reshape(-1, *(1,) * (running.ndim - 1))
    if not len(w):
        return np.zeros(running.shape[1:], dtype=int), np.zeros(running.shape[1:], dtype=bool)
    inside = np.maximum(running[1:], 0.5 + 1e-12)
    tau = s / np.log((2 * inside + 1) / (2 * inside - 1))
    closing = np.exp(-w / tau) - tau / np.sqrt(w * entries) < 0
    closed = np.asarray(closing.any(axis=0))
    return np.asarray(np.where(closed, np.argmax(closing, axis=0), len(w) - 1) + 1), closed


def jackknife(function: Function, histories: Histories, bin_size: int) -> tuple[float, float]:
    """Estimate a function of means and its error, leaving out one bin at a time.

    Args:
        function: takes the means, shape (quantity,).
        histories: the quantities along the chain, shape (quantity, replica, time).
        bin_size: entries of a bin; entries at the end that fill no bin are left out.

    Returns:
        Value and standard error.

    Raises:
        InputError: if there are fewer than two bins.
    """
    bins = _bins(histories, bin_size)
    count = bins.shape[1]
    total = bins.sum(axis=1, keepdims=True)
    without = np.array([function(column) for column in ((total - bins) / (count - 1)).T])
    value = float(function(bins.mean(axis=1)))
    return value, float(np.sqrt((count - 1) * np.mean((without - without.mean()) ** 2)))


def bootstrap(
    function: Function, histories: Histories, bin_size: int, *, resamplings: int = 500, seed: int = 0
) -> tuple[float, float]:
    """Estimate a function of means and its error from sets of bins drawn with replacement.

    Args:
        function: takes the means, shape (quantity,).
        histories: the quantities along the chain, shape (quantity, replica, time).
        bin_size: entries of a bin; entries at the end that fill no bin are left out.
        resamplings: how many sets of bins.
        seed: of the random choice of bins.

    Returns:
        Value and standard error.

    Raises:
        InputError: if there are fewer than two bins.
    """
    bins = _bins(histories, bin_size)
    count = bins.shape[1]
    resampled = np.random.default_rng(seed).integers(count, size=(resamplings, count))
    values = np.array([function(bins[:, indices].mean(axis=1)) for indices in resampled])
    return float(function(bins.mean(axis=1))), float(values.std(ddof=1))


def over_walkers(function: Function, histories: Histories) -> tuple[float, float]:
    """Estimate a function of means and its error from the scatter over independent walkers: a jackknife over walkers.

    Args:
        function: takes the means, shape (quantity,).
        histories: the quantities along each walker, shape (quantity, walker, time).

    Returns:
        Value and standard error.
    """
    histories = np.asarray(histories, dtype=float)
    return jackknife(function, histories, histories.shape[-1])


def tau_of_decay(exponential: float) -> float:
    r"""The integrated time of $\rho(t) = e^{-t/\tau_\mathrm{exp}}$: $\tfrac12\coth(1/2\tau_\mathrm{exp})$."""
    return 0.5 / np.tanh(0.5 / exponential)


def _as_history(history: History) -> Float[np.ndarray, "replica time"]:
    history = np.atleast_2d(np.asarray(history, dtype=float))
    if history.ndim != 2 or history.shape[1] < SHORTEST or not np.all(np.isfinite(history)):
        got = f"shape {history.shape}" + ("" if np.all(np.isfinite(history)) else " with entries that are not finite")
        raise InputError("no history of numbers", got=got, expected=f"(replicum, time >= {SHORTEST}), finite")
    return history


def _estimate(value: float, fluctuation: Float[np.ndarray, "replica time"], s: float) -> Estimate:
    """The error of `value` from the fluctuations of its linear approximation."""
    entries = fluctuation.size
    gamma = autocovariance(fluctuation)
    if gamma[0] <= 0:
        return Estimate(value, 0.0, 0.0, 0.5, 0.0, 0, entries, True)
    window, closed = _window(gamma / gamma[0], entries, s)
    # The mean was taken from the same entries: eq. 32 undoes the bias.
    unbiased = gamma + (gamma[0] + 2 * gamma[1 : window + 1].sum()) / entries
    total = max(unbiased[0] + 2 * unbiased[1 : window + 1].sum(), np.finfo(float).tiny)
    tau = total / (2 * unbiased[0])
    error = float(np.sqrt(total / entries))
    spread = np.sqrt((window + 0.5) / entries)
    tau_error = float(2 * tau * np.sqrt(max(window + 0.5 - tau, 0.0) / entries))
    return Estimate(value, error, float(error * spread), float(tau), tau_error, window, entries, closed)


def _window(rho: Float[np.ndarray, " lag"], entries: int, s: float) -> tuple[int, bool]:
    """The automatic window, its decay read off |rho|: a chain that overshoots, rho(1) < 0, would close it at once."""
    window, closed = automatic_window(np.cumsum(np.abs(rho)) - 0.5, entries, s)
    return int(window), bool(closed)


def _slope(function: Function, means: Means, index: int, step: float) -> float:
    if step == 0:
        return 0.0
    up, down = means.copy(), means.copy()
    up[index] += step
    down[index] -= step
    return (function(up) - function(down)) / (2 * step)


def _bins(histories: Histories, bin_size: int) -> Float[np.ndarray, "quantity bin"]:
    """Means of bins `(quantity, bin)`, those of all replica one after the other."""
    histories = np.asarray(histories, dtype=float)
    quantities, replica, length = histories.shape
    whole = length // bin_size
    if whole * replica < 2:
        raise InputError("too few bins for an error", got=f"{whole * replica}", expected="at least 2")
    return histories[..., : whole * bin_size].reshape(quantities, replica * whole, bin_size).mean(axis=-1)
