"""The one verb: what it counts, what it refuses, and that a finished run is not run again."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.inference.evaluate import evaluate
from retrodict.inference.findings.particles import Population
from retrodict.inference.infer import conclude, infer
from retrodict.inference.map import MAP, rank
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import Quantity
from retrodict.run.method import Draws
from retrodict.run.result import Result
from tests.inference.exact import Exact, Identity, linear_problem

METHOD = Exact(steps=100)


class HalfSpace(AbstractForward):
    """The identity, with no physics where the first entry is negative."""

    def __call__(self, unknown):
        return unknown, unknown[0] >= 0


HALF = Posterior(
    Identity(2),
    HalfSpace(),
    Gaussian(jnp.array([0.5, 0.0]), Covariance.diagonal(np.ones(2))),
    derive=lambda unknown, prediction: {"first": unknown[0], "root": jnp.sqrt(unknown[1])},
    quantities=(Quantity("first"), Quantity("root")),
)


def test_invalid_draws_are_counted_told_and_carry_no_weight():
    position = jr.normal(jr.key(0), (4, 200, 2))
    result = conclude(HALF, METHOD, Draws(position, jnp.zeros((4, 200)), "exact", {}))
    invalid = float(np.mean(position[..., 0] < 0))
    assert result.diagnostics["invalid_fraction"] == pytest.approx(invalid)
    assert any("of the draws are invalid" in reason for reason in result.verdict.reasons)
    values, weights = result.draws("first")
    assert len(values) == 800
    assert np.all(weights[values < 0] == 0)
    assert_allclose(weights.sum(), 1.0)


def test_a_search_keeps_the_optima_of_all_starts_and_counts_only_the_best():
    """A second valley, unconverged: neither its place nor its state changes a number or the verdict."""
    position = jnp.array([[0.5, 0.1], [2.0, 0.2], [3.0, 0.3]])
    draws = rank(HALF, position, jnp.array([True, False, False]))
    result = conclude(HALF, MAP(starts=3), draws)
    assert result.tree["weighted_posterior"]["z"].values[0, :, 0].tolist() == [0.5, 2.0, 3.0]
    assert np.all(np.diff(result.tree["weighted_sample_stats"]["lp"].values[0]) < 0)
    assert result.tree["posterior"]["z"].values[0, :, 0].tolist() == [0.5]
    assert result.quantities()["first"]["median"] == result.quantities()["first"]["q97_5"] == 0.5
    assert "the best of 3 starts" in str(result)
    assert result.diagnostics["unconverged_fraction"] == 0


def test_a_quantity_that_some_draws_do_not_have_is_averaged_over_the_others_and_named():
    position = jnp.abs(jr.normal(jr.key(0), (4, 200, 2))).at[:, ::4, 1].set(-1.0)
    result = conclude(HALF, METHOD, Draws(position, jnp.zeros((4, 200)), "exact", {}))
    assert result.diagnostics["undefined_fraction"] == {"root": pytest.approx(0.25)}
    assert np.isfinite(result.quantities()["root"]["mean"])
    assert any(note.startswith("root does not exist in 25.0% of the draws") for note in result.verdict.notes)


def test_a_quantity_that_most_draws_do_not_have_calls_for_a_warning():
    position = jnp.abs(jr.normal(jr.key(0), (4, 200, 2))).at[:, ::4, 1].multiply(-1.0).at[:, 1::2, 1].multiply(-1.0)
    result = conclude(HALF, METHOD, Draws(position, jnp.zeros((4, 200)), "exact", {}))
    assert any(reason.startswith("root does not exist in 75.0% of the draws") for reason in result.verdict.reasons)


def test_idle_draws_are_left_out_counted_and_change_no_number():
    position = jr.normal(jr.key(1), (1, 4000, 2)).at[..., 0].set(jnp.abs(jr.normal(jr.key(2), (1, 4000))))
    log_weight = -40.0 * position[..., 0]
    result = conclude(HALF, METHOD, Draws(position, log_weight, "exact", {}))
    weight = np.exp(log_weight[0])
    assert_allclose(result.quantities()["first"]["mean"], weight @ position[0, :, 0] / weight.sum(), rtol=1e-4)
    assert result.diagnostics["idle_draws"] > 1000
    assert result.diagnostics["idle_draws"] + result.diagnostics["draws"] == 4000


def test_importance_weights_act_on_every_number():
    position = jr.normal(jr.key(1), (1, 4000, 2)) * jnp.array([1.0, 1.0])
    log_weight = jnp.where(position[..., 0] > 0, 0.0, -jnp.inf)
    result = conclude(HALF, METHOD, Draws(position, log_weight, "exact", {}))
    assert_allclose(result.quantities()["first"]["mean"], np.sqrt(2 / np.pi), atol=0.05)
    assert result.diagnostics["invalid_fraction"] == 0.0
    assert result.diagnostics["weight_ess"] == pytest.approx(float(jnp.sum(position[..., 0] > 0)))


@pytest.mark.parametrize(("families", "status"), [(1, "FAIL"), (5, "FAIL"), (2000, "OK")])
def test_a_cloud_of_copies_is_caught_and_one_of_strangers_is_not(families, status):
    """2000 particles of few ancestors near which they stayed: as one chain, their order shuffled, they look perfect."""
    target = linear_problem()
    exact = infer(target, Exact(steps=2000), prior_draws=50)
    draws, _ = exact.draws("z")
    ancestor = np.random.default_rng(0).permutation(np.arange(2000) % families)
    count = float(families)
    records = (Population(count, True),)
    position = jnp.asarray(draws[ancestor][None])
    cloud = Draws(position, jnp.zeros((1, 2000)), "exact", {}, diagnostics=records, ancestor=ancestor[None])
    result = conclude(target, METHOD, cloud, prior_draws=50)
    assert result.verdict.status == status, result.verdict.reasons
    assert "rhat" not in result.diagnostics
    assert "mean_ancestor" not in result.diagnostics


def test_no_valid_draw_at_all_is_a_failure_and_not_a_crash(tmp_path):
    position = -jnp.abs(jr.normal(jr.key(0), (4, 50, 2)))
    result = conclude(HALF, METHOD, Draws(position, jnp.zeros((4, 50)), "exact", {}))
    assert result.verdict.status == "FAIL"
    assert np.isnan(result.quantities()["first"]["mean"])
    assert result.to_json()["quantities"]["first"]["mean"] is None
    assert str(result).startswith("FAIL")
    result.save(tmp_path)
    assert Result.load(tmp_path).tree["posterior"].sizes["draw"] == 0
    assert Result.load(tmp_path).bank.sizes["draw"] == 50


def test_the_batch_does_not_change_what_is_evaluated():
    z = jax.random.normal(jr.key(0), (37, 4))
    whole, cut = (evaluate(linear_problem(), z, batch=batch) for batch in (64, 8))
    assert_allclose(cut.log_density, whole.log_density, rtol=1e-12)
    assert_allclose(cut.derived["line"], whole.derived["line"], rtol=1e-12)


def test_a_finished_run_resumes_to_the_same_bytes(tmp_path):
    for resume in (False, True):
        infer(linear_problem(), METHOD, path=tmp_path / "run", resume=resume, progress=False)
        content = (tmp_path / "run" / "result.nc").read_bytes()
        if not resume:
            before = content
    assert content == before


def test_a_run_is_not_overwritten_unasked(tmp_path):
    infer(linear_problem(), METHOD, path=tmp_path / "run", progress=False)
    with pytest.raises(InputError, match="the run directory exists"):
        infer(linear_problem(), METHOD, path=tmp_path / "run", progress=False)
    infer(linear_problem(), METHOD, path=tmp_path / "run", force=True, progress=False)


def test_another_seed_is_another_answer_and_the_same_one_is_the_same():
    first, again, other = (infer(linear_problem(), METHOD, seed=seed).draws("total")[0] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
