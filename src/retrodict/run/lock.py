"""One run per directory: a lock that the kernel drops when its process dies, however it dies."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from retrodict.base.atomic import storage_error
from retrodict.base.errors import InputError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path`, a file that exists only to be locked. Raises `InputError` naming the holder if there is one."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        _acquire(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(owner()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def check_unlocked(path: Path) -> None:
    """Raise `InputError` naming the holder if somebody holds `path`, which exists; nothing on disk changes."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        _acquire(descriptor, path)
    finally:
        os.close(descriptor)


def owner() -> dict[str, str | int]:
    """Who holds the lock, for the message to another process that wants the same directory."""
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": now()}


def now() -> str:
    """The time in UTC, to the second, in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _acquire(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(
            "the run directory is in use",
            where=str(path.parent),
            got=_describe(os.pread(descriptor, 4096, 0)),
            why="one run per directory",
            fix="wait for it, stop it, or choose another directory",
        ) from error


def _describe(text: bytes) -> str:
    try:
        holder = json.loads(text)
        return f"in use by pid {holder['pid']} on host {holder['host']} since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "in use by another process"
