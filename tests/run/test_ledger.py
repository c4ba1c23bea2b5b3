"""Independent tasks: the same results from one process, from several, and from a cluster, whoever dies on the way."""

import json
import os
import signal
import subprocess
import sys
import time

import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from retrodict.base.errors import InputError, Interrupted, RetrodictError
from retrodict.run.directory import RunDirectory
from retrodict.run.ledger import run_tasks
from retrodict.run.log import read_events
from tests.run.killing import ROOT
from tests.toys import noisy_square

COUNT = 6
PLAIN = {"noise": 0.1}


@pytest.fixture
def where(tmp_path):
    with RunDirectory(tmp_path / "run").claim() as directory:
        yield directory


@pytest.fixture(scope="module")
def reference():
    return [entry["square"] for entry in run_tasks(noisy_square, PLAIN, COUNT, seed=3)]


def squares(directory, config=PLAIN, count=COUNT, **how):
    return [entry["square"] for entry in run_tasks(noisy_square, config, count, seed=3, directory=directory, **how)]


def computed(directory):
    return [event["index"] for event in read_events(directory.events) if event["event"] == "task"]


def test_a_task_gets_the_key_of_its_index(reference):
    for index, square in enumerate(reference):
        expected = index**2 + 0.1 * jr.normal(jr.fold_in(jr.key(3), index), (3,))
        assert_array_equal(square, expected)


def test_what_is_filed_is_not_computed_again_and_the_count_may_grow(where, reference):
    assert_array_equal(squares(where, count=4), reference[:4])
    assert_array_equal(squares(where), reference)
    (where.tasks / "00002.npz").unlink()
    assert_array_equal(squares(where), reference)
    assert computed(where) == [0, 1, 2, 3, 4, 5, 2]


def test_a_damaged_or_exchanged_result_is_computed_again_with_one_line(where, reference, capfd):
    squares(where)
    damaged, exchanged = where.tasks / "00001.npz", where.tasks / "00003.npz"
    damaged.write_bytes(damaged.read_bytes()[:-7])
    exchanged.write_bytes((where.tasks / "00004.npz").read_bytes())
    assert_array_equal(squares(where), reference)
    assert computed(where)[COUNT:] == [1, 3]
    assert len(capfd.readouterr().err.splitlines()) == 2


def test_a_ledger_of_other_tasks_is_refused(where):
    squares(where, count=1)
    with pytest.raises(InputError, match="the ledger holds other tasks"):
        squares(where, config={"noise": 0.2}, count=1)
    with pytest.raises(InputError, match="the ledger holds other tasks"):
        run_tasks(noisy_square, PLAIN, 1, seed=4, directory=where)


def test_other_content_of_an_input_file_makes_other_tasks(where, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("1,2\n")
    squares(where, count=1, inputs=[data])
    squares(where, count=1, inputs=[data])
    data.write_text("1,3\n")
    with pytest.raises(InputError, match="the ledger holds other tasks"):
        squares(where, count=1, inputs=[data])


def test_only_functions_that_a_worker_can_import_are_tasks():
    with pytest.raises(InputError, match="module-level function"):
        run_tasks(lambda config, key, index: {}, PLAIN, 1, seed=3)
    with pytest.raises(InputError, match="must be JSON"):
        run_tasks(noisy_square, {"noise": np.ones(3)}, 1, seed=3)


def test_a_worker_killed_in_the_middle_changes_nothing(where, tmp_path):
    config = {**PLAIN, "killer": 2, "marker": str(tmp_path / "killed")}
    clean = [0.1 * jr.normal(jr.fold_in(jr.key(3), index), (3,)) + index**2 for index in range(COUNT)]
    assert_array_equal(squares(where, config, workers=2), clean)
    assert (tmp_path / "killed").exists()
    assert sorted(computed(where)) == list(range(COUNT))


def test_a_task_that_kills_every_worker_is_named_and_the_others_are_kept(where, tmp_path):
    config = {**PLAIN, "killer": 5, "always": True, "marker": str(tmp_path / "killed")}
    with pytest.raises(RetrodictError, match="task 5 has seen 3 workers killed"):
        squares(where, config, workers=2)
    assert sorted(computed(where)) == [0, 1, 2, 3, 4]


def test_an_error_of_a_task_reaches_the_caller_as_what_it_is(where):
    with pytest.raises(InputError, match="this task cannot be done"):
        squares(where, {**PLAIN, "wrong": 1}, workers=2)


def test_a_bug_in_a_task_reaches_the_caller_with_its_traceback(where):
    with pytest.raises(RuntimeError, match=r"task 1 failed:(.|\n)*ZeroDivisionError: by design"):
        squares(where, {**PLAIN, "crash": 1}, workers=2)


CLIENT = """
import sys, json
from retrodict.run.directory import RunDirectory
from retrodict.run.ledger import run_tasks
from tests.toys import noisy_square
if __name__ == "__main__":
    config = {"noise": 0.1, "seconds": 0.4}
    with RunDirectory(sys.argv[1]).claim(resume=True) as directory:
        run_tasks(noisy_square, config, 9, seed=3, directory=directory, workers=2, dask=sys.argv[2])
"""


def started(place, dask=""):
    return subprocess.Popen([sys.executable, "-c", CLIENT, str(place), dask], cwd=ROOT, env=os.environ)


def wait_for_files(folder, count):
    deadline = time.monotonic() + 60
    while len(list(folder.glob("0*.npz"))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_client_repeats_only_what_is_missing(tmp_path, reference):
    client = started(tmp_path / "run")
    wait_for_files(tmp_path / "run" / "tasks", 2)
    client.kill()
    client.wait()
    time.sleep(1.0)  # its workers finish what they were at, then find their input closed
    there = {path.name for path in (tmp_path / "run" / "tasks").glob("0*.npz")}
    assert 2 <= len(there) < 9
    with RunDirectory(tmp_path / "run").claim(resume=True) as directory:
        before = len(computed(directory))
        assert_array_equal(squares(directory, {**PLAIN, "seconds": 0.4}, count=9)[:COUNT], reference)
        assert len(computed(directory)) - before == 9 - len(there)


def test_a_request_to_stop_ends_the_tasks_with_what_is_done_filed(where, reference):
    config = {**PLAIN, "seconds": 0.05}

    def interrupt(index):
        os.kill(os.getpid(), signal.SIGTERM)

    from retrodict.run import ledger

    perform = ledger.perform
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ledger, "perform", lambda text, index: (interrupt(index) if index == 1 else None, perform(text, index))[1]
        )
        with pytest.raises(Interrupted, match="after 2 of 6 tasks"):
            squares(where, config)
    assert_array_equal(squares(where, config), reference)
    assert computed(where) == list(range(COUNT))


def test_several_processes_without_a_directory_have_nowhere_to_meet():
    with pytest.raises(InputError, match="give a path"):
        run_tasks(noisy_square, PLAIN, 2, seed=3, workers=2)


def test_a_scheduler_that_does_not_answer_is_an_input_error(where, monkeypatch):
    pytest.importorskip("distributed")
    from retrodict.run import cluster

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.2)
    with pytest.raises(InputError, match="no Dask scheduler answers"):
        squares(where, dask="tcp://127.0.0.1:9")


DASK = """
import json, sys
from retrodict.run.directory import RunDirectory
from retrodict.run.ledger import run_tasks
from tests.toys import noisy_square
if __name__ == "__main__":
    with RunDirectory(sys.argv[1]).claim() as directory:
        how = {"seed": 3, "directory": directory, "workers": 2, "dask": "local"}
        results = run_tasks(noisy_square, json.loads(sys.argv[2]), 6, **how)
    print(json.dumps([entry["square"].tolist() for entry in results]))
"""


def test_a_dask_cluster_of_two_processes_one_of_which_is_killed_returns_the_same(tmp_path, reference):
    pytest.importorskip("distributed")
    (tmp_path / "client.py").write_text(DASK)
    config = {**PLAIN, "killer": 2, "marker": str(tmp_path / "killed")}
    command = [sys.executable, str(tmp_path / "client.py"), str(tmp_path / "run"), json.dumps(config)]
    path = os.pathsep.join([str(ROOT), *sys.path])
    answer = subprocess.check_output(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, timeout=300)
    assert (tmp_path / "killed").exists()
    assert_array_equal(json.loads(answer), reference)
    assert sorted(computed(RunDirectory(tmp_path / "run"))) == list(range(COUNT))
