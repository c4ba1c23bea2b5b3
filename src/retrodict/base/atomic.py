"""Writing a file so that a crash, a full disk or a power cut leaves the old one or the new one, never half of one."""

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path

from retrodict.base.errors import StorageError

_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def _unwatched(point: str) -> None:
    """Nobody looks on."""


def write_bytes(path: str | os.PathLike[str], data: bytes, *, reached: Callable[[str], None] = _unwatched) -> None:
    """Write `data` to `path`: temporary file in the same folder, fsync, rename, fsync of the folder.

    `reached` is told of each point at which a crash would be interesting; tests of crashes plant their kills there.
    Raises `StorageError` when the system refuses; what stood at `path` is then untouched and no temporary file is left.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as stream:
            stream.write(data)
            stream.flush()
            reached("temporary-written")
            os.fsync(stream.fileno())
        reached("before-rename")
        os.replace(temporary, path)
        reached("after-rename")
        sync_folder(path.parent)
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """`write_bytes` of `text` in UTF-8."""
    write_bytes(path, text.encode("utf-8"))


def sync_folder(folder: Path) -> None:
    """Make a rename durable: the folder's own entry reaches the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_error(path: str | os.PathLike[str], error: OSError) -> StorageError:
    """The `StorageError` that says in plain words what the system reported."""
    full = error.errno in _OUT_OF_SPACE
    return StorageError(
        "the disk is full" if full else "a file could not be written",
        where=os.fspath(path),
        got=error.strerror or str(error),
        why="what was there before is intact",
        fix="free some space, then give the same command again, with --resume where it goes on with a run"
        if full
        else "choose a folder that you may write to",
    )
