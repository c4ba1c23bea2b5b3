"""Resolution against linear algebra, and against problems that are solved again with other truths and other priors."""

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.inference.identifiability import identifiability
from retrodict.problem.covariance import Covariance
from retrodict.spectral.ansatz import SmoothSpectrum
from retrodict.spectral.derived import Axis, ReportedRange, times_energy
from retrodict.spectral.discretisation import frequency_grid_for
from retrodict.spectral.kernels import KallenLehmann
from retrodict.spectral.problems import spectral_posterior
from retrodict.spectral.refined import refined_data, with_midpoints
from retrodict.spectral.resolution import (
    LinearView,
    averaging_kernel,
    data_part,
    data_share,
    determined_directions,
    kernel_singular_values,
    null_space,
    prior_part,
    prior_response,
    resolution,
)
from retrodict.spectral.shapes import SINGLE, correlator_of, relative_noise

MOMENTA = np.linspace(0.001, 19.2, 9)


def random_view(nodes=7, latents=7, points=7, noise=1.0, seed=0) -> LinearView:
    rng = np.random.default_rng(seed)
    omega = np.geomspace(0.1, 10, nodes)
    weight = omega * np.log(omega[1] / omega[0])
    operator, slope = rng.standard_normal((points, nodes)) / noise, rng.standard_normal((nodes, latents))
    return LinearView(omega, weight, 1 + rng.random(nodes), operator, slope)


def linear_spectrum(noise=1e-3, momenta=MOMENTA):
    """A Gaussian process without a link: rho is linear in the latents, and everything is known in closed form."""
    kernel, ansatz = KallenLehmann(), SmoothSpectrum(20, positive=False, amplitude=1.0, length=0.3)
    mean = correlator_of(kernel, momenta, SINGLE)
    grid = frequency_grid_for(kernel, momenta, step=0.1)
    axis = Axis(tuple(momenta.tolist()), "momentum", "GeV", "", "GeV")
    reported = ReportedRange(np.geomspace(0.3, 20, 30), ((0.3, 20.0),))
    return spectral_posterior(
        kernel, momenta, mean, Covariance.diagonal(relative_noise(mean, noise)), ansatz, grid, reported, axis
    )


def mean_spectrum(target, data, shift=0.0):
    """rho at the most probable latents, by least squares on data modes and prior; `shift` is added to rho itself."""
    view = resolution(target, jnp.zeros(target.dim))
    system = np.vstack([view.operator @ view.slope, np.eye(target.dim)])
    offset = view.rho + shift
    right = np.concatenate([data - view.operator @ offset, np.zeros(target.dim)])
    return offset + view.slope @ np.linalg.lstsq(system, right, rcond=None)[0]


@pytest.mark.parametrize("shape", [(7, 7, 7), (9, 5, 4), (6, 8, 3), (5, 4, 9)])
def test_the_resolution_matrix_is_the_textbook_one(shape):
    """A = C K^T (K C K^T + 1)^-1 K with the prior covariance C (Rodgers, eq. 2.58)."""
    view = random_view(*shape)
    prior = view.slope @ view.slope.T
    gain = prior @ view.operator.T @ np.linalg.inv(view.operator @ prior @ view.operator.T + np.eye(shape[2]))
    assert_allclose(view.matrix, gain @ view.operator, atol=1e-10)


def test_data_part_and_prior_part_add_up():
    view = random_view(points=3)
    assert_allclose(data_part(view) + prior_part(view), view.rho, rtol=1e-13)
    assert_allclose(data_share(view), data_part(view) / view.rho, rtol=1e-13)


def test_without_noise_and_with_full_rank_everything_is_resolved():
    errors = [np.abs(random_view(noise=noise).matrix - np.eye(7)).max() for noise in (1e-2, 1e-4)]
    assert errors[1] < 1e-6
    assert errors[1] == pytest.approx(1e-4 * errors[0], rel=0.05)  # of second order in the noise


def test_without_information_the_prior_stays():
    view = random_view(noise=1e8)
    assert_allclose(prior_part(view), view.rho, rtol=1e-10)


def test_the_posterior_mean_answers_to_the_truth_with_the_resolution_matrix():
    target = linear_spectrum()
    view = resolution(target, jnp.zeros(target.dim))
    data = np.asarray(view.operator @ np.asarray(SINGLE(view.omega)))
    change = np.asarray(SINGLE(view.omega)) * np.exp(-(np.log(view.omega / 3) ** 2))
    moved = mean_spectrum(target, data + view.operator @ change) - mean_spectrum(target, data)
    assert_allclose(moved, view.matrix @ change, atol=1e-9 * np.abs(moved).max())


def test_the_posterior_mean_answers_to_the_prior_with_the_rest():
    target = linear_spectrum()
    view = resolution(target, jnp.zeros(target.dim))
    data, shift = view.operator @ np.asarray(SINGLE(view.omega)), 0.1 * view.omega / (1 + view.omega**2)
    moved = mean_spectrum(target, data, shift) - mean_spectrum(target, data)
    assert_allclose(moved, prior_response(view, shift), atol=1e-8 * np.abs(shift).max())


def test_resolvable_directions_are_the_effective_rank_and_fall_with_the_noise():
    target = linear_spectrum()
    view, seen = resolution(target, jnp.zeros(target.dim)), identifiability(target, jnp.zeros(target.dim))
    count = determined_directions(view.singular_values, np.array([1e-12, 1.0, 10.0, 1e12]))
    assert count[1] == pytest.approx(seen.effective_rank, rel=1e-10)
    assert np.all(np.diff(count) < 0)
    assert count[0] == pytest.approx(len(view.singular_values))
    assert count[-1] < 1e-10


def test_null_space_modes_do_not_move_the_data():
    view = random_view(nodes=12, latents=12, points=5, noise=12.0)
    moved = np.linalg.norm(null_space(view) @ view.operator.T, axis=1)
    assert np.all(moved < 1)
    assert_allclose(moved[-7:], 0, atol=1e-12)  # five data cannot see more than five of twelve directions
    assert_allclose(moved[:-7], view.singular_values[view.singular_values < 1], rtol=1e-10)
    assert 7 < len(moved) < 12


def test_a_box_has_its_length_for_a_width():
    """The averaging kernel of 1 / n over n neighbouring nodes."""
    omega = np.geomspace(0.1, 10, 401)
    step = np.log(omega[1] / omega[0])
    inside = np.abs(np.arange(401) - 200) <= 50
    operator = np.where(inside, 1 / inside.sum(), 0.0)[None] * 1e6
    view = LinearView(omega, omega * step, np.ones(401), operator, np.ones((401, 1)))
    kernel = averaging_kernel(view, 1.0)
    assert kernel.area == pytest.approx(1, rel=1e-9)
    assert kernel.width == pytest.approx(inside.sum() * step, rel=1e-3)


def test_the_kernel_alone_needs_no_prior():
    view = random_view()
    other = LinearView(view.omega, view.weight, view.rho, view.operator, 3 * view.slope)
    assert_allclose(kernel_singular_values(other), kernel_singular_values(view), rtol=1e-13)


@pytest.mark.parametrize("length", [0.5, 3.0])
def test_noise_that_decays_exponentially_is_refined_exactly(length):
    """Equal errors and correlations e^(-|x - x'|/length): the finer covariance is the same law on the finer grid."""
    x = np.arange(6.0)
    _, found = with_midpoints(x, _exponential(x, length))
    assert_allclose(found.matrix(), _exponential(np.arange(11) / 2, length).matrix(), atol=1e-12)


def test_independent_points_get_independent_neighbours():
    points, found = with_midpoints(np.array([1.0, 2.0, 4.0]), Covariance.diagonal(np.array([1.0, 4.0, 9.0])))
    assert_allclose(points, [1, 1.5, 2, 3, 4])
    assert_allclose(found.matrix(), np.diag([1.0, 4.0, 16.0, 36.0, 81.0]), atol=1e-12)


def test_more_points_take_nothing_away():
    target = linear_spectrum()
    z = jnp.zeros(target.dim)
    gram = [np.asarray(v.operator @ v.slope) for v in (resolution(target, z), _view(refined_data(target), target))]
    gained = gram[1].T @ gram[1] - gram[0].T @ gram[0]
    assert np.linalg.eigvalsh(gained).min() > -1e-3  # of the modes that the prior moves by less than .01 sigma
    assert np.linalg.eigvalsh(gained).max() > 1


def test_units_of_the_lattice_are_powers_of_a():
    assert times_energy("", "1/a", -1) == "a"
    assert times_energy("a", "1/a", -2) == "a^3"
    assert times_energy("GeV^2", "GeV", -2) == ""
    assert times_energy("MeV", "GeV", 1) == "GeV MeV"


def _exponential(x, length):
    from retrodict.problem.covariance import Covariance

    return Covariance.full(np.exp(-np.abs(x[:, None] - x) / length))


def _view(target, original):
    view = resolution(original, jnp.zeros(original.dim))
    return LinearView(view.omega, view.weight, view.rho, np.asarray(target.forward.operator), view.slope)
