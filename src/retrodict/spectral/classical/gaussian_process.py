r"""Linear Gaussian-process regression: a prior on rho, an exact posterior, no positivity.

$\rho = m\,(1 + f)$ with $f \sim GP(0, a^2 e^{-(x - x')^2/2l^2})$ in $x = \mathrm{arsinh}(\omega/s)$: as smooth in
$\omega$ below the scale s as in $\ln\omega$ above, and bounded by the default model where no data are.

Sources: Rasmussen, Williams, Gaussian Processes for Machine Learning (2006), section 2; Horak et al., PRD 105, 036014
(2022) (spectral functions).
"""

from typing import Final, NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from retrodict.base.types import Float
from retrodict.spectral.classical.problem import LinearProblem, Nodes, Reconstruction

NEGLIGIBLE: Final = 1e-13  # of the largest response: nodes below it have no influence on any datum


class Hyperparameters(NamedTuple):
    """Amplitude of f and its correlation length in arsinh(omega/scale)."""

    amplitude: float
    length: float


START: Final = Hyperparameters(1.0, 0.5)


class Constraint(NamedTuple):
    """Exact linear knowledge, row . rho = value: a total weight, or a derivative at a frequency."""

    row: Nodes
    value: float


class GaussianPosterior(NamedTuple):
    """Mean, pointwise standard deviation and log marginal likelihood."""

    mean: Nodes
    sd: Nodes
    log_evidence: float


def total_weight(problem: LinearProblem, value: float, power: float = 0.0) -> Constraint:
    """The integral of omega^power rho over all frequencies is `value`; the default model must make it converge."""
    return Constraint(problem.weight * problem.omega**power, value)


def derivative(problem: LinearProblem, omega: float, value: float) -> Constraint:
    """d rho/d omega at `omega` is `value`, by the difference of the two nodes around it."""
    right = int(np.clip(np.searchsorted(problem.omega, omega), 1, len(problem.omega) - 1))
    row = np.zeros(len(problem.omega))
    row[[right - 1, right]] = np.array([-1.0, 1.0]) / (problem.omega[right] - problem.omega[right - 1])
    return Constraint(row, value)


def prior_covariance(problem: LinearProblem, hyperparameters: Hyperparameters) -> Float[np.ndarray, "nodes nodes"]:
    """Covariance of rho on the nodes."""
    x = np.arcsinh(problem.omega / problem.scale)
    correlation = np.exp(-0.5 * ((x[:, None] - x) / hyperparameters.length) ** 2)
    scale = hyperparameters.amplitude * problem.default
    return scale[:, None] * correlation * scale


def posterior(
    problem: LinearProblem, hyperparameters: Hyperparameters, constraints: tuple[Constraint, ...] = ()
) -> GaussianPosterior:
    """The exact posterior: conditioned on the constraints first, without noise, then on the data."""
    mean, covariance = problem.default, prior_covariance(problem, hyperparameters)
    for row, value in constraints:
        response = covariance @ row
        variance = float(row @ response)
        mean = mean + response * (value - row @ mean) / variance
        covariance = covariance - np.outer(response, response) / variance
    operator = problem.whitened_operator
    response = operator @ covariance
    factor = cho_factor(response @ operator.T + np.eye(len(operator)))
    misfit = problem.whitened_mean - operator @ mean
    updated = mean + response.T @ cho_solve(factor, misfit)
    variance = np.diag(covariance) - np.sum(response * cho_solve(factor, response), axis=0)
    return GaussianPosterior(updated, np.sqrt(np.maximum(variance, 0.0)), _log_evidence(factor[0], misfit))


def maximise_marginal_likelihood(problem: LinearProblem, start: Hyperparameters = START) -> Hyperparameters:
    """The hyper-parameters of the greatest marginal likelihood (ML-II): a point where a distribution is due.

    With few data it takes a good fit for certainty; bands made with it were measured to be far too narrow.
    """
    scaled = problem.whitened_operator * problem.default
    response = np.max(np.abs(scaled), axis=0)
    seen = response > NEGLIGIBLE * np.max(response)
    scaled, x = scaled[:, seen], np.arcsinh(problem.omega[seen] / problem.scale)
    square = (x[:, None] - x) ** 2
    misfit, identity = problem.whitened_mean - np.sum(scaled, axis=1), np.eye(len(scaled))

    def loss(logs: np.ndarray) -> float:
        amplitude, length = np.exp(np.clip(logs, -6.0, 6.0))
        gram = amplitude**2 * (scaled @ np.exp(square * (-0.5 / length**2)) @ scaled.T)
        return -_log_evidence(cho_factor(gram + identity)[0], misfit)

    found = minimize(loss, np.log(start), method="Nelder-Mead", options={"xatol": 0.02, "fatol": 0.02, "maxfev": 120})
    return Hyperparameters(*np.exp(np.clip(found.x, -6.0, 6.0)).tolist())


def gaussian_process(
    problem: LinearProblem,
    hyperparameters: Hyperparameters | None = None,
    constraints: tuple[Constraint, ...] = (),
) -> Reconstruction:
    """The posterior mean and standard deviation; hyper-parameters by marginal likelihood (ML-II) unless given."""
    chosen = maximise_marginal_likelihood(problem) if hyperparameters is None else hyperparameters
    found = posterior(problem, chosen, constraints)
    how = "given" if hyperparameters else "of greatest marginal likelihood (ML-II: over-confident)"
    return Reconstruction(
        name="Gaussian process" + ("" if hyperparameters else ", ML-II"),
        omega=problem.omega,
        rho=found.mean,
        error=found.sd,
        chi2=problem.chi2(found.mean),
        regulator=1 / chosen.amplitude**2,
        description=f"linear Gaussian process, amplitude {chosen.amplitude:.3g} and length {chosen.length:.3g} {how}",
        references=("rasmussen2006",),
    )


def _log_evidence(cholesky: np.ndarray, misfit: np.ndarray) -> float:
    """Log marginal likelihood of whitened data, up to the determinant of the whitening; lower or upper factor."""
    quadratic = float(misfit @ cho_solve((cholesky, False), misfit))
    return -0.5 * quadratic - float(np.sum(np.log(np.diag(cholesky)))) - 0.5 * len(misfit) * np.log(2 * np.pi)
