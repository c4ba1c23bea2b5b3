"""The priors of the potential, the spectrum of a known one, and what the data leave open."""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy.integrate import quad

from retrodict.base.constants import HBAR_C
from retrodict.hadron.quarkonium.analysis import Quarkonium, likelihood_of, probed
from retrodict.hadron.quarkonium.classical import thermal_loss
from retrodict.hadron.quarkonium.mock import TEMPERATURES, mock_states, true_potential, true_spectrum
from retrodict.hadron.quarkonium.potentials import ComplexPotential, GaussianProcessPotential, NeuralPotential
from retrodict.hadron.quarkonium.setup import setup_of
from retrodict.hadron.quarkonium.spectrum import BOTTOM, InMediumSpectrum, Spectrum, mesh_for
from retrodict.hadron.scattering.lagrange_mesh import LagrangeMesh, bound_states

ANSAETZE = (GaussianProcessPotential(), NeuralPotential(width=6))
WARM = np.array([0.0, 150.0, 300.0])


def draws(ansatz, radius, count=50):
    part = ansatz.on(WARM, radius)
    return eqx.filter_jit(eqx.filter_vmap(part))(jr.normal(jr.key(0), (count, part.dim)))


@pytest.mark.parametrize("ansatz", ANSAETZE, ids=["process", "network"])
def test_every_draw_of_the_prior_is_coulombic_at_small_r_and_loses_nothing_there(ansatz):
    radius = np.array([1e-4, 2e-4, 0.3, 1.0, 3.0])
    found = draws(ansatz, radius)
    coulomb = -found.coupling[:, None] * HBAR_C / radius[0]
    np.testing.assert_allclose(found.real[:, :, 0], jnp.broadcast_to(coulomb, found.real[:, :, 0].shape), rtol=1e-5)
    assert bool(jnp.all(jnp.diff(found.real, axis=-1)[:, :, [0]] > 0.0))
    assert bool(jnp.all(found.imaginary >= 0.0))
    np.testing.assert_array_equal(found.imaginary[:, 0], 0.0)  # nothing in the vacuum
    np.testing.assert_allclose(found.imaginary[:, 1:, 1] / found.imaginary[:, 1:, 0], 4.0, rtol=5e-3)


def test_the_spread_of_the_process_is_the_one_that_is_stated():
    found = draws(GaussianProcessPotential(real_spread=0.4, imaginary_spread=0.7), np.array([0.3, 2.0]), 4000)
    centre = WARM[1:, None] * np.array([0.09, 4.0]) / (np.array([0.09, 4.0]) + 0.25)
    np.testing.assert_allclose(jnp.std(jnp.log(found.imaginary[:, 1:] / centre), axis=0), 0.7, rtol=0.05)
    string = found.real + found.coupling[:, None, None] * HBAR_C / np.array([0.3, 2.0])
    np.testing.assert_allclose(jnp.std(jnp.log(string), axis=0), np.hypot(0.4, 0.1), rtol=0.05)


def test_masses_and_widths_are_those_of_the_levels_of_the_potential():
    fine = LagrangeMesh(60, 0.045)
    potential = true_potential(np.array(TEMPERATURES), np.asarray(fine.r))
    one = potential.real[-1] - 1j * potential.imaginary[-1]
    for angular, columns in ((0, [0, 1, 2]), (1, [3, 4])):
        levels = eqx.filter_jit(bound_states)
        energy = levels(one, mesh=fine, reduced_mass=BOTTOM / 2, l=angular, count=len(columns)).energy
        np.testing.assert_allclose(true_spectrum().mass[-1, columns], 2 * BOTTOM + energy.real, atol=1e-5)
        np.testing.assert_allclose(true_spectrum().width[-1, columns], -2 * energy.imag, atol=1e-5)


def test_a_constant_loss_is_half_the_width_of_every_state():
    mesh = mesh_for(BOTTOM)
    r = np.asarray(mesh.r)
    potential = jnp.asarray(-80.0 / r + 1000.0 * r)[None]
    one = jnp.asarray(1.0)
    forward = InMediumSpectrum(mesh, BOTTOM, ((1, 0), (2, 1)))
    found, valid = eqx.filter_jit(forward)(ComplexPotential(potential, jnp.full_like(potential, 37.5), one, one))
    assert bool(valid)
    np.testing.assert_allclose(found.width, 75.0, atol=1e-7)


def test_the_likelihood_compares_each_row_with_its_state_and_temperature():
    states = mock_states(1)
    spectrum = true_spectrum()
    pulls = likelihood_of(states).pulls(spectrum)
    count = len(states.mass)
    expected = (
        np.asarray(spectrum.mass).ravel() - states.mass
    ) / states.mass_error  # rows: one temperature after another
    order = [states.states.index(state) for state in states.state]
    assert order[:5] == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(pulls[:count], expected, rtol=1e-12)
    shifted = Spectrum(spectrum.mass, spectrum.width + 1.0)
    np.testing.assert_allclose(likelihood_of(states).pulls(shifted)[count:] - pulls[count:], 1 / states.width_error)


def test_the_states_of_bottomonium_live_between_a_twentieth_and_one_and_a_bit_fermi():
    mesh = mesh_for(BOTTOM)
    states = mock_states()
    low, high = probed(states, mesh, BOTTOM)
    centre = -0.4 * HBAR_C / mesh.r + 0.2e6 / HBAR_C * mesh.r
    waves = eqx.filter_jit(bound_states)(centre, mesh=mesh, reduced_mass=BOTTOM / 2, count=3).wave
    inside = np.cumsum(np.asarray(mesh.weight * waves**2), axis=1)
    assert np.interp(low, np.asarray(mesh.r), inside[0]) == pytest.approx(0.05, abs=1e-6)
    assert np.interp(high, np.asarray(mesh.r), inside[2]) == pytest.approx(0.95, abs=1e-6)


def test_the_loss_of_hard_thermal_loops_is_its_integral():
    for x in (0.1, 1.0, 5.0):
        exact = quad(lambda z, x=x: 2 * z / (z**2 + 1) ** 2 * (1 - np.sinc(z * x / np.pi)), 0, np.inf, limit=500)[0]
        np.testing.assert_allclose(thermal_loss(jnp.asarray(x)), exact, rtol=2e-3)


def test_the_parts_of_a_posterior_are_its_data_again():
    states = mock_states()
    found = setup_of(Quarkonium().posterior_of(states)).data
    np.testing.assert_array_equal(found.mass, states.mass)
    np.testing.assert_array_equal(found.width_error, states.width_error)
    assert found.state == states.state


def test_reported_numbers_are_the_potential_at_their_radii():
    target = Quarkonium().posterior_of(mock_states())
    z = 0.3 * jnp.ones(target.dim)
    found = eqx.filter_jit(target.derived)(z)
    np.testing.assert_allclose(
        found["work_half_to_one_fm"][0], found["potential_real_151"][19] - found["potential_real_151"][9]
    )
    np.testing.assert_allclose(found["imaginary_half_fm"][5], found["potential_imaginary_334"][9])
    radius = {quantity.name: quantity.x for quantity in target.quantities}["potential_real_151"]
    np.testing.assert_allclose(radius[[9, 19]], [0.5, 1.0])
    spectrum = eqx.filter_jit(target.forward_pass)(z).prediction
    np.testing.assert_allclose(found["mass_1S"], spectrum.mass[:, 0])
    np.testing.assert_allclose(found["width_2P"], spectrum.width[:, 4])
