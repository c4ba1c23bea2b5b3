"""Errors of correlated histories, digit by digit: the published formulas written out once more, without transforms."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.num.autocorrelation import gamma_method, gamma_method_of
from retrodict.num.resampling import bootstrap, jackknife, over_walkers
from retrodict.num.thermalisation import thermalisation


def history(replica, length, rho=0.6, seed=3):
    """Autoregressive entries, not of mean zero, with replica that differ a little."""
    rng = np.random.default_rng(seed)
    x = np.empty((replica, length))
    x[:, 0] = rng.standard_normal(replica)
    for t in range(1, length):
        x[:, t] = rho * x[:, t - 1] + np.sqrt(1 - rho**2) * rng.standard_normal(replica)
    return 2.0 + x


def wolff(x, s=1.5):
    """Wolff (2004) by loops: eqs. 31 (Gamma), 35, 41 (tau), 49 (bias), 42 (error of tau), 51-52 (window)."""
    replica, length = x.shape
    n, mean = x.size, x.mean()
    gamma = [
        sum((x[r, i] - mean) * (x[r, i + t] - mean) for r in range(replica) for i in range(length - t))
        / (n - replica * t)
        for t in range(length // 2 + 1)
    ]
    total = 0.5
    for window in range(1, length // 2 + 1):
        total += abs(gamma[window]) / gamma[0]
        tau = s / np.log((2 * total + 1) / (2 * total - 1))
        if np.exp(-window / tau) - tau / np.sqrt(window * n) < 0:
            break
    bias = (gamma[0] + 2 * sum(gamma[1 : window + 1])) / n
    gamma = [g + bias for g in gamma]
    c = gamma[0] + 2 * sum(gamma[1 : window + 1])
    tau = c / (2 * gamma[0])
    error = np.sqrt(c / n)
    return {
        "value": mean,
        "error": error,
        "tau": tau,
        "window": window,
        "error_of_error": error * np.sqrt((window + 0.5) / n),
        "tau_error": 2 * tau * np.sqrt((window + 0.5 - tau) / n),
        "effective_size": n / (2 * tau),
    }


@pytest.mark.parametrize(("replica", "length"), [(1, 60), (3, 80)])
def test_the_gamma_method_is_the_published_formula(replica, length):
    """With the bias of the mean: of 60 entries it is five per cent of the error."""
    x = history(replica, length)
    found, wanted = gamma_method(x), wolff(x)
    for name, value in wanted.items():
        assert_allclose(getattr(found, name), value, rtol=1e-10, err_msg=name)
    assert found.entries == x.size
    assert found.deviation(1.0) == pytest.approx((x.mean() - 1) / found.error)


def test_functions_of_means_are_propagated_linearly():
    """m0 / m1: the fluctuations are dx / m1 - m0 dy / m1^2."""
    x, y = history(2, 100, seed=5), history(2, 100, seed=6)
    found = gamma_method_of(lambda m: m[0] / m[1], np.stack([x, y]))
    line = x / y.mean() - x.mean() * y / y.mean() ** 2
    wanted = wolff(line)
    assert_allclose(found.value, x.mean() / y.mean())
    assert_allclose([found.error, found.tau], [wanted["error"], wanted["tau"]], rtol=1e-2)


def test_resampling_of_a_mean_is_the_standard_error_of_its_bins():
    x = history(2, 100)
    bins = x.reshape(2, 10, 10).mean(axis=2).ravel()
    plain = bins.std(ddof=1) / np.sqrt(20)
    mean = lambda m: m[0]  # noqa: E731
    assert_allclose(jackknife(mean, x[None], 10), [x.mean(), plain], rtol=1e-10)
    value, error = bootstrap(mean, x[None], 10, resamplings=20_000)
    assert_allclose([value, error], [x.mean(), bins.std() / np.sqrt(20)], rtol=0.02)
    means = history(30, 40, seed=8)
    assert_allclose(over_walkers(mean, means[None]), [means.mean(), means.mean(axis=1).std(ddof=1) / np.sqrt(30)])


def test_the_jackknife_of_a_square_is_the_one_that_leaves_bins_out():
    x = history(1, 90)[0]
    rest = [np.delete(x.reshape(9, 10), i, axis=0).mean() ** 2 for i in range(9)]
    found = jackknife(lambda m: m[0] ** 2, x[None, None], 10)
    assert_allclose(found, [x.mean() ** 2, np.sqrt(8 / 9 * np.sum((rest - np.mean(rest)) ** 2))], rtol=1e-10)


def test_drift_and_disagreement_are_in_standard_errors():
    hot, cold = history(10, 300, seed=1), history(12, 300, seed=2)
    found = thermalisation(hot, cold)
    apart = hot[:, -100:].mean(axis=1) - hot[:, :100].mean(axis=1)
    assert_allclose(found.drift, apart.mean() / (apart.std(ddof=1) / np.sqrt(10)))
    means = [one[:, 150:].mean(axis=1) for one in (hot, cold)]
    errors = [m.std(ddof=1) / np.sqrt(len(m)) for m in means]
    assert_allclose(found.disagreement, (means[0].mean() - means[1].mean()) / np.hypot(*errors))
    own = gamma_method(hot)
    assert_allclose([found.tau, found.length], [own.tau + own.tau_error, 300 / (own.tau + own.tau_error)])
    few = thermalisation(hot[:4])
    apart = hot[:4, -100:].mean() - hot[:4, :100].mean()
    tau = gamma_method(hot[:4]).tau
    assert_allclose(few.drift, apart / np.sqrt(4 * tau * hot[:4].var() / 400))
