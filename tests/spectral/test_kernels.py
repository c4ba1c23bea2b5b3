"""Kernels, the quadrature to infinity and the mock spectra: closed forms, limits, independent integrals."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import beta

from retrodict.base.errors import InputError, NotFiniteError
from retrodict.num.quadrature import adaptive, half_line
from retrodict.spectral import kernels, shapes

MOMENTA = np.linspace(0.001, 19.199, 25)
GRID = kernels.frequency_grid()
KALLEN_LEHMANN = kernels.KallenLehmann()
ONE_SIDED = [
    kernels.KallenLehmann(),
    kernels.BosonicMatsubara(),
    kernels.EvenMatsubara(),
    kernels.ZeroTemperature(),
    kernels.Thermal(0.5),
    kernels.UserKernel(lambda x, omega: jnp.exp(-omega * x) / jnp.sqrt(omega), "tau"),
]


def name_of(kernel):
    return type(kernel).__name__


@pytest.mark.parametrize("mass", [0.1, 0.3, 1.0, 2.0, 7.0, 20.0])
def test_a_narrow_breit_wigner_anywhere_in_range_has_its_closed_form(mass):
    """D(p) = A / (M^2 + (p + Gamma)^2) with Gamma/M = .03, at all momenta and at p = M."""
    peak = shapes.BreitWigners((1.0,), (0.03 * mass,), (mass,))
    momenta = np.append(MOMENTA, mass)
    found = kernels.operator(KALLEN_LEHMANN, momenta, GRID) @ peak(GRID.omega)
    assert_allclose(found, 1 / (mass**2 + (momenta + 0.03 * mass) ** 2), rtol=1e-10)


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_slowly_falling_tails_are_integrated_to_infinity(power):
    """rho = omega (1 + omega^2)^(-(n + 1)/2) ~ omega^-n: D(0) = B(1/2, n/2) / 2 pi."""
    rho = GRID.omega * (1 + GRID.omega**2) ** (-0.5 * (power + 1))
    found = kernels.operator(KALLEN_LEHMANN, np.zeros(1), GRID) @ rho
    assert_allclose(found, beta(0.5, 0.5 * power) / (2 * np.pi), rtol=1e-10)


def test_a_growing_continuum_is_integrated_under_an_exponential():
    """int omega^2 e^(-omega tau) d omega = 2 / tau^3."""
    tau = np.array([0.05, 1.0, 30.0])
    found = kernels.operator(kernels.ZeroTemperature(), tau, GRID) @ GRID.omega**2
    assert_allclose(found, 2 / tau**3 / (2 * np.pi), rtol=1e-12)


def test_the_error_of_the_quadrature_falls_exponentially_with_the_nodes():
    """Doubling the nodes squares the error of an analytic integrand."""
    peak, error = shapes.BreitWigners((1.0,), (0.1,), (2.0,)), []
    for nodes in (120, 240):
        grid = kernels.frequency_grid(nodes=nodes)
        found = kernels.operator(KALLEN_LEHMANN, MOMENTA, grid) @ peak(grid.omega)
        error.append(np.max(np.abs(found / peak.closed_form(KALLEN_LEHMANN, MOMENTA) - 1)))
    assert error[1] < 3 * error[0] ** 2 + 1e-13
    assert 1e-9 < error[0] < 1e-2


def test_the_thermal_kernel_becomes_the_exponential_when_it_is_cold():
    tau, omega = np.array([0.0, 1.0, 5.0]), np.array([0.2, 1.0, 4.0])
    cold, zero = kernels.Thermal(1e-3)(tau, omega), kernels.ZeroTemperature()(tau, omega)
    assert_allclose(cold, zero, rtol=1e-14)


def test_the_thermal_kernel_is_its_definition_and_periodic():
    """cosh[omega (tau - 1/2T)] / sinh[omega/2T] / 2 pi, symmetric about 1/2T."""
    temperature, tau, omega = 0.25, np.linspace(0, 4, 9), np.array([0.01, 0.5, 3.0, 30.0])
    kernel = kernels.Thermal(temperature)
    exact = np.cosh(omega * (tau[:, None] - 0.5 / temperature)) / np.sinh(0.5 * omega / temperature) / (2 * np.pi)
    assert_allclose(kernel(tau, omega), exact, rtol=1e-13)
    assert_allclose(kernel(1 / temperature - tau, omega), exact, rtol=1e-13)


def test_the_thermal_kernel_neither_overflows_nor_divides_by_zero():
    kernel, tau = kernels.Thermal(0.1), np.array([0.0, 3.0, 10.0])
    assert np.all(np.isfinite(kernel(tau, np.array([1e-300, 1e-12, 1e4, 1e23]))))
    assert_allclose(kernel.rescaled(tau, np.zeros(1)), 0.1 / np.pi, rtol=1e-15)


def test_the_matsubara_kernel_is_the_fourier_transform_of_the_thermal_kernel():
    """int_0^(1/T) K(tau) cos(omega_n tau) d tau = omega / (omega^2 + omega_n^2) / pi."""
    temperature, omega = 0.3, 1.7
    node, weight = np.polynomial.legendre.leggauss(60)
    tau = 0.5 / temperature * (node + 1)
    thermal = np.asarray(kernels.Thermal(temperature)(tau, np.array([omega])))[:, 0]
    frequency = 2 * np.pi * temperature * np.arange(4)
    transform = 0.5 / temperature * (np.cos(np.outer(frequency, tau)) @ (weight * thermal))
    assert_allclose(kernels.BosonicMatsubara()(frequency, np.array([omega]))[:, 0], transform, rtol=1e-12)


def test_the_fermionic_kernel_stacks_real_and_imaginary_parts():
    """A normalised Lorentzian at omega_0 gives G = 1 / (i omega_n - omega_0 + i Gamma) for omega_n > 0."""
    grid = kernels.two_sided(GRID)
    center, width, frequency = 1.5, 0.4, np.pi * 0.2 * np.array([1.0, 3.0, 9.0])
    rho = 2 * width / ((grid.omega - center) ** 2 + width**2)
    found = np.asarray(kernels.operator(kernels.FermionicMatsubara(), frequency, grid) @ rho)
    exact = 1 / (1j * frequency - center + 1j * width)
    assert_allclose(found, np.concatenate([exact.real, exact.imag]), rtol=1e-10, atol=1e-11)


def test_the_even_kernel_is_the_fermionic_one_on_both_signs():
    """An even rho on the half line gives what it gives on the whole one: -Im G, with the tail 1/omega_n of norm one."""
    grid = kernels.two_sided(GRID)
    mass, width, frequency = 1.5, 0.4, np.pi * 0.2 * np.array([1.0, 3.0, 9.0, 1e5])

    def lorentzians(omega):
        return sum(width / ((omega - sign * mass) ** 2 + width**2) for sign in (1, -1))

    whole = np.asarray(kernels.operator(kernels.FermionicMatsubara(), frequency, grid) @ lorentzians(grid.omega))
    half = np.asarray(kernels.operator(kernels.EvenMatsubara(), frequency, GRID) @ lorentzians(GRID.omega))
    assert_allclose(half, -whole[4:], rtol=1e-12)
    assert_allclose(half, (frequency + width) / (mass**2 + (frequency + width) ** 2), rtol=1e-9)
    assert_allclose(half[-1] * frequency[-1], 1.0, rtol=1e-4)
    assert_allclose(GRID.weight @ lorentzians(GRID.omega), np.pi, rtol=1e-10)


@pytest.mark.parametrize("kernel", ONE_SIDED, ids=name_of)
def test_the_rescaled_kernel_is_omega_times_the_kernel(kernel):
    x, omega = np.array([0.3, 1.0, 1.7]), np.array([1e-3, 0.4, 2.0, 9.0])
    assert_allclose(kernel.rescaled(x, omega), omega * np.asarray(kernel(x, omega)), rtol=1e-13)


@pytest.mark.parametrize("kernel", ONE_SIDED, ids=name_of)
def test_kernels_can_be_differentiated_and_compiled(kernel):
    x, omega = jnp.array([0.7, 1.2]), jnp.array([0.4, 2.0])
    slope = jax.jit(jax.jacfwd(lambda w: kernel(x, w)))(omega)
    step = 1e-6
    difference = (kernel(x, omega + step) - kernel(x, omega - step)) / (2 * step)
    assert_allclose(jnp.einsum("pww->pw", slope), difference, rtol=1e-6)


def test_a_coarse_grid_is_warned_of_and_a_fine_one_is_not():
    """The Riemann sum up to 20 of the literature misses 4e-3 of D(0): more than the errors that it is used with."""
    omega = jnp.linspace(0.04, 20, 500)
    riemann = kernels.Grid(omega, jnp.full(500, 0.04))
    sigma = 1e-4 * shapes.correlator_of(KALLEN_LEHMANN, MOMENTA, shapes.DOUBLE)
    finest = kernels.frequency_grid(nodes=2000)
    coarse, fine = (
        kernels.quadrature_error(KALLEN_LEHMANN, MOMENTA, *((g, shapes.DOUBLE(g.omega)[None]) for g in (grid, finest)))
        for grid in (riemann, GRID)
    )
    assert "exceeds that of the data" in kernels.quadrature_note(coarse, sigma)
    assert kernels.quadrature_note(fine, sigma) == ""
    assert coarse[0, 0] / (sigma[0] / 1e-4) == pytest.approx(4e-3, rel=0.5)


@pytest.mark.parametrize("name", shapes.PROPAGATORS)
def test_exact_propagators_agree_with_an_integral_of_their_own(name):
    """The adaptive integral and, where there is one, the closed form against scipy with the shape's edges."""
    shape, p = shapes.PROPAGATORS[name], 0.7
    edges = sorted(edge for edge in shape.edges if edge > 0)
    parts = [0.0, *edges, 30.0]

    def integrand(omega):
        return float(shape(np.array([omega]))[0]) * omega / (omega**2 + p**2) / np.pi

    inner = sum(quad(integrand, a, b, epsrel=1e-11, limit=400)[0] for a, b in pairwise(parts))
    outer = quad(lambda s: integrand(1 / s) / s**2, 0, 1 / 30.0, epsrel=1e-11, limit=400)[0]
    assert_allclose(shapes.correlator_of(KALLEN_LEHMANN, np.array([p]), shape), inner + outer, rtol=1e-8)


@pytest.mark.parametrize("name", ["double peak", "box"])
def test_closed_forms_agree_with_adaptive_integration(name):
    shape = shapes.PROPAGATORS[name]
    edges = np.union1d(shapes.LADDER, shape.edges)
    numeric = adaptive(lambda w: np.asarray(KALLEN_LEHMANN(MOMENTA, w) * shape(w)), edges)
    assert_allclose(numeric, shape.closed_form(KALLEN_LEHMANN, MOMENTA), rtol=1e-12)


@pytest.mark.parametrize("name", shapes.THERMAL)
def test_thermal_mocks_agree_on_the_grid_and_off_it(name):
    """The grid knows nothing of thresholds: there its error is that of a jump, not of a smooth curve."""
    kernel, tau = kernels.Thermal(1 / 48), np.array([1.0, 8.0, 24.0])
    grid = kernels.frequency_grid((0.01, 5.0))
    on_grid = kernels.operator(kernel, tau, grid) @ shapes.THERMAL[name](grid.omega)
    assert_allclose(on_grid, shapes.correlator_of(kernel, tau, shapes.THERMAL[name]), rtol=1e-4)


def test_noise_has_the_size_that_is_asked_for():
    """WSZ noise grows with p and has a floor; thermal noise grows with tau."""
    sigma = shapes.wsz_noise(np.ones(25), MOMENTA, 1e-3)
    assert_allclose(sigma[[0, 10]], [5e-5, 1e-3 * MOMENTA[10] / 0.79992], rtol=1e-4)
    assert_allclose(shapes.thermal_noise(np.full(3, 2.0), np.arange(1.0, 4.0), 0.1), [0.2, 0.4, 0.6])
    drawn = shapes.add_noise(jr.key(0), np.zeros(4000), np.full(4000, 0.3))
    assert np.std(drawn) == pytest.approx(0.3, rel=0.05)


def test_half_lines_and_temperatures_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="0 < low < high"):
        half_line(0.0, 1.0, 100)
    with pytest.raises(InputError, match="temperature"):
        kernels.Thermal(0.0)


def test_an_integral_that_diverges_is_an_error_and_not_a_number():
    with pytest.raises(NotFiniteError, match="did not converge"):
        adaptive(lambda x: (1 / x)[None], np.array([0.0, 1.0]))
