"""One independent task: a function named by its module, a JSON value, an index. It travels as text, never as code.

Its key is `fold_in(key(seed), index)`, its result one sealed file: who computes it, where and when, does not matter.
"""

import importlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TypeAlias

import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import JSON, Key, Shaped
from retrodict.run.container import DamagedError, read, write
from retrodict.run.fingerprint import fingerprint

SCHEMA_VERSION: Final = 1

Arrays: TypeAlias = dict[str, Shaped[np.ndarray, "..."]]
TaskFunction: TypeAlias = Callable[[JSON, Key, int], Arrays]


@dataclass(frozen=True)
class Task:
    """What all tasks of a ledger have in common."""

    folder: str  # where the results go: a path that every worker can write to
    function: str  # "package.module:name"
    config: JSON  # argument of the function
    seed: int  # task i has the key fold_in(key(seed), i)
    inputs: dict[str, str]  # sha256 by path, of the files that `config` names

    @property
    def fingerprint(self) -> str:
        """Of all but the folder."""
        return fingerprint(self.function, json.dumps(self.config, sort_keys=True), self.seed, self.inputs)

    def path(self, index: int) -> Path:
        """The result file of task `index`."""
        return Path(self.folder) / f"{index:05d}.npz"

    def to_text(self) -> str:
        """The description as JSON."""
        return json.dumps(asdict(self))


def name_of_function(function: TaskFunction) -> str:
    """`package.module:name`. Raises `InputError` if a worker could not import it under that name."""
    module, name = function.__module__, function.__qualname__
    if module == "__main__" or "." in name or "<" in name:
        why = "other processes import it by its name"
        raise InputError("a task must be a module-level function", got=f"{module}:{name}", why=why)
    return f"{module}:{name}"


def compute(task: Task, index: int) -> Arrays:
    """The result of task `index`; nothing is written."""
    module, name = task.function.split(":")
    function = getattr(importlib.import_module(module), name)
    result = function(task.config, jr.fold_in(jr.key(task.seed), index), index)
    return {name: np.asarray(array) for name, array in result.items()}


def perform(text: str, index: int) -> int:
    """Compute a task described by `Task.to_text` and file its result. This is what crosses to a worker."""
    task = Task(**json.loads(text))
    meta = {"schema_version": SCHEMA_VERSION, "fingerprint": task.fingerprint, "index": index}
    write(task.path(index), compute(task, index), meta)
    return index


def filed(task: Task, index: int) -> Arrays:
    """The filed result of task `index`. Raises `DamagedError` unless it is whole and belongs to this very task."""
    arrays, meta = read(task.path(index))
    if (meta.get("fingerprint"), meta.get("index")) != (task.fingerprint, index):
        raise DamagedError("it is the result of another task")
    return arrays


def plain(value: JSON) -> JSON:
    """`value` as JSON gives it back: tuples become lists. Raises `InputError` for what JSON cannot say."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InputError("a task's configuration must be JSON", got=str(error)) from error
