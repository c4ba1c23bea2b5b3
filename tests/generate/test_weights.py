"""Weights and Metropolis decisions of generative models, digit by digit and at large numbers."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.generate.annealing import langevin, metropolis_adjusted_langevin
from retrodict.generate.exact import accepts, importance, independence_metropolis
from retrodict.inference.diagnostics import genealogy_ess, weight_ess

COUNT = 40_000


def test_an_importance_estimate_is_the_formulas_of_its_names():
    rng = np.random.default_rng(0)
    log_weight, values = rng.standard_normal(500), rng.standard_normal((500, 2))
    found, w = importance(log_weight + 700.0), np.exp(log_weight)
    assert_allclose(found.weights, w / w.sum(), rtol=1e-10)
    assert found.ess == pytest.approx(w.sum() ** 2 / np.sum(w**2) / 500)
    assert found.log_z == pytest.approx(700 + np.log(w.mean()))
    assert found.log_z_error == pytest.approx(w.std() / w.mean() / np.sqrt(500))
    assert found.variance == pytest.approx(log_weight.var())
    mean, error = found.mean(values)
    wanted = (w / w.sum()) @ values
    assert_allclose(mean, wanted)
    assert_allclose(error, np.sqrt(np.sum((w / w.sum())[:, None] ** 2 * (values - wanted) ** 2, axis=0)))
    assert float(weight_ess(jnp.asarray(log_weight))) == pytest.approx(w.sum() ** 2 / np.sum(w**2))


def test_a_proposal_is_accepted_with_the_ratio_of_the_weights():
    """exp(-0.7) of 40 000 decisions, to four standard errors; always where the weight rises."""
    decide = jax.jit(jax.vmap(lambda key: accepts(key, jnp.asarray(1.0), jnp.asarray(0.3))))
    share = float(np.mean(decide(jr.split(jr.key(0), COUNT))))
    wanted = np.exp(-0.7)
    assert abs(share - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / COUNT)
    assert bool(accepts(jr.key(1), jnp.asarray(0.0), jnp.asarray(0.1)))
    assert not bool(accepts(jr.key(1), jnp.asarray(0.0), jnp.asarray(jnp.nan)))


def test_the_chain_of_a_discrete_target_has_its_frequencies():
    """Proposals uniform over three states, weights 1, 2, 4: frequencies 1/7, 2/7, 4/7 over 200 000 steps, tau < 1."""
    states = np.random.default_rng(1).integers(3, size=200_000)
    indices, _ = jax.jit(independence_metropolis)(jnp.asarray(np.log([1.0, 2.0, 4.0])[states]), jr.key(2))
    counts = np.bincount(states[np.asarray(indices)], minlength=3) / len(states)
    assert_allclose(counts, np.array([1, 2, 4]) / 7, atol=0.006)


def test_adjusted_langevin_keeps_a_skewed_density():
    """S = x^2/2 + x^3/3 + x^4/4: 40 000 walkers start in equilibrium and keep four moments over twenty steps."""
    x = np.linspace(-6, 6, 40_001)
    action = x**2 / 2 + x**3 / 3 + x**4 / 4
    p = np.exp(-action)
    p /= p.sum()
    start = np.interp((np.arange(COUNT) + 0.5) / COUNT, np.cumsum(p) - 0.5 * p, x)
    log_density = jax.value_and_grad(lambda y: -jnp.sum(y**2 / 2 + y**3 / 3 + y**4 / 4))
    walk = jax.jit(jax.vmap(lambda x, key: metropolis_adjusted_langevin(log_density, x, key, 0.3, 20)))
    walkers = walk(jnp.asarray(start)[:, None], jr.split(jr.key(3), COUNT))
    assert 0.5 < float(walkers.acceptance.mean()) < 0.95
    end = np.ravel(walkers.x)
    for power in (1, 2, 3, 4):
        exact = p @ x**power
        spread = np.sqrt(p @ x ** (2 * power) - exact**2)
        assert abs(np.mean(end**power) - exact) < 4 * spread / np.sqrt(COUNT)


def test_plain_langevin_has_the_variance_of_its_own_step():
    """Of S = x^2 / 2 with steps epsilon the variance is 1 / (1 - epsilon / 2): 1.111 at 0.2, to two per cent."""
    start = jr.normal(jr.key(4), (COUNT, 1)) * np.sqrt(1 / 0.9)
    walk = jax.jit(jax.vmap(lambda x, key: langevin(jnp.negative, x, key, 0.2, 20)))
    end = np.asarray(walk(start, jr.split(jr.key(5), COUNT)))
    assert abs(end.var() * 0.9 - 1) < 0.025


def test_the_genealogy_counts_families_by_their_sums():
    """Two families of two: N sum x^2 / sum S_k^2 (1 - sum d_k^2 / N^2)."""
    x, ancestor = np.array([[1.0], [2.0], [-1.0], [-2.0]]), np.array([0, 0, 1, 1])
    wanted = 4 * 10 / (9 + 9) * (1 - 8 / 16)
    assert genealogy_ess(x, ancestor)[0] == pytest.approx(wanted)
