"""`retrodict list` knows whatever a config can name, in the words of its source."""

import dataclasses
import json

import pytest

from retrodict.base.domains import Installed, installed, usable
from retrodict.cli.catalogue import BASELINE, PART, catalogue, fields
from retrodict.cli.domains import methods_of
from retrodict.cli.main import execute


@pytest.fixture(scope="module")
def entries():
    return catalogue(list(usable().domains.values()))


def named(entries, noun):
    return {entry.name: entry for entry in entries if entry.noun == noun}


def test_domains_methods_and_choices_of_all_packages_are_listed(capsys):
    """The straight line has no list of its ansaetze but the signature of its problem."""
    assert execute(["list", "--json"]) == 0
    groups = json.loads(capsys.readouterr().out)
    names = {title: {row["name"]: row["serves"] for row in rows} for title, rows in groups.items()}
    assert set(names["domains"]) == set(names["problems"]) == set(installed().domains)
    assert set(names["methods"]) == set(methods_of(None))
    assert names["methods"]["NUTS"] == ["every domain"]
    assert names["methods"]["Draft"] == ["line"]
    assert names["ansaetze"]["Straight"] == names["ansaetze"]["Polynomial"] == ["line"]
    assert names["ansaetze"]["NeuralList"] == ["spectral"]
    assert names["models"]["GaugeFlow"] == ["IndependenceMetropolis"]
    assert {"XY", "Wilson", "FeynmanPath"} <= set(names["theories"])
    assert names["baselines"]["heat bath"] == ["lattice"]
    assert names["baselines"]["tikhonov"] == ["spectral"]


def test_every_line_says_something_and_every_field_has_a_meaning(entries):
    own = [entry for entry in entries if entry.thing.__module__.startswith("retrodict.")]
    assert [entry.name for entry in own if not entry.summary] == []
    configurable = [entry for entry in own if entry.noun not in (PART, BASELINE)]
    silent = [
        f"{entry.name}.{row['name']}" for entry in configurable for row in fields(entry.thing) if not row["meaning"]
    ]
    assert silent == []


def test_fields_have_types_defaults_and_what_they_inherit(entries):
    rows = {row["name"]: row for row in fields(named(entries, "method")["HMC"].thing)}
    assert rows["chains"] == {
        "name": "chains",
        "type": "an integer >= 1",
        "default": 16,
        "kinds": [],
        "meaning": "number of chains.",
    }
    assert rows["integrator"]["kinds"] == ["Omelyan", "Leapfrog"]
    (beta,) = (row for row in fields(named(entries, "theory")["XY"].thing) if row["name"] == "beta")
    assert beta["required"]
    assert "default" not in beta


def test_a_name_shows_its_fields_and_a_wrong_one_is_answered_with_the_nearest(capsys):
    for name, said in (
        ("IndependenceMetropolis", "number of corrected chains"),
        ("CoreGrid", "part of GaussianProcessSoundSpeed.grid"),
        ("Step", "at: a number; required"),
        ("line", "points on a line -> the line"),
        ("heat bath", "no fields of a config"),
    ):
        assert execute(["list", name]) == 0
        assert said in capsys.readouterr().out
    assert execute(["list", "Learned"]) == 2
    assert "did you mean IndependenceMetropolis?" in capsys.readouterr().err


def test_a_domain_that_cannot_be_imported_is_named_and_hides_no_other(tmp_path, monkeypatch, capsys):
    (tmp_path / "torn.py").write_text("raise RuntimeError('half an installation')\n")
    monkeypatch.syspath_prepend(tmp_path)
    torn = dataclasses.replace(installed().domains["line"], name="torn", problem="torn:problem", package="torn-package")
    everything = Installed({**installed().domains, "torn": torn})
    monkeypatch.setattr("retrodict.base.domains.installed", lambda: everything)
    assert execute(["list"]) == 0
    told = capsys.readouterr()
    assert "package torn-package cannot be used: RuntimeError: half an installation" in told.err
    assert "NeuralList" in told.out
    assert "torn" not in told.out
