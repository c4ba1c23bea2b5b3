"""The one loop that advances every method: compiled in chunks, watched, checkpointed, resumable bit by bit.

The key of a step depends on the seed and the step's index alone, so that a run depends neither on the chunk size nor on
where it was interrupted.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import jax
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError, Interrupted
from retrodict.base.types import Array, PyTree, Shaped
from retrodict.problem.target import AbstractTarget
from retrodict.run.checkpoint import Checkpoint, keep_two, load_newest, save
from retrodict.run.compiled import Compiled
from retrodict.run.directory import RunDirectory
from retrodict.run.faults import reach
from retrodict.run.fingerprint import fingerprint
from retrodict.run.manifest import record_environment
from retrodict.run.method import Method, name_of
from retrodict.run.nonfinite import not_finite
from retrodict.run.phases import COMPILING, Phases
from retrodict.run.progress import progress_of
from retrodict.run.sharding import fetched
from retrodict.run.signals import Requested, stop_requests

CHUNKS: Final = 32  # about how many a run is cut into
CHUNK_SECONDS: Final = 2.0  # the longest that a request to stop waits, unless one step takes longer
FIRST_SECONDS: Final = 10.0  # until the first checkpoint
CHECKPOINT_SECONDS: Final = 30.0  # between two
CHECKPOINT_SHARE: Final = 0.05  # of the time may go into checkpoints

T = TypeVar("T", bound=AbstractTarget)
S = TypeVar("S")
History = PyTree[Shaped[np.ndarray, "step ..."]]


@dataclass(frozen=True)
class Finished(Generic[S]):
    """A run that took all its steps, or was done before."""

    state: S  # the last one
    history: History  # what the steps have kept
    steps: int
    seconds: float  # spent in the loop, all attempts together


def advance(
    target: T,
    method: Method[T, S],
    *,
    seed: int,
    directory: RunDirectory | None = None,
    resume: bool = False,
    progress: bool = False,
    max_time: float | None = None,
    chunk: int | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> Finished[S]:
    """Take the steps of a method on a target.

    The outcome of a run that was interrupted and resumed is bit-identical to that of one that was not.

    Args:
        target: what is sampled or optimised.
        method: the algorithm.
        seed: of all random numbers.
        directory: the run directory; it is claimed (unless the caller holds the claim), logged to and checkpointed.
        resume: continue from the newest valid checkpoint, if there is one.
        progress: whether to show how far the run is.
        max_time: seconds after which the run stops with a checkpoint; None: no limit.
        chunk: the largest number of steps between two looks at the clock.
        checkpoint_seconds: time between two checkpoints, the first one after at most 10 s; one is also written at the
            end and on request.

    Raises:
        Interrupted: if stopped by SIGTERM, SIGINT or SIGUSR1, or after `max_time`.
        NotFiniteError: at the first step that is not finite.
        StorageError: if the disk fails.
        InputError: if the directory is in use, or holds another computation or only damaged checkpoints.
    """
    with ExitStack() as stack:
        if jax.process_count() > 1 and (resume or max_time is not None):
            raise InputError(
                "a run on several processes is neither resumed nor limited in time", got=str(jax.process_count())
            )
        if directory is not None:
            stack.enter_context(directory.claim(resume=resume))
        requested = Requested() if directory is None else stack.enter_context(stop_requests())
        run = _Run(target, method, seed, directory, chunk, checkpoint_seconds, max_time)
        with Phases(directory, wanted=progress)(f"{COMPILING} {name_of(method)}, first step"):
            run.start(resume=resume)
            if directory is not None:
                record_environment(directory, seed=seed, resume=resume)
            metrics = None if run.finished else run.take_chunk()
        show = stack.enter_context(progress_of(name_of(method), method.steps, run.step, wanted=progress))
        while metrics is not None:
            show(run.step, metrics)
            run.save_if_due()
            reach("chunk-boundary")
            run.stop_if_asked(requested)
            metrics = None if run.finished else run.take_chunk()
        return run.end()


class _Run(Generic[T, S]):
    """Where a run stands, and what it does between two compiled chunks."""

    def __init__(
        self,
        target: T,
        method: Method[T, S],
        seed: int,
        directory: RunDirectory | None,
        chunk: int | None,
        checkpoint_seconds: float,
        max_time: float | None,
    ) -> None:
        self.began = time.monotonic()
        self.method, self.seed, self.directory, self.max_time = method, seed, directory, max_time
        # The processes of one run must all take the same steps, whatever their clocks say.
        self.adaptive = chunk is None and jax.process_count() == 1
        self.capacity = max(1, min(method.steps, chunk or -(-method.steps // CHUNKS)))
        self.compiled = Compiled(target, method, jr.key(seed), self.capacity)
        self.fingerprint = "" if directory is None else fingerprint(target, method, seed)
        self.checkpoint_seconds, self.checkpoint_interval = checkpoint_seconds, min(FIRST_SECONDS, checkpoint_seconds)
        self.step, self.seconds, self.pace, self.finished = 0, 0.0, 0.0, False
        self.history: list[History] = []
        self.state: PyTree[Shaped[Array, "..."]] = None

    def start(self, *, resume: bool) -> None:
        """Restore the newest checkpoint, or begin."""
        found = None
        if resume and self.directory is not None:
            like = self.compiled.state_structure, self.compiled.history_structure
            found = load_newest(self.directory, self.fingerprint, *like)
        if found is not None:
            self.state, self.history, self.step = found.state, [found.history], found.step
            self.seconds, self.finished = found.seconds, found.finished
        else:
            self.state = self.compiled.init()
            self.finished = self.method.steps == 0
        self.saved = self.step if found is not None else -1
        self.saved_at = time.monotonic()

    def take_chunk(self) -> dict[str, float]:
        """Advance by one chunk; the mean of each metric over it. Raises `NotFiniteError`."""
        began, cpu, trips = time.monotonic(), time.process_time(), self._trips()
        chunk = self.compiled.advance(self.state, self.step, trips)
        taken = int(chunk.taken)
        if not chunk.finite:
            raise self._not_finite(taken)
        metrics, kept = fetched((chunk.metrics, chunk.kept))
        self.history.append(jax.tree.map(lambda leaf: leaf[:taken].copy(), kept))
        # What spans several processes is gathered here, where all of them are, and not when one of them saves it.
        self.state = chunk.state if jax.process_count() == 1 else fetched(chunk.state)
        self.step += taken
        self.finished = bool(chunk.done) or self.step >= self.method.steps
        elapsed = time.monotonic() - began
        self.seconds, self.pace = self.seconds + elapsed, elapsed / max(taken, 1)
        means = {name: float(np.mean(values[:taken])) for name, values in metrics.items()} if taken else {}
        if self.directory is not None:
            used = {"seconds": round(elapsed, 6), "cpu": round(time.process_time() - cpu, 6)}
            self.directory.event("chunk", step=self.step, metrics=means, **used)
        return means

    def save_if_due(self) -> None:
        """Checkpoint if the last one is long ago; rarely enough that large histories do not slow the run down."""
        if time.monotonic() - self.saved_at >= self.checkpoint_interval:
            self.save()

    def save(self) -> None:
        """Checkpoint, unless this very step has been."""
        if self.directory is None or self.saved == self.step:
            return
        began = time.monotonic()
        place = (self.step, self.seed, self.seconds, self.finished)
        save(self.directory, Checkpoint(self.state, self._all_history(), *place), self.fingerprint)
        keep_two(self.directory)
        self.directory.update(step=self.step, steps=self.method.steps, seconds=round(self.seconds, 3))
        self.saved, self.saved_at = self.step, time.monotonic()
        self.checkpoint_interval = max(self.checkpoint_seconds, (self.saved_at - began) / CHECKPOINT_SHARE)

    def stop_if_asked(self, requested: Requested) -> None:
        """Checkpoint and raise `Interrupted` if a signal or the time limit says so."""
        late = self.max_time is not None and time.monotonic() - self.began >= self.max_time
        if self.finished or not (late or requested.by):
            return
        self.save()
        reason = f"stopped by {requested.by}" if requested.by else f"the {self.max_time:g} s are over"
        saved = self.directory is not None
        raise Interrupted(
            f"{reason} at step {self.step} of {self.method.steps}",
            where=str(self.directory.checkpoints) if self.directory is not None else "",
            why="" if saved else "without a run directory nothing could be saved",
            fix="run the same command again with --resume" if saved else "give a path, so that the run can be resumed",
        )

    def end(self) -> Finished[S]:
        """The last checkpoint, and the outcome."""
        self.save()
        return Finished(self.compiled.whole(self.state), self._all_history(), self.step, self.seconds)

    def _trips(self) -> int:
        """As many steps as fit into `CHUNK_SECONDS`; one at first, to see how long it takes."""
        left = min(self.capacity, self.method.steps - self.step)
        if not self.adaptive:
            return left
        seconds = CHUNK_SECONDS
        if self.max_time is not None:
            seconds = min(seconds, self.max_time - (time.monotonic() - self.began))
        fitting = int(seconds / self.pace) if self.pace else 1
        return max(1, min(left, fitting))

    def _all_history(self) -> History:
        if not self.history:
            return jax.tree.map(lambda leaf: np.zeros((0, *leaf.shape), leaf.dtype), self.compiled.history_structure)
        if len(self.history) > 1:
            self.history = [jax.tree.map(lambda *parts: np.concatenate(parts), *self.history)]
        return self.history[0]

    def _not_finite(self, taken: int) -> Exception:
        """The same chunk once more, but one step less: the parameters at which the trouble arose."""
        bad = self.step + taken - 1
        before = self.compiled.advance(self.state, self.step, taken - 1).state if taken > 1 else self.state
        after = self.compiled.advance(self.state, self.step, taken)
        values = {name: float(entries[taken - 1]) for name, entries in after.metrics.items()}
        if self.directory is not None:
            self.directory.event("not-finite", step=bad, metrics=values)
        return not_finite(name_of(self.method), bad, values, before, after.state)
