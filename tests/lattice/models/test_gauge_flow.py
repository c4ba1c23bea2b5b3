"""Gauge-equivariant couplings: inverses, Jacobians, symmetries; a short training that is exact after correction."""

import functools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.cli.config import load_config
from retrodict.cli.config.load import to_yaml
from retrodict.generate.model import with_weights
from retrodict.inference.infer import infer
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.lattice.core.spaces import wrap
from retrodict.lattice.models.gauge_flow import GaugeCouplings, GaugeFlow
from retrodict.lattice.models.independence_metropolis import IndependenceMetropolis
from retrodict.lattice.models.u1.flux import SharedFlux
from retrodict.lattice.templates import TEMPLATE
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories import symmetries as sym
from retrodict.lattice.theories.groups import SU2, U1
from retrodict.lattice.theories.plane import curl
from retrodict.lattice.theories.wilson import Wilson

ACTION = Wilson(U1(), (4, 8), 2.0)


def flow(action: Wilson = ACTION, layers: int = 8) -> GaugeCouplings:
    """All eight masks with random weights."""
    model = GaugeFlow(layers=layers, bins=4, channels=4).on(action, jr.key(0))
    leaves, structure = jax.tree.flatten(model.weights)
    noise = [0.5 * jr.normal(jr.fold_in(jr.key(1), i), leaf.shape) for i, leaf in enumerate(leaves)]
    return with_weights(model, jax.tree.unflatten(structure, noise))


def links(action: Wilson = ACTION) -> jax.Array:
    return U1().haar(jr.key(2), (2, *action.shape), np.dtype(float))


@functools.cache
def forward():
    model = flow()
    return jax.jit(lambda z: model._through(z, backwards=False))


@functools.cache
def backward():
    model = flow()
    return jax.jit(lambda x: model._through(x, backwards=True))


def test_links_carried_back_are_where_they_came_from_and_the_slopes_are_the_same():
    """To 1e-11, on the circle; and they were moved."""
    z = links()
    x, change = forward()(z)
    back, same = backward()(x)
    assert_allclose(wrap(back - z), 0.0, atol=1e-11)
    assert_allclose(same, change, atol=1e-11)
    assert np.max(np.abs(wrap(x - z))) > 0.3


def test_the_density_is_that_of_the_determinant_of_the_jacobian():
    """4 x 4 links, to 1e-10; and one that forgets the last pair of layers is noticed."""
    action = Wilson(U1(), (4, 4), 2.0)
    model = flow(action=action)
    z = links(action)
    carried = jax.jit(jax.jacfwd(lambda z: model._through(z, backwards=False)[0]))
    expected = jnp.linalg.slogdet(carried(z).reshape(z.size, z.size))[1]
    change = lambda m: jax.jit(lambda z: m._through(z, backwards=False)[1])(z)  # noqa: E731
    assert_allclose(change(model), expected, atol=1e-10)
    shorter = with_weights(model, jax.tree.map(lambda leaf: leaf[:-2], model.weights))
    assert abs(change(shorter) - expected) > 1e-3


def _symmetries() -> dict[str, sym.Symmetry]:
    found = {"gauge": sym.of_links(U1(), ACTION.shape, jr.key(3))["gauge"], "charge": sym.negated}
    shifts = {f"translation {steps}": sym.translated(steps) for steps in ((4, 0), (0, 4), (4, 4))}
    turns = 2 * np.pi * jr.randint(jr.key(4), (2, *ACTION.shape), -2, 3)
    return found | shifts | {"turns": lambda x: x + turns}


@pytest.mark.parametrize("name", _symmetries())
def test_the_flow_follows_gauge_transformations_charge_conjugation_and_translations_by_its_period(name):
    """T f(z) = f(T z) to 1e-12, and the same density; a translation by one site is none of these."""
    symmetry, z = _symmetries()[name], links()
    (x, change), (other, same) = forward()(z), forward()(symmetry(z))
    assert_allclose(wrap(other - symmetry(x)), 0.0, atol=1e-12)
    assert_allclose(same, change, atol=1e-12)
    one = sym.translated((1, 0))
    assert np.max(np.abs(wrap(forward()(one(z))[0] - one(x)))) > 1e-3


def test_an_untrained_flow_is_its_base():
    model = GaugeFlow(layers=2, channels=4, base=SharedFlux()).on(ACTION, jr.key(0))
    x, log_prob = jax.jit(lambda key: model.sample(key))(jr.key(5))
    z, expected = jax.jit(lambda key: model.base.sample(key))(jr.key(5))
    assert_allclose(wrap(x - z), 0.0, atol=1e-12)
    assert_allclose(log_prob, expected, atol=1e-12)


def test_the_flow_is_continuous_where_the_centre_of_a_map_jumps():
    """Active and passive plaquette add up to half a turn: a step across changes the links by as little."""
    z = links()
    missing = np.pi - (curl(z)[0, 0] + curl(z)[0, -1])
    at = z.at[0, 0, -1].add(missing)  # the link u(0, -1) lies below the plaquette (0, -1), the passive one
    move = jax.jit(lambda step: flow(layers=2)._through(at.at[0, 0, -1].add(step), backwards=False)[0])
    for step in (1e-9, 1e-3):
        assert_allclose(wrap(move(step) - move(-step)), 0.0, atol=100 * step)


def test_weights_of_one_volume_serve_another():
    """Convolutions know no volume: two copies of a lattice side by side are moved like one."""
    z = links(Wilson(U1(), (4, 8), 2.0))
    wide = flow(action=Wilson(U1(), (8, 8), 2.0))
    x, change = jax.jit(lambda z: wide._through(jnp.concatenate([z, z], axis=1), backwards=False))(z)
    one, half = forward()(z)
    assert_allclose(wrap(x - jnp.concatenate([one, one], axis=1)), 0.0, atol=1e-12)
    assert_allclose(change, 2 * half, atol=1e-11)


def test_a_short_training_on_the_action_alone_gives_exact_answers():
    """4 x 4 at beta = 1, from uniform links: effective share above 0.2, answers within 3.5 errors of a per cent."""
    action = Wilson(U1(), (4, 4), 1.0, loops=1, precision=32)
    reverse_kl = Train(steps=200, batch=64, learning_rate=Cosine(1e-2, 1e-4), every=100)
    recipe = GaugeFlow(layers=4, bins=4, channels=8)
    method = IndependenceMetropolis(recipe, None, None, reverse_kl, chains=32, draws=4000, batch=8000)
    found, wanted = infer(action, method, seed=0).diagnostics, action.exact_values()
    assert found["ess"] > 0.2
    assert found["density_mismatch"] < 1e-3
    for name in ("plaquette", "chi_t"):
        assert abs(found[name] - wanted[name]) < 3.5 * found[f"{name}_error"]
        assert found[f"{name}_error"] < 0.01 * wanted[name]
    assert abs(found["log_evidence"] - exact.u1_log_partition(1.0, 16)) < 3.5 * found["log_evidence_error"]


@pytest.mark.parametrize(
    ("recipe", "action", "match"),
    [
        (GaugeFlow(), Wilson(U1(), (6, 8), 1.0), "do not fit"),
        (GaugeFlow(reach=9), Wilson(U1(), (8, 8), 1.0), "do not fit"),
        (GaugeFlow(layers=3), Wilson(U1(), (8, 8), 1.0), "no such gauge couplings"),
        (GaugeFlow(), Wilson(SU2(), (8, 8), 1.0), r"U\(1\)"),
    ],
)
def test_other_theories_and_lattices_that_do_not_fit_are_refused(recipe, action, match):
    with pytest.raises(InputError, match=match):
        recipe.on(action, jr.key(0))


@pytest.mark.parametrize("model", ["{kind: SharedFlux}", "{kind: GaugeFlow, layers: 4, base: {kind: SharedFlux}}"])
def test_a_config_names_the_models_of_links(model, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(TEMPLATE)
    reverse_kl = "reverse_kl: {steps: 10, every: 5}," if "Gauge" in model else ""
    method = f"method={{kind: IndependenceMetropolis, model: {model}, data: null, fit: null, {reverse_kl} draws: 100}}"
    loaded = load_config(path, ("theory={kind: Wilson, group: U1, shape: [8, 8], beta: 7.0}", method))
    path.write_text(to_yaml(loaded.resolved))
    assert load_config(path).method == loaded.method
    expected = SharedFlux() if not reverse_kl else GaugeFlow(layers=4, base=SharedFlux())
    assert loaded.method.model == expected
