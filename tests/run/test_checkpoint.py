"""Checkpoints and run directories: nothing damaged is used in silence, nothing of anybody's is overwritten."""

import errno
import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from retrodict.base import atomic
from retrodict.base.errors import InputError, Interrupted, StorageError
from retrodict.run.checkpoint import Checkpoint, keep_two, load_newest, save
from retrodict.run.container import DamagedError, pack, read, unpack
from retrodict.run.directory import RunDirectory
from retrodict.run.log import read_events
from retrodict.run.loop import advance
from tests.run.killing import ROOT, digest
from tests.toys import Banana, RandomWalk

WALK = RandomWalk(steps=60)


class Everything(NamedTuple):
    """Leaves of every kind that a method may keep."""

    numbers: dict
    keys: jax.Array
    half: jax.Array
    flag: jax.Array


@pytest.fixture
def where(tmp_path):
    with RunDirectory(tmp_path / "run").claim() as directory:
        yield directory


def everything(seed):
    numbers = {"b": jr.normal(jr.key(seed), (3, 0, 2)), "a": jnp.arange(4, dtype=jnp.int8)}
    return Everything(numbers, jr.split(jr.key(seed), 5), jnp.ones(3, jnp.bfloat16) / 3, jnp.asarray(seed == 1))


def structure(tree):
    return jax.eval_shape(lambda: tree)


def checkpoint(step):
    state = everything(step)
    history = {"x": np.arange(step, dtype=float), "y": np.zeros((step, 2), np.float32)}
    return Checkpoint(state, history, step, seed=7, seconds=1.5, finished=False)


def load(directory, fingerprint="f"):
    like = checkpoint(1)
    return load_newest(directory, fingerprint, structure(like.state), structure(like.history))


def test_every_kind_of_leaf_comes_back_bit_for_bit(where):
    save(where, checkpoint(1), "f")
    found, put = load(where), checkpoint(1)
    assert jax.tree.structure(found.state) == jax.tree.structure(put.state)
    for back, leaf in zip(jax.tree.leaves(found.state), jax.tree.leaves(put.state), strict=True):
        assert back.dtype == leaf.dtype
        same = (jr.key_data(back), jr.key_data(leaf)) if eqx.is_array(leaf) and leaf is put.state.keys else (back, leaf)
        assert_array_equal(*same)
    assert_array_equal(jr.normal(found.state.keys[2]), jr.normal(put.state.keys[2]))
    assert_array_equal(found.history["x"], put.history["x"])
    assert (found.step, found.seed, found.seconds, found.finished) == (1, 7, 1.5, False)


def test_only_the_two_newest_checkpoints_are_kept(where):
    for step in (1, 2, 30, 4000):
        save(where, checkpoint(step), "f")
    assert [path.name for path in sorted(where.checkpoints.iterdir())] == ["ckpt-0000000030.npz", "ckpt-0000004000.npz"]
    assert load(where).step == 4000


def test_the_first_checkpoint_has_a_copy_until_there_is_a_second(where):
    first = save(where, checkpoint(1), "f")
    keep_two(where)
    first.write_bytes(b"")
    assert load(where).step == 1
    save(where, checkpoint(1), "f")
    save(where, checkpoint(2), "f")
    keep_two(where)
    assert [path.name for path in sorted(where.checkpoints.iterdir())] == ["ckpt-0000000001.npz", "ckpt-0000000002.npz"]


def test_without_a_checkpoint_there_is_nothing_to_resume(where):
    assert load(where) is None


def test_a_damaged_checkpoint_is_skipped_with_one_line(where, capfd):
    save(where, checkpoint(1), "f")
    newest = save(where, checkpoint(2), "f")
    newest.write_bytes(newest.read_bytes()[:-1])
    assert load(where).step == 1
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert str(newest) in lines[0]
    assert [event["event"] for event in read_events(where.events)][-1] == "warning"


def test_all_checkpoints_damaged_is_an_error_and_not_a_fresh_start(where):
    for step in (1, 2):
        save(where, checkpoint(step), "f").write_bytes(b"")
    with pytest.raises(InputError, match="all checkpoints are damaged"):
        load(where)


def damaged(data, *, flips, cuts):
    """One flipped bit each, then one truncation each, of `data`."""
    random = np.random.default_rng(5)
    for bit in random.choice(8 * len(data), flips, replace=False):
        copy = bytearray(data)
        copy[bit // 8] ^= 1 << (bit % 8)
        yield bytes(copy)
    for length in random.choice(len(data), cuts, replace=False):
        yield data[:length]


def test_of_a_hundred_flipped_bits_and_fifty_truncations_none_is_used_in_silence(where, capfd):
    save(where, checkpoint(1), "f")
    newest = save(where, checkpoint(2), "f")
    warned = 0
    for data in damaged(newest.read_bytes(), flips=100, cuts=50):
        newest.write_bytes(data)
        assert load(where).step == 1
        warned += len(capfd.readouterr().err.splitlines())
    assert warned == 150


def test_a_flipped_bit_in_the_seal_itself_is_noticed_too():
    data = pack({"x": np.arange(1000.0)}, {})
    body = np.frombuffer(data, np.uint8).copy()
    body[-1] ^= 1
    with pytest.raises(DamagedError):
        unpack(body.tobytes())
    assert_array_equal(unpack(data)[0]["x"], np.arange(1000.0))


def test_a_container_with_objects_in_it_is_neither_written_nor_read(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        pack({"x": np.array([object()])}, {})
    np.savez(tmp_path / "bad.npz", x=np.array([print], dtype=object), allow_pickle=True)
    body = (tmp_path / "bad.npz").read_bytes()
    (tmp_path / "bad.npz").write_bytes(body + b"\nsha256:" + hashlib.sha256(body).hexdigest().encode())
    with pytest.raises(DamagedError):
        read(tmp_path / "bad.npz")


def test_a_sealed_file_is_still_a_plain_npz(where):
    with np.load(save(where, checkpoint(2), "f"), allow_pickle=False) as stored:
        assert_array_equal(stored["history/0"], [0.0, 1.0])


def test_a_full_disk_leaves_the_previous_checkpoint_and_no_debris(where, monkeypatch):
    good = save(where, checkpoint(1), "f")
    before = good.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        save(where, checkpoint(2), "f")
    monkeypatch.undo()
    assert good.read_bytes() == before
    assert [path.name for path in where.checkpoints.iterdir()] == [good.name]
    assert load(where).step == 1


def test_a_disk_that_fills_up_in_the_middle_of_a_run_costs_no_more_than_the_last_chunk(tmp_path, monkeypatch):
    banana, place, calls = Banana(jnp.asarray(0.7)), tmp_path / "run", []

    def full(path, arrays, meta):
        calls.append(path)
        if len(calls) == 2:
            raise atomic.storage_error(path, OSError(errno.ENOSPC, "No space left on device"))
        written(path, arrays, meta)

    from retrodict.run import checkpoint as module

    written = module.write
    monkeypatch.setattr(module, "write", full)
    with pytest.raises(StorageError) as caught:
        advance(banana, WALK, seed=3, directory=RunDirectory(place), chunk=20, checkpoint_seconds=0.0)
    assert caught.value.exit_code == 5
    assert RunDirectory(place).status()["exit_code"] == 5
    again = advance(banana, WALK, seed=3, directory=RunDirectory(place), resume=True)
    assert digest(again) == digest(advance(banana, WALK, seed=3))


def tree_hash(path):
    files = sorted(entry for entry in path.rglob("*") if entry.is_file())
    return hashlib.sha256(b"".join(str(file).encode() + file.read_bytes() for file in files)).hexdigest()


def test_an_existing_run_is_refused_and_untouched_unless_resumed_or_forced(tmp_path):
    place = tmp_path / "run"
    with RunDirectory(place).claim() as directory:
        directory.checkpoints.mkdir()
    before = tree_hash(place)
    with pytest.raises(InputError, match="--resume to go on with it, --force to discard it"):
        RunDirectory(place).check()
    with pytest.raises(InputError, match="the run directory exists"), RunDirectory(place).claim():
        pass
    with pytest.raises(InputError, match="exclude each other"), RunDirectory(place).claim(resume=True, force=True):
        pass
    assert tree_hash(place) == before
    with RunDirectory(place).claim(resume=True) as directory:
        assert directory.checkpoints.is_dir()
    (place / "notes.txt").write_text("mine")
    with RunDirectory(place).claim(force=True) as directory:
        assert not directory.checkpoints.exists()
    assert (place / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("how", [{}, {"resume": True}, {"force": True}])
def test_a_folder_that_is_no_run_is_never_touched(tmp_path, how):
    (tmp_path / "thesis.tex").write_text("years of work")
    before = tree_hash(tmp_path)
    with pytest.raises(InputError, match="not a run directory"), RunDirectory(tmp_path).claim(**how):
        pass
    with pytest.raises(InputError, match="not a run directory"), RunDirectory(tmp_path / "thesis.tex").claim(**how):
        pass
    assert tree_hash(tmp_path) == before


def test_making_the_object_and_checking_it_touches_nothing(tmp_path):
    directory = RunDirectory(tmp_path / "deep" / "run")
    directory.check()
    assert directory.status() == {}
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_nothing_can_be_made_is_a_storage_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError), RunDirectory(tmp_path / "file" / "run").claim():
        pass


def test_the_status_tells_how_a_run_ended(tmp_path):
    def ended(name, error):
        directory = RunDirectory(tmp_path / name)
        with suppress(type(error)), directory.claim():
            raise error
        return directory.status()["state"], directory.status()["exit_code"]

    assert ended("stopped", Interrupted("enough")) == ("stopped", 75)
    assert ended("failed", StorageError("no room")) == ("failed", 5)
    assert ended("bug", ZeroDivisionError()) == ("failed", 1)
    with RunDirectory(tmp_path / "done").claim() as directory:
        with directory.claim(resume=True) as again:  # one claim within another is the same
            assert again is directory
        assert directory.status()["state"] == "running"
    assert directory.status()["state"] == "done"


def test_what_is_added_to_a_run_afterwards_does_not_change_how_it_ended(tmp_path):
    with pytest.raises(InputError, match="no run is there"), RunDirectory(tmp_path / "run").amend():
        pass
    with suppress(Interrupted), RunDirectory(tmp_path / "run").claim() as directory:
        raise Interrupted("enough")
    with RunDirectory(tmp_path / "run").amend() as directory:
        directory.write_json("report.json", {})
        with pytest.raises(InputError, match="in use by pid"):
            RunDirectory(tmp_path / "run").check(resume=True)
    assert directory.status()["state"] == "stopped"


def test_a_run_killed_in_its_first_moment_leaves_a_directory_that_is_free(tmp_path):
    (tmp_path / "run").mkdir()
    for name in (".lock", ".status.json.123.tmp"):
        (tmp_path / "run" / name).write_text("{")
    with RunDirectory(tmp_path / "run").claim() as directory:
        assert not list(directory.path.glob("*.tmp"))


HOLD = """
import sys, time
from retrodict.run.directory import RunDirectory
with RunDirectory(sys.argv[1]).claim():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_in_one_directory_is_told_who_is_there_and_a_dead_one_holds_nothing(tmp_path):
    place = tmp_path / "run"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(place)], cwd=ROOT, stdout=subprocess.PIPE, env=os.environ
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        before = tree_hash(place)
        for how in ({}, {"resume": True}, {"force": True}):
            with pytest.raises(InputError, match="in use by pid"):
                RunDirectory(place).check(**how)
            with pytest.raises(InputError) as caught, RunDirectory(place).claim(**how):
                pass
            assert caught.value.exit_code == 2
            assert f"in use by pid {holder.pid} on host" in caught.value.got
            assert "since 20" in caught.value.got
        assert tree_hash(place) == before
    finally:
        holder.kill()
        holder.communicate()
    with RunDirectory(place).claim(resume=True) as directory:
        assert directory.status()["pid"] == os.getpid()
