"""LIME, the container of the lattice community: records with a 144-byte big-endian header, padded to 8 bytes.

Header: magic 0x456789ab, version 1, flags (bit 15: message begins, bit 14: message ends), length, 128 bytes of type.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from retrodict.lattice.io.formats.refusal import failed

MAGIC: Final = 0x456789AB
MOST_RECORDS: Final = 1000
_HEADER: Final = struct.Struct(">IHHQ128s")
_BEGIN, _END = 0x8000, 0x4000


@dataclass(frozen=True)
class Record:
    """One record.

    Args:
        type: its type.
        content: its content, not copied.
    """

    type: str
    content: memoryview


def recognises(head: bytes, size: int) -> bool:
    """Whether a file that begins with `head` is of this format."""
    return head[:4] == MAGIC.to_bytes(4, "big")


def records(data: bytes, where: str) -> list[Record]:
    """All records in `data`, without copying them. Raises `InputError` at the first that does not fit."""
    read, at, view = [], 0, memoryview(data)
    while at < len(data):
        if len(read) == MOST_RECORDS:
            raise failed("record", where, got="more", expected=f"at most {MOST_RECORDS} records")
        if len(data) - at < _HEADER.size:
            raise failed("record", where, got=f"{len(data) - at} bytes at {at}", expected="a header of 144 bytes")
        magic, version, _, length, name = _HEADER.unpack_from(data, at)
        if magic != MAGIC or version != 1:
            raise failed("record", where, got=f"{magic:#x}, version {version} at {at}", expected=f"{MAGIC:#x}, 1")
        start = at + _HEADER.size
        if length > len(data) - start:
            got, expected = f"{len(data) - start} bytes after the header at {at}", f"{length} bytes"
            raise failed("size", where, got=got, expected=expected, why="the file is cut short")
        read.append(Record(name.split(b"\0", 1)[0].decode("latin-1"), view[start : start + length]))
        at = start + -(-length // 8) * 8
    return read


def encode(contents: Sequence[tuple[str, bytes]]) -> bytes:
    """One message of records (type, content)."""
    parts = []
    for number, (name, content) in enumerate(contents):
        flags = _BEGIN * (number == 0) | _END * (number == len(contents) - 1)
        parts += [_HEADER.pack(MAGIC, 1, flags, len(content), name.encode()), content, bytes(-len(content) % 8)]
    return b"".join(parts)
