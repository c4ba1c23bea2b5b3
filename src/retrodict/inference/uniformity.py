"""Are these numbers uniform in (0, 1)? Tests of probability integral transforms with power, and Holm's correction."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtri
from scipy.stats import binom, binomtest, chi2, norm

from retrodict.base.types import Float

BANDS: Final = {"68 %": 0.68, "95 %": 0.95}


@dataclass(frozen=True)
class Check:
    """One test of one quantity."""

    quantity: str
    name: str  # width, location, ranks, 68 % or 95 %
    statistic: float  # scatter of the scores; their mean; chi2; number covered
    p: float  # of a calibrated method
    adjusted: float  # p after Holm's correction


def holm(p: Float[np.ndarray, " tests"]) -> Float[np.ndarray, " tests"]:
    """Holm's adjusted p-values: reject where they fall below the family's error rate, whatever the dependence."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return np.minimum(stepped, 1.0)[np.argsort(order)]


def width_test(u: Float[np.ndarray, " sets"]) -> tuple[float, float]:
    """Scatter of the normal scores (1 if the bands are right, larger if they are too narrow) and its two-sided p."""
    q = ndtri(u)
    total = np.sum(q**2)
    return float(np.sqrt(np.mean(q**2))), _two_sided(float(chi2.cdf(total, len(q))), float(chi2.sf(total, len(q))))


def location_test(u: Float[np.ndarray, " sets"]) -> tuple[float, float]:
    """Mean normal score (positive: truths lie above the answers), in standard deviations, and its two-sided p."""
    mean = float(np.mean(ndtri(u)))
    return mean, float(2 * norm.sf(abs(mean) * math.sqrt(len(u))))


def rank_test(u: Float[np.ndarray, " sets"]) -> tuple[float, float]:
    """Chi-squared of the histogram of u, in 20 bins (fewer for fewer than 200 data sets), and its p."""
    bins = min(20, max(5, len(u) // 10))
    counts, _ = np.histogram(u, bins=bins, range=(0.0, 1.0))
    statistic = float(np.sum((counts - len(u) / bins) ** 2) * bins / len(u))
    return statistic, float(chi2.sf(statistic, bins - 1))


def coverage_test(u: Float[np.ndarray, " sets"], level: float) -> tuple[float, float]:
    """How many truths lie in the central `level` band, and the binomial p."""
    covered = int(np.sum(np.abs(u - 0.5) < 0.5 * level))
    return float(covered), float(binomtest(covered, len(u), level).pvalue)


def coverage_limits(data_sets: int, level: float) -> tuple[int, int]:
    """Counts between which 99 % of calibrated series of this length lie."""
    low, high = binom.interval(0.99, data_sets, level)
    return int(low), int(high)


def _two_sided(low: float, high: float) -> float:
    return float(min(1.0, 2 * min(low, high)))
