"""Emulators against dense formulas, autodiff and exact polynomials; files; bad input."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.heavy_ion.calibration.emulators import (
    AbstractEmulator,
    EmulatorRecipe,
    GaussianProcesses,
    NeuralEmulator,
    PolynomialChaos,
    broken_runs,
    joint_pull,
    left_out_joint_pull,
    load_emulator,
    save_emulator,
)
from retrodict.heavy_ion.calibration.emulators.components import components_of, standardised
from retrodict.heavy_ion.calibration.emulators.emulator import check_design
from retrodict.heavy_ion.calibration.emulators.matern import matern
from retrodict.heavy_ion.calibration.emulators.neural import FoldsLearner
from retrodict.heavy_ion.calibration.emulators.pulls import means
from tests.heavy_ion.emulators.designs import OUTPUTS, box, noisy, to_unit, truth

DESIGN = noisy()
RECIPES = {
    "processes": GaussianProcesses(components=4),
    "polynomials": PolynomialChaos(components=4),
    "networks": NeuralEmulator(components=4, networks=3, wide=8, steps=300),
}


@pytest.fixture(scope="module")
def emulators():
    return {name: recipe.fit(*DESIGN) for name, recipe in RECIPES.items()}


def test_components_and_what_they_leave_out_make_up_the_covariance_of_the_outputs():
    parts = components_of(DESIGN.outputs, 2)
    whole = np.cov(DESIGN.outputs.T, bias=True)
    assert np.allclose(parts.basis @ parts.basis.T + parts.truncated, whole, rtol=1e-10, atol=1e-10)
    rest = DESIGN.outputs - parts.offset - parts.scores @ parts.basis.T
    assert np.allclose(np.cov(rest.T, bias=True), parts.truncated, atol=1e-10)
    assert np.allclose(parts.scores.T @ parts.scores / len(parts.scores), np.eye(2), atol=1e-12)
    assert components_of(DESIGN.outputs, 9).explained == pytest.approx(1)
    assert parts.explained == pytest.approx(1 - np.mean(np.diag(parts.truncated) / np.diag(whole)))


@eqx.filter_jit
def slopes(emulator, x):
    """Jacobians by both modes of differentiation."""
    return jax.jacfwd(emulator.mean)(x), jax.jacrev(emulator.mean)(x)


def test_an_output_that_never_varies_is_emulated_by_its_value():
    outputs = np.column_stack([DESIGN.outputs, np.full(len(DESIGN.outputs), 3.0)])
    emulator = PolynomialChaos(components=4).fit(DESIGN.inputs, outputs)
    assert float(emulator.mean(jnp.asarray(DESIGN.inputs[0]))[-1]) == 3


def test_mean_of_processes_is_the_dense_formula(emulators):
    emulator, new = emulators["processes"], box(3, 9)
    table = standardised(DESIGN.inputs)
    parts = components_of(DESIGN.outputs, 4)
    scores = np.zeros((3, 4))
    for c in range(4):
        root = np.sqrt(np.asarray(emulator.inverse_squares[c]))
        q, p = table.columns * root, (new - table.mean) / table.scale * root
        kernel = matern(((q[:, None] - q) ** 2).sum(axis=2)) + float(emulator.noise[c]) * np.eye(len(q))
        constant = float(emulator.constants[c])
        across = matern(((p[:, None] - q) ** 2).sum(axis=2))
        scores[:, c] = constant + across @ np.linalg.solve(kernel, parts.scores[:, c] - constant)
    expected = parts.offset + scores @ parts.basis.T
    assert np.allclose(means(emulator, jnp.asarray(new)), expected, rtol=1e-9)


def test_covariance_is_the_mean_left_out_variance_as_outputs_and_the_truncated_components(emulators):
    for emulator in emulators.values():
        shared = emulator.readout
        variance = np.mean(np.asarray(shared.left_out_variance), axis=0)
        basis = np.asarray(shared.basis)
        expected = basis @ np.diag(variance) @ basis.T + components_of(DESIGN.outputs, 4).truncated
        assert np.allclose(emulator.covariance, expected, rtol=1e-10)
        spread = np.mean(np.asarray(emulator.leave_one_out.sd) ** 2, axis=0)
        assert np.allclose(spread, np.diag(expected), rtol=1e-10)


@pytest.mark.parametrize("place", ["between", "on a point of the design"])
def test_gradient_in_closed_form_is_that_of_differences_in_both_modes(emulators, place):
    emulator = emulators["processes"]
    x = DESIGN.inputs[4] + (place == "between") * 1e-2 * DESIGN.inputs.std(axis=0)
    step = 1e-5 * DESIGN.inputs.std(axis=0)
    moved = means(emulator, jnp.asarray(np.concatenate([x + np.diag(step), x - np.diag(step)])))
    expected = ((np.asarray(moved[:3]) - np.asarray(moved[3:])) / (2 * step[:, None])).T
    for found in slopes(emulator, jnp.asarray(x)):
        assert np.allclose(found, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_gradient_of_the_gradient_exists():
    """Constrained HMC differentiates Jacobians: the mean is a parabola here, whose second derivative is known."""
    x = np.linspace(-1, 1, 25)[:, None]
    emulator = GaussianProcesses(components=1).fit(x, x**2)
    second = jax.jit(jax.jacfwd(jax.grad(lambda v: emulator.mean(v)[0])))(jnp.array([0.31]))
    assert float(second[0, 0]) == pytest.approx(2, rel=5e-2)


def test_polynomial_chaos_is_exact_for_polynomials():
    def cubic(x):
        a, b, c = to_unit(x).T
        return np.stack([1 + a - 2 * b * c + a**2 * b, a * b * c + c**3, 5 - b**2], axis=1)

    x, new = box(40, 1), box(5, 2)
    emulator = PolynomialChaos(degree=3, components=3).fit(x, cubic(x))
    assert np.allclose(means(emulator, jnp.asarray(new)), cubic(new), rtol=1e-7)
    lower = PolynomialChaos(degree=2, components=3).fit(x, cubic(x))
    assert not np.allclose(means(lower, jnp.asarray(new)), cubic(new), rtol=1e-3)


def test_left_out_residuals_of_polynomials_are_those_of_explicit_refits(monkeypatch):
    """At one penalty, with one set of components: the residual of point i is that of a ridge regression without it."""
    from retrodict.heavy_ion.calibration.emulators import polynomial_chaos

    monkeypatch.setattr(polynomial_chaos, "PENALTIES", np.array([0.02]))
    emulator = PolynomialChaos(degree=1, components=2).fit(*DESIGN)
    scores = components_of(DESIGN.outputs, 2).scores
    low, high = DESIGN.inputs.min(axis=0), DESIGN.inputs.max(axis=0)
    terms = np.sqrt(3) * (2 * (DESIGN.inputs - low) / (high - low) - 1) / np.sqrt(3)  # Legendre; three of one degree
    for i in (0, 30):
        keep = np.arange(len(terms)) != i
        design = np.column_stack([np.ones(keep.sum()), terms[keep]])
        penalty = 0.02 * len(terms) * np.diag([0, 1, 1, 1])
        found = np.linalg.solve(design.T @ design + penalty, design.T @ scores[keep])
        expected = np.append(1, terms[i]) @ found
        assert np.allclose(emulator.readout.left_out_mean[i], expected, rtol=1e-8)


def test_a_network_learns_nothing_from_the_fold_that_it_is_asked_about(emulators):
    """What run 7 gave does not move the weights of its own network, and moves those of all others."""
    blind = np.random.default_rng(0).permutation(len(DESIGN.inputs)) % 3
    trained = jnp.asarray(blind != np.arange(3)[:, None])
    z, scores = standardised(DESIGN.inputs).columns, components_of(DESIGN.outputs, 4).scores
    moved = scores.copy()
    moved[7] += 10
    learners = [FoldsLearner(jnp.asarray(z), jnp.asarray(y), trained, 8, 5e-3) for y in (scores, moved)]
    start = learners[0].init(jax.random.key(1))
    slope = eqx.filter_jit(lambda learner: jax.grad(learner.validation)(start).last)
    before, after = (slope(learner) for learner in learners)
    changed = np.asarray(jnp.any(before != after, axis=(1, 2)))
    assert list(changed) == [k != blind[7] for k in range(3)]
    said = eqx.filter_jit(eqx.filter_vmap(lambda network: network(jnp.asarray(z[7]))))(emulators["networks"].networks)
    assert np.allclose(emulators["networks"].readout.left_out_mean[7], said[blind[7]])


@pytest.mark.parametrize("name", RECIPES)
def test_emulators_predict_runs_that_they_have_not_seen_within_their_errors(emulators, name):
    new = box(200, 5)
    found = np.asarray(means(emulators[name], jnp.asarray(new)))
    error = (found - truth(new)) / DESIGN.outputs.std(axis=0)
    assert np.sqrt(np.mean(error**2)) < {"processes": 0.12, "polynomials": 0.25, "networks": 0.35}[name]
    sigma = np.sqrt(np.diag(np.asarray(emulators[name].covariance)))
    assert 0.4 < np.std((found - truth(new)) / sigma) < 1.5


def test_broken_runs_are_found_by_their_joint_pull(emulators):
    new, outputs = noisy(50, seed=6)
    outputs[[11, 30]] *= [[2.0], [0.5]]
    for name in ("processes", "polynomials"):
        assert list(np.flatnonzero(broken_runs(joint_pull(emulators[name], new, outputs)))) == [11, 30]
    design = DESIGN.outputs.copy()
    design[23] *= 2
    emulator = PolynomialChaos(components=4).fit(DESIGN.inputs, design)
    assert list(np.flatnonzero(broken_runs(left_out_joint_pull(emulator, design)))) == [23]
    assert not np.any(broken_runs(left_out_joint_pull(emulators["processes"], DESIGN.outputs)))


@pytest.mark.parametrize("name", RECIPES)
def test_files_return_the_same_emulator(emulators, name, tmp_path):
    save_emulator(tmp_path / "emulator.npz", emulators[name])
    again = load_emulator(tmp_path / "emulator.npz")
    assert type(again) is type(emulators[name])
    assert eqx.tree_equal(again, emulators[name])
    assert isinstance(again, AbstractEmulator)


def test_damaged_and_foreign_files_are_refused(emulators, tmp_path):
    path = tmp_path / "emulator.npz"
    save_emulator(path, emulators["polynomials"])
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="damaged"):
        load_emulator(path)
    np.savez(path, x=np.zeros(3))
    with pytest.raises(InputError, match="damaged"):
        load_emulator(path)


@pytest.mark.parametrize("name", RECIPES)
def test_designs_that_teach_nothing_are_refused(name):
    recipe = RECIPES[name]
    assert isinstance(recipe, EmulatorRecipe)
    with pytest.raises(InputError, match="one design"):
        check_design(DESIGN.inputs[:-1], DESIGN.outputs)
    outputs = DESIGN.outputs.copy()
    outputs[5, 2] = np.nan
    with pytest.raises(InputError, match="run 5"):
        recipe.fit(DESIGN.inputs, outputs)
    assert dataclasses.is_dataclass(recipe)
    assert DESIGN.outputs.shape[1] == OUTPUTS
