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
from retrodict.spectral.classical.problem import LinearProblem, Nodes, Reconstruction, Rows

NEGLIGIBLE: Final = 1e-13  # of the largest response: nodes below it have no influence on any datum


class Hyperparameters(NamedTuple):
    """Hyper-parameters of the prior of f."""

    amplitude: float  # standard deviation a of f
    length: float  # correlation length l in arsinh(omega/scale)


START: Final = Hyperparameters(1.0, 0.5)


class Constraint(NamedTuple):
    """An exact linear constraint, row . rho = value: a total weight, or a derivative at a frequency."""

    row: Nodes  # coefficients, the weights of the grid included
    value: float  # of the linear functional


class GaussianPosterior(NamedTuple):
    """The posterior of rho on the nodes."""

    mean: Nodes  # of rho
    sd: Nodes  # pointwise standard deviation
    log_evidence: float  # log marginal likelihood of the whitened data


def total_weight(problem: LinearProblem, value: float, power: float = 0.0) -> Constraint:
    """Constrain the integral of omega^power rho over all frequencies; the default model must make it converge.

    Args:
        problem: the data with kernel, grid and default model.
        value: of the integral.
        power: of omega in the integrand.
    """
    return Constraint(problem.weight * problem.omega**power, value)


def derivative(problem: LinearProblem, omega: float, value: float) -> Constraint:
    """Constrain d rho/d omega at one frequency, by the difference of the two nodes around it.

    Args:
        problem: the data with kernel, grid and default model.
        omega: the frequency.
        value: of the derivative.
    """
    right = int(np.clip(np.searchsorted(problem.omega, omega), 1, len(problem.omega) - 1))
    row = np.zeros(len(problem.omega))
    row[[right - 1, right]] = np.array([-1.0, 1.0]) / (problem.omega[right] - problem.omega[right - 1])
    return Constraint(row, value)


def prior_covariance(problem: LinearProblem, hyperparameters: Hyperparameters) -> Float[np.ndarray, "nodes nodes"]:
    """Prior covariance of rho on the nodes.

    Args:
        problem: the data with kernel, grid and default model.
        hyperparameters: amplitude and correlation length.
    """
    x = np.arcsinh(problem.omega / problem.scale)
    correlation = np.exp(-0.5 * ((x[:, None] - x) / hyperparameters.length) ** 2)
    scale = hyperparameters.amplitude * problem.default
    return scale[:, None] * correlation * scale


def posterior(
    problem: LinearProblem, hyperparameters: Hyperparameters, constraints: tuple[Constraint, ...] = ()
) -> GaussianPosterior:
    """Condition the prior on the constraints, which have no noise, and then on the data: exact.

    Args:
        problem: the data with kernel, grid and default model.
        hyperparameters: amplitude and correlation length.
        constraints: exact linear constraints.
    """
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
    """Fit the hyper-parameters by the greatest marginal likelihood (ML-II, empirical Bayes).

    A point estimate, which neglects their uncertainty: with few data the error bands made with it are far too narrow.

    Args:
        problem: the data with kernel, grid and default model.
        start: first values of the search.
    """
    scaled = problem.whitened_operator * problem.default
    response = np.max(np.abs(scaled), axis=0)
    relevant = response > NEGLIGIBLE * np.max(response)
    scaled, x = scaled[:, relevant], np.arcsinh(problem.omega[relevant] / problem.scale)
    square = (x[:, None] - x) ** 2
    misfit, identity = problem.whitened_mean - np.sum(scaled, axis=1), np.eye(len(scaled))

    def loss(logs: Float[np.ndarray, "2"]) -> float:
        amplitude, length = np.exp(np.clip(logs, -6.0, 6.0))
        gram = amplitude**2 * (scaled @ np.exp(square * (-0.5 / length**2)) @ scaled.T)
        return -_log_evidence(cho_factor(gram + identity)[0], misfit)

    result = minimize(loss, np.log(start), method="Nelder-Mead", options={"xatol": 0.02, "fatol": 0.02, "maxfev": 120})
    return Hyperparameters(*np.exp(np.clip(result.x, -6.0, 6.0)).tolist())


def gaussian_process(
    problem: LinearProblem,
    hyperparameters: Hyperparameters | None = None,
    constraints: tuple[Constraint, ...] = (),
) -> Reconstruction:
    """Reconstruct rho by the mean and standard deviation of a Gaussian-process posterior.

    Args:
        problem: the data with kernel, grid and default model.
        hyperparameters: amplitude and correlation length; None fits them by marginal likelihood (ML-II).
        constraints: exact linear constraints.
    """
    chosen = maximise_marginal_likelihood(problem) if hyperparameters is None else hyperparameters
    fit = posterior(problem, chosen, constraints)
    how = "given" if hyperparameters else "of greatest marginal likelihood (ML-II: over-confident)"
    return Reconstruction(
        name="Gaussian process" + ("" if hyperparameters else ", ML-II"),
        omega=problem.omega,
        rho=fit.mean,
        error=fit.sd,
        chi2=problem.chi2(fit.mean),
        regulator=1 / chosen.amplitude**2,
        description=f"linear Gaussian process, amplitude {chosen.amplitude:.3g} and length {chosen.length:.3g} {how}",
        references=("rasmussen2006",),
    )


def _log_evidence(cholesky: Float[np.ndarray, "rank rank"], misfit: Rows) -> float:
    """Log marginal likelihood of whitened data, up to the determinant of the whitening; lower or upper factor."""
    quadratic = float(misfit @ cho_solve((cholesky, False), misfit))
    return -0.5 * quadratic - float(np.sum(np.log(np.diag(cholesky)))) - 0.5 * len(misfit) * np.log(2 * np.pi)
