"""Tasks on a Dask cluster (extra `[dask]`): only names, JSON and indices travel; results meet in the file system."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

from retrodict.base.errors import InputError, RetrodictError
from retrodict.run.tasks import perform

LOCAL: Final = "local"
CONNECT_SECONDS: Final = 30


def run_on_dask(scheduler: str, text: str, missing: list[int], workers: int, done: Callable[[int], None]) -> None:
    """Perform the tasks `missing` of the description `text`; `done` is called after each, in the order of completion.

    `scheduler` is an address like `tcp://10.0.0.1:8786`, or "local" for `workers` processes on this machine. Dask
    gives the task of a lost worker to another one. Raises `InputError` without Dask or its scheduler, `RetrodictError`
    if a task loses every worker that it is given to, and whatever a task raises.
    """
    distributed = _distributed()
    with ExitStack() as stack:
        client = stack.enter_context(_client(distributed, scheduler, workers, stack))
        futures = client.map(perform, [text] * len(missing), missing, pure=False)
        stack.callback(client.cancel, futures)
        for future in distributed.as_completed(futures):
            try:
                done(future.result())
            except distributed.KilledWorker as error:
                fix = "fewer or larger workers: most likely they are out of memory"
                raise RetrodictError("a task has seen all its workers killed", got=str(error), fix=fix) from error


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise InputError("Dask is not installed", fix="pip install 'retrodict[dask]'") from error
    return distributed


def _client(distributed: Any, scheduler: str, workers: int, stack: ExitStack) -> Any:
    if scheduler == LOCAL:
        options = {"threads_per_worker": 1, "processes": True, "dashboard_address": None}
        return distributed.Client(stack.enter_context(distributed.LocalCluster(n_workers=workers, **options)))
    try:
        return distributed.Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        fix = "start one with: dask scheduler"
        raise InputError("no Dask scheduler answers", where=scheduler, got=str(error), fix=fix) from error
