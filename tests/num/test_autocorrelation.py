"""Errors of correlated histories, on autoregressive ones whose autocorrelation is known in closed form."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammaincc
from scipy.stats import kstest

from retrodict.base.errors import InputError
from retrodict.num.autocorrelation import (
    autocovariance,
    gamma_method,
    gamma_method_of,
    replica_agreement,
    tau_of_decay,
)
from retrodict.num.resampling import bootstrap, jackknife, over_walkers
from retrodict.num.thermalisation import thermalisation

RHO = 0.8
TAU = 0.5 * (1 + RHO) / (1 - RHO)  # 4.5


def autoregressive(length, chains=1, rho=RHO, seed=0, start=None):
    """x' = rho x + sqrt(1 - rho^2) noise: unit variance, Gamma(t) = rho^t; in equilibrium unless `start` says where."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(chains) if start is None else np.full(chains, float(start))
    history = np.empty((chains, length))
    for t in range(length):
        history[:, t] = x
        x = rho * x + np.sqrt(1 - rho**2) * rng.standard_normal(chains)
    return history


MANY = autoregressive(2000, chains=400)
SINGLE = [gamma_method(history) for history in MANY]


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8, 0.95, -0.5])
def test_the_autocorrelation_time_is_the_known_one(rho):
    estimate = gamma_method(autoregressive(20_000, chains=5, rho=rho, seed=1))
    exact = 0.5 * (1 + rho) / (1 - rho)
    assert abs(estimate.tau - exact) < 4 * estimate.tau_error + 0.03 * exact
    assert estimate.tau_error < 0.1 * max(exact, 0.5)
    assert estimate.closed
    if rho > 0:
        assert_allclose(tau_of_decay(-1 / np.log(rho)), exact)


def test_the_autocovariance_is_the_average_over_pairs():
    history = autoregressive(50, chains=3)
    centred = history - history.mean()
    direct = [np.mean(centred[:, : 50 - t] * centred[:, t:]) for t in range(26)]
    assert_allclose(autocovariance(history), direct, atol=1e-14)


def test_the_error_covers_the_truth_as_often_as_it_says():
    """68.3 % within one error, 95.4 % within two, over 400 chains."""
    pulls = np.array([estimate.deviation(0.0) for estimate in SINGLE])
    for sigmas, share in ((1, 0.683), (2, 0.954)):
        assert_allclose(np.mean(np.abs(pulls) < sigmas), share, atol=4 * np.sqrt(share * (1 - share) / 400) + 0.01)


def test_an_error_that_forgets_the_autocorrelation_is_noticed():
    """The twin of the test above."""
    pulls = MANY.mean(axis=1) / (MANY.std(axis=1) / np.sqrt(2000))
    assert np.mean(np.abs(pulls) < 1) < 0.683 - 4 * np.sqrt(0.683 * 0.317 / 400) - 0.01


def test_the_error_of_the_error_and_of_tau_are_their_scatter():
    errors = np.array([estimate.error for estimate in SINGLE])
    taus = np.array([estimate.tau for estimate in SINGLE])
    assert_allclose(errors.std(), np.mean([estimate.error_of_error for estimate in SINGLE]), rtol=0.3)
    assert_allclose(taus.std(), np.mean([estimate.tau_error for estimate in SINGLE]), rtol=0.3)
    assert_allclose(errors.mean(), np.sqrt(2 * TAU / 2000), rtol=0.05)


def test_replica_are_worth_as_much_as_one_long_chain():
    estimate = gamma_method(MANY[:50])
    assert_allclose(estimate.error, np.sqrt(2 * TAU / 100_000), rtol=0.05)
    assert abs(estimate.deviation(0.0)) < 4


BINDER = np.stack([MANY**2, MANY**4])[:, :50]


def kurtosis(means):
    return 1 - means[1] / (3 * means[0] ** 2)


@pytest.mark.parametrize(
    "method",
    [
        lambda: (gamma_method_of(kurtosis, BINDER).value, gamma_method_of(kurtosis, BINDER).error),
        lambda: jackknife(kurtosis, BINDER, 50),
        lambda: bootstrap(kurtosis, BINDER, 50),
        lambda: over_walkers(kurtosis, BINDER),
    ],
    ids=["Gamma method", "jackknife", "bootstrap", "walkers"],
)
def test_four_ways_agree_on_a_nonlinear_function_of_means(method):
    """The Binder cumulant of a Gaussian vanishes; the errors agree with that over 8 groups of 50 chains."""
    value, error = method()
    groups = np.stack([MANY**2, MANY**4]).mean(axis=2).reshape(2, 8, 50).mean(axis=2)
    assert abs(value) < 4 * error
    assert_allclose(error, np.std([kurtosis(column) for column in groups.T], ddof=1), rtol=0.8)
    assert_allclose(error, gamma_method_of(kurtosis, BINDER).error, rtol=0.25)


def test_bins_shorter_than_the_autocorrelation_are_noticed():
    """The twin: without binning the jackknife error is three times too small."""
    history = MANY[None, :50]
    assert jackknife(lambda m: m[0], history, 1)[1] < 0.5 * jackknife(lambda m: m[0], history, 100)[1]


@pytest.mark.parametrize("bad", [np.zeros((2, 3)), np.array([1.0, np.nan, 2.0, 3.0]), np.zeros((2, 5, 5))])
def test_what_is_no_history_is_refused(bad):
    with pytest.raises(InputError, match="history"):
        gamma_method(bad)


def test_a_constant_history_has_no_error():
    assert gamma_method(np.ones(10)).error == 0


# --- thermalisation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chains", [1, 2, 16])
def test_chains_in_equilibrium_pass(chains):
    """At 4 standard errors hardly one of 100 is rejected."""
    rejected = [not thermalisation(autoregressive(1000, chains, seed=seed)).passed for seed in range(100)]
    assert np.mean(rejected) < 0.04


@pytest.mark.parametrize("chains", [1, 2, 16])
def test_chains_that_have_just_left_a_far_start_are_rejected(chains):
    """A start 5 standard deviations off, and a length of 8 autocorrelation times."""
    rejected = [not thermalisation(autoregressive(36, chains, seed=seed, start=5.0)).passed for seed in range(100)]
    assert np.mean(rejected) > 0.95


@pytest.mark.parametrize("chains", [1, 64])
def test_two_autocorrelation_times_are_too_few_to_tell(chains):
    """128 steps with tau = 64, even from equilibrium."""
    rejected = [not thermalisation(autoregressive(128, chains, 127 / 129, seed)).passed for seed in range(50)]
    assert np.mean(rejected) > 0.9


def test_two_starts_that_have_not_met_are_rejected_and_two_that_have_are_not():
    met = thermalisation(autoregressive(1000, 16, seed=1, start=3.0)[:, 50:], autoregressive(1000, 16, seed=2)[:, 50:])
    assert met.passed, met.reasons
    apart = thermalisation(autoregressive(1000, 16, seed=1), 0.5 + autoregressive(1000, 16, seed=2))
    assert not apart.passed
    assert "starts" in apart.reasons[0]


def gappy(seed):
    """Which of 2000 trajectories were kept: a stretch is missing, then every fifth, then a random third."""
    rng = np.random.default_rng(seed)
    return np.unique(np.concatenate([np.arange(400), np.arange(700, 1400, 5), rng.choice(600, 200) + 1400]))


def test_times_without_gaps_change_nothing():
    for history in (MANY[:3], MANY[:1]):
        plain, timed = gamma_method(history), gamma_method(history, times=[np.arange(2000)] * len(history))
        for name in ("value", "error", "tau", "window", "effective_size"):
            assert_allclose(getattr(timed, name), getattr(plain, name), rtol=1e-12)


def test_the_error_of_a_history_with_gaps_covers_the_truth_and_its_tau_is_that_of_the_process():
    """Trajectories are numbered 10, 20, ...: tau_int = 45 of them."""
    kept = [gappy(seed) for seed in range(400)]
    found = [gamma_method(row[keep], times=[10 * keep]) for row, keep in zip(MANY, kept, strict=True)]
    pulls = np.array([each.deviation(0.0) for each in found])
    for sigmas, share in ((1, 0.683), (2, 0.954)):
        assert_allclose(np.mean(np.abs(pulls) < sigmas), share, atol=4 * np.sqrt(share * (1 - share) / 400) + 0.01)
    scatter = np.std([each.value for each in found])
    assert_allclose(np.mean([each.error for each in found]), scatter, rtol=0.12)
    assert_allclose(np.mean([each.tau for each in found]), 10 * TAU, rtol=0.1)
    assert_allclose(np.mean([each.effective_size for each in found]), scatter**-2, rtol=0.25)


def test_the_error_of_a_history_with_gaps_is_the_sum_over_the_pairs_that_exist():
    """The exact error from rho^|t - t'| of each pair of kept trajectories."""
    keep = gappy(0)
    exact = np.sqrt(np.mean(RHO ** np.abs(keep[:, None] - keep)))
    errors = [gamma_method([row[keep] for row in MANY[4 * i : 4 * i + 4]], times=[keep] * 4).error for i in range(50)]
    assert_allclose(np.mean(errors), exact / 2, rtol=0.05)


def test_a_first_entry_off_the_grid_of_the_others_does_no_harm():
    keep = np.concatenate([[1], np.arange(10, 2000, 10)])
    errors = [gamma_method(row[keep], times=[keep]).error for row in MANY]
    assert_allclose(np.mean(errors), np.std([row[keep].mean() for row in MANY]), rtol=0.1)


def test_replica_of_different_lengths_are_worth_their_entries():
    lengths = (300, 900, 2000)
    groups = [[row[:n] for row, n in zip(MANY[3 * i : 3 * i + 3], lengths, strict=True)] for i in range(130)]
    found = [gamma_method(group) for group in groups]
    assert_allclose(np.mean([each.error for each in found]), np.sqrt(2 * TAU / sum(lengths)), rtol=0.05)
    pulls = np.array([each.deviation(0.0) for each in found])
    assert_allclose(np.mean(np.abs(pulls) < 1), 0.683, atol=4 * np.sqrt(0.683 * 0.317 / 130))
    of_each = np.mean([np.concatenate(group).mean() ** 2 for group in groups])
    assert_allclose(of_each, 2 * TAU / sum(lengths), rtol=0.4)


def agreements(shift=0.0, errors=1.0):
    """Q of 100 sets of four replica, one of them shifted; `errors` spoils the errors."""
    shifts = np.array([shift, 0, 0, 0])[:, None]
    found = [replica_agreement(MANY[4 * i : 4 * i + 4] + shifts) for i in range(100)]
    return np.array([gammaincc(1.5, 0.5 * each.chi2 / errors**2) for each in found])


def test_q_of_replica_is_uniform_if_they_agree_and_tiny_if_not():
    assert kstest(agreements(), "uniform").pvalue > 0.01
    error = np.sqrt(2 * TAU / 2000)
    assert np.median(agreements(shift=6 * error)) < 1e-3


def test_errors_that_forget_the_autocorrelation_make_replica_disagree():
    """The twin of the test above."""
    assert kstest(agreements(errors=1 / np.sqrt(2 * TAU)), "uniform").pvalue < 1e-9


def test_replica_that_stand_at_different_values_disagree_and_at_the_same_agree():
    apart, same = np.repeat([[0.0], [1.0]], 50, axis=1), np.ones((2, 50))
    assert replica_agreement(apart).q == 0
    assert replica_agreement(same).q == 1


@pytest.mark.parametrize("times", [[np.arange(9)], [np.arange(10) * 0.5], [np.r_[0:5, 3:8]], [np.arange(10)] * 2])
def test_times_that_do_not_fit_are_refused(times):
    with pytest.raises(InputError, match="times"):
        gamma_method(np.arange(10.0), times=times)
