"""The network ways to a spectral function: the published one as published, networks as priors, a trained one."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.base.files import Source
from retrodict.inference.map import MAP
from retrodict.inference.schedule import Geometric
from retrodict.problem.covariance import Covariance
from retrodict.run.loop import advance
from retrodict.spectral.amortised import amortised_learner, amortised_reconstruction, train_network
from retrodict.spectral.ansatz import (
    FreeGrid,
    FrequencyGrid,
    NeuralFunction,
    NeuralList,
    PeaksAndContinuum,
    SmoothSpectrum,
    SparseSpectrum,
    WithTotalWeight,
)
from retrodict.spectral.ansatz.layers import LatentNetwork, ListNetwork, PointNetwork
from retrodict.spectral.ansatz.sparse import singular_functions
from retrodict.spectral.correlator import Correlator
from retrodict.spectral.derived import Axis, ReportedRange
from retrodict.spectral.discretisation import frequency_grid_for
from retrodict.spectral.kernels import KallenLehmann, Thermal, frequency_grid
from retrodict.spectral.problems import TotalWeight, problem, spectral_posterior
from retrodict.spectral.published import (
    EPOCH,
    NO_PENALTY,
    RESTARTS,
    PublishedSchedule,
    published_problem,
    published_reconstruction,
)
from retrodict.spectral.published_loss import MOMENTA, OMEGA, mock_with_inverse_crime, riemann_operator
from retrodict.spectral.shapes import DOUBLE, add_noise, correlator_of, l2_relative, wsz_noise

SHOWN = np.linspace(0.04, 20.0, 120)
EXACT = correlator_of(KallenLehmann(), MOMENTA, DOUBLE)
KINDS = [NeuralList(), NeuralFunction(), FreeGrid(), SparseSpectrum()]
FREE_KINDS = [
    NeuralList(positive=False),
    NeuralFunction(positive=False),
    FreeGrid(positive=False),
    SparseSpectrum(positive=False),
]


def draws(ansatz, key, count):
    """rho on the nodes for `count` white latent vectors."""
    return np.asarray(jax.jit(jax.vmap(ansatz))(jr.normal(jr.key(key), (count, ansatz.dim))))


def named(kind):
    return type(kind).__name__


@pytest.fixture(scope="module")
def grid():
    return frequency_grid_for(KallenLehmann(), MOMENTA)


def posterior(ansatz, eps=1e-3):
    sigma = wsz_noise(EXACT, MOMENTA, eps)
    data = add_noise(jr.key(0), EXACT, sigma)
    axis = Axis(tuple(MOMENTA.tolist()), "momentum", "", "", "")
    grid, noise = frequency_grid_for(KallenLehmann(), MOMENTA), Covariance.diagonal(jnp.asarray(sigma))
    return spectral_posterior(
        KallenLehmann(), MOMENTA, data, noise, ansatz, grid, ReportedRange(SHOWN, ((0.1, 20.0),)), axis
    )


def parameters(weights):
    return sum(leaf.size for leaf in jax.tree.leaves(weights))


def test_the_published_networks_have_the_published_numbers_of_parameters():
    assert parameters(ListNetwork().init(jr.key(0), jnp.asarray(OMEGA))) == 64 + 3 * 64**2 + 64 * 500
    assert parameters(PointNetwork().init(jr.key(0), jnp.asarray(OMEGA))) == 12_673


def test_published_weights_have_the_variance_of_glorot():
    output = ListNetwork().init(jr.key(0), jnp.asarray(OMEGA)).output.weight
    deviation = np.var(np.asarray(output)) / (2 / (64 + 500)) - 1
    assert abs(deviation) < 5 * np.sqrt(2 / output.size)


@pytest.mark.parametrize("network", [ListNetwork(), PointNetwork()], ids=named)
def test_the_published_loss_is_that_of_a_loop_in_numpy(network):
    """sum (D - D~)^2 + lambda/2 |theta|^2 + lambda_s sum of squared differences."""
    target = published_problem(MOMENTA, EXACT, network=network, precision="float64")
    weights = target.init(jr.key(3))
    h = np.ones((1, 1)) if isinstance(network, ListNetwork) else OMEGA[:, None]
    for weight, bias in weights.hidden:
        h = h @ np.asarray(weight) + (0 if bias is None else np.asarray(bias))
        h = np.where(h > 0, h, np.expm1(np.minimum(h, 0)))
    last = (
        h @ np.asarray(weights.output[0]) + (0 if weights.output[1] is None else np.asarray(weights.output[1]))
    ).ravel()
    rho = OMEGA * np.log1p(np.exp(last))
    kernel = OMEGA / (OMEGA**2 + MOMENTA[:, None] ** 2) / np.pi * 0.04
    square = sum(np.sum(np.asarray(leaf) ** 2) for leaf in jax.tree.leaves(weights))
    expected = np.sum((kernel @ rho - EXACT) ** 2) + 0.5 * 1e-2 * square + 0.3 * np.sum((rho[1:] - rho[:-1]) ** 2)
    assert_allclose(target.loss(weights, 1e-2, 0.3), expected, rtol=1e-10)
    assert np.all(np.asarray(target.spectral_function(weights)) > 0)


@pytest.mark.parametrize(
    ("epoch", "decay", "smoothness"),
    [(0, 1e-3, 1e-4), (199, 1e-3, 1e-4), (200, 1e-8, 1e-5), (399, 1e-8, 1e-5), (400, 1e-3, 1e-4), (1599, 1e-8, 1e-5)],
)
def test_penalties_restart_every_four_hundred_epochs(epoch, decay, smoothness):
    assert_allclose(RESTARTS(jnp.asarray(epoch)), (decay, smoothness), rtol=1e-12)
    assert_allclose(NO_PENALTY(jnp.asarray(epoch)), (0.0, 0.0))


def test_an_epoch_is_twenty_five_updates_of_adam():
    """The same as a loop over optax."""
    target = published_problem(MOMENTA, EXACT, precision="float64")
    schedule = PublishedSchedule(warm_up=1, refine=0)
    state = schedule.init(target, jr.key(0))
    after, _ = jax.jit(schedule.step)(target, state, jr.key(0), jnp.asarray(0))
    optimiser, weights = optax.adam(1e-3), state.weights
    memory = optimiser.init(weights)

    @jax.jit
    def moved(weights, memory):
        gradient = jax.grad(lambda w: target.loss(w, 1e-3, 1e-4))(weights)
        update, memory = optimiser.update(gradient, memory)
        return optax.apply_updates(weights, update), memory

    for _ in range(EPOCH):
        weights, memory = moved(weights, memory)
    assert_allclose(after.weights.output.weight, weights.output.weight, rtol=1e-9)


def test_the_refinement_moves_the_output_layer_only():
    target, schedule = published_problem(MOMENTA, EXACT), PublishedSchedule(warm_up=1, refine=1)
    before = schedule.init(target, jr.key(0))
    after, _ = jax.jit(schedule.step)(target, before, jr.key(0), jnp.asarray(1))
    assert all(
        np.array_equal(a.weight, b.weight) for a, b in zip(before.weights.hidden, after.weights.hidden, strict=True)
    )
    largest = np.max(np.abs(after.weights.output.weight - before.weights.output.weight))
    assert 1e-5 < largest <= EPOCH * 1.2e-4


def test_a_short_published_run_lowers_the_misfit_and_says_what_it_is():
    data = mock_with_inverse_crime(DOUBLE, 1e-3, 0)
    found = published_reconstruction(MOMENTA, data, schedule=PublishedSchedule(warm_up=60, refine=20))
    assert found.chi2 < 1e-3 * np.sum(data**2)
    assert found.rho.shape == OMEGA.shape
    assert found.error is None
    assert "as published: 1500 + 500 steps of Adam in float32" in found.description
    with pytest.raises(InputError, match="one datum a momentum"):
        published_reconstruction(MOMENTA, data[:-1])


def test_the_published_schedule_warns_where_it_was_not_published():
    schedule = PublishedSchedule(warm_up=60, refine=20)
    with pytest.warns(UserWarning, match="tuned to KallenLehmann; with Thermal"):
        published_reconstruction(np.linspace(0.4, 10.0, 25), np.ones(25), schedule=schedule, kernel=Thermal(0.05))


def test_published_mock_data_commit_the_inverse_crime_and_closed_forms_do_not():
    """The sum that ends at omega = 20 misses 4e-3 of D(0): four standard deviations at eps = 1e-3."""
    crime = riemann_operator(KallenLehmann(), MOMENTA, OMEGA) @ np.asarray(DOUBLE(OMEGA))
    assert_allclose(mock_with_inverse_crime(DOUBLE, 1e-12, 0), crime, rtol=1e-9)
    assert 1e-3 < abs(crime[0] / EXACT[0] - 1) < 1e-2


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_every_positive_ansatz_is_positive_and_takes_white_latents(grid, kind):
    ansatz = kind.on(grid)
    rho = draws(ansatz, 1, 64)
    assert rho.shape == (64, len(grid.omega))
    assert np.all(np.isfinite(rho) & (rho >= 0))
    assert np.all(rho[:, np.searchsorted(grid.x, 2.0)] > 0)


@pytest.mark.parametrize("kind", FREE_KINDS, ids=named)
def test_every_ansatz_of_free_sign_has_both_signs(grid, kind):
    ansatz = kind.on(grid)
    rho = draws(ansatz, 1, 64)
    value = rho[:, np.searchsorted(grid.x, 2.0)]
    assert 10 < np.sum(value > 0) < 54


@pytest.mark.parametrize("depth", [1, 3])
def test_network_outputs_have_unit_size_under_white_latents(depth):
    """So that amplitudes and lengths keep the meaning that they have for a Gaussian process."""
    network = LatentNetwork(1, 20, 16, depth)
    z = jr.normal(jr.key(2), (2000, network.dim))
    outputs = np.asarray(jax.jit(jax.vmap(lambda x: network(x, jnp.ones(1))))(z))
    assert 0.6 < np.mean(outputs**2) < 1.4
    assert abs(np.mean(outputs)) < 0.1


def test_increments_of_the_free_grid_are_those_of_a_random_walk(grid):
    """var f(xi) grows linearly in xi, whatever the grid."""
    ansatz = FreeGrid().on(grid)
    z = jr.normal(jr.key(3), (4000, len(grid.omega)))
    walk = np.cumsum(np.asarray(ansatz.increment * z), axis=1)
    end = np.searchsorted(grid.x, np.sinh(2.0))
    assert_allclose(np.var(walk[:, end]), np.arcsinh(float(grid.x[end])), rtol=5 * np.sqrt(2 / 4000))


def test_singular_functions_are_orthonormal_and_oscillate(grid):
    basis = singular_functions(grid, 6)
    measure = np.gradient(np.asarray(grid.place))
    assert_allclose((basis.T * measure) @ basis, np.eye(6), atol=1e-8)
    inside = (np.asarray(grid.x) > 0.05) & (np.asarray(grid.x) < 50)
    crossings = [np.sum(np.diff(np.sign(basis[inside, k])) != 0) for k in range(4)]
    assert crossings == sorted(crossings)


def test_a_frame_without_a_kernel_has_no_singular_basis():
    grid = frequency_grid()
    with pytest.raises(InputError, match="singular basis"):
        SparseSpectrum().on(FrequencyGrid(grid.omega, grid.weight, 1.0, jnp.asarray(1.0)))


@pytest.mark.parametrize("power", [0.0, 1.0])
@pytest.mark.parametrize(
    ("kind", "value"), [(PeaksAndContinuum(), 2.5), (SmoothSpectrum(positive=False), 0.0)], ids=["positive", "free"]
)
def test_the_total_weight_is_exact_whatever_the_latents(grid, kind, value, power):
    ansatz = WithTotalWeight(kind, value, power).on(grid)
    rho = draws(ansatz, 4, 32)
    terms = rho * np.asarray(grid.weight * grid.omega**power)
    error = np.abs(np.sum(terms, axis=1) - value)
    assert np.all(error <= 1e-12 * np.sum(np.abs(terms), axis=1))


def test_a_sum_rule_of_a_problem_is_an_argument_and_contradictions_are_errors():
    sigma = wsz_noise(EXACT, MOMENTA, 1e-3)
    known = Correlator(MOMENTA, EXACT, np.diag(sigma**2), "momentum", "GeV", "", None, "", (), Source("exact", "", 0))
    weight = TotalWeight(1.8 * np.pi, 1.0)
    target = problem(known, kernel="kallen-lehmann", ansatz=FreeGrid(), total_weight=weight)
    grid = target.derive.grid
    rho = target.ansatz(target.init(jr.key(0)))
    assert_allclose(jnp.sum(grid.weight * grid.omega * rho), 1.8 * np.pi, rtol=1e-12)
    with pytest.raises(InputError, match="growth contradicts"):
        problem(known, kernel="kallen-lehmann", total_weight=weight, growth=-1.0)
    with pytest.raises(InputError, match="positive weight"):
        WithTotalWeight(FreeGrid(), -1.0)


def test_the_most_probable_network_fits_the_data_within_their_errors():
    """The regulator is a prior that the noise competes with: chi2 is neither 1e4 nor 0."""
    target = posterior(NeuralList(width=6, depth=2, modes=40))
    method = MAP(starts=1, steps=150, temperature=Geometric(1e5, 1.0, 0.7))
    finished = advance(target, method, seed=0)
    best = method.finish(target, finished.state, finished.history).position[0, 0]
    rho = target.derived(best)["spectral_function"]
    assert float(jnp.sum(target.residual(best) ** 2)) < 2 * len(MOMENTA)
    assert l2_relative(rho, np.asarray(DOUBLE(SHOWN)), SHOWN) < 0.3


@pytest.fixture(scope="module")
def trained():
    target = posterior(SmoothSpectrum(modes=20))
    return train_network(target, steps=240, batch=48, width=32, depth=2)


def test_a_short_training_beats_the_untrained_network(trained):
    fresh = float(trained.learner.validation(trained.learner.init(jr.key(9))))
    assert trained.validation < 0.5 * fresh


def test_the_amortised_answer_is_positive_and_claims_no_error(trained):
    found = amortised_reconstruction(trained, EXACT)
    assert found.rho.shape == SHOWN.shape
    assert np.all(found.rho >= 0)
    assert found.error is None
    assert "no uncertainty" in found.description


def test_a_prior_of_free_sign_cannot_be_learnt_by_a_positive_network():
    with pytest.raises(InputError, match="positive rho"):
        amortised_learner(posterior(SmoothSpectrum(modes=20, positive=False)))
