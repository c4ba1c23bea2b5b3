"""Gauge-equivariant couplings: inverses, Jacobians, symmetries; a short training that is exact after correction."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.generate.model import with_weights
from retrodict.inference.infer import infer
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.lattice import reference as exact
from retrodict.lattice import symmetries as sym
from retrodict.lattice.gauge_flow import GaugeCouplings, GaugeFlow
from retrodict.lattice.groups import SU2, U1
from retrodict.lattice.known import exact_values
from retrodict.lattice.learned import Learned
from retrodict.lattice.spaces import wrapped
from retrodict.lattice.u1_flux import Haar, SharedFlux
from retrodict.lattice.wilson import Wilson

# Each program runs once: most of the time would go into optimising it.
quick = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
ACTION = Wilson(U1(), (4, 8), 2.0)
BASES = {"Haar": Haar(), "shared flux": SharedFlux()}


def flow(base: str = "shared flux", action: Wilson = ACTION, layers: int = 8) -> GaugeCouplings:
    """All eight masks with random weights."""
    model = GaugeFlow(layers=layers, bins=4, channels=4, base=BASES[base]).on(action, jr.key(0))
    leaves, structure = jax.tree.flatten(model.weights)
    noise = [0.5 * jr.normal(jr.fold_in(jr.key(1), i), leaf.shape) for i, leaf in enumerate(leaves)]
    return with_weights(model, jax.tree.unflatten(structure, noise))


def links(action: Wilson = ACTION, seed: int = 2) -> jax.Array:
    return U1().haar(jr.key(seed), (2, *action.shape), np.dtype(float))


@functools.cache
def forward(base: str = "shared flux"):
    model = flow(base)
    return quick(lambda z: model._through(z, backwards=False))


@functools.cache
def backward():
    model = flow()
    return quick(lambda x: model._through(x, backwards=True))


def test_links_carried_back_are_where_they_came_from_and_the_slopes_are_the_same():
    """To 1e-11, on the circle; and they were moved."""
    z = links()
    x, change = forward()(z)
    back, same = backward()(x)
    assert_allclose(wrapped(back - z), 0.0, atol=1e-11)
    assert_allclose(same, change, atol=1e-11)
    assert np.max(np.abs(wrapped(x - z))) > 0.3


def test_the_density_is_that_of_the_determinant_of_the_jacobian():
    """4 x 4 links, to 1e-10; and one that forgets the last pair of layers is noticed."""
    action = Wilson(U1(), (4, 4), 2.0)
    model = flow(action=action)
    z = links(action)
    carried = quick(jax.jacfwd(lambda z: model._through(z, backwards=False)[0]))
    expected = jnp.linalg.slogdet(carried(z).reshape(z.size, z.size))[1]
    change = lambda m: quick(lambda z: m._through(z, backwards=False)[1])(z)  # noqa: E731
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
    assert_allclose(wrapped(other - symmetry(x)), 0.0, atol=1e-12)
    assert_allclose(same, change, atol=1e-12)
    one = sym.translated((1, 0))
    assert np.max(np.abs(wrapped(forward()(one(z))[0] - one(x)))) > 1e-3


@pytest.mark.parametrize("base", BASES)
def test_an_untrained_flow_is_its_base(base):
    model = GaugeFlow(layers=2, channels=4, base=BASES[base]).on(ACTION, jr.key(0))
    x, log_prob = quick(model.sample)(jr.key(5))
    z, expected = quick(model.base.sample)(jr.key(5))
    assert_allclose(wrapped(x - z), 0.0, atol=1e-12)
    assert_allclose(log_prob, expected, atol=1e-12)


def test_the_map_stays_continuous_where_the_centre_jumps():
    """Two plaquettes whose sum is half a turn: a step across changes the links by as little."""
    z = links()
    p = sym  # the first layer changes row 0: the sum of plaquettes (0, 0) and (0, -1) is brought to pi
    del p
    from retrodict.lattice.plane import curl

    excess = wrapped(curl(z)[0, 0] + curl(z)[0, -1] - np.pi)
    at = z.at[0, 0, -1].add(-excess)  # u(0, -1) enters the plaquette (0, -1) with a plus, (0, -2) with a minus
    model = flow(layers=2)
    move = quick(lambda z: model._through(z, backwards=False)[0])
    below, above = (move(at.at[0, 0, -1].add(step)) for step in (-1e-9, 1e-9))
    assert_allclose(wrapped(above - below), 0.0, atol=1e-7)
