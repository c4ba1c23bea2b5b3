"""Autoregressive U(1) plaquettes: a normalised, gauge invariant density; exact after training, the topology too."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import i0e

from retrodict.base.errors import InputError
from retrodict.generate.exact import importance
from retrodict.generate.learners import FromData, with_trained_weights
from retrodict.generate.model import with_weights
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.lattice.models.autoregressive.plaquettes import FAR, FluxMixture
from retrodict.lattice.models.autoregressive.recipe import Autoregressive
from retrodict.lattice.models.u1.flux import with_plaquettes
from retrodict.lattice.samplers.methods import HMC
from retrodict.lattice.theories import symmetries as sym
from retrodict.lattice.theories.groups import SU2, U1
from retrodict.lattice.theories.reference import u1_log_partition
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.loop import advance

RECIPE = Autoregressive(components=3, channels=3, width=8)
SMALL = Wilson(U1(), (2, 2), 2.0, loops=1)


def random_model(action: Wilson) -> FluxMixture:
    """Weights as training might leave them."""
    model, rng = RECIPE.on(action, jr.key(0)), np.random.default_rng(0)
    assert isinstance(model, FluxMixture)
    return with_weights(model, jax.tree.map(lambda leaf: leaf + 0.7 * rng.normal(size=leaf.shape), model.weights))


def test_the_density_is_normalised():
    """By quadrature over the three free plaquettes of 2 x 2 sites; with respect to links of total measure one."""
    grid = 2 * np.pi * np.arange(20) / 20
    free = np.stack(np.meshgrid(grid, grid, grid), axis=-1).reshape(-1, 3)
    angle = jnp.asarray(np.column_stack([free, -free.sum(axis=1)]).reshape(-1, 2, 2))
    model, start = random_model(SMALL), U1().haar(jr.key(1), (2, 2, 2), np.dtype(float))
    log_prob = jax.jit(jax.vmap(lambda a: model.log_prob(with_plaquettes(start, a))))(angle)
    assert np.mean(np.exp(log_prob)) == pytest.approx(1, abs=1e-5)
    assert np.std(log_prob) > 0.5


def test_a_draw_has_the_density_that_the_model_gives_to_it():
    model = random_model(Wilson(U1(), (3, 4), 2.0, loops=1))
    x, log_prob = jax.jit(jax.vmap(lambda key: model.sample(key)))(jr.split(jr.key(2), 50))
    assert_allclose(jax.jit(jax.vmap(lambda one: model.log_prob(one)))(x), log_prob, atol=1e-10)


@pytest.mark.parametrize(("name", "same"), [("gauge", True), ("charge", True), ("turns", True), ("one link", False)])
def test_the_density_is_invariant_under_gauge_transformations_and_charge_conjugation(name: str, same: bool):
    action = Wilson(U1(), (3, 4), 2.0, loops=1)
    turns = 2 * np.pi * jr.randint(jr.key(4), (2, 3, 4), -2, 3)
    changes = {
        "gauge": sym.of_links(U1(), action.shape, jr.key(3))["gauge"],
        "charge": sym.negated,
        "turns": lambda x: x + turns,
        "one link": lambda x: x.at[0, 0, 0].add(0.3),
    }
    model, x = random_model(action), U1().haar(jr.key(5), (2, 3, 4), np.dtype(float))
    log_prob = jax.jit(lambda one: model.log_prob(one))
    assert (abs(float(log_prob(changes[name](x)) - log_prob(x))) < 1e-10) == same


def test_untrained_it_draws_uniform_links():
    model = RECIPE.on(SMALL, jr.key(0))
    assert_allclose(model.log_prob(SMALL.hot(jr.key(1))), 0.0, atol=1e-14)


def test_weights_know_no_volume():
    """The last plaquettes of a large lattice are drawn as those of a small one."""
    small, large = random_model(SMALL), random_model(Wilson(U1(), (4, 2), 2.0, loops=1))
    flux, left = jnp.asarray(0.7), jnp.asarray(2)
    for one, other in zip(small._mixture(flux, left), large._mixture(flux, left), strict=True):
        assert_array_equal(one, other)
    assert_array_equal(large._left()[-3:], small._left())
    for one, other in zip(*(small._mixture(flux, jnp.asarray(n)) for n in (FAR, 4 * FAR)), strict=True):
        assert_array_equal(one, other)


@pytest.fixture(scope="module")
def learnt():
    """4 x 4 at beta = 3, from uniform links, by maximum likelihood on HMC with winding; 8000 draws."""
    action = Wilson(U1(), (4, 4), 3.0, loops=1)
    chains = advance(action, HMC(chains=1024, warmup=30, draws=4, winding=True, cold=0.0), seed=2)
    x = jnp.asarray(chains.state.field)
    learner = FromData(RECIPE.on(action, jr.key(0)), x[64:], x[:64])
    method = Train(steps=300, batch=128, learning_rate=Cosine(2e-2, 1e-3), every=300)
    finished = advance(learner, method, seed=1)
    model = with_trained_weights(learner.model, method.finish(learner, finished.state, finished.history).position)
    x, log_q = jax.jit(jax.vmap(lambda key: model.sample(key)))(jr.split(jr.key(3), 8000))
    return action, model, x, log_q


def deviations(action: Wilson, x, log_q) -> tuple[float, float]:
    """ESS, and the largest deviation of ln Z, plaquette and <Q^2> from the exact values, in standard errors."""
    found = importance(jax.vmap(action.log_density)(x) - log_q)
    seen, wanted = jax.jit(jax.vmap(lambda one: action.observables(one)))(x), action.exact_values()
    off = [(found.log_z - u1_log_partition(3.0, 16)) / found.log_z_error]
    for name, value in (("plaquette", wanted["plaquette"]), ("Q2", 16 * wanted["chi_t"])):
        mean, error = found.mean(seen[name])
        off.append(float((mean - value) / error))
    return found.ess, max(map(abs, off))


def test_what_is_learnt_is_exact_after_weighting_and_better_than_independent_plaquettes(learnt):
    """Those, with the last one left to the constraint, have an effective share of I_0(beta)^2 / I_0(2 beta) = 0.354."""
    action, _, x, log_q = learnt
    ess, worst = deviations(action, x, log_q)
    assert ess > 1.5 * i0e(3.0) ** 2 / i0e(6.0)
    assert worst < 3.5


def test_a_density_that_forgets_the_flux_is_noticed(learnt):
    action, model, x, log_q = learnt
    blind = model.weights._replace(first=model.weights.first.at[:, :3].set(0.0).at[:, 5:].set(0.0))
    forgetful = with_weights(model, blind)
    wrong = jax.jit(jax.vmap(lambda one: forgetful.log_prob(one)))(x)
    assert deviations(action, x, wrong)[1] > 5
    assert np.max(np.abs(wrong - log_q)) > 0.1


def test_other_theories_are_refused():
    with pytest.raises(InputError, match=r"U\(1\)"):
        RECIPE.on(Wilson(SU2(), (4, 4), 2.0), jr.key(0))
