"""NumPy files without NumPy's trust: headers are parsed by a strict pattern and sizes checked before memory is taken.

`numpy.load` would allocate whatever a header claims, and unpickle objects if allowed to. Here only plain numbers pass.
"""

import io
import math
import os
import re
import zipfile
import zlib
from typing import NamedTuple

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import ARRAY_LIMIT, MEBIBYTE, PathLike, Source, form_of, read_bytes

MAX_MEMBERS = 1000

_HEADER = re.compile(
    r"\{\s*'descr':\s*(?P<descr>'[^']*'|\[.*\])\s*,\s*'fortran_order':\s*(?P<fortran>True|False)\s*,"
    r"\s*'shape':\s*\((?P<shape>[\d\s,L]*)\)\s*,?\s*\}\s*",
    re.ASCII,
)
_PLAIN = re.compile(r"'[<>|=](?:f[248]|[iu][1248]|b1)'", re.ASCII)


class NotNumbers(InputError):
    """An array of words, objects or records."""


def read_npy(path: PathLike) -> tuple[np.ndarray, Source]:
    """The float64 array of an `.npy` file, whatever its byte order."""
    data, source = read_bytes(path, ARRAY_LIMIT)
    return parse_npy(data, os.fspath(path)), source


class Npz(NamedTuple):
    """What an `.npz` file holds."""

    arrays: dict[str, np.ndarray]  # float64, by name
    source: Source  # the file
    left: tuple[str, ...]  # names of members that hold no numbers: words or objects, which are never opened


def read_npz(path: PathLike) -> Npz:
    """The float64 arrays of an `.npz` file, by name; members that hold no numbers are left out, and named.

    Archives that unpack to more than `ARRAY_LIMIT` are refused, and those without a single array of numbers.
    """
    data, source = read_bytes(path, ARRAY_LIMIT)
    where = os.fspath(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_members(members, where)
            arrays, left, others = {}, ARRAY_LIMIT, {}
            for info in members:
                try:
                    arrays[_member_name(info)] = array = _read_member(archive, info, where, left)
                except NotNumbers as error:
                    others[_member_name(info)] = error
                else:
                    left -= array.nbytes
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        got = str(error)[:200]
        raise InputError("the archive is damaged", where=where, got=got, expected="an .npz file") from error
    if not arrays:
        raise next(iter(others.values()))
    return Npz(arrays, source, tuple(others))


def npz_names(path: PathLike) -> list[str]:
    """The names of the arrays of an `.npz` file, from its directory alone. Raises `InputError` for a damaged one."""
    data, _ = read_bytes(path, ARRAY_LIMIT)
    where = os.fspath(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [_member_name(info) for info in archive.infolist()[:MAX_MEMBERS]]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(
            "the archive is damaged", where=where, got=str(error)[:200], expected="an .npz file"
        ) from error


def parse_npy(data: bytes, where: str, limit: int = ARRAY_LIMIT) -> np.ndarray:
    """The array in the bytes of an `.npy` file, of at most `limit` bytes; `where` is for the messages."""
    descr, fortran, shape, start = _parse_header(data, where)
    dtype, claimed = np.dtype(descr), math.prod(shape) * np.dtype(descr).itemsize
    present = len(data) - start
    if claimed != present or len(shape) > 8:
        what = "the array is not as long as its header says"
        why = "the file is damaged, cut short or made to exhaust memory"
        got, expected = f"{present} bytes of numbers", f"{claimed:.3g} bytes for the shape {shape}"[:200]
        raise InputError(what, where=where, got=got, expected=expected, why=why)
    if 8 * math.prod(shape) > limit:
        got, expected = f"the shape {shape}", f"at most {limit // 8} numbers"
        raise InputError("the array is too large", where=where, got=got, expected=expected)
    values = np.frombuffer(data, dtype=dtype, offset=start).reshape(shape, order="F" if fortran else "C")
    with np.errstate(all="ignore"):  # a signalling NaN would warn here; it is refused where the column is used
        return values.astype(np.float64)


def _parse_header(data: bytes, where: str) -> tuple[str, bool, tuple[int, ...], int]:
    if form_of(data) != "npy" or len(data) < 12:
        got = f"a {form_of(data)} file" if data else "an empty file"
        why = "a pickle can run code when it is opened" if form_of(data) == "pickle" else ""
        raise InputError("not a NumPy array", where=where, got=got, expected="an .npy array of numbers", why=why)
    width = 2 if data[6] == 1 else 4
    length = int.from_bytes(data[8 : 8 + width], "little")
    start = 8 + width + length
    header = data[8 + width : start].decode("latin-1") if length <= 10_000 else ""
    match = _HEADER.fullmatch(header)
    if data[6] not in (1, 2, 3) or match is None:
        raise InputError("the array header could not be read", where=where, got=repr(header[:80]))
    if not _PLAIN.fullmatch(match["descr"]):
        is_object = "O" in match["descr"]
        why = "an object array is a pickle, which can run code" if is_object else "only plain numbers are read"
        fix = "save plain float64 arrays, one a quantity"
        raise NotNumbers("not an array of numbers", where=where, got=match["descr"][:80], why=why, fix=fix)
    sizes = [part for part in match["shape"].replace("L", "").split(",") if part.strip()]
    if any(len(part.split()) != 1 or len(part) > 20 for part in sizes):
        raise InputError("the array header could not be read", where=where, got=repr(match["shape"][:80]))
    return match["descr"].strip("'"), match["fortran"] == "True", tuple(int(part) for part in sizes), start


def _check_members(members: list[zipfile.ZipInfo], where: str) -> None:
    total = sum(info.file_size for info in members)
    if total > ARRAY_LIMIT or len(members) > MAX_MEMBERS:
        got = f"{len(members)} members of together {total / MEBIBYTE:.0f} MiB"
        expected = f"at most {MAX_MEMBERS} members and {ARRAY_LIMIT / MEBIBYTE:.0f} MiB"
        raise InputError("the archive unpacks to too much", where=where, got=got, expected=expected)
    if not members:
        raise InputError("the archive is empty", where=where, expected="named arrays")
    names = [_member_name(info) for info in members]
    for info, name in zip(members, names, strict=True):
        if names.count(name) > 1 or info.flag_bits & 1 or ".." in name or name.startswith(("/", "\\")) or not name:
            why = "names must be unique and plain, and nothing encrypted"
            raise InputError("the archive is not an .npz file", where=where, got=repr(info.filename[:80]), why=why)


def _member_name(info: zipfile.ZipInfo) -> str:
    return info.filename.removesuffix(".npy")


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str, limit: int) -> np.ndarray:
    with archive.open(info) as stream:
        data = stream.read(info.file_size + 1)
    return parse_npy(data, f"{where}:{info.filename[:80]}", limit)
