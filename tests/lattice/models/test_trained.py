"""A model in the file of a run is the model of another run: of every recipe, and the same to the last bit."""

import json

import jax
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from retrodict.base.errors import InputError
from retrodict.cli.config import load_config
from retrodict.cli.config.written import written
from retrodict.generate.continuous_flow import EquivariantFlow
from retrodict.generate.coupling import CheckerboardFlow, MatsubaraFlow
from retrodict.generate.diffusion import ReverseSDE
from retrodict.generate.model import with_weights
from retrodict.generate.saved import save_model
from retrodict.generate.symmetrised import Symmetrised
from retrodict.lattice.models.autoregressive.recipe import Autoregressive
from retrodict.lattice.models.gauge_flow import GaugeFlow
from retrodict.lattice.models.independence_metropolis import IndependenceMetropolis
from retrodict.lattice.models.scalar_score import ScalarDiffusion
from retrodict.lattice.models.trained import Trained, Untrained
from retrodict.lattice.models.u1.flux import SharedFlux
from retrodict.lattice.models.u1.network import U1Network
from retrodict.lattice.models.u1.training import FINEST, U1Diffusion
from retrodict.lattice.samplers.methods import Cluster
from retrodict.lattice.theories.groups import U1
from retrodict.lattice.theories.paths import FeynmanPath
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.compiled import Compiled

FIELD = Phi4((2, 2), 0.27, 0.022, precision=32)
LINKS = Wilson(U1(), (4, 4), 2.0, precision=32)
PATH = FeynmanPath(8, 0.5, (0.0, 0.5))
FLOW = EquivariantFlow(lengths=(0.0,), harmonics=2, knots=2, steps=2, fitting_steps=1)
SMALL = Autoregressive(components=2, channels=2, width=4)
CASES = {
    "flow": (FLOW, FIELD),
    "couplings": (CheckerboardFlow(layers=2, channels=2), FIELD),
    "couplings of modes": (MatsubaraFlow(layers=2, modes=4, width=4), PATH),
    "scalar diffusion": (ScalarDiffusion(knots=3, steps=2), FIELD),
    "autoregressive, phi^4": (SMALL, FIELD),
    "autoregressive, XY": (SMALL, XY((2, 2), 1.0, precision=32)),
    "autoregressive, U(1)": (SMALL, LINKS),
    "U(1) diffusion": (U1Diffusion(channels=2, depth=1, steps=2), LINKS),
    "shared flux": (SharedFlux(), LINKS),
    "gauge flow": (GaugeFlow(layers=2, channels=2), LINKS),
    "two modes": (Symmetrised(FLOW), FIELD),
}


def test_every_recipe_that_a_run_can_train_has_a_case():
    assert {type(recipe) for recipe, _ in CASES.values()} == set(Untrained.__args__)


@pytest.mark.parametrize("name", CASES)
def test_the_model_of_a_compiled_run_comes_back_from_its_file(name, tmp_path):
    """In a compiled run Python numbers in a model become arrays: the recipe must make the same structure without."""
    recipe, action = CASES[name]
    method = IndependenceMetropolis(recipe, None, None)
    compiled = Compiled(action, method, jr.key(3), 2)
    model = compiled.whole(compiled.init()).model
    save_model(tmp_path / "model.npz", model, recipe, action)
    again = Trained(tmp_path / "model.npz", recipe).on(action, jr.key(0))
    assert jax.tree.structure(again) == jax.tree.structure(model)
    for new, old in zip(jax.tree.leaves(again), jax.tree.leaves(model), strict=True):
        assert_array_equal(new, old)
        assert new.dtype == old.dtype


MOVED = """\
domain: lattice
problem:
  theory: {{kind: Wilson, group: U1, shape: [8, 8], beta: 3.0, precision: 32}}
  baselines: 0
method:
  kind: IndependenceMetropolis
  model:
    kind: Trained
    path: model.npz
    recipe: {recipe}
    transfer: {transfer}
  data: null
  fit: null
"""


@pytest.mark.parametrize("name", ["autoregressive, U(1)", "U(1) diffusion", "gauge flow"])
def test_a_config_moves_trained_weights_to_another_coupling_and_volume(name, tmp_path):
    """The weights to the last bit; the rest is that of a model which was made for the new theory."""
    recipe, action = CASES[name]
    path, target = tmp_path / "config.yaml", Wilson(U1(), (8, 8), 3.0, precision=32)
    start = recipe.on(action, jr.key(0))
    learnt = with_weights(start, jax.tree.map(lambda leaf: leaf + 0.1, start.weights))
    save_model(tmp_path / "model.npz", learnt, recipe, action)
    said = json.dumps(written(type(recipe), recipe))
    path.write_text(MOVED.format(recipe=said, transfer="true"))
    config = load_config(path)
    assert config.problem == target
    moved, fresh = config.method.model.on(config.problem, jr.key(1)), recipe.on(target, jr.key(1))
    assert jax.tree.structure(moved) == jax.tree.structure(fresh)
    for new, old in zip(jax.tree.leaves(moved.weights), jax.tree.leaves(learnt.weights), strict=True):
        assert_array_equal(new, old)
    if isinstance(moved, ReverseSDE):
        assert isinstance(moved.process.score, U1Network)
        assert float(moved.process.score.beta) == 3.0
        assert_allclose(moved.process.levels[-1], FINEST / np.sqrt(3.0), rtol=1e-5)
        assert np.all(np.asarray(moved.information)[1:] > 0)  # widths of the steps, measured on its own draws
    path.write_text(MOVED.format(recipe=said, transfer="false"))
    with pytest.raises(InputError, match="beta, loops, shape differ") as refusal:
        load_config(path).method.check(target)
    assert "transfer: true" in str(refusal.value)


def test_what_was_measured_where_a_model_was_trained_is_not_moved(tmp_path):
    path = tmp_path / "model.npz"
    save_model(path, FLOW.on(FIELD, jr.key(0)), FLOW, FIELD)
    with pytest.raises(InputError, match="a spectrum or a scale"):
        Trained(path, FLOW, transfer=True).on(Phi4((4, 4), 0.25, 0.022, precision=32), jr.key(0))
    with pytest.raises(InputError, match="another theory: kind"):
        Trained(path, FLOW, transfer=True).on(LINKS, jr.key(0))


def test_flows_over_the_whole_line_are_refused_for_spins_that_are_signs():
    gather = Cluster(chains=4, warmup=1, draws=8, trajectory=False)
    with pytest.raises(InputError, match="unbounded"):
        IndependenceMetropolis(FLOW, gather, None).check(Ising((4, 4), 0.4))
