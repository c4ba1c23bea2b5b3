"""Coupling flows and the maps of single numbers in them: inverses, Jacobians, symmetries."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.generate.coupling import CheckerboardFlow, CouplingFlow, MatsubaraFlow
from retrodict.generate.elementwise import Affine, CircleSpline, Spline
from retrodict.generate.model import with_weights
from retrodict.generate.spectrum import GaussianField
from retrodict.lattice.theories.paths import double_well
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.symmetries import negated, translated
from retrodict.num.lattice_modes import modes_of, real_fourier

PLANE, PATH = Phi4((4, 6), 0.2, 0.022), double_well(12, 0.2, 1.0)
RECIPES = {
    "affine": (CheckerboardFlow(layers=4, channels=4), PLANE),
    "spline": (CheckerboardFlow(Spline(bins=5), layers=4, channels=4), PLANE),
    "affine 3d": (CheckerboardFlow(layers=2, channels=3), Phi4((4, 2, 2), 0.15, 0.022)),
    "modes": (MatsubaraFlow(layers=4, modes=9, width=8), PATH),
}


def flow(name: str) -> CouplingFlow:
    """Random weights over a base that is not white."""
    recipe, target = RECIPES[name]
    base = GaussianField(jnp.asarray(1 / (0.5 + modes_of(target.shape).k_hat)), target.shape)
    model = recipe.on(target, jr.key(0)).initialise_from(jax.vmap(base.sample)(jr.split(jr.key(1), 200)))
    leaves, structure = jax.tree.flatten(model.weights)
    noise = [0.3 * jr.normal(jr.fold_in(jr.key(2), i), leaf.shape) for i, leaf in enumerate(leaves)]
    return with_weights(model, jax.tree.unflatten(structure, noise))


def carried(model: CouplingFlow, z: jax.Array) -> jax.Array:
    return model.chart.field(model._transform(model.chart.coordinates(z), backwards=False)[0])


@pytest.mark.parametrize("name", RECIPES)
def test_a_draw_carried_back_is_where_it_came_from_and_has_the_same_density(name):
    """To 1e-10."""
    model = flow(name)
    z = model.chart.base.sample(jr.key(3))
    x, log_prob = eqx.filter_jit(model.sample)(jr.key(3))
    numbers, _ = model._transform(model.chart.coordinates(x), backwards=True)
    assert_allclose(model.chart.field(numbers), z, atol=1e-10)
    assert_allclose(model.log_prob(x), log_prob, atol=1e-10)
    assert np.max(np.abs(x - z)) > 0.1


@pytest.mark.parametrize("name", RECIPES)
def test_the_density_is_that_of_the_determinant_of_the_jacobian(name):
    """To 1e-10; and a Jacobian without one layer is noticed."""
    model = flow(name)
    z = model.chart.base.sample(jr.key(4))
    jacobian = jax.jit(jax.jacfwd(lambda z: carried(model, z)))(z).reshape(z.size, z.size)
    expected = model.chart.base.log_prob(z) - jnp.linalg.slogdet(jacobian)[1]
    assert_allclose(model.sample(jr.key(4)).log_prob, expected, atol=1e-10)
    shorter = with_weights(model, jax.tree.map(lambda leaf: leaf[:-1], model.weights))
    assert abs(shorter.sample(jr.key(4)).log_prob - expected) > 1e-3


@pytest.mark.parametrize("name", RECIPES)
def test_couplings_are_equivariant_under_the_sign_flip_and_checkerboards_under_translations_that_keep_colours(
    name,
):
    model = flow(name)
    z = model.chart.base.sample(jr.key(5))
    x = carried(model, z)
    assert_allclose(carried(model, -z), -x, atol=1e-12)
    assert_allclose(model.log_prob(negated(x)), model.log_prob(x), atol=1e-10)
    if name != "modes":
        rest = (0,) * (z.ndim - 2)
        for steps in ((1, 1), (2, 0), (-1, 3)):
            shift = translated((*steps, *rest))
            assert_allclose(carried(model, shift(z)), shift(x), atol=1e-12)
        one = translated((1, 0, *rest))
        assert np.max(np.abs(carried(model, one(z)) - one(x))) > 1e-3


@pytest.mark.parametrize("name", RECIPES)
def test_an_untrained_coupling_flow_is_its_gaussian_base(name):
    recipe, target = RECIPES[name]
    model = recipe.on(target, jr.key(0))
    x, log_prob = model.sample(jr.key(6))
    assert_allclose(x, model.chart.base.sample(jr.key(6)), atol=1e-12)
    assert_allclose(log_prob, model.chart.base.log_prob(x), atol=1e-10)


@pytest.mark.parametrize("map", [Affine(), Spline(6, 3.0), CircleSpline(6)], ids=["affine", "spline", "circle"])
def test_maps_increase_and_are_inverted_and_their_slopes_are_derivatives(map):
    parameters = jr.normal(jr.key(7), (map.parameters, 400))
    x = jnp.linspace(-4, 4, 400) * (0.78 if isinstance(map, CircleSpline) else 1)
    y, log_slope = map.forward(x, parameters)
    back, same = map.inverse(y, parameters)
    assert_allclose(back, x, atol=1e-10)
    assert_allclose(same, log_slope, atol=1e-9)
    slope = jax.grad(lambda x: jnp.sum(map.forward(x, parameters)[0]))(x)
    assert_allclose(jnp.log(slope), log_slope, atol=1e-12)
    one = parameters[:, :1] * jnp.ones(400)
    assert np.all(np.diff(map.forward(x, one)[0]) > 0)
    assert_allclose(map.forward(-x, map.mirror(parameters))[0], -y, atol=1e-12)
    assert_allclose(map.forward(x, jnp.zeros_like(parameters))[0], x, atol=1e-12)


def test_a_spline_goes_on_as_the_identity_beyond_its_bound_without_a_corner():
    spline = Spline(6, 3.0)
    parameters = jr.normal(jr.key(8), (spline.parameters, 1)) * jnp.ones(4)
    y, log_slope = spline.forward(jnp.array([-5.0, -3 + 1e-9, 3 - 1e-9, 5.0]), parameters)
    assert_allclose(y, [-5, -3, 3, 5], atol=1e-8)
    assert_allclose(log_slope, 0, atol=1e-7)


def test_a_spline_on_the_circle_leaves_the_seam_where_it_is_and_has_one_slope_there():
    spline = CircleSpline(5)
    parameters = jr.normal(jr.key(9), (spline.parameters, 1)) * jnp.ones(2)
    y, log_slope = spline.forward(jnp.array([-np.pi, np.pi]), parameters)
    assert_allclose(y, [-np.pi, np.pi], atol=1e-12)
    assert_allclose(log_slope[0], log_slope[1], atol=1e-12)
    assert abs(log_slope[0]) > 0.01


@pytest.mark.parametrize("extent", [1, 2, 7, 8])
def test_real_fourier_modes_are_orthonormal(extent):
    assert_allclose(real_fourier(extent) @ real_fourier(extent).T, np.eye(extent), atol=1e-12)


@pytest.mark.parametrize(
    ("recipe", "target", "match"),
    [(CheckerboardFlow(), Phi4((3, 4), 0.2, 0.02), "does not fit"), (MatsubaraFlow(), PLANE, "for paths")],
)
def test_lattices_that_do_not_fit_are_refused(recipe, target, match):
    with pytest.raises(InputError, match=match):
        recipe.on(target, jr.key(0))
