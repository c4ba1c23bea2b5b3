"""One suite for all actions: what they are invariant under, and that their gradients follow. Networks come here too."""

import functools
from itertools import pairwise

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.lattice.core import su2, su3
from retrodict.lattice.core.spaces import gradient_along, push_forward, wrap
from retrodict.lattice.io.gauge_field import compute_layout, plaquette
from retrodict.lattice.theories import kinds
from retrodict.lattice.theories.groups import SU2, SU3, U1
from retrodict.lattice.theories.links import clover_charge, polyakov_loops, topological_charge, wilson_loop
from retrodict.lattice.theories.phi4 import ContinuumPhi4, Phi4, to_continuum, to_lattice
from retrodict.lattice.theories.spins import vortex_pairs, winding_numbers
from retrodict.lattice.theories.wilson import Wilson
from tests.lattice.actions import CASES, EACH_SMOOTH_SYMMETRY, EACH_SYMMETRY, SMOOTH
from tests.lattice.io.encoders import random_links

TOLERANCE = 1e-12  # relative to the number of terms of order one that are summed


def field(name, seed=0):
    return CASES[name].action.hot(jr.key(seed))


@functools.cache
def compiled(name):
    """The action and its gradient, compiled once a case."""
    action = CASES[name].action
    return jax.jit(action.action), jax.jit(action.gradient)


@functools.cache
def transformed(name):
    """A field under each symmetry, with the gradient carried along, in one program a case."""
    action, symmetries = CASES[name]
    x = field(name)

    @jax.jit
    def all_of(x, g):
        carry = (lambda f: push_forward(action.space, f, x, g)) if name in SMOOTH else (lambda f: g)
        return {symmetry: (f(x), carry(f)) for symmetry, f in symmetries.items()}

    g = compiled(name)[1](x) if name in SMOOTH else x
    return all_of(x, g)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_theory_stands_in_the_list(kind):
    """A new file in `theories` is tested as soon as a small lattice of it is in `tests/lattice/actions.py`."""
    assert any(type(case.action) is kind for case in CASES.values())


@pytest.mark.parametrize(("name", "symmetry"), EACH_SYMMETRY)
def test_the_action_is_invariant(name, symmetry):
    action, _ = compiled(name)
    assert_allclose(action(transformed(name)[symmetry][0]), action(field(name)), rtol=1e-13, atol=1e-12)


@pytest.mark.parametrize(("name", "symmetry"), EACH_SMOOTH_SYMMETRY)
def test_the_gradient_is_equivariant(name, symmetry):
    x, carried = transformed(name)[symmetry]
    assert_allclose(compiled(name)[1](x), carried, atol=1e-12)


@pytest.mark.parametrize("name", ["phi4 2d", "U(1) 2d", "SU(2) 4d", "SU(3) 4d"])
def test_a_field_that_is_changed_at_one_site_is_noticed(name):
    """The twin of the tests above: a transformation that is none of the symmetries."""
    action = CASES[name].action
    x = field(name)
    rough = jnp.where(jnp.arange(x.shape[-1]) == 0, -x, x)
    assert abs(action.action(rough) - action.action(x)) > 1e-3


@pytest.mark.parametrize("name", SMOOTH)
def test_the_gradient_agrees_with_finite_differences(name):
    """Along a random direction, central differences of sixth order: 1e-8 relative to the gradient."""
    action, x, (value, gradient) = CASES[name].action, field(name), compiled(name)
    p = action.space.gaussian(jr.key(5), x)
    h, weights = 3e-3, {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    slope = (
        sum(
            w * (value(action.space.move(x, k * h * p)) - value(action.space.move(x, -k * h * p)))
            for k, w in weights.items()
        )
        / h
    )
    g = gradient(x)
    inner = 0.25 * (action.space.norm_squared(g + p) - action.space.norm_squared(g - p))
    scale = np.sqrt(float(action.space.norm_squared(g) * action.space.norm_squared(p)))
    assert abs(slope - inner) < 1e-8 * scale


@pytest.mark.parametrize("name", ["phi4 2d", "U(1) 3d", "SU(2) 2d", pytest.param("SU(3) 2d", marks=pytest.mark.slow)])
def test_the_gradient_written_by_hand_agrees_with_automatic_differentiation(name):
    action, x = CASES[name].action, field(name)
    automatic = jax.jit(lambda field: gradient_along(action.space, action.action, field))(x)
    assert_allclose(compiled(name)[1](x), automatic, atol=1e-12)


@pytest.mark.parametrize("name", ["phi4 2d", "XY 2d", "U(1) 2d", "SU(2) 2d", "SU(3) 2d"])
def test_a_wrong_force_is_noticed_by_finite_differences(name):
    """The twin: a force one per cent too large."""
    action, x = CASES[name].action, field(name)
    p, g = action.space.gaussian(jr.key(5), x), 1.01 * compiled(name)[1](x)
    h = 1e-4
    value = compiled(name)[0]
    slope = (value(action.space.move(x, h * p)) - value(action.space.move(x, -h * p))) / (2 * h)
    inner = 0.25 * (action.space.norm_squared(g + p) - action.space.norm_squared(g - p))
    scale = np.sqrt(float(action.space.norm_squared(g) * action.space.norm_squared(p)))
    assert abs(slope - inner) > 1e-5 * scale


@pytest.mark.parametrize("name", ["phi4 2d", "Ising", "XY 2d", "double well", "U(1) 2d", "SU(2) 2d", "SU(3) 2d"])
def test_many_chains_are_computed_at_once_and_in_single_precision_too(name):
    action = CASES[name].action
    x = jnp.stack([field(name, seed) for seed in range(3)])
    value = compiled(name)[0]
    assert_allclose(jax.jit(jax.vmap(action.action))(x), [value(one) for one in x], rtol=1e-12)
    narrow = x[0].astype(jnp.complex64 if jnp.iscomplexobj(x) else jnp.float32)
    single = value(narrow)
    assert single.dtype == jnp.float32
    assert_allclose(single, value(x[0]), rtol=1e-4, atol=1e-4)
    if name in SMOOTH:
        assert jax.eval_shape(action.gradient, narrow).dtype == narrow.dtype


@pytest.mark.parametrize("name", CASES)
def test_observables_are_those_that_are_announced(name):
    action = CASES[name].action
    found = jax.eval_shape(action.observables, field(name))
    assert set(found) == {q.name for q in action.quantities}
    needed = {name for one in action.mean_functions for name in one.needs}
    assert needed <= set(found)


# --- phi^4 in two conventions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kappa", [0.1, 0.21, 0.5])
def test_the_two_conventions_are_one_theory(kappa):
    lattice = Phi4((3, 4), kappa, 0.022)
    continuum = to_continuum(lattice)
    x = lattice.hot(jr.key(1))
    assert_allclose(continuum.action(np.sqrt(2 * kappa) * x), lattice.action(x), rtol=1e-13)
    again = to_lattice(continuum)
    assert_allclose([again.kappa, again.lam], [kappa, 0.022], rtol=1e-13)
    free = to_lattice(ContinuumPhi4((4, 4), 1.0, 0.0))
    assert_allclose([free.kappa, free.lam], [0.2, 0.0])


def test_an_ordered_start_deep_in_the_broken_phase_feels_no_force_in_either_convention():
    """Chains that fall into their well from beside it may be caught on the far slope of it for hundreds of steps."""
    lattice = Phi4((3, 4), 0.5, 0.022)
    for theory in (lattice, to_continuum(lattice)):
        assert np.mean(theory.cold()) > 4.5
        assert_allclose(theory.gradient(theory.cold()), 0.0, atol=1e-12)
    assert_allclose(Phi4((3, 4), 0.1, 0.022).cold(), 1.0)
    assert_allclose(ContinuumPhi4((4, 4), -1.0, 0.0).cold(), 1.0)


# --- groups -----------------------------------------------------------------------------------------------------------


def as_matrices(a):
    return np.moveaxis(np.asarray(a), (0, 1), (-2, -1))


def test_products_of_quaternions_and_of_colour_first_matrices_are_matrix_products():
    a, b = su2.haar(jr.key(0), (5,), np.dtype(float)), su2.haar(jr.key(1), (5,), np.dtype(float))
    product = as_matrices(su2.as_matrix(su2.multiply(a, b)))
    assert_allclose(product, as_matrices(su2.as_matrix(a)) @ as_matrices(su2.as_matrix(b)), atol=1e-15)
    a, b = su3.haar(jr.key(0), (5,), np.dtype(float)), su3.haar(jr.key(1), (5,), np.dtype(float))
    assert_allclose(as_matrices(su3.multiply(a, b)), as_matrices(a) @ as_matrices(b), atol=1e-15)


@pytest.mark.parametrize("size", [1e-8, 1.0])
def test_exponentials_are_the_matrix_exponentials(size):
    from scipy.linalg import expm

    p = size * np.asarray(jr.normal(jr.key(2), (3, 4)))
    pauli = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    for i in range(4):
        matrix = expm(0.5j * np.einsum("a,aij->ij", p[:, i], pauli))
        assert_allclose(su2.as_matrix(su2.exponential(jnp.asarray(p)))[..., i], matrix, atol=1e-14)
    a = size * su3.gaussian_generator(jr.key(3), (4,), np.dtype(float))
    found = jax.jit(su3.exponential)(a)
    for i in range(4):
        assert_allclose(found[..., i], expm(np.asarray(a[..., i])), atol=1e-13)


def test_links_are_unitary_to_rounding_and_uniform():
    """U U^dagger = 1 within 1e-13; <|tr U|^2> = 1 for SU(3), <tr^2> = 1 for SU(2), under the invariant measure."""
    u = su3.haar(jr.key(4), (5000,), np.dtype(float))
    matrices = as_matrices(u)
    assert_allclose(matrices @ matrices.conj().swapaxes(-1, -2), np.broadcast_to(np.eye(3), matrices.shape), atol=1e-13)
    assert_allclose(np.linalg.det(matrices[:100]), 1, atol=1e-13)
    square = np.abs(3 * SU3().trace(u)) ** 2
    assert_allclose(square.mean(), 1, atol=4 * square.std() / np.sqrt(5000))
    quaternions = (2 * su2.haar(jr.key(5), (5000,), np.dtype(float))[0]) ** 2
    assert_allclose(quaternions.mean(), 1, atol=4 * quaternions.std() / np.sqrt(5000))
    broken = u + 1e-3 * jr.normal(jr.key(6), u.shape)
    mended = as_matrices(su3.unitarise(broken))
    assert_allclose(mended @ mended.conj().swapaxes(-1, -2), np.broadcast_to(np.eye(3), mended.shape), atol=1e-13)


def test_files_and_actions_measure_the_same_plaquette():
    links = random_links()
    action = Wilson(SU3(), (4, 2, 2, 6), 6.0, loops=1)
    found = jax.jit(action.observables)(jnp.asarray(compute_layout(links)))
    assert_allclose(found["plaquette"], plaquette(links), rtol=1e-13)


@pytest.mark.parametrize("group", [U1(), SU2(), SU3()], ids=["U(1)", "SU(2)", "SU(3)"])
def test_unit_links_have_unit_loops_and_random_gauges_change_no_loop(group):
    action = Wilson(group, (4, 4), 1.0)
    found = action.observables(action.cold())
    assert_allclose([found["plaquette"], found["W22"], found["polyakov"]], 1)
    x = action.hot(jr.key(0))
    gauge = CASES[f"{type(group).__name__[:-1]}({type(group).__name__[-1]}) 2d"].symmetries["gauge"]
    for r, t in ((1, 1), (2, 3)):
        assert_allclose(wilson_loop(group, gauge(x), r, t), wilson_loop(group, x, r, t), atol=1e-13)
    assert_allclose(polyakov_loops(group, gauge(x)), polyakov_loops(group, x), atol=1e-13)


# --- topology ---------------------------------------------------------------------------------------------------------


def uniform_flux(extent, charge):
    """U(1) links (2, L, L) with the same flux through every plaquette."""
    x = np.arange(extent)
    links = np.zeros((2, extent, extent))
    links[1] = 2 * np.pi * charge / extent**2 * x[:, None]
    links[0, -1] = -2 * np.pi * charge / extent * x
    return jnp.asarray(links)


@pytest.mark.parametrize("charge", [-2, 0, 3])
def test_uniform_flux_carries_its_charge(charge):
    assert topological_charge(uniform_flux(6, charge)) == charge


def test_random_links_have_whole_charges():
    x = Wilson(U1(), (4, 4), 1.0).hot(jr.key(3))
    assert float(topological_charge(x)) == round(float(topological_charge(x)))


def test_crossed_uniform_fluxes_in_su2_have_charge_two():
    """Flux 1 along sigma_3 in the planes 01 and 23: Q = 2 (sin f / f)^2 on the lattice, f = 2 pi / 36."""
    extent = 6
    flux = np.asarray(uniform_flux(extent, 1))
    angle = np.zeros((4, *(extent,) * 4))
    angle[0], angle[1] = flux[0][:, :, None, None], flux[1][:, :, None, None]
    angle[2], angle[3] = flux[0], flux[1]
    links = np.zeros((4, *angle.shape))
    links[0], links[3] = np.cos(angle), np.sin(angle)
    f = 2 * np.pi / extent**2
    charge = jax.jit(lambda u: clover_charge(SU2(), u))(jnp.asarray(links))
    assert_allclose(charge, 2 * (np.sin(f) / f) ** 2, rtol=1e-10)


def test_vortices_are_those_that_brute_force_counts():
    x = np.asarray(jr.uniform(jr.key(2), (6, 6), float, -np.pi, np.pi))
    count = 0
    for i in range(6):
        for j in range(6):
            corners = [x[i, j], x[(i + 1) % 6, j], x[(i + 1) % 6, (j + 1) % 6], x[i, (j + 1) % 6], x[i, j]]
            turns = sum(np.angle(np.exp(1j * (b - a))) for a, b in pairwise(corners))
            count += abs(round(turns / (2 * np.pi)))
    assert 2 * float(vortex_pairs(jnp.asarray(x))) == count
    assert float(jnp.sum(winding_numbers(jnp.asarray(x))[0])) == 0


def test_angles_are_wrapped_to_the_half_open_interval():
    assert_allclose(wrap(jnp.array([-np.pi, np.pi, 3.5 * np.pi, 0.0])), [np.pi, np.pi, -0.5 * np.pi, 0.0], atol=1e-14)
