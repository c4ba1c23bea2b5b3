"""The trained score of U(1) links: what holds whatever its weights, what training gains, exactness in path space."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ive

from retrodict.base.errors import InputError
from retrodict.generate.diffusion import ReverseSDE
from retrodict.generate.exact import importance
from retrodict.generate.learners import FromData, trained
from retrodict.generate.score import by_jacobian
from retrodict.inference.infer import infer
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.lattice import reference as exact
from retrodict.lattice import symmetries as sym
from retrodict.lattice.groups import U1
from retrodict.lattice.learned import Learned
from retrodict.lattice.methods import HMC
from retrodict.lattice.phi4 import Phi4
from retrodict.lattice.plane import convolved, curl, curl_adjoint
from retrodict.lattice.u1_diffusion import u1_process
from retrodict.lattice.u1_network import U1Network, Weights
from retrodict.lattice.u1_score import U1Score, u1_fitted
from retrodict.lattice.u1_training import FINEST, FromCouplings, U1Diffusion, at_coupling
from retrodict.lattice.wilson import Wilson
from retrodict.run.loop import advance

BETA = 3.0
ACTION = Wilson(U1(), (4, 4), BETA)
STEPS = 64


@functools.cache
def random_score(shape: tuple[int, int]) -> tuple[U1Network, Weights]:
    score = U1Network(jnp.asarray(2.0), shape, channels=4, depth=2)
    weights = score.init(jr.key(0))
    return score, weights._replace(last=0.3 * jr.normal(jr.key(1), weights.last.shape))


@pytest.mark.parametrize("shape", [(5, 5), (3, 5)])
def test_the_score_follows_every_symmetry_of_the_gauge_theory_and_lives_on_the_circle(shape: tuple[int, int]):
    score, weights = random_score(shape)
    x = U1().haar(jr.key(2), (2, *shape), np.dtype(float))
    at = jax.jit(lambda y: score(weights, y, jnp.asarray(0.4)))
    push = lambda f, y, v: jax.jvp(f, (y,), (v,))[1]  # noqa: E731
    for name, symmetry in sym.of_links(U1(), shape, jr.key(3)).items():
        assert_allclose(at(symmetry(x)), push(symmetry, x, at(x)), atol=1e-12, err_msg=name)
    turns = 2 * np.pi * jr.randint(jr.key(4), x.shape, -2, 3)
    assert_allclose(at(x + turns), at(x), atol=1e-12)
    rough = lambda y: jnp.where(jnp.arange(shape[1]) == 0, -y, y)  # noqa: E731  (the twin)
    assert np.max(np.abs(at(rough(x)) - rough(at(x)))) > 1e-3


def test_without_noise_the_score_is_the_force_at_every_coupling_whatever_the_weights():
    score, weights = random_score((5, 5))
    x = U1().haar(jr.key(2), (2, 5, 5), np.dtype(float))
    for beta in (1.0, 7.0):
        other = eqx.tree_at(lambda s: s.beta, score, jnp.asarray(beta))
        assert_allclose(other(weights, x, jnp.asarray(1e-8)), -Wilson(U1(), (5, 5), beta).gradient(x), atol=1e-9)
    assert np.max(np.abs(score(weights, x, jnp.asarray(0.1)) + Wilson(U1(), (5, 5), 2.0).gradient(x))) > 1e-2


def test_the_weights_know_no_volume():
    """A configuration repeated on a lattice four times as large has its score repeated."""
    score, weights = random_score((3, 5))
    large, _ = random_score((6, 10))
    x, level = U1().haar(jr.key(2), (2, 3, 5), np.dtype(float)), jnp.asarray(0.5)
    once = score(weights, x, level)
    assert_allclose(large(weights, jnp.tile(x, (1, 2, 2)), level), jnp.tile(once, (1, 2, 2)), atol=1e-12)


def test_the_divergence_is_for_few_links_and_refused_beyond():
    score, weights = random_score((3, 5))
    x, level = U1().haar(jr.key(2), (2, 3, 5), np.dtype(float)), jnp.asarray(0.5)
    _, divergence = score.with_divergence(weights, x, level)
    assert_allclose(divergence, by_jacobian(lambda y: score(weights, y, level), x)[1], rtol=1e-12)
    with pytest.raises(InputError, match="too many dimensions"):
        random_score((6, 10))[0].with_divergence(weights, jnp.zeros((2, 6, 10)), level)


@functools.cache
def fields() -> Any:
    method = HMC(chains=1024, warmup=60, draws=8, winding=True, cold=0.0)
    return jnp.asarray(advance(ACTION, method, seed=1).state.field)


@pytest.mark.parametrize("scale", [1.0, 1.1])
def test_the_target_of_training_has_the_score_as_its_conditional_mean(scale: float):
    """With any function of the noised field it overlaps as -n / sigma does; a force ten per cent too large does not."""
    score, weights = random_score((4, 4))
    score = eqx.tree_at(lambda s: s.beta, score, jnp.asarray(BETA))
    level = jnp.asarray(0.4)

    def difference(x: Any, white: Any) -> Any:
        mixed = scale * jnp.sin(curl(x)) + level * curl(white)
        target = -curl_adjoint(convolved(score.propagator(level), mixed))
        return jnp.sum(score(weights, x + level * white, level) * (target + white / level))

    clean = jnp.tile(fields(), (8, 1, 1, 1))
    white = jr.normal(jr.key(5), clean.shape)
    both = jax.jit(lambda n: 0.5 * (jax.vmap(difference)(clean, n) + jax.vmap(difference)(clean, -n)))(white)
    by_field = np.mean(np.reshape(both, (8, -1)), axis=0)
    off = abs(np.mean(by_field)) / (np.std(by_field) / np.sqrt(len(by_field)))
    assert (off < 3.5) if scale == 1 else (off > 5)


@functools.cache
def learnt() -> ReverseSDE:
    model = U1Diffusion(channels=8, depth=2, steps=STEPS).on(ACTION, jr.key(0))
    learner = FromData(model, fields()[:896], fields()[896:])
    method = Train(steps=500, batch=16, learning_rate=Cosine(1e-2, 1e-4), every=100)
    finished = advance(learner, method, seed=2)
    return trained(model, method.finish(learner, finished.state, finished.history).position)


def test_training_beats_the_fit_in_closed_form_on_configurations_held_out():
    """In the mean square error of the score, at the levels where wrapped plaquettes hide most."""
    plan = u1_process((4, 4), BETA, knots=12)
    assert isinstance(plan.score, U1Score)
    linear = u1_fitted(plan.score, fields()[:896], jr.key(2), repeats=4)
    model = learnt()
    network = model.process.score
    assert isinstance(network, U1Network)
    clean = fields()[896:]
    white = jr.normal(jr.key(6), clean.shape)

    def error(score: Any, weights: Any, level: Any) -> Any:
        def one(x: Any, n: Any) -> Any:
            mixed = jnp.sin(curl(x)) + level * curl(n)
            target = -curl_adjoint(convolved(network.propagator(level), mixed))
            return jnp.mean((score(weights, x + level * n, level) - target) ** 2)

        return jnp.mean(jax.vmap(one)(clean, white)) * level**2

    levels = jnp.geomspace(0.4, 1.2, 6)
    untrained = network.init(jr.key(0))
    found = jax.jit(lambda s, w: jnp.mean(jax.vmap(lambda level: error(s, w, level))(levels)), static_argnums=())
    values = [float(found(s, w)) for s, w in ((network, model.weights), (plan.score, linear), (network, untrained))]
    assert values[0] < values[1] < values[2]


def test_paths_give_the_partition_function_and_a_covariance_left_out_is_found():
    """4 x 4: ln Z, plaquette and charges within 3.5 sigma; settled steps have weights of less variance."""
    action, model = ACTION, learnt()
    log_z = float(np.log(np.sum(ive(np.arange(-60, 61), BETA) ** 16)))
    wanted = {"plaquette": exact.u1_plaquette(BETA, 16), "Q2": 16 * exact.u1_susceptibility(BETA, 16)}
    settled = eqx.filter_jit(lambda m: m.settled(fields()))(model)
    sample = eqx.filter_jit(lambda m, keys: jax.vmap(m.sample)(keys))
    hasty, draw = (sample(one, jr.split(jr.key(4), 4000)) for one in (model, settled))
    log_w = [np.asarray(jax.vmap(action.log_density)(one.x) - one.log_prob) for one in (hasty, draw)]
    assert np.var(log_w[1]) < 0.5 * np.var(log_w[0])
    found, seen = importance(log_w[1]), jax.vmap(action.observables)(draw.x)
    assert found.trusted
    assert abs(found.log_z - log_z) < 3.5 * found.log_z_error
    for name, value in wanted.items():
        mean, error = found.mean(np.asarray(seen[name]))
        assert abs(mean - value) < 3.5 * error
    below = jnp.append(settled.process.levels[1:], 0.0)
    width = (settled.process.levels**2 - below**2)[:, None, None]
    forgotten = 0.5 * sum(settled.modes.log_det(1 - one) for one in width * settled.information)
    assert abs(importance(log_w[1] - forgotten).log_z - log_z) > 5 * found.log_z_error


def test_levels_crowd_where_the_vortices_are_decided():
    """Between a fifth of the largest level and the largest, not at the fine end."""
    levels = np.asarray(eqx.filter_jit(lambda m: m.settled(fields()))(learnt()).process.levels)
    before = np.asarray(learnt().process.levels)
    assert np.all(np.diff(levels) < 0)
    assert_allclose(levels[[0, -1]], before[[0, -1]], rtol=1e-10)
    crowded = lambda found: np.mean((found > 0.2 * found[0]) & (found < 0.8 * found[0]))  # noqa: E731
    assert crowded(levels) > 1.5 * crowded(before)


def test_a_run_gathers_trains_settles_and_corrects():
    gather = HMC(chains=64, warmup=60, draws=64, winding=True, cold=0.0)
    fit = Train(steps=200, batch=8, learning_rate=Cosine(1e-2, 1e-4), every=100)
    recipe = U1Diffusion(channels=4, depth=1, steps=32)
    result = infer(ACTION, Learned(recipe, gather, fit, None, chains=16, draws=400, batch=800), seed=3)
    found = result.diagnostics
    assert found["model_density"] == "path-space"
    assert "uncovered" not in found
    log_z = float(np.log(np.sum(ive(np.arange(-60, 61), BETA) ** 16)))
    assert found["ess"] > 0.05
    assert abs(found["log_evidence"] - log_z) < 3.5 * found["log_evidence_error"]
    off = found["plaquette"] - exact.u1_plaquette(BETA, 16)
    assert abs(off) < 3.5 * found["plaquette_error"]


def test_one_network_learns_from_several_couplings_and_is_moved_between_them():
    model = U1Diffusion(channels=4, depth=1, steps=8).on(ACTION, jr.key(0))
    both = jnp.stack([fields()[:8], fields()[8:16]])
    learner = FromCouplings(model, jnp.asarray([1.0, BETA]), both, both)
    losses = [float(learner.loss(model.weights, jr.key(k), 4)) for k in range(2)]
    assert losses[0] != losses[1]
    assert np.isfinite(losses).all()
    assert learner.validation(model.weights) == learner.validation(model.weights)
    moved = at_coupling(model, jnp.asarray(12.0))
    assert isinstance(moved.process.score, U1Network)
    assert moved.process.score.beta == 12
    assert_allclose(moved.process.levels[-1], FINEST / np.sqrt(12.0))
    assert_allclose(at_coupling(moved, jnp.asarray(BETA)).process.levels, model.process.levels, rtol=1e-10)


def test_other_theories_and_empty_networks_are_refused():
    for target in (Phi4((4, 4), 0.27, 0.022), Wilson(U1(), (4, 4, 4), 1.0)):
        with pytest.raises(InputError, match="U\\(1\\) links in two dimensions"):
            U1Diffusion().on(target, jr.key(0))
    with pytest.raises(InputError, match="no such network"):
        U1Diffusion(steps=0).on(ACTION, jr.key(0))
