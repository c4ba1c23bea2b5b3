"""What every corpus of bad files is put through: no code run, nothing written, one clear error."""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from retrodict.base.errors import InputError
from tests.hostile_files import Bad

FUZZ = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 6)), min_size=1, max_size=8)

FORBIDDEN = ("pickle.find_class", "os.system", "subprocess.Popen", "os.exec", "socket.connect", "ctypes.dlopen")
_guard = {"active": False}


def _audit(event: str, arguments: tuple) -> None:
    if not _guard["active"]:
        return
    if event.startswith(FORBIDDEN):
        raise AssertionError(f"{event}{arguments}: a data file made the reader run code")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise AssertionError(f"a reader opened {arguments[0]} for writing")


sys.addaudithook(_audit)

ROOT = Path(__file__).parents[1]
REFUSE_ALL = """
import importlib, re, sys, time
from pathlib import Path
from retrodict.base.errors import InputError

corpus = importlib.import_module(sys.argv[2])
start = time.process_time()
for i, (name, file, _, read) in enumerate(corpus.HOSTILE):
    try:
        read(Path(sys.argv[1]) / str(i) / file)
    except InputError:
        continue
    raise SystemExit(f"{name} was accepted")
# Not ru_maxrss: that of a child begins at what its parent had in memory.
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(time.process_time() - start, int(peak[1]) / 1024)
"""


@contextmanager
def guarded() -> Iterator[None]:
    """Whatever would unpickle, start a program, open a connection or write a file fails in here."""
    _guard["active"] = True
    try:
        yield
    finally:
        _guard["active"] = False


def fingerprint(folder: Path) -> str:
    """sha256 over names, kinds and contents of everything in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)}|{path.lstat().st_mode}|".encode())
        digest.update(path.read_bytes() if path.is_file() and not path.is_symlink() else b"")
    return digest.hexdigest()


def said(read: Callable[[], object]) -> str | None:
    """What the reader says when it refuses, None when it accepts; anything else that comes out is a failure."""
    with guarded():
        try:
            read()
        except InputError as error:
            return str(error)
    return None


def refuse_hostile_files(corpus: ModuleType, folder: Path) -> None:
    """All of them one after the other in a fresh process; reading what a header claims would take 80 TB."""
    for i, (_, file, write, _) in enumerate(corpus.HOSTILE):
        (folder / str(i)).mkdir()
        write(folder / str(i) / file, folder / "code-ran")
    command = [sys.executable, "-c", REFUSE_ALL, str(folder), corpus.__name__]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < 5.0
    assert megabytes < 1000.0
    assert not (folder / "code-ran").exists()


def refuse_bad_file(case: Bad, folder: Path) -> tuple[Path, str]:
    """The file and the error: a short one, with exit code 2; no code is run, nothing on the disk is changed."""
    path, marker = case.make(folder, folder / "code-ran"), folder / "code-ran"
    before = fingerprint(folder)
    with guarded(), pytest.raises(InputError) as caught:
        case.read(path)
    message = str(caught.value)
    assert caught.value.exit_code == 2
    assert len(message) < 1500
    assert fingerprint(folder) == before
    assert not marker.exists()
    return path, message


def inspect_bad_file(case: Bad, folder: Path, inspect: Callable[[Path], object]) -> tuple[Path, str | None]:
    """The file and the message of `inspect`, None where it is described; nothing on the disk is changed."""
    path = case.make(folder, folder / "code-ran")
    before = fingerprint(folder)
    message = said(lambda: inspect(path))
    assert fingerprint(folder) == before
    return path, message


def damage(good: bytes, edits: list[tuple[float, bytes, int]]) -> bytes:
    """Bytes are replaced, inserted and removed anywhere in a file that was good."""
    data = bytearray(good)
    for place, new, removed in edits:
        start = int(place * len(data))
        data[start : start + removed] = new
    return bytes(data)
