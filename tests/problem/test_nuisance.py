"""Nuisances: a latent with a prior is its analytic marginalisation, reported and used by every method."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from retrodict.base.errors import InputError
from retrodict.inference.ensemble import Ensemble
from retrodict.inference.importance import Importance
from retrodict.inference.infer import infer
from retrodict.inference.laplace import Laplace
from retrodict.inference.map import MAP
from retrodict.inference.nuts import NUTS
from retrodict.inference.validate import validate
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import LinearForward
from retrodict.problem.likelihood import Gaussian, Independent
from retrodict.problem.non_gaussian import Poisson
from retrodict.problem.nuisance import Nuisance
from retrodict.problem.posterior import Posterior
from retrodict.problem.prior import LogNormal, Normal, Uniform
from retrodict.problem.target import Quantity
from tests.inference.exact import Exact, Identity, exact_moments

X = np.array([-1.0, -0.4, 0.3, 0.8, 1.5])  # instrument a has the first three points, instrument b the others
LINE = np.stack([np.ones(5), X], axis=1)
REFERENCE = 2.0 + 0.7 * X  # the line at which a common scale is linearised
ERROR = np.array([0.3, 0.2, 0.3, 0.2, 0.4])
DATA = REFERENCE + np.array([0.2, -0.1, 0.3, 0.4, 0.1])
SPREAD = 0.2  # of the common scale
SCALE = Nuisance("scale", Normal(1.0, SPREAD), label="normalisation")
INSTRUMENTS = {"a": slice(0, 3), "b": slice(3, 5)}


def instrument(name, data, scaled):
    """Points of the straight line, times the common scale: y + (scale - 1) y_reference to first order."""
    points = INSTRUMENTS[name]
    likelihood = Gaussian(jnp.asarray(data), Covariance.diagonal(ERROR[points]))
    if not scaled:
        return likelihood.of(lambda line: line[points])
    return likelihood.of(lambda line, nuisance: line[points] + (nuisance["scale"] - 1) * REFERENCE[points])


def two_instruments(data=None, scaled=("a", "b")):
    data = tuple(DATA[points] for points in INSTRUMENTS.values()) if data is None else data
    terms = {name: instrument(name, part, name in scaled) for name, part in zip(INSTRUMENTS, data, strict=True)}
    return Posterior(
        Identity(2),
        LinearForward(jnp.asarray(LINE)),
        Independent(terms),
        derive=lambda unknown, line: {"offset": unknown[0], "slope": unknown[1]},
        quantities=(Quantity("offset"), Quantity("slope")),
        nuisances=(SCALE,),
    )


def marginalised():
    """The same with the scale integrated out: C = D + sigma^2 y y^T."""
    covariance = np.diag(ERROR**2) + SPREAD**2 * np.outer(REFERENCE, REFERENCE)
    likelihood = Gaussian(jnp.asarray(DATA), Covariance.full(covariance))
    return Posterior(Identity(2), LinearForward(jnp.asarray(LINE)), likelihood)


def posterior_of(target):
    moments = exact_moments(target)
    return np.asarray(moments.mean), np.asarray(moments.root @ moments.root.T)


def log_evidence(target):
    mean, covariance = posterior_of(target)
    return float(target.log_density(jnp.asarray(mean))) - multivariate_normal(mean, covariance).logpdf(mean)


def test_a_nuisance_latent_is_its_analytic_marginalisation():
    (mean, covariance), (exact_mean, exact_covariance) = map(posterior_of, (two_instruments(), marginalised()))
    assert_allclose(mean[:2], exact_mean, rtol=1e-10)
    assert_allclose(covariance[:2, :2], exact_covariance, rtol=1e-10)
    assert_allclose(log_evidence(two_instruments()), log_evidence(marginalised()), rtol=1e-10)


def test_a_nuisance_left_out_of_one_instrument_is_another_answer():
    """The planted fault of the test above."""
    mean, covariance = posterior_of(two_instruments(scaled=("a",)))
    exact_mean, exact_covariance = posterior_of(marginalised())
    assert np.abs(mean[:2] - exact_mean).max() > 0.1
    assert np.diag(covariance)[0] < 0.9 * exact_covariance[0, 0]


class OneForgotten(Exact):
    """Takes instrument b for one without the common scale."""

    def init(self, target, key):
        return exact_moments(two_instruments(target.likelihood.data, scaled=("a",)))


def test_intervals_cover_with_the_nuisance_and_not_if_one_instrument_forgets_it():
    calibrated = validate(two_instruments(), Exact(steps=25), data_sets=1000, batch=250)
    assert calibrated.verdict.status == "OK", str(calibrated)
    assert {test.quantity for test in calibrated.tests} == {"offset", "slope", "scale"}
    assert validate(two_instruments(), OneForgotten(steps=25), data_sets=1000, batch=250).verdict.status == "FAIL"


def test_one_bank_of_prior_draws_answers_data_with_nuisances():
    found = validate(two_instruments(), Importance(draws=4000), data_sets=300)
    assert found.verdict.status == "OK", str(found)


METHODS = [
    MAP(starts=2, steps=20),
    Laplace(draws=2000, steps=20),
    Ensemble(members=2000, steps=20),
    Importance(draws=20_000, batch=2000),
    NUTS(chains=4, warmup=200, draws=400),
]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_every_method_reports_the_nuisance_beside_the_unknown(method):
    result = infer(two_instruments(), method, seed=1)
    mean, covariance = posterior_of(two_instruments())
    place = 1.0 + SPREAD * mean[2]
    spread = SPREAD * np.sqrt(covariance[2, 2])
    numbers = result.quantities()
    assert list(numbers) == ["offset", "slope", "scale"]
    assert_allclose(numbers["scale"]["mean"], place, atol=0.15 * spread)
    assert_allclose(numbers["slope"]["mean"], mean[1], atol=0.15 * np.sqrt(covariance[1, 1]))
    assert result.label("scale") == "normalisation"
    if not isinstance(method, MAP):
        assert_allclose(numbers["scale"]["sd"], spread, rtol=0.15)
        assert_allclose(result.shrinkage("scale"), 1 - np.sqrt(covariance[2, 2]), atol=0.1)


def test_fit_pulls_and_data_are_stored_by_the_names_of_the_terms():
    result = infer(two_instruments(), MAP(starts=2, steps=20), seed=0)
    fit = result.fit_by_term
    assert {name: row["points"] for name, row in fit.items()} == {"a": 3, "b": 2}
    assert_allclose(sum(row["chi2"] for row in fit.values()), result.fit["chi2"])
    assert list(result.tree["fit"]["pull"].values) == ["a[0]", "a[1]", "a[2]", "b[0]", "b[1]"]
    assert_allclose(result.tree["observed_data"]["a"], DATA[:3])
    assert_allclose(result.tree["observed_data"]["b"], DATA[3:])
    assert result.to_json()["fit"]["terms"] == fit
    assert "by data  chi2/points: a " in result.summary()


def test_a_nuisance_without_a_term_that_asks_for_it_keeps_its_prior():
    mean, covariance = posterior_of(two_instruments(scaled=()))
    assert_allclose(mean[2], 0.0, atol=1e-12)
    assert_allclose(covariance[2, 2], 1.0)


def test_counts_on_a_background_with_a_prior_are_one_line():
    background = Nuisance("background", LogNormal(5.0, 0.3), unit="counts")
    counts = Poisson([9.0, 6.0, 5.0]).of(lambda signal, nuisance: signal + nuisance["background"])
    target = Posterior(Identity(3), LinearForward(jnp.eye(3)), counts, nuisances=(background,))
    z = jnp.array([4.0, 1.0, 0.5, 0.2])
    expected = np.array([4.0, 1.0, 0.5]) + 5.0 * np.exp(0.3 * 0.2)
    assert_allclose(target.log_likelihood(z), scipy.stats.poisson(expected).logpmf([9, 6, 5]).sum(), rtol=1e-12)
    assert_allclose(target.derived(z)["background"], 5.0 * np.exp(0.06))
    assert target.simulated(jr.key(0), z).nuisances == (background,)
    assert target.randomised(jr.key(0)).prior.mean.shape == (4,)


@pytest.mark.parametrize(
    ("prior", "distribution"),
    [
        (Normal(1.0, 0.2), scipy.stats.norm(1.0, 0.2)),
        (LogNormal(3.0, 0.4), scipy.stats.lognorm(0.4, scale=3.0)),
        (Uniform(-1.0, 2.0), scipy.stats.uniform(-1.0, 3.0)),
    ],
)
def test_priors_push_a_standard_normal_forward(prior, distribution):
    z = np.linspace(-4.0, 4.0, 33)
    assert_allclose(distribution.cdf(np.asarray(prior(jnp.asarray(z)))), scipy.stats.norm.cdf(z), rtol=1e-9)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Normal(0.0, -1.0),
        lambda: LogNormal(0.0, 1.0),
        lambda: Uniform(1.0, 1.0),
        lambda: Normal(float("nan"), 1.0),
    ],
)
def test_a_prior_that_is_no_distribution_is_refused(make):
    with pytest.raises(InputError, match="no distribution"):
        make()


def test_two_nuisances_of_one_name_are_refused():
    with pytest.raises(InputError, match="'scale'"):
        Posterior(Identity(1), LinearForward(jnp.eye(1)), Poisson([1.0]), nuisances=(SCALE, SCALE))
