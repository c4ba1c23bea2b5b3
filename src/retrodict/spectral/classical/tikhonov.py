r"""Tikhonov: the smallest $\chi^2 + \alpha\int (\rho^{(k)})^2 d\omega$ over the window, k = 0 or 1, with or without
rho >= 0.

rho is piecewise linear between knots at equal steps of arsinh(omega/scale), zero at the lower end of the window, and
falls like the default model beyond it. Each solution is computed in data space. Positivity is imposed by a primal-dual
active set whose optimality (Karush, Kuhn, Tucker) is checked; if it does not converge, the algorithm of Lawson and
Hanson is used.

Sources: Tikhonov, Soviet Math. Dokl. 4 (1963) 1035; Hintermueller, Ito, Kunisch, SIAM J. Optim. 13 (2002) 865; Lawson,
Hanson, Solving Least Squares Problems (1974).
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from scipy.linalg import solveh_banded
from scipy.optimize import nnls

from retrodict.base.errors import NotFiniteError
from retrodict.base.types import Bool, Float
from retrodict.spectral.classical.alpha import log_root
from retrodict.spectral.classical.problem import LinearProblem, Reconstruction

KNOTS: Final = 400
ACTIVE_SET_STEPS: Final = 60
MAX_CHI2_PER_DATUM: Final = 100.0  # chi2 per datum above which a solution is no candidate for the L-curve's corner

Knots = Float[np.ndarray, " knots"]
Free = Bool[np.ndarray, " knots"]  # whether rho is free, not held at zero


class Discrete(NamedTuple):
    """The problem on the knots of the window: `|operator x - data|^2 + alpha x.L x`."""

    operator: Float[np.ndarray, "rank knots"]  # values at the knots -> whitened data
    data: Float[np.ndarray, " rank"]  # whitened
    diagonal: Knots  # of L
    off_diagonal: Float[np.ndarray, " gaps"]  # of L, which is tridiagonal
    to_nodes: Float[np.ndarray, "nodes knots"]  # values at the knots -> rho on the frequency grid


class Solution(NamedTuple):
    """The minimum at one alpha."""

    alpha: float  # weight of the penalty
    values: Knots  # x: rho at the knots
    chi2: float  # of the whitened data
    roughness: float  # x.L x
    degrees: float  # effective number of parameters: the trace of the influence matrix
    error: Knots  # standard deviation by propagation of the noise, at fixed alpha and active set


Solver = Callable[[float], Solution]
Choice = Callable[[Solver, Float[np.ndarray, " trials"], int], Solution]


def tikhonov(
    problem: LinearProblem, *, order: int = 1, positive: bool = True, choice: Choice | None = None
) -> Reconstruction:
    """Reconstruct rho by Tikhonov regularisation.

    Args:
        problem: the data with kernel, grid and default model.
        order: of the derivative of rho in the penalty, 0 or 1.
        positive: impose rho >= 0.
        choice: of alpha: `discrepancy` (chi2 = N, the default), `cross_validation` or `l_curve`.
    """
    discrete = discretise(problem, order)
    _, _, spectrum = _restricted(discrete, 1.0, np.ones(KNOTS, dtype=bool))
    trials = spectrum[-1] * 10.0 ** np.arange(1.0, -13.1, -0.5)

    def solver(alpha: float) -> Solution:
        return solve(discrete, alpha, positive)

    choice = choice or discrepancy
    solution = choice(solver, trials, len(discrete.data))
    rho = discrete.to_nodes @ solution.values
    rule = choice.__name__.replace("_", " ")
    kind = f"Tikhonov, order {order}{', positive' if positive else ''}, {rule}"
    return Reconstruction(
        name=kind,
        omega=problem.omega,
        rho=rho,
        error=discrete.to_nodes @ solution.error,
        chi2=problem.chi2(rho),
        regulator=solution.alpha,
        description=f"{kind}; error: the noise carried through at fixed alpha, without bias",
        references=("tikhonov1963", "lawson1974") if positive else ("tikhonov1963",),
    )


def discretise(problem: LinearProblem, order: int) -> Discrete:
    """Discretise with piecewise linear rho on `KNOTS` knots, the first one step above the lower end of the window.

    Args:
        problem: the data with kernel, grid and default model.
        order: of the derivative of rho in the penalty, 0 or 1.
    """
    low, high = problem.window
    first, last = np.arcsinh(low / problem.scale), np.arcsinh(high / problem.scale)
    knots = problem.scale * np.sinh(np.linspace(first, last, KNOTS + 1))
    left = np.clip(np.searchsorted(knots, problem.omega) - 2, -1, KNOTS - 2)
    right_share = np.clip((problem.omega - knots[left + 1]) / (knots[left + 2] - knots[left + 1]), 0.0, 1.0)
    tail = np.where(problem.omega > high, problem.default / np.interp(high, problem.omega, problem.default), 1.0)
    to_nodes, rows = np.zeros((len(problem.omega), KNOTS)), np.arange(len(problem.omega))
    to_nodes[rows, left + 1] += np.where(problem.omega >= low, tail * right_share, 0.0)
    inner = left >= 0
    to_nodes[rows[inner], left[inner]] += (tail * (1 - right_share))[inner]
    return Discrete(
        problem.whitened_operator @ to_nodes, problem.whitened_mean, *_roughness(np.diff(knots), order), to_nodes
    )


def _roughness(steps: Knots, order: int) -> tuple[Knots, Float[np.ndarray, " gaps"]]:
    """L: the integral of rho'^2 is exact for a piecewise linear rho; that of rho^2 is lumped at the knots."""
    if order == 0:
        return 0.5 * (steps + np.append(steps[1:], 0.0)), np.zeros(len(steps) - 1)
    return 1 / steps + np.append(1 / steps[1:], 0.0), -1 / steps[1:]


def solve(discrete: Discrete, alpha: float, positive: bool) -> Solution:
    """Minimise at one alpha; positive solutions are exact to rounding.

    Args:
        discrete: the problem on the knots.
        alpha: weight of the penalty, > 0.
        positive: impose rho >= 0.

    Raises:
        NotFiniteError: if the positive solution does not converge.
    """
    free = np.ones(KNOTS, dtype=bool)
    values = _restricted(discrete, alpha, free)[0]
    if positive:
        values, free = _positive(discrete, alpha, values)
    if not np.any(free):
        return Solution(alpha, values, float(discrete.data @ discrete.data), 0.0, 0.0, np.zeros(KNOTS))
    _, smoother, spectrum = _restricted(discrete, alpha, free)
    degrees = float(np.sum(spectrum / (spectrum + alpha)))
    error = np.zeros(KNOTS)
    error[free] = np.sqrt(np.sum(smoother**2, axis=1))
    chi2 = float(np.sum((discrete.operator @ values - discrete.data) ** 2))
    return Solution(alpha, values, chi2, float(values @ apply_penalty(discrete, values)), degrees, error)


def apply_penalty(discrete: Discrete, values: Knots) -> Knots:
    """L x.

    Args:
        discrete: the problem on the knots.
        values: x, shape `(knots,)`.
    """
    result = discrete.diagonal * values
    result[1:] += discrete.off_diagonal * values[:-1]
    result[:-1] += discrete.off_diagonal * values[1:]
    return result


def gradient(discrete: Discrete, alpha: float, values: Knots) -> Knots:
    """Half the gradient of the objective: at a positive minimum zero where rho > 0, not negative where rho = 0.

    Args:
        discrete: the problem on the knots.
        alpha: weight of the penalty.
        values: rho at the knots, shape `(knots,)`.
    """
    return discrete.operator.T @ (discrete.operator @ values - discrete.data) + alpha * apply_penalty(discrete, values)


def discrepancy(solver: Solver, trials: Float[np.ndarray, " trials"], points: int) -> Solution:
    """Morozov's discrepancy principle (1966): chi2 = number of data.

    If no alpha reaches that, the least chi2 plus its effective number of parameters.

    Args:
        solver: gives the solution at any alpha.
        trials: falling values of alpha, shape `(trials,)`.
        points: number of data.
    """
    solutions = [solver(alpha) for alpha in trials.tolist()]
    best = min(solutions, key=lambda solution: solution.chi2)
    target = float(points) if best.chi2 < points else best.chi2 + best.degrees
    first = next(k for k, solution in enumerate(solutions) if solution.chi2 < target)
    if first == 0:
        return solutions[0]
    low, high = solutions[first].alpha, solutions[first - 1].alpha
    return solver(log_root(lambda alpha: solver(alpha).chi2 - target, low, high))


def cross_validation(solver: Solver, trials: Float[np.ndarray, " trials"], points: int) -> Solution:
    """Generalised cross-validation. Source: Golub, Heath, Wahba, Technometrics 21 (1979) 215.

    Args:
        solver: gives the solution at any alpha.
        trials: falling values of alpha, shape `(trials,)`.
        points: number of data.
    """
    return min((solver(float(alpha)) for alpha in trials), key=lambda s: s.chi2 / (points - s.degrees) ** 2)


def l_curve(solver: Solver, trials: Float[np.ndarray, " trials"], points: int) -> Solution:
    """The corner of log roughness over log chi2. Source: Hansen, SIAM Review 34 (1992) 561.

    Corners at which the fit to the data is poor are excluded.

    Args:
        solver: gives the solution at any alpha.
        trials: falling values of alpha, shape `(trials,)`.
        points: number of data.
    """
    solutions = [s for s in map(solver, trials.tolist()) if s.roughness > 0]
    limit = MAX_CHI2_PER_DATUM * max(points, min(s.chi2 for s in solutions))
    solutions = [s for s in solutions if s.chi2 < limit]
    x, y = np.log([s.chi2 for s in solutions]), np.log([s.roughness for s in solutions])
    dx, dy = np.gradient(x), np.gradient(y)
    bend = (dx * np.gradient(dy) - dy * np.gradient(dx)) / (dx**2 + dy**2 + 1e-12) ** 1.5
    return solutions[int(np.argmin(bend[2:-2])) + 2]  # a right turn, from falling chi2 to rising roughness


def _restricted(
    discrete: Discrete, alpha: float, free: Free
) -> tuple[Knots, Float[np.ndarray, "free rank"], Float[np.ndarray, " rank"]]:
    """The minimum over the free knots, the matrix that makes it from data, and the eigenvalues of A L^-1 A^T."""
    rows = discrete.operator[:, free]
    coupled = np.append(np.where(free[:-1] & free[1:], discrete.off_diagonal, 0.0), 0.0)[free]
    banded = np.stack([discrete.diagonal[free], coupled])
    single = banded.shape[1] == 1  # scipy's tridiagonal solver needs two unknowns
    spread = rows.T / banded[0] if single else solveh_banded(banded, rows.T, lower=True)
    spectrum, modes = np.linalg.eigh(rows @ spread)
    spectrum = np.maximum(spectrum, 0.0)
    smoother = (spread @ modes) / (spectrum + alpha) @ modes.T
    values = np.zeros(KNOTS)
    values[free] = smoother @ discrete.data
    return values, smoother, spectrum


def _positive(discrete: Discrete, alpha: float, values: Knots) -> tuple[Knots, Free]:
    """The positive minimum and its free knots."""
    free = values > 0
    curvature = np.sum(discrete.operator**2, axis=0) + alpha * discrete.diagonal
    for _ in range(ACTIVE_SET_STEPS):
        values = _restricted(discrete, alpha, free)[0] if np.any(free) else np.zeros(KNOTS)
        slope = gradient(discrete, alpha, values)
        update = np.where(free, values > 0, slope < -1e-9 * curvature * max(float(np.max(values)), 1e-300))
        if np.array_equal(update, free):
            return values, free
        free = update
    return _lawson_hanson(discrete, alpha)


def _lawson_hanson(discrete: Discrete, alpha: float) -> tuple[Knots, Free]:
    """The positive minimum by non-negative least squares."""
    penalty_matrix = np.diag(discrete.diagonal) + np.diag(discrete.off_diagonal, 1) + np.diag(discrete.off_diagonal, -1)
    root = np.linalg.cholesky(penalty_matrix).T
    stacked = np.concatenate([discrete.operator, np.sqrt(alpha) * root])
    try:
        values, _ = nnls(stacked, np.concatenate([discrete.data, np.zeros(KNOTS)]), maxiter=50 * KNOTS)
    except RuntimeError as error:
        raise NotFiniteError("positive Tikhonov did not converge", got=f"{alpha=:.3g}", why=str(error)) from error
    return values, values > 0
