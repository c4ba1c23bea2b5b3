"""Rules for the weight alpha of an entropic regulator: each makes one answer of the optima at a series of alpha."""

import warnings
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit, root_scalar

from retrodict.base.types import Float
from retrodict.spectral.classical.dual import DualProblem, Entropy, Optimum, find_optimum
from retrodict.spectral.classical.problem import Nodes

KINK_POSITION: Final = 2.5  # distance below the middle of the sigmoid, in units of its slope


class Selection(NamedTuple):
    """The answer of a rule: one optimum, or an average over alpha."""

    point: Optimum  # the one selected, or the most probable one of an average
    rho: Nodes  # the spectral function
    regulator: float  # alpha; NaN for an average
    how: str  # the rule in words


Rule = Callable[[DualProblem, Entropy, list[Optimum]], Selection]


def historic(dual: DualProblem, entropy: Entropy, points: list[Optimum]) -> Selection:
    """chi2 = number of data; the default model itself if it fits better.

    Where even the smallest chi2 is larger, as happens when few modes of many data can be fitted, the target is that
    smallest value plus the number of resolved modes.

    Args:
        dual: the problem in its singular space.
        entropy: the regulator.
        points: optima of falling alpha, from `solve_path`.
    """
    chi2 = np.array([point.chi2 for point in points])
    reached = np.min(chi2) < dual.points
    target = float(dual.points) if reached else float(np.min(chi2)) + dual.resolved
    how = "chi2 = N" if reached else "chi2 = least + resolved modes"
    below = np.flatnonzero(chi2 < target)
    if below[0] == 0:
        return _single(points[0], how)
    left, right = points[below[0] - 1], points[below[0]]

    def excess(alpha: float) -> float:
        return find_optimum(dual, entropy, alpha, left.dual).chi2 - target

    return _single(find_optimum(dual, entropy, log_root(excess, right.alpha, left.alpha), left.dual), how)


def classic(dual: DualProblem, entropy: Entropy, points: list[Optimum]) -> Selection:
    """The alpha of greatest evidence. Source: Gull (1989); Jarrell, Gubernatis, Phys. Rept. 269 (1996) 133.

    Args:
        dual: the problem in its singular space.
        entropy: the regulator.
        points: optima of falling alpha, from `solve_path`.
    """
    return _single(max(points, key=lambda point: point.log_evidence), "greatest evidence")


def bryan(dual: DualProblem, entropy: Entropy, points: list[Optimum]) -> Selection:
    """Average rho over alpha, weighted with its evidence. Source: Bryan, Eur. Biophys. J. 18 (1990) 165.

    Args:
        dual: the problem in its singular space.
        entropy: the regulator.
        points: optima of falling alpha, from `solve_path`.
    """
    log_evidence = np.array([point.log_evidence for point in points])
    weights = np.exp(log_evidence - np.max(log_evidence))
    weights /= np.sum(weights)
    rho = weights @ np.stack([point.rho for point in points])
    return Selection(points[int(np.argmax(weights))], rho, float("nan"), "averaged over alpha with its evidence")


def kink(dual: DualProblem, entropy: Entropy, points: list[Optimum]) -> Selection:
    """The alpha where log chi2 leaves its plateau of fitted noise, from a sigmoid fitted to log chi2(log alpha).

    Source: Bergeron, Tremblay, PRE 94 (2016) 023303; the sigmoid of Kaufmann, Held, CPC 282 (2023) 108519.

    Args:
        dual: the problem in its singular space.
        entropy: the regulator.
        points: optima of falling alpha, from `solve_path`.
    """
    x = np.log10([point.alpha for point in points])
    y = np.log10([point.chi2 for point in points])

    def sigmoid(
        x: Float[np.ndarray, " points"], floor: float, height: float, middle: float, slope: float
    ) -> Float[np.ndarray, " points"]:
        return floor + height / (1 + np.exp(-slope * (x - middle)))

    start = (float(y[-1]), float(y[0] - y[-1]), float(np.mean(x)), 1.0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)  # about the covariance of the fit, which is not used
            (_, _, middle, slope), _ = curve_fit(sigmoid, x, y, p0=start, maxfev=5000)
    except RuntimeError:
        return historic(dual, entropy, points)._replace(how="chi2 = N, for want of a kink")
    alpha = 10.0 ** np.clip(middle - KINK_POSITION / slope, x[-1], x[0])
    nearest = min((point for point in points if point.alpha >= 0.999 * alpha), key=lambda point: point.alpha)
    return _single(find_optimum(dual, entropy, float(alpha), nearest.dual), "kink of chi2(alpha)")


def log_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Find where a function of a positive number changes its sign, to a relative accuracy of 1e-6.

    Args:
        function: the function.
        low: lower end of the interval, > 0; the function has opposite signs at its ends.
        high: upper end.
    """

    def of_logarithm(logarithm: float) -> float:
        return function(float(np.exp(logarithm)))

    return float(np.exp(root_scalar(of_logarithm, bracket=(np.log(low), np.log(high)), xtol=1e-6).root))


def _single(point: Optimum, how: str) -> Selection:
    return Selection(point, point.rho, point.alpha, how)
