"""Priors over spectral functions: positive by construction, exact transforms, closed forms of linear problems."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from retrodict.inference.least_squares import minimise
from retrodict.problem.compression import compress
from retrodict.problem.covariance import Covariance
from retrodict.problem.posterior import Posterior
from retrodict.spectral.ansatz import PeaksAndContinuum, SmoothSpectrum
from retrodict.spectral.ansatz.peaks import peaks_on
from retrodict.spectral.derived import peak, window_row
from retrodict.spectral.discretisation import (
    frequency_grid_for,
    interpolation,
    prior_spectra,
    scale_to_data,
    visible_range,
)
from retrodict.spectral.kernels import EvenMatsubara, Grid, KallenLehmann, Thermal, operator
from retrodict.spectral.shapes import breit_wigner

MOMENTA = np.linspace(0.001, 19.199, 25)
FREQUENCIES = frequency_grid_for(KallenLehmann(), MOMENTA)
LINE = {"strength": 0.7, "width": 0.4, "mass": 2.2}
RECIPES = [PeaksAndContinuum(), PeaksAndContinuum(peaks=1, continua=0), PeaksAndContinuum(peaks=0), SmoothSpectrum()]


def drawn(spectrum, grid=FREQUENCIES, count=200, spread=3):
    ansatz = spectrum.on(grid)
    return np.asarray(jax.jit(jax.vmap(ansatz))(spread * jr.normal(jr.key(0), (count, ansatz.dim))))


@pytest.mark.parametrize("spectrum", RECIPES, ids=str)
def test_whatever_the_latents_the_spectral_function_is_positive_and_finite(spectrum):
    rho = drawn(spectrum)
    assert np.all(np.isfinite(rho))
    assert np.all(rho >= 0)


def test_a_free_sign_takes_both_signs():
    rho = drawn(dataclasses.replace(PeaksAndContinuum(), positive=False))
    both = (np.min(rho, axis=1) < 0) & (np.max(rho, axis=1) > 0)
    assert np.mean(both) > 0.5
    assert_allclose(np.mean(np.sum(rho, axis=1) > 0), 0.5, atol=4 * 0.5 / np.sqrt(len(rho)))


def test_a_line_of_the_ansatz_has_the_propagator_of_its_closed_form():
    """D(p) = A / (M^2 + (p + Gamma)^2), on the nodes that an inversion uses."""
    part = peaks_on(FREQUENCIES, 2)
    z = jnp.array([0.4, -0.2, 0.3, -1.0, 0.8, -0.5])
    lines = part.lines(z)
    exact = sum(
        a / ((m * FREQUENCIES.unit) ** 2 + (MOMENTA + g * FREQUENCIES.unit) ** 2) * FREQUENCIES.unit**2
        for a, m, g in zip(lines.weight, lines.position, lines.width, strict=True)
    )
    matrix = operator(KallenLehmann(), MOMENTA, Grid(FREQUENCIES.omega, FREQUENCIES.weight))
    assert_allclose(matrix @ part(z), exact, rtol=1e-7)


def test_a_known_growth_is_the_power_of_the_tail():
    grid = frequency_grid_for(Thermal(1 / 48), np.arange(1.0, 48.0), growth=2.0)
    rho = drawn(PeaksAndContinuum(), grid, 20, spread=1)
    far = [int(np.searchsorted(np.asarray(grid.x), x)) for x in (1e8, 1e9)]
    power = np.log(rho[:, far[1]] / rho[:, far[0]]) / np.log(np.asarray(grid.x)[far[1]] / np.asarray(grid.x)[far[0]])
    assert_allclose(power, 2.0, atol=1e-3)  # a threshold opens over a few e-folds


def test_where_no_growth_is_known_every_draw_falls_so_that_its_correlator_exists():
    """Of a rising tail the grid, which reaches to 1e23, would make correlators larger by as much."""
    rho = drawn(PeaksAndContinuum(), count=500, spread=1)
    near, far = (int(np.searchsorted(np.asarray(FREQUENCIES.x), x)) for x in (1e4, 1e9))
    assert np.all(rho[:, far] < rho[:, near])
    size = np.max(
        rho @ np.asarray(operator(KallenLehmann(), MOMENTA, Grid(FREQUENCIES.omega, FREQUENCIES.weight))).T, axis=1
    )
    assert np.median(size) < 10
    assert np.max(size) < 1e6 * np.median(size)


def test_whatever_is_smooth_does_not_end_between_the_nodes():
    """On three times the nodes a draw of the Gaussian process has the same correlator: it ends where they thin out."""
    found = []
    for grid in (FREQUENCIES, frequency_grid_for(KallenLehmann(), MOMENTA, step=0.006)):
        matrix = operator(KallenLehmann(), MOMENTA, Grid(grid.omega, grid.weight))
        found.append(drawn(SmoothSpectrum(), grid, spread=1) @ np.asarray(matrix).T)
    assert_allclose(found[0], found[1], rtol=1e-5)


def test_with_the_identity_link_the_answer_is_the_closed_form_posterior_of_a_gaussian_process():
    spectrum = SmoothSpectrum(modes=20, positive=False, amplitude=1.0, length=0.5)
    ansatz = spectrum.on(FREQUENCIES)
    matrix = operator(KallenLehmann(), MOMENTA, Grid(FREQUENCIES.omega, FREQUENCIES.weight))
    exact = LINE["strength"] / (LINE["mass"] ** 2 + (MOMENTA + LINE["width"]) ** 2)
    sigma = 1e-3 * exact
    data = exact + sigma * np.random.default_rng(1).standard_normal(25)
    forward, likelihood = compress(
        matrix, jnp.asarray(data), Covariance.diagonal(sigma), prior_spectra(spectrum, FREQUENCIES), 0.0
    )
    found = minimise(Posterior(ansatz, forward, likelihood), jnp.zeros(ansatz.dim), iterations=60, temperature=1.0)
    modes = np.asarray(jax.jacobian(ansatz)(jnp.zeros(ansatz.dim)))  # rho = modes @ z: the process itself
    covariance, whitened = modes @ modes.T, np.asarray(matrix) / sigma[:, None]
    gram = whitened @ covariance @ whitened.T + np.eye(25)
    mean = covariance @ whitened.T @ np.linalg.solve(gram, data / sigma)
    assert_allclose(ansatz(found.position), mean, atol=1e-8 * np.max(np.abs(mean)))


def test_what_data_can_see_follows_from_their_grid():
    assert_allclose(visible_range(KallenLehmann(), MOMENTA), (0.79992, 19.199), rtol=1e-4)
    assert_allclose(visible_range(Thermal(1 / 48), np.arange(1.0, 25.0)), (1 / 24, 1.0))


def test_the_height_of_the_prior_follows_the_data_linearly():
    data = LINE["strength"] / (LINE["mass"] ** 2 + (MOMENTA + LINE["width"]) ** 2)
    one, ten = (
        scale_to_data(FREQUENCIES, PeaksAndContinuum(), KallenLehmann(), MOMENTA, c * data).height for c in (1, 10)
    )
    assert_allclose(ten, 10 * one, rtol=1e-12)


def test_interpolation_is_exact_for_cubics_in_the_logarithm_of_the_frequency():
    omega = np.geomspace(0.3, 15, 40)
    matrix = interpolation(np.asarray(FREQUENCIES.omega), omega)
    cubic = np.polynomial.Polynomial([1.0, -0.5, 0.3, 0.2])
    assert_allclose(matrix @ cubic(np.log(np.asarray(FREQUENCIES.omega))), cubic(np.log(omega)), atol=1e-6)
    rho = np.asarray(breit_wigner(FREQUENCIES.omega, **LINE))
    assert_allclose(matrix @ rho, breit_wigner(omega, **LINE), rtol=1e-4)


def test_a_window_holds_the_weight_between_its_ends():
    rho = np.asarray(breit_wigner(FREQUENCIES.omega, **LINE))
    for low, high in ((0.5, 4.0), (2.0, 2.5)):
        exact = quad(lambda w: float(breit_wigner(w, **LINE)), low, high)[0]
        assert_allclose(window_row(FREQUENCIES, low, high) @ rho, exact, rtol=2e-4)


def test_position_width_and_weight_of_a_narrow_line_are_read_off_to_a_percent():
    """Near its maximum a narrow line is a Lorentzian of half-width Gamma around M."""
    line = {"strength": 0.7, "width": 0.2, "mass": 4.0}
    found = peak(FREQUENCIES, jnp.asarray(breit_wigner(FREQUENCIES.omega, **line)), 0.3, 15.0)
    assert_allclose(found.position, 4.0, rtol=2e-3)
    assert_allclose(found.width, 2 * 0.2, rtol=1e-2)
    half = quad(lambda w: float(breit_wigner(w, **line)), 3.8, 4.2)[0]
    assert_allclose(found.weight, half, rtol=2e-2)


def on_a_plateau(plateau):
    """rho/omega^2 of a Lorentzian of full width .4 at 4 on a continuum that opens well below it."""
    grid = dataclasses.replace(FREQUENCIES, growth=2.0)
    w = grid.omega
    shape = 0.2**2 / ((w - 4.0) ** 2 + 0.2**2) + plateau * jax.nn.sigmoid(20 * (w - 2))
    return peak(grid, w**2 * shape / grid.unit**2, 0.3, 15.0)


@pytest.mark.parametrize("plateau", [0.0, 0.7, 3.0])
def test_the_width_of_a_peak_on_a_plateau_is_that_of_the_peak(plateau):
    """Above plateaux of 0.7 and 3 times its own height it never falls to half its height."""
    found = on_a_plateau(plateau)
    assert_allclose(found.position, 4.0, rtol=2e-3)
    assert_allclose(found.width, 0.4, rtol=2e-2)


def test_where_there_is_no_maximum_there_is_no_width():
    """rho/omega^2 rises throughout: the highest point has a place, a peak does not exist."""
    grid = dataclasses.replace(FREQUENCIES, growth=2.0)
    found = peak(grid, grid.omega**3, 0.3, 15.0)
    assert np.isnan(found.width)
    assert np.isnan(found.weight)
    assert found.position > 14


def test_a_line_of_an_even_spectral_function_has_its_closed_form():
    """Sum of Lorentzians around both signs of M: -Im G = A/M (omega_n + Gamma) / (M^2 + (omega_n + Gamma)^2)."""
    points = np.pi * 0.2 * np.arange(1.0, 40.0, 2.0)
    grid = frequency_grid_for(EvenMatsubara(), points)
    part, z = peaks_on(grid, 1), jnp.array([0.4, -0.2, 0.3])
    (a,), (m,), (g,) = (np.asarray(value) for value in jax.tree.leaves(part.lines(z)))
    n = points / grid.unit + g
    found = operator(EvenMatsubara(), points, Grid(grid.omega, grid.weight)) @ part(z)
    assert_allclose(found, a / m * n / (m**2 + n**2), rtol=1e-7)
    assert part(z)[0] > 0.1 * part(z)[len(grid.omega) // 3] > 0  # it does not vanish at zero


def test_the_jacobian_of_the_default_agrees_with_differences():
    ansatz = PeaksAndContinuum(modes=8).on(FREQUENCIES)
    z = 0.5 * jr.normal(jr.key(3), (ansatz.dim,))
    matrix = operator(KallenLehmann(), MOMENTA, Grid(FREQUENCIES.omega, FREQUENCIES.weight))
    function = eqx.filter_jit(lambda x: matrix @ ansatz(x))
    step, unit = 1e-5, np.eye(ansatz.dim)
    differences = np.stack([(function(z + step * e) - function(z - step * e)) / (2 * step) for e in unit], axis=1)
    jacobian = np.asarray(jax.jacrev(lambda x: matrix @ ansatz(x))(z))
    assert_allclose(jacobian, differences, atol=1e-8 * np.max(np.abs(jacobian)))
