"""Flows of lattice fields: their density against the determinant of the Jacobian, their symmetries, their base."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from retrodict.base.errors import InputError
from retrodict.generate.continuous_flow import ContinuousFlow, EquivariantFlow, align
from retrodict.generate.learners import log_weight
from retrodict.generate.model import with_weights
from retrodict.generate.spectrum import GaussianField, fit_gaussian_field
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.symmetries import negated, of_sites
from retrodict.num.lattice_modes import modes_of

SHAPES = [(8,), (4, 4), (3, 4, 3)]


def theory(shape: tuple[int, ...]) -> Phi4:
    return Phi4(shape, 0.2, 0.022)


def coloured(shape: tuple[int, ...]) -> GaussianField:
    """A field with more power at small momenta, and not white within an orbit's reach."""
    return GaussianField(jnp.asarray(1 / (0.5 + modes_of(shape).k_hat)), shape)


def flow(shape: tuple[int, ...], size: float = 0.1, steps: int = 12) -> ContinuousFlow:
    """Random kernels on a field that is not white: no test passes by accident."""
    model = EquivariantFlow(steps=steps, harmonics=4).on(theory(shape), jr.key(0))
    model = model.initialise_from(jax.vmap(coloured(shape).sample)(jr.split(jr.key(1), 200)))
    return with_weights(model, size * jr.normal(jr.key(2), model.weights.shape))


def true_log_prob(model: ContinuousFlow, z: jax.Array) -> float:
    """By the determinant of the Jacobian of the map itself, independent of its divergence."""
    jacobian = jax.jacfwd(lambda z: model._push(z, model.recipe.steps).x)(z).reshape(z.size, z.size)
    return float(model.base.log_prob(z) - jnp.linalg.slogdet(jacobian)[1])


# --- the base ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_the_base_is_the_normal_distribution_with_its_covariance(shape):
    base, count = coloured(shape), int(np.prod(shape))
    root = jax.jacfwd(lambda white: base.filter(white, jnp.sqrt(base.power)))(jnp.zeros(shape)).reshape(count, count)
    x = base.sample(jr.key(3))
    expected = multivariate_normal(np.zeros(count), np.asarray(root @ root.T)).logpdf(np.ravel(x))
    assert_allclose(base.log_prob(x), expected, rtol=1e-12)
    assert_allclose(base.deviation, np.sqrt((root @ root.T)[0, 0]), rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_measured_spectrum_is_that_of_the_fields(shape):
    base = coloured(shape)
    fitted = fit_gaussian_field(jax.vmap(base.sample)(jr.split(jr.key(4), 4000)))
    assert_allclose(fitted.power, base.power, rtol=5 * np.sqrt(2 / 4000))
    orbit, weight = modes_of(shape).orbit, modes_of(shape).multiplicity
    total, count = (np.bincount(orbit.ravel(), w.ravel()) for w in (weight * np.asarray(fitted.power), weight))
    assert_allclose(fitted.power, (total / count)[orbit], rtol=1e-12)


# --- the continuous flow ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_the_velocity_is_equivariant_under_every_symmetry_and_its_divergence_none(shape):
    model = flow(shape)
    kernel = model.field.at(jnp.asarray(0.3), model.weights)
    compute = eqx.filter_jit(model.field.with_divergence)
    x = coloured(shape).sample(jr.key(5))
    velocity, divergence = compute(kernel, x)
    for name, symmetry in (of_sites(shape) | {"Z2": negated}).items():
        moved, same = compute(kernel, symmetry(x))
        assert_allclose(moved, symmetry(velocity), atol=1e-12, err_msg=name)
        assert_allclose(same, divergence, rtol=1e-12, err_msg=name)
    rough = x.at[(0,) * x.ndim].add(1.0)
    assert np.max(np.abs(compute(kernel, rough)[0] - velocity)) > 1e-3


@pytest.mark.parametrize("shape", SHAPES)
def test_the_divergence_is_the_trace_of_the_jacobian(shape):
    model = flow(shape)
    kernel, x = model.field.at(jnp.asarray(0.7), model.weights), coloured(shape).sample(jr.key(6))
    velocity, divergence = model.field.with_divergence(kernel, x)
    jacobian = jax.jacfwd(lambda x: model.field.velocity(kernel, x))(x).reshape(x.size, x.size)
    assert_allclose(divergence, jnp.trace(jacobian), rtol=1e-12)
    assert_allclose(velocity, model.field.velocity(kernel, x), atol=1e-14)


def test_the_density_of_a_draw_is_that_of_the_map_with_errors_of_fourth_order():
    """The sum of divergences against the determinant: sixteen times closer with half the steps, 1e-6 with 48."""
    z = flow((4, 4)).base.sample(jr.key(7))
    errors = []
    for steps in (12, 24, 48):
        model = flow((4, 4), steps=steps)
        errors.append(abs(float(model._push(z, steps).log_prob) - true_log_prob(model, z)))
    assert errors[0] > 8 * errors[1] > 64 * errors[2]
    assert errors[2] < 1e-6


def test_a_divergence_without_the_smoothed_fields_is_noticed():
    """The twin of the test above."""
    model = flow((4, 4))
    z = model.base.sample(jr.key(7))
    wrong = eqx.tree_at(lambda m: m.field.smooth, model, model.field.smooth.at[1].multiply(1.1))
    assert abs(float(model._push(z, 12).log_prob) - true_log_prob(wrong, z)) > 1e-3


@pytest.mark.parametrize("shape", SHAPES)
def test_the_flow_is_inverted_by_integrating_back(shape):
    model = flow(shape, steps=24)
    x, log_prob = model.sample(jr.key(8))
    assert_allclose(model.log_prob(x), log_prob, atol=1e-4)


def test_kernels_of_any_size_in_single_precision_stay_single():
    model = EquivariantFlow().on(Phi4((4, 4), 0.2, 0.022, precision=32), jr.key(0))
    x, log_prob = model.sample(jr.key(1))
    assert x.dtype == log_prob.dtype == model.loss(x, jr.key(2)).dtype == jnp.float32


def test_an_example_is_aligned_by_the_translation_and_sign_that_bring_it_closest():
    """In units of the spectrum: of all translations of both signs none is closer, and x itself is further."""
    base = coloured((4, 6))
    z, x = base.sample(jr.key(9)), base.sample(jr.key(10))

    def distance(y: jax.Array) -> float:
        return float(-base.log_prob(y - z))

    everywhere = [s * jnp.roll(x, (i, j), (0, 1)) for i in range(4) for j in range(6) for s in (1, -1)]
    assert_allclose(distance(align(base, z, x)), min(map(distance, everywhere)), rtol=1e-12)
    assert distance(align(base, z, x)) < distance(x)


def test_the_path_gradient_is_that_of_the_divergence_with_less_noise():
    """Against the mean of the full gradient over many draws, within its errors; near the optimum far less noise."""
    target = theory((4, 4))
    model = EquivariantFlow(harmonics=2, lengths=(0.0,), knots=3, steps=8, fitting_steps=8).on(target, jr.key(0))
    exact_free = GaussianField(jnp.asarray(0.5 / (1 - 0.4 * (2 - 0.5 * modes_of((4, 4)).k_hat))), (4, 4))
    model = model.initialise_from(jax.vmap(exact_free.sample)(jr.split(jr.key(1), 2000)))

    def full(w, k):
        return -log_weight(with_weights(model, w), target, k)

    def path(w, k):
        return with_weights(model, w).reverse_loss(target, k)

    keys = jr.split(jr.key(13), 3000)
    gradients = [jax.jit(jax.vmap(jax.value_and_grad(f), (None, 0)))(model.weights, keys) for f in (full, path)]
    assert_allclose(gradients[0][0], gradients[1][0], atol=1e-10)
    means, errors = zip(*((g.mean(axis=0), g.std(axis=0) / np.sqrt(len(g))) for _, g in gradients), strict=True)
    pulls = (means[0] - means[1]) / (np.hypot(*errors) + 1e-12)
    assert np.mean(pulls**2) < 2
    assert np.max(np.abs(pulls)) < 4.5
    assert np.median(errors[1] / (errors[0] + 1e-12)) < 0.5
    assert np.max(np.abs(means[1]) / (errors[1] + 1e-12)) > 5  # there is something to learn


@pytest.mark.parametrize(
    ("recipe", "match"),
    [(EquivariantFlow(knots=8, steps=16), "cross a knot"), (EquivariantFlow(lengths=(1.0,)), "not be smoothed")],
)
def test_recipes_that_cannot_work_are_refused(recipe, match):
    with pytest.raises(InputError, match=match):
        recipe.on(theory((4, 4)), jr.key(0))
