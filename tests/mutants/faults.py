"""Planted faults: how each is read, planted in a copy of the package, and hunted by the test that must find it.

The list is `faults.toml`, one entry a fault: `file` below src/retrodict, `old` (part of one line, found exactly once,
or at the named `occurrence`, counted from 1), `new`, the `tests` that must fail, and `why` it matters.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "retrodict"
LIST = Path(__file__).with_name("faults.toml")
TEST_FAILED = 1  # pytest's exit status; others say that nothing was tested
LONGEST = 600  # seconds of one killing test


class Fault(NamedTuple):
    """A one-line edit of the package, and who must notice.

    Args:
        file: below src/retrodict.
        old: the text that is replaced, part of one line.
        new: what stands there instead.
        tests: identifiers of tests, at least one of which must fail.
        why: what would be wrong in print.
        occurrence: which of several places, from 1; 0 if `old` must be there only once.
        quick: whether it belongs to the sample that the continuous integration plants.
    """

    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    why: str
    occurrence: int = 0
    quick: bool = False

    @property
    def name(self) -> str:
        """A short description: the file and what is replaced."""
        return f"{self.file}: {' '.join(self.old.split())} -> {' '.join(self.new.split())}"


class CannotBePlanted(Exception):
    """The line of a fault is gone, or is not the only one."""


def read(path: Path = LIST) -> tuple[Fault, ...]:
    """The faults of a list.

    Args:
        path: of the list.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["fault"]
    return tuple(Fault(**(entry | {"tests": tuple(entry["tests"])})) for entry in entries)


def planted(fault: Fault, text: str) -> str:
    """The text of the file with the fault.

    Args:
        fault: to be planted.
        text: of the file.

    Raises:
        CannotBePlanted: if `old` is not there as often as the entry says.
    """
    places = [match.start() for match in re.finditer(re.escape(fault.old), text)]
    if "\n" in fault.old or fault.old == fault.new:
        raise CannotBePlanted(f"{fault.name}: not a change of one line")
    if fault.occurrence == 0 and len(places) != 1:
        raise CannotBePlanted(f"{fault.name}: found {len(places)} times, not once")
    if fault.occurrence > len(places):
        raise CannotBePlanted(f"{fault.name}: found {len(places)} times only")
    place = places[max(fault.occurrence, 1) - 1]
    return text[:place] + fault.new + text[place + len(fault.old) :]


def copied(folder: Path) -> Path:
    """A copy of the package in which faults are planted.

    Args:
        folder: in which it is made.
    """
    shutil.copytree(PACKAGE, folder / "retrodict", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def killed(fault: Fault, source: Path) -> tuple[bool, str]:
    """Whether the tests of a fault fail with it, and what they printed last.

    Args:
        fault: to be planted in the copy, and taken out again.
        source: the folder with the copy.
    """
    path = source / "retrodict" / fault.file
    sound = path.read_text(encoding="utf-8")
    path.write_text(planted(fault, sound), encoding="utf-8")
    try:
        found = run_tests(fault.tests, source, "-x")
    finally:
        path.write_text(sound, encoding="utf-8")
    return found.returncode == TEST_FAILED, found.stdout[-2000:] + found.stderr[-500:]


def run_tests(tests: Iterable[str], source: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run tests with the package of `source`.

    Args:
        tests: their identifiers.
        source: the folder with the package.
        options: of pytest.
    """
    path = os.pathsep.join([str(source), str(ROOT)])
    # The file may change twice within one second, which compiled Python would not notice.
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", ""]
    return subprocess.run(
        [*command, *options, *tests], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST
    )
