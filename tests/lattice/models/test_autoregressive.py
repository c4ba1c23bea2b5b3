"""The autoregressive XY model: normalised, covariant, causal, consistent with its draws, and exact once corrected."""

from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ive

from retrodict.base.errors import InputError
from retrodict.generate.exact import importance
from retrodict.generate.learners import FromAction, with_trained_weights
from retrodict.generate.model import with_weights
from retrodict.inference.schedule import Constant
from retrodict.inference.train import Train
from retrodict.lattice.models.autoregressive.network import conditionals, mask_later
from retrodict.lattice.models.autoregressive.recipe import Autoregressive
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories import symmetries as sym
from retrodict.lattice.theories.spins import XY, Ising, vortex_pairs
from retrodict.num import von_mises
from retrodict.run.loop import advance

RING = XY((2, 2), 1.0)
STRIP = XY((4, 2), 0.8)
RECIPE = Autoregressive(channels=3, width=6)


def drawing():
    """Many draws, compiled afresh."""
    return eqx.filter_jit(lambda model, keys: jax.vmap(lambda key: model.sample(key))(keys))


def judging():
    """Log densities of many configurations, compiled afresh."""
    return eqx.filter_jit(lambda model, x: jax.vmap(lambda one: model.log_prob(one))(x))


DRAWS, LOG_PROB = drawing(), judging()  # once for all models of one shape


def random_model(action: XY, size: float = 0.5):
    """Weights far from the spin waves, as training might leave them."""
    model, rng = RECIPE.on(action, jr.key(0)), np.random.default_rng(0)
    return with_weights(model, jax.tree.map(lambda leaf: leaf + size * rng.normal(size=leaf.shape), model.weights))


def ring_log_z(beta: float) -> float:
    """ln of the integral over four angles on the 2 x 2 torus: a ring with couplings 2 beta."""
    n = np.arange(-60, 61)
    return float(4 * np.log(2 * np.pi) + np.log(np.sum(ive(np.abs(n), 2 * beta) ** 4)) + 8 * beta)


def strip_log_z(beta: float, points: int = 24) -> float:
    """The same of the 4 x 2 torus, by the transfer matrix of its columns of two spins (doubled bonds inside)."""
    angle = 2 * np.pi * np.arange(points) / points
    first, second = (grid.ravel() for grid in np.meshgrid(angle, angle, indexing="ij"))
    inside = 2 * beta * np.cos(first - second)
    across = sum(beta * np.cos(one[:, None] - one) for one in (first, second))
    transfer = (2 * np.pi / points) ** 2 * np.exp(across + 0.5 * (inside[:, None] + inside))
    return float(4 * np.log(10.0) + np.log(np.trace(np.linalg.matrix_power(transfer / 10.0, 4))))


def weighed(model, action: XY, draws=DRAWS):
    """10 000 draws and their weights."""
    drawn = draws(model, jr.split(jr.key(5), 10_000))
    return drawn.x, importance(jax.jit(jax.vmap(action.log_density))(drawn.x) - drawn.log_prob)


def angles(points: int) -> tuple[np.ndarray, float]:
    """Four angles, the first of them zero, for all are alike, and the weight of each such point."""
    grid = 2 * np.pi * np.arange(points) / points
    x = np.stack(np.meshgrid(grid, grid, grid, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.concatenate([np.zeros((len(x), 1)), x], axis=1), 2 * np.pi * (2 * np.pi / points) ** 3


def total(model, log_prob=LOG_PROB) -> float:
    """The integral of q over the angles of the 2 x 2 torus."""
    x, weight = angles(24)
    return float(weight * jnp.sum(jnp.exp(log_prob(model, x.reshape(-1, 2, 2)))))


def test_the_density_is_normalised():
    """By quadrature over the angles of the 2 x 2 torus, to 1e-10."""
    assert total(random_model(RING)) == pytest.approx(1, abs=1e-10)


def test_the_density_of_the_even_half_is_normalised_on_a_longer_strip():
    """Four even sites of the 4 x 2 torus; the odd ones are exact conditionals."""
    model, (x, weight) = random_model(STRIP), angles(32)
    density = jax.jit(lambda x: jnp.exp(jax.vmap(model.log_prob_even)(von_mises.unit(x))))(x)
    assert weight * float(jnp.sum(density)) == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("size", [0.0, 0.5])
def test_the_density_of_a_draw_is_the_density_of_that_configuration(size: float):
    model = random_model(STRIP, size)
    drawn = DRAWS(model, jr.split(jr.key(5), 10_000))
    assert_allclose(LOG_PROB(model, drawn.x[:20]), drawn.log_prob[:20], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("beta", [0.8, jnp.asarray(0.8)])
def test_single_precision_stays_single(beta):
    """Also where the coupling has become an array of double precision, as within a run."""
    model = RECIPE.on(XY((4, 2), beta, precision=32), jr.key(0))
    drawn = jax.eval_shape(model.sample, jr.key(0))
    dtypes = {leaf.dtype for leaf in jax.tree.leaves((model.weights, drawn))}
    assert dtypes == {jnp.dtype(jnp.float32)}
    assert jax.eval_shape(model.log_prob, drawn.x).dtype == jnp.float32


@pytest.mark.parametrize(("turn", "same"), [(sym.turned(0.7), True), (sym.negated, True), (lambda x: 1.1 * x, False)])
def test_the_density_is_invariant_under_turning_and_mirroring_all_spins(turn, same: bool):
    """To 1e-12; what is no symmetry is noticed."""
    model, x = random_model(STRIP), jax.vmap(STRIP.hot)(jr.split(jr.key(2), 20))
    difference = np.max(np.abs(LOG_PROB(model, turn(x)) - LOG_PROB(model, x)))
    assert (difference < 1e-12) == same


def test_no_site_sees_a_later_one():
    """The derivative of the i-th factor with respect to later spins vanishes: a triangular Jacobian."""
    model, spins = random_model(STRIP), von_mises.unit(jr.uniform(jr.key(3), (4,)))
    weights = mask_later(model.weights)
    fields = jax.jacobian(lambda s: jnp.stack([weights.causal[i] @ s for i in range(4)]))(spins)
    strength = np.abs(np.asarray(fields)).sum(axis=(1, 2, 4))
    assert_array_equal(strength[np.triu_indices(4)], 0)
    assert np.all(strength[np.tril_indices(4, -1)] > 0)


def test_gaussian_conditionals_give_back_the_precision():
    """(1 - c)^T diag(p) (1 - c) is the precision matrix."""
    root = np.random.default_rng(0).normal(size=(5, 5))
    precision = root @ root.T
    means, given = conditionals(precision)
    left = np.eye(5) - means
    assert_allclose(left.T @ np.diag(given) @ left, precision, rtol=1e-12)
    assert_array_equal(means[np.triu_indices(5)], 0)


# --- exact after correction -------------------------------------------------------------------------------------------


def test_weights_give_the_exact_free_energy_and_bond_of_the_ring():
    model = random_model(RING, 0.2)
    x, found = weighed(model, RING)
    assert found.trusted
    assert abs(found.log_z - ring_log_z(1.0)) < 3.5 * found.log_z_error < 0.05
    mean, error = found.mean(np.asarray(jax.jit(jax.vmap(RING.observables))(x)["cos"]))
    assert abs(mean - 0.779560922692) < 3.5 * error
    assert exact.xy_bond(1.0) == pytest.approx(0.779560922692, abs=1e-11)


def test_weights_give_the_free_energy_of_the_strip_by_its_transfer_matrix():
    _, found = weighed(RECIPE.on(STRIP, jr.key(0)), STRIP)
    assert abs(found.log_z - strip_log_z(0.8)) < 3.5 * found.log_z_error < 0.02


def test_a_wrong_normalisation_is_noticed(monkeypatch: pytest.MonkeyPatch):
    """The twin: ln I_0 by its leading asymptotic form, as if fields were always strong."""
    monkeypatch.setattr(von_mises, "log_i0", lambda kappa: kappa - 0.5 * jnp.log(2 * np.pi * (kappa + 0.1)))
    model = random_model(RING, 0.2)
    assert abs(total(model, judging()) - 1) > 1e-3
    _, found = weighed(model, RING, drawing())
    assert abs(found.log_z - ring_log_z(1.0)) > 5 * found.log_z_error


# --- training ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_training_on_the_action_alone_improves_the_proposals():
    """From weights that were spoilt: the variance of ln w falls below a third, without bias in ln Z."""
    spoilt = random_model(STRIP, 0.3)
    _, start = weighed(spoilt, STRIP)
    method = Train(steps=150, batch=32, learning_rate=Constant(1e-2), every=50)
    learner = FromAction(spoilt, STRIP)
    finished = advance(learner, method, seed=6)
    _, found = weighed(
        with_trained_weights(spoilt, method.finish(learner, finished.state, finished.history).position), STRIP
    )
    assert found.variance < start.variance / 3
    assert abs(found.log_z - strip_log_z(0.8)) < 3.5 * found.log_z_error


def test_the_gradient_without_derivatives_of_draws_is_that_of_the_divergence():
    """Along the gradient of <log q - log p> by quadrature: the same slope within 3.5 standard errors of 3 % at most."""
    model = random_model(RING, 0.3)
    learner, (x, weight) = FromAction(model, RING), angles(24)
    x = x.reshape(-1, 2, 2)

    @jax.jit
    @jax.grad
    def exactly(weights):
        log_q = jax.vmap(with_weights(model, weights).log_prob)(x)
        return weight * jnp.sum(jnp.exp(log_q) * (log_q - jax.vmap(RING.log_density)(x)))

    @jax.jit
    @jax.vmap
    def estimated(key):
        return jax.grad(learner.loss)(model.weights, key, 25)

    def along(gradient):
        return sum(jnp.sum(a * b) for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(direction), strict=True))

    direction = exactly(model.weights)
    found = np.asarray(jax.vmap(along)(estimated(jr.split(jr.key(9), 200))))
    wanted, error = float(along(direction)), found.std() / np.sqrt(200)
    assert abs(found.mean() - wanted) < 3.5 * error < 0.1 * wanted


# --- observables and bad input ----------------------------------------------------------------------------------------


def test_vortex_pairs_are_those_of_a_walk_around_every_plaquette():
    x = np.asarray(XY((6, 4), 1.0).hot(jr.key(4)))
    count = 0
    for i in range(6):
        for j in range(4):
            corners = [(i, j), ((i + 1) % 6, j), ((i + 1) % 6, (j + 1) % 4), (i, (j + 1) % 4), (i, j)]
            turns = [x[b] - x[a] for a, b in pairwise(corners)]
            count += abs(round(sum((d + np.pi) % (2 * np.pi) - np.pi for d in turns) / (2 * np.pi)))
    assert float(vortex_pairs(jnp.asarray(x))) == count / 2
    assert count > 0


def test_both_directions_have_the_same_helicity_modulus():
    """Each direction alone, after correction; what is measured is their mean."""
    x, found = weighed(random_model(RING, 0.2), RING)
    each = []
    for axis in (1, 2):
        difference = np.asarray(jnp.roll(x, -1, axis) - x)
        each.append(np.cos(difference).mean((1, 2)) - RING.beta * np.sin(difference).sum((1, 2)) ** 2 / 4)
    measured = jax.jit(jax.vmap(RING.observables))(x)
    assert_allclose(np.mean(each, axis=0), measured["cos"] - RING.beta * measured["current2"], atol=1e-12)
    difference, error = found.mean(each[0] - each[1])
    assert abs(difference) < 3.5 * error < 0.1


@pytest.mark.parametrize(
    ("recipe", "action"), [(RECIPE, XY((3, 4), 1.0)), (RECIPE, Ising((4, 4), 0.4)), (Autoregressive(0), RING)]
)
def test_other_theories_and_odd_extents_are_refused(recipe: Autoregressive, action):
    with pytest.raises(InputError):
        recipe.on(action, jr.key(0))
