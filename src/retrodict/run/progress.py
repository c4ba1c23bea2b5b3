"""How far a run is: a bar on a terminal, one line a chunk otherwise, nothing where nobody asked."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias

Show: TypeAlias = Callable[[int, Mapping[str, float]], None]  # (steps taken, mean metrics)


@contextmanager
def progress_of(name: str, steps: int, start: int, *, wanted: bool) -> Iterator[Show]:
    """A function that shows on standard error how far a run is.

    Args:
        name: what is shown before the numbers.
        steps: the number of all steps.
        start: the number of steps that were taken before.
        wanted: False for a function that shows nothing.
    """
    if not wanted:
        yield _silent
    elif sys.stderr.isatty():
        with _bar(name, steps, start) as show:
            yield show
    else:
        yield _lines(name, steps, start)


def in_words(metrics: Mapping[str, float]) -> str:
    """`loss 0.12  acceptance 0.81`."""
    return "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())


def _silent(step: int, metrics: Mapping[str, float]) -> None:
    pass


def _lines(name: str, steps: int, start: int) -> Show:
    began = time.monotonic()

    def show(step: int, metrics: Mapping[str, float]) -> None:
        left = (time.monotonic() - began) * (steps - step) / max(step - start, 1)
        about = f"  about {left:.0f} s left" if step > start and left >= 1 else ""
        print(f"{name}: step {step}/{steps}  {in_words(metrics)}".rstrip() + about, file=sys.stderr, flush=True)

    return show


@contextmanager
def _bar(name: str, steps: int, start: int) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        *(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()),
        TextColumn("{task.fields[metrics]}"),
    )
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as bar:
        task = bar.add_task(name, total=steps, completed=start, metrics="")
        yield lambda step, metrics: bar.update(task, completed=step, metrics=in_words(metrics))
