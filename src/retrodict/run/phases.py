"""What a run is at before, between and after its steps: shown while it lasts, and logged with its seconds.

Most of a phase may be compilation, which JAX reports of itself; the log says how much.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

from retrodict.run.directory import RunDirectory

COMPILING: Final = "compiling"  # the first word of the phase before the first step
SHORT: Final = 1.0  # seconds below which a phase is not worth a line
_COMPILATION: Final = "/jax/core/compile/backend_compile_duration"


class Phases:
    """Shows and logs the phases of one run.

    Args:
        directory: whose log takes an event `phase` with its name, seconds, CPU seconds and seconds of compilation;
            None: no log.
        wanted: whether to show them on standard error: a line with a clock on a terminal, elsewhere a line for each
            phase that took more than a second.
    """

    def __init__(self, directory: RunDirectory | None = None, *, wanted: bool = False) -> None:
        self._directory, self._wanted = directory, wanted

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        """Within the block the run is at `what`; shown and logged also where the block ends with an error.

        Args:
            what: a participle and its object, `evaluating 2000 draws`.
        """
        compilation, began, cpu, before = _Compilation.listening(), time.monotonic(), time.process_time(), _Now.what
        already, _Now.what = compilation.seconds, what
        try:
            with self._clock(what):
                yield
        finally:
            _Now.what = before
            seconds, compiled = time.monotonic() - began, compilation.seconds - already
            self._note(what, seconds, time.process_time() - cpu, compiled)

    def _clock(self, what: str) -> AbstractContextManager[object]:
        return _clock(what) if self._wanted and sys.stderr.isatty() else nullcontext()

    def _note(self, what: str, seconds: float, cpu: float, compiled: float) -> None:
        if self._wanted and seconds >= SHORT and not sys.stderr.isatty():
            of_it = f", {compiled:.1f} s of them compilation" if compiled > 0.1 else ""
            print(f"{what}: {seconds:.1f} s{of_it}", file=sys.stderr, flush=True)
        if self._directory is not None:
            numbers = {"seconds": seconds, "cpu": cpu, "compilation": compiled}
            self._directory.event("phase", what=what, **{name: round(x, 3) for name, x in numbers.items()})


def present() -> str:
    """The phase that this process is at; empty between phases.

    Example:
        >>> with Phases()("evaluating the draws"):
        ...     print(present())
        evaluating the draws
    """
    return _Now.what


class _Now:
    what: str = ""


class _Compilation(threading.local):
    """Seconds that the compiler has worked for this thread since somebody first asked."""

    seconds: float = 0.0
    _registered: bool = False

    @classmethod
    def listening(cls) -> "_Compilation":
        if not cls._registered:
            cls._registered = True
            from jax import monitoring  # late: whoever refuses a config has no use for JAX

            monitoring.register_event_duration_secs_listener(_count)
        return _COMPILED


_COMPILED: Final = _Compilation()


def _count(event: str, duration_secs: float, **kwargs: str | int) -> None:
    if event == _COMPILATION:
        _COMPILED.seconds += duration_secs


@contextmanager
def _clock(what: str) -> Iterator[None]:
    """A line with the seconds so far, gone at the end."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4, transient=True) as line:
        line.add_task(what, total=None)
        yield
