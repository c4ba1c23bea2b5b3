r"""Errors of time series whose entries are correlated: the Gamma method, with gaps and in replica of any lengths.

A history has the shape `(replica, time)`, or `(time,)` for one replica; replica of different lengths are a sequence of
one-dimensional arrays. A function of several means takes histories `(quantity, replica, time)`. The integrated
autocorrelation time is $\tau = \tfrac12 + \sum_{t\ge1}\rho(t)$ in units of the time step: 1/2 for independent entries,
and the squared error of a mean of N entries is $2\tau\Gamma(0)/N$.

Source: U. Wolff, "Monte Carlo errors with less errors", Comput. Phys. Commun. 156 (2004) 143.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int, Real

from retrodict.base.errors import InputError

S: Final = 1.5  # the guess tau_exp = S tau_int of the automatic window
SHORTEST: Final = 4  # entries: no autocorrelation is estimated from fewer
WELL_FILLED: Final = 0.2  # of the most pairs of any lag: at lags with fewer the autocovariance is interpolated
MOST_STEPS: Final = 2**22  # of the grid on which irregular times lie

History = Real[np.ndarray, "..."]  # (replica, time) or (time,): anything else is refused in words
Replica = Sequence[Real[np.ndarray, " _"]]  # of different lengths
Times = Sequence[Real[np.ndarray, " _"]] | Sequence[Sequence[int]]  # of the entries of each replicum, ascending
Histories = Real[np.ndarray, "quantity replica time"]
Means = Float[np.ndarray, " quantity"]
Function = Callable[[Means], float]


@dataclass(frozen=True)
class Estimate:
    """A mean, or a function of means, with its error and the autocorrelation behind that error."""

    value: float  # the mean, or the function at the means
    error: float  # standard error of the value
    error_of_error: float  # standard error of `error`
    tau: float  # integrated autocorrelation time, 1/2 for independent entries; in the unit of `times`, if given
    tau_error: float  # standard error of `tau`
    window: int  # lag at which the sum over the autocorrelation is cut
    entries: int  # of all replica together
    closed: bool  # whether the history was long enough for the window to close by itself
    independent: float | None = None  # number of independent entries with the same error, where times are given

    @property
    def effective_size(self) -> float:
        """The number of independent entries with the same error."""
        return self.entries / (2 * self.tau) if self.independent is None else self.independent

    def deviation(self, exact: float) -> float:
        """Signed distance of the value from `exact`, in units of the error."""
        return (self.value - exact) / self.error if self.error > 0 else np.inf * np.sign(self.value - exact)


@dataclass(frozen=True)
class Agreement:
    """Whether the means of replica scatter as their errors say."""

    means: tuple[float, ...]  # of each replicum
    errors: tuple[float, ...]  # of each, from the fluctuations within all replica about their own means
    chi2: float  # of the means about the mean of all
    q: float  # the chance of a larger chi2 if the replica sample the same distribution


def gamma_method(history: History | Replica, s: float = S, *, times: Times | None = None) -> Estimate:
    """Estimate the mean of a history by the Gamma method with the automatic window.

    Where entries are missing or unevenly spaced, `times` says when each was measured: the autocovariance is then the
    average over the pairs that exist, and the error of the mean the sum over these very pairs.

    Args:
        history: one quantity along the chain, shape (replica, time) or (time,), or a sequence of replica of any
            lengths.
        s: the guess tau_exp = s tau_int of the automatic window.
        times: for each replicum the ascending whole numbers of its entries, such as trajectories; 0, 1, 2, ... if None.
            `tau`, its error and the window are in units of these numbers.

    Raises:
        InputError: if a replicum has fewer than four entries, or one that is not finite, or times that do not fit.

    Example:
        >>> x = np.random.default_rng(0).standard_normal(1000)
        >>> estimate = gamma_method(x)
        >>> print(round(estimate.error, 3), round(estimate.tau, 1))
        0.031 0.5
        >>> longer = gamma_method([x[:600], x[600:]])
        >>> print(longer.entries, round(longer.error, 3))
        1000 0.031
    """
    if times is None and (rectangular := _rectangular(history)) is not None:
        mean = float(rectangular.mean())
        return _estimate(mean, rectangular - mean, s)
    replica, times = _as_replica(history, times)
    mean = float(np.concatenate(replica).mean())
    return _estimate_at_times(mean, [values - mean for values in replica], times, s, means=1)


def replica_agreement(history: History | Replica, s: float = S, *, times: Times | None = None) -> Agreement:
    r"""Test whether replica sample the same distribution: $\chi^2$ of their means, and its chance Q.

    The errors come from fluctuations about the mean of *each* replicum, so that replica which disagree do not hide it
    by raising the common autocovariance. Source: Wolff (2004), section 3.1.

    Args:
        history: as for `gamma_method`, of at least two replica.
        s: the guess tau_exp = s tau_int of the automatic window.
        times: as for `gamma_method`.

    Returns:
        Means, errors, chi2 with one degree of freedom less than there are replica, and Q. Where no replicum varies, Q
        is 1 if all have the same value and 0 if not.

    Raises:
        InputError: as `gamma_method`, and for a single replicum.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((2, 500))
        >>> same, apart = replica_agreement(x), replica_agreement(x + np.array([[0.0], [0.5]]))
        >>> bool(same.q > 0.01), bool(apart.q < 1e-9)
        (True, True)
    """
    # Half a second to import, for which what only recognises files need not wait.
    from scipy.special import gammaincc

    replica, times = _as_replica(history, times)
    if len(replica) < 2:
        raise InputError("one replicum cannot disagree", got="one replicum", expected="at least two")
    means = np.array([values.mean() for values in replica])
    sizes = np.array([len(values) for values in replica])
    deviations = [values - mean for values, mean in zip(replica, means, strict=True)]
    within = _estimate_at_times(0.0, deviations, times, s, means=len(replica))
    errors = within.error * np.sqrt(sizes.sum() / sizes)
    overall = float(np.sum(sizes * means) / sizes.sum())
    if within.error == 0:
        q = 1.0 if np.ptp(means) <= 1e-12 * np.abs(means).max() else 0.0
        return Agreement(tuple(means.tolist()), tuple(errors.tolist()), 0.0 if q else np.inf, q)
    chi2 = float(np.sum(((means - overall) / errors) ** 2))
    q = float(gammaincc(0.5 * (len(replica) - 1), 0.5 * chi2))
    return Agreement(tuple(means.tolist()), tuple(errors.tolist()), chi2, q)


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
    running: Float[np.ndarray, "window *quantities"], entries: float, s: float = S
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
    window, closed = _window(np.abs(gamma / gamma[0]), entries, s)
    # The mean was taken from the same entries: eq. 32 undoes the bias.
    unbiased = gamma + (gamma[0] + 2 * gamma[1 : window + 1].sum()) / entries
    total = max(unbiased[0] + 2 * unbiased[1 : window + 1].sum(), np.finfo(float).tiny)
    tau = total / (2 * unbiased[0])
    error = float(np.sqrt(total / entries))
    spread = np.sqrt((window + 0.5) / entries)
    tau_error = float(2 * tau * np.sqrt(max(window + 0.5 - tau, 0.0) / entries))
    return Estimate(value, error, float(error * spread), float(tau), tau_error, window, entries, closed)


def _rectangular(history: History | Replica) -> Float[np.ndarray, "replica time"] | None:
    """The history as one array; None if its replica have different lengths."""
    if isinstance(history, list | tuple) and len({len(values) for values in history if np.ndim(values)}) > 1:
        return None
    return _as_history(np.asarray(history))


def _as_replica(
    history: History | Replica, times: Times | None
) -> tuple[list[Float[np.ndarray, " _"]], list[Int[np.ndarray, " _"]]]:
    """Checked replica with the times of their entries."""
    rows = [np.asarray(history)] if np.ndim(history[0]) == 0 else list(history)
    replica = [_as_history(np.asarray(row))[0] for row in rows]
    if times is None:
        return replica, [np.arange(len(values)) for values in replica]
    stamps = [np.asarray(stamp) for stamp in ([times] if np.ndim(times[0]) == 0 else times)]
    lengths = [len(stamp) for stamp in stamps], [len(values) for values in replica]
    if lengths[0] != lengths[1] or any(stamp.dtype.kind not in "iu" or np.any(np.diff(stamp) <= 0) for stamp in stamps):
        expected = "for each replicum ascending whole numbers, one an entry"
        raise InputError("times that do not belong to the history", got=f"lengths {lengths[0]}", expected=expected)
    return replica, [stamp.astype(np.int64) for stamp in stamps]


def _estimate_at_times(
    value: float,
    deviations: Sequence[Float[np.ndarray, " _"]],
    times: Sequence[Int[np.ndarray, " _"]],
    s: float,
    *,
    means: int,
) -> Estimate:
    """The error of a mean from replica whose entries lie on a grid of times with gaps; `means` were subtracted."""
    entries = sum(map(len, deviations))
    step = int(np.gcd.reduce(np.concatenate([np.diff(stamp) for stamp in times])))
    sizes = [int(stamp[-1] - stamp[0]) // step + 1 for stamp in times]
    if sum(sizes) > MOST_STEPS:
        got = f"{sum(sizes)} steps of {step} for {entries} entries"
        raise InputError("the times are too irregular", got=got, expected=f"at most {MOST_STEPS} steps")
    lags = np.arange(max(sizes) // 2 + 1)
    products, pairs, full = np.zeros(len(lags)), np.zeros(len(lags)), np.zeros(len(lags))
    for deviation, stamp, size in zip(deviations, times, sizes, strict=True):
        grid = np.zeros((size, 2))
        grid[(stamp - stamp[0]) // step] = np.stack([deviation, np.ones(len(deviation))], axis=1)
        count = min(size, len(lags))
        of_this = lagged_products(grid, count)
        products[:count] += of_this[:, 0]
        pairs[:count] += np.round(of_this[:, 1])
        full += np.maximum(size - lags, 0)
    if not products[0] > np.finfo(float).tiny:
        return Estimate(value, 0.0, 0.0, 0.5 * step, 0.0, 0, entries, True, float(entries))
    filled = pairs >= WELL_FILLED * np.max(pairs[1:], initial=0.0)
    filled[0] = True
    gamma = np.interp(lags, lags[filled], products[filled] / np.maximum(pairs[filled], 1))
    # The share of pairs at each lag that exist, beside that of single entries: 1 where no entry is missing.
    share = pairs / np.maximum(full, 1) * (sum(sizes) / entries)
    density = float(np.mean((pairs / np.maximum(full, 1))[filled]))  # 1 where no entry is missing
    window, closed = _window(_without_noise(gamma / gamma[0], pairs, density), density * sum(sizes), s)
    inside = slice(1, window + 1)
    total = gamma[0] + 2 * np.sum(share[inside] * gamma[inside])
    unbiased = gamma + total * means / entries  # eq. 32: each mean was taken from the same entries
    total = unbiased[0] + 2 * np.sum(share[inside] * unbiased[inside])
    if not total > 0:  # the noise of few pairs
        total, window, closed, inside = unbiased[0], 0, False, slice(1, 1)
    tau = max(0.5 + np.sum(unbiased[inside]) / unbiased[0], np.finfo(float).tiny)
    error, seen = float(np.sqrt(total / entries)), float(np.mean(pairs[: window + 1][filled[: window + 1]]))
    error_of_error = float(error * np.sqrt((window + 0.5) / seen))
    tau_error = float(2 * tau * np.sqrt(max(window + 0.5 - tau, 0.0) / seen))
    independent = float(entries * unbiased[0] / total)
    return Estimate(
        value, error, error_of_error, float(tau) * step, tau_error * step, window * step, entries, closed, independent
    )


def _window(rho: Float[np.ndarray, " lag"], entries: float, s: float) -> tuple[int, bool]:
    """The automatic window from |rho|: with its sign, a chain that overshoots, rho(1) < 0, would close it at once."""
    window, closed = automatic_window(np.cumsum(rho) - 0.5, entries, s)
    return int(window), bool(closed)


def _without_noise(
    rho: Float[np.ndarray, " lag"], pairs: Float[np.ndarray, " lag"], density: float
) -> Float[np.ndarray, " lag"]:
    """rho for the choice of a window: its modulus where it is significant, with its sign where few pairs are noise."""
    noise = 2 / np.sqrt(np.maximum(pairs, 1))
    return np.abs(rho) if density == 1 else np.where(np.abs(rho) > noise, np.abs(rho), rho)


def _slope(function: Function, means: Means, index: int, step: float) -> float:
    if step == 0:
        return 0.0
    up, down = means.copy(), means.copy()
    up[index] += step
    down[index] -= step
    return (function(up) - function(down)) / (2 * step)
