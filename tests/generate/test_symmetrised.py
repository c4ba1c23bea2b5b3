"""Two modes from a model of one: a normalised, symmetric density; exact where the modes overlap too."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from retrodict.base.errors import InputError
from retrodict.cli.config import load_config
from retrodict.cli.config.load import to_yaml
from retrodict.generate.continuous_flow import ContinuousFlow, EquivariantFlow
from retrodict.generate.coupling import CheckerboardFlow
from retrodict.generate.exact import importance
from retrodict.generate.model import with_weights
from retrodict.generate.symmetrised import Symmetrised, TwoModes, fold
from retrodict.lattice.models.u1.training import U1Diffusion
from retrodict.lattice.templates import TEMPLATE
from retrodict.lattice.theories.groups import U1
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.reference import phi4_two_by_two
from retrodict.lattice.theories.symmetries import negated
from retrodict.lattice.theories.wilson import Wilson

KAPPA, LAM = 0.27, 0.022
CONTINUOUS = EquivariantFlow(lengths=(0.0,), harmonics=3, knots=3, steps=12, fitting_steps=4, odd=False)
INNER = {"couplings": CheckerboardFlow(layers=2, channels=4, odd=False), "continuous": CONTINUOUS}


def two_modes(name: str, shape: tuple[int, ...], apart: float = 1.5) -> TwoModes:
    """Random weights: a skew mode at about `apart`, and its mirror image."""
    model = Symmetrised(INNER[name]).on(Phi4(shape, 0.2, LAM), jr.key(0))
    signs = jr.rademacher(jr.key(1), (200, *(1 for _ in shape)), float)
    model = model.initialise_from(signs * (apart + 0.7 * jr.normal(jr.key(2), (200, *shape))))
    leaves, structure = jax.tree.flatten(model.weights)
    noise = [0.2 * jr.normal(jr.fold_in(jr.key(3), i), leaf.shape) for i, leaf in enumerate(leaves)]
    return with_weights(model, jax.tree.unflatten(structure, noise))


@eqx.filter_jit
def drawn(model, keys):
    return jax.vmap(model.sample)(keys)


@eqx.filter_jit
def log_prob(model, x):
    return jax.vmap(model.log_prob)(x)


@pytest.mark.parametrize("name", INNER)
def test_the_density_is_normalised_and_even_and_that_of_one_mode_is_neither_even_nor_all(name):
    """On two sites, by the trapezium rule; without its mirror image each mode would count half of everything."""
    model, nodes = two_modes(name, (2,)), np.linspace(-9, 9, 121)
    grid = jnp.asarray(np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2))
    density = np.exp(log_prob(model, grid))
    assert_allclose(density.sum() * (nodes[1] - nodes[0]) ** 2, 1.0, atol=1e-4)
    assert_allclose(log_prob(model, negated(grid)), log_prob(model, grid), atol=1e-9)
    one = np.exp(log_prob(model.component, grid - model.centre))
    assert np.max(np.abs(one - one[::-1])) > 0.1 * one.max()


@pytest.mark.parametrize("name", INNER)
def test_a_draw_has_the_density_that_the_model_gives_to_it_and_either_sign(name):
    model = two_modes(name, (4, 2))
    x, log_q = drawn(model, jr.split(jr.key(4), 400))
    assert_allclose(log_q, log_prob(model, x), atol=1e-3)
    positive = np.count_nonzero(np.mean(x, axis=(1, 2)) > 0)
    assert abs(positive - 200) < 4 * np.sqrt(100)


def test_a_mode_is_not_odd_and_its_velocity_is_still_equivariant_under_translations():
    one = two_modes("continuous", (4, 4)).component
    assert isinstance(one, ContinuousFlow)
    field, x = one.field, jr.normal(jr.key(5), (4, 4))
    kernel = field.at(jnp.asarray(0.4), one.weights)
    velocity, divergence = field.with_divergence(kernel, x)
    jacobian = jax.jacfwd(lambda x: field.velocity(kernel, x))(x).reshape(x.size, x.size)
    assert_allclose(divergence, jnp.trace(jacobian), rtol=1e-12)
    assert_allclose(field.velocity(kernel, jnp.roll(x, 1, 0)), jnp.roll(velocity, 1, 0), atol=1e-12)
    assert np.max(np.abs(field.velocity(kernel, -x) + velocity)) > 1e-2


def test_fields_are_folded_to_positive_means_and_the_loss_does_not_depend_on_the_sign():
    model, x = two_modes("couplings", (4, 2)), jr.normal(jr.key(6), (4, 2))
    assert float(jnp.mean(fold(x))) == abs(float(jnp.mean(x)))
    assert_array_equal(fold(-x), fold(x))
    assert_array_equal(model.loss(-x, jr.key(0)), model.loss(x, jr.key(0)))


@pytest.mark.parametrize("fault", [False, True])
def test_weights_are_exact_where_the_modes_overlap_and_omitting_the_mirror_image_is_noticed(fault):
    """kappa = 0.27 on 2 x 2: ln Z and V <M^2> by quadrature within 3.5 sigma; half of q(x) alone is far off."""
    action, exact = Phi4((2, 2), KAPPA, LAM), phi4_two_by_two(KAPPA, LAM)
    model = Symmetrised(INNER["couplings"]).on(action, jr.key(0))
    wide = 1.2 + jr.normal(jr.key(1), (500, 1, 1)) + 0.7 * jr.normal(jr.key(2), (500, 2, 2))
    model = model.initialise_from(wide)
    x, log_q = drawn(model, jr.split(jr.key(3), 20_000))
    if fault:
        side = jnp.sign(jnp.mean(x, axis=(1, 2)))[:, None, None]
        log_q = log_prob(model.component, side * x - model.centre) - jnp.log(2.0)
    estimate = importance(jax.vmap(action.log_density)(x) - log_q)
    mean, error = estimate.mean(4 * np.mean(x, axis=(1, 2)) ** 2)
    off = max(abs(estimate.log_z - exact["ln_Z"]) / estimate.log_z_error, abs(mean - exact["V_M2"]) / error)
    assert (off < 3.5) != fault


def test_models_without_the_density_of_a_mirror_image_are_refused():
    with pytest.raises(InputError, match="mirror image"):
        Symmetrised(U1Diffusion()).on(Wilson(U1(), (4, 4), 2.0), jr.key(0))


def test_a_config_names_two_modes_and_the_model_of_one(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(TEMPLATE)
    loaded = load_config(
        path,
        (
            "method={kind: IndependenceMetropolis,"
            " model: {kind: Symmetrised, model: {kind: CheckerboardFlow, odd: false}}}",
        ),
    )
    path.write_text(to_yaml(loaded.resolved))
    assert load_config(path).method == loaded.method
    assert loaded.method.model == Symmetrised(CheckerboardFlow(odd=False))
