"""The loop: what it promises to every method."""

import sys
from dataclasses import replace
from io import StringIO

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from retrodict.base.errors import InputError, Interrupted, NotFiniteError
from retrodict.run import manifest
from retrodict.run.directory import RunDirectory, read_json
from retrodict.run.fingerprint import fingerprint
from retrodict.run.log import append_event, read_events
from retrodict.run.loop import CHUNKS, advance
from tests.run.killing import digest
from tests.toys import Banana, Cliff, RandomWalk

WALK = RandomWalk(steps=60)


@pytest.fixture(scope="module")
def banana():
    return Banana(jnp.asarray(0.7))


@pytest.fixture(scope="module")
def reference(banana):
    return advance(banana, WALK, seed=3)


@pytest.mark.parametrize("chunk", [1, 7, 60, 1000])
def test_a_run_does_not_depend_on_the_chunk_size(banana, reference, chunk):
    outcome = advance(banana, WALK, seed=3, chunk=chunk)
    assert outcome.steps == 60
    assert outcome.history["x"].shape == (60, 4, 2)
    assert_array_equal(outcome.history["i"], np.arange(60))
    assert digest(outcome) == digest(reference)


def test_another_seed_is_another_run(banana, reference):
    assert digest(advance(banana, WALK, seed=4)) != digest(reference)


def test_the_key_of_a_step_is_folded_from_the_seed_and_its_index(banana, reference):
    """Step by step, by hand: the loop adds nothing of its own."""
    key = jr.key(3)
    state = WALK.init(banana, jr.fold_in(key, 0))
    for index in range(3):
        state, record = eqx.filter_jit(WALK.step)(banana, state, jr.fold_in(key, index + 1), jnp.asarray(index))
        np.testing.assert_allclose(record.kept["x"], reference.history["x"][index], rtol=1e-12)


def test_a_method_that_is_done_stops_early_and_keeps_only_what_it_took(banana):
    outcome = advance(banana, replace(WALK, far=2.695), seed=3, chunk=40)
    assert 0 < outcome.steps < 60
    assert outcome.history["x"].shape[0] == outcome.steps
    farthest = np.abs(outcome.history["x"][..., 0]).max(axis=1)
    assert (farthest[:-1] <= 2.695).all()
    assert farthest[-1] > 2.695


def test_a_method_that_is_done_at_once_keeps_nothing(banana):
    outcome = advance(banana, replace(WALK, far=0.0), seed=3)
    assert outcome.steps == 0
    assert outcome.history["x"].shape == (0, 4, 2)


def test_the_first_number_that_is_not_one_stops_the_run_and_is_named(tmp_path):
    where = RunDirectory(tmp_path / "run")
    with pytest.raises(NotFiniteError) as caught:
        advance(Cliff(1.0), replace(WALK, push=0.1), seed=3, directory=where)
    step = next(event["step"] for event in read_events(where.events) if event["event"] == "not-finite")
    assert f"step {step}" in caught.value.what
    assert "log_density: 1 of 4 not finite" in caught.value.got
    assert "position[" in caught.value.why  # of the chain that fell, before it fell
    assert (where.status()["state"], where.status()["exit_code"]) == ("failed", 3)


@pytest.mark.parametrize("chunk", [1, 5, 60])
def test_the_step_of_the_first_nan_does_not_depend_on_the_chunk_size(chunk):
    with pytest.raises(NotFiniteError, match="at step 4\n"):
        advance(Cliff(1.0), replace(WALK, push=0.1), seed=3, chunk=chunk)


def test_resuming_a_finished_run_computes_nothing_and_returns_the_same(tmp_path, banana, reference):
    first = advance(banana, WALK, seed=3, directory=RunDirectory(tmp_path / "run"))
    again = advance(banana, WALK, seed=3, directory=RunDirectory(tmp_path / "run"), resume=True)
    assert digest(first) == digest(again) == digest(reference)
    chunks = [event for event in read_events(tmp_path / "run" / "events.jsonl") if event["event"] == "chunk"]
    assert sum(event["step"] == 60 for event in chunks) == 1


def test_a_time_limit_leaves_a_checkpoint_from_which_the_run_goes_on_bit_identically(tmp_path, banana, reference):
    where = RunDirectory(tmp_path / "run")
    for step in (20, 40):
        with pytest.raises(Interrupted, match=f"step {step} of 60"):
            advance(banana, WALK, seed=3, directory=where, resume=True, max_time=0.0, chunk=20)
        assert where.status()["state"] == "stopped"
    outcome = advance(banana, WALK, seed=3, directory=where, resume=True, max_time=0.0, chunk=20)
    assert digest(outcome) == digest(reference)


def test_a_time_limit_without_a_directory_says_that_nothing_was_saved(banana):
    with pytest.raises(Interrupted, match="nothing could be saved"):
        advance(banana, WALK, seed=3, max_time=0.0)


def checkpoints(folder):
    return [path.relative_to(folder / "run") for path in (folder / "run" / "checkpoints").iterdir()]


@pytest.mark.parametrize(
    ("change", "seed"),
    [({"target": Banana(jnp.asarray(0.7 + 1e-12))}, 3), ({"method": replace(WALK, step_size=0.51)}, 3), ({}, 4)],
)
def test_another_target_method_or_seed_is_refused_on_resume(tmp_path, banana, change, seed):
    with pytest.raises(Interrupted):
        advance(banana, WALK, seed=3, directory=RunDirectory(tmp_path / "run"), max_time=0.0, chunk=20)
    before = {
        name: (tmp_path / "run" / name).read_bytes() for name in ("manifest.json", *map(str, checkpoints(tmp_path)))
    }
    status = read_json(tmp_path / "run" / "status.json")
    parts = {"target": banana, "method": WALK, **change}
    with pytest.raises(InputError, match="another computation"):
        advance(**parts, seed=seed, directory=RunDirectory(tmp_path / "run"), resume=True)
    assert before == {name: (tmp_path / "run" / name).read_bytes() for name in before}
    after = read_json(tmp_path / "run" / "status.json")
    assert {**after, "updated": ""} == {**status, "updated": ""}


def test_a_fingerprint_sees_content_and_not_addresses(banana):
    assert fingerprint(banana, WALK) == fingerprint(Banana(jnp.asarray(0.7)), RandomWalk(steps=60))
    assert fingerprint([jnp.ones(3)]) != fingerprint([jnp.ones((3, 1))]) != fingerprint([np.ones(3, np.float32)])
    assert "0x" in repr(len.__call__)
    assert fingerprint(lambda x: x) == fingerprint(lambda x: x)


def test_progress_is_one_line_a_chunk_away_from_a_terminal_and_silence_when_off(banana, capfd):
    advance(banana, WALK, seed=3, chunk=20, progress=True)
    lines = capfd.readouterr().err.splitlines()
    assert [line.split()[2] for line in lines] == ["20/60", "40/60", "60/60"]
    assert all("acceptance 0." in line for line in lines)
    advance(banana, WALK, seed=3, chunk=20)
    assert capfd.readouterr() == ("", "")


def test_progress_on_a_terminal_is_a_bar(banana, monkeypatch):
    class Terminal(StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    advance(banana, WALK, seed=3, chunk=20, progress=True)
    assert "60/60" in screen.getvalue()
    assert "acceptance" in screen.getvalue()
    assert "\x1b[" in screen.getvalue()


def test_by_default_there_are_some_tens_of_chunks(tmp_path, banana):
    where = RunDirectory(tmp_path / "run")
    advance(banana, replace(WALK, steps=640), seed=3, directory=where)
    chunks = [event for event in read_events(where.events) if event["event"] == "chunk"]
    assert CHUNKS <= len(chunks) <= CHUNKS + 5
    assert set(chunks[-1]) == {"time", "event", "step", "metrics", "seconds", "cpu"}


def test_a_line_that_a_crash_cut_short_spoils_no_other(tmp_path):
    log = tmp_path / "events.jsonl"
    append_event(log, "first", value=float("nan"))
    log.write_bytes(log.read_bytes() + b'{"event": "to')
    append_event(log, "second")
    assert [event["event"] for event in read_events(log)] == ["first", "second"]
    assert read_events(log)[0]["value"] is None


def test_a_run_that_moves_to_another_machine_says_so_and_is_no_longer_called_identical(
    tmp_path, banana, monkeypatch, capfd
):
    where = RunDirectory(tmp_path / "run")
    with pytest.raises(Interrupted):
        advance(banana, WALK, seed=3, directory=where, max_time=0.0, chunk=20)
    assert read_json(where.manifest)["bit_identical"] is True
    monkeypatch.setattr(manifest, "cpu_count", lambda: 9999)
    advance(banana, WALK, seed=3, directory=where, resume=True)
    assert read_json(where.manifest)["bit_identical"] is False
    warnings = [line for line in capfd.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(warnings) == 1
    assert "cpu_count" in warnings[0]
    assert "9999" in warnings[0]


def test_a_manifest_knows_the_hashes_of_what_went_in_and_came_out(tmp_path):
    (tmp_path / "data.csv").write_text("1,2\n")
    with RunDirectory(tmp_path / "run").claim() as where:
        manifest.record_environment(where, seed=5)
        manifest.record_inputs(where, [tmp_path / "data.csv"])
        where.write_json("result.json", {"a": 1})
        manifest.record_outputs(where, ["result.json"])
    found = read_json(where.manifest)
    assert found["inputs"] == manifest.hashes([tmp_path / "data.csv"])
    assert len(found["outputs"]["result.json"]) == 64
    assert found["environment"]["versions"]["jax"] == jax.__version__
    assert (found["schema_version"], found["seed"], found["environment"]["x64"]) == (1, 5, True)
