"""Reliability in figures: kills, requests to stop, damaged checkpoints. Exit 1 if a promise is broken.

    python benchmarks/reliability.py [--run toy | importance | nuts] [--kills 10] [--seed 0]

Ten kills at planted points (each of five, at its first and at its ninth visit) and as many at random moments of a
sampling run, a toy or a sampler on the eighteen neutron stars: the resumed run must return the sha256 of the
undisturbed one. 100 flipped bits and 50 truncations of a checkpoint: none may be used in silence. Ten requests to stop:
exit 75, and the same sha256 when resumed.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import jax
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.run import killing
from tests.run.killing import INTERRUPTED, PAUSE, finish, kill_at_point, signal_at_step

from retrodict.base.errors import InputError
from retrodict.run.checkpoint import Checkpoint, load_newest, save
from retrodict.run.directory import RunDirectory
from retrodict.run.faults import POINTS


def some_step(chance: random.Random) -> int:
    """A step at which a chunk of the run ends, not among the last."""
    toy = os.environ["TEST_RUN"] == "toy"
    chunk, steps = (killing.CHUNK, killing.STEPS) if toy else (killing.STARS_CHUNK, killing.STARS_STEPS)
    return chunk * chance.randrange(1, steps // chunk - 3)


def planted_kills(folder: Path, clean: str) -> tuple[int, int]:
    """Of the kills at planted points, how many were survived bit-identically."""
    survived = 0
    for number, (point, visit) in enumerate((point, visit) for point in POINTS for visit in (1, 9)):
        run = folder / f"planted-{number}"
        survived += kill_at_point(run, point, visit) and finish(run) == (0, clean)
    return survived, 2 * len(POINTS)


def random_kills(folder: Path, clean: str, kills: int, chance: random.Random) -> tuple[int, int]:
    """Of the kills at random moments, how many were survived bit-identically."""
    survived = 0
    for number in range(kills):
        run = folder / f"random-{number}"
        step = some_step(chance)
        code, _ = signal_at_step(run, step, signal.SIGKILL, delay=chance.uniform(0.0, 2 * PAUSE))
        survived += code == -signal.SIGKILL and finish(run) == (0, clean)
    return survived, kills


def requests_to_stop(folder: Path, clean: str, chance: random.Random) -> tuple[int, int, float]:
    """Of ten requests, how many were heeded with exit 75 and resumed bit-identically; the slowest, in seconds."""
    heeded, slowest = 0, 0.0
    for number in range(10):
        run = folder / f"stop-{number}"
        which = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)[number % 3]
        code, seconds = signal_at_step(run, some_step(chance), which)
        heeded += code == INTERRUPTED and finish(run) == (0, clean)
        slowest = max(slowest, seconds)
    return heeded, 10, slowest


def damaged_checkpoints(folder: Path, chance: random.Random) -> tuple[int, int]:
    """Of 100 flipped bits and 50 truncations of the only checkpoint, how many were used in silence."""
    numbers = np.random.default_rng(0).normal(size=2000)
    like = jax.eval_shape(lambda: jax.numpy.asarray(numbers))
    used = 0
    with RunDirectory(folder / "damaged").claim() as where, redirect_stderr(StringIO()):
        path = save(where, Checkpoint(numbers, numbers, 1, 0, 0.0, finished=False), "f")
        good = path.read_bytes()
        for number in range(150):
            bad = bytearray(good)
            if number < 100:
                bit = chance.randrange(8 * len(good))
                bad[bit // 8] ^= 1 << (bit % 8)
            else:
                del bad[chance.randrange(len(good)) :]
            path.write_bytes(bad)
            try:
                load_newest(where, "f", like, like)
                used += 1
            except InputError:
                continue
    return used, 150


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", choices=list(killing.RUNS), default="toy", help="what is killed")
    parser.add_argument("--kills", type=int, default=10, help="at random moments")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    os.environ["TEST_RUN"] = asked.run  # for the processes that are killed
    chance, began = random.Random(asked.seed), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        code, clean = finish(folder / "clean")
        planted = planted_kills(folder, clean)
        scattered = random_kills(folder, clean, asked.kills, chance)
        *stopped, slowest = requests_to_stop(folder, clean, chance)
        used, damages = damaged_checkpoints(folder, chance)
    print(f"kills at planted points, same sha256 when resumed  {planted[0]}/{planted[1]}")
    print(f"kills at random moments, same sha256 when resumed  {scattered[0]}/{scattered[1]}")
    print(f"stops with exit {INTERRUPTED}, same sha256 when resumed      {stopped[0]}/{stopped[1]}")
    print(f"slowest of these stops                             {slowest:.1f} s")
    print(f"damaged checkpoints used in silence                {used}/{damages}")
    print(f"seconds                                            {time.monotonic() - began:.0f}")
    kept = code == 0 and planted[0] == planted[1] and scattered[0] == scattered[1] and stopped[0] == stopped[1]
    return 0 if kept and used == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
