"""Many independent tasks: in this process, in several, or on a Dask cluster; what is done is never done again.

The ledger is a folder with one sealed file a task. A lost worker or a killed client costs the tasks that it was at; the
next run computes what is missing, and the results do not depend on who computed what.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from retrodict.base.atomic import storage_error, write_text
from retrodict.base.errors import InputError, Interrupted
from retrodict.base.types import JSON
from retrodict.run.cluster import run_on_dask
from retrodict.run.container import DamagedError
from retrodict.run.directory import RunDirectory, read_json
from retrodict.run.manifest import hashes
from retrodict.run.progress import progress_of
from retrodict.run.signals import Requested, stop_requests
from retrodict.run.tasks import (
    SCHEMA_VERSION,
    Arrays,
    Task,
    TaskFunction,
    compute,
    filed,
    name_of_function,
    perform,
    plain,
)
from retrodict.run.workers import run_in_processes

DESCRIPTION: Final = "ledger.json"

Done: TypeAlias = Callable[[int], None]


def run_tasks(
    function: TaskFunction,
    config: JSON,
    count: int,
    *,
    seed: int,
    directory: RunDirectory | None = None,
    inputs: Iterable[str | Path] = (),
    workers: int = 1,
    dask: str = "",
    progress: bool = False,
) -> list[Arrays]:
    """Compute `function(config, fold_in(key(seed), i), i)` for i below `count`; after an interruption, the rest of it.

    With a directory each result is filed in its `tasks/`, and what is filed there is not computed again: `count` may
    grow from run to run.

    Args:
        function: lives at the top of a module and returns named arrays.
        config: a JSON value.
        count: number of tasks.
        seed: of all tasks together.
        directory: the run directory, claimed; None: nothing is filed.
        inputs: files that `config` names: other content makes other tasks.
        workers: number of processes.
        dask: address of a Dask scheduler whose workers see the same file system, or "local" for `workers` processes.
        progress: whether to show how far the tasks are.

    Returns:
        The results in the order of the tasks.

    Raises:
        InputError: if the folder holds the tasks of another function, configuration, input or seed.
        Interrupted: on SIGTERM, SIGINT or SIGUSR1, with all finished tasks filed.
    """
    name = name_of_function(function)
    if directory is None:
        if dask or workers > 1:
            raise InputError("several processes need a run directory", why="they meet in its files", fix="give a path")
        task = Task("", name, plain(config), seed, {})
        return list(_unfiled(task, count, progress=progress))
    task = Task(str(directory.tasks.absolute()), name, plain(config), seed, hashes(inputs))
    _open(directory, task)
    results = dict(_filed(directory, task, count))
    missing = [index for index in range(count) if index not in results]
    if missing:
        with _watched(directory, name, count, len(results), progress=progress) as done:
            _drive(task, missing, workers, dask, done)
        results |= {index: filed(task, index) for index in missing}
    return [results[index] for index in range(count)]


def _drive(task: Task, missing: list[int], workers: int, dask: str, done: Done) -> None:
    if dask:
        run_on_dask(dask, task.to_text(), missing, workers, done)
    elif workers > 1:
        run_in_processes(task.to_text(), missing, min(workers, len(missing)), done)
    else:
        for index in missing:
            done(perform(task.to_text(), index))


def _unfiled(task: Task, count: int, *, progress: bool) -> Iterator[Arrays]:
    with progress_of(task.function.split(":")[1], count, 0, wanted=progress) as show:
        for index in range(count):
            yield compute(task, index)
            show(index + 1, {})


def _open(directory: RunDirectory, task: Task) -> None:
    """Create the folder, or make sure that it is the one of these tasks."""
    try:
        directory.tasks.mkdir(exist_ok=True)
    except OSError as error:
        raise storage_error(directory.tasks, error) from error
    description = directory.tasks / DESCRIPTION
    found = read_json(description)
    if not found:
        fields = {"function": task.function, "config": task.config, "seed": task.seed, "inputs": task.inputs}
        sealed = {"schema_version": SCHEMA_VERSION, **fields, "fingerprint": task.fingerprint}
        write_text(description, json.dumps(sealed, indent=2) + "\n")
    elif found.get("fingerprint") != task.fingerprint:
        raise InputError(
            "the ledger holds other tasks",
            where=str(description),
            got=f"{found.get('function')}, seed {found.get('seed')}",
            expected=f"{task.function}, seed {task.seed}, with the same configuration and inputs",
            fix="go on with the configuration and the files that it was started with, or --force to start again",
        )


def _filed(directory: RunDirectory, task: Task, count: int) -> Iterator[tuple[int, Arrays]]:
    for index in range(count):
        if not task.path(index).exists():
            continue
        try:
            yield index, filed(task, index)
        except DamagedError as error:
            directory.warn(f"computing task {index} again, {task.path(index)}: {error}")


@contextmanager
def _watched(directory: RunDirectory, name: str, count: int, start: int, *, progress: bool) -> Iterator[Done]:
    """A function to call after each task: it shows the progress, writes the log, raises `Interrupted` if asked to."""
    finished = start
    directory.event("tasks", function=name, count=count, missing=count - start)
    with progress_of(name.split(":")[1], count, start, wanted=progress) as show, stop_requests() as requested:

        def done(index: int) -> None:
            nonlocal finished
            finished += 1
            directory.event("task", index=index)
            show(finished, {})
            if requested.by and finished < count:
                raise _interrupted(directory, requested, finished, count)

        yield done


def _interrupted(directory: RunDirectory, requested: Requested, finished: int, count: int) -> Interrupted:
    return Interrupted(
        f"stopped by {requested.by} after {finished} of {count} tasks",
        where=str(directory.tasks),
        fix="run the same command again with --resume",
    )
