"""Numerov waves against closed forms, their order of convergence, and their derivatives against differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.hadron.scattering.coulomb import coulomb_functions, sommerfeld_parameter
from retrodict.hadron.scattering.grid import RadialGrid
from retrodict.hadron.scattering.numerov import scattering_states
from tests.hadron.scattering.closed_forms import MASS, difference, poeschl_teller, poeschl_teller_potential

GRID = RadialGrid(0.01, 2000)
Q = np.array([0.05, 0.2, 0.7, 1.5])
MOMENTA = Q * HBAR_C


def states(potential, grid=GRID, **options):
    return scattering_states(jnp.asarray(potential), MOMENTA, grid=grid, reduced_mass=MASS, **options)


def test_phase_shifts_of_the_poeschl_teller_potential_to_the_fourth_order():
    published = [-0.5303983125, -1.4509227425, 1.0424128026]  # q = .2, .7, 1.5 fm^-1, modulo pi
    assert difference(poeschl_teller(Q)[1:], published) == pytest.approx(0, abs=1e-10)
    errors = {}
    for step in (0.04, 0.02, 0.01):
        grid = RadialGrid(step, round(20 / step))
        found = states(poeschl_teller_potential(np.asarray(grid.r)), grid).phase_shift
        errors[step] = np.abs(difference(found, poeschl_teller(Q)))
    assert np.max(errors[0.01]) < 2e-9
    assert np.log2(np.max(errors[0.04]) / np.max(errors[0.02])) == pytest.approx(4, abs=0.4)


@pytest.mark.parametrize(("l", "charge_product"), [(0, 0.0), (1, 0.0), (4, 0.0), (0, 1.0), (0, -1.0), (2, 1.0)])
def test_waves_without_a_potential_are_coulomb_functions(l, charge_product):  # noqa: E741
    found = states(np.zeros(GRID.points), l=l, charge_product=charge_product)
    assert np.asarray(found.phase_shift) == pytest.approx(0, abs=3e-9)
    rho = Q[:, None] * np.asarray(GRID.r)[::50]
    eta = np.broadcast_to(sommerfeld_parameter(MOMENTA, MASS, charge_product)[:, None], rho.shape)
    exact = coulomb_functions(l, eta, rho).regular
    assert np.asarray(found.wave)[:, ::50] == pytest.approx(exact, abs=2e-8)


def test_the_wave_is_normalised_outside_the_force():
    found = states(poeschl_teller_potential(np.asarray(GRID.r)))
    rho = Q[:, None] * np.asarray(GRID.r)[-300:]
    delta = np.asarray(found.phase_shift)[:, None]
    assert np.asarray(found.wave)[:, -300:] == pytest.approx(np.sin(rho + delta), abs=1e-9)


@pytest.mark.parametrize(("l", "charge_product"), [(0, 0.0), (1, 0.0), (3, 1.0)])
def test_derivatives_are_those_of_differences(l, charge_product):  # noqa: E741
    r = np.asarray(GRID.r)
    potential = jnp.asarray(-50 * np.exp(-(r**2)) + 300 * np.exp(-4 * r**2))
    direction = jnp.asarray(np.cos(3 * r) * np.exp(-r))

    @jax.jit
    def summary(scale):
        found = states(potential + scale * direction, l=l, charge_product=charge_product)
        return jnp.append(found.phase_shift, found.wave @ jnp.exp(-GRID.r / 3) * GRID.step)

    outward = lambda scale: summary(scale) - summary(-scale)  # noqa: E731
    differences = (45 * outward(0.2) - 9 * outward(0.4) + outward(0.6)) / 12
    forwards = jax.jacfwd(summary)(0.0)
    assert np.asarray(forwards) == pytest.approx(np.asarray(differences), abs=1e-8 * np.max(np.abs(differences)))
    assert np.asarray(jax.jacrev(summary)(0.0)) == pytest.approx(np.asarray(forwards), rel=1e-9, abs=1e-12)


def test_momenta_may_be_known_at_run_time_only_and_potentials_come_in_batches():
    r = np.asarray(GRID.r)
    potentials = jnp.asarray(np.array([[1.0], [0.5]]) * poeschl_teller_potential(r))

    def phases(potential, momentum):
        return scattering_states(potential, momentum, grid=GRID, reduced_mass=MASS).phase_shift

    found = jax.jit(jax.vmap(phases, in_axes=(0, None)))(potentials, jnp.asarray(MOMENTA))
    one_by_one = [states(potential).phase_shift for potential in potentials]
    assert np.asarray(found) == pytest.approx(np.array(one_by_one), abs=1e-12)


def test_a_potential_on_another_grid_is_refused():
    with pytest.raises(InputError, match="potential and grid"):
        states(np.zeros(10))
    with pytest.raises(InputError, match="l = -1"):
        states(np.zeros(GRID.points), l=-1)
    with pytest.raises(InputError, match="step"):
        RadialGrid(0.0, 100)
