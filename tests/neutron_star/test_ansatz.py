"""Every ansatz is causal and stable by construction (or says where it is not), whatever the latents."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.neutron_star.ansatz import (
    CoreGrid,
    FirstOrderTransition,
    GaussianProcessSoundSpeed,
    NeuralPressure,
    NeuralSoundSpeed,
    PiecewiseLinearSoundSpeed,
    PiecewisePolytropes,
    RandomFunction,
    SpectralSoundSpeed,
)
from retrodict.neutron_star.forward import Stars

GRID = CoreGrid(intervals=40)
CAUSAL = (
    GaussianProcessSoundSpeed(GRID),
    NeuralSoundSpeed(GRID),
    SpectralSoundSpeed(GRID),
    PiecewiseLinearSoundSpeed(GRID),
    FirstOrderTransition(GRID),
)
ALL = (*CAUSAL, NeuralPressure(GRID), PiecewisePolytropes())
ONE_GRID = (*CAUSAL[:3], CAUSAL[4], NeuralPressure(GRID))  # one compilation serves them: they differ in latents only


def name(ansatz):
    return type(ansatz).__name__


@eqx.filter_jit
def drawn(ansatz, count, seed=0, scale=1.0):
    z = scale * jr.normal(jr.key(seed), (count, ansatz.dim))
    return jax.vmap(ansatz)(z)


@pytest.mark.parametrize("ansatz", ALL, ids=name)
def test_pressure_and_energy_rise_and_join_the_crust_without_a_gap(ansatz):
    """Monotone eps, non-decreasing p, and each interval begins where the one below ended, the crust included."""
    eos = drawn(ansatz, 1000)
    for values in (eos.pressure, eos.energy_density):
        assert np.isfinite(values).all()
        assert_allclose(values[:, 1:, 0], values[:, :-1, 2], rtol=1e-12)
    assert (np.diff(eos.pressure, axis=-1) >= 0).all()
    assert (np.diff(eos.energy_density[:, eos.core_start :], axis=-1) >= 0).all()


@pytest.mark.parametrize("ansatz", CAUSAL, ids=name)
@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_sound_speed_is_causal_far_into_the_tails_of_the_prior(ansatz, scale):
    speed = drawn(ansatz, 1000, scale=scale).sound_speed_squared
    assert (speed >= 0).all()
    assert (speed <= 1).all()


@pytest.mark.parametrize("ansatz", ALL, ids=name)
def test_first_law_holds_between_nodes(ansatz):
    """dp / deps = c_s^2 over each core interval, to the order of the quadrature."""
    eos = drawn(ansatz, 50)
    dp = (eos.pressure[..., 2] - eos.pressure[..., 0])[:, eos.core_start :]
    slope = eos.sound_speed_squared * (eos.energy_density + eos.pressure)
    width = np.diff(eos.log_density, axis=-1)
    simpson = width * (slope[..., 0] + 4 * slope[..., 1] + slope[..., 2]) / 6
    assert_allclose(dp, simpson[:, eos.core_start :], rtol=2e-3, atol=1e-12)


@eqx.filter_jit
def stars_and_slopes(eos):
    """Stars of a batch of equations of state, and how mass, radius and tide of the heaviest answer to the matter."""
    forward = Stars()

    def observable(leaves, rest):
        prediction, _ = forward(eqx.combine(leaves, rest))
        star = prediction.heaviest
        return star.mass + 0.1 * star.radius + 0.1 * jnp.log(star.tidal_deformability)

    leaves, rest = eqx.partition(eos, eqx.is_array)
    return jax.vmap(forward)(eos), jax.vmap(lambda one: jax.grad(observable)(one, rest))(leaves)


@pytest.mark.parametrize("ansatz", ONE_GRID, ids=name)
def test_one_argument_swaps_the_ansatz_and_stars_and_gradients_stay_finite(ansatz):
    """Stars of 200 prior draws, and the gradient of an observable with respect to all their latents."""
    z = jr.normal(jr.key(1), (200, ansatz.dim))
    eos, pull_back = jax.vjp(lambda v: eqx.filter(jax.vmap(ansatz)(v), eqx.is_inexact_array), z)
    (prediction, valid), slopes = stars_and_slopes(eqx.filter_jit(jax.vmap(ansatz))(z))
    assert valid.mean() > 0.2
    for leaf in jax.tree.leaves(prediction.branch):
        assert np.isfinite(leaf).all()
    (gradient,) = pull_back(jax.tree.map(lambda _, slope: slope, eos, slopes))
    assert np.isfinite(gradient).all()
    assert (np.abs(gradient).max(axis=0) > 0).all()


@pytest.mark.parametrize("ansatz", [CAUSAL[3], ALL[-1]], ids=name)
def test_segmented_ansaetze_make_stars_too(ansatz):
    """Those with grids of their own; superluminal polytropes are flagged, not hidden."""
    eos = drawn(ansatz, 200)
    prediction, valid = eqx.filter_jit(jax.vmap(Stars()))(eos)
    assert valid.mean() > 0.2
    assert np.isfinite(prediction.branch.log_deformability).all()
    reached = eos.density[:, eos.core_start + 1 :] <= prediction.heaviest.central_density[:, None]
    acausal = (eos.sound_speed_squared[:, eos.core_start :, 2] > 1 + 1e-9) & reached
    assert not (acausal.any(axis=1) & valid).any()


def test_the_join_is_free_between_a_fifth_and_six_tenths_of_saturation():
    """Stiff matter leaves the crust early: the join is a latent, log-uniform."""
    eos = drawn(GaussianProcessSoundSpeed(GRID), 4000)
    join = np.asarray(eos.density[:, eos.core_start]) / 0.16
    assert 0.2 <= join.min() < 0.205
    assert 0.59 < join.max() <= 0.6
    assert_allclose(np.median(np.log(join)), 0.5 * np.log(0.2 * 0.6), atol=0.03)


def test_random_function_has_the_matern_kernel():
    """The variance is 1 and the correlation at one length that of Matern 5/2, away from the ends of the interval."""
    process = RandomFunction(modes=60, length=0.7, margin=2.0)
    x = jnp.array([0.9, 1.6])
    rows = jax.vmap(lambda z: process(z, x, -1.6, 2.6))(jnp.eye(60))
    covariance = rows.T @ rows
    s = np.sqrt(5.0)
    assert_allclose(np.diag(covariance), 1.0, atol=2e-3)
    assert_allclose(covariance[0, 1], (1 + s + s**2 / 3) * np.exp(-s), atol=3e-3)


def test_a_plateau_has_constant_pressure_and_its_width():
    ansatz = FirstOrderTransition(GRID)
    z = jr.normal(jr.key(2), (ansatz.dim,))
    onset, width = ansatz.transition(z)
    eos = ansatz(z)
    flat = np.asarray(eos.sound_speed_squared[:, 1]) == 0.0
    below, above = eos.pressure[flat][0, 0], eos.pressure[flat][-1, 2]
    assert above == below
    nodes = np.asarray(eos.log_density)
    assert_allclose(np.diff(nodes)[flat].sum(), width, rtol=1e-10)
    assert_allclose(nodes[:-1][flat][0] - np.log(0.16), onset, rtol=1e-10)


def test_the_prior_spans_soft_and_stiff_stars():
    """Given a maximum mass above 1.95: R_1.4 and the fraction of such stars as the documentation quotes them."""
    from retrodict.neutron_star.stars.sequence import star_at_mass

    ansatz, forward = GaussianProcessSoundSpeed(GRID), Stars()

    def both(z):
        prediction, valid = forward(ansatz(z))
        return prediction.heaviest.mass, star_at_mass(prediction.sequence, 1.4).radius, valid

    mass, radius, valid = jax.jit(jax.vmap(both))(jr.normal(jr.key(3), (1000, ansatz.dim)))
    heavy = np.asarray(valid & (mass > 1.95))
    assert 0.45 < heavy.mean() < 0.65
    low, median, high = np.quantile(np.asarray(radius)[heavy], [0.05, 0.5, 0.95])
    assert 11.0 < low < 11.8
    assert 13.0 < median < 13.6
    assert 14.8 < high < 16.0
