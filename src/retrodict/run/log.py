"""`events.jsonl`: one JSON object a line, appended as things happen, readable after any crash."""

import json
import math
import os
from pathlib import Path

from retrodict.base.atomic import storage_error
from retrodict.base.types import JSON
from retrodict.run.faults import reach
from retrodict.run.lock import now


def append_event(path: Path, kind: str, **fields: JSON) -> None:
    """Append `{"time": ..., "event": kind, **fields}`. Numbers that are not finite become null, as JSON demands."""
    line = json.dumps({"time": now(), "event": kind, **{name: _plain(value) for name, value in fields.items()}}) + "\n"
    try:
        with open(path, "ab") as stream:
            half = len(line) // 2
            stream.write(_after_torn_line(path) + line[:half].encode())
            stream.flush()
            reach("mid-append")
            stream.write(line[half:].encode())
    except OSError as error:
        raise storage_error(path, error) from error


def read_events(path: Path) -> list[JSON]:
    """All whole lines; one that a crash cut short is skipped."""
    events = []
    for line in path.read_bytes().splitlines():
        try:
            events.append(json.loads(line))
        except ValueError:
            continue
    return events


def _after_torn_line(path: Path) -> bytes:
    """A newline if the last line lacks its own, because a crash cut it short."""
    size = os.path.getsize(path)
    if size == 0:
        return b""
    with open(path, "rb") as stream:
        stream.seek(size - 1)
        return b"" if stream.read(1) == b"\n" else b"\n"


def _plain(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
