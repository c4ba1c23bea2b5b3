"""Requests to stop, answered within two seconds also while the program compiles.

Python hands a signal to the main thread, which hears nothing before the compiler returns. So a thread listens, too: if
the main thread has not answered after `PATIENCE`, and is at a phase of computing, it ends the process. Steps up to
the last checkpoint are kept, and nothing is half-written.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

from retrodict.base.errors import INTERRUPTED, Interrupted
from retrodict.cli.environment import Program
from retrodict.run.directory import RunDirectory
from retrodict.run.phases import COMPILING, present
from retrodict.run.signals import STOPPING, handled_by

PATIENCE: Final = 1.0  # seconds
_SHOW_CURSOR: Final = "\x1b[?25h"  # a line with a clock had hidden it


@contextmanager
def answered(directory: RunDirectory, *, again: str, max_time: float | None) -> Iterator[None]:
    """Within the block SIGTERM, SIGINT and SIGUSR1 stop the run, whatever it is computing.

    Args:
        directory: of the run, claimed.
        again: the command that goes on.
        max_time: seconds from now after which the steps are not even compiled to their end; None: no limit. (Between
            steps the loop looks at the clock. What follows the last step has no limit: it is the result.)

    Raises:
        Interrupted: if asked to stop between two phases and there is something to go on from, or the signal is not
            SIGINT.
        KeyboardInterrupt: on SIGINT before the first checkpoint.
    """
    if not Program.ours or threading.current_thread() is not threading.main_thread():
        yield
        return

    def answer(number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if _code(directory, name) == INTERRUPTED:
            raise KeyboardInterrupt
        raise _interrupted(directory, f"stopped by {name}", again)

    deadline = None if max_time is None else time.monotonic() + max_time
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(reader, deadline, directory, again), daemon=True)
    watch.start()
    try:
        with handled_by(answer):
            yield
    finally:
        signal.set_wakeup_fd(wakeup)
        os.close(writer)
        watch.join()
        os.close(reader)


def _watch(reader: int, deadline: float | None, directory: RunDirectory, again: str) -> None:
    """Until the writing end is closed: wait for a signal or the deadline, then for the main thread to answer."""
    name, asked = "", float("inf")
    while True:
        if select.select([reader], [], [], 0.2)[0]:
            signalled = os.read(reader, 1)
            if not signalled:
                return
            if not name and signalled[0] in STOPPING:
                name, asked = signal.Signals(signalled[0]).name, time.monotonic()
        late = deadline if deadline is not None and present().startswith(COMPILING) else float("inf")
        if time.monotonic() - min(asked, late) > PATIENCE and present():
            _leave(directory, name, again)


def _leave(directory: RunDirectory, name: str, again: str) -> NoReturn:
    """End the process: one message, and a status that says how it ended."""
    code = _code(directory, name)
    reason = f"stopped by {name}" if name else "the time is over"
    error = _interrupted(directory, f"{reason} while {present()}", again)
    try:
        directory.end(state="stopped", exit_code=code, error=str(error))
    finally:
        print(f"{_SHOW_CURSOR if sys.stderr.isatty() else ''}error: {error}", file=sys.stderr, flush=True)
        os._exit(code)


def _code(directory: RunDirectory, name: str) -> int:
    """75, go on with --resume; 130 as of any program where SIGINT came before there was anything to go on from."""
    return INTERRUPTED if name == "SIGINT" and not _kept(directory) else Interrupted.exit_code


def _interrupted(directory: RunDirectory, what: str, again: str) -> Interrupted:
    kept = "the steps up to the last checkpoint are kept" if _kept(directory) else "there was no checkpoint yet"
    return Interrupted(what, where=str(directory.path), why=kept, fix=again)


def _kept(directory: RunDirectory) -> bool:
    return directory.checkpoints.is_dir() and any(directory.checkpoints.iterdir())
