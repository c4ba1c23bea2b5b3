"""What a report reads from a run directory. Only the result must be there; the other files are optional."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from retrodict.base.errors import InputError
from retrodict.base.files import CONFIG_LIMIT, read_bytes
from retrodict.base.types import JSON

LOG_LIMIT = 64 * 2**20  # bytes of a log that are read


@dataclass(frozen=True)
class RunFiles:
    """The optional files of a run directory; what is absent is empty, what cannot be read is named in `problems`."""

    directory: Path
    manifest: dict[str, JSON] = field(default_factory=dict)  # command, versions, hashes of files
    config: str = ""  # YAML with all defaults filled in
    seconds: float | None = None  # of computing, from the log
    validation: dict[str, JSON] = field(default_factory=dict)  # what `retrodict validate` measured
    problems: tuple[str, ...] = ()


def read_run(directory: Path) -> RunFiles:
    """Read manifest, resolved config, log and validation, as far as they are there."""
    problems: list[str] = []
    return RunFiles(
        directory,
        manifest=_object(directory / "manifest.json", problems),
        config=_text(directory / "config.resolved.yaml", CONFIG_LIMIT, problems),
        seconds=_seconds(_text(directory / "events.jsonl", LOG_LIMIT, problems)),
        validation=_object(directory / "validation.json", problems),
        problems=tuple(problems),
    )


def _text(path: Path, limit: int, problems: list[str]) -> str:
    if not path.is_file():
        return ""
    try:
        return read_bytes(path, limit)[0].decode("utf-8", errors="replace")
    except InputError as error:
        problems.append(f"{path.name}: {error.what}")
        return ""


def _object(path: Path, problems: list[str]) -> dict[str, JSON]:
    text = _text(path, CONFIG_LIMIT, problems)
    try:
        value: JSON = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        problems.append(f"{path.name}: not JSON")
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(log: str) -> float | None:
    """The sum of what each chunk took, over all attempts."""
    total = [_chunk_seconds(line) for line in log.splitlines() if '"chunk"' in line]
    return sum(total) if total else None


def _chunk_seconds(line: str) -> float:
    try:
        return float(json.loads(line).get("seconds", 0.0))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return 0.0
