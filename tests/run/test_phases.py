"""What a run is at: shown, logged, and known to whoever asks."""

import jax
import jax.numpy as jnp
import pytest

from retrodict.run import phases
from retrodict.run.directory import RunDirectory
from retrodict.run.log import read_events
from retrodict.run.phases import Phases, present


@pytest.fixture
def directory(tmp_path):
    with RunDirectory(tmp_path / "run").claim() as claimed:
        yield claimed


def logged(directory):
    return [event for event in read_events(directory.events) if event["event"] == "phase"]


def test_a_phase_is_logged_with_its_compilation(directory):
    with Phases(directory)("compiling something new"):
        jax.jit(lambda x: jnp.sin(x) @ x + 0.123456)(jnp.ones(17)).block_until_ready()
    with Phases(directory)("idling"):
        pass
    compiling, idling = logged(directory)
    assert (compiling["what"], idling["what"]) == ("compiling something new", "idling")
    assert 0 < compiling["compilation"] <= compiling["seconds"]
    assert idling["compilation"] == 0


def test_the_present_phase_is_the_innermost_one_and_ends_with_an_error(directory):
    def fail():
        with Phases(directory)("evaluating"):
            with Phases()("looking closer"):
                assert present() == "looking closer"
            assert present() == "evaluating"
            _ = 1 / 0

    assert present() == ""
    with pytest.raises(ZeroDivisionError):
        fail()
    assert present() == ""
    assert [event["what"] for event in logged(directory)] == ["evaluating"]


def test_long_phases_are_shown_where_somebody_watches(monkeypatch, capsys):
    with Phases(wanted=True)("evaluating"):
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(phases, "SHORT", 0.0)
    with Phases(wanted=True)("evaluating"):
        pass
    assert capsys.readouterr().err == "evaluating: 0.0 s\n"
    with Phases()("evaluating"):
        pass
    assert capsys.readouterr().err == ""
