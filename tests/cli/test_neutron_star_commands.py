"""The commands on the domain that ships: every config in the house builds, and data find their place in it."""

import json

import numpy as np
import pytest

from retrodict.cli.config import load_config
from retrodict.cli.config.load import to_yaml
from retrodict.cli.export import TABLES, equal_draws
from retrodict.cli.main import execute
from retrodict.neutron_star.templates import DEMOS, TEMPLATE
from retrodict.run.result import Result

OBSERVATIONS = (
    "mass [Msun], mass_error [Msun], radius [km], radius_error [km]\n1.4, 0.1, 12.0, 0.8\n1.8, 0.2, 11.8, 1.0\n"
)


@pytest.fixture
def samples(tmp_path):
    """Mass and radius of one star, as a posterior sample file."""
    draws = np.random.default_rng(0).normal([1.44, 13.0], [0.15, 1.1], (2000, 2))
    path = tmp_path / "nicer.csv"
    np.savetxt(path, draws, delimiter=",", header="mass [Msun], radius [km]", comments="")
    return path


@pytest.mark.parametrize("text", [TEMPLATE, *DEMOS.values()], ids=["template", *DEMOS])
def test_every_shipped_config_builds_and_its_resolved_form_is_a_fixed_point(text, tmp_path):
    path, again = tmp_path / "config.yaml", tmp_path / "config.resolved.yaml"
    path.write_text(text)
    loaded = load_config(path)
    again.write_text(to_yaml(loaded.resolved))
    assert load_config(again).resolved == loaded.resolved
    assert loaded.problem.dim == load_config(again).problem.dim > 0


def test_a_data_set_whose_name_is_a_number_needs_no_quotes(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(TEMPLATE)
    assert load_config(path, ("problem.data=2025",)).arguments["data"] == "2025"


def test_new_puts_each_file_where_its_content_belongs(tmp_path, samples):
    stars = tmp_path / "stars.csv"
    stars.write_text(OBSERVATIONS)
    files = ["--data", str(samples), "--data", str(stars)]
    assert execute(["new", "neutron_star", str(tmp_path / "mine"), *files, "--set", "method.kind=MAP"]) == 0
    loaded = load_config(tmp_path / "mine" / "config.yaml")
    assert loaded.arguments["data"] == tmp_path / "mine" / "data" / "stars.csv"
    assert loaded.arguments["samples"] == (tmp_path / "mine" / "data" / "nicer.csv",)
    assert "# Marginal: every star's mass integrated out" in (tmp_path / "mine" / "config.yaml").read_text()


def test_swapped_columns_are_refused_by_new_and_nothing_is_written(tmp_path, capsys):
    stars = tmp_path / "stars.csv"
    stars.write_text(
        OBSERVATIONS.replace(
            "mass [Msun], mass_error [Msun], radius [km], radius_error [km]",
            "radius [km], radius_error [km], mass [Msun], mass_error [Msun]",
        )
    )
    assert execute(["new", "neutron_star", str(tmp_path / "mine"), "--data", str(stars)]) == 2
    assert str(stars) in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()


def test_inspect_tells_observations_from_samples(tmp_path, samples, capsys):
    stars = tmp_path / "stars.csv"
    stars.write_text(OBSERVATIONS)
    for path, kind in ((stars, "mass_radius_observations"), (samples, "mass_radius_samples")):
        assert execute(["inspect", str(path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["kind"] == kind


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("problem.ansatz=NeuralSoundspeed", "NeuralSoundSpeed"),
        ("problem.pulsars=[{name: x, mass: 20, error: 1}]", "problem.pulsars[0].mass"),
        ("problem.pulsars=[{name: x, mass: 2.0, eror: 1}]", "did you mean error?"),
        ("problem.least_maximum_mass=-1", "greater than or equal to"),
        ("problem.samples=nicer.csv", "a list"),
        ("method.kind=NUT", "NUTS"),
        ("method.chains=2.5", "an integer"),
    ],
)
def test_slips_in_a_config_are_answered_with_what_was_meant(override, said, tmp_path, capsys):
    path = tmp_path / "config.yaml"
    path.write_text(TEMPLATE)
    assert execute(["check", str(path), "--set", override]) == 2
    assert said in capsys.readouterr().err


EXPORTED = """\
domain: neutron_star
problem:
  data: classic18
method:
  kind: Importance
  draws: 100
  batch: 50
seed: 0
"""


def test_inspect_finds_the_stars_of_an_exported_equation_of_state_again(tmp_path, capsys, monkeypatch):
    """From the file alone to a metre in R_1.4, for the draws of which it was exported."""
    monkeypatch.setattr("retrodict.cli.running.write_pages", lambda *about: None)  # seconds of drawing
    config = tmp_path / "config.yaml"
    config.write_text(EXPORTED)
    assert execute(["run", str(config), "--out", str(tmp_path / "run")]) in (0, 1)  # too few draws
    assert execute(["export", str(tmp_path / "run"), "--out", str(tmp_path / "tables")]) == 0
    radii = equal_draws(Result.load(tmp_path / "run"), "radius_1.4", TABLES)
    for draw in (0, len(radii) - 1):
        capsys.readouterr()
        table = tmp_path / "tables" / "equation_of_state" / f"{draw:03d}.csv"
        assert execute(["inspect", str(table), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert abs(found["radius_1.4"]["value"] - radii[draw]) < 1e-3  # km
