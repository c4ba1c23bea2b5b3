"""The autoregressive phi^4 model: normalised, symmetric, consistent with its draws, and exact once corrected."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.generate.exact import importance
from retrodict.generate.model import with_weights
from retrodict.lattice.models.autoregressive.recipe import Autoregressive
from retrodict.lattice.models.autoregressive.scalar import hartree_precision
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories.phi4 import Phi4

THEORY = Phi4((2, 2), 0.27, 0.022)
RECIPE = Autoregressive(components=2, channels=2, width=6)
DRAWS = eqx.filter_jit(lambda model, keys: jax.vmap(lambda key: model.sample(key))(keys))
LOG_PROB = eqx.filter_jit(lambda model, x: jax.vmap(lambda one: model.log_prob(one))(x))


def random_model(size: float):
    """Weights away from the Hartree approximation, as training might leave them."""
    model, rng = RECIPE.on(THEORY, jr.key(0)), np.random.default_rng(0)
    return with_weights(model, jax.tree.map(lambda leaf: leaf + size * rng.normal(size=leaf.shape), model.weights))


def test_the_density_is_normalised():
    """By Gauss-Legendre quadrature over four fields, to 1e-6."""
    nodes, weights = np.polynomial.legendre.leggauss(30)
    x = np.stack(np.meshgrid(*[8 * nodes] * 4, indexing="ij"), axis=-1).reshape(-1, 2, 2)
    weight = np.prod(np.stack(np.meshgrid(*[8 * weights] * 4, indexing="ij"), axis=-1).reshape(-1, 4), axis=1)
    assert float(jnp.sum(weight * jnp.exp(LOG_PROB(random_model(0.05), x)))) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("size", [0.0, 0.3])
def test_the_density_of_a_draw_is_that_of_the_configuration_and_of_its_mirror_image(size: float):
    model = random_model(size)
    drawn = DRAWS(model, jr.split(jr.key(1), 10_000))
    assert_allclose(LOG_PROB(model, drawn.x), drawn.log_prob, rtol=1e-11, atol=1e-11)
    assert_allclose(LOG_PROB(model, -drawn.x), drawn.log_prob, rtol=1e-11, atol=1e-11)
    assert np.max(np.abs(LOG_PROB(model, 1.1 * drawn.x) - drawn.log_prob)) > 0.1


@pytest.mark.parametrize("fault", [0.0, 0.1])
def test_weights_give_the_exact_free_energy_and_moments(fault: float):
    """ln Z, <phi^2> and V <M^2> within 3.5 standard errors; widths 10 % off in the density are noticed."""
    model = random_model(0.1)
    drawn = DRAWS(model, jr.split(jr.key(1), 10_000))
    wrong = model.weights._replace(shift=model.weights.shift.at[:, [1, 8]].add(fault))  # ln s of both pairs
    log_q = LOG_PROB(with_weights(model, wrong), drawn.x)
    found, wanted = importance(jax.vmap(THEORY.log_density)(drawn.x) - log_q), exact.phi4_two_by_two(0.27, 0.022)
    values = jax.jit(jax.vmap(THEORY.observables))(drawn.x)
    sigmas = [(found.log_z - wanted["ln_Z"]) / found.log_z_error]
    for name in ("phi2", "V_M2"):
        mean, error = found.mean(np.asarray(values[name]))
        sigmas.append((mean - wanted[name]) / error)
    assert (np.max(np.abs(sigmas)) < 3.5) == (fault == 0.0)


def test_the_hartree_mass_contains_its_own_fluctuations():
    """The fixed point, without and with a coupling; without one the free field is exact."""
    assert_allclose(np.diag(hartree_precision((4, 4), 0.2, 0.0)), 2.0, rtol=1e-12)
    precision = hartree_precision((4, 4), 0.3, 0.022)
    assert_allclose(precision[0, 0], 2 - 0.088 + 0.264 * np.linalg.inv(precision)[0, 0], rtol=1e-9)
    free = Phi4((2, 2), 0.2, 0.0)
    model = Autoregressive(components=1, channels=1, width=2).on(free, jr.key(0))
    silent = with_weights(model, model.weights._replace(output=jnp.zeros_like(model.weights.output)))
    drawn = DRAWS(silent, jr.split(jr.key(2), 50))
    assert np.ptp(jax.vmap(free.log_density)(drawn.x) - drawn.log_prob) < 1e-9
