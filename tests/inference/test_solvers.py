"""The minimisers, and the linear algebra below them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.inference import least_squares
from retrodict.inference.gauss_newton import covariance, factorise, half_log_det, refined_step, solve_step
from retrodict.inference.gradient import LBFGS, Adam
from retrodict.inference.least_squares import LevenbergMarquardt, minimise
from retrodict.inference.map import MAP
from retrodict.inference.schedule import Constant, Cosine, Geometric
from tests.inference.driving import run
from tests.inference.targets import NOTHING, FreeField, half_plane, linear, measured, rosenbrock, sheet

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (5, 5)])
@pytest.mark.parametrize("shift", [1.0, 3.5])
def test_both_spaces_solve_the_same_normal_equations(shape, shift):
    jacobian, residual, prior = RNG.normal(size=shape), RNG.normal(size=shape[0]), RNG.normal(size=shape[1])
    step = solve_step(jacobian, factorise(jacobian, shift), residual, prior, shift)
    hessian = jacobian.T @ jacobian + shift * np.eye(shape[1])
    assert_allclose(step, -np.linalg.solve(hessian, jacobian.T @ residual + prior), rtol=1e-10)
    hessian = jacobian.T @ jacobian + np.eye(shape[1])
    assert_allclose(half_log_det(factorise(jacobian)), 0.5 * np.linalg.slogdet(hessian)[1], rtol=1e-12)
    assert_allclose(covariance(jacobian), np.linalg.inv(hessian), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4)])
def test_a_refined_step_is_accurate_when_the_data_are_a_million_times_more_precise_than_the_prior(shape):
    jacobian, residual, prior = 1e6 * RNG.normal(size=shape), RNG.normal(size=shape[0]), RNG.normal(size=shape[1])
    step = refined_step(jacobian, factorise(jacobian), residual, prior)
    stacked = np.vstack([jacobian, np.eye(shape[1])])
    exact = np.linalg.lstsq(stacked, -np.concatenate([residual, prior]), rcond=None)[0]
    assert_allclose(step, exact, rtol=1e-8, atol=1e-8 * np.abs(exact).max())


def test_levenberg_marquardt_needs_few_steps_in_a_curved_valley():
    """From (-1.2, 1), the classic start; gradient descent needs thousands."""
    target = rosenbrock()
    found = jax.jit(lambda z: minimise(target, z, iterations=40, temperature=1.0, tolerance=1e-4))
    end = found(jnp.array([-1.2, 1.0]))
    assert bool(end.converged)
    gradient = jax.grad(lambda z: 0.5 * jnp.sum(target.full_residual(z) ** 2))(end.position)
    assert np.max(np.abs(gradient)) < 1e-2  # 1e-4 standard deviations, of which the smaller one is 0.01
    _, steps = run(rosenbrock(), MAP(starts=8, steps=200))
    assert steps <= 40


def iterations_along(target, start: list[float]) -> int:
    """How many Levenberg-Marquardt steps lead from `start` to the optimum; 500 if more."""

    def body(state, _):
        state = LevenbergMarquardt().step(target, state, None, jnp.asarray(1.0), jnp.asarray(1.0))
        return state, state.converged

    begin = LevenbergMarquardt().init(target, jnp.asarray(start))
    _, converged = jax.jit(lambda at: jax.lax.scan(body, at, length=500))(begin)
    return int(jnp.sum(~converged)) + 1


RIDGE = measured([0.0, 1.0], [1e-4, 0.1], slope=[[0, 1], [1, 0]], bend=[np.diag([-1.0, 0.0]), NOTHING])


@pytest.mark.parametrize(("target", "start"), [(RIDGE, [-1.2, 1.0]), (sheet(1e-4), [2.0, 1.0])])
def test_following_the_bend_of_a_thin_valley_saves_two_thirds_of_the_steps_or_more(target, start, monkeypatch):
    """And straight steps alone are the twin."""
    following = iterations_along(target, start)
    monkeypatch.setattr(least_squares, "LARGEST_BEND", 0.0)
    straight = iterations_along(target, start)
    assert following <= 120
    assert straight > 3 * following


@pytest.mark.parametrize("solver", [LevenbergMarquardt(), LBFGS(), Adam(Cosine(3e-2, 1e-4), tolerance=1e-3)])
def test_every_solver_finds_the_optimum_from_every_start(solver):
    steps = 3000 if isinstance(solver, Adam) else 60
    draws, taken = run(linear(), MAP(starts=4, solver=solver, steps=steps))
    operator, likelihood = linear().forward.slope, linear().likelihood
    whitened = np.asarray(likelihood.covariance.whitener)[:, None] * np.asarray(operator)
    right = whitened.T @ (np.asarray(likelihood.covariance.whitener) * np.asarray(likelihood.mean))
    exact = np.linalg.solve(whitened.T @ whitened + np.eye(2), right)
    assert np.all(draws.statistics["converged"])
    assert taken < steps
    assert_allclose(draws.position[0], np.broadcast_to(exact, (4, 2)), atol=1e-3)
    assert_allclose(draws.log_weight, [[0.0, -np.inf, -np.inf, -np.inf]])


def test_optima_are_ordered_by_their_probability():
    """The ring has two equal optima, at z_0 = 0, and saddles: the best comes first."""
    draws, _ = run(sheet(0.1), MAP(starts=8))
    log_density = np.asarray(draws.statistics["log_density"][0])
    assert np.all(np.diff(log_density) <= 0)
    assert_allclose(np.abs(np.asarray(draws.position)[0, 0]), [0.0, np.sqrt((1 - 0.01 / 6) / 3)], atol=1e-4)


def test_annealed_noise_ends_at_the_problem_itself():
    plain, annealed = (
        run(rosenbrock(), MAP(starts=4, temperature=schedule))[0] for schedule in (Constant(1.0), Geometric(1e4))
    )
    assert np.all(annealed.statistics["converged"])
    assert_allclose(annealed.position[0, 0], plain.position[0, 0], atol=1e-4)


def test_a_start_in_the_valid_region_never_leaves_it():
    draws, _ = run(half_plane(), MAP(starts=16))
    assert np.all(np.asarray(draws.position)[..., 0] > 0)


def test_a_target_without_a_residual_is_minimised_in_its_own_shape():
    draws, _ = run(FreeField(side=3, mass=1.0), MAP(starts=2, solver=LBFGS(tolerance=1e-8), steps=50))
    assert draws.position.shape == (1, 2, 3, 3)
    assert_allclose(draws.position, 0.0, atol=1e-7)


@pytest.mark.parametrize(
    ("schedule", "begin", "end"), [(Constant(2.0), 2.0, 2.0), (Geometric(1e6), 1e6, 1.0), (Cosine(1.0, 0.1), 1.0, 0.1)]
)
def test_schedules_begin_and_end_where_they_say(schedule, begin, end):
    assert float(schedule(jnp.asarray(0.0))) == pytest.approx(begin)
    assert float(schedule(jnp.asarray(1.0))) == end
