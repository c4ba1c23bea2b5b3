"""Many gauge configurations at once: each is verified, and all of them are told to belong together or not.

One file is held in memory at a time, and of each only a few numbers are kept: the check of a thousand files needs no
more memory than that of one.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import JSON, PathLike
from retrodict.base.recognition import NO_CLAIM, Claim, FileHead, Strength
from retrodict.lattice.io.files import STREAM, format_of, inspect
from retrodict.lattice.io.formats.refusal import failed

LOOKED_AT: Final = 20  # files of a folder by which it is recognised
SHOWN: Final = 10  # names that a line lists
OUTLYING: Final = 8.0  # standard deviations from the median plaquette, from as many files at least


class Member(NamedTuple):
    """What is kept of one configuration."""

    file: str  # its name
    dimensions: tuple[int, ...]  # X, Y, Z, T
    format: str
    precision: int  # bits of a number
    boundary: str  # in time
    plaquette: float
    checks: dict[str, str]  # outcomes by name
    sha256: str  # of the file


def claim_folder(head: FileHead) -> Claim:
    """How well a folder, or a pattern of files, fits: some of its first files are gauge configurations."""
    if head.form == "folder" and (Path(head.path) / "result.json").exists():
        return NO_CLAIM
    names = _files(head.path)[:LOOKED_AT]
    known = sum(bool(_format(name)) for name in names)
    return Claim(Strength.EXACT, known / len(names), f"{known} gauge configurations") if known else NO_CLAIM


def inspect_folder(path: PathLike) -> dict[str, JSON]:
    """Describe the configurations in a folder as one ensemble, JSON-ready.

    Args:
        path: a folder, or a pattern such as `run/conf.*`.

    Returns:
        As `inspect_files`. Files that are no configurations are `ignored`; those whose names end like configurations,
        and those of other dimensions than most, are among the `failures`.
    """
    files = _files(path)
    known = {file for file in files if _format(file)}
    endings = {_ending(file) for file in known}
    meant = [file for file in files if file in known or _ending(file) in endings]
    others = [os.path.basename(file) for file in files if file not in meant]
    description = _ensemble(meant, os.fspath(path), of_one=True)
    return {**description, **({"ignored": _listed(others)} if others else {})}


def inspect_files(paths: Sequence[PathLike]) -> list[dict[str, JSON]]:
    """Describe several files of configurations: the gauge configurations as one ensemble, each stream by itself.

    Args:
        paths: the files.

    Returns:
        Of an ensemble: `files`, `read`, counts of each `formats`, `dimensions`, `precision`, `boundary`, the mean,
        standard deviation and extremes of the `plaquette`, counts of the outcomes of each check, `numbers` in the names
        of the files, `warnings`, and `failures`, each with its `file` and its `error`.
    """
    streams = [os.fspath(path) for path in paths if _format(path) == STREAM]
    gauge = [os.fspath(path) for path in paths if os.fspath(path) not in streams]
    folders = {os.path.dirname(path) or "." for path in gauge}
    ensembles = [_ensemble(gauge, ", ".join(sorted(folders)), of_one=False)] if gauge else []
    return [*ensembles, *map(inspect, streams)]


def _ensemble(files: Sequence[str], where: str, *, of_one: bool) -> dict[str, JSON]:
    """The description of files; where they should be `of_one` ensemble, those of other dimensions fail."""
    members, failures = [], []
    for file in files:
        try:
            members.append(_member(file))
        except InputError as error:
            failures.append(_failure(file, error))
    sizes = Counter(member.dimensions for member in members).most_common()
    strays = [member for member in members if member.dimensions != sizes[0][0]] if members else []
    if of_one:
        expected = _times(sizes[0][0]) if sizes else ""
        for stray in strays:
            error = failed("dimensions", stray.file, got=_times(stray.dimensions), expected=f"{expected}, as most")
            failures.append(_failure(stray.file, error))
        members = [member for member in members if member not in strays]
        sizes = sizes[:1]
    warnings = [f"{_times(size)}: {count} files" for size, count in sizes] if len(sizes) > 1 else []
    plaquettes = np.array([member.plaquette for member in members])
    numbers = _numbers(files)
    return {
        "kind": "gauge_ensemble",
        "files": len(files),
        "read": len(members),
        "formats": dict(Counter(member.format for member in members)),
        "dimensions": dict(zip("xyzt", sizes[0][0], strict=True)) if len(sizes) == 1 else {},
        "precision": _common(member.precision for member in members),
        "boundary": _common(member.boundary for member in members),
        "plaquette": _statistics(plaquettes, members) if members else {},
        "checks": {name: dict(counts) for name, counts in _outcomes(members).items()},
        **({"numbers": numbers} if numbers else {}),
        "warnings": [*warnings, *_doubles(members), *_outliers(plaquettes, members)],
        "failures": failures,
        "path": where,
    }


def _member(file: str) -> Member:
    found = inspect(file)
    if found["kind"] != "gauge_configuration":
        raise failed("kind", file, got=found["kind"], expected="a gauge configuration")
    numbers = found["format"], found["precision"], found["boundary"], found["plaquette"], found["checks"]
    return Member(file, tuple(found["dimensions"].values()), *numbers, found["sha256"])


def _failure(file: str, error: InputError) -> dict[str, JSON]:
    parts = [error.what, error.got and f"got {error.got}", error.expected and f"expected {error.expected}", error.why]
    return {"file": file, "error": "; ".join(part for part in parts if part)}


def _statistics(plaquettes: np.ndarray, members: Sequence[Member]) -> dict[str, JSON]:
    low, high = int(plaquettes.argmin()), int(plaquettes.argmax())
    spread = float(plaquettes.std(ddof=1)) if len(plaquettes) > 1 else 0.0
    return {
        "mean": float(plaquettes.mean()),
        "sd": spread,
        "min": float(plaquettes[low]),
        "max": float(plaquettes[high]),
        "min_file": os.path.basename(members[low].file),
        "max_file": os.path.basename(members[high].file),
    }


def _outcomes(members: Sequence[Member]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for member in members:
        for name, outcome in member.checks.items():
            counts.setdefault(name, Counter())[outcome] += 1
    return counts


def _doubles(members: Sequence[Member]) -> list[str]:
    """Files with the same bytes: a configuration that counts twice."""
    same: dict[str, list[str]] = {}
    for member in members:
        same.setdefault(member.sha256, []).append(os.path.basename(member.file))
    return [f"the same bytes: {_listed(names)}" for names in same.values() if len(names) > 1]


def _outliers(plaquettes: np.ndarray, members: Sequence[Member]) -> list[str]:
    if len(plaquettes) < OUTLYING:
        return []
    distance = np.abs(plaquettes - np.median(plaquettes))
    spread = 1.4826 * float(np.median(distance))
    far = [member for member, d in zip(members, distance, strict=True) if d > OUTLYING * spread > 0]
    names = [f"{os.path.basename(member.file)} ({member.plaquette:.6g})" for member in far]
    return [f"plaquettes far from the others: {_listed(names)}"] if names else []


def _numbers(files: Sequence[str]) -> str:
    """The last number in the name of each file: their range, their step, and which are missing."""
    found = [re.findall(r"\d+", os.path.basename(file)) for file in files]
    numbers = sorted({int(each[-1]) for each in found if each})
    if len(numbers) < 2 or len(numbers) != len(files) or numbers[-1] >= 2**53:
        return ""
    gaps = np.diff(numbers)
    step = int(Counter(gaps.tolist()).most_common(1)[0][0])
    told = f"{numbers[0]} ... {numbers[-1]}, step {step}"
    if np.any(gaps % step) or gaps.sum() // step > 10 * len(numbers):
        return f"{numbers[0]} ... {numbers[-1]}, irregular"
    there = set(numbers)
    missing = [str(n) for n in range(numbers[0], numbers[-1], step) if n not in there]
    return f"{told}; missing: {_listed(missing)}" if missing else told


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _common(values: Iterable[JSON]) -> JSON:
    """The value that all have, or all values with their counts."""
    counts = Counter(values)
    return next(iter(counts), "") if len(counts) < 2 else {str(value): count for value, count in counts.items()}


def _times(dimensions: Sequence[int]) -> str:
    return " x ".join(map(str, dimensions))


def _files(path: PathLike) -> list[str]:
    """The files in a folder or of a pattern, their numbers in order of size, hidden ones left out."""
    path = Path(path)
    entries = path.iterdir() if path.is_dir() else path.parent.glob(path.name)
    names = [str(entry) for entry in entries if entry.is_file() and not entry.name.startswith(".")]
    return sorted(names, key=_natural)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", os.path.basename(name))]


def _ending(file: str) -> str:
    """What tells files of a kind by their names: the suffix, or the name without numbers where that is a number."""
    suffix = Path(file).suffix
    return suffix if suffix and not suffix[1:].isdigit() else re.sub(r"\d+", "#", os.path.basename(file))


def _format(file: PathLike) -> str:
    try:
        return format_of(FileHead(file))
    except InputError:
        return ""
