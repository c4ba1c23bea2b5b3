"""Errors of functions of means from bins of a correlated history: jackknife, bootstrap, and scatter over walkers."""

import numpy as np
from jaxtyping import Float

from retrodict.base.errors import InputError
from retrodict.num.autocorrelation import Function, Histories


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


def _bins(histories: Histories, bin_size: int) -> Float[np.ndarray, "quantity bin"]:
    """Means of bins `(quantity, bin)`, those of all replica one after the other."""
    histories = np.asarray(histories, dtype=float)
    quantities, replica, length = histories.shape
    whole = length // bin_size
    if whole * replica < 2:
        raise InputError("too few bins for an error", got=f"{whole * replica}", expected="at least 2")
    return histories[..., : whole * bin_size].reshape(quantities, replica * whole, bin_size).mean(axis=-1)
