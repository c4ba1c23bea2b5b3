"""Errors of what is made of sums over events: the jackknife, which leaves out one group of events at a time.

Every observable here is a function of sums over events, so leaving out an event is a subtraction. The errors are those
of the estimate, not the spread of the events.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from retrodict.base.shapes import Float

GROUPS: Final = 1000  # at most: more would make the errors no better
SEEN: Final = 3.0  # standard errors of a cumulant below which no flow is taken from it

Sums: TypeAlias = Float[np.ndarray, "events sums"]
Estimator: TypeAlias = Callable[[Float[np.ndarray, "... sums"]], Float[np.ndarray, "... values"]]


class Estimate(NamedTuple):
    """Values with their standard errors.

    Args:
        value: of each quantity; NaN where nothing contributes.
        error: NaN where fewer than two events contribute.
    """

    value: Float[np.ndarray, " values"]
    error: Float[np.ndarray, " values"]


def jackknife(estimator: Estimator, sums: Sums) -> Estimate:
    """Values of an estimator and their errors.

    Args:
        estimator: from sums over events, along the last axis, to values along the last axis.
        sums: of each event.
    """
    count = len(sums)
    if count > GROUPS:
        edges = np.linspace(0, count, GROUPS + 1).astype(int)
        sums, count = np.add.reduceat(sums, edges[:-1], axis=0), GROUPS
    total = sums.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value, without = estimator(total), estimator(total - sums)
        spread = without - without.mean(axis=0)
        error = np.sqrt((count - 1) / count * np.sum(spread**2, axis=0)) if count > 1 else np.full(len(value), np.nan)
    return Estimate(value, error)


def ratio(sums: Float[np.ndarray, "... sums"]) -> Float[np.ndarray, "... values"]:
    """The first half of the sums, each divided by its partner in the second half.

    Args:
        sums: numerators, then denominators.
    """
    half = sums.shape[-1] // 2
    return sums[..., :half] / sums[..., half:]
