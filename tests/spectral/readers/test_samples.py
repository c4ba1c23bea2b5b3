"""From measurements to a covariance: every step against a closed form, and each statistical test with its twin."""

import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.problem.covariance import Covariance
from retrodict.spectral.autocorrelation import integrated_times, replica_disagreement
from retrodict.spectral.estimation import Errors, estimate, hartlap_inflation
from retrodict.spectral.mock import MockCorrelator
from retrodict.spectral.problems import problem
from retrodict.spectral.resampling import Bootstrap, bin_means
from retrodict.spectral.samples import CorrelatorSamples

TIMES = np.arange(8.0)
PLAIN = Errors(bin_size=1, shrinkage=0.0)


def mock(tau_int: float = 0.5, **noise) -> MockCorrelator:
    noise = {"signal_to_noise": 20.0, "decay": 0.15, "time_correlation": 2.0, **noise}
    return MockCorrelator(TIMES, 2.0 * np.exp(-0.4 * TIMES), tau_int=tau_int, **noise)


# --- the mock: what it promises, in closed form -----------------------------------------------------------------------


def test_the_covariance_of_the_mean_is_the_sum_over_all_pairs_of_measurements():
    """(1/N^2) sum_cc' phi^|c - c'|, summed by brute force."""
    one, count = mock(tau_int=3.0), 17
    lags = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    pairs = (one.chain_correlation**lags).sum() / count**2
    expected = pairs * one.correlation * np.outer(one.noise, one.noise)
    np.testing.assert_allclose(one.covariance(count), expected, rtol=1e-12)


def worst_deviation(claimed: MockCorrelator, drawn: MockCorrelator) -> float:
    """Of the empirical covariance of the means of 12 measurements, in standard deviations of that estimate."""
    rng, chains = np.random.default_rng(3), 3000
    means = np.stack([drawn.draw(rng, 12).mean(axis=0) for _ in range(chains)])
    exact = claimed.covariance(12)
    deviation = means - claimed.exact
    spread = np.sqrt((np.outer(np.diag(exact), np.diag(exact)) + exact**2) / chains)
    return float(np.abs((deviation.T @ deviation / chains - exact) / spread).max())


def test_means_of_measurements_scatter_with_the_covariance_promised():
    assert worst_deviation(mock(2.0), mock(2.0)) < 4.0


@pytest.mark.parametrize("fault", [mock(1.6), mock(2.0, time_correlation=1.6), mock(2.0, decay=0.17)])
def test_a_covariance_of_another_noise_is_noticed(fault):
    """The twin: autocorrelation, slice correlation or noise law off by a little."""
    assert worst_deviation(fault, mock(2.0)) > 4.0


def test_signal_to_noise_falls_with_the_energy_gap_and_is_periodic_where_the_lattice_is():
    one = mock(decay=0.3)
    ratio = one.exact / one.noise
    np.testing.assert_allclose(np.diff(np.log(ratio)), -0.3, rtol=1e-12)
    around = MockCorrelator(np.arange(12.0), np.ones(12), decay=0.3, time_extent=12.0)
    np.testing.assert_allclose(around.noise[1:], around.noise[:0:-1], rtol=1e-12)


# --- autocorrelation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tau_int", [0.5, 1.5, 5.0])
def test_the_integrated_time_of_a_chain_with_one_memory_is_found(tau_int):
    """tau_int = (1 + phi) / (1 - phi) / 2, over replica that begin anew, within four errors at every point."""
    rng = np.random.default_rng(5)
    times = integrated_times([mock(tau_int, time_correlation=0.0).draw(rng, count) for count in (4000, 2500, 1500)])
    assert np.abs((times.tau_int - tau_int) / times.tau_int_error).max() < 4.0
    assert times.tau_int_error.max() < 0.15 * tau_int


def test_the_sum_over_lags_is_that_of_its_definition():
    """Without Fourier transforms: products at every lag, one replica after the other."""
    rng = np.random.default_rng(6)
    chains = [rng.normal(size=(40, 1)).cumsum(axis=0) for _ in range(2)]
    mean = np.concatenate(chains).mean()
    window = int(integrated_times(chains).window[0])
    gamma = [
        sum(float(((c[: 40 - t] - mean) * (c[t:] - mean)).sum()) for c in chains) / (80 - 2 * t)
        for t in range(window + 1)
    ]
    spread = (gamma[0] + 2.0 * sum(gamma[1:])) * (1.0 + (2.0 * window + 1.0) / 80)
    assert integrated_times(chains).error[0] == pytest.approx(np.sqrt(spread / 80), rel=1e-12)


# --- errors -----------------------------------------------------------------------------------------------------------


def variance_ratio(errors: Errors | None) -> tuple[float, float]:
    """Mean and its error of estimated over true variance, tau_int = 3, over 200 data sets of 300 measurements."""
    rng, one = np.random.default_rng(8), mock(3.0)
    exact = np.diag(one.covariance(300))
    found = np.array([(estimate(one.samples(rng, 300), errors).error ** 2 / exact).mean() for _ in range(200)])
    return float(found.mean()), float(found.std() / np.sqrt(len(found)))


def test_errors_of_autocorrelated_measurements_are_right_to_a_tenth_without_being_told():
    ratio, error = variance_ratio(None)
    assert 0.9 < ratio < 1.1
    assert error < 0.05


def test_errors_without_bins_are_too_small_by_the_autocorrelation_and_a_note_says_so():
    """The twin: the variance is short by 2 tau_int."""
    ratio, error = variance_ratio(Errors(bin_size=1))
    assert abs(ratio - 1.0 / 6.0) < 0.02
    assert error < 0.01
    rough = estimate(mock(3.0).samples(np.random.default_rng(9), 300), Errors(bin_size=1))
    assert any("shorter than 2 tau_int" in note for note in rough.notes)


def test_independent_measurements_are_not_bin_means():
    found = estimate(mock().samples(np.random.default_rng(10), 400))
    assert found.samples == 400
    assert found.notes == ()


def test_the_jackknife_of_a_mean_is_the_sample_covariance():
    samples = mock().samples(np.random.default_rng(11), 50)
    expected = np.cov(samples.chains[0][0].T) / 50
    np.testing.assert_allclose(estimate(samples, PLAIN).covariance, expected, rtol=1e-10, atol=1e-12 * expected.max())


def test_the_bootstrap_agrees_within_its_own_scatter():
    samples = mock().samples(np.random.default_rng(12), 50)
    exact = estimate(samples, PLAIN)
    drawn = estimate(samples, Errors(bin_size=1, shrinkage=0.0, resampling=Bootstrap(draws=4000)))
    assert np.abs(drawn.error**2 / exact.error**2 - 1.0).max() < 4.0 * np.sqrt(2.0 / 4000)
    assert np.abs(drawn.correlation - exact.correlation).max() < 4.0 / np.sqrt(4000)


def test_jackknife_replicates_give_the_covariance_of_the_bins_behind_them():
    samples = mock().samples(np.random.default_rng(13), 60)
    bins = bin_means(samples.chains[0], 6)
    replicates = (bins.sum(axis=0) - bins) / (len(bins) - 1)
    folded = CorrelatorSamples(TIMES, ((replicates,),), "tau", "a", "", (), samples.file)
    direct, again = estimate(samples, Errors(bin_size=6)), estimate(folded, Errors(rows="jackknife"))
    np.testing.assert_allclose(again.covariance, direct.covariance, rtol=1e-9)
    np.testing.assert_allclose(again.mean, direct.mean, rtol=1e-12)
    assert again.samples == direct.samples == 10


def test_bootstrap_replicates_scatter_as_the_mean():
    """2000 replicates of 50 measurements: the covariance is theirs, and not divided by their number."""
    samples = mock().samples(np.random.default_rng(22), 50)
    rng = np.random.default_rng(23)
    drawn = rng.multinomial(50, np.full(50, 1.0 / 50), size=2000) @ samples.chains[0][0] / 50
    replicated = CorrelatorSamples(TIMES, ((drawn,),), "tau", "a", "", (), samples.file)
    found, exact = estimate(replicated, Errors(rows="bootstrap")), estimate(samples, PLAIN)
    assert np.abs(found.error**2 / exact.error**2 - 49 / 50).max() < 4.0 * np.sqrt(2.0 / 2000)
    assert found.samples is None
    assert "unknown" in found.notes[0]


def test_the_covariance_goes_into_a_likelihood_as_it_is():
    """The core takes for positive definite what the readers let pass, few samples or none at all."""
    for count in (5, 10, 200):
        found = estimate(mock().samples(np.random.default_rng(24), count))
        np.testing.assert_allclose(np.asarray(Covariance.full(found.covariance).matrix()), found.covariance, rtol=1e-9)


@pytest.mark.parametrize("shrinkage", [None, 0.2])
def test_shrinkage_is_that_of_the_covariance_of_the_core(shrinkage):
    samples = mock().samples(np.random.default_rng(14), 30)
    ours = estimate(samples, Errors(bin_size=1, shrinkage=shrinkage)).covariance
    core = np.asarray(Covariance.from_samples(samples.chains[0][0], shrinkage=shrinkage).matrix())
    np.testing.assert_allclose(ours, core, rtol=1e-9)


def test_bins_never_reach_across_replica_and_drop_what_is_left_over():
    chains = (np.arange(7.0)[:, None], 100.0 + np.arange(5.0)[:, None])
    np.testing.assert_array_equal(bin_means(chains, 3)[:, 0], [1.0, 4.0, 101.0])


def test_the_incomplete_last_bin_counts_for_the_mean_and_hence_for_its_error():
    """Bins of 7 of 76 independent measurements: the variance is that of 76, not of the 70 in whole bins."""
    samples = mock().samples(np.random.default_rng(25), 76)
    found = estimate(samples, Errors(bin_size=7, shrinkage=0.0))
    bins = samples.chains[0][0][:70].reshape(10, 7, 8).mean(axis=1)
    np.testing.assert_allclose(found.error**2, bins.var(axis=0, ddof=1) * 7 / 76, rtol=1e-10)


def test_independent_ensembles_add_their_covariances():
    rng = np.random.default_rng(15)
    one, other = mock().draw(rng, 80), mock().draw(rng, 50)
    source = mock().samples(rng, 1).file
    together = CorrelatorSamples(TIMES, ((one,), (other,)), "tau", "a", "", (), source, central=mock().exact)
    expected = np.cov(one.T) / 80 + np.cov(other.T) / 50
    np.testing.assert_allclose(estimate(together, PLAIN).covariance, expected, rtol=1e-9, atol=1e-12 * expected.max())


# --- few samples ------------------------------------------------------------------------------------------------------


def chi_squared_per_point(errors: Errors) -> np.ndarray:
    """Of the true correlator, ten blocks for eight points, over 300 data sets."""
    rng, one = np.random.default_rng(16), mock(time_correlation=4.0)
    found = []
    for _ in range(300):
        estimated = estimate(one.samples(rng, 10), errors)
        deviation = estimated.mean - one.exact
        found.append(deviation @ np.linalg.solve(estimated.covariance, deviation) / 8)
    return np.array(found)


def test_ten_blocks_for_eight_points_give_a_finite_and_honest_answer():
    """Shrunk, the truth has a chi-squared near one per point; the note says what it is and what is still needed."""
    found = chi_squared_per_point(Errors(bin_size=1))
    assert np.isfinite(found).all()
    assert 0.7 < np.median(found) < 1.3
    assert found.mean() < 2.0
    (note,) = estimate(mock().samples(np.random.default_rng(17), 10), Errors(bin_size=1)).notes
    assert "10 samples for 8 points" in note
    assert "shrunk" in note
    assert "Hartlap" in note


def test_without_shrinkage_the_truth_is_excluded():
    """The twin: the same data, the sample covariance as it is."""
    assert np.median(chi_squared_per_point(PLAIN)) > 4.0


def test_fewer_measurements_than_points_are_shrunk_with_a_note():
    found = estimate(mock().samples(np.random.default_rng(18), 6))
    assert np.linalg.eigvalsh(found.correlation)[0] > 0.01
    assert any("6 samples for 8 points" in note for note in found.notes)
    with pytest.raises(InputError, match=r"not positive definite[\s\S]*6 samples for 8 points[\s\S]*shrinkage"):
        estimate(mock().samples(np.random.default_rng(18), 6), PLAIN)


def test_the_inverse_covariance_is_too_large_by_the_hartlap_factor():
    """<S^-1> = (N - 1) / (N - p - 2) C^-1 for N = 24 and p = 8, within four errors of the Monte Carlo mean."""
    rng, one = np.random.default_rng(19), mock()
    root = np.linalg.inv(np.linalg.cholesky(one.correlation))
    draws = [(one.draw(rng, 24) - one.exact) / one.noise @ root.T for _ in range(2000)]
    traces = np.array([np.trace(np.linalg.inv(np.cov(draw.T))) / 8 for draw in draws])
    expected = hartlap_inflation(24, 8)
    assert expected == 23 / 14
    assert abs(traces.mean() - expected) < 4.0 * traces.std() / np.sqrt(len(traces))
    assert hartlap_inflation(10, 8) is None


def test_a_cut_only_widens():
    samples = mock(time_correlation=50.0).samples(np.random.default_rng(20), 100)
    plain, cut = (estimate(samples, Errors(bin_size=1, shrinkage=0.0, svd_cut=s)) for s in (0.0, 1e-2))
    assert np.linalg.eigvalsh(cut.covariance - plain.covariance)[0] > -1e-15
    value = np.linalg.eigvalsh(plain.correlation)
    assert value[0] < 1e-2 * value[-1]
    assert "raised to 0.01" in cut.method


@pytest.mark.parametrize("options", [{"bin_size": 0}, {"shrinkage": 1.5}, {"svd_cut": -1.0}])
def test_impossible_options_are_refused(options):
    with pytest.raises(InputError, match="errors"):
        Errors(**options)


def test_absurd_numbers_of_draws_are_refused():
    with pytest.raises(InputError, match="100 to 100000"):
        Bootstrap(draws=10**9)


def test_bins_that_leave_too_few_are_refused_with_the_autocorrelation_time():
    with pytest.raises(InputError, match="tau_int"):
        estimate(mock().samples(np.random.default_rng(21), 20), Errors(bin_size=10))


# --- configurations with gaps, replica that disagree ------------------------------------------------------------------


def chains_with_gaps(rng, count=60, length=3000, kept=0.3, rho=0.85):
    """Histories of an AR(1) process of which irregular parts are kept, and the numbers of the configurations."""
    noise = rng.normal(size=(length, count)) * np.sqrt(1 - rho**2)
    history = np.empty((length, count))
    history[0] = rng.normal(size=count)
    for time in range(1, length):
        history[time] = rho * history[time - 1] + noise[time]
    blocks = np.repeat(rng.uniform(size=length // 20) < kept, 20)  # whole stretches are missing
    numbers = np.flatnonzero(blocks | (rng.uniform(size=length) < 0.05))
    exact = np.sqrt((rho ** np.abs(numbers[:, None] - numbers)).sum()) / len(numbers)
    return history[numbers], numbers, exact


def test_the_error_of_configurations_with_gaps_is_that_of_the_pairs_that_exist():
    """Sixty histories each: the mean of the estimated errors is known to two per cent."""
    chain, numbers, exact = chains_with_gaps(np.random.default_rng(0))
    with_gaps = integrated_times([chain], [numbers])
    assert with_gaps.error.mean() == pytest.approx(exact, rel=0.06)
    assert np.sqrt((chain.mean(axis=0) ** 2).mean()) == pytest.approx(exact, rel=0.2)
    scattered = np.sort(np.random.default_rng(1).choice(3000, 900, replace=False))
    rho = 0.85 ** np.abs(scattered[:, None] - scattered)
    rng = np.random.default_rng(2)
    values = np.linalg.cholesky(rho) @ rng.normal(size=(900, 60))
    exact = np.sqrt(rho.sum()) / 900
    assert integrated_times([values], [scattered]).error.mean() == pytest.approx(exact, rel=0.05)


def test_numbers_of_configurations_that_are_evenly_spaced_change_nothing():
    chain = np.random.default_rng(0).normal(size=(400, 3))
    plain, numbered = integrated_times([chain]), integrated_times([chain], [10 * np.arange(400)])
    np.testing.assert_allclose(numbered.error, plain.error, rtol=0.02)


def test_replica_that_disagree_are_called_so_and_those_that_agree_are_not():
    rng = np.random.default_rng(0)
    same = [mock(2.0).draw(rng, 300), mock(2.0).draw(rng, 500)]
    apart = [same[0], 1.3 * same[1]]
    found, other = replica_disagreement(same), replica_disagreement(apart)
    assert found is not None
    assert other is not None
    assert found.q > 0.01
    assert other.q < 1e-6
    assert max(map(abs, other.deviations)) > 4
    assert replica_disagreement(same[:1]) is None


def test_a_fit_to_few_measurements_claims_what_they_can_give():
    """The likelihood is wider than the errors of the points, by what the note says; that of many samples is not."""
    few = estimate(mock().samples(np.random.default_rng(18), 16), Errors(bin_size=1))
    assert 1.3 < few.inflation < 4.0
    assert f"in a fit times {few.inflation:.3g}" in few.notes[0]
    target = problem(few, kernel="zero-temperature")
    np.testing.assert_allclose(target.derive.likelihood.covariance.error, np.sqrt(few.inflation) * few.error)
    assert estimate(mock().samples(np.random.default_rng(19), 4000), Errors(bin_size=1)).inflation < 1.01
    assert estimate(mock().samples(np.random.default_rng(18), 16), Errors(bin_size=1, shrinkage=0.1)).inflation == 1.0
