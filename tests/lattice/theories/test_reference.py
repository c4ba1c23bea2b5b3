"""The exact answers themselves, against brute force and against numbers that others have published."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from retrodict.lattice.theories import reference

CRITICAL = 0.5 * np.log(1 + np.sqrt(2))


def brute_force_ising(extent, coupling):
    weight, energy = 0.0, 0.0
    for flat in itertools.product((-1, 1), repeat=extent**2):
        s = np.reshape(flat, (extent, extent))
        bonds = np.sum(s * np.roll(s, 1, 0)) + np.sum(s * np.roll(s, 1, 1))
        weight += np.exp(coupling * bonds)
        energy -= bonds * np.exp(coupling * bonds)
    return np.log(weight), energy / weight / extent**2


@pytest.mark.parametrize("coupling", [0.2, CRITICAL, 0.7])
def test_kaufman_agrees_with_all_512_configurations(coupling):
    log_z, energy = brute_force_ising(3, coupling)
    assert_allclose(reference.ising_log_partition(3, coupling), log_z, rtol=1e-12)
    assert_allclose(reference.ising_energy(3, coupling), energy, rtol=1e-9)


def test_kaufman_tends_to_onsager():
    """-sqrt(2) per site at the critical point, reached as 1 / L."""
    energies = np.array([reference.ising_energy(extent, CRITICAL) for extent in (16, 32)])
    assert_allclose(2 * energies[1] - energies[0], -np.sqrt(2), atol=2e-3)


def test_the_finite_torus_of_u1_agrees_with_integrals_and_tends_to_the_infinite_plane():
    """On one plaquette the angle is zero by periodicity; with many, I1 / I0."""
    assert_allclose(reference.u1_plaquette(2.0, 256), 0.6977746580, rtol=1e-9)  # I1(2) / I0(2)
    assert_allclose(reference.u1_plaquette(7.0, 64), 0.9257003644, rtol=1e-9)
    assert_allclose(reference.u1_wilson_loop(7.0, 256, 1), reference.u1_plaquette(7.0, 256), rtol=1e-12)
    assert_allclose(reference.u1_wilson_loop(2.0, 400, 4), reference.u1_plaquette(2.0, 400) ** 4, rtol=1e-9)


@pytest.mark.parametrize("plaquettes", [2, 3])
def test_the_torus_of_u1_agrees_with_quadrature_over_the_plaquette_angles(plaquettes):
    """Weights exp(beta sum cos) of angles that sum to 2 pi Q: all but one integrated on a grid."""
    beta, points = 1.3, 200
    grid = 2 * np.pi * (np.arange(points) + 0.5) / points - np.pi
    angles = np.meshgrid(*[grid] * (plaquettes - 1), indexing="ij")
    last = -sum(angles)
    wrapped = np.angle(np.exp(1j * last))
    charge = np.round((sum(angles) + wrapped) / (2 * np.pi))
    weight = np.exp(beta * (sum(np.cos(a) for a in angles) + np.cos(last)))
    assert_allclose(reference.u1_plaquette(beta, plaquettes), np.sum(weight * np.cos(last)) / weight.sum(), rtol=1e-9)
    chi = np.sum(weight * charge**2) / weight.sum() / plaquettes
    assert_allclose(
        reference.u1_susceptibility(beta, plaquettes), chi, rtol=2e-2 if plaquettes == 3 else 1e-9, atol=1e-4
    )


@pytest.mark.parametrize(("beta", "chi"), [(1.0, 4.06362e-2), (4.0, 7.55421e-3), (7.0, 3.93131e-3), (12.0, 2.20665e-3)])
def test_the_susceptibility_of_u1_agrees_with_differences_of_the_theta_dependence(beta, chi):
    def log_z(theta):
        def term(n):
            return quad(lambda p: np.exp(beta * (np.cos(p) - 1)) * np.cos((n + theta / (2 * np.pi)) * p), 0, np.pi)[0]

        a = np.array([term(n) for n in range(-8, 9)])
        return np.log(np.sum((a / a.max()) ** 256)) + 256 * np.log(a.max())

    differences = -(log_z(0.3) - 2 * log_z(0.0) + log_z(-0.3)) / 0.3**2 / 256
    exact = reference.u1_susceptibility(beta, 256)
    assert_allclose(exact, chi, rtol=2e-6)
    assert_allclose(exact, differences, rtol=0.03)


def test_one_plaquette_of_su2_and_su3_agrees_with_integrals_over_the_group():
    """By the invariant measures of the eigenvalues."""
    beta = 2.0
    weight = lambda a: np.sin(a) ** 2 * np.exp(beta * np.cos(a))  # noqa: E731
    exact = quad(lambda a: np.cos(a) * weight(a), 0, np.pi)[0] / quad(weight, 0, np.pi)[0]
    assert_allclose(reference.su2_plaquette(beta), exact, rtol=1e-10)
    phase = 2 * np.pi * np.arange(120) / 120
    a, b = np.meshgrid(phase, phase)
    e = np.exp(1j * np.stack([a, b, -a - b]))
    haar = np.abs((e[0] - e[1]) * (e[1] - e[2]) * (e[2] - e[0])) ** 2
    trace = e.sum(axis=0).real / 3
    for beta in (3.0, 6.0):
        boltzmann = haar * np.exp(beta * trace)
        assert_allclose(reference.su3_plaquette(beta), np.sum(trace * boltzmann) / boltzmann.sum(), rtol=1e-9)


def test_the_small_torus_of_xy_agrees_with_its_integral():
    """Four spins, one of which is at rest by symmetry."""
    beta = 1.0
    grid = 2 * np.pi * np.arange(64) / 64
    a, b, c = np.meshgrid(grid, grid, grid, indexing="ij")
    bonds = np.cos(a) + np.cos(a - b) + np.cos(b - c) + np.cos(c)
    weight = np.exp(2 * beta * bonds)
    assert_allclose(reference.xy_bond(beta), np.sum(bonds / 4 * weight) / weight.sum(), rtol=1e-10)


@pytest.mark.parametrize(
    ("kappa", "exact"),
    [(0.21, (0.874012515369, 2.291732568393, 2.841048139116)), (0.27, (2.230829026, 7.879050318, 3.809636627))],
)
def test_the_small_torus_of_phi4_agrees_with_two_quadratures(kappa, exact):
    found = reference.phi4_two_by_two(kappa, 0.022)
    assert_allclose([found["phi2"], found["V_M2"], found["ln_Z"]], exact, rtol=1e-9)
    assert_allclose(found["phi2"], reference.phi4_two_by_two(kappa, 0.022, points=240)["phi2"], rtol=1e-12)


def test_the_free_theory_on_the_small_torus_is_gaussian():
    """Virial theorem: <S> / V = 1/2 for a quadratic action."""
    assert_allclose(reference.phi4_two_by_two(0.1, 0.0)["action_density"], 0.5, rtol=1e-10)


def test_the_transfer_matrix_knows_the_harmonic_path():
    found = reference.path_moments(40, 0.2, lambda x: 0.5 * x**2)
    assert_allclose(found["x2"], reference.harmonic_x2(40, 0.2), rtol=1e-10)
    assert_allclose(found["x4"], 3 * found["x2"] ** 2, rtol=1e-9)
    assert_allclose(reference.energies(lambda x: 0.5 * x**2), [0.5, 1.5, 2.5], rtol=1e-10)


def test_the_levels_of_the_anharmonic_oscillator_and_the_double_well_are_the_published_ones():
    assert_allclose(reference.energies(lambda x: 0.5 * x**2 + x**4), [0.80377065, 2.73789227, 5.17929169], rtol=1e-8)
    assert_allclose(reference.energies(lambda x: (x**2 - 2) ** 2), [1.80081349, 1.89650538, 4.37046673], rtol=1e-8)
