"""A run to kill: a process of its own, and a digest of all that it returns. For tests and a benchmark."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np

ROOT = Path(__file__).parents[1]
CHUNK, STEPS = 25, 500
PAUSE = 0.06  # seconds a chunk, so that a signal at a random moment finds the run at work
INTERRUPTED = 75


def main(folder: str) -> int:
    """Run, or resume, the toy; print the digest of the outcome."""
    from retrodict.base.errors import RetrodictError
    from retrodict.run import loop
    from retrodict.run.directory import RunDirectory
    from tests.toys import Banana, RandomWalk

    reach = loop.reach

    def dawdle(point: str) -> None:
        time.sleep(float(os.environ.get("TEST_PAUSE", "0")))
        reach(point)

    loop.reach, loop.CHECKPOINT_SHARE = dawdle, float("inf")  # a checkpoint a chunk
    try:
        where = RunDirectory(folder)
        settings = {"seed": 11, "resume": True, "chunk": CHUNK, "checkpoint_seconds": 0.0, "progress": True}
        outcome = loop.advance(Banana(jax.numpy.asarray(0.7)), RandomWalk(steps=STEPS), directory=where, **settings)
    except RetrodictError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(digest(outcome))
    return 0


def digest(outcome) -> str:
    """sha256 of the whole history and the last position."""
    arrays = [*jax.tree.leaves(outcome.history), outcome.state.position, jax.random.key_data(outcome.state.own_key)]
    return hashlib.sha256(b"".join(np.asarray(array).tobytes() for array in arrays)).hexdigest()


def launch(folder: Path, **environment: str) -> subprocess.Popen:
    """Start the run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.killing", str(folder)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(folder: Path, **environment: str) -> tuple[int, str]:
    """Run it to its end: the exit code, and the digest if there is one."""
    process = launch(folder, **environment)
    output, _ = process.communicate(timeout=120)
    return process.returncode, output.strip()


def kill_at_point(folder: Path, point: str, visit: int) -> bool:
    """Run with a planted fault; whether it died of it."""
    return finish(folder, RETRODICT_FAULT=f"{point}:{visit}")[0] == -signal.SIGKILL


def signal_at_step(folder: Path, step: int, number: signal.Signals, delay: float = 0.0) -> tuple[int, float]:
    """Send a signal when the run reports `step`; its exit code, and the seconds it took to heed."""
    process = launch(folder, TEST_PAUSE=str(PAUSE))
    assert process.stderr is not None
    for line in process.stderr:
        if f"step {step}/" in line:
            break
    time.sleep(delay)
    sent = time.monotonic()
    process.send_signal(number)
    process.communicate(timeout=120)
    return process.returncode, time.monotonic() - sent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
