"""Large matrices are judged and whitened by a Cholesky factor, small ones by all their eigenvectors: both agree."""

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.num import correlations
from retrodict.num.correlations import extreme_eigenvalues, is_positive, is_surely_positive
from retrodict.problem import covariance as module
from retrodict.problem.covariance import Covariance

DISTANCE = np.abs(np.subtract.outer(np.arange(60), np.arange(60)))
CORRELATED = 0.9**DISTANCE
SINGULAR = np.ones((60, 60))
NEGATIVE = np.eye(60) - 0.1


@pytest.mark.parametrize("matrix", [CORRELATED, SINGULAR, NEGATIVE])
def test_what_is_surely_positive_has_positive_eigenvalues(matrix):
    assert is_surely_positive(matrix) == is_positive(np.linalg.eigvalsh(matrix))


def test_extreme_eigenvalues_of_a_large_matrix_are_found_without_all_others(monkeypatch):
    exact = np.linalg.eigvalsh(CORRELATED)
    monkeypatch.setattr(correlations, "LARGE", 10)
    assert_allclose(extreme_eigenvalues(CORRELATED), (exact[0], exact[-1]), rtol=0.01)
    value = np.linalg.eigvalsh(NEGATIVE)
    assert_allclose(extreme_eigenvalues(NEGATIVE), (value[0], value[-1]))


def test_a_large_covariance_is_whitened_as_a_small_one(monkeypatch):
    """The same density, chi2 and matrix, whichever root is taken."""
    matrix, deviation = CORRELATED * np.outer(1 + DISTANCE[0], 1 + DISTANCE[0]), jnp.sin(jnp.arange(60.0))
    modes = Covariance.full(matrix)
    monkeypatch.setattr(module, "LARGE", 10)
    factor = Covariance.full(matrix)
    assert not np.allclose(modes.whitener, factor.whitener)
    assert_allclose(factor.matrix(), matrix, rtol=1e-12)
    assert_allclose(np.sum(factor.whiten(deviation) ** 2), np.sum(modes.whiten(deviation) ** 2), rtol=1e-10)
    assert_allclose(factor.log_determinant, modes.log_determinant, rtol=1e-12)
    assert_allclose(factor.colour(factor.whiten(deviation)), deviation, rtol=1e-9, atol=1e-12)
    assert_allclose(factor.pointwise(factor.whiten(deviation)), modes.pointwise(modes.whiten(deviation)), rtol=1e-9)
