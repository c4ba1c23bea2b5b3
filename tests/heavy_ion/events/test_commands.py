"""The command line with events: inspect, analyse and what they refuse."""

import json

import pytest

from retrodict.cli.main import execute
from tests.heavy_ion.events import grammars
from tests.refusals import fingerprint


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "events.oscar"
    file.write_text(grammars.oscar_2013(grammars.events((30,) * 25)))
    return file


def test_inspect_prints_the_fixed_surface(path, capsys):
    assert execute(["inspect", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["domain"], found["format"]) == ("events", "heavy_ion", "OSCAR2013")
    assert (found["events"], found["particles"], sum(found["species"].values())) == (25, 750, 750)


def test_analyse_prints_observables_with_errors(path, capsys):
    assert execute(["analyse", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "25 events, 750 particles" in printed
    assert "mean_pT [GeV]" in printed
    assert execute(["analyse", str(path), "--json", "--set", "eta=2.0"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["acceptance"]["eta"] == 2.0
    assert found["quantities"]["dNch_deta"]["error"] > 0


def test_what_events_do_not_have_is_refused(path, tmp_path, capsys):
    """Options of another kind of file, a truncated file: exit code 2, nothing written."""
    before = fingerprint(tmp_path)
    assert execute(["analyse", str(path), "--discard", "3"]) == 2
    assert "no trajectories" in capsys.readouterr().err
    assert execute(["analyse", str(path), "--set", "etta=2"]) == 2
    assert "did you mean eta?" in capsys.readouterr().err
    assert execute(["analyse", str(path), "--set", "eta=wide"]) == 2
    assert "eta is no number" in capsys.readouterr().err
    assert fingerprint(tmp_path) == before
    path.write_text(path.read_text()[:-200])
    for verb in ("inspect", "analyse"):
        assert execute([verb, str(path)]) == 2
        assert "the file ends within event 24" in capsys.readouterr().err


def test_a_history_is_analysed_as_before(tmp_path, capsys):
    file = tmp_path / "run.dat"
    file.write_text("# trajectory plaquette\n" + "".join(f"{i} {0.5 + 0.01 * ((7 * i) % 11)}\n" for i in range(200)))
    assert execute(["analyse", str(file), "--discard", "10"]) == 0
    assert "plaquette" in capsys.readouterr().out
    assert execute(["analyse", str(file), "--set", "eta=1"]) == 2
    assert "is not analysed by 'eta'" in capsys.readouterr().err
