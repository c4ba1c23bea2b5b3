"""Diffusion as stochastic quantisation: a score learnt from phi^4 fields: symmetries, drift, corrections."""

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
from retrodict.generate.diffusion import Diffusion, ProbabilityFlow, ReverseSDE, information
from retrodict.generate.exact import importance
from retrodict.generate.learners import FromData
from retrodict.generate.modes import Fourier
from retrodict.generate.score import by_jacobian
from retrodict.generate.symmetrised import Symmetrised
from retrodict.lattice.models.scalar_score import ScalarDiffusion, ScalarScore, fit_score, scalar_process
from retrodict.lattice.samplers.methods import HMC, Cluster
from retrodict.lattice.theories import symmetries as sym
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.reference import phi4_two_by_two
from retrodict.num.lattice_modes import shells
from retrodict.run.loop import advance

KAPPA, LAM = 0.27, 0.022


@functools.cache
def fields(extent: int, count: int, precision: int = 64) -> Any:
    """Independent configurations: where as many chains stand."""
    action = Phi4((extent, extent), KAPPA, LAM, precision=precision)
    method = Cluster(chains=count, warmup=40, draws=4, trajectory=True)
    return jnp.asarray(advance(action, method, seed=1).state.field)


@functools.cache
def random_score(shape: tuple[int, ...], odd: bool = True) -> tuple[ScalarScore, Any]:
    """Some spectrum, random kernels."""
    plan = scalar_process(jr.normal(jr.key(0), (20, *shape)), frequencies=3, knots=4, odd=odd)
    assert isinstance(plan.score, ScalarScore)
    weights = plan.score.init(jr.key(1))
    return plan.score, weights + jr.normal(jr.key(2), weights.shape)


@pytest.mark.parametrize("odd", [True, False])
@pytest.mark.parametrize("shape", [(4, 4), (3, 5)])
def test_the_score_follows_translations_rotations_and_if_odd_the_sign_exactly(shape: tuple[int, ...], odd: bool):
    score, weights = random_score(shape, odd)
    field = jr.normal(jr.key(3), shape)
    at = jax.jit(lambda y: score(weights, y, jnp.asarray(0.3)))
    for name, symmetry in sym.of_sites(shape).items():
        assert_allclose(at(symmetry(field)), symmetry(at(field)), atol=1e-12, err_msg=name)
    assert (np.max(np.abs(at(-field) + at(field))) < 1e-12) == odd
    rough = jnp.where(jnp.arange(shape[1]) == 0, -field, field)  # the twin: no symmetry
    assert np.max(np.abs(at(rough) - jnp.where(jnp.arange(shape[1]) == 0, -at(field), at(field)))) > 1e-3


@pytest.mark.parametrize("odd", [True, False])
@pytest.mark.parametrize("shape", [(4, 4), (3, 5)])
def test_the_divergence_is_the_trace_of_the_jacobian(shape: tuple[int, ...], odd: bool):
    score, weights = random_score(shape, odd)
    field = jr.normal(jr.key(3), shape)
    for level in (0.05, 0.4, 3.0):
        value, divergence = score.with_divergence(weights, field, jnp.asarray(level))
        traced = by_jacobian(lambda y: score(weights, y, jnp.asarray(level)), field)  # noqa: B023
        assert_allclose(value, traced[0], atol=1e-13)
        assert_allclose(divergence, traced[1], rtol=1e-12)


def test_momenta_are_in_one_shell_where_a_symmetry_relates_them():
    assert shells((4, 4)).max() + 1 == 6
    assert shells((3, 5)).max() + 1 == 6
    number = shells((8, 8))
    assert number[1, 2] == number[2, 1] == number[-1, 2] == number[-2, -1]


def fit(extent: int, count: int, precision: int = 64) -> tuple[Diffusion, Any]:
    data = fields(extent, count, precision)
    plan = scalar_process(data)
    assert isinstance(plan.score, ScalarScore)
    return plan, fit_score(plan.score, data, jr.key(4))


@functools.cache
def learnt() -> tuple[Diffusion, Any]:
    """L = 8, kappa = 0.27: a few CPU seconds."""
    return fit(8, 1024, precision=32)


def test_the_fit_is_the_minimum_of_the_denoising_loss():
    """Its loss is below that of the Gaussian field and of its neighbours, with noise that it has not seen."""
    plan, weights = learnt()
    learner = FromData(ProbabilityFlow(plan, weights), fields(8, 1024, 32), fields(8, 1024, 32)[:512])
    loss = jax.jit(lambda w: learner.validation(w))
    best = loss(weights)
    assert best < loss(0 * weights) - 0.001
    for seed in range(3):
        other = weights + 0.1 * jnp.std(weights) * jr.normal(jr.key(seed), weights.shape, weights.dtype)
        assert best < loss(other)
    with pytest.raises(InputError, match="another lattice"):
        fit_score(plan.score, fields(2, 2000), jr.key(0))  # type: ignore[arg-type]


def relative_drift(plan: Diffusion, weights: Any, level: float, factor: float = 1.0) -> float:
    """|score + factor grad S| / |grad S| over fields, clean."""
    x, action = fields(8, 1024, 32)[:500], Phi4((8, 8), KAPPA, LAM, precision=32)
    drift = -factor * jax.vmap(action.gradient)(x)
    found = jax.jit(jax.vmap(lambda y: plan.score(weights, y, jnp.float32(level))))(x)
    return float(jnp.linalg.norm(found - drift) / jnp.linalg.norm(drift))


def test_as_the_noise_vanishes_the_learnt_score_is_the_drift_of_stochastic_quantisation():
    """-dS / dphi within 5 % at small noise, from configurations alone; the smoothed action takes over above."""
    plan, weights = learnt()
    errors = [relative_drift(plan, weights, level) for level in (0.03, 0.1, 0.5, 2.0)]
    assert errors[0] < 0.05
    assert errors[0] < errors[2] < errors[3]
    gaussian = [relative_drift(plan, 0 * weights, level) for level in (0.03, 0.1)]
    assert min(gaussian) > 0.1  # a free field does not know the force
    assert relative_drift(plan, weights, 0.03, factor=0.5) > 0.5  # the twin: the drift of exp(-S / 2)


@pytest.mark.slow
@pytest.mark.parametrize("odd", [False, True])
def test_deep_in_the_broken_phase_two_skew_modes_are_right_in_effective_share_and_shares_of_sign(odd: bool):
    """kappa = 0.5, L = 8, fitted to HMC within one mode: ESS > 0.88; an odd score misses that each mode is skew."""
    action = Phi4((8, 8), 0.5, LAM, precision=32)
    one_mode = jnp.asarray(advance(action, HMC(chains=1024, warmup=40, draws=4, cold=1.0), seed=1).state.field)
    model = Symmetrised(ScalarDiffusion(steps=16, odd=odd)).on(action, jr.key(0))
    x, log_w = draws(jax.jit(lambda model, x: model.initialise_from(x))(model, one_mode), action, 2000)
    found, mean = importance(log_w), x.mean(axis=(1, 2))
    assert (found.ess > 0.88) != odd
    assert abs(np.mean(mean > 0) - 0.5) < 3.5 * 0.5 / np.sqrt(len(x))
    value, error = found.mean(np.abs(mean))
    assert abs(value - 4.82998) < 3.5 * error  # a long run of an independent program


def draws(model: Any, action: Phi4, count: int, seed: int = 7) -> tuple[np.ndarray, Any]:
    draw = eqx.filter_jit(lambda m, keys: jax.vmap(m.sample)(keys))(model, jr.split(jr.key(seed), count))
    return np.asarray(draw.x, float), jax.vmap(action.log_density)(draw.x) - draw.log_prob


def test_draws_of_the_learnt_flow_are_nearly_those_of_the_theory_and_symmetric():
    """L = 8: ESS above 0.9 by the exact weights; <M> = 0 within two sigma without any correction."""
    plan, weights = learnt()
    x, log_w = draws(ProbabilityFlow(plan, weights), Phi4((8, 8), KAPPA, LAM, precision=32), 2000)
    found = importance(log_w)
    assert found.trusted
    assert found.ess > 0.9
    mean = x.mean(axis=(1, 2))
    assert abs(mean.mean()) < 2 * mean.std() / np.sqrt(len(mean))
    value, error = found.mean(np.abs(mean))
    assert abs(value - 0.8826) < 3 * np.hypot(error, 0.0015)  # a long run of an independent program


@functools.cache
def small() -> tuple[Diffusion, Any]:
    return fit(2, 2000)


@pytest.mark.parametrize("route", ["flow", "path"])
def test_corrected_draws_are_exact_on_a_lattice_that_is_solved_and_a_planted_fault_is_noticed(route: str):
    """2 x 2: <phi^2>, V <M^2> and ln Z by quadrature, within three sigma at ESS < 1; a wrong density fails."""
    plan, weights = small()
    weights = 0.7 * weights  # a poor score
    model: Any = ProbabilityFlow(plan, weights)
    if route == "path":
        modes = Fourier((2, 2))
        model = ReverseSDE(plan, weights, modes, information(plan, weights, modes, fields(2, 2000)[:500], jr.key(1)))
    x, log_w = draws(model, Phi4((2, 2), KAPPA, LAM), 20_000)
    exact = phi4_two_by_two(KAPPA, LAM)
    values = {"phi2": np.mean(x**2, axis=(1, 2)), "V_M2": 4 * x.mean(axis=(1, 2)) ** 2}
    for fault in (0.0, 0.03):
        found = importance(log_w + fault * np.sum(x**2, axis=(1, 2)))
        off = [abs(found.log_z - exact["ln_Z"]) / found.log_z_error]
        for name, value in values.items():
            mean, error = found.mean(value)
            off.append(abs(mean - exact[name]) / error)
        assert found.ess < 0.995
        assert (max(off) < 3) == (fault == 0), (route, fault, off)
