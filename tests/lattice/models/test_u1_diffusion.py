"""Diffusion of U(1) links: the symmetries of the score, its limits, and draws that are exact after correction."""

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
from retrodict.generate.annealing import AnnealedLangevin
from retrodict.generate.diffusion import Diffusion, ProbabilityFlow, ReverseSDE, information
from retrodict.generate.exact import importance
from retrodict.generate.score import by_jacobian
from retrodict.lattice.core.spaces import wrap
from retrodict.lattice.models.u1.diffusion import Rescaled, Transverse, UniformAngles, u1_process
from retrodict.lattice.models.u1.score import U1Score, fit_u1_score, images
from retrodict.lattice.samplers.methods import HMC
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories import symmetries as sym
from retrodict.lattice.theories.groups import U1
from retrodict.lattice.theories.links import plaquettes
from retrodict.lattice.theories.plane import curl, curl_adjoint, momentum_squared
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.loop import advance

BETA = 1.0


def test_d_is_the_plaquette_of_the_action_and_its_adjoint_is_the_transpose():
    x, f = jr.normal(jr.key(0), (2, 3, 5)), jr.normal(jr.key(1), (3, 5))
    ((_, _, angle),) = plaquettes(U1(), x)
    assert_allclose(curl(x), angle, atol=1e-14)
    assert_allclose(jnp.sum(f * curl(x)), jnp.sum(curl_adjoint(f) * x), rtol=1e-12)
    power = jnp.fft.ifft2(momentum_squared((3, 5), float) * jnp.fft.fft2(f)).real
    assert_allclose(curl(curl_adjoint(f)), power, atol=1e-13)


@functools.cache
def random_score(shape: tuple[int, int]) -> tuple[U1Score, Any]:
    score = u1_process(shape, 2.0, knots=4).score
    assert isinstance(score, U1Score)
    weights = score.init(jr.key(0))
    return score, 0.1 * jr.normal(jr.key(1), weights.shape)


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


def test_the_divergence_is_the_trace_of_the_jacobian():
    score, weights = random_score((5, 5))
    x = U1().haar(jr.key(2), (2, 5, 5), np.dtype(float))
    own = jax.jit(lambda level: score.with_divergence(weights, x, level)[1])
    traced = jax.jit(lambda level: by_jacobian(lambda y: score(weights, y, level), x)[1])
    for level in (0.1, 0.7):
        assert_allclose(own(level), traced(level), rtol=1e-11)


def test_without_noise_the_score_is_the_force_whatever_the_weights_and_at_other_couplings_too():
    """Stochastic quantisation by construction; rescaled by beta / beta of the training it is the other theory's."""
    score, weights = random_score((5, 5))
    x = U1().haar(jr.key(2), (2, 5, 5), np.dtype(float))
    nothing = jnp.asarray(1e-8)
    assert_allclose(score(weights, x, nothing), -Wilson(U1(), (5, 5), 2.0).gradient(x), atol=1e-10)
    other = Rescaled(score, jnp.asarray(3.5))
    assert_allclose(other(weights, x, nothing), -Wilson(U1(), (5, 5), 7.0).gradient(x), atol=1e-9)
    value, divergence = other.with_divergence(weights, x, jnp.asarray(0.3))
    assert_allclose(divergence, 3.5 * score.with_divergence(weights, x, jnp.asarray(0.3))[1], rtol=1e-12)
    assert_allclose(value, 3.5 * score(weights, x, jnp.asarray(0.3)), rtol=1e-12)


def test_images_of_a_loop_are_those_under_the_square():
    assert [len(images(one)) for one in (((1, 0, 0),), ((1, 0, 0), (1, 1, 0)), ((1, 0, 0), (1, 2, 1)))] == [1, 4, 8]


def test_modes_of_links_are_filtered_where_plaquettes_see_them():
    """Noise filtered by m has power m in transverse modes, its determinant is the product of m, the rest is noise."""
    modes, multiplier = Transverse((2, 4, 4)), 1 / (1 + momentum_squared((4, 4), float))
    x = jr.normal(jr.key(0), (2, 4, 4))
    y = modes.filter(x, jnp.sqrt(multiplier))
    inside = momentum_squared((4, 4), float) > 0
    assert_allclose(modes.power(y)[inside], (multiplier * modes.power(x))[inside], rtol=1e-10)
    matrix = jax.jacobian(lambda z: modes.filter(z, multiplier))(x).reshape(32, 32)
    assert_allclose(np.linalg.slogdet(matrix)[1], modes.log_det(multiplier), rtol=1e-10)
    pure = jr.normal(jr.key(1), (4, 4))
    gauge = jnp.stack([jnp.roll(pure, -1, 0) - pure, jnp.roll(pure, -1, 1) - pure])
    assert_allclose(modes.filter(gauge, multiplier), gauge, atol=1e-13)


@functools.cache
def fields() -> Any:
    action = Wilson(U1(), (4, 4), BETA)
    method = HMC(chains=1024, warmup=40, draws=4, winding=True, cold=0.0)
    return jnp.asarray(advance(action, method, seed=1).state.field)


@functools.cache
def learnt() -> tuple[Diffusion, Any]:
    plan = u1_process((4, 4), BETA, knots=12, steps=16)
    assert isinstance(plan.score, U1Score)
    return plan, fit_u1_score(plan.score, fields(), jr.key(2))


@pytest.mark.parametrize("route", [pytest.param("flow", marks=pytest.mark.slow), "path"])
def test_corrected_draws_have_the_plaquette_the_topology_and_the_partition_function_of_the_theory(route: str):
    """4 x 4, beta = 1, within three sigma; a planted fault in the density is noticed."""
    plan, weights = learnt()
    model: Any = ProbabilityFlow(plan, weights)
    if route == "path":
        modes = Transverse((2, 4, 4))
        model = ReverseSDE(plan, weights, modes, information(plan, weights, modes, fields()[:256], jr.key(3)))
    draw = eqx.filter_jit(lambda m, keys: jax.vmap(m.sample)(keys))(model, jr.split(jr.key(4), 4000))
    action = Wilson(U1(), (4, 4), BETA)
    seen = jax.jit(jax.vmap(action.observables))(draw.x)
    log_w = jax.vmap(action.log_density)(draw.x) - draw.log_prob
    log_z = float(np.log(np.sum(ive(np.arange(-60, 61), BETA) ** 16)))  # the invariant measure has weight one
    wanted = {"plaquette": exact.u1_plaquette(BETA, 16), "Q2": 16 * exact.u1_susceptibility(BETA, 16)}
    for fault in (0.0, 0.03):
        found = importance(log_w + 16 * fault * np.asarray(seen["plaquette"]))
        off = [abs(found.log_z - log_z) / found.log_z_error]
        for name, value in wanted.items():
            mean, error = found.mean(np.asarray(seen[name]))
            off.append(abs(mean - value) / error)
        assert found.trusted
        if fault == 0:
            assert max(off) < 3
        elif route == "flow":
            assert max(off) > 3


def test_annealed_langevin_returns_accepted_states_with_the_right_plaquette():
    plan, weights = learnt()
    action = Wilson(U1(), (4, 4), BETA)
    model = AnnealedLangevin(plan, weights, action, 4 * BETA, steps=4, metropolis_steps=40, size=0.3)
    walkers = eqx.filter_jit(lambda m, keys: jax.vmap(m.walk)(keys))(model, jr.split(jr.key(5), 2000))
    plaquette = jax.vmap(lambda x: action.observables(x)["plaquette"])(walkers.x)
    error = np.std(plaquette) / np.sqrt(len(plaquette))
    assert abs(np.mean(plaquette) - exact.u1_plaquette(BETA, 16)) < 3 * error
    assert 0.4 < np.mean(walkers.acceptance) < 1


def test_the_start_is_the_invariant_measure_and_no_theory_without_a_plane_is_taken():
    start = UniformAngles(jnp.zeros((2, 4, 4)))
    x, log_q = start.draw(jr.key(0), jnp.asarray(2.0))
    assert_allclose(wrap(x), x)
    assert log_q == start.log_prob(x, jnp.asarray(2.0)) == 0
    with pytest.raises(InputError, match="no such gauge theory"):
        u1_process((4, 4), -1.0)
    plan, _ = learnt()
    with pytest.raises(InputError, match="another lattice"):
        fit_u1_score(plan.score, jnp.zeros((3, 2, 5, 5)), jr.key(0))  # type: ignore[arg-type]
