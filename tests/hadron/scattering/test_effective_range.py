"""Effective-range parameters against closed forms, phase shifts at low momentum, and a differential equation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from retrodict.base.constants import HBAR_C
from retrodict.hadron.scattering.effective_range import effective_range
from retrodict.hadron.scattering.r_matrix import LegendreMesh, phase_shift
from tests.hadron.scattering.closed_forms import IN_MEV, MASS, Yamaguchi

WELL = LegendreMesh(1.3, 16)
DEPTH = jnp.full(16, -2 * IN_MEV)


def test_parameters_of_a_square_well_are_those_of_its_closed_form():
    K, R = np.sqrt(2), 1.3
    length = R - np.tan(K * R) / K
    found = effective_range(DEPTH, mesh=WELL, reduced_mass=MASS)
    assert float(found.scattering_length) == pytest.approx(length, rel=1e-9)
    assert float(found.effective_range) == pytest.approx(R - 1 / (K**2 * length) - R**3 / (3 * length**2), rel=1e-9)


def test_parameters_of_the_separable_potential_are_the_coefficients_of_its_polynomial():
    force, mesh = Yamaguchi(), LegendreMesh(22.0, 44)
    found = effective_range(jnp.asarray(force.potential(mesh.r)), mesh=mesh, reduced_mass=MASS)
    b, L = force.b, (force.b + force.kappa) ** 2
    assert -1 / float(found.scattering_length) == pytest.approx((b**3 - L * b) / (2 * L), rel=1e-8)
    assert float(found.effective_range) == pytest.approx((2 * b**2 + L) / (b * L), rel=1e-8)
    assert float(found.shape) == pytest.approx(1 / (2 * b * L), rel=1e-5)


@pytest.mark.parametrize("l", [0, 1, 2])
def test_the_expansion_is_that_of_the_phase_shift(l):  # noqa: E741
    found = [float(value) for value in effective_range(DEPTH, mesh=WELL, reduced_mass=MASS, l=l)]
    q = np.array([0.05, 0.1])
    delta = np.asarray(phase_shift(DEPTH, q * HBAR_C, mesh=WELL, reduced_mass=MASS, l=l))
    expanded = -1 / found[0] + found[1] * q**2 / 2 + found[2] * q**4
    missing = q ** (2 * l + 1) / np.tan(delta) / expanded - 1
    assert missing == pytest.approx(0, abs=1e-6)
    assert missing[1] / missing[0] == pytest.approx(64, rel=0.1)  # k^6 is what is left


def test_parameters_of_a_gaussian_are_those_of_the_wave_at_zero_energy():
    """a and r = 2 int [(1 - r/a)^2 - u^2] dr by an ordinary differential equation."""
    mesh = LegendreMesh(10.0, 40)
    found = effective_range(jnp.asarray(-60 * np.exp(-(mesh.r**2) / 1.2)), mesh=mesh, reduced_mass=MASS)
    force = lambda r: -60 / IN_MEV * np.exp(-(r**2) / 1.2)  # noqa: E731
    end = 9.0
    path = solve_ivp(lambda r, y: [y[1], force(r) * y[0], y[0] ** 2], (0, end), [0.0, 1.0, 0.0], rtol=1e-12, atol=1e-13)
    u, slope, squares = path.y[:, -1]
    length = end - u / slope
    scale = slope * length  # u / (-scale) = 1 - r / a
    outside = end - end**2 / length + end**3 / (3 * length**2)
    assert float(found.scattering_length) == pytest.approx(length, rel=1e-8)
    assert float(found.effective_range) == pytest.approx(2 * (outside - squares / scale**2), rel=1e-8)


def test_the_gradient_is_that_of_differences():
    along = jnp.asarray(np.cos(WELL.r) * IN_MEV)

    def parameters(scale):
        return jnp.stack(effective_range(DEPTH + scale * along, mesh=WELL, reduced_mass=MASS))

    outward = lambda scale: parameters(scale) - parameters(-scale)  # noqa: E731
    differences = np.asarray((8 * outward(1e-3) - outward(2e-3)) / 12e-3)
    assert np.asarray(jax.jacrev(parameters)(0.0)) == pytest.approx(differences, rel=1e-7)
