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

from retrodict.base.errors import InputError
from retrodict.generate.diffusion import ReverseSDE
from retrodict.generate.exact import importance
from retrodict.generate.learners import FromData, with_trained_weights
from retrodict.inference.infer import infer
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.lattice.models.independence_metropolis import IndependenceMetropolis
from retrodict.lattice.models.u1.diffusion import u1_process
from retrodict.lattice.models.u1.network import U1Network, Weights
from retrodict.lattice.models.u1.score import U1Score, fit_u1_score
from retrodict.lattice.models.u1.training import FINEST, FromCouplings, U1Diffusion, at_coupling
from retrodict.lattice.samplers.methods import HMC
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories import symmetries as sym
from retrodict.lattice.theories.groups import U1
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.plane import convolved, curl, curl_adjoint
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.loop import advance

BETA = 3.0
ACTION = Wilson(U1(), (4, 4), BETA)
STEPS = 32


@functools.cache
def random_score(shape: tuple[int, int]) -> tuple[U1Network, Weights]:
    score = U1Network(jnp.asarray(2.0), shape, channels=4, depth=2)
    weights = score.init(jr.key(0))
    return score, weights._replace(last=0.3 * jr.normal(jr.key(1), weights.last.shape))


def test_the_score_follows_every_symmetry_of_the_gauge_theory_and_lives_on_the_circle():
    score, weights = random_score((5, 5))
    x = U1().haar(jr.key(2), (2, 5, 5), np.dtype(float))
    at = jax.jit(lambda y: score(weights, y, jnp.asarray(0.4)))
    push = lambda f, y, v: jax.jvp(f, (y,), (v,))[1]  # noqa: E731
    for name, symmetry in sym.of_links(U1(), (5, 5), jr.key(3)).items():
        assert_allclose(at(symmetry(x)), push(symmetry, x, at(x)), atol=1e-12, err_msg=name)
    turns = 2 * np.pi * jr.randint(jr.key(4), x.shape, -2, 3)
    assert_allclose(at(x + turns), at(x), atol=1e-12)
    rough = lambda y: jnp.where(jnp.arange(5) == 0, -y, y)  # noqa: E731  (the twin)
    assert np.max(np.abs(at(rough(x)) - rough(at(x)))) > 1e-3


def test_without_noise_the_score_is_the_force_at_every_coupling_whatever_the_weights():
    score, weights = random_score((5, 5))
    x = U1().haar(jr.key(2), (2, 5, 5), np.dtype(float))
    at = jax.jit(lambda beta, level: eqx.tree_at(lambda s: s.beta, score, beta)(weights, x, level))
    for beta in (1.0, 7.0):
        force = -Wilson(U1(), (5, 5), beta).gradient(x)
        assert_allclose(at(jnp.asarray(beta), jnp.asarray(1e-8)), force, atol=1e-9)
        assert np.max(np.abs(at(jnp.asarray(beta), jnp.asarray(0.1)) - force)) > 1e-2


def test_the_weights_know_no_volume():
    """A configuration repeated on a lattice four times as large has its score repeated."""
    (score, weights), (large, _) = random_score((3, 5)), random_score((6, 10))
    x, level = U1().haar(jr.key(2), (2, 3, 5), np.dtype(float)), jnp.asarray(0.5)
    once = jax.jit(lambda y: score(weights, y, level))(x)
    repeated = jax.jit(lambda y: large(weights, y, level))(jnp.tile(x, (1, 2, 2)))
    assert_allclose(repeated, jnp.tile(once, (1, 2, 2)), atol=1e-12)


def test_an_exact_divergence_of_many_links_is_refused():
    score, weights = random_score((6, 10))
    with pytest.raises(InputError, match="too many dimensions"):
        score.with_divergence(weights, jnp.zeros((2, 6, 10)), jnp.asarray(0.5))


@functools.cache
def fields() -> Any:
    method = HMC(chains=1024, warmup=60, draws=8, winding=True, cold=0.0)
    return jnp.asarray(advance(ACTION, method, seed=1).state.field)


def test_the_target_of_training_has_the_score_as_its_conditional_mean():
    """With a function of the noised field it overlaps as -n / sigma does; a force ten per cent too large does not."""
    score = U1Network(jnp.asarray(BETA), (4, 4))
    level = jnp.asarray(0.25)

    def difference(x: Any, white: Any, scale: float) -> Any:
        mixed = scale * jnp.sin(curl(x)) + level * curl(white)
        target = -curl_adjoint(convolved(score.propagator(level), mixed))
        seen = -curl_adjoint(jnp.sin(curl(x + level * white)))
        return jnp.sum(seen * (target + white / level))

    clean = jnp.tile(fields(), (8, 1, 1, 1))
    white = jr.normal(jr.key(5), clean.shape)
    for scale in (1.0, 1.1):
        found = jax.jit(jax.vmap(functools.partial(difference, scale=scale)))
        by_field = np.mean(np.reshape(found(clean, white) + found(clean, -white), (8, -1)), axis=0)
        off = abs(np.mean(by_field)) / (np.std(by_field) / np.sqrt(len(by_field)))
        assert (off < 3.5) if scale == 1 else (off > 5)


@functools.cache
def learnt() -> ReverseSDE:
    model = U1Diffusion(channels=6, depth=1, steps=STEPS).on(ACTION, jr.key(0))
    learner = FromData(model, fields()[:896], fields()[896:])
    method = Train(steps=600, batch=16, learning_rate=Cosine(1e-2, 1e-4), every=300)
    finished = advance(learner, method, seed=2)
    return with_trained_weights(model, method.finish(learner, finished.state, finished.history).position)


@pytest.mark.slow
def test_training_beats_the_fit_in_closed_form_on_configurations_held_out():
    """In the mean square error of the score, at the levels where wrapped plaquettes hide most."""
    plan = u1_process((4, 4), BETA, knots=8)
    score = plan.score
    assert isinstance(score, U1Score)
    linear = jax.jit(functools.partial(fit_u1_score, score, key=jr.key(2), repeats=4))(fields()[:896])
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
    found = [jax.jit(lambda w, s=s: jax.lax.map(lambda level: error(s, w, level), levels)) for s in (network, score)]
    values = [float(jnp.mean(found[n](w))) for n, w in ((0, model.weights), (1, linear), (0, untrained))]
    assert values[0] < values[1] < values[2]


@pytest.mark.slow
def test_paths_give_the_partition_function_and_a_covariance_left_out_is_found():
    """4 x 4: ln Z, plaquette and charges within 3.5 sigma; settled steps have weights of less variance."""
    action, model = ACTION, learnt()
    log_z = exact.u1_log_partition(BETA, 16)
    wanted = {"plaquette": exact.u1_plaquette(BETA, 16), "Q2": 16 * exact.u1_susceptibility(BETA, 16)}
    settled = eqx.filter_jit(lambda m: m.tune_sampler(fields()))(model)
    sample = eqx.filter_jit(lambda m, keys: jax.vmap(m.sample)(keys))
    hasty, draw = (sample(one, jr.split(jr.key(4), 2000)) for one in (model, settled))
    log_w = [jax.vmap(action.log_density)(one.x) - one.log_prob for one in (hasty, draw)]
    assert np.var(log_w[1]) < 0.8 * np.var(log_w[0])
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
    levels = np.asarray(eqx.filter_jit(lambda m: m.tune_sampler(fields()))(learnt()).process.levels)
    before = np.asarray(learnt().process.levels)
    assert np.all(np.diff(levels) < 0)
    assert_allclose(levels[[0, -1]], before[[0, -1]], rtol=1e-10)
    crowded = lambda found: np.mean((found > 0.2 * found[0]) & (found < 0.8 * found[0]))  # noqa: E731
    assert crowded(levels) > 1.5 * crowded(before)


@pytest.mark.slow
def test_a_run_gathers_trains_settles_and_corrects():
    gather = HMC(chains=64, warmup=60, draws=64, winding=True, cold=0.0)
    fit = Train(steps=200, batch=8, learning_rate=Cosine(1e-2, 1e-4), every=100)
    recipe = U1Diffusion(channels=4, depth=1, steps=32)
    result = infer(ACTION, IndependenceMetropolis(recipe, gather, fit, None, chains=16, draws=400, batch=800), seed=3)
    found = result.diagnostics
    assert found["model_density"] == "path-space"
    assert "uncovered" not in found
    log_z = exact.u1_log_partition(BETA, 16)
    assert found["ess"] > 0.05
    assert abs(found["log_evidence"] - log_z) < 3.5 * found["log_evidence_error"]
    off = found["plaquette"] - exact.u1_plaquette(BETA, 16)
    assert abs(off) < 3.5 * found["plaquette_error"]


def test_one_network_learns_from_several_couplings_and_is_moved_between_them():
    model = U1Diffusion(channels=4, depth=1, steps=8).on(ACTION, jr.key(0))
    both = jnp.stack([fields()[:8]] * 2)
    learner = FromCouplings(model, jnp.asarray([1.0, BETA]), both, both)
    loss = jax.jit(lambda betas: eqx.tree_at(lambda one: one.betas, learner, betas).validation(model.weights))
    one_by_one = [float(loss(jnp.full(2, beta))) for beta in (1.0, BETA)]
    assert abs(one_by_one[0] - one_by_one[1]) > 1e-3
    assert min(one_by_one) < float(loss(learner.betas)) < max(one_by_one)
    moved = at_coupling(model, jnp.asarray(12.0))
    assert isinstance(moved.process.score, U1Network)
    assert moved.process.score.beta == 12
    assert_allclose(moved.process.levels[-1], FINEST / np.sqrt(12.0))
    assert_allclose(at_coupling(moved, jnp.asarray(BETA)).process.levels, model.process.levels, rtol=1e-10)


def test_other_theories_and_empty_networks_are_refused():
    for target in (Phi4((4, 4), 0.27, 0.022), Wilson(U1(), (4, 4, 4), 1.0)):
        with pytest.raises(InputError, match="U\\(1\\) in two dimensions"):
            U1Diffusion().on(target, jr.key(0))
    with pytest.raises(InputError, match="no such network"):
        U1Diffusion(steps=0).on(ACTION, jr.key(0))
