"""The four modules of a posterior, on problems whose answers are known in closed form."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from retrodict.base.errors import InputError
from retrodict.problem.bounded import residual_of_bounded
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import LinearForward
from retrodict.problem.labelled import Labelled
from retrodict.problem.likelihood import Gaussian, Independent
from retrodict.problem.posterior import Posterior
from tests.problem.toys import Identity, exact_log_evidence, exact_posterior, linear_gaussian

CORRELATED = np.array([[1.0, 0.3, 0.1], [0.3, 2.0, -0.4], [0.1, -0.4, 0.5]])


@pytest.mark.parametrize(
    "covariance",
    [Covariance.full(CORRELATED), Covariance.diagonal(np.array([1.0, 0.2, 3.0])), Covariance.blocks([CORRELATED])],
)
def test_gaussian_log_likelihood_is_normalised_and_equals_peak_minus_half_residual_squared(covariance):
    mean, prediction = jnp.array([0.3, -1.0, 2.0]), jnp.array([0.1, 0.5, 1.0])
    likelihood = Gaussian(mean, covariance)
    reference = multivariate_normal(np.asarray(mean), np.asarray(covariance.matrix())).logpdf(np.asarray(prediction))
    assert_allclose(likelihood.log_prob(prediction), reference, rtol=1e-12)


def test_covariance_of_drawn_noise_is_the_covariance():
    noise = jax.vmap(Covariance.full(CORRELATED).sample)(jr.split(jr.key(1), 40_000))
    # The error of a sample covariance entry is sqrt((C_ii C_jj + C_ij^2) / N).
    error = np.sqrt((np.outer(np.diag(CORRELATED), np.diag(CORRELATED)) + CORRELATED**2) / 40_000)
    assert np.all(np.abs(np.cov(noise, rowvar=False) - CORRELATED) < 4 * error)


def test_an_eigenvalue_cut_only_widens_the_errors():
    nearly_singular = np.full((3, 3), 0.999999) + 1e-6 * np.eye(3)
    with_cut, without = Covariance.full(nearly_singular, svd_cut=1e-2), Covariance.full(nearly_singular)
    extra = with_cut.matrix() - without.matrix()
    assert np.linalg.eigvalsh(np.asarray(extra)).min() > -1e-12


def test_shrinkage_makes_fewer_samples_than_points_usable_and_keeps_the_variances():
    samples = np.random.default_rng(0).normal(size=(10, 30))
    covariance = Covariance.from_samples(samples)
    assert_allclose(np.diag(covariance.matrix()), samples.var(axis=0, ddof=1) / 10, rtol=1e-10)
    with pytest.raises(InputError, match="not positive definite"):
        Covariance.from_samples(samples, shrinkage=0.0)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3)), "square"),
        (np.array([[1.0, np.nan], [np.nan, 1.0]]), "NaN"),
        (np.array([[1.0, 0.2], [0.4, 1.0]]), "not symmetric"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "not positive definite"),
        (np.array([[-1.0, 0.0], [0.0, 1.0]]), "not positive"),
    ],
)
def test_a_bad_covariance_is_refused_in_words(matrix, message):
    with pytest.raises(InputError, match=message):
        Covariance.full(matrix)


def test_a_negative_error_is_refused_by_number():
    with pytest.raises(InputError, match="error number 1"):
        Covariance.diagonal(np.array([1.0, -2.0]))


def test_independent_likelihoods_add():
    first = Gaussian(jnp.array([1.0, 2.0]), Covariance.diagonal(np.array([0.5, 0.5])))
    second = Gaussian(jnp.array([0.0, 0.0]), Covariance.diagonal(np.array([2.0, 1.0])))
    prediction = jnp.array([0.7, 1.1])
    both = first + second + first
    assert len(both.terms) == 3
    assert_allclose(both.log_prob(prediction), 2 * first.log_prob(prediction) + second.log_prob(prediction))
    again = both.with_data(both.sample(jr.key(0), prediction))
    assert again.residual(prediction).shape == (6,)


def test_names_follow_the_pulls_through_sums_and_new_data():
    plain = Gaussian(jnp.array([1.0, 2.0]), Covariance.diagonal(np.array([0.5, 0.5])))
    named = Labelled(plain, ("tau = 0.1 fm", "tau = 0.2 fm"))
    prediction = jnp.array([0.7, 1.1])
    assert_allclose(named.log_prob(prediction), plain.log_prob(prediction), rtol=1e-15)
    assert (named + named).with_data((named.data, named.data)).labels == 2 * named.labels
    target = Posterior(Identity(2), LinearForward(jnp.eye(2)), Independent(near=named, far=plain))
    assert target.labels_by_term() == {"near": named.labels, "far": ("far[0]", "far[1]")}
    with pytest.raises(ValueError, match="1 labels for 2 pulls"):
        Labelled(plain, ("tau",)).pulls(prediction)


def test_the_residual_of_a_bounded_likelihood_gives_it_back_with_finite_slopes():
    log_prob = jnp.array([-3.0, -1e-3, 0.0])
    residual = residual_of_bounded(log_prob, 0.0)
    assert_allclose(-0.5 * residual**2, log_prob, atol=1e-15)
    slope = jax.vmap(jax.grad(lambda value: residual_of_bounded(value, 0.0)))(log_prob)
    assert np.all(np.isfinite(slope))


def test_log_density_integrates_to_the_evidence():
    """In a linear-Gaussian problem p(data) = p(data, z*) / p(z* | data) at any z*, here at the posterior mean."""
    target = linear_gaussian()
    mean, covariance = exact_posterior(target)
    log_posterior = multivariate_normal(np.asarray(mean), np.asarray(covariance)).logpdf(np.asarray(mean))
    assert_allclose(target.log_density(mean) - log_posterior, exact_log_evidence(target), rtol=1e-12)


def test_randomised_optima_of_a_linear_problem_are_exact_posterior_draws():
    target = linear_gaussian()
    mean, covariance = exact_posterior(target)

    def optimum(key):
        member = target.randomised(key)
        residual, jacobian = member.full_residual(jnp.zeros(3)), jax.jacfwd(member.full_residual)(jnp.zeros(3))
        return -jnp.linalg.solve(jacobian.T @ jacobian, jacobian.T @ residual)

    draws = np.asarray(jax.vmap(optimum)(jr.split(jr.key(0), 20_000)))
    assert np.all(np.abs(draws.mean(axis=0) - mean) < 4 * np.sqrt(np.diag(covariance) / len(draws)))
    variance_error = np.sqrt(2 / len(draws)) * np.diag(covariance)
    assert np.all(np.abs(draws.var(axis=0) - np.diag(covariance)) < 4 * variance_error)


def test_randomising_the_data_alone_underestimates_the_spread():
    """The planted fault of the test above: without noise on the prior mean the ensemble is too narrow."""
    target = linear_gaussian(error=2.0)
    _, covariance = exact_posterior(target)

    def optimum(key):
        member = target.randomised(key, prior=False)
        residual, jacobian = member.full_residual(jnp.zeros(3)), jax.jacfwd(member.full_residual)(jnp.zeros(3))
        return -jnp.linalg.solve(jacobian.T @ jacobian, jacobian.T @ residual)

    draws = np.asarray(jax.vmap(optimum)(jr.split(jr.key(0), 4000)))
    assert np.all(draws.var(axis=0) < np.diag(covariance) * (1 - 4 * np.sqrt(2 / len(draws))))


def test_mock_data_scatter_about_the_prediction_of_the_truth():
    target, truth = linear_gaussian(), jnp.array([0.5, -1.0, 2.0])
    mocks = eqx.filter_vmap(lambda key: target.simulated(key, truth).likelihood.data)(jr.split(jr.key(2), 5000))
    deviation = np.asarray(mocks.mean(axis=0) - target.forward.operator @ truth)
    assert np.all(np.abs(deviation) < 4 * 0.4 / np.sqrt(5000))


def test_one_forward_pass_tells_all_that_the_single_methods_tell():
    target, z = linear_gaussian(), jnp.array([0.5, -1.0, 2.0])
    evaluation = target.evaluate(z)
    assert_allclose(evaluation.log_likelihood, target.log_likelihood(z))
    assert_allclose(evaluation.residual, target.residual(z))
    assert_allclose(evaluation.derived["profile"], target.derived(z)["profile"])
    assert bool(evaluation.valid)


def test_where_the_physics_has_no_answer_the_density_is_zero_and_the_residual_stays_finite():
    class Refuses(type(linear_gaussian().forward)):
        def __call__(self, unknown):
            return self.operator @ unknown, jnp.asarray(False)

    base = linear_gaussian()
    target = eqx.tree_at(lambda t: t.forward, base, Refuses(base.forward.operator))
    z = jnp.zeros(3)
    assert target.log_density(z) == -jnp.inf
    assert np.all(np.isfinite(target.residual(z)))
