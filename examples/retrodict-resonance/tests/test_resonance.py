"""The domain from outside does what those of the house do: its files are recognised, its runs end in a report."""

import json

import jax.numpy as jnp
import pytest
from retrodict_resonance.problem import mock, problem

import retrodict as rd
from retrodict.base.domains import installed
from retrodict.cli.main import execute

TRUTH = {"mass": 775.3, "width": 147.4, "height": 42.0, "normalisation": 1.03, "background": 60.0}


def test_the_entry_point_is_found():
    assert installed().domains["resonance"].package == "retrodict-resonance"
    assert not installed().broken


@pytest.fixture(scope="module")
def result():
    return rd.infer(problem(), rd.Laplace(draws=400), seed=0, progress=False)


def test_the_truth_is_found_with_its_nuisances(result):
    for name, true in TRUTH.items():
        row = result.quantities()[name]
        assert abs(row["median"] - true) < 3 * row["sd"], name
    assert result.quantities()["normalisation"]["sd"] < 0.05


def test_without_the_nuisance_the_cross_sections_contradict_the_fit(result):
    """The planted fault: 3 % of normalisation that nobody allows for."""
    target = problem()
    best = target.forward_pass(jnp.asarray(result.tree["fit"].dataset["best"].values))
    chi2 = {
        scale: float(
            jnp.sum(
                target.likelihood.at({**best.nuisance, "normalisation": jnp.asarray(scale)})
                .terms["cross_sections"]
                .pulls(best.prediction)
                ** 2
            )
        )
        for scale in (1.0, float(best.nuisance["normalisation"]))
    }
    stubborn, honest = chi2.values()
    assert honest < stubborn - 2


@pytest.mark.parametrize(("name", "kind"), [("cross_section.csv", "cross_sections"), ("counts.csv", "event_counts")])
def test_its_files_are_recognised(name, kind, capsys):
    assert execute(["inspect", str(mock(name)), "--json"]) == 0
    description = json.loads(capsys.readouterr().out)
    assert (description["domain"], description["kind"]) == ("resonance", kind)


def test_from_files_to_a_report(tmp_path, capsys):
    data = ["--data", str(mock("counts.csv")), "--data", str(mock("cross_section.csv"))]
    assert execute(["new", "resonance", str(tmp_path / "study"), *data]) == 0
    config, out = tmp_path / "study" / "config.yaml", tmp_path / "run"
    assert "counts: data/counts.csv" in config.read_text()
    assert execute(["run", str(config), "--out", str(out), "--quiet"]) == 0
    assert "The two experiments" in (out / "report.html").read_text()
    assert (out / "figures" / "line_shape.png").stat().st_size > 0
