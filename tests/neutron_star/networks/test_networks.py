"""The network ways of the neutron-star problem: what they learn from, and that they fit where the physics fits."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.neutron_star.networks.emulator import (
    CENTRES,
    EmulatedStars,
    EmulatorLearner,
    FivePolytropes,
    examples,
    labels,
)
from retrodict.neutron_star.networks.supervised import (
    QUANTILES,
    InverseLearner,
    curves,
    observe,
    resampled_predictions,
    segment_equation_of_state,
)
from retrodict.neutron_star.stars.sequence import maximum_mass
from retrodict.neutron_star.stars.tov import solve


@pytest.fixture(scope="module")
def learner():
    return EmulatorLearner(examples(jr.key(0), 600), examples(jr.key(1), 200), width=48, depth=2)


@pytest.fixture(scope="module")
def trained(learner):
    """A short plain Adam run: the method `Train` has its own tests."""
    import optax

    optimiser = optax.adam(3e-3)
    parameters = learner.init(jr.key(2))

    @jax.jit
    def run(parameters):
        def step(carry, key):
            x, memory = carry
            gradient = jax.grad(lambda p: learner.loss(p, key, 128))(x)
            update, memory = optimiser.update(gradient, memory)
            return (optax.apply_updates(x, update), memory), None

        return jax.lax.scan(step, (parameters, optimiser.init(parameters)), jr.split(jr.key(3), 1200))[0][0]

    return run(parameters)


def test_labels_are_the_exact_stars_at_the_fixed_central_densities():
    eos = FivePolytropes()(jnp.full(7, 0.2))
    label, usable = labels(eos)
    stars = solve(eos)
    assert_allclose(np.exp(label[usable, 0]), np.asarray(stars.mass)[-CENTRES:][usable], rtol=1e-12)


def test_superluminal_stars_are_never_learnt_from():
    stiff = FivePolytropes()(jnp.array([0.0, 0.0, 2.0, 2.0, 2.0, 2.0, 2.0]))
    _, usable = labels(stiff)
    acausal = np.log(stiff.density[-CENTRES:]) > float(stiff.acausal_log_density)
    assert acausal.any()
    assert not np.any(np.asarray(usable) & acausal)


def test_a_thousand_steps_bring_the_emulator_to_a_tenth_of_the_spread(learner, trained):
    fresh = float(learner.validation(learner.init(jr.key(5))))
    assert fresh > 0.5
    assert float(learner.validation(trained)) < 0.1**2 * 2


def test_the_stars_of_all_training_matter_have_the_same_central_densities(learner):
    eos = FivePolytropes()(jr.normal(jr.key(8), (7,)))
    assert_allclose(eos.density[-CENTRES:], learner.central_density, rtol=1e-12)


def test_the_emulator_takes_the_place_of_the_exact_forward_model(learner, trained):
    eos = FivePolytropes()(0.6 * jr.normal(jr.key(6), (7,)))  # its heaviest star is causal and inside the grid
    prediction, valid = EmulatedStars(learner, trained)(eos)
    exact = maximum_mass(solve(eos))
    assert bool(valid)
    assert_allclose(prediction.heaviest.mass, exact.mass, rtol=0.1)
    assert prediction.sequence.moment_of_inertia.shape == (CENTRES,)


@pytest.fixture(scope="module")
def known():
    return curves(jr.key(0), 300, batch=100)


def test_quantiles_run_from_one_solar_mass_to_the_maximum_of_their_curve(known):
    assert_allclose(known.mass[:, 0], 1.0, atol=1e-6)
    stars = solve(segment_equation_of_state(known.speed[0]))
    assert_allclose(known.mass[0, -1], maximum_mass(stars).mass, rtol=1e-6)
    assert np.all(np.asarray(known.mass[:, -1]) >= 1.9)


def test_mock_observations_scatter_by_the_errors_that_they_state(known):
    """A flat curve R = 12 km isolates the radius noise: its pulls are standard normal."""
    mass, radius = np.linspace(1.0, 2.0, QUANTILES), np.full(QUANTILES, 12.0)
    observed = jax.vmap(lambda k: observe(k, jnp.asarray(mass), jnp.asarray(radius), 20))(jr.split(jr.key(1), 1000))
    pull = np.asarray((observed[..., 1] - 12.0) / observed[..., 3]).ravel()
    assert abs(pull.mean()) < 4 / np.sqrt(pull.size)
    assert abs(pull.var() - 1) < 4 * np.sqrt(2 / pull.size)


def test_the_answer_does_not_depend_on_the_order_of_the_stars_and_is_causal(known):
    learner = InverseLearner(known, known, stars=18)
    x = learner.init(jr.key(0))
    observed = observe(jr.key(2), known.mass[0], known.radius[0], 18)
    answer = learner.predict(x, observed)
    assert_allclose(learner.predict(x, observed[::-1]), answer, rtol=1e-12)
    assert np.all((answer > 0) & (answer < 1))


def test_the_papers_scatter_comes_from_noise_and_networks(known):
    learner = InverseLearner(known, known, stars=18)
    networks = jax.vmap(learner.init)(jr.split(jr.key(0), 3))
    observed = observe(jr.key(2), known.mass[0], known.radius[0], 18)
    answers = resampled_predictions(learner, networks, observed, jr.key(3), samples=5)
    assert answers.shape == (3, 5, 5)
    exact = resampled_predictions(learner, networks, observed.at[:, 2:].set(0.0), jr.key(3), samples=5)
    assert np.all(np.ptp(np.asarray(exact), axis=1) == 0)
    assert np.all(np.ptp(np.asarray(answers), axis=1) > 0)
