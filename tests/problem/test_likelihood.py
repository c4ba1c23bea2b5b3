"""Likelihoods of counts and of robust errors against SciPy, and what is made of parts of predictions and products."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.problem.covariance import Covariance
from retrodict.problem.labelled import Labelled
from retrodict.problem.likelihood import Gaussian, Independent
from retrodict.problem.non_gaussian import Poisson, StudentT

positive = st.floats(1e-3, 1e4)
counts = st.integers(0, 10_000)
freedom = st.floats(0.5, 50.0)


@given(counts, positive)
@settings(max_examples=50, deadline=None)
def test_counts_have_the_normalised_poisson_probability(count, expected):
    found = Poisson([float(count)]).log_prob(jnp.array([expected]))
    # log p is a difference of numbers of the size of the count: rounding grows with it.
    assert_allclose(found, scipy.stats.poisson(expected).logpmf(count), rtol=1e-10, atol=1e-11 * (1 + count))


@given(st.floats(-1e3, 1e3), positive, freedom)
@settings(max_examples=50, deadline=None)
def test_robust_errors_have_the_normalised_density_of_student(deviation, error, nu):
    found = StudentT([1.0], [error], nu).log_prob(jnp.array([1.0 + deviation]))
    assert_allclose(found, scipy.stats.t(nu, loc=1.0 + deviation, scale=error).logpdf(1.0), rtol=1e-9, atol=1e-10)


def likelihoods():
    mean = jnp.array([1.0, 4.0, 0.0, 25.0])
    error = np.array([0.5, 1.0, 2.0, 0.1])
    return [Gaussian(mean, Covariance.diagonal(error)), Poisson(mean), StudentT(mean, error, 3.0)]


@pytest.mark.parametrize("likelihood", likelihoods(), ids=lambda likelihood: type(likelihood).__name__)
@pytest.mark.parametrize("distance", [0.0, 1e-9, 1e-4, 0.00999, 0.0101, 0.3, 10.0])
def test_the_residual_is_smooth_where_prediction_and_data_agree(likelihood, distance):
    """Slopes of the log-likelihood from the residual and from SciPy's formulas agree, and no slope is infinite."""
    prediction = likelihood.data * (1 + distance) + 0.01 * distance
    prediction = jnp.where(prediction == 0, 1.0, prediction)
    residual = likelihood.residual(prediction)
    assert_allclose(likelihood.log_prob(prediction), likelihood.log_peak - 0.5 * jnp.sum(residual**2), rtol=1e-14)
    jacobian = np.diag(jax.jacfwd(likelihood.residual)(prediction))
    assert np.all(jacobian > 0)
    step = 1e-5 * np.asarray(prediction)
    numeric = (likelihood.residual(prediction + step) - likelihood.residual(prediction - step)) / (2 * step)
    assert_allclose(jacobian, numeric, rtol=1e-5)


@pytest.mark.parametrize("likelihood", likelihoods(), ids=lambda likelihood: type(likelihood).__name__)
def test_an_impossible_prediction_leaves_residual_and_slope_finite(likelihood):
    prediction = jnp.array([-1.0, -1e9, 0.0, 1e9])
    assert np.all(np.isfinite(likelihood.residual(prediction)))
    assert np.all(np.isfinite(jax.jacfwd(likelihood.residual)(prediction)))


EXPECTED = jnp.array([0.3, 4.0, 60.0])


def mock_distribution(likelihood, cdf):
    """The p value of mock data of `likelihood` at EXPECTED under `cdf`, by randomised transforms in every point."""
    data = np.asarray(jax.vmap(lambda key: likelihood.sample(key, EXPECTED))(jr.split(jr.key(0), 6000)))
    low, high = cdf(data)
    place = low + np.random.default_rng(0).uniform(size=data.shape) * (high - low)
    return min(scipy.stats.kstest(column, "uniform").pvalue for column in place.T)


def test_mock_counts_are_poissonian_and_others_are_found():
    def poisson(rate):
        return lambda data: (scipy.stats.poisson(rate).cdf(data - 1), scipy.stats.poisson(rate).cdf(data))

    likelihood = Poisson(jnp.zeros(3))
    assert mock_distribution(likelihood, poisson(np.asarray(EXPECTED))) > 1e-3
    assert mock_distribution(likelihood, poisson(1.1 * np.asarray(EXPECTED))) < 1e-6  # the planted fault


def test_mock_robust_errors_follow_student_and_normal_ones_do_not():
    def student(nu):
        return lambda data: 2 * (scipy.stats.t(nu, np.asarray(EXPECTED), 0.5).cdf(data),)

    likelihood = StudentT(jnp.zeros(3), 0.5 * np.ones(3), 3.0)
    assert mock_distribution(likelihood, student(3.0)) > 1e-3
    assert mock_distribution(likelihood, student(1000.0)) < 1e-6  # the planted fault


@pytest.mark.parametrize("likelihood", [Poisson(jnp.zeros(3)), StudentT(jnp.zeros(3), np.ones(3), 3.0)])
def test_new_noise_is_added_about_the_data(likelihood):
    likelihood = likelihood.with_data(jnp.array([9.0, 100.0, 25.0]))
    drawn = np.asarray(jax.vmap(likelihood.resample)(jr.split(jr.key(1), 4000)))
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert np.all(np.abs(drawn.mean(axis=0) - likelihood.data) < 4 * error)


def test_pulls_of_robust_errors_are_standard_normal():
    likelihood = StudentT(jnp.zeros(1), np.ones(1), 2.5)
    data = jax.vmap(lambda key: likelihood.sample(key, jnp.zeros(1)))(jr.split(jr.key(2), 2000))
    pulls = np.asarray(jax.vmap(lambda d: likelihood.with_data(d).pulls(jnp.zeros(1)))(data))[:, 0]
    assert scipy.stats.kstest(pulls, "norm").pvalue > 1e-3
    assert scipy.stats.kstest(np.asarray(data)[:, 0], "norm").pvalue < 1e-6  # taken for normal, they are not


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Poisson([1.0, -2.0]), "count number 1"),
        (lambda: Poisson([1.5]), "count number 0"),
        (lambda: StudentT([1.0], [0.0], 3.0), "error number 0"),
        (lambda: StudentT([1.0], [1.0], 0.0), "degrees of freedom"),
        (lambda: Independent(), "without a term"),
        (lambda: Independent({"a/b": Poisson([1.0])}), "has a slash"),
        (lambda: Independent({"x": Poisson([1.0])}, x=Poisson([2.0])), "same name"),
        (lambda: Independent(x=Poisson([1.0])) + Independent(x=Poisson([1.0])), "same name"),
    ],
)
def test_bad_likelihoods_are_refused_in_words(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_likelihood_of_a_part_is_that_of_the_part():
    inner = StudentT([1.0, 2.0], [0.1, 0.2], 4.0)
    outer = inner.of(lambda prediction: prediction["mass"])
    prediction = {"mass": jnp.array([1.1, 1.9]), "radius": jnp.array([12.0])}
    assert_allclose(outer.log_prob(prediction), inner.log_prob(prediction["mass"]), rtol=1e-15)
    assert_allclose(outer.pulls(prediction), inner.pulls(prediction["mass"]))
    moved = outer.with_data(outer.sample(jr.key(0), prediction))
    assert_allclose(moved.data, inner.sample(jr.key(0), prediction["mass"]))
    assert_allclose(outer.resample(jr.key(1)), inner.resample(jr.key(1)))
    twice = inner.of(lambda part: 2 * part).of(lambda prediction: prediction["mass"])
    assert_allclose(twice.residual(prediction), inner.residual(2 * prediction["mass"]))
    for index in range(2):  # a default is no nuisance
        assert float(Poisson(2.0).of(lambda p, index=index: p[index]).log_prob(jnp.array([3.0, 4.0]))) < 0


def test_a_nuisance_that_no_posterior_has_is_refused_by_name():
    term = Poisson([3.0]).of(lambda prediction, nuisance: nuisance["scale"] * prediction)
    with pytest.raises(InputError, match="'scale'"):
        term.residual(jnp.ones(1))
    with pytest.raises(InputError, match="'scale'"):
        term.at({"shift": jnp.ones(())}).residual(jnp.ones(1))
    assert_allclose(term.at({"scale": jnp.asarray(3.0)}).residual(jnp.ones(1)), 0.0, atol=1e-15)


def test_products_have_names_through_sums_nests_and_parts():
    a, b, c = (Gaussian(jnp.array([value]), Covariance.diagonal(np.ones(1))) for value in (1.0, 2.0, 3.0))
    assert list((a + b + c).terms) == ["data_0", "data_1", "data_2"]
    assert list((a + (b + c)).terms) == ["data_0", "data_1", "data_2"]
    assert list((Independent(nicer=a) + b).terms) == ["nicer", "data_1"]
    nested = Independent(lab=Independent(left=a, right=b), sky=c)
    assert list(nested.terms) == ["lab.left", "lab.right", "sky"]
    parts = nested.of(lambda prediction: prediction["x"])
    assert list(parts.terms) == list(nested.terms)
    prediction = jnp.array([0.5])
    assert_allclose(parts.log_prob({"x": prediction}), (a + b + c).log_prob(prediction))
    assert list(nested.with_data(nested.data).terms) == list(nested.terms)
    assert [float(data[0]) for data in nested.data] == [1.0, 2.0, 3.0]


def test_labels_follow_through_parts():
    labelled = Labelled(Poisson([1.0, 2.0]), ("left", "right"))
    assert labelled.of(lambda prediction: prediction["counts"]).labels == ("left", "right")


@pytest.mark.parametrize("likelihood", likelihoods(), ids=lambda likelihood: type(likelihood).__name__)
def test_independent_data_add_up_one_by_one(likelihood):
    prediction = likelihood.data * 1.1 + 0.3
    both = Independent(a=likelihood, b=Labelled(likelihood, [f"datum {i}" for i in range(4)]).of(lambda p: p))
    assert likelihood.pointwise(prediction).shape == (4,)
    assert_allclose(jnp.sum(likelihood.pointwise(prediction)), likelihood.log_prob(prediction), rtol=1e-12)
    assert_allclose(both.pointwise(prediction), np.tile(likelihood.pointwise(prediction), 2))


def test_a_correlated_datum_is_judged_given_the_others():
    """log p(all) - log p(all but one), from SciPy's densities of four and of three data."""
    random = np.random.default_rng(0)
    factor = random.standard_normal((4, 4))
    matrix, data, prediction = factor @ factor.T + np.eye(4), random.standard_normal(4), np.zeros(4)
    found = Gaussian(jnp.asarray(data), Covariance.full(matrix)).pointwise(jnp.asarray(prediction))
    whole = scipy.stats.multivariate_normal(prediction, matrix).logpdf(data)
    for i in range(4):
        others = np.arange(4) != i
        rest = scipy.stats.multivariate_normal(prediction[others], matrix[np.ix_(others, others)]).logpdf(data[others])
        assert_allclose(found[i], whole - rest, rtol=1e-10)
