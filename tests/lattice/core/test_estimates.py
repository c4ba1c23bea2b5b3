"""The errors that are reported are those of means: calibrated for chains, weights and families, or called unknown."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi2

from retrodict.cli.compare import comparison
from retrodict.inference.infer import infer
from retrodict.lattice.core.estimates import (
    MeanFunction,
    chain_estimate,
    error_rule,
    family_estimate,
    weighted_estimate,
)
from retrodict.lattice.samplers.methods import HMC, Langevin
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories.groups import SU2, SU3, U1
from retrodict.lattice.theories.paths import FeynmanPath, double_well, harmonic
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.spins import Ising
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.result import Result

VARIANCE = MeanFunction("variance", ("x", "x2"), lambda m: m[1] - m[0] ** 2)
REPEATS, CHAINS, STEPS, RHO = 120, 4, 2000, 0.9


def memory(rng, shape, rho=RHO):
    """Normal variables of unit variance along the last axis, each remembering `rho` of the one before."""
    noise = rng.standard_normal(shape)
    x = np.empty(shape)
    x[..., 0] = noise[..., 0]
    for t in range(1, shape[-1]):
        x[..., t] = rho * x[..., t - 1] + np.sqrt(1 - rho**2) * noise[..., t]
    return x


def chances(deviations):
    """The chance of a larger, and of a smaller sum of squares than that of standard normal deviations."""
    total = np.sum(np.square(deviations))
    return chi2.sf(total, len(deviations)), chi2.cdf(total, len(deviations))


@pytest.fixture(scope="module")
def histories():
    x = memory(np.random.default_rng(1), (REPEATS, CHAINS, STEPS))
    return np.stack([x, x**2], axis=1)


@pytest.mark.parametrize("rounding", [0.0, 1e-15])
def test_chains_frozen_at_different_values_have_no_error(rounding):
    """Q^2 is 0 in six chains and 1 in two, for ever: the scatter of eight starts is no error of a mean."""
    charge = np.array([0.0, 0, 0, 1, 0, -1, 0, 0])[:, None] * np.ones((8, 600))
    charge += rounding * np.random.default_rng(4).standard_normal(charge.shape)
    square = MeanFunction("Q2", ("Q2",), lambda m: m[0])
    found = chain_estimate(square, charge[None] ** 2)
    assert found.value == pytest.approx(0.25)
    assert np.isnan(found.error)
    assert found.tau is None
    charge[0, 300:] = 1.0  # one tunnelling: the Gamma method has something to go by
    assert chain_estimate(square, charge[None] ** 2).error > 0


@pytest.mark.parametrize("kind", ["mean", "variance"])
def test_errors_of_chains_that_remember_are_calibrated(histories, kind):
    """Of 120 data sets with tau_int = 9.5, deviations from the truth in units of the errors are standard normal."""
    one, truth = (VARIANCE, 1.0) if kind == "variance" else (MeanFunction("x", ("x",), lambda m: m[0]), 0.0)
    found = [chain_estimate(one, h[: len(one.needs)]) for h in histories]
    assert min(chances([(each.value - truth) / each.error for each in found])) > 0.01
    if kind == "mean":
        assert_allclose(np.mean([each.tau for each in found]), 0.5 * (1 + RHO) / (1 - RHO), rtol=0.1)


def test_errors_that_forget_the_memory_are_found_out(histories):
    """The twin: the same entries taken as independent."""
    naive = [h[0].mean() / (h[0].std() / np.sqrt(h[0].size)) for h in histories]
    assert chances(naive)[0] < 1e-6


def weighted(rng, count):
    """Draws of N(0, 1) and the weights that make them N(1/2, 1)."""
    x = rng.standard_normal(count)
    weights = np.exp(0.5 * x)
    return x, weights / weights.sum()


def test_errors_of_weighted_draws_are_calibrated_and_those_without_the_weights_are_not():
    rng, deviations, naive = np.random.default_rng(2), [], []
    for _ in range(REPEATS):
        x, weights = weighted(rng, 1000)
        found = weighted_estimate(VARIANCE, np.stack([x, x**2]), weights)
        deviations.append((found.value - 1.0) / found.error)
        mean = weighted_estimate(MeanFunction("x", ("x",), lambda m: m[0]), x[None], np.full(1000, 1e-3))
        naive.append((mean.value - 0.5) / mean.error)
    assert min(chances(deviations)) > 0.01
    assert chances(naive)[0] < 1e-6


def test_copies_of_an_ancestor_do_not_sharpen_an_error():
    """Each of 400 independent draws five times over: the error of 400, not of 2000."""
    x = np.random.default_rng(3).standard_normal(400)
    found = family_estimate(VARIANCE, np.stack([np.repeat(x, 5), np.repeat(x**2, 5)]), np.repeat(np.arange(400), 5))
    assert_allclose(found.error, np.sqrt(2 / 400), rtol=0.15)
    assert found.effective_size == pytest.approx(400)


def test_chains_with_a_draw_that_has_no_density_have_no_error(histories):
    """Not the error of independent draws, which would forget the memory of the others."""
    log_weight = np.zeros((CHAINS, STEPS))
    assert error_rule(log_weight, None) is chain_estimate
    log_weight[1, 5] = -np.inf
    found = error_rule(log_weight, None)(VARIANCE, histories[0])
    assert np.isnan(found.error)
    assert found.value == pytest.approx(1.0, abs=0.2)


SMALL, CHAIN = Phi4((2, 2), 0.27, 0.022), HMC(chains=32, warmup=50, draws=300)


@pytest.fixture(scope="module")
def result():
    return infer(SMALL, CHAIN, seed=11)


def test_a_result_reports_means_with_their_errors_and_not_the_spread_of_the_configurations(result, tmp_path):
    """phi^2 on the 2 x 2 torus: within 3.5 standard errors, which are far below the spread; so too what follows from
    means, which no single configuration has; in result.json, in the summary and after a round trip."""
    ring = exact.phi4_two_by_two(0.27, 0.022)
    numbers = result.quantities()
    phi2 = numbers["phi2"]
    assert abs(phi2["mean"] - ring["phi2"]) < 3.5 * phi2["error"]
    assert phi2["sd"] == phi2["error"] < 0.05 * result.draws("phi2")[0].std()
    assert phi2["exact"] == pytest.approx(ring["phi2"])
    assert_allclose(phi2["effective_size"], 32 * 300 / (2 * phi2["tau_int"]), rtol=1e-9)
    assert {"chi", "binder", "xi", "kappa_4"} <= set(numbers)
    assert numbers["xi"]["unit"] == "a"
    result.save(tmp_path)
    stored = json.loads((tmp_path / "result.json").read_text())["quantities"]
    assert stored["chi"]["error"] == numbers["chi"]["error"]
    assert Result.load(tmp_path).quantities() == numbers
    row = next(line for line in str(result).splitlines() if line.startswith("phi2"))
    assert f"{phi2['deviation']:+.1f}" in row


def test_the_correlator_has_the_errors_of_its_mean(result):
    band, values = result.band("correlator"), result.draws("correlator")[0]
    assert_allclose(band["mean"], values.mean(axis=0), rtol=1e-12)
    assert np.all(band["sd"] < 0.05 * values.std(axis=0))


def test_two_runs_are_compared_by_their_errors(result):
    """Two seeds agree; a coupling one hundredth larger is told apart, which the spread would hide."""
    again = infer(SMALL, CHAIN, seed=12)
    other = infer(Phi4((2, 2), 0.28, 0.022), CHAIN, seed=11)
    runs = {name: one.to_json() for name, one in (("a", result), ("b", again), ("c", other))}
    tension = {name: row["tension"] for name, row in comparison(runs)["quantities"]["phi2"].items()}
    assert tension["b"] < 3.5
    assert tension["c"] > 5


def test_chains_that_stayed_in_one_phase_are_told_by_their_sign_not_failed_by_the_symmetry():
    """kappa = 0.5: all start ordered and none ever flips. <M> is far from its exact zero; even quantities are right."""
    result = infer(Phi4((8, 8), 0.5, 0.022), HMC(chains=16, warmup=30, draws=200, cold=1.0), seed=1)
    assert result.verdict.status == "WARN"
    assert any(reason.startswith("the sign of M never flipped") for reason in result.verdict.reasons)
    assert not any(reason.startswith("M lies") for reason in result.verdict.reasons)
    assert result.diagnostics["contradicted"].keys() == {"M"}


def test_what_never_moved_has_no_error():
    """U(1) at beta = 40 from ordered starts: Q = 0 throughout, so that nothing is known of chi_t; not 0(0)."""
    frozen = infer(Wilson(U1(), (4, 4), 40.0), HMC(chains=8, warmup=30, draws=100, cold=1.0), seed=1)
    numbers = frozen.to_json()["quantities"]["chi_t"]
    assert numbers["mean"] == 0
    assert numbers["error"] is None
    assert any("never changed" in reason and "chi_t" in reason for reason in frozen.verdict.reasons)
    assert "chi_t" in str(frozen)


@pytest.mark.slow
def test_biased_dynamics_are_contradicted_by_what_is_known(result):
    """Langevin without correction on the same action: the verdict names the exact value that it misses."""
    biased = infer(SMALL, Langevin(chains=64, warmup=100, draws=1000, size=0.2), seed=1)
    assert biased.verdict.status == "WARN"
    assert any("exact value" in reason for reason in biased.verdict.reasons)
    assert not any("exact value" in reason for reason in result.verdict.reasons)


# --- what is known exactly --------------------------------------------------------------------------------------------


def test_known_values_are_those_of_independent_formulas():
    assert SMALL.exact_values()["V_M2"] == pytest.approx(7.879050317868, rel=1e-10)
    assert Ising((4, 4), 0.44068679350977147).exact_values()["energy"] == pytest.approx(-1.56562378764, rel=1e-9)
    assert Wilson(U1(), (16, 16), 7.0).exact_values()["chi_t"] == pytest.approx(3.93131e-3, rel=1e-5)
    assert Wilson(SU2(), (16, 16), 2.0).exact_values()["plaquette"] == pytest.approx(0.4331274267, rel=1e-9)
    assert Wilson(SU3(), (16, 16), 6.0).exact_values()["plaquette"] == pytest.approx(0.42253173965, rel=1e-9)
    assert Wilson(SU3(), (4, 4, 4, 4), 6.0).exact_values() == {}
    assert harmonic(20, 0.2).exact_values()["x2"] == pytest.approx(exact.harmonic_x2(20, 0.2), rel=1e-9)


def test_a_path_too_wide_for_the_grid_is_not_claimed_to_be_known():
    assert set(harmonic(400, 0.5, omega=0.02).exact_values()) == {"x"}
    assert set(double_well(20, 0.2, 1.0).exact_values()) == {"x", "x2", "x4"}


def test_the_distribution_of_the_topological_charge_has_its_sum_and_its_variance():
    p = exact.u1_charges(2.0, 64, 12)
    assert p[0] + 2 * p[1:].sum() == pytest.approx(1, rel=1e-12)
    variance = 2 * np.sum(np.arange(1, 13) ** 2 * p[1:])
    assert variance / 64 == pytest.approx(exact.u1_susceptibility(2.0, 64), rel=1e-9)


def test_the_density_of_a_path_has_its_moments():
    path = FeynmanPath(20, 0.2, (1.0, -2.0, 1.0))
    x, density = exact.path_density(20, 0.2, path.coefficients)
    assert np.trapezoid(density, x) == pytest.approx(1, rel=1e-9)
    assert np.trapezoid(density * x**2, x) == pytest.approx(path.exact_values()["x2"], rel=1e-6)
    assert jnp.allclose(path.potential(jnp.asarray(1.5)), (1.5**2 - 1) ** 2)
