"""Calibration has teeth: exact samplers pass with a thousand data sets, each planted fault is found."""

import json

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtr

from retrodict.base.errors import InputError
from retrodict.inference.closure import bank_of, close, close_by_bank, join, run_inline, transform
from retrodict.inference.constrained_hmc import ConstrainedHMC
from retrodict.inference.ensemble import Ensemble
from retrodict.inference.importance import Importance
from retrodict.inference.laplace import Laplace
from retrodict.inference.map import MAP
from retrodict.inference.nuts import NUTS
from retrodict.inference.smc import SequentialMonteCarlo
from retrodict.inference.uniformity import coverage_limits, holm, location_test, rank_test, width_test
from retrodict.inference.validate import calibrate, validate
from retrodict.problem.covariance import Covariance
from retrodict.problem.likelihood import Gaussian
from tests.inference.exact import Exact, exact_moments, linear_problem
from tests.toys import Banana

PROBLEM = linear_problem(error=2.0, latents=3, points=5)
SHORT = Exact(steps=25)


def scores(data_sets, *, width=1.0, bias=0.0):
    """Transforms of standard-normal truths under a reported N(bias, width^2)."""
    return ndtr((np.random.default_rng(0).standard_normal(data_sets) - bias) / width)


@pytest.fixture(scope="module")
def calibrated():
    return validate(PROBLEM, SHORT, data_sets=1000, batch=250)


def test_an_exact_sampler_is_calibrated(calibrated):
    assert calibrated.verdict.status == "OK", str(calibrated)
    assert min(test.adjusted for test in calibrated.tests) > 0.01
    assert calibrated.data_sets == 1000
    low, high = coverage_limits(1000, 0.68)
    assert low <= calibrated.coverage("total", 0.68)[0] <= high


FAULTS = [
    (Exact(steps=25, width=0.9), "too narrow"),
    (Exact(steps=25, bias=0.2), "biased"),
]


@pytest.mark.parametrize(("method", "words"), FAULTS)
def test_planted_faults_are_found(method, words):
    """Bands a tenth too narrow, answers off by a fifth of a standard deviation."""
    found = validate(PROBLEM, method, data_sets=1000, batch=250)
    assert found.verdict.status == "FAIL"
    assert words in " ".join(found.verdict.reasons)


class Forgetful(Exact):
    """Takes correlated data for independent ones."""

    def init(self, target, key):
        covariance = target.likelihood.covariance.matrix()
        independent = Gaussian(target.likelihood.mean, full_diagonal(covariance))
        return exact_moments(type(target)(target.ansatz, target.forward, independent, derive=target.derive))


def full_diagonal(covariance):
    sigma = jnp.sqrt(jnp.diagonal(covariance))
    return Covariance(1 / sigma, sigma, 2 * jnp.sum(jnp.log(sigma)))


def correlated_problem():
    """Five data with errors 2 and correlations of 0.7."""
    correlation = 0.3 * np.eye(5) + 0.7
    likelihood = Gaussian(PROBLEM.likelihood.mean, Covariance.full(4.0 * correlation))
    parts = (PROBLEM.ansatz, PROBLEM.forward, likelihood)
    return type(PROBLEM)(*parts, derive=PROBLEM.derive, quantities=PROBLEM.quantities)


def test_a_forgotten_correlation_is_found_and_its_twin_is_not():
    problem = correlated_problem()
    assert validate(problem, SHORT, data_sets=1000, batch=250).verdict.status == "OK"
    assert validate(problem, Forgetful(steps=25), data_sets=1000, batch=250).verdict.status == "FAIL"


def test_importance_from_one_bank_is_calibrated_and_agrees_with_the_exact_answers(calibrated):
    found = validate(PROBLEM, Importance(draws=4000), data_sets=1000)
    assert found.verdict.status == "OK", str(found)
    assert_allclose(found.closures.truth["total"], calibrated.closures.truth["total"], rtol=1e-12)
    difference = np.asarray(found.closures.mean["total"] - calibrated.closures.mean["total"])
    assert np.std(difference) < 0.25 * np.std(calibrated.closures.truth["total"])


def test_a_starved_bank_is_found():
    """Eight draws of the prior cannot hold a posterior."""
    closures = close_by_bank(PROBLEM, seed=0, indices=range(1000), bank=bank_of(PROBLEM, seed=0, draws=8))
    assert calibrate(closures, PROBLEM.quantities, "Importance").verdict.status == "FAIL"


def test_a_point_estimate_has_no_calibration():
    found = validate(PROBLEM, MAP(starts=1, steps=5), data_sets=200, batch=100)
    assert found.verdict.status == "FAIL"


def test_a_series_may_be_cut_into_tasks_in_any_way():
    whole = close(PROBLEM, SHORT, seed=3, indices=range(30), draws=40, batch=10)
    parts = [close(PROBLEM, SHORT, seed=3, indices=piece, draws=40, batch=10) for piece in (range(13), range(13, 30))]
    again = join(parts)
    assert_allclose(again.pit["line"], whole.pit["line"], rtol=1e-12)
    assert_allclose(again.misfit, whole.misfit, rtol=1e-12)


@pytest.mark.parametrize(
    "method", [MAP(), Ensemble(members=8), Laplace(draws=9), NUTS(), ConstrainedHMC(), SequentialMonteCarlo()]
)
def test_every_method_can_be_vmapped_over_data_sets(method):
    """Traced, not computed: `init`, `step` and `finish` are pure functions without a look at a value."""
    found = jax.eval_shape(lambda key: run_inline(PROBLEM, method, key).log_weight, jr.key(0))
    assert found.ndim == 2


def test_the_table_shows_misfit_beside_truth_error(calibrated):
    text = str(calibrated)
    assert text.startswith("OK: Exact on 1000 data sets")
    assert "misfit (chi2 a datum)" in text
    assert "line(0.25)" in text
    assert abs(calibrated.misfit_ranks_error) < 0.2


def test_the_verdict_is_written_as_json(calibrated, tmp_path):
    calibrated.save(tmp_path)
    content = json.loads((tmp_path / "calibration.json").read_text())
    assert content["verdict"]["status"] == "OK"
    assert len(content["closures"]["misfit"]) == 1000


def test_what_cannot_be_validated_is_refused():
    with pytest.raises(InputError, match="prior and mock data"):
        validate(Banana(jnp.asarray(1.0)), SHORT)
    with pytest.raises(InputError, match="too few data sets"):
        validate(PROBLEM, SHORT, data_sets=3)


def test_the_tests_have_the_power_that_the_docs_claim():
    good, narrow, biased = scores(1000), scores(1000, width=0.9), scores(1000, bias=0.2)
    assert width_test(good)[1] > 0.01
    assert location_test(good)[1] > 0.01
    assert rank_test(good)[1] > 0.01
    assert width_test(narrow)[1] < 1e-3
    assert_allclose(width_test(narrow)[0], 1 / 0.9, rtol=0.05)
    assert location_test(biased)[1] < 1e-6


def test_coverage_limits_are_the_binomial_ones():
    """The 99 % limits of the facts: 644-720 and 937-971 for 1000 data sets at 68.27 and 95.45 %."""
    assert coverage_limits(1000, 0.6827) == (644, 720)
    assert coverage_limits(1000, 0.9545) == (937, 971)


def test_holm_adjusts_as_by_hand():
    assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])


def test_the_transform_of_weighted_draws_is_that_of_repeated_ones_and_counts_ties_at_random():
    values, half = jnp.array([1.0, 2.0, 2.0, 3.0]), jnp.full(4, 0.25)
    assert_allclose(transform(jnp.array(2.5), values, half, jnp.array(0.5)), (3 + 0.5) / 5)
    assert_allclose(transform(jnp.array(2.0), values, half, jnp.array(0.5)), (1 + 0.5 * 3) / 5)
    assert_allclose(transform(jnp.array(jnp.nan), values, half, jnp.array(0.5)), 0.5 / 5)
    uniform = jr.uniform(jr.key(0), (2000,))
    constant = transform(jnp.zeros(2000), jnp.zeros((7, 2000)), jnp.full(7, 1 / 7), uniform)
    assert_allclose(np.sort(constant), np.sort(uniform), rtol=1e-12)
