"""Singular values, effective rank and shrinkage of a linear problem against linear algebra."""

import jax.numpy as jnp
import numpy as np
from numpy.testing import assert_allclose

from retrodict.inference.compare import fit_quality
from retrodict.inference.identifiability import identifiability, shrinkage
from tests.inference.exact import linear_problem


def test_singular_values_are_those_of_the_whitened_operator():
    problem = linear_problem(error=0.5)
    whitened = np.asarray(problem.forward.operator) / 0.5
    found = identifiability(problem, jnp.zeros(4))
    expected = np.linalg.svd(whitened, compute_uv=False)
    assert_allclose(found.singular_values, expected, atol=1e-12)
    assert_allclose(found.effective_rank, np.sum(expected**2 / (1 + expected**2)), rtol=1e-12)


def test_the_latent_that_no_datum_sees_spans_the_null_space():
    null = identifiability(linear_problem(error=0.1), jnp.ones(4)).null_space
    assert_allclose(np.abs(null), [[0, 0, 0, 1]], atol=1e-12)


def test_more_latents_than_data_leave_singular_values_of_zero():
    found = identifiability(linear_problem(latents=9, points=3), jnp.zeros(9))
    assert found.singular_values.shape == (9,)
    assert np.all(found.singular_values[3:] == 0)
    assert len(found.null_space) >= 6


def test_shrinkage_is_one_minus_the_ratio_of_widths():
    rng = np.random.default_rng(0)
    prior = rng.standard_normal((40_000, 2))
    posterior = prior * np.array([0.3, 1.0])
    weights = np.full(40_000, 1 / 40_000)
    assert_allclose(shrinkage(posterior, weights, prior, weights), [0.7, 0.0], atol=1e-12)
    assert np.isnan(shrinkage(posterior, weights, np.ones((40_000, 2)), weights)).all()


def test_chi2_at_the_mode_has_pulls_minus_effective_rank_as_its_expectation():
    """Prior-drawn linear problems, exactly: E chi2 = sum 1 / (1 + s^2); the formula behind `dof`."""
    rng = np.random.default_rng(1)
    jacobian = rng.standard_normal((6, 4)) * 2
    truth, noise = rng.standard_normal((20_000, 4)), rng.standard_normal((20_000, 6))
    data = truth @ jacobian.T + noise
    mode = data @ jacobian @ np.linalg.inv(np.eye(4) + jacobian.T @ jacobian)
    chi2 = np.sum((data - mode @ jacobian.T) ** 2, axis=1)
    square = np.linalg.svd(jacobian, compute_uv=False) ** 2
    dof = fit_quality(np.zeros(6), float(np.sum(square / (1 + square))))["dof"]
    assert_allclose(chi2.mean(), dof, atol=4 * chi2.std() / np.sqrt(len(chi2)))
