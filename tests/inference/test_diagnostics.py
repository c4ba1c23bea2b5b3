"""Convergence figures against the reference program, and against what they must say of known chains."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import genpareto

from retrodict.inference.diagnostics import (
    effective_sample_size,
    fit_generalised_pareto,
    genealogy_ess,
    integrated_time,
    pareto_smooth,
    rhat_and_bulk_ess,
    tail_ess,
    weight_ess,
)
from retrodict.num.weighted import weighted_mean, weighted_quantile, weighted_sd, weighted_statistics


def chains(seed, count, length, correlation, shift=0.0):
    """Stationary AR(1) chains of variance one, each shifted by a multiple of `shift`."""
    noise = np.random.Generator(np.random.PCG64(seed)).standard_normal((count, length))
    x = np.array(noise)
    for t in range(1, length):
        x[:, t] = correlation * x[:, t - 1] + np.sqrt(1 - correlation**2) * noise[:, t]
    return x + shift * np.arange(count)[:, None]


# ArviZ-stats 0.8.0 on the same draws: rhat, ess bulk, ess tail (its R-hat of a single chain is NaN).
REFERENCE = [
    ((1, 4, 500, 0.0), 1.005118221, 2008.888443, 1952.574459),
    ((3, 4, 501, 0.5, 0.1), 1.007629373, 630.4904911, 1040.419244),
    ((4, 1, 1000, 0.3), None, 541.6236229, 755.1646223),
    ((5, 4, 300, -0.5), 0.9981473503, 3195.645733, 1199.642222),
    ((6, 4, 1000, 0.8), 1.005688466, 469.0147923, 873.0064533),
]


@pytest.mark.parametrize(("recipe", "rhat", "bulk", "tail"), REFERENCE)
def test_convergence_figures_agree_with_the_reference_program(recipe, rhat, bulk, tail):
    draws = chains(*recipe)
    found_rhat, found_bulk = rhat_and_bulk_ess(draws)
    if rhat is not None:
        assert_allclose(found_rhat, rhat, rtol=1e-9)
    assert_allclose(found_bulk, bulk, rtol=1e-9)
    assert_allclose(tail_ess(draws), tail, rtol=1e-9)


def test_many_quantities_are_treated_like_each_alone():
    draws = np.stack([chains(seed, 4, 200, 0.5) for seed in range(3)], axis=-1)
    for figure in (rhat_and_bulk_ess, tail_ess):
        alone = [figure(draws[..., i]) for i in range(3)]
        assert_allclose(figure(draws), np.moveaxis(alone, 0, -1), rtol=1e-12)


def test_integrated_time_of_an_autoregressive_chain_is_its_closed_form():
    """tau = (1 + a) / (1 - a). One set of 8000 draws knows it to about 15 %, forty sets together to 2.4 %."""
    draws = np.stack([chains(seed, 4, 2000, 0.8) for seed in range(40)], axis=-1)
    assert_allclose(np.mean(integrated_time(draws)), 9.0, rtol=0.1)


def test_rhat_sees_chains_of_equal_mean_and_unequal_width():
    wide = chains(2, 4, 500, 0.0) * np.array([1.0, 1.0, 1.0, 3.0])[:, None]
    assert rhat_and_bulk_ess(wide)[0] > 1.05
    assert rhat_and_bulk_ess(chains(2, 4, 500, 0.0))[0] < 1.01


def test_constant_draws_have_nothing_to_disagree_about():
    assert rhat_and_bulk_ess(np.ones((4, 100)))[0] == 1.0
    assert effective_sample_size(np.ones((4, 100))) == 400


# ArviZ-stats 0.8.0, psislw of 900 standard exponential log weights over `tail`: k and the three largest.
PARETO = [
    (7, 3, 0.5983337525905869, [-5.07804452, -4.81337448, -4.77786944]),
    (8, 1, 0.8162826589614453, [-3.19712782, -2.77471848, -2.00423014]),
]


@pytest.mark.parametrize(("seed", "tail", "k", "largest"), PARETO)
def test_pareto_smoothing_agrees_with_the_reference_program(seed, tail, k, largest):
    log_weights = np.random.Generator(np.random.PCG64(seed)).standard_exponential(900) / tail
    smoothed, found = pareto_smooth(log_weights)
    assert_allclose(found, k, rtol=1e-10)
    assert_allclose(np.sort(smoothed)[-3:], largest, atol=1e-7)
    assert_allclose(np.sum(np.exp(smoothed)), 1.0, rtol=1e-12)


def test_pareto_fit_finds_the_shape_that_was_drawn():
    excess = np.sort(genpareto.rvs(0.4, scale=2.0, size=20_000, random_state=1))
    shape, scale = fit_generalised_pareto(jnp.asarray(excess), jnp.asarray(len(excess)))
    assert_allclose([shape, scale], [0.4, 2.0], rtol=0.06)


def test_weights_that_vanish_or_agree_have_honest_tails():
    few = np.where(np.arange(500) < 3, 0.0, -np.inf)
    assert pareto_smooth(few)[1] == np.inf
    assert pareto_smooth(np.zeros(500))[1] == 0.0
    nothing, k = pareto_smooth(np.full(50, -np.inf))
    assert np.all(nothing == -np.inf)
    assert k == np.inf
    assert weight_ess(np.full(4, -np.inf)) == 0.0
    assert_allclose(weight_ess(few), 3.0)


def test_pareto_smoothing_may_be_vmapped():
    log_weights = np.random.default_rng(0).standard_normal((3, 200))
    together = jax.vmap(lambda w: pareto_smooth(w)[0])(jnp.asarray(log_weights))
    assert_allclose(together, [pareto_smooth(w)[0] for w in log_weights], rtol=1e-12)


def test_weighted_moments_and_quantiles_are_those_of_repeated_draws():
    values, counts = np.array([3.0, 1.0, 2.0, 7.0]), np.array([2, 1, 4, 1])
    repeated = np.repeat(values, counts)
    assert_allclose(weighted_mean(values, counts / 8), repeated.mean())
    assert_allclose(weighted_sd(values, counts / 8), repeated.std())
    equal = weighted_quantile(repeated, np.array([0.1, 0.5, 0.9]), np.full(8, 1 / 8))
    assert_allclose(equal, np.quantile(repeated, [0.1, 0.5, 0.9], method="hazen"))


def test_a_draw_without_weight_or_without_a_value_does_not_count():
    values = np.array([[1.0, np.nan], [2.0, 5.0], [1e9, 1e9]])
    statistics = weighted_statistics(values, np.array([0.5, 0.5, 0.0]))
    assert_allclose(statistics["mean"], [1.5, 5.0])
    assert_allclose(statistics["q97_5"], [2.0, 5.0])
    assert np.all(np.isnan(weighted_statistics(values, np.zeros(3))["mean"]))


def test_independent_particles_count_in_full_and_copies_once():
    noise = np.random.default_rng(0).normal(size=(2000, 3))
    assert (genealogy_ess(noise, np.arange(2000)) > 1990).all()
    ancestor = np.repeat(np.arange(40), 50)
    copies = genealogy_ess(noise[ancestor], ancestor)
    assert (copies > 20).all()
    assert (copies < 60).all()
    mixed = genealogy_ess(noise, ancestor)  # descendants that have forgotten their ancestor are independent again
    assert (mixed > 800).all()


def test_a_population_of_one_ancestor_shows_nothing():
    noise = np.random.default_rng(0).normal(size=(500, 1))
    assert genealogy_ess(noise, np.zeros(500, dtype=int)) == 0
