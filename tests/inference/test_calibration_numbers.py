"""What a calibration counts and prints, by value: transforms, the statistics of its tests, errors and misfits."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from retrodict.cli.validate import numbers
from retrodict.inference.closure import Closures, _closure, _equal_draws, transform
from retrodict.inference.findings.draws import draw_means, validity
from retrodict.inference.uniformity import (
    BANDS,
    coverage_limits,
    coverage_test,
    location_test,
    rank_test,
    width_test,
)
from retrodict.inference.validate import calibrate
from retrodict.problem.target import Quantity
from retrodict.run.method import Draws

COUNT = 400
EVEN = (np.arange(COUNT) + 0.5) / COUNT


def test_bands_are_counted_at_their_own_probability():
    """Of 400 even transforms 272 lie in the central 68 %, 380 in the central 95 %."""
    assert BANDS == {"68 %": 0.68, "95 %": 0.95}
    for level, inside in ((0.68, 272), (0.95, 380)):
        covered, p = coverage_test(EVEN, level)
        assert covered == inside
        assert p == pytest.approx(1.0)
    covered, p = coverage_test(np.clip(EVEN, 0.1, 0.9), 0.68)
    assert (covered, p) == (272, pytest.approx(1.0))
    few = stats.binom.cdf(250, COUNT, 0.68)
    assert coverage_test(np.r_[EVEN[64:314], np.zeros(150)], 0.68)[1] == pytest.approx(2 * few, rel=0.15)
    assert coverage_limits(1000, 0.68) == tuple(map(int, stats.binom.ppf([0.005, 0.995], 1000, 0.68)))


def test_scatter_and_offset_are_those_of_the_normal_scores():
    """Bands that are five per cent too narrow and off by a tenth: scores are N(0.1, 1.05)."""
    z = 0.1 + 1.05 * stats.norm.ppf(EVEN)
    u = stats.norm.cdf(z)
    scatter, p = width_test(u)
    total = np.sum(z**2)
    assert scatter == pytest.approx(np.sqrt(total / COUNT))
    assert p == pytest.approx(2 * min(stats.chi2.cdf(total, COUNT), stats.chi2.sf(total, COUNT)))
    offset, p = location_test(u)
    assert offset == pytest.approx(0.1)
    assert p == pytest.approx(2 * stats.norm.sf(0.1 * 20))


def test_ranks_are_compared_with_even_bins():
    u = EVEN**1.1
    counts = np.histogram(u, 20, (0, 1))[0]
    wanted = stats.chisquare(counts)
    assert_allclose(rank_test(u), [wanted.statistic, wanted.pvalue])
    fewer = stats.chisquare(np.histogram(u[::4], 10, (0, 1))[0])
    assert_allclose(rank_test(u[::4]), [fewer.statistic, fewer.pvalue])


def test_the_transform_is_the_weight_below_the_truth():
    """Weights 0.5, 0.3, 0.2 on 1, 2, 3: own share 0.38, half a tie at 2."""
    values, weights, own = jnp.array([2.0, 1.0, 3.0]), jnp.array([0.3, 0.5, 0.2]), 0.38
    assert transform(jnp.asarray(2.5), values, weights, 0.25) == pytest.approx((0.8 + 0.25 * own) / (1 + own))
    assert transform(jnp.asarray(2.0), values, weights, 0.5) == pytest.approx((0.5 + 0.5 * (0.3 + own)) / (1 + own))
    equal = jnp.full(9, 1 / 9)
    assert transform(jnp.asarray(4.5), jnp.arange(9.0), equal, 0.5) == pytest.approx(5.5 / 10)


def test_a_closure_keeps_means_misfit_and_effective_size():
    derived = {"x": jnp.array([1.0, 2.0, 4.0]), "f": jnp.array([[1.0, jnp.nan], [3.0, 5.0], [5.0, 7.0]])}
    weights = jnp.array([0.5, 0.25, 0.25])
    truth = {"x": jnp.asarray(1.5), "f": jnp.array([2.0, 6.0])}
    found = _closure(truth, derived, weights, jnp.array([1.0, -2.0, 2.0]), jnp.asarray(True), jr.key(0))
    assert float(found.mean["x"]) == pytest.approx(2.0)
    assert_allclose(found.mean["f"], [2.5, 6.0])
    assert float(found.misfit) == pytest.approx(3.0)
    assert float(found.effective) == pytest.approx(1 / 0.375)


def test_equal_draws_of_weighted_ones_are_taken_in_proportion():
    position = jnp.arange(4.0)[None, :, None]
    draws = Draws(position, jnp.log(jnp.array([[0.1, 0.2, 0.3, 0.4]])), "exact", {})
    assert np.ravel(_equal_draws(draws, 4)).tolist() == [1, 2, 3, 3]
    assert np.ravel(_equal_draws(draws._replace(log_weight=jnp.zeros((1, 4))), 2)).tolist() == [0, 2]


@pytest.fixture(scope="module")
def calibration():
    """400 closures of a number and of a function on seven points; the last ten have no answer."""
    rng = np.random.default_rng(2)
    truth = rng.standard_normal((COUNT, 8))
    error = 0.5 * rng.standard_normal((COUNT, 8))
    pit = np.stack([rng.permutation(stats.norm.cdf(1.05 * stats.norm.ppf(EVEN))) for _ in range(8)], axis=1)
    valid = np.arange(COUNT) < COUNT - 10
    misfit = np.sum(error**2, axis=1) + rng.standard_normal(COUNT)
    parts = [{"x": a[:, 0], "f": a[:, 1:]} for a in (pit, truth + error, truth)]
    closures = Closures(*parts, misfit, np.full(COUNT, 50.0), valid)
    grid = tuple(np.linspace(0, 1.2, 7).round(2).tolist())
    return calibrate(closures, (Quantity("x"), Quantity("f", grid=grid)), "NUTS"), closures


def test_tests_are_made_of_valid_closures_at_five_points(calibration):
    found, closures = calibration
    tests = {(test.quantity, test.name): test for test in found.tests}
    assert found.data_sets == COUNT - 10
    assert {name for name, _ in tests} == {"x", "f(0)", "f(0.4)", "f(0.6)", "f(0.8)", "f(1.2)"}
    u = closures.pit["x"][:-10]
    assert tests["x", "width"].statistic == pytest.approx(np.sqrt(np.mean(stats.norm.ppf(u) ** 2)))
    assert tests["x", "68 %"].statistic == np.sum(np.abs(u - 0.5) < 0.34) == found.coverage("x", 0.68)[0]
    assert tests["x", "95 %"].statistic == np.sum(np.abs(u - 0.5) < 0.475)
    assert found.coverage("x", 0.95)[1] == COUNT - 10
    p = np.array([test.p for test in found.tests])
    least = np.argmin(p)
    assert found.tests[least].adjusted == pytest.approx(min(1, p[least] * len(p)))


def test_errors_are_in_widths_of_the_prior_and_their_ranks_are_compared_with_misfits(calibration):
    found, closures = calibration
    places = [0, 2, 3, 4, 6]
    apart = np.concatenate(
        [
            (closures.mean["x"] - closures.truth["x"])[:, None] / closures.truth["x"].std(),
            (closures.mean["f"] - closures.truth["f"])[:, places] / closures.truth["f"][:, places].std(axis=0),
        ],
        axis=1,
    )
    wanted = np.sqrt(np.mean(apart**2, axis=1))
    assert_allclose(found.truth_error, wanted, rtol=1e-10)
    ranks = stats.spearmanr(closures.misfit[:-10], wanted[:-10]).statistic
    assert found.misfit_ranks_error == pytest.approx(ranks)
    stored = found.to_json()
    assert stored["data_sets"] == COUNT - 10
    assert_allclose(stored["closures"]["truth_error"], wanted)
    assert_allclose(stored["closures"]["misfit"], closures.misfit)


def test_the_table_prints_statistics_under_their_names(calibration):
    found, closures = calibration
    lines = str(found).splitlines()
    head = next(line for line in lines if line.startswith("quantity"))
    low, high = coverage_limits(COUNT - 10, 0.68)
    assert f"68 % ({low}-{high})" in head
    row = next(line for line in lines if line.startswith("x ")).replace("!", "").split()
    u = closures.pit["x"][:-10]
    scores = stats.norm.ppf(u)
    wanted = [np.sqrt(np.mean(scores**2)), width_test(u)[1], scores.mean(), location_test(u)[1], rank_test(u)[1]]
    wanted += [np.sum(np.abs(u - 0.5) < 0.34), np.sum(np.abs(u - 0.5) < 0.475)]
    assert_allclose([float(cell) for cell in row[1:]], wanted, rtol=0.06, atol=6e-4)
    best = int(np.argmin(closures.misfit[:-10]))
    after = lines.index(next(line for line in lines if line.startswith("closure")))
    cells = lines[after + 1].split()
    assert cells[0] == str(best)
    assert_allclose([float(c) for c in cells[1:]], [closures.misfit[best], found.truth_error[best]], atol=6e-4)


def test_findings_carry_the_numbers_of_the_series(calibration):
    """390 data sets see widths that are off by 3.5 / sqrt(780) = 13 %; ten of 400 closures failed."""
    found, _ = calibration
    texts = " | ".join(finding.text for finding in found.findings())
    assert "390 data sets see only bands that are wrong by more than about 13%" in texts
    assert "2.5% of the closures" in texts
    told = f"rank correlation with the truth error {found.misfit_ranks_error:.2f}"
    assert (told in texts) == (abs(found.misfit_ranks_error) < 0.5)


def test_the_file_of_a_validation_has_each_test_under_its_quantity(calibration):
    found, closures = calibration
    content = numbers(found)
    u = closures.pit["x"][:-10]
    assert content["quantities"]["x"]["68 %"]["statistic"] == np.sum(np.abs(u - 0.5) < 0.34)
    assert content["quantities"]["x"]["width"]["p"] == pytest.approx(width_test(u)[1])
    assert content["quantities"]["x"]["location"]["statistic"] == pytest.approx(stats.norm.ppf(u).mean())
    listed = {(test["quantity"], test["name"]): test for test in content["tests"]}
    assert listed["x", "95 %"]["statistic"] == np.sum(np.abs(u - 0.5) < 0.475)
    assert listed["x", "ranks"]["p"] == pytest.approx(rank_test(u)[1])


def test_shares_of_invalid_and_undefined_draws_go_by_weight():
    log_weight = np.log(np.array([[0.1, 0.2, 0.3, 0.4], [1e-300, 0.5, 0.5, 1.0]]))
    log_weight[1, 0] = -np.inf
    valid = np.array([True, True, True, False, True, True, True, True])
    missing = np.array([0.0, np.nan, 0.0, 0.0, 0.0, np.nan, 0.0, 0.0])
    found = validity(log_weight, valid, {"a": missing})
    assert found.invalid_fraction == pytest.approx(1 / 7)
    assert found.undefined_fraction["a"] == pytest.approx(0.7 / 2.6)
    means = draw_means(log_weight, {"misfit": np.arange(8.0).reshape(2, 4)}).means
    assert means["misfit"] == pytest.approx((0 + 1 + 2 + 3 + 5 + 6 + 7) / 7)
