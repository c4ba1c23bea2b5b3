"""Levinson's theorem, the functional derivative of phase shifts, and the Jost function."""

import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.constants import HBAR_C
from retrodict.hadron.scattering.grid import RadialGrid
from retrodict.hadron.scattering.numerov import jost_function, scattering_states
from retrodict.hadron.scattering.phases import followed_phase_shift, phase_shift_response
from tests.hadron.scattering.closed_forms import IN_MEV, MASS, difference, poeschl_teller, poeschl_teller_potential

GRID = RadialGrid(0.01, 2000)  # those of test_numerov, whose compiled programs serve here
Q = np.array([0.003, 0.2, 0.7, 6.0])
OPTIONS = {"grid": GRID, "reduced_mass": MASS}


def states(potential):
    return scattering_states(jnp.asarray(potential), Q * HBAR_C, **OPTIONS)


@pytest.mark.parametrize(("strength", "bound"), [(1.5, 0), (2.6, 1), (4.6, 2), (6.3, 3)])
def test_the_phase_shift_falls_from_pi_times_the_number_of_bound_states_to_zero(strength, bound):
    potential = poeschl_teller_potential(np.asarray(GRID.r), strength)
    followed = np.asarray(followed_phase_shift(states(potential), Q * HBAR_C, **OPTIONS))
    assert followed[0] / np.pi == pytest.approx(bound, abs=0.02)
    assert difference(followed, poeschl_teller(Q, strength)) == pytest.approx(0, abs=1e-5)
    born = strength * (strength - 1) * 0.9 / 2 / Q[-1]  # at high momentum
    assert followed[-1] == pytest.approx(born, rel=0.15)


def test_the_functional_derivative_is_the_change_with_the_potential():
    r = np.asarray(GRID.r)
    potential, bump = poeschl_teller_potential(r), np.exp(-((r - 1) ** 2))
    change = (states(potential + 0.01 * bump).phase_shift - states(potential - 0.01 * bump).phase_shift) / 0.02
    response = phase_shift_response(states(potential), Q * HBAR_C, reduced_mass=MASS)
    assert np.asarray(response @ bump * GRID.step) == pytest.approx(np.asarray(change), rel=2e-6)


def test_the_jost_function_has_the_phase_of_scattering_and_vanishes_at_bound_states():
    potential = jnp.asarray(poeschl_teller_potential(np.asarray(GRID.r)))
    k = jnp.array([0.2, 0.7, -0.2, -0.7, 0.54j, 8.0 + 1.0j]) * HBAR_C
    found = np.asarray(jost_function(potential, k, **OPTIONS))
    assert difference(np.angle(found[2:4] / found[:2]) / 2, poeschl_teller(Q[1:3])) == pytest.approx(0, abs=1e-9)
    assert abs(found[4]) < 1e-9
    assert found[5] == pytest.approx(1, abs=0.3)  # 1 at high momentum
    free = np.asarray(jost_function(0 * potential, k, l=2, **OPTIONS))
    assert free == pytest.approx(1, abs=1e-6)


def test_the_unit_of_the_closed_forms_is_that_of_the_constants():
    assert pytest.approx(38.9379372 / 1e-3 / 2 / MASS, rel=1e-8) == IN_MEV  # (hbar c)^2 = 0.0389379372 GeV^2 fm^2
