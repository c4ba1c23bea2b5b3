r"""Entropic regulators solved in data space.

Maximising $\alpha S[\rho] - \frac12|K\rho - d|^2$, whitened, over as many unknowns as there are frequencies has the
dual problem of minimising the convex $\Phi(u) = \frac\alpha2|u|^2 + \int\phi(m, \eta)\,d\mu - u\cdot d$,
$\eta = K^T u$, over as many unknowns as there are data. Its gradient vanishes where $\rho = \partial\phi/\partial\eta$
and $u = (d - K\rho)/\alpha$. So the exact optimum lies in the space that the rows of the kernel span, for any entropy,
and Newton's method with a few dozen unknowns finds it in milliseconds.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from retrodict.base.errors import NotFiniteError
from retrodict.base.types import Float
from retrodict.spectral.classical.problem import LinearProblem, Nodes, Rows

SINGULAR_CUT: Final = 1e-12  # relative to the largest singular value; modes below it are invisible in float64
STEPS_PER_DECADE: Final = 4
DECADES: Final = 16
TOLERANCE: Final = 1e-9  # of the residual, in standard deviations
MAX_NEWTON: Final = 200


class Entropy(NamedTuple):
    """S as an integral of `value(rho, m)` over a measure, and the derivatives of the conjugate phi with respect to eta.

    The measure matters where S is not linear in rho under a change of the grid: it is the number of independent values
    of rho per unit of frequency.
    """

    value: Callable[[Nodes, Nodes], Nodes]  # of rho and m: the integrand of S
    potential: Callable[[Nodes, Nodes], Nodes]  # phi(m, eta); infinite outside its domain
    density: Callable[[Nodes, Nodes], Nodes]  # rho = phi'
    slope: Callable[[Nodes], Nodes]  # phi'' as a function of rho: minus the inverse of S''


class DualProblem(NamedTuple):
    """A linear problem rotated to the singular space of its kernel."""

    operator: Float[np.ndarray, "modes nodes"]  # rho -> data in units of the noise
    kernel: Float[np.ndarray, "modes nodes"]  # the operator per measure
    data: Float[np.ndarray, " modes"]  # whitened and rotated
    measure: Nodes  # of the entropy, one weight a node
    default: Nodes  # the default model m
    points: int  # number of data before the rotation
    resolved: int  # number of modes in which the signal of the default model exceeds the noise
    chi2_outside: float  # of the components that no spectral function can reach


class Optimum(NamedTuple):
    """The optimum at one alpha."""

    alpha: float  # weight of the entropy
    dual: Float[np.ndarray, " modes"]  # u, the variables of the dual problem
    rho: Nodes  # the spectral function
    chi2: float  # of all data, whitened
    entropy: float  # S
    log_evidence: float  # of alpha, by Laplace's approximation with the prior d alpha / alpha


def singular_space(
    problem: LinearProblem, measure: Nodes, floor: float = 0.0, cut: float = SINGULAR_CUT
) -> DualProblem:
    """Rotate a problem to Bryan's search space: left singular vectors of the whitened kernel, metric of the default.

    Args:
        problem: the data with kernel, grid and default model.
        measure: weights of the entropy, shape `(nodes,)`.
        floor: below this |omega| rho is held at the default model.
        cut: singular values below this fraction of the largest are left out.
    """
    free = np.abs(problem.omega) >= floor
    scaled = problem.whitened_kernel * np.sqrt(problem.weight * problem.default) * free
    mean = problem.whitened_mean - problem.whitened_operator[:, ~free] @ problem.default[~free]
    left, value, _ = np.linalg.svd(scaled, full_matrices=False)
    rotation = left[:, value > cut * value[0]].T
    data = rotation @ mean
    outside = float(np.sum((mean - rotation.T @ data) ** 2))
    operator = rotation @ problem.whitened_operator * free
    return DualProblem(
        operator, operator / measure, data, measure, problem.default, len(mean), int(np.sum(value > 1)), outside
    )


def find_optimum(dual: DualProblem, entropy: Entropy, alpha: float, start: Rows) -> Optimum:
    """Minimise the dual at one alpha by Newton's method.

    Args:
        dual: the problem in its singular space.
        entropy: the regulator.
        alpha: its weight, > 0.
        start: first values of u, shape `(modes,)`; zero is the default model.

    Raises:
        NotFiniteError: if the iteration does not converge.
    """
    state = _evaluate(dual, entropy, alpha, start)
    for _ in range(MAX_NEWTON):
        hessian = alpha * np.eye(len(start)) + (dual.operator * entropy.slope(state.rho)) @ dual.kernel.T
        step = -cho_solve(cho_factor(hessian), state.gradient)
        decrement = float(-state.gradient @ step)
        if np.max(np.abs(state.gradient)) < TOLERANCE or decrement < 1e-20 * (1 + abs(state.value)):
            return _point(dual, entropy, alpha, state, hessian)
        state = _descend(dual, entropy, alpha, state, step, decrement)
    raise NotFiniteError("Newton's method for an entropic regulator did not converge", got=f"{alpha=:.3g}")


def solve_path(dual: DualProblem, entropy: Entropy) -> list[Optimum]:
    """Solve for a falling series of alpha, from one at which the data have no influence until chi2 no longer falls.

    Args:
        dual: the problem in its singular space.
        entropy: the regulator.

    Raises:
        NotFiniteError: if there is no solution even at the largest alpha.
    """
    curvature = (dual.operator * entropy.slope(dual.default)) @ dual.kernel.T
    top = 10.0 * float(np.linalg.eigvalsh(curvature)[-1])
    points, start = [], np.zeros(len(dual.data))
    for alpha in top * 10.0 ** -(np.arange(DECADES * STEPS_PER_DECADE) / STEPS_PER_DECADE):
        try:
            points.append(find_optimum(dual, entropy, float(alpha), start))
        except (NotFiniteError, np.linalg.LinAlgError):
            break  # float64 does not resolve so small an alpha
        start = points[-1].dual
        if _exhausted(points):
            break
    if not points:
        raise NotFiniteError(
            "an entropic regulator has no solution even at the largest alpha",
            why="the default model is far from the data, or grows where the kernel does",
            fix="another default model",
        )
    return points


def window_error(
    problem: LinearProblem, dual: DualProblem, entropy: Entropy, point: Optimum, relative_width: float = 0.1
) -> Nodes:
    r"""Gaussian error of rho averaged over $\omega(1 \pm$ `relative_width`$)$ at fixed alpha.

    At a single frequency the error of an entropic method is infinite in the continuum; that of averages is finite.
    Source: Jarrell, Gubernatis, Phys. Rept. 269 (1996) 133.

    Args:
        problem: the data with kernel, grid and default model.
        dual: the same in its singular space.
        entropy: the regulator.
        point: the optimum.
        relative_width: half the width of the window in units of its centre.
    """
    omega, slope = problem.omega, entropy.slope(point.rho) / point.alpha
    inside = (np.abs(omega - omega[:, None]) <= relative_width * np.abs(omega)).astype(float)
    width = problem.weight @ inside
    prior = (problem.weight**2 * slope / dual.measure) @ inside / width**2
    coupling = (dual.kernel * slope * problem.weight) @ inside / width
    gram = np.eye(len(dual.data)) + (dual.operator * slope) @ dual.kernel.T
    learnt = np.sum(coupling * cho_solve(cho_factor(gram), coupling), axis=0)
    return np.sqrt(np.maximum(prior - learnt, 0.0))


class _State(NamedTuple):
    u: Rows
    value: float
    gradient: Rows
    rho: Nodes


def _evaluate(dual: DualProblem, entropy: Entropy, alpha: float, u: Rows) -> _State:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        eta = u @ dual.kernel
        rho = entropy.density(dual.default, eta)
        potential = float(dual.measure @ entropy.potential(dual.default, eta))
        value = 0.5 * alpha * float(u @ u) + potential - float(u @ dual.data)
        gradient = alpha * u + dual.operator @ rho - dual.data
    return _State(u, value if np.isfinite(value) else np.inf, gradient, rho)


def _descend(dual: DualProblem, entropy: Entropy, alpha: float, state: _State, step: Rows, decrement: float) -> _State:
    """The longest of the steps 1, 1/2, 1/4 ... that decreases Phi enough, up to rounding."""
    rounding = 1e-13 * (abs(float(state.u @ dual.data)) + abs(state.value) + 1e-3 * decrement)
    for halvings in range(40):
        length = 0.5**halvings
        new = _evaluate(dual, entropy, alpha, state.u + length * step)
        if new.value <= state.value - 1e-4 * length * decrement + rounding:
            return new
    raise NotFiniteError("Newton's method for an entropic regulator cannot descend", got=f"{alpha=:.3g}")


def _point(
    dual: DualProblem, entropy: Entropy, alpha: float, state: _State, hessian: Float[np.ndarray, "modes modes"]
) -> Optimum:
    """chi2, S and the evidence of alpha in Laplace's approximation, with Jeffreys' prior d alpha/alpha."""
    chi2 = float(np.sum((dual.operator @ state.rho - dual.data) ** 2)) + dual.chi2_outside
    information = float(dual.measure @ entropy.value(state.rho, dual.default))
    log_determinant = float(np.linalg.slogdet(hessian)[1]) - len(state.u) * np.log(alpha)
    log_evidence = alpha * information - 0.5 * chi2 - 0.5 * log_determinant
    return Optimum(alpha, state.u, state.rho, chi2, information, log_evidence)


def _exhausted(points: list[Optimum]) -> bool:
    """Whether two decades of alpha changed chi2 by less than a hundredth."""
    ago = 2 * STEPS_PER_DECADE
    return len(points) > ago and points[-1 - ago].chi2 - points[-1].chi2 < 0.01
