"""Compressed problems: the same likelihood as before, in the few directions that the prior can reach."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.problem.compression import compress
from retrodict.problem.covariance import Covariance
from retrodict.problem.likelihood import Gaussian

POINTS, UNKNOWNS = 30, 12


@pytest.fixture(scope="module")
def pieces():
    """An operator whose singular values fall by ten decades, correlated errors, data, and draws of the prior."""
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.standard_normal((n, UNKNOWNS)))[0] for n in (POINTS, UNKNOWNS))
    operator = jnp.asarray(left * np.logspace(2, -8, UNKNOWNS) @ right.T)
    root = rng.standard_normal((POINTS, POINTS))
    covariance = Covariance.full(0.1 * root @ root.T + np.eye(POINTS))
    draws = rng.standard_normal((200, UNKNOWNS))
    mean = operator @ draws[0] + covariance.sample(jr.key(1))
    return operator, mean, covariance, draws


def test_the_likelihood_is_that_of_all_points_to_the_square_of_what_was_called_invisible(pieces):
    operator, mean, covariance, draws = pieces
    forward, likelihood = compress(operator, mean, covariance, draws)
    assert likelihood.basis.shape[1] < 8
    for unknown in draws[:20]:
        prediction, valid = forward(jnp.asarray(unknown))
        exact = Gaussian(mean, covariance).log_prob(operator @ unknown)
        assert valid
        assert_allclose(likelihood.log_prob(prediction), exact, atol=0.1)
        assert_allclose(likelihood.points(prediction), operator @ unknown, atol=0.05)


def test_with_every_mode_kept_it_is_exact(pieces):
    operator, mean, covariance, draws = pieces
    forward, likelihood = compress(operator, mean, covariance, draws, invisible=0.0)
    for unknown in draws[:5]:
        exact = Gaussian(mean, covariance)
        prediction, _ = forward(jnp.asarray(unknown))
        assert_allclose(likelihood.log_prob(prediction), exact.log_prob(operator @ unknown), rtol=1e-10)
        assert_allclose(likelihood.pulls(prediction), exact.pulls(operator @ unknown), atol=1e-9)


def test_mock_data_have_the_covariance_of_the_errors(pieces):
    operator, mean, covariance, draws = pieces
    forward, likelihood = compress(operator, mean, covariance, draws)
    prediction, _ = forward(jnp.asarray(draws[3]))
    mocks = jax.vmap(lambda key: likelihood.sample(key, prediction))(jr.split(jr.key(2), 4000))
    white = np.asarray(jax.vmap(covariance.whiten)(mocks - likelihood.points(prediction)))
    assert_allclose(np.cov(white.T), np.eye(POINTS), atol=5 * np.sqrt(2 / 4000))
    chi2 = np.sum(white**2, axis=1)
    assert abs(chi2.mean() - POINTS) < 4 * np.sqrt(2 * POINTS / 4000)
    assert abs(np.sum((0.9 * white) ** 2, axis=1).mean() - POINTS) > 4 * np.sqrt(2 * POINTS / 4000)  # the twin


def test_other_data_keep_the_identity_of_residual_and_density(pieces):
    operator, mean, covariance, draws = pieces
    forward, likelihood = compress(operator, mean, covariance, draws, invisible=0.0)
    other = likelihood.with_data(mean + 1.0)
    prediction, _ = forward(jnp.asarray(draws[1]))
    assert_allclose(
        other.log_prob(prediction), Gaussian(mean + 1.0, covariance).log_prob(operator @ draws[1]), rtol=1e-10
    )
