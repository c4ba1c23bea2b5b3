r"""The classical inversion: the smallest $\chi^2 + \alpha\int (p'')^2 dr$ with $p \ge 0$ and $\int p\,dr = 1$.

p = 4 pi r^2 S(r) is piecewise linear between knots and vanishes at both ends; alpha is that of the corner of the
L-curve. Sources: Tikhonov, Soviet Math. Dokl. 4 (1963) 1035; Hansen, SIAM Review 34 (1992) 561; Castellanos,
Gomez, Guerra, Appl. Numer. Math. 43 (2002) 359 (the corner); for correlation functions arXiv:2512.06904.
"""

from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import nnls

from retrodict.base.shapes import Float

END: Final = 15.0  # fm, the last knot
GAP: Final = 0.25  # fm, between knots
TRIALS: Final = 10.0 ** np.arange(5.0, -4.1, -0.25)  # of alpha
POOR: Final = 10.0  # chi2 over the least one, beyond which a solution is no candidate for the corner
NORMALISED: Final = 1e4  # weight of the normalisation

Radii = Float[np.ndarray, " radii"]


class LinearData(NamedTuple):
    """Whitened data that depend linearly on the source."""

    operator: Float[np.ndarray, "data radii"]  # from p at all distances to the data
    data: Float[np.ndarray, " data"]
    radius: Radii  # [fm]

    def chi2(self, source: Radii) -> float:
        """chi2 of a source.

        Args:
            source: p at all distances [fm^-1].
        """
        return float(np.sum((self.operator @ source - self.data) ** 2))


class Inversion(NamedTuple):
    """The source at the corner, and the L-curve."""

    source: Radii  # p at all distances [fm^-1]
    alpha: float
    chi2: float
    trials: Float[np.ndarray, " trials"]  # alpha
    misfit: Float[np.ndarray, " trials"]  # chi2
    roughness: Float[np.ndarray, " trials"]  # integral of p''^2 [fm^-5]
    corner: int  # the trial that is chosen


def invert(problem: LinearData) -> Inversion:
    """The source at the corner of the L-curve.

    Args:
        problem: the data and their operator.
    """
    knots = np.arange(GAP, END, GAP)
    places = np.concatenate([[0.0], knots, [END]])
    shapes = np.stack([np.interp(problem.radius, places, one, right=0.0) for one in np.eye(len(places))[1:-1]], axis=1)
    bend = (np.eye(len(knots), k=1) - 2.0 * np.eye(len(knots)) + np.eye(len(knots), k=-1)) / GAP**1.5
    rows, total = problem.operator @ shapes, NORMALISED * GAP * np.ones(len(knots))
    found = []
    for alpha in TRIALS:
        matrix = np.concatenate([rows, np.sqrt(alpha) * bend, total[None]])
        right = np.concatenate([problem.data, np.zeros(len(knots)), [NORMALISED]])
        values, _ = nnls(matrix, right, maxiter=100 * len(knots))
        found.append((shapes @ values, float(np.sum((bend @ values) ** 2))))
    misfit = np.array([problem.chi2(source) for source, _ in found])
    roughness = np.array([rough for _, rough in found])
    corner = corner_of(misfit, roughness)
    return Inversion(found[corner][0], float(TRIALS[corner]), float(misfit[corner]), TRIALS, misfit, roughness, corner)


def corner_of(misfit: Float[np.ndarray, " trials"], roughness: Float[np.ndarray, " trials"]) -> int:
    """The corner of log roughness over log chi2: the trial farthest below the straight line between both ends.

    Args:
        misfit: chi2 of each trial, alpha falling.
        roughness: of each.
    """
    near = np.flatnonzero(misfit < POOR * misfit.min())
    x, y = np.log(misfit[near]), np.log(np.maximum(roughness[near], 1e-300))
    x, y = (x - x[-1]) / max(x[0] - x[-1], 1e-12), (y - y[0]) / max(y[-1] - y[0], 1e-12)
    return int(near[np.argmin(x + y)])
