"""A run to kill: a process of its own, and a digest of all that it returns. For tests and a benchmark.

`TEST_RUN` chooses it: the toy, which takes a second, or a sampler on the eighteen neutron stars.
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

ROOT = Path(__file__).parents[2]
CHUNK, STEPS = 25, 500  # of the toy
STARS_CHUNK, STARS_STEPS = 2, 40
PAUSE = 0.06  # seconds a chunk, so that a signal at a random moment finds the run at work
INTERRUPTED = 75
PATIENCE = 300  # seconds


class Computation(NamedTuple):
    """What is run, and how finely it is cut."""

    target: Any
    method: Any
    chunk: int


def toy() -> Computation:
    """A random walk in a bent valley."""
    from tests.toys import Banana, RandomWalk

    return Computation(Banana(jax.numpy.asarray(0.7)), RandomWalk(steps=STEPS), CHUNK)


def importance() -> Computation:
    """A bank of equations of state, weighted by the eighteen stars."""
    from retrodict.inference.importance import Importance

    return Computation(_stars(), Importance(draws=25 * STARS_STEPS, batch=25), STARS_CHUNK)


def nuts() -> Computation:
    """The No-U-Turn sampler on the same, with short trees and few draws: it takes most of a minute to compile."""
    from retrodict.inference.nuts import NUTS

    method = NUTS(chains=2, warmup=16, draws=STARS_STEPS - 16, max_tree_depth=3)
    return Computation(_stars(), method, STARS_CHUNK)


def _stars() -> Any:
    from retrodict.neutron_star.ansatz import CoreGrid, GaussianProcessSoundSpeed
    from retrodict.neutron_star.problems import problem

    return problem(ansatz=GaussianProcessSoundSpeed(CoreGrid(intervals=32)))


RUNS = {"toy": toy, "importance": importance, "nuts": nuts}


def main(folder: str) -> int:
    """Run, or resume; print the digest of the outcome."""
    from retrodict.base.errors import RetrodictError
    from retrodict.run import loop
    from retrodict.run.directory import RunDirectory

    reach = loop.reach

    def dawdle(point: str) -> None:
        time.sleep(float(os.environ.get("TEST_PAUSE", "0")))
        reach(point)

    loop.reach, loop.CHECKPOINT_SHARE = dawdle, float("inf")  # a checkpoint a chunk
    run = RUNS[os.environ.get("TEST_RUN", "toy")]()
    try:
        where = RunDirectory(folder)
        settings = {"seed": 11, "resume": True, "chunk": run.chunk, "checkpoint_seconds": 0.0, "progress": True}
        outcome = loop.advance(run.target, run.method, directory=where, **settings)
    except RetrodictError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(digest(outcome))
    return 0


def digest(outcome) -> str:
    """sha256 of the whole history and the last state."""
    leaves = filter(eqx.is_array, jax.tree.leaves((outcome.history, outcome.state)))
    plain = (jax.random.key_data(x) if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key) else x for x in leaves)
    return hashlib.sha256(b"".join(np.asarray(x).tobytes() for x in plain)).hexdigest()


def launch(folder: Path, **environment: str) -> subprocess.Popen:
    """Start the run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.run.killing", str(folder)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(folder: Path, **environment: str) -> tuple[int, str]:
    """Run it to its end: the exit code, and the digest if there is one."""
    process = launch(folder, **environment)
    output, _ = process.communicate(timeout=PATIENCE)
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
    process.communicate(timeout=PATIENCE)
    return process.returncode, time.monotonic() - sent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
