"""The run directory, the unit of science: claimed by one process at a time, never overwritten unasked."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from retrodict.base.atomic import storage_error, write_text
from retrodict.base.errors import INTERRUPTED, InputError, Interrupted, RetrodictError, StorageError
from retrodict.base.types import JSON
from retrodict.run.lock import check_unlocked, locked, now, owner
from retrodict.run.log import append_event

SCHEMA_VERSION: Final = 1
_LOCK: Final = ".lock"
_STATUS: Final = "status.json"
_DEBRIS: Final = ".*.tmp"
# What --force may discard: what runs write. A file that its owner has put beside them stays.
_OURS: Final = (
    *("status.json", "manifest.json", "events.jsonl", "result.*", "report.html", "config.*.yaml", "CITATION.bib"),
    "configurations.bin",
    *("checkpoints", "tasks", "figures", "validation", "validation.json"),
)


class RunDirectory:
    """A run's files. Making this object touches nothing; `claim` does.

    Everything that a run writes lies below `path`; whoever writes there holds the claim.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._claimed = False

    def discards(self, file: Path) -> bool:
        """Whether --force would remove a file that is in this directory.

        Args:
            file: any file.
        """
        file, folder = file.resolve(), self.path.resolve()
        return folder in file.parents and any(Path(file.relative_to(folder).parts[0]).match(name) for name in _OURS)

    @property
    def checkpoints(self) -> Path:
        """The folder of the loop's checkpoints."""
        return self.path / "checkpoints"

    @property
    def tasks(self) -> Path:
        """The folder of the ledger's task results."""
        return self.path / "tasks"

    @property
    def events(self) -> Path:
        """The log, one JSON object a line."""
        return self.path / "events.jsonl"

    @property
    def manifest(self) -> Path:
        """Versions, device layout, seed and hashes."""
        return self.path / "manifest.json"

    def check(self, *, resume: bool = False, force: bool = False) -> None:
        """Raise `InputError` if `claim` with the same arguments would; nothing on disk changes."""
        if (self.path / _LOCK).is_file() and not self._claimed:
            check_unlocked(self.path / _LOCK)
        self._refuse(resume=resume, force=force)

    def _refuse(self, *, resume: bool, force: bool) -> None:
        if resume and force:
            raise InputError("--resume and --force exclude each other", where=str(self.path))
        if not self._occupied():
            return
        if not (self.path.is_dir() and (self.path / _STATUS).is_file()):
            raise _not_a_run(self.path)
        if not (resume or force):
            raise _exists(self.path, self.status().get("state", "unknown"))

    @contextmanager
    def claim(self, *, resume: bool = False, force: bool = False) -> Iterator["RunDirectory"]:
        """Own the directory for the duration of the block; inside a claim, a second one is the same claim.

        A directory that holds a run is refused unless `resume` (keep it) or `force` (discard it) is given; a directory
        that holds anything else is always refused. `status.json` says running, then done, stopped or failed; a resume
        that is refused with an `InputError` leaves it as it was.
        """
        if self._claimed:
            yield self
            return
        self.check(resume=resume, force=force)
        with ExitStack() as stack:
            self._make()
            stack.enter_context(self._owned())
            self._refuse(resume=resume, force=force)  # once more, now that nobody else can write
            if force:
                self._discard()
            self._sweep()
            stack.enter_context(self._reported(resume=resume))
            yield self

    @contextmanager
    def amend(self) -> Iterator["RunDirectory"]:
        """Own the directory of a run to add to what it has made; how the run ended stays as its status says.

        Raises `InputError` if no run is there, or if it is in use.
        """
        if not (self.path / _STATUS).is_file():
            raise InputError("no run is there", where=str(self.path), fix="name the directory of a run")
        self.check(resume=True)
        with self._owned():
            yield self

    @contextmanager
    def _owned(self) -> Iterator[None]:
        with locked(self.path / _LOCK):
            self._claimed = True
            try:
                yield
            finally:
                self._claimed = False

    def status(self) -> dict[str, JSON]:
        """The content of `status.json`; empty if there is none that can be read."""
        return read_json(self.path / _STATUS)

    def update(self, **fields: JSON) -> None:
        """Set fields of `status.json`, atomically."""
        self.write_json(_STATUS, {**self.status(), **fields, "updated": now()})

    def end(self, *, state: str, exit_code: int, **more: JSON) -> None:
        """Say in `status.json` and in the log how the run has ended."""
        self.update(state=state, exit_code=exit_code, **more)
        self.event(state, exit_code=exit_code)

    def _end_on_a_full_disk(self, **end: JSON) -> None:
        """`end`; where there is no space for a new file, the old status is overwritten in its place."""
        try:
            self.end(**end)
        except StorageError as error:
            done = end["state"] == "done"
            said = {"state": "failed", "exit_code": error.exit_code, "error": str(error)} if done else end
            text = json.dumps({**self.status(), **said, "updated": now()})
            with suppress(OSError), open(self.path / _STATUS, "r+b") as stream:
                stream.write(text.encode())
                stream.truncate()
            raise

    def write_json(self, name: str, value: JSON) -> None:
        """Write a JSON file below `path`, atomically."""
        write_text(self.path / name, json.dumps(value, indent=2, allow_nan=False) + "\n")

    def event(self, kind: str, **fields: JSON) -> None:
        """Append to the log."""
        append_event(self.events, kind, **fields)

    def warn(self, text: str) -> None:
        """One line for the person who watches, and the same for the log."""
        print(f"warning: {text}", file=sys.stderr, flush=True)
        self.event("warning", text=text)

    def _occupied(self) -> bool:
        """Whether anything is there that a run killed in its first moment could not have left."""
        if not self.path.is_dir():
            return self.path.exists()
        return any(entry.name != _LOCK and not entry.match(_DEBRIS) for entry in self.path.iterdir())

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(self.path, error) from error

    def _discard(self) -> None:
        for entry in (entry for pattern in _OURS for entry in self.path.glob(pattern)):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _sweep(self) -> None:
        """Remove what a crash left half-written."""
        for entry in (*self.path.glob(_DEBRIS), *self.path.glob(f"*/{_DEBRIS}")):
            entry.unlink(missing_ok=True)

    @contextmanager
    def _reported(self, *, resume: bool) -> Iterator[None]:
        before = self.status() if resume else {}
        fresh = {"schema_version": SCHEMA_VERSION, "state": "running", "exit_code": None, "error": "", **owner()}
        self.write_json(_STATUS, {**before, **fresh, "updated": now()})
        self.event("resumed" if before else "started", **owner())
        end = {"state": "failed", "exit_code": 1, "error": "stopped by an unexpected error"}
        try:
            yield
            end = {"state": "done", "exit_code": 0, "error": ""}
        except RetrodictError as error:
            state = "stopped" if isinstance(error, Interrupted) else "failed"
            end = {"state": state, "exit_code": error.exit_code, "error": str(error)}
            if before and isinstance(error, InputError):
                end = before
            raise
        except KeyboardInterrupt:
            end = {"state": "stopped", "exit_code": INTERRUPTED, "error": "interrupted from the keyboard"}
            raise
        finally:
            self._end_on_a_full_disk(**end)


def read_json(path: Path) -> dict[str, JSON]:
    """A JSON object from a file of our own; empty if there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _not_a_run(path: Path) -> InputError:
    return InputError(
        "this is not a run directory, and it is not empty",
        where=str(path),
        why="nothing of yours is overwritten, --force or not",
        fix="choose a directory that does not exist yet",
    )


def _exists(path: Path, state: str) -> InputError:
    return InputError(
        "the run directory exists",
        where=str(path),
        got=f"a run that is {state}",
        fix="--resume to go on with it, --force to discard it, or choose another directory",
    )
