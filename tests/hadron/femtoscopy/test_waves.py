"""Densities of pairs against sums of partial waves by SciPy, limits of both statistics, published correlations."""

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.special import spherical_jn

from retrodict.base.constants import FINE_STRUCTURE_CONSTANT, HBAR_C, PROTON_MASS
from retrodict.hadron.femtoscopy.lednicky import strong_term
from retrodict.hadron.femtoscopy.model import low_energy
from retrodict.hadron.femtoscopy.pair import Channel, Pair, pair_of
from retrodict.hadron.femtoscopy.pair_density import coulomb_average, pair_density, penetration
from retrodict.hadron.femtoscopy.potentials import GaussianPotential, LiteraturePotential
from retrodict.hadron.femtoscopy.sources import gaussian
from retrodict.hadron.femtoscopy.wave_kernel import Distances, kernel_of

GRID = Distances(0.05, 600, 4)
PROTONS = Pair(0.5 * PROTON_MASS, 1, True)
N_OMEGA = pair_of(("proton", "Omega"), 0, identical=False)
MOMENTUM = np.array([5.0, 50.0, 150.0])
PUBLISHED = {  # our own calculation beforehand, by another program: proton-Omega, t/a = 12, physical masses
    0.9: (6.1877, 2.5203, 0.9204),
    1.2: (3.4727, 1.4787, 0.9157),
    2.0: (1.0552, 0.7792, 0.9749),
}


def regular_wave(l, eta, rho):  # noqa: E741
    """F_l of SciPy's integrator from its power series, up to a factor: shape (rho,)."""
    start = 0.05
    first = eta / (l + 1)
    second = (2 * eta * first - 1) / (2 * (2 * l + 3))
    value = start ** (l + 1) * (1 + first * start + second * start**2)
    slope = start**l * (l + 1 + (l + 2) * first * start + (l + 3) * second * start**2)
    scale = start ** -(l + 1)
    found = solve_ivp(
        lambda x, y: (y[1], (l * (l + 1) / x**2 + 2 * eta / x - 1) * y[0]),
        (start, rho.max()),
        (scale * value, scale * slope),
        t_eval=rho,
        method="DOP853",
        rtol=1e-11,
        atol=1e-300,
    )
    return found.y[0], found.y[1]


@pytest.fixture(scope="module")
def n_omega():
    return kernel_of(N_OMEGA, (Channel(1.0, 2.0, LiteraturePotential()),), MOMENTUM, GRID).known


@pytest.mark.parametrize("eta", [0.6, -0.6])
def test_shares_of_coulomb_waves_are_those_of_an_integrator(eta):
    """Ratios of waves of one l at several distances need no normalisation; all waves together have another source."""
    radius = np.array([0.5, 2.0, 6.0])
    found = pair_density(np.array([1.0]), np.array([eta]), radius, 3)
    for l in range(3):  # noqa: E741
        wave, _ = regular_wave(l, eta, radius)
        expected = (wave / radius) ** 2
        assert_allclose(found.waves[l, 0] / found.waves[l, 0, 0], expected / expected[0], rtol=3e-5, atol=2e-7)
    assert_allclose(found.waves[0, 0, 0], penetration(eta) * (1 + eta * 0.5) ** 2, rtol=0.1)


def test_even_and_odd_waves_of_a_weak_charge_are_those_of_none():
    k, radius = np.array([0.1, 1.0]), np.array([0.3, 3.0, 20.0])
    charged = pair_density(k, np.full(2, 1e-9), radius, 2)
    free = pair_density(k, np.zeros(2), radius, 2)
    for one, other in zip(charged, free, strict=True):
        assert_allclose(one, other, atol=1e-8)
    rho = 3.0
    even = sum((2 * n + 1) * spherical_jn(n, rho) ** 2 for n in range(0, 40, 2))
    assert_allclose(free.even[1, 1], even, rtol=1e-12)
    assert_allclose(free.of(1) + free.of(-1), 2.0)


def test_a_coulomb_wave_begins_with_the_gamow_factor_and_ends_classically():
    """Far away the density is sqrt(1 - 2 eta / rho) of a classical charge, averaged over angles."""
    eta, far = 0.3, np.array([1e-6, 200.0])
    near, late = coulomb_average(far, eta)
    assert_allclose(near, penetration(eta), rtol=1e-5)
    assert_allclose(late, np.sqrt(1 - 2 * eta / 200.0), rtol=2e-5)


def test_protons_agree_with_a_sum_of_partial_waves_of_an_integrator():
    """Coulomb, Fermi statistics and a potential in the S wave; waves of SciPy, normalised by their Wronskian with the
    Coulomb wave of this package at the end."""
    k = np.array([20.0, 60.0])
    well = GaussianPotential((-60.0,), (1.5,))
    channels = (Channel(0.25, 0.0, well), Channel(0.75, 1.0))
    found = kernel_of(PROTONS, channels, k, GRID).known + 1.0
    for row, momentum in zip(found, k, strict=True):
        q, eta = momentum / HBAR_C, FINE_STRUCTURE_CONSTANT * PROTONS.reduced_mass / momentum
        radius = GRID.radius[9::40]
        free = pair_density(np.array([q]), np.array([eta]), radius, 1)
        wave = normalised_wave(q, eta, well, radius, free)
        expected = 0.5 * (free.even[0] - free.waves[0, 0] + (wave / (q * radius)) ** 2)
        expected += 1.5 * (free.total[0] - free.even[0])
        assert_allclose(row[9::40], expected, rtol=1e-6)


def normalised_wave(q, eta, potential, radius, free):
    """u of SciPy, whose square far away is (cos F + sin G)^2: fixed by the conserved Wronskian with F."""
    strength = 2 * PROTONS.reduced_mass / HBAR_C**2

    def equation(r, y):
        u, du, f, df = y
        coulomb = 2 * eta * q / r - q**2
        return du, (coulomb + strength * potential.on(np.array([r]))[0]) * u, df, coulomb * f

    start = 1e-4
    pole = eta * q
    first = (start * (1 + pole * start), 1 + 2 * pole * start) * 2
    ends = np.append(radius, [40.0])
    y = solve_ivp(equation, (start, 40.0), first, t_eval=ends, method="DOP853", rtol=1e-12, atol=1e-14).y
    scale = np.sqrt(free.waves[0, 0, 0]) * q * radius[0] / y[2, 0]  # F of unit amplitude at infinity
    f, df = y[2, -1] * scale, y[3, -1] * scale
    u, du = y[0, -1], y[1, -1]
    # F' G - F G' = q; with w = u' F - u F' = -q sin and the part along F, found by its slope at the end
    sine = -(du * f - u * df) / q
    g, dg = irregular(q, eta)
    cosine = (du * g - u * dg) / (df * g - f * dg)
    return y[0, :-1] / np.hypot(sine, cosine)


def irregular(q, eta):
    """G and its slope at 40 fm by this package's Coulomb functions."""
    from retrodict.hadron.scattering.coulomb import coulomb_functions

    found = coulomb_functions(0, np.array([eta]), np.array([40.0 * q]))
    return found.irregular[0], q * found.irregular_slope[0]


def test_correlations_of_proton_and_omega_are_those_of_another_program(n_omega):
    for radius, expected in PUBLISHED.items():
        source = np.asarray(gaussian(jnp.asarray(GRID.radius), radius))
        assert_allclose(1.0 + GRID.step * n_omega @ source, expected, rtol=1e-4)


def test_the_approximation_of_lednicky_is_good_for_large_sources_and_bad_for_small_ones(n_omega):
    potential = jnp.asarray(LiteraturePotential().on(GRID.wave_radius))
    inverse, effective = (float(x) for x in low_energy(potential, GRID, N_OMEGA.reduced_mass))
    assert_allclose(1.0 / inverse, 5.61, rtol=2e-3)
    for radius, within in ((4.0, 0.01), (2.0, 0.02)):
        source = np.asarray(gaussian(jnp.asarray(GRID.radius), radius))
        full = 1.0 + GRID.step * n_omega @ source
        near = 1.0 + strong_term(MOMENTUM, radius, inverse, effective)
        assert np.max(np.abs(near - full)) < within
    source = np.asarray(gaussian(jnp.asarray(GRID.radius), 0.9))
    near = 1.0 + strong_term(MOMENTUM, 0.9, inverse, effective)
    assert np.max(np.abs(near - 1.0 - GRID.step * n_omega @ source)) > 0.5


def test_bosons_bunch_and_fermions_avoid_each_other():
    """Neutral identical particles without interaction: 1 + exp(-4 k^2 R^2); of unpolarised spin 1/2, 1 - half of it."""
    k, radius = np.array([20.0, 80.0]), 1.5
    source = np.asarray(gaussian(jnp.asarray(GRID.radius), radius))
    bump = np.exp(-4.0 * (k / HBAR_C * radius) ** 2)
    neutrons = Pair(470.0, 0, True)
    for channels, sign in (((Channel(1.0),), 1.0), ((Channel(0.25), Channel(0.75, 1.0)), -0.5)):
        kernel = kernel_of(neutrons, channels, k, GRID).known
        assert_allclose(GRID.step * kernel @ source, sign * bump, atol=1e-7)


def test_the_potential_acts_in_the_waves_that_are_asked_for():
    """A second way for distinguishable particles: a P wave of the square of the wave itself."""
    k = np.array([100.0])
    well = GaussianPotential((-80.0,), (1.0,))
    s_wave = kernel_of(N_OMEGA, (Channel(1.0, 0.0, well),), k, GRID).known
    both = kernel_of(N_OMEGA, (Channel(1.0, 0.0, well, 1),), k, GRID).known
    odd = kernel_of(Pair(N_OMEGA.reduced_mass, 0, True), (Channel(1.0, 1.0, well, 1),), k, GRID).known
    free = pair_density(k / HBAR_C, np.zeros(1), GRID.radius, 2)
    assert_allclose(2.0 * (both - s_wave), odd - (free.of(-1) - 1.0), atol=1e-12)
