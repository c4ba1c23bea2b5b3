"""Every method against answers that are known, on problems that it promises to solve."""

import os
import signal

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError, Interrupted
from retrodict.base.types import Flag, Vector
from retrodict.inference.basins import Basins
from retrodict.inference.constrained_hmc import ConstrainedHMC
from retrodict.inference.diagnose import diagnose
from retrodict.inference.diagnostics import effective_sample_size, genealogy_ess, rhat_and_bulk_ess
from retrodict.inference.ensemble import Ensemble
from retrodict.inference.evaluate import evaluate
from retrodict.inference.findings.weights import Evidence, ImportanceWeights
from retrodict.inference.gradient import Adam
from retrodict.inference.importance import Importance, fill_bank
from retrodict.inference.laplace import Laplace
from retrodict.inference.map import MAP
from retrodict.inference.nuts import NUTS
from retrodict.inference.schedule import Constant
from retrodict.inference.smc import SequentialMonteCarlo
from retrodict.inference.train import Train
from retrodict.problem.forward import AbstractForward
from retrodict.problem.posterior import Posterior
from retrodict.run import loop
from retrodict.run.diagnostic import pick, to_json
from retrodict.run.directory import RunDirectory
from retrodict.run.loop import advance
from tests.inference.driving import deviations, run, taken
from tests.inference.targets import FreeField, Line, banana, by_grid, half_plane, linear, sheet, skewed, valleys
from tests.problem.toys import Identity

METHODS = {
    "Ensemble": Ensemble(members=2000, steps=60),
    "Importance": Importance(draws=20_000, batch=2000),
    "Laplace": Laplace(draws=2000, steps=60),
    "ConstrainedHMC": ConstrainedHMC(chains=16, warmup=100, draws=250, leapfrog=4),
    "NUTS": NUTS(chains=4, warmup=300, draws=1000),
    "SequentialMonteCarlo": SequentialMonteCarlo(particles=2000, moves=4),
}
PROBLEMS = {"linear": linear, "skewed": skewed, "banana": banana, "sheet": lambda: sheet(0.1), "valleys": valleys}
PROMISED = [
    *(("linear", name) for name in METHODS),
    *(("skewed", name) for name in METHODS if name != "Laplace"),
    *(("banana", name) for name in ("Importance", "ConstrainedHMC", "NUTS", "SequentialMonteCarlo")),
    *(("sheet", name) for name in ("Importance", "ConstrainedHMC", "NUTS")),
    *(("valleys", name) for name in ("Importance", "SequentialMonteCarlo")),
]


@pytest.mark.parametrize(("problem", "method"), PROMISED)
def test_draws_have_the_mean_and_covariance_of_the_posterior(problem, method):
    target = PROBLEMS[problem]()
    draws, _ = run(target, METHODS[method])
    assert np.max(np.abs(deviations(draws, by_grid(target)))) < 4


@pytest.mark.parametrize("method", ["Importance", "ConstrainedHMC", "NUTS"])
def test_a_spread_ten_percent_too_small_is_noticed(method):
    """The twin of the test above."""
    target = linear()
    draws, _ = run(target, METHODS[method])
    middle = by_grid(target).mean
    narrow = draws._replace(position=middle + 0.9 * (np.asarray(draws.position) - middle))
    assert np.max(np.abs(deviations(narrow, by_grid(target)))) > 4


def test_an_ensemble_without_its_weights_is_not_the_posterior_where_the_problem_is_skewed():
    """The twin of the weighted ensemble above: the determinant of the Jacobian is needed."""
    draws, _ = run(skewed(), METHODS["Ensemble"])
    unweighted = draws._replace(log_weight=jnp.zeros_like(draws.log_weight))
    assert np.max(np.abs(deviations(unweighted, by_grid(skewed())))) > 6


def test_an_ensemble_is_the_same_in_batches_of_any_size():
    together, in_parts = (run(banana(), Ensemble(members=50, steps=30, batch=batch))[0] for batch in (None, 7))
    assert_allclose(in_parts.position, together.position, rtol=1e-6, atol=1e-9)


def test_a_stopped_ensemble_resumes_bit_identically(tmp_path, monkeypatch):
    """SIGTERM after the first chunk, with members resampled and selected as in the published reconstructions."""
    target, method = banana(), Ensemble(members=9, prior=False, confined=False, steps=12, batch=4)
    whole = loop.advance(target, method, seed=1, chunk=4)
    reach = loop.reach
    monkeypatch.setattr(loop, "reach", lambda point: (os.kill(os.getpid(), signal.SIGTERM), reach(point)))
    with pytest.raises(Interrupted, match="SIGTERM"):
        loop.advance(target, method, seed=1, chunk=4, directory=RunDirectory(tmp_path / "run"))
    monkeypatch.setattr(loop, "reach", reach)
    resumed = loop.advance(target, method, seed=1, chunk=4, directory=RunDirectory(tmp_path / "run"), resume=True)
    assert resumed.steps == whole.steps > 4
    for one, other in zip(jax.tree.leaves(resumed.state.descent), jax.tree.leaves(whole.state.descent), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(resumed.history.cost, whole.history.cost)


def test_members_that_are_not_confined_are_selected_after_the_fit():
    """The half plane cut off linear answers: its members are those of the whole plane that lie in it, no others."""
    method = Ensemble(members=400, steps=30, confined=False)
    draws, _ = run(half_plane(border=0.8), method)
    everywhere, _ = run(half_plane(border=-np.inf), method)
    position, kept = np.asarray(draws.position[0]), np.isfinite(draws.log_weight[0])
    assert_allclose(position, everywhere.position[0], atol=1e-6)
    assert np.array_equal(kept, position[:, 0] > 0.8)
    assert_allclose(to_json(draws.diagnostics)["kept_fraction"], kept.mean())
    assert 0.2 < kept.mean() < 0.8


def test_confined_members_are_held_at_the_border_instead():
    """The twin of the test above: those that would have left are all there, and not where their optima are."""
    draws, _ = run(half_plane(border=0.8), Ensemble(members=400, steps=30))
    assert np.all(np.isfinite(draws.log_weight))
    assert np.mean(~np.asarray(draws.statistics["converged"])) > 0.2


def test_a_laplace_approximation_of_a_bent_posterior_distrusts_itself():
    answers = (run(target, METHODS["Laplace"])[0] for target in (linear(), sheet(0.1)))
    good, bad = (pick(ImportanceWeights, draws.diagnostics).pareto_k for draws in answers)
    assert good == 0.0
    assert bad > 0.7


@pytest.mark.parametrize(
    ("problem", "method", "promised"),
    [
        ("linear", "Laplace", 1e-8),
        ("linear", "Importance", 0.0),
        ("banana", "Importance", 0.0),
        ("valleys", "Importance", 0.0),
        ("linear", "SequentialMonteCarlo", 0.0),
        ("banana", "SequentialMonteCarlo", 0.0),
        ("valleys", "SequentialMonteCarlo", 0.0),
    ],
)
def test_the_evidence_is_that_of_the_quadrature(problem, method, promised):
    target = PROBLEMS[problem]()
    evidence = pick(Evidence, run(target, METHODS[method])[0].diagnostics)
    error = 4 * float(evidence.log_evidence_error or 0.0) + promised
    assert abs(float(evidence.log_evidence) - by_grid(target).log_evidence) < error
    assert error < 0.5


def test_separate_valleys_are_counted_where_the_tail_of_the_weights_looks_fine():
    """Two modes, one twice as heavy: the tail index has no objection, the descents of the members have."""
    one, two = (run(problem(), Ensemble(members=200))[0] for problem in (banana, valleys))
    assert [pick(Basins, draws.diagnostics).number for draws in (one, two)] == [1, 2]
    assert 0.2 < pick(Basins, two.diagnostics).outside < 0.5
    assert pick(ImportanceWeights, two.diagnostics).pareto_k < 0.7
    records = diagnose(valleys(), jax.device_get(two), evaluate(valleys(), two.position[0]))
    assert to_json(records)["basins"] == 2


@pytest.fixture(scope="module")
def populations():
    """The answers of sixty independent runs with few particles."""
    method, target = SequentialMonteCarlo(particles=300), banana()
    states, _, _ = jax.vmap(lambda seed: taken(method, target, seed))(jnp.arange(60))
    return [method.finish(target, jax.tree.map(lambda leaf, i=i: leaf[i], states), None) for i in range(60)]


def test_the_error_of_the_evidence_is_its_scatter_over_runs(populations):
    runs = [to_json(draws.diagnostics) for draws in populations]
    scatter = np.std([one["log_evidence"] for one in runs])
    # A scatter from 60 runs is known to 9 %.
    assert_allclose(np.sqrt(np.mean([one["log_evidence_error"] ** 2 for one in runs])), scatter, rtol=0.3)


def test_the_genealogy_tells_the_scatter_of_the_means_over_runs(populations):
    """Effective particles give the error of a mean; all particles, as if independent, would give too small a one."""
    means, errors = [], []
    for draws in populations:
        particles, ancestor = np.asarray(draws.position[0]), np.asarray(draws.ancestor[0])
        means.append(particles.mean(axis=0))
        errors.append(particles.std(axis=0) / np.sqrt(genealogy_ess(particles, ancestor)))
    assert_allclose(np.sqrt(np.mean(np.square(errors), axis=0)), np.std(means, axis=0), rtol=0.35)


@pytest.mark.parametrize("method", ["Ensemble", "ConstrainedHMC", "NUTS", "SequentialMonteCarlo"])
def test_no_draw_lies_where_the_physics_is_invalid(method):
    draws, _ = run(half_plane(), METHODS[method])
    assert np.all(np.asarray(draws.position)[..., 0] > 0)


@pytest.mark.parametrize("method", ["ConstrainedHMC", "NUTS", "SequentialMonteCarlo"])
def test_a_posterior_cut_by_invalid_physics_keeps_its_moments(method):
    draws, _ = run(half_plane(), METHODS[method])
    assert np.max(np.abs(deviations(draws, by_grid(half_plane(), points=3001)))) < 4


def test_nuts_draws_a_free_field_of_any_shape_with_its_exact_correlations():
    """No residual, an array as position, and a correlation length of two lattice spacings."""
    field = FreeField(side=6, mass=0.5)
    draws, _ = run(field, NUTS(chains=4, warmup=200, draws=500))
    assert draws.position.shape == (4, 500, 6, 6)
    square = np.mean(np.asarray(draws.position) ** 2, axis=(2, 3))
    error = np.std(square) / np.sqrt(effective_sample_size(square))
    assert abs(np.mean(square) - field.exact_phi_squared()) < 4 * error
    assert error < 0.05 * field.exact_phi_squared()
    assert rhat_and_bulk_ess(square)[0] < 1.02
    assert not np.any(draws.statistics["divergent"])


def test_a_bank_answers_for_other_data_without_solving_the_physics_again():
    target = banana()
    bank = fill_bank(target, jr.key(0), draws=20_000)
    data = jnp.array([[1.5, 0.5], [0.4, 1.0]])
    log_weights = bank.log_likelihoods(target.likelihood, data)
    for one, log_weight in zip(data, log_weights, strict=True):
        exact = by_grid(target.with_data(one))
        weight = np.exp(log_weight - np.max(log_weight))
        mean = weight @ np.asarray(bank.position) / weight.sum()
        error = np.sqrt(np.diag(exact.covariance) * np.sum(weight**2)) / weight.sum()
        assert np.all(np.abs(mean - exact.mean) < 4 * error)


def test_training_finds_the_line_that_made_the_examples():
    draws, _ = run(Line(), Train(steps=2000, batch=32, learning_rate=Constant(1e-2), every=100))
    assert_allclose(draws.position["slope"], [[2.0]], atol=0.02)
    assert_allclose(draws.position["offset"], [[-1.0]], atol=0.01)


@pytest.mark.parametrize(
    "method", [MAP(), Ensemble(), Importance(), Laplace(), ConstrainedHMC(), SequentialMonteCarlo(), Train()]
)
def test_a_method_refuses_a_target_without_the_structure_that_it_needs(method):
    with pytest.raises(InputError, match="needs a target"):
        method.check(FreeField(side=2, mass=1.0))


def test_neither_the_answer_nor_the_compilations_depend_on_how_the_steps_are_cut_into_chunks():
    answers, traces = [], []
    for chunk in (3, 100):
        count: list[int] = []
        target = Posterior(Identity(2), Counting(count), linear().likelihood)
        method = MAP(starts=2, steps=20, solver=Adam())
        finished = advance(target, method, seed=3, chunk=chunk)
        traces.append(len(count))
        answers.append(method.finish(target, finished.state, finished.history).position)
    assert np.array_equal(*answers)
    assert traces[0] == traces[1]


class Counting(AbstractForward):
    """The identity, which notes each time that it is traced."""

    traced: list[int] = eqx.field(static=True)

    def __call__(self, unknown: Vector) -> tuple[Vector, Flag]:
        self.traced.append(1)
        return unknown, jnp.asarray(True)
