"""Fits of mock data: the truth is found, bands cover it, and the classical way finds its own potential."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from retrodict.hadron.quarkonium.analysis import REPORTED, Quarkonium
from retrodict.hadron.quarkonium.classical import fit_screened, screened
from retrodict.hadron.quarkonium.mock import TEMPERATURES, mock_states, true_potential, true_spectrum
from retrodict.hadron.quarkonium.potentials import NeuralPotential
from retrodict.hadron.quarkonium.states import QuarkoniumStates
from retrodict.inference.gauss_newton import factorise, linearise
from retrodict.inference.laplace import gaussian_step
from retrodict.inference.least_squares import LevenbergMarquardt

RADII = np.array(REPORTED)
PROBED = (RADII > 0.149) & (RADII < 0.801)  # 3S is not in every mock
MOCKS, DRAWS = 16, 200
ONE, ZERO = jnp.asarray(1.0), jnp.asarray(0.0)


def of(potential):
    return jnp.stack([potential.real, potential.imaginary])[:, :, -len(REPORTED) :]


@eqx.filter_jit
def optimum(target, start):
    """The most probable latents, by at most 60 steps in one program."""
    solver = LevenbergMarquardt(1e-3)
    state = solver.init(target, start)
    state = jax.lax.while_loop(
        lambda carry: (carry[1] < 60) & ~carry[0].stopped,
        lambda carry: (solver.step(target, carry[0], None, ZERO, ONE), carry[1] + 1),
        (state, 0),
    )[0]
    return state.position


@eqx.filter_jit
def draws(target, centre, key):
    at = linearise(target, centre)
    factor = factorise(at.jacobian)
    steps = jax.vmap(lambda k: gaussian_step(at, factor, k))(jr.split(key, DRAWS))
    return jax.vmap(lambda z: of(target.ansatz(z)))(centre + steps)


def few_states():
    """1S, 2S and 1P at two temperatures."""
    states = mock_states()
    kept = [i for i, t in enumerate(states.temperature) if t in (151.0, 334.0) and str(states.state[i]) in "1S 2S 1P"]
    columns = (column[kept] for column in (states.mass, states.mass_error, states.width, states.width_error))
    return QuarkoniumStates(states.temperature[kept], tuple(states.state[i] for i in kept), *columns)


@pytest.fixture(scope="module")
def covered():
    """For each mock: the truth, a draw of the prior, and the posterior draws of V_R and V_I where states probe it."""
    target = Quarkonium().posterior_of(few_states())
    simulated = eqx.filter_jit(lambda key, z: target.simulated(key, z).likelihood.data)
    found = []
    for i in range(MOCKS):
        z = target.init(jr.key(100 + i))
        one = target.with_data(simulated(jr.key(200 + i), z))
        posterior = draws(one, optimum(one, jnp.zeros(target.dim)), jr.key(i))
        found.append((np.asarray(of(target.ansatz(z)))[..., PROBED], np.asarray(posterior)[..., PROBED]))
    return found


def share_inside(covered, widened=1.0):
    inside = []
    for truth, posterior in covered:
        middle = np.median(posterior, axis=0)
        low, high = np.quantile(middle + widened * (posterior - middle), [0.16, 0.84], axis=0)
        inside.append(np.mean((truth > low) & (truth < high)))
    return float(np.mean(inside))


def test_bands_of_68_percent_hold_the_truth_in_68_percent(covered):
    assert 0.58 < share_inside(covered) < 0.78


def test_bands_of_half_the_width_are_found_out(covered):
    assert share_inside(covered, 0.5) < 0.5


def test_precise_data_give_the_potential_where_states_probe_it_and_nothing_beyond():
    target = Quarkonium().posterior_of(mock_states(precision=0.02, noise=0.0))
    best = optimum(target, jnp.zeros(target.dim))
    spectrum = eqx.filter_jit(target.forward_pass)(best).prediction
    assert float(jnp.max(jnp.abs(spectrum.mass - true_spectrum().mass))) < 0.1
    assert float(jnp.max(jnp.abs(spectrum.width - true_spectrum().width))) < 1.0
    truth = of(true_potential(np.array(TEMPERATURES), RADII))
    far = np.asarray(of(target.ansatz(best)) - truth)[..., PROBED]
    assert np.sqrt(np.mean(far**2, axis=-1)).max() < 5.0
    spread = np.std(np.asarray(draws(target, best, jr.key(0))), axis=0)
    prior = np.std(
        np.asarray(jax.vmap(lambda z: of(target.ansatz(z)))(jr.normal(jr.key(1), (DRAWS, target.dim)))), axis=0
    )
    at = [REPORTED.index(0.5), REPORTED.index(2.0)]
    shrinkage = (spread / prior)[..., at]
    assert shrinkage[..., 0].max() < 0.02
    assert shrinkage[..., 1].min() > 0.1


def test_the_network_describes_the_same_data():
    target = Quarkonium(ansatz=NeuralPotential(width=5)).posterior_of(few_states())
    best = optimum(target, target.init(jr.key(0)))
    residual = eqx.filter_jit(target.residual)(best)
    assert float(jnp.sum(residual**2)) < 1.3 * len(residual)


def test_the_screened_potential_finds_its_own_parameters():
    target = Quarkonium().posterior_of(mock_states())
    medium = target.ansatz.medium
    masses = np.linspace(0.5, 1.5, len(TEMPERATURES))
    log = jnp.log(jnp.array([0.42, 0.19, *masses]))
    exact = target.forward(screened(log, medium.temperature, medium.radius, strength=False))[0]
    found = fit_screened(target.with_data((exact.mass.ravel(), exact.width.ravel())), strength=False)
    assert found.chi2 < 1e-6
    np.testing.assert_allclose(found.potential.coupling, 0.42, rtol=1e-5)
    np.testing.assert_allclose(found.debye_mass, 197.3269804 * masses, rtol=1e-4)
