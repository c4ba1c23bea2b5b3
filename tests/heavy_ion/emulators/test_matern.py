"""The marginal likelihood of a Gaussian process, its gradient, and what it says without a point."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from retrodict.heavy_ion.calibration.emulators.matern import (
    conditioned,
    fit,
    matern,
    negative_log_posterior,
    prior_of_lengths,
)

RNG = np.random.default_rng(3)
Z = RNG.normal(size=(40, 3))
Y = np.sin(Z[:, 0]) + 0.3 * Z[:, 1] * Z[:, 2] + 0.05 * RNG.normal(size=40) + 0.7
LENGTHS, NOISE = np.array([1.3, 2.1, 0.8]), 0.03


def dense_kernel(a, b, lengths):
    """Matern-5/2, by loops over the definition."""
    r = np.array([[np.sqrt(5 * sum(((p - q) / lengths) ** 2)) for q in b] for p in a])
    return (1 + r + r**2 / 3) * np.exp(-r)


def best(y, kernel):
    """Constant and amplitude of largest likelihood, by solving."""
    ones = np.ones(len(y))
    constant = ones @ np.linalg.solve(kernel, y) / (ones @ np.linalg.solve(kernel, ones))
    return constant, (y - constant) @ np.linalg.solve(kernel, y - constant) / len(y)


def test_likelihood_is_that_of_a_normal_distribution_at_its_best_constant_and_amplitude():
    def reference(theta):
        kernel = dense_kernel(Z, Z, np.exp(theta[:-1])) + np.exp(theta[-1]) * np.eye(len(Y))
        constant, amplitude = best(Y, kernel)
        return -multivariate_normal.logpdf(Y, np.full(len(Y), constant), amplitude * kernel)

    here, there = np.log([*LENGTHS, NOISE]), np.log([2.0, 0.9, 1.4, 0.2])
    difference = negative_log_posterior(there, Z, Y)[0] - negative_log_posterior(here, Z, Y)[0]
    prior = 0.5 * sum(np.sum((t[:-1] - np.log(0.75 * np.sqrt(3))) ** 2) * s for t, s in ((there, 1), (here, -1)))
    assert difference == pytest.approx(reference(there) - reference(here) + prior, rel=1e-10)


@pytest.mark.parametrize("theta", [np.log([1.3, 2.1, 0.8, 0.03]), np.log([0.4, 5.0, 1.0, 1e-3])])
def test_gradient_in_closed_form_is_that_of_finite_differences(theta):
    gradient = negative_log_posterior(theta, Z, Y)[1]
    for k in range(4):
        step = 1e-5 * np.eye(4)[k]
        up, down = (negative_log_posterior(theta + s * step, Z, Y)[0] for s in (1, -1))
        assert gradient[k] == pytest.approx((up - down) / 2e-5, rel=1e-6, abs=1e-6)


def test_fit_ends_where_the_gradient_vanishes():
    process = fit(Z, Y)
    theta = np.log([*process.lengths, process.noise])
    assert np.max(np.abs(negative_log_posterior(theta, Z, Y)[1])) < 0.05
    assert prior_of_lengths(8) == pytest.approx(np.log(0.75 * np.sqrt(8)))


def test_left_out_residuals_are_those_of_explicit_refits():
    """Each point is removed, the others solved anew with the same hyper-parameters."""
    process = conditioned(Z, Y, LENGTHS, NOISE)
    constant, amplitude = best(Y, dense_kernel(Z, Z, LENGTHS) + NOISE * np.eye(len(Y)))
    assert (process.constant, process.amplitude) == pytest.approx((constant, amplitude), rel=1e-10)
    for i in (0, 17, 39):
        keep = np.arange(len(Y)) != i
        kernel = dense_kernel(Z[keep], Z[keep], LENGTHS) + NOISE * np.eye(keep.sum())
        across = dense_kernel(Z[[i]], Z[keep], LENGTHS)[0]
        mean = constant + across @ np.linalg.solve(kernel, Y[keep] - constant)
        variance = amplitude * (1 + NOISE - across @ np.linalg.solve(kernel, across))
        assert process.residual[i] == pytest.approx(Y[i] - mean, rel=1e-8)
        assert process.variance[i] == pytest.approx(variance, rel=1e-8)


def test_kernel_falls_from_one_and_is_twice_differentiable_at_the_origin():
    step = 1e-4
    values = matern(np.array([0.0, step, 4 * step]))  # squared distances
    assert values[0] == 1
    assert (1 - values[1]) / step == pytest.approx(5 / 6, rel=1e-2)
    assert (1 - values[2]) / (1 - values[1]) == pytest.approx(4, rel=2e-2)
