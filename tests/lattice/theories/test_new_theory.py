"""A seventh theory is one file: `added/gaussian.py`, which the package has never seen, is sampled, saved and shown."""

from pathlib import Path

import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from retrodict.base.errors import InputError
from retrodict.base.section import Run
from retrodict.inference.infer import infer
from retrodict.lattice import theories
from retrodict.lattice.io.files import inspect
from retrodict.lattice.io.saved_configurations import FILE, saved_configurations
from retrodict.lattice.problems import problem
from retrodict.lattice.report.baselines import baselines
from retrodict.lattice.report.sections import sections
from retrodict.lattice.samplers.methods import HMC, Cluster, HeatBath
from retrodict.lattice.samplers.winding import WindingStep

HERE = Path(__file__).parent / "added"


@pytest.fixture(scope="module")
def kind():
    """The theory, found by its file alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(theories, "__path__", [*theories.__path__, str(HERE)])
        yield next(kind for kind in theories.kinds() if kind.__name__ == "GaussianField")


@pytest.fixture(scope="module")
def run(kind, tmp_path_factory):
    """A run by HMC, with its directory."""
    path = tmp_path_factory.mktemp("new") / "run"
    action = kind((4, 4), 0.5)
    return action, path, infer(problem(action), HMC(chains=32, warmup=50, draws=300), seed=2, path=path)


def deviations(result):
    numbers = result.quantities()
    return {name: (row["mean"] - row["exact"]) / row["error"] for name, row in numbers.items() if "exact" in row}


def test_a_folder_without_the_file_has_the_six_theories():
    assert [kind.__name__ for kind in theories.kinds()] == [
        "ContinuumPhi4",
        "FeynmanPath",
        "Ising",
        "Phi4",
        "Wilson",
        "XY",
    ]


def test_its_symmetries_leave_its_action_unchanged(kind):
    action = kind((4, 4), 0.5)
    x = action.hot(jr.key(0))
    assert len(action.symmetries(jr.key(1))) == 6
    for symmetry in action.symmetries(jr.key(1)).values():
        assert_allclose(action.action(symmetry(x)), action.action(x), rtol=1e-13)


def test_hmc_samples_it_to_its_exact_values_which_stand_in_the_estimates(run):
    _, _, result = run
    assert result.verdict.status == "OK", str(result)
    assert deviations(result).keys() == {"phi2", "M", "V_M2"}
    assert max(map(abs, deviations(result).values())) < 3.5


def test_a_wrong_exact_value_would_show(run, kind):
    """The twin: the values of another mass."""
    _, _, result = run
    row = result.quantities()["phi2"]
    assert abs(row["mean"] - kind((4, 4), 0.6).exact_values()["phi2"]) > 5 * row["error"]


def test_clusters_of_its_signs_sample_it_together_with_trajectories(kind):
    action = kind((4, 4), 0.5)
    result = infer(action, Cluster(chains=32, warmup=50, draws=300, trajectory=True), seed=3)
    assert max(map(abs, deviations(result).values())) < 3.5
    with pytest.raises(InputError, match="clusters alone do not sample GaussianField"):
        Cluster().check(action)


def test_what_it_does_not_state_is_refused(kind):
    action = kind((4, 4), 0.5)
    with pytest.raises(InputError, match="gauge theory"):
        HeatBath().check(action)
    with pytest.raises(InputError, match="two dimensions"):
        WindingStep().check(action)
    with pytest.raises(InputError, match="normalised"):
        problem(kind((4, 4), -0.5))


def test_its_configurations_are_saved_and_read_back(run, kind):
    action, path, _ = run
    fields = saved_configurations(path, action)
    assert fields is not None
    assert fields.shape == (32, 4, 4)
    described = inspect(path / FILE)
    assert described["theory"] == "GaussianField"
    assert described["parameters"] == {"mass_squared": 0.5, "precision": 64, "shape": [4, 4], "layout": "sites"}
    with pytest.raises(InputError, match="another action"):
        saved_configurations(path, kind((4, 4), 0.6))


def test_the_report_draws_it_and_lets_other_samplers_run(run):
    action, path, result = run
    shown = {section.name: section for section in sections(result, action, run=Run(path, {"baselines": 0.0}))}
    assert {"configurations", "distributions", "sampling"} <= set(shown)
    (figure,) = shown["configurations"].figures
    fields = saved_configurations(path, action)
    assert fields is not None
    assert_array_equal(figure.panels[0].layers[0].values, np.asarray(fields[0]).T)
    assert set(baselines(action, "HMC", {"winding": False})) == {"clusters and HMC", "sequential Monte Carlo"}
