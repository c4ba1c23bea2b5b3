"""Tasks in processes of this machine. A process that is killed is replaced and its task given to another.

The workers are fresh interpreters spoken to in lines of JSON: nothing is forked (JAX has threads) and nothing pickled.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Callable
from contextlib import ExitStack
from typing import IO, Final

from retrodict.base import errors
from retrodict.base.errors import RetrodictError
from retrodict.run.tasks import perform

DEATHS: Final = 3  # of workers at one task, until the task is to blame
_TAIL: Final = 2000  # characters of a crashed worker's last words


class _Worker:
    """A child process, and the task that it is at."""

    def __init__(self, text: str) -> None:
        self.words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `close`)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "retrodict.run.workers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.words,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            text=True,
        )
        self.index = -1
        self._say(text)

    def start(self, index: int) -> None:
        self.index = index
        self._say(str(index))

    def answer(self) -> str:
        """The next line, or nothing if the process has died."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def close(self) -> None:
        """Kill it, if need be: files are written atomically, so that nothing can be torn."""
        self.process.kill()
        self.process.communicate()
        self.words.close()

    def last_words(self) -> str:
        self.words.seek(0)
        return self.words.read().decode(errors="replace")[-_TAIL:]

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        try:
            print(line, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            return  # it has died; its answer, an end of file, will say so


def run_in_processes(text: str, missing: list[int], workers: int, done: Callable[[int], None]) -> None:
    """Perform the tasks `missing` of the description `text`; `done` is called after each.

    Raises what a task raised if it is one of our errors, `RuntimeError` with the traceback if it is not, and
    `RetrodictError` if a task has seen `DEATHS` workers killed.
    """
    waiting, deaths = deque(missing), Counter[int]()
    with ExitStack() as stack, selectors.DefaultSelector() as selector:

        def hire() -> None:
            worker = _Worker(text)
            stack.callback(worker.close)
            selector.register(worker.process.stdout, selectors.EVENT_READ, worker)  # type: ignore[arg-type]
            worker.start(waiting.popleft())

        for _ in range(workers):
            hire()
        while selector.get_map():
            for key, _ in selector.select():
                worker: _Worker = key.data
                if line := worker.answer():
                    done(_index_of(line))
                    if waiting:
                        worker.start(waiting.popleft())
                        continue
                else:
                    deaths[worker.index] += 1
                    _investigate(worker, deaths[worker.index])
                    waiting.appendleft(worker.index)
                selector.unregister(key.fileobj)
                if not line:
                    hire()


def _index_of(line: str) -> int:
    answer = json.loads(line)
    if "error" in answer:
        raise getattr(errors, answer["error"])(answer["text"])
    return answer["index"]


def _investigate(worker: _Worker, deaths: int) -> None:
    """A worker that was killed is forgiven; one that crashed is not, and neither is a task that kills them all."""
    code = worker.process.wait()
    if code >= 0:
        raise RuntimeError(f"task {worker.index} failed:\n{worker.last_words()}")
    if deaths >= DEATHS:
        raise RetrodictError(
            f"task {worker.index} has seen {deaths} workers killed",
            got=signal.Signals(-code).name,
            why="most likely the machine is out of memory",
            fix="fewer workers",
        )


def _serve() -> None:
    """A worker's life: a description, then one index a line, answered one by one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the parent, which ends us by closing our input
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a task prints must not be mistaken for an answer
    text = sys.stdin.readline()
    for line in sys.stdin:
        try:
            answer = {"index": perform(text, int(line))}
        except RetrodictError as error:
            answer = {"error": type(error).__name__, "text": str(error)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
