"""Requests to stop, noticed between two chunks."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

STOPPING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


class Requested:
    """What asked to stop: the name of a signal, or nothing yet."""

    by: str = ""  # empty: nothing asked to stop


@contextmanager
def stop_requests() -> Iterator[Requested]:
    """Within the block, SIGTERM, SIGINT and SIGUSR1 are noted instead of killing; a second one interrupts at once.

    Outside the main thread, where Python cannot receive signals, nothing is changed.
    """
    requested = Requested()

    def note(number: int, frame: FrameType | None) -> None:
        if requested.by:
            raise KeyboardInterrupt
        requested.by = signal.Signals(number).name

    if threading.current_thread() is not threading.main_thread():
        yield requested
        return
    with handled_by(note):
        yield requested


@contextmanager
def handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Within the block, which runs in the main thread, `handler` answers all that asks a run to stop."""
    before = {number: signal.signal(number, handler) for number in STOPPING}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
