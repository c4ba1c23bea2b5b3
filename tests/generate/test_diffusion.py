"""Diffusion models against the two-peak toy, whose score, density and cumulants are known with any noise added."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtri
from scipy.stats import kstest

from retrodict.base.errors import InputError
from retrodict.generate.annealing import AnnealedLangevin
from retrodict.generate.diffusion import Diffusion, PredictorCorrector, ProbabilityFlow, ReverseSDE, information
from retrodict.generate.exact import importance, independence_metropolis
from retrodict.generate.learners import FromData, with_trained_weights
from retrodict.generate.modes import Fourier, GaussianStart, Isotropic, TailedStart
from retrodict.generate.noise import (
    VarianceExploding,
    VariancePreserving,
    geometric_levels,
    noise_level,
    uniform_time_levels,
)
from retrodict.generate.score import Perceptron, by_jacobian
from retrodict.generate.two_peaks import TwoPeaks, TwoPeaksScore
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.num.cumulants import diffuse, sample_cumulants, weighted_cumulants
from retrodict.run.loop import advance

TOY = TwoPeaks(1.0, 0.25)
VARIANCE = TOY.cumulants(2)[1]
PROCESSES = [VarianceExploding(25.0), VariancePreserving()]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(160)


def process(score: Any, steps: int = 64, largest: float = 10.0, finest: float = 0.02) -> Diffusion:
    start = GaussianStart(Isotropic((1,)), jnp.asarray(VARIANCE))
    return Diffusion(score, start, geometric_levels(largest, finest, steps), float(VARIANCE))


EXACT = TwoPeaksScore(TOY)


def drawn(model: Any, count: int, seed: int = 0) -> Any:
    return eqx.filter_jit(lambda m, keys: jax.vmap(m.sample)(keys))(model, jr.split(jr.key(seed), count))


def off_by(values: np.ndarray, exact: float) -> float:
    """In standard errors."""
    return float(abs(values.mean() - exact) / (values.std() / np.sqrt(len(values))))


# --- forward processes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", PROCESSES, ids=["VE", "VP"])
def test_mean_and_variance_solve_the_equations_of_the_process(noise: Any):
    """d ln f / dt = K, d Xi / dt = 2 K Xi + g^2, by automatic differentiation."""
    for t in jnp.array([0.01, 0.3, 1.0]):
        slope = jax.grad(lambda u: jnp.log(noise.mean_factor(u)))(t)
        assert_allclose(slope, noise.drift(t), rtol=1e-12, atol=1e-14)
        growth = jax.grad(lambda u: noise.variance(u))(t)
        expected = 2 * noise.drift(t) * noise.variance(t) + noise.diffusion_squared(t)
        assert_allclose(growth, expected, rtol=1e-12)
        assert_allclose(noise.time(noise_level(noise, t)), t, rtol=1e-10)
    levels = uniform_time_levels(noise, 20, 1e-3)
    assert np.all(np.diff(levels) < 0)
    assert_allclose(levels[-1], 1e-3, rtol=1e-6)


@pytest.mark.parametrize("noise", PROCESSES, ids=["VE", "VP"])
def test_noise_changes_the_second_cumulant_only_and_ve_conserves_all_others(noise: Any):
    """To order ten, exactly: the noised toy by quadrature against f^n kappa_n + Xi delta_n2."""
    for t in (0.1, 0.5, 1.0):
        f, xi = float(noise.mean_factor(jnp.asarray(t))), float(noise.variance(jnp.asarray(t)))
        width = np.sqrt(f**2 * TOY.width**2 + xi)
        x = np.concatenate([f * TOY.centre + width * NODES, -f * TOY.centre + width * NODES])
        measured = weighted_cumulants(x, np.tile(WEIGHTS, 2), 10)
        exact = diffuse(TOY.cumulants(10), f, xi)
        scale = max(1.0, width) ** np.arange(1, 11)  # that of the moments which cancel
        assert np.all(np.abs(measured - exact) < 1e-9 * scale * np.array([1, 1, 2, 3, 8, 15, 48, 105, 384, 945]))
        if isinstance(noise, VarianceExploding):
            assert_allclose(exact[2:], TOY.cumulants(10)[2:], rtol=1e-14)


def test_cumulants_of_the_toy_are_those_of_a_sign():
    assert_allclose(TOY.cumulants(10)[1::2], [1 + 0.25**2, -2, 16, -272, 7936], rtol=1e-12)
    assert_allclose(TOY.cumulants(10)[0::2], 0, atol=1e-12)


def test_cumulants_of_draws_have_honest_errors_and_a_wrong_width_is_noticed():
    """60 sets of 4000 draws: the mean square of (value - exact) / error is one for kappa_2 ... kappa_10."""
    variance = float(PROCESSES[0].variance(jnp.asarray(0.02)))
    exact = diffuse(TOY.cumulants(10), 1.0, variance)[1::2]
    random, pulls = np.random.default_rng(0), []
    for _ in range(60):
        signs, white = random.choice([-1.0, 1.0], 4000), random.normal(size=4000)
        x = TOY.centre * signs + np.sqrt(TOY.width**2 + variance) * white
        value, error = sample_cumulants(x, 10, even=True)
        pulls.append((value[1::2] - exact) / error[1::2])
    square = np.mean(np.square(pulls), axis=0)
    assert np.all(np.abs(square - 1) < 4 * np.sqrt(2 / 60))
    wide = np.square(np.asarray(pulls) * 2)  # the twin: errors half as large
    assert np.all(np.abs(wide.mean(axis=0) - 1) > 4 * np.sqrt(2 / 60))
    with pytest.raises(InputError, match="too few draws"):
        sample_cumulants(np.zeros(3), 4)


# --- samplers with the exact score ------------------------------------------------------------------------------------


def test_the_exact_score_is_the_gradient_of_the_noised_density_and_its_divergence_is_the_trace():
    y = jnp.array([0.3])
    for level in (1e-3, 0.4, 5.0):
        slope = jax.grad(lambda x: TOY.noised_log_density(x, jnp.asarray(level)))(y)  # noqa: B023
        score, divergence = EXACT.with_divergence((), y, jnp.asarray(level))
        assert_allclose(score, slope, rtol=1e-10)
        traced = by_jacobian(lambda x: EXACT((), x, jnp.asarray(level)), y)  # noqa: B023
        assert_allclose([traced[0][0], traced[1]], [score[0], divergence], rtol=1e-12)
    with pytest.raises(InputError, match="too many dimensions"):
        by_jacobian(lambda x: -x, jnp.zeros(65))


class Faulty(TwoPeaksScore):
    """A tenth too small."""

    def with_divergence(self, weights: Any, y: Any, level: Any) -> Any:
        score, divergence = EXACT.with_divergence(weights, y, level)
        return 0.9 * score, 0.9 * divergence


def toy_draws(count: int, seed: int) -> Any:
    random = np.random.default_rng(seed)
    x = TOY.centre * random.choice([-1.0, 1.0], count) + TOY.width * random.normal(size=count)
    return jnp.asarray(x[:, None])


def path_sampler(score: Any, steps: int) -> ReverseSDE:
    """With the widths of its steps measured on a pilot."""
    plan, modes = process(score, steps), Isotropic((1,))
    return ReverseSDE(plan, (), modes, information(plan, (), modes, toy_draws(1000, 5), jr.key(6)))


def models(score: Any) -> dict[str, Any]:
    return {
        "reverse SDE": path_sampler(score, 256),
        "probability flow": ProbabilityFlow(process(score, steps=48), ()),
        "predictor-corrector": PredictorCorrector(process(score, steps=128), ()),
    }


@pytest.mark.parametrize("name", models(EXACT))
def test_every_sampler_with_the_exact_score_is_right_within_three_sigma_and_with_a_wrong_one_is_not(name: str):
    worst = {}
    for score in (EXACT, Faulty(TOY)):
        x = np.asarray(drawn(models(score)[name], 6000).x)[:, 0]
        inside = [off_by(np.abs(x), 1.0), off_by(x**2, VARIANCE), off_by((np.abs(x) - 1) ** 2, 0.25**2)]
        worst[type(score)] = max(*inside, off_by(np.sign(x), 0.0))
    assert worst[TwoPeaksScore] < 3
    assert worst[Faulty] > 5


def test_the_density_of_the_flow_is_normalised_and_is_that_of_the_toy():
    """On a grid, against the exact density with the finest noise; both directions agree to 1e-5."""
    model = ProbabilityFlow(process(EXACT, steps=100), ())
    x = jnp.linspace(-2.2, 2.2, 301)[:, None]
    log_q = eqx.filter_jit(lambda m, at: jax.vmap(m.log_prob)(at))
    exact = jax.jit(jax.vmap(lambda at: TOY.noised_log_density(at, model.process.levels[-1])))(x)
    log_p = log_q(model, x)
    assert np.max(np.abs(np.exp(log_p) - np.exp(exact))) < 2e-3
    assert_allclose(np.sum(np.exp(log_p)) * float(x[1, 0] - x[0, 0]), 1, atol=1e-3)
    draw = drawn(model, 301)
    assert_allclose(log_q(model, draw.x), draw.log_prob, atol=1e-5)
    errors = []  # of fourth order in the step
    for steps in (25, 50):
        errors.append(np.abs(log_q(ProbabilityFlow(process(EXACT, steps=steps), ()), x[140:160]) - log_p[140:160]))
    assert np.all(errors[0] / errors[1] > 8)


def test_weights_of_paths_and_of_densities_correct_a_wrong_score_and_a_planted_fault_is_noticed():
    """A score that is a tenth too small, few steps: ln Z = 0 and <x^2> within three sigma after correction."""
    measured = path_sampler(Faulty(TOY), 24)
    plain = eqx.tree_at(lambda m: m.information, measured, jnp.zeros(25))
    spread = {}
    for name, model in {"plain": plain, "measured": measured, "flow": ProbabilityFlow(measured.process, ())}.items():
        draw = drawn(model, 10_000, seed=1)
        log_w = jax.jit(jax.vmap(TOY.log_density))(draw.x) - draw.log_prob
        square = np.asarray(draw.x)[:, 0] ** 2
        assert off_by(square, VARIANCE) > 3  # uncorrected
        for fault in (0.0, 0.5):  # a density that forgets a part which depends on x
            estimate = importance(log_w + fault * square)
            mean, error = estimate.mean(square)
            good = abs(estimate.log_z) < 3 * estimate.log_z_error and abs(mean - VARIANCE) < 3 * error
            assert good == (fault == 0), (name, fault)
            assert estimate.ess > 0.1 or fault, name
        indices, _ = independence_metropolis(log_w, jr.key(2))
        chain = square[np.asarray(indices)][100:]
        assert abs(chain.mean() - VARIANCE) < 3 * chain.std() / np.sqrt(len(chain) / 2)
        spread[name] = estimate.variance
    assert spread["measured"] < 0.8 * spread["plain"]  # what the covariance of a reverse step is worth


def test_for_a_gaussian_every_step_of_measured_width_is_exact():
    """A free field in Fourier modes: all weights equal, at any number of steps; with white steps they are not."""

    class Free(TwoPeaksScore):
        spectrum: Any = None

        def with_divergence(self, weights: Any, y: Any, level: Any) -> Any:
            total = self.spectrum + level**2
            return -Fourier((8,)).filter(y, 1 / total), -jnp.sum(1 / total)

    spectrum = 1 / (0.3 + 2 - 2 * jnp.cos(2 * jnp.pi * jnp.arange(8) / 8))
    modes = Fourier((8,))
    plan = Diffusion(Free(TOY, spectrum), GaussianStart(modes, spectrum), geometric_levels(10.0, 0.05, 5))
    ladder = plan.levels[:, None]
    path = ReverseSDE(plan, (), modes, 1 / (spectrum + ladder**2))
    for model, exact in ((path, True), (eqx.tree_at(lambda m: m.information, path, jnp.zeros((6, 8))), False)):
        draw = drawn(model, 200)
        log_p = jax.vmap(lambda x: GaussianStart(modes, spectrum).log_prob(x, jnp.asarray(0.0)))(draw.x)
        assert (np.max(np.abs(log_p - draw.log_prob)) < 1e-9) == exact


# --- Langevin ---------------------------------------------------------------------------------------------------------


def test_annealed_langevin_is_biased_until_its_states_are_those_of_a_metropolis_chain():
    model = AnnealedLangevin(
        process(EXACT, steps=24), (), TOY, 1 / TOY.width**2, steps=6, metropolis_steps=40, size=0.5
    )
    walkers = eqx.filter_jit(lambda m, keys: jax.vmap(m.walk)(keys))(model, jr.split(jr.key(0), 6000))
    unadjusted = np.asarray(drawn(AnnealedLangevin(model.process, (), TOY, model.stiffness, 6, 0, 0.5), 6000).x)
    deviations = [off_by((np.abs(np.asarray(x)[:, 0]) - 1) ** 2, 0.25**2) for x in (walkers.x, unadjusted)]
    assert deviations[0] < 3
    assert deviations[1] > 5
    assert off_by(np.sign(np.asarray(walkers.x)[:, 0]), 0.0) < 3
    assert 0.3 < jnp.mean(walkers.acceptance) < 0.99


# --- learnt -----------------------------------------------------------------------------------------------------------


@functools.cache
def learnt() -> ProbabilityFlow:
    """A small network trained on stratified draws, so that what is wrong with it is not the fault of the data."""
    random, half = np.random.default_rng(3), (TOY.centre + TOY.width * ndtri((np.arange(20_000) + 0.5) / 20_000))
    examples = jnp.asarray(random.permutation(np.concatenate([half, -half]))[:, None])
    score = Perceptron((1,), float(VARIANCE), odd=True)
    start = ProbabilityFlow(process(score, 128, finest=0.04), score.init(jr.key(4)))
    learner = FromData(start, examples, examples[:2000])
    method = Train(steps=3000, batch=512, learning_rate=Cosine(1e-2, 1e-6), every=500)
    finished = advance(learner, method, seed=5)
    return with_trained_weights(start, method.finish(learner, finished.state, finished.history).position)


def test_a_learnt_score_is_the_tanh():
    """Relative error in L2 with the noised data, at levels from that of the peaks to that of the start."""
    model, clean, white = learnt(), toy_draws(10_000, 7), jr.normal(jr.key(8), (10_000, 1))
    at = lambda score, weights: jax.jit(jax.vmap(lambda y, level: score(weights, y, level), (0, None)))  # noqa: E731
    exact, learnt_score = at(EXACT, ()), at(model.process.score, model.weights)
    for level in (0.04, 0.1, 0.3, 1.0, 3.0, 10.0):
        y = clean + level * white
        truth = exact(y, level)
        difference = learnt_score(y, level) - truth
        assert jnp.mean(difference**2) < 1e-2 * jnp.mean(truth**2)


def backward_cumulants(model: ProbabilityFlow, start: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Cumulants along the flow of a quadrature rule: `(level, order)`, without statistical error."""
    paths = eqx.filter_jit(lambda m, y: jax.vmap(m.path)(y))(model, jnp.asarray(start)[:, None])
    return np.array([weighted_cumulants(at, weight, 10) for at in np.asarray(paths)[..., 0].T])


def test_cumulants_are_conserved_backwards_by_the_exact_score_and_nearly_so_by_a_learnt_one():
    """VE: kappa_n of y for n > 2 is that of the data all the way down, and kappa_2 less its noise.

    The learnt one starts from the Gaussian, without knowing any cumulant beyond the second.
    """
    exact = TOY.cumulants(10)
    flow = ProbabilityFlow(process(EXACT, steps=256, largest=2.0), ())
    grid = np.linspace(-16, 16, 4001)
    density = np.exp(jax.vmap(lambda y: TOY.noised_log_density(y, flow.process.levels[0]))(jnp.asarray(grid)[:, None]))
    measured = backward_cumulants(flow, grid, density)
    levels = np.asarray(flow.process.levels)
    assert_allclose(measured[:, 1] - levels**2, exact[1], rtol=1e-3)
    assert_allclose(measured[:, [3, 5, 7, 9]], np.tile(exact[[3, 5, 7, 9]], (len(levels), 1)), rtol=1e-2)
    grid = np.linspace(-8, 8, 4001)
    started = backward_cumulants(learnt(), float(np.sqrt(VARIANCE + 10.0**2)) * grid, np.exp(-0.5 * grid**2))[-1]
    assert_allclose(started[[1, 3, 5]], exact[[1, 3, 5]], rtol=0.01)
    assert_allclose(started[7], exact[7], rtol=0.05)


def test_a_start_with_a_long_tail_knows_its_density_and_draws_large_mean_fields():
    """Weighted to its Gaussian base its draws have total weight one, and no weight exceeds 1.346, that of a^2 = 3."""
    base, level = GaussianStart(Fourier((2, 3)), jnp.full((2, 3), 0.5).at[0, 0].set(4.0)), jnp.asarray(1.5)
    start = TailedStart(base, 6.0)
    y, log_q = jax.vmap(lambda key: start.draw(key, level))(jr.split(jr.key(3), 20_000))
    assert_allclose(log_q, jax.vmap(lambda one: start.log_prob(one, level))(y), atol=1e-10)
    weight = np.exp(jax.vmap(lambda one: base.log_prob(one, level))(y) - log_q)
    assert abs(np.mean(weight) - 1) < 3.5 * np.std(weight) / np.sqrt(len(weight))
    assert 1.3 < np.max(weight) < 1.347
    a = np.sum(y, axis=(1, 2)) / np.sqrt(6 * (4.0 + level**2))
    assert kstest(a, "t", (6, 0.0, np.sqrt(4 / 6))).pvalue > 1e-3
    assert kstest(a, "norm").pvalue < 1e-3
