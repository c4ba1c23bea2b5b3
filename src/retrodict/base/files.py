"""Reading files that strangers wrote: bounded, hashed, decoded strictly, and never able to run code.

Every reader of every domain enters through this door. A file is opened without blocking, must be a regular file, and
is refused by its size before it is read. All failures are `InputError` and name the file. What text, arrays and HDF5
hold is read in `tables`, `arrays` and `hdf5`; `columns.read_columns` chooses among them by content.
"""

import difflib
import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from retrodict.base.errors import InputError, UnknownKind

JSON = Any  # what json.loads returns; `base.types` has it too, but imports JAX
PathLike = str | os.PathLike[str]
FOLDERS = "a folder or a pattern of files will do"
DataPath = str | Annotated[os.PathLike[str], FOLDERS]  # of data that may lie in several files

MEBIBYTE = 2**20
TEXT_LIMIT = 64 * MEBIBYTE
TABLE_LIMIT = 512 * MEBIBYTE  # of a text table, of which only the numbers stay in memory
CONFIG_LIMIT = MEBIBYTE
ARRAY_LIMIT = 256 * MEBIBYTE  # bytes that the numbers of one file may occupy in memory, as float64
CONTAINER_LIMIT = 4096 * MEBIBYTE  # an HDF5 file, of which only the datasets asked for are read

_UTF_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_CONTAINER_FIX = {
    "pickle": "save the numbers as CSV, .npz or HDF5",
    "gzip": "unpack it first: gunzip FILE",
}


@dataclass(frozen=True)
class Source:
    """Where numbers came from: enough to find the very same bytes again."""

    path: str  # as it was given
    sha256: str  # of its bytes
    size: int  # bytes


def read_bytes(path: PathLike, limit: int = TEXT_LIMIT) -> tuple[bytes, Source]:
    """The content of a regular file of at most `limit` bytes, and its provenance. Raises `InputError`."""
    with _opened(path, limit) as stream:
        data = _guarded_read(stream, limit + 1, path)
    if len(data) > limit:
        raise _too_large(path, len(data), limit)
    return data, Source(os.fspath(path), hashlib.sha256(data).hexdigest(), len(data))


def read_head(path: PathLike, count: int = 4096) -> bytes:
    """The first `count` bytes, to see what a file is before deciding how to read it."""
    with _opened(path, CONTAINER_LIMIT) as stream:
        return _guarded_read(stream, count, path)


def hash_file(path: PathLike, limit: int = CONTAINER_LIMIT) -> Source:
    """The provenance of a file too large to hold in memory."""
    digest, size = hashlib.sha256(), 0
    for block in read_blocks(path, MEBIBYTE, limit):
        digest.update(block)
        size += len(block)
    return Source(os.fspath(path), digest.hexdigest(), size)


def read_blocks(path: PathLike, size: int, limit: int = CONTAINER_LIMIT) -> Iterator[bytes]:
    """The content of a regular file of at most `limit` bytes, `size` bytes at a time. Raises `InputError`."""
    with _opened(path, limit) as stream:
        while block := _guarded_read(stream, size, path):
            yield block


def hash_data(path: PathLike) -> str:
    """The sha256 of a file, or of all files of a folder or a pattern, names and contents. Raises `InputError`."""
    place = Path(path)
    if not place.is_dir() and "*" not in place.name:
        return hash_file(path).sha256
    found = place.rglob("*") if place.is_dir() else place.parent.glob(place.name)
    digest = hashlib.sha256()
    for file in sorted(file for file in found if file.is_file()):
        digest.update(f"{file.relative_to(place.parent)}\0{hash_file(file).sha256}\n".encode())
    return digest.hexdigest()


def read_text(path: PathLike, limit: int = TEXT_LIMIT) -> tuple[str, Source]:
    """A UTF-8 text (a byte order mark is dropped), or `InputError` with the line of the first byte that is not."""
    data, source = read_bytes(path, limit)
    return decode(data, path), source


def read_json(path: PathLike, limit: int = TEXT_LIMIT) -> tuple[JSON, Source]:
    """A JSON document. Duplicate keys, nesting too deep for the parser and trailing text are refused."""
    text, source = read_text(path, limit)
    return parse_json(text, path), source


def form_of(head: bytes) -> str:
    """What the first bytes say: npy, zip, hdf5, pickle, gzip, json or text."""
    magic = {b"\x93NUMPY": "npy", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\x89HDF\r\n\x1a\n": "hdf5"}
    for start, form in magic.items():
        if head.startswith(start):
            return form
    if len(head) > 1 and head[0] == 0x80 and head[1] <= 5:
        return "pickle"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    return "json" if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else "text"


def decode(data: bytes, path: PathLike) -> str:
    """Strict UTF-8, with a plain word on whatever else the bytes are."""
    where, form = os.fspath(path), form_of(data[:64])
    if form in _CONTAINER_FIX:
        why = "a pickle can run code when it is opened" if form == "pickle" else ""
        got = f"a {form} file, whatever its name"
        raise InputError("not a text file", where=where, got=got, expected="text", why=why, fix=_CONTAINER_FIX[form])
    for mark, encoding in _UTF_MARKS.items():
        if data.startswith(mark):
            raise _encoding_error(where, encoding)
    if b"\x00" in data:
        where = f"{where}:{_line_at(data, data.index(0))}"
        raise UnknownKind("not a text file", where=where, got="a zero byte", expected="UTF-8 text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        got = f"byte 0x{data[error.start]:02x}"
        where = f"{where}:{_line_at(data, error.start)}"
        fix = "save the file in UTF-8"
        raise UnknownKind("the text is not UTF-8", where=where, got=got, expected="UTF-8", fix=fix) from error


def parse_json(text: str, path: PathLike) -> JSON:
    """The JSON value in `text`; `path` is for the message."""
    where = os.fspath(path)
    try:
        return json.loads(text, object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        where = f"{where}:{error.lineno}, column {error.colno}"
        raise InputError("not valid JSON", where=where, got=error.msg, expected="a JSON document") from error
    except RecursionError as error:
        raise InputError("JSON is nested too deeply", where=where, expected="fewer than 500 levels") from error
    except ValueError as error:
        raise InputError("not valid JSON", where=where, got=str(error)[:200]) from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} appears twice")
    return value


def _opened(path: PathLike, limit: int) -> Any:
    """A binary stream on a regular file of at most `limit` bytes; a pipe or a device never blocks us."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _open_error(path, error) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
        os.close(descriptor)
        if stat.S_ISREG(status.st_mode):
            raise _too_large(path, status.st_size, limit)
        got = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
        raise InputError("not a file", where=_shown(path), got=got, expected="a regular file")
    return os.fdopen(descriptor, "rb", buffering=0)


def _guarded_read(stream: Any, count: int, path: PathLike) -> bytes:
    parts, left = [], count
    try:
        while left > 0 and (block := stream.read(left)):
            parts.append(block)
            left -= len(block)
    except OSError as error:
        raise InputError("the file could not be read", where=_shown(path), got=error.strerror or str(error)) from error
    return b"".join(parts)


def _open_error(path: PathLike, error: OSError | ValueError) -> InputError:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.ENOENT:
        near = _similar(path)
        fix = f"did you mean {near}?" if near else "check the name and the folder"
        return InputError("no such file", where=_shown(path), fix=fix)
    if code in (errno.EACCES, errno.EPERM):
        return InputError("the file may not be read", where=_shown(path), got="permission denied")
    got = error.strerror if isinstance(error, OSError) else str(error)
    return InputError("the file could not be opened", where=_shown(path), got=got or "")


def _similar(path: PathLike) -> str:
    path = Path(path)
    try:
        names = os.listdir(path.parent)
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1)
    return str(path.with_name(near[0])) if near else ""


def _too_large(path: PathLike, size: int, limit: int) -> InputError:
    return InputError(
        "the file is too large",
        where=_shown(path),
        got=f"{size / MEBIBYTE:.0f} MiB or more",
        expected=f"at most {limit / MEBIBYTE:.0f} MiB",
    )


def _encoding_error(where: str, encoding: str) -> InputError:
    fix = f"convert it: iconv -f {encoding} -t UTF-8 FILE > NEW"
    return InputError("the text is not UTF-8", where=where, got=f"a byte order mark of {encoding}", fix=fix)


def _line_at(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def _shown(path: PathLike) -> str:
    return os.fspath(path).replace("\x00", "\\0")


# --- YAML 1.2 ---------------------------------------------------------------------------------------------------------

YAML_DEPTH = 32
YAML_NODES = 20_000


@dataclass(frozen=True)
class YamlDocument:
    """A configuration file: its value, and where in the text each field stands."""

    value: JSON
    positions: dict[tuple[str | int, ...], tuple[int, int]]  # field -> (line, column), both from 1
    source: Source

    def where(self, *field: str | int) -> str:
        """`file:line:column` of a field, or of the nearest parent that the file names."""
        while field and field not in self.positions:
            field = field[:-1]
        line, column = self.positions.get(field, (1, 1))
        return f"{self.source.path}:{line}:{column}"


def read_yaml(path: PathLike, limit: int = CONFIG_LIMIT) -> YamlDocument:
    """A YAML 1.2 document (so `1e-3` is a number, `010` is ten, `no` is a word).

    Refused: tags and directives (they choose constructors and versions), anchors and aliases (a few bytes can expand
    without bound), duplicate keys (the last would win in silence), several documents, dates, nesting over `YAML_DEPTH`.
    """
    text, source = read_text(path, limit)
    value, positions = parse_yaml(text, path)
    return YamlDocument(value, positions, source)


def parse_yaml(text: str, path: PathLike) -> tuple[JSON, dict[tuple[str | int, ...], tuple[int, int]]]:
    """The value of a YAML text and the position of each field; `path` is for the messages."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    where = os.fspath(path)
    try:
        _check_events(YAML(typ="safe", pure=True).parse(text), where)
        node = YAML(typ="safe", pure=True).compose(text)
        value = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        raise InputError("not valid YAML", where=where, got=str(error.problem or error)) from error
    except (YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise InputError("not valid YAML", where=where, got=str(error).strip().split("\n")[0][:200]) from error
    positions = dict(_positions(node, ()))
    _check_plain(value, (), where, positions)
    return value, positions


def _check_events(events: Any, where: str) -> None:
    depth = documents = 0
    for nodes, event in enumerate(events):
        kind = type(event).__name__
        here = f"{where}:{event.start_mark.line + 1}:{event.start_mark.column + 1}"
        depth += kind.endswith(("MappingStartEvent", "SequenceStartEvent"))
        depth -= kind.endswith(("MappingEndEvent", "SequenceEndEvent"))
        documents += kind == "DocumentStartEvent"
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            raise InputError("YAML anchors and aliases are refused", where=here, why="they can expand without bound")
        if getattr(event, "tag", None) or getattr(event, "tags", None) or getattr(event, "version", None):
            raise InputError("YAML tags and directives are refused", where=here, why="a configuration is plain data")
        if depth > YAML_DEPTH or nodes > YAML_NODES or documents > 1:
            expected = f"one document, at most {YAML_DEPTH} levels and {YAML_NODES} values"
            raise InputError("the YAML file is too large", where=here, expected=expected)


def _positions(node: Any, field: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], tuple[int, int]]]:
    if node is None:
        return
    yield field, (node.start_mark.line + 1, node.start_mark.column + 1)
    if type(node).__name__ == "MappingNode":
        for key, value in node.value:
            name = (*field, str(key.value))
            yield from _positions(value, name)
            yield name, (key.start_mark.line + 1, key.start_mark.column + 1)
    elif type(node).__name__ == "SequenceNode":
        for index, value in enumerate(node.value):
            yield from _positions(value, (*field, index))


def _check_plain(value: Any, field: tuple[str | int, ...], where: str, positions: dict) -> None:
    """Only what JSON can say may pass: a date or a set would surprise every reader behind us."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    line, column = positions.get(field, (1, 1))
    here = f"{where}:{line}:{column}"
    if not isinstance(value, dict | list | str | int | float | None):
        got = f"{type(value).__name__} {value}"
        raise InputError("not a number, text, list or mapping", where=here, got=got, fix='put it in quotes: "..."')
    for key, child in children:
        if not isinstance(key, str | int):
            raise InputError("a key must be a word", where=here, got=repr(key)[:80])
        _check_plain(child, (*field, key), where, positions)
