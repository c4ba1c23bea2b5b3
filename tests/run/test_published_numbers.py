"""Each number of a result, by value: quantities, bands, prior, fit, shrinkage, `result.json` and the printed table.

The quantities are log-normal under uneven weights (`tests.published`): their quantiles are closed forms. A tolerance of
0.0015 in probability sees a quantile that is off by one per cent, one of one per cent in a moment a width that is off
by two.
"""

import json
import re

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from retrodict.inference.compare import fit_quality
from retrodict.num.weighted import (
    normal_statistics,
    normalised_weights,
    weighted_mean,
    weighted_quantile,
    weighted_sd,
    weighted_statistics,
)
from retrodict.problem.forward import AbstractForward
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.run.result import Result
from retrodict.run.summary import FunctionRow, NumberRow, function_lines, header, number_table
from retrodict.run.verdict import Verdict
from tests import published

PRIOR_DRAWS = 20_000


@pytest.fixture(scope="module")
def result():
    return published.skewed(PRIOR_DRAWS)


def test_statistics_of_weighted_draws_are_those_of_their_distribution():
    """By another algorithm to the distance of two draws, and by the formulas of the distribution."""
    latents, log_weight = published.bank()
    values, weights = np.exp(latents[:, 1]), np.exp(log_weight)
    found = weighted_statistics(values, weights)
    for name, level in published.LEVELS.items():
        assert_allclose(found[name], published.quantile(values, level, weights), rtol=2e-3)
    published.check_statistics(found, published.mass(), 2e-4)
    mean = np.sum(weights * values) / np.sum(weights)
    assert_allclose(weighted_mean(values, weights), mean, rtol=1e-12)
    assert_allclose(weighted_sd(values, weights) ** 2, np.average((values - mean) ** 2, weights=weights), rtol=1e-10)


def test_quantiles_are_exact_on_a_handful_of_draws():
    """Steps at 1, 2, 4 with weights 1/2, 1/4, 1/4: joined at 0.25, 0.625, 0.875."""
    values, weights = np.array([4.0, 1.0, 9.0, 2.0]), np.array([1.0, 2.0, 0.0, 1.0])
    wanted = np.interp([0.1, 0.25, 0.5, 0.7, 0.875, 0.99], [0.25, 0.625, 0.875], [1.0, 2.0, 4.0])
    assert_allclose(weighted_quantile(values, np.array([0.1, 0.25, 0.5, 0.7, 0.875, 0.99]), weights), wanted)


def test_weights_are_those_of_their_logarithms():
    log_weight = np.array([-1000.0, -999.0, -np.inf, -998.0])
    usable = np.array([True, True, True, False])
    assert_allclose(normalised_weights(log_weight, usable), np.array([1.0, np.e, 0.0, 0.0]) / (1 + np.e))


def test_an_estimate_has_the_bands_of_a_normal_distribution():
    found = normal_statistics(np.array([2.0, -1.0]), np.array([0.5, 0.1]))
    for name, sigmas in {"q16": -1, "q84": 1, "q2_5": norm.ppf(0.025), "q97_5": norm.ppf(0.975)}.items():
        assert_allclose(found[name], [2.0 + 0.5 * sigmas, -1.0 + 0.1 * sigmas], rtol=1e-9)
    assert_allclose([found["mean"], found["median"]], [[2.0, -1.0]] * 2)
    assert_allclose(found["sd"], [0.5, 0.1])


@pytest.mark.parametrize(("name", "truth"), [("radius", published.radius()), ("mass", published.mass())])
def test_numbers_are_those_of_the_weighted_draws(result, name, truth):
    published.check_statistics(result.quantities()[name], truth)


def test_bands_are_those_of_the_weighted_draws(result):
    band = result.band("pressure")
    assert_allclose(band["x"], published.GRID)
    for i, x in enumerate(published.GRID):
        published.check_statistics({name: values[i] for name, values in band.items()}, published.pressure(x))


def test_draws_come_with_their_weights(result):
    values, weights = result.draws("radius")
    assert_allclose([weights.sum(), result.weights().sum()], 1.0)
    assert_allclose(weights, result.weights())
    assert_allclose(np.sum(weights * np.log(values)), published.radius().location, atol=1e-3)


class Cut(AbstractForward):
    """Linear, with an answer for a first latent above 0.2 only."""

    def __call__(self, unknown):
        return jnp.asarray(published.OPERATOR) @ unknown, unknown[0] > 0.2


def test_draws_without_an_answer_carry_no_weight_in_posterior_and_prior():
    """What remains is a normal distribution cut at 0.2, of which the quantiles are known."""
    likelihood = published.gaussian(slice(None))
    target = Posterior(
        published.Identity(), Cut(), likelihood, derive=published.derive, quantities=published.QUANTITIES
    )
    cut = published.skewed(4000, target)
    border, truth = published.RADIUS * np.exp(published.WIDTH * 0.2), published.radius()
    values, weights = cut.draws("radius")
    assert np.all(weights[values < border] == 0)
    lost = truth.probability(border)
    found, before = cut.quantities()["radius"], cut.prior_draws("radius")
    for name, level in published.LEVELS.items():
        assert abs(truth.probability(found[name]) - (lost + (1 - lost) * level)) < 1.5e-3
    assert np.all(before[1][before[0] < border] == 0)
    assert cut.diagnostics["prior_invalid_fraction"] == pytest.approx(norm.cdf(0.2), abs=0.03)
    wide = np.std(before[0][before[1] > 0])
    assert_allclose(cut.shrinkage("radius"), 1 - found["sd"] / wide, atol=1e-6)


def test_prior_draws_are_those_of_the_prior(result):
    """Of 20000 draws a standard deviation is known to 0.5 %, a quantile to 0.0035 in probability."""
    for name, truth in (("radius", published.radius(published.PRIOR)), ("mass", published.mass(published.PRIOR))):
        values, weights = result.prior_draws(name)
        assert_allclose(weights, 1 / PRIOR_DRAWS)
        assert_allclose(np.log(values).std(), truth.scale, rtol=0.02)
        assert_allclose(np.log(values).mean(), truth.location, atol=4 * truth.scale / np.sqrt(PRIOR_DRAWS))


def test_the_prior_band_is_that_of_the_prior(result):
    band = result.prior_band("pressure")
    for i, x in enumerate(published.GRID):
        for name, level in published.LEVELS.items():
            assert abs(published.pressure(x, published.PRIOR).probability(band[name][i]) - level) < 0.01
    values, _ = result.prior_draws("pressure")
    assert_allclose(band["sd"], values.std(axis=0), rtol=1e-9)


def test_shrinkage_is_one_minus_the_ratio_of_standard_deviations(result):
    for name, truth in (("radius", published.radius()), ("mass", published.mass())):
        assert_allclose(result.shrinkage(name), 1 - truth.sd / result.prior_draws(name)[0].std(), atol=2e-3)
    wide = result.prior_draws("pressure")[0].std(axis=0)
    assert_allclose(
        result.shrinkage("pressure"), 1 - [published.pressure(x).sd for x in published.GRID] / wide, atol=5e-3
    )


def test_the_fit_is_that_of_the_normal_equations(result):
    exact = published.fit()
    wanted = {"chi2": exact.chi2, "dof": exact.dof(), "p": exact.p()}
    for name, value in wanted.items():
        assert_allclose(result.fit[name], value, rtol=1e-6)
    first = float(np.sum(exact.pulls[: published.FIRST] ** 2))
    assert_allclose([term["chi2"] for term in result.fit_by_term.values()], [first, exact.chi2 - first], rtol=1e-6)
    assert [term["points"] for term in result.fit_by_term.values()] == [published.FIRST, 5 - published.FIRST]
    assert_allclose(result.diagnostics["effective_rank"], exact.rank, rtol=1e-6)


class Positioned(Gaussian):
    """Pulls that were fitted to two positions of their own, beside the latents."""

    @property
    def fitted_positions(self):
        return 2


def test_positions_that_were_fitted_cost_degrees_of_freedom():
    plain = published.gaussian(slice(None))
    one = published.skewed(50, published.posterior(Positioned(plain.data, plain.covariance)))
    exact = published.fit()
    assert_allclose([one.fit["dof"], one.fit["p"]], [exact.dof(2), exact.p(2)], rtol=1e-6)
    assert exact.p(2) < 0.5 * exact.p()


def test_a_fit_has_the_chance_of_a_larger_chi_squared():
    """Of two degrees of freedom it is exp(-chi2 / 2)."""
    found = fit_quality(np.array([1.0, -2.0, 1.5, 0.5]), 2.0)
    assert_allclose([found["chi2"], found["dof"], found["p"]], [7.5, 2.0, np.exp(-3.75)])


def test_the_files_hold_the_same_numbers(result, tmp_path):
    result.save(tmp_path)
    stored = json.loads((tmp_path / "result.json").read_text())
    for name, truth in (("radius", published.radius()), ("mass", published.mass())):
        published.check_statistics(stored["quantities"][name], truth)
        assert_allclose(stored["identifiability"]["shrinkage"][name], result.shrinkage(name))
    exact = published.fit()
    assert_allclose([stored["fit"]["chi2"], stored["fit"]["dof"]], [exact.chi2, exact.dof()], rtol=1e-6)
    assert_allclose(stored["identifiability"]["effective_rank"], exact.rank, rtol=1e-6)
    again = Result.load(tmp_path)
    published.check_statistics(again.quantities()["mass"], published.mass())
    assert_allclose(again.prior_band("pressure")["q16"], result.prior_band("pressure")["q16"])


def test_the_printed_table_has_the_numbers_of_its_head(result):
    """Median with both sides, the 95 % interval, the prior's median with its sides, the shrinkage."""
    exact, truth, before = published.fit(), published.mass(), result.prior_draws("mass")[0]
    text = str(result)
    (row,) = re.findall(r"mass \[Msun\] +(.*)", text)
    median, plus, minus, low, high, prior, above, below, shrinkage = map(float, re.findall(r"[\d.]*\d", row))
    assert_allclose([median, plus, minus], [0.82, 0.82, 0.41])
    assert_allclose([low, high], [truth.quantile(0.025), truth.quantile(0.975)], rtol=5e-3)
    middle = published.quantile(before, 0.5, np.ones(len(before)))
    sides = [abs(published.quantile(before, level, np.ones(len(before))) - middle) for level in (0.84, 0.16)]
    assert_allclose([prior, above, below], [middle, *sides], atol=6e-3)
    assert_allclose(shrinkage, result.shrinkage("mass"), atol=6e-3)
    ratio = f"chi2/dof = {exact.chi2:.1f}/{exact.dof():.1f} = {exact.chi2 / exact.dof():.2f}, p = {exact.p():.2g}"
    assert ratio in text
    assert "counter 5.3/3, meter 1.8/2" in text
    assert "determine 1.7 of 2 latents" in text


def test_the_sides_that_are_printed_are_those_of_the_quantiles():
    truth = published.mass()
    assert truth.quantile(0.5) == pytest.approx(0.82, abs=5e-3)
    assert truth.quantile(0.84) - truth.quantile(0.5) == pytest.approx(0.82, abs=5e-3)
    assert truth.quantile(0.5) - truth.quantile(0.16) == pytest.approx(0.41, abs=5e-3)


def test_the_head_of_the_table_tells_effort_evidence_and_size_of_the_sample():
    figures = {"kind": "exact", "chains": 4, "draws": 250, "rhat": 1.0123, "ess_bulk": 912.4, "weight_ess": 57.6}
    figures |= {"log_evidence": -45.0749, "log_evidence_error": 0.0231, "effective_rank": 3.24, "latents": 6}
    about = {"target": "T", "method": "NUTS", "seed": 7}
    text = "\n".join(header(about, figures, {"chi2": 15.0, "dof": 10.0, "p": 0.132}, {}, Verdict("OK")))
    assert "NUTS, seed 7: 4 x 250 draws, R-hat <= 1.012, ESS >= 912, weight ESS 58" in text
    assert "chi2/dof = 15.0/10.0 = 1.50, p = 0.13" in text
    assert "log Z = -45.075(23)" in text
    assert "determine 3.2 of 6 latents" in text


def test_a_number_far_from_its_prior_is_starred():
    """At 2.1 standard deviations of the prior it is, at 1.9 it is not."""
    prior = {"median": 0.0, "sd": 1.0, "q16": -1.0, "q84": 1.0}
    for median, star in ((2.1, "*"), (-2.1, "*"), (1.9, "")):
        own = {"median": median, "q16": median - 0.1, "q84": median + 0.1, "q2_5": median - 0.2, "q97_5": median + 0.2}
        _, row, *_ = number_table([NumberRow("x", own, prior, 0.9)])
        assert row.endswith(f"0.90{star}")


def test_a_function_is_told_with_the_range_of_its_grid_and_shrinkage():
    row = FunctionRow("f [km]", np.array([1.0, 2.0, 4.0]), "mass", "Msun", np.array([0.2, -0.1, 0.75]))
    assert function_lines([row]) == ["f [km] at 3 points, mass = 1 ... 4 Msun, shrinkage -0.10 ... 0.75"]
