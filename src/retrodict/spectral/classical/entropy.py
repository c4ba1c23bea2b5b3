"""The two entropic reconstructions: maximum entropy (MEM) and Burnier-Rothkopf (BR)."""

from typing import Final

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from retrodict.base.errors import NotFiniteError
from retrodict.spectral.classical.alpha import Rule, bryan, historic
from retrodict.spectral.classical.dual import MAX_NEWTON, DualProblem, Entropy, singular_space, solve_path, window_error
from retrodict.spectral.classical.problem import LinearProblem, Nodes, Reconstruction

FLOOR: Final = 1e-3  # in units of the scale of the problem: lower end of the search of maximum entropy


def _barrier(default: Nodes, eta: Nodes) -> Nodes:
    argument = 1 - default * eta
    return np.where(argument > 0, -np.log(np.where(argument > 0, argument, 1.0)), np.inf)


#: S = rho - m - rho ln(rho/m), in the measure d omega.
SHANNON_JAYNES: Final = Entropy(
    value=lambda rho, m: rho - m - rho * np.log(np.maximum(rho / m, np.finfo(float).tiny)),
    potential=lambda m, eta: m * np.expm1(eta),
    density=lambda m, eta: m * np.exp(eta),
    slope=lambda rho: rho,
)

#: S = 1 - rho/m + ln(rho/m).
BURNIER_ROTHKOPF: Final = Entropy(
    value=lambda rho, m: 1 - rho / m + np.log(rho / m),
    potential=_barrier,
    density=lambda m, eta: m / (1 - m * eta),
    slope=lambda rho: rho**2,
)


def maximum_entropy(problem: LinearProblem, rule: Rule = bryan, *, of_ratio: bool = False) -> Reconstruction:
    """Maximum entropy method (MEM): maximise alpha S - chi2/2 with the Shannon-Jaynes entropy, in the singular space.

    The error is that of averages over omega (1 +- .1) at the most probable alpha. rho/m is the exponential of the
    kernel: where that diverges at zero, as thermal kernels do, rho is held at the default model below a thousandth of
    the problem's scale.

    Args:
        problem: the data with kernel, grid and default model.
        rule: choice of alpha: `historic`, `classic`, `bryan` or `kink`.
        of_ratio: use the entropy of rho/omega instead of that of rho: low frequencies are less constrained, and alpha
            is in units of the problem's scale.

    Sources: Bryan, Eur. Biophys. J. 18 (1990) 165; Jarrell, Gubernatis, Phys. Rept. 269 (1996) 133; Asakawa, Hatsuda,
    Nakahara, Prog. Part. Nucl. Phys. 46 (2001) 459.
    """
    references = ("bryan1990", "jarrell1996", "asakawa2001")
    measure = problem.weight * (problem.scale / problem.omega) if of_ratio else problem.weight
    dual = singular_space(problem, measure, floor=_floor(problem))
    name = "maximum entropy" + (" of rho/omega" if of_ratio else "")
    return _reconstruction(problem, SHANNON_JAYNES, dual, rule, name, references)


def burnier_rothkopf(problem: LinearProblem, rule: Rule = historic) -> Reconstruction:
    r"""Burnier-Rothkopf method (BR): maximise alpha S - chi2/2 with $S = \int d\mu\,(1 - \rho/m + \ln\rho/m)$.

    The logarithm counts independent values of rho, so that the measure is part of the prior: here
    $d\mu = d\omega/(1 + \omega^2/s^2)$ with the scale s of the problem; with d omega alone rho oscillates at low
    frequency. Source: Burnier, Rothkopf, PRL 111, 182003 (2013).

    Args:
        problem: the data with kernel, grid and default model.
        rule: choice of alpha: `historic` (chi2 = N) or another; `bryan` marginalises alpha in Laplace's approximation.
    """
    measure = problem.weight / (1 + (problem.omega / problem.scale) ** 2)
    dual = singular_space(problem, measure)
    return _reconstruction(problem, BURNIER_ROTHKOPF, dual, rule, "Burnier-Rothkopf", ("burnier2013",))


def full_space_maximum(problem: LinearProblem, alpha: float, tolerance: float = 1e-10) -> Nodes:
    """Find the MEM solution at one alpha by Newton's method on ln rho at *all* frequencies: no singular space assumed.

    Slower than the dual search, with the same result: for tests.

    Args:
        problem: the data with kernel, grid and default model.
        alpha: weight of the entropy, > 0.
        tolerance: largest change of ln rho in the last step.

    Raises:
        NotFiniteError: if the iteration does not converge.
    """
    operator, weight, log_ratio = problem.whitened_operator, problem.weight, np.zeros(len(problem.omega))
    identity = np.eye(len(operator))
    for _ in range(5 * MAX_NEWTON):
        rho = problem.default * np.exp(log_ratio)
        gradient = alpha * weight * log_ratio + operator.T @ problem.residual(rho)
        metric = rho / (alpha * weight)
        scaled = operator * metric
        inner = cho_solve(cho_factor(identity + scaled @ operator.T), scaled @ gradient)
        step = -(metric * gradient - scaled.T @ inner) / rho
        log_ratio = log_ratio + step * min(1.0, 1.0 / max(np.max(np.abs(step)), 1e-300))
        if np.max(np.abs(step)) < tolerance:
            return problem.default * np.exp(log_ratio)
    raise NotFiniteError("the full search of maximum entropy did not converge", got=f"{alpha=:.3g}")


def _floor(problem: LinearProblem) -> float:
    """Lower end of the search: zero for a kernel that is regular there."""
    floor, distance = FLOOR * problem.scale, np.abs(problem.omega)
    nearest, at_floor = int(np.argmin(distance)), int(np.argmin(np.abs(distance - floor)))
    size = np.max(np.abs(problem.whitened_kernel), axis=0)
    return floor if size[nearest] > 2 * size[at_floor] else 0.0


def _reconstruction(
    problem: LinearProblem, entropy: Entropy, dual: DualProblem, rule: Rule, name: str, references: tuple[str, ...]
) -> Reconstruction:
    selection = rule(dual, entropy, solve_path(dual, entropy))
    return Reconstruction(
        name=f"{name}, {selection.how}",
        omega=problem.omega,
        rho=selection.rho,
        error=window_error(problem, dual, entropy, selection.point),
        chi2=problem.chi2(selection.rho),
        regulator=selection.regulator,
        description=f"{name}, alpha: {selection.how}; error of averages over a tenth of omega at fixed alpha",
        references=references,
    )
