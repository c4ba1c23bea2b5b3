"""Bound states on the Lagrange mesh: closed forms, published levels, and derivatives against differences."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.hadron.scattering.lagrange_mesh import LagrangeMesh, bound_states

UNIT = 0.5 * HBAR_C**2  # MeV: the reduced mass of which (hbar c)^2/2 mu is 1 MeV fm^2
MESH = LagrangeMesh(40, 0.25)
CORNELL = {
    0: (1.3978756417, 3.4750865454, 5.0329143595, 6.3701491255),
    1: (2.8256466407, 4.4618635935, 5.8476342273),
    2: (3.8505800068, 5.2929841391),
}  # levels of -d^2 - 1/r + r, to all digits that are printed


def cornell(mesh, imaginary=0.0):
    real = -1.0 / mesh.r + mesh.r
    return real - 1j * imaginary * mesh.r**2 if imaginary else real


def separable(mesh, strength, beta=1.39):
    """-strength exp(-beta r) exp(-beta r'): Yamaguchi's potential for s-waves, in the form that acts on u."""
    form = jnp.exp(-beta * mesh.r)
    return -strength * jnp.outer(form, form)


@eqx.filter_jit
def compiled(potential, mesh, ell, count):
    return bound_states(potential, mesh=mesh, reduced_mass=UNIT, l=ell, count=count)


def levels(potential, mesh=MESH, ell=0, count=1):
    return compiled(potential, mesh, ell, count)


@pytest.mark.parametrize("ell", [0, 1, 2])
def test_energies_of_hydrogen_are_those_of_bohr(ell):
    mesh = LagrangeMesh(40, 1.0)
    found = levels(-2.0 / mesh.r, mesh, ell, 3).energy
    np.testing.assert_allclose(found, -1.0 / np.arange(ell + 1, ell + 4) ** 2, rtol=1e-11)


@pytest.mark.parametrize("ell", [0, 1, 2])
def test_levels_of_a_coulomb_and_a_linear_potential_are_the_published_ones(ell):
    found = levels(cornell(MESH), ell=ell, count=len(CORNELL[ell])).energy
    np.testing.assert_allclose(found, CORNELL[ell], atol=1e-10)


def test_levels_of_bottomonium_are_the_published_ones():
    mass, alpha, tension = 4676.0, 0.406, 0.221  # MeV, 1, GeV^2
    mesh = LagrangeMesh(40, 0.08)
    potential = -alpha * HBAR_C / mesh.r + tension * 1e6 / HBAR_C * mesh.r
    for ell, expected in {
        0: (78.3913019, 631.2503387, 1001.6397516),
        1: (505.6086778, 889.9052058),
        2: (761.6087078,),
    }.items():
        found = bound_states(potential, mesh=mesh, reduced_mass=mass / 2, l=ell, count=len(expected)).energy
        np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_wave_of_hydrogen_is_the_closed_form():
    mesh = LagrangeMesh(30, 0.8)
    wave = levels(-2.0 / mesh.r, mesh).wave[0]
    np.testing.assert_allclose(wave, 2.0 * mesh.r * np.exp(-mesh.r), atol=1e-12)


@pytest.mark.parametrize("ell", [0, 1, 2])
def test_levels_of_a_complex_oscillator_are_the_square_root_of_its_strength(ell):
    strength = 1.0 - 0.7j
    mesh = LagrangeMesh(60, 0.12)
    found = levels(strength * mesh.r**2, mesh, ell, 3)
    np.testing.assert_allclose(found.energy, np.sqrt(strength) * (4 * np.arange(3) + 2 * ell + 3), rtol=1e-11)
    np.testing.assert_allclose(found.wave**2 @ mesh.weight, 1.0, rtol=1e-12)


@pytest.mark.parametrize("strength", [8.0, 8.0 + 1.5j])
def test_a_separable_potential_binds_as_in_closed_form(strength):
    beta = 1.39
    kappa = np.sqrt(strength / (2.0 * beta)) - beta
    mesh = LagrangeMesh(60, 0.3)
    found = levels(separable(mesh, strength, beta), mesh).energy[0]
    np.testing.assert_allclose(found, -(kappa**2), rtol=1e-10)


def test_a_local_potential_is_a_non_local_one_on_its_diagonal():
    local = cornell(MESH, 0.1)
    found = levels(jnp.diag(local / MESH.weight), ell=1, count=2)
    expected = levels(local, ell=1, count=2)
    np.testing.assert_allclose(found.energy, expected.energy, rtol=1e-12)
    np.testing.assert_allclose(found.wave, expected.wave, atol=1e-11)


def test_the_error_falls_exponentially_with_the_nodes():
    errors = []
    for points in (6, 8, 10):
        mesh = LagrangeMesh(points, 3.0 / points)
        errors.append(abs(float(levels(cornell(mesh), mesh).energy[0]) - CORNELL[0][0]))
    assert errors[1] < 0.1 * errors[0]
    assert errors[2] < 0.1 * errors[1]


@pytest.mark.parametrize("imaginary", [0.0, 0.3])
def test_the_functional_derivative_is_the_change_of_the_energy(imaginary):
    bump = jnp.exp(-((MESH.r - 1.5) ** 2))
    base = cornell(MESH, imaginary)
    step = 1e-4
    above, below = (levels(base + sign * step * bump, count=3).energy for sign in (1.0, -1.0))
    found = levels(base, count=3).derivative @ (MESH.weight * bump)
    np.testing.assert_allclose(found, (above - below) / (2 * step), atol=1e-8)


@pytest.mark.parametrize("kind", ["real", "complex", "non-local"])
def test_derivatives_of_energies_and_waves_agree_with_differences(kind):
    def both(a):
        if kind == "non-local":
            found = levels(separable(MESH, 8.0 + a), count=2)
        else:
            found = levels((1.0 + a) * cornell(MESH, 0.3 if kind == "complex" else 0.0), ell=1, count=2)
        return jnp.concatenate([found.energy, found.wave[:, :20].ravel()])

    step = 1e-4
    difference = (8 * (both(step) - both(-step)) - both(2 * step) + both(-2 * step)) / (12 * step)
    np.testing.assert_allclose(jax.jvp(both, (0.0,), (1.0,))[1], difference, atol=1e-8)
    energy = jax.grad(lambda a: jnp.real(both(a)[0]))(0.0)
    np.testing.assert_allclose(energy, jnp.real(difference[0]), atol=1e-8)


def test_the_derivative_by_the_mass_is_that_of_the_kinetic_energy():
    def energy(mass):
        return bound_states(cornell(MESH), mesh=MESH, reduced_mass=mass, count=1).energy[0]

    step = 1e-3 * UNIT
    found = jax.grad(energy)(UNIT)
    difference = (
        8 * (energy(UNIT + step) - energy(UNIT - step)) - energy(UNIT + 2 * step) + energy(UNIT - 2 * step)
    ) / (12 * step)
    np.testing.assert_allclose(found * UNIT, difference * UNIT, atol=1e-8)


@pytest.mark.parametrize(("count", "shape", "ell"), [(1, 7, 0), (0, 40, 0), (41, 40, 0), (1, 40, -1)])
def test_what_the_mesh_does_not_hold_is_refused(count, shape, ell):
    with pytest.raises(InputError):
        levels(jnp.zeros(shape), ell=ell, count=count)


@pytest.mark.parametrize(("points", "scale"), [(1, 0.1), (400, 0.1), (40, 0.0), (40, float("nan"))])
def test_a_mesh_needs_points_and_a_length(points, scale):
    with pytest.raises(InputError):
        LagrangeMesh(points, scale)
