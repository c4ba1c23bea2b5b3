"""Signals and the end of the time while the main thread is deep in compiled code: an answer within seconds."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from tests.run.killing import ROOT

from retrodict.base.errors import INTERRUPTED, Interrupted

DEAF = """
import sys
import numpy as np
from retrodict.cli.environment import Program
from retrodict.cli.stopping import answered
from retrodict.run.directory import RunDirectory
from retrodict.run.phases import Phases
Program.ours = True
matrix = np.random.default_rng(0).normal(size=(4000, 4000))
with RunDirectory(sys.argv[1]).claim(resume=True) as directory:
    limit = float(sys.argv[2]) or None
    with answered(directory, again="the same with --resume", max_time=limit), Phases(directory)("compiling"):
        print("deaf", flush=True)
        np.linalg.eig(matrix)  # a minute, in which Python hears no signal
"""


def stopped(place, number=None, limit=0.0):
    """Exit code, seconds until the answer, standard error and status of a run that is asked to stop."""
    command = [sys.executable, "-c", DEAF, str(place), str(limit)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, **pipes) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.5)  # until Python is deaf
        began = time.monotonic()
        if number is not None:
            process.send_signal(number)
        error = process.communicate(timeout=60)[1]
        return process.returncode, time.monotonic() - began, error, json.loads((place / "status.json").read_text())


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, Interrupted.exit_code), (None, Interrupted.exit_code)],
)
def test_a_request_while_compiling_is_answered_at_once(tmp_path, number, code):
    found, seconds, error, status = stopped(tmp_path / "run", number, limit=0.0 if number else 0.1)
    assert (found, status["state"], status["exit_code"]) == (code, "stopped", code)
    assert seconds < 10  # two on a quiet machine; without the thread that listens it is the whole minute
    assert error.count("error:") == 1
    assert "while compiling" in error
    assert "the same with --resume" in error
    assert not list((tmp_path / "run").rglob("*.tmp"))


def test_with_a_checkpoint_an_interruption_can_be_resumed(tmp_path):
    checkpoints = tmp_path / "run" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "step").touch()
    (tmp_path / "run" / "status.json").write_text("{}")
    code, _, error, _ = stopped(tmp_path / "run", signal.SIGINT)
    assert code == Interrupted.exit_code
    assert "up to the last checkpoint" in error
