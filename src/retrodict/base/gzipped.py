"""Gzip without its bombs: a few bytes can unpack to terabytes, so the unpacked size is bounded while it grows."""

import os
import zlib
from collections.abc import Iterator

from retrodict.base.errors import InputError
from retrodict.base.files import (
    CONTAINER_LIMIT,
    MEBIBYTE,
    TEXT_LIMIT,
    PathLike,
    Source,
    form_of,
    read_blocks,
    read_bytes,
)

MAX_MEMBERS = 64
_GZIP = 16 + zlib.MAX_WBITS  # what zlib calls the format with header and checksum


def read_unpacked(path: PathLike, limit: int = TEXT_LIMIT) -> tuple[bytes, Source]:
    """The content of a file, unpacked if it is gzip, of at most `limit` bytes either way; the hash is of the file.

    Raises `InputError` for a damaged or truncated stream, and before more than `limit` bytes were unpacked.
    """
    data, source = read_bytes(path, limit)
    return (unpack(data, os.fspath(path), limit) if form_of(data[:64]) == "gzip" else data), source


def unpack(data: bytes, where: str, limit: int = TEXT_LIMIT) -> bytes:
    """The bytes in a gzip stream of one or more members.

    Args:
        data: the stream.
        where: the file, for messages.
        limit: most bytes that it may unpack to.
    """
    parts, size = [], 0
    while data:
        if len(parts) == MAX_MEMBERS:
            raise _damaged(where, f"more than {MAX_MEMBERS} members")
        stream = zlib.decompressobj(_GZIP)
        try:
            part = stream.decompress(data, limit + 1 - size)
        except zlib.error as error:
            raise _damaged(where, str(error)) from error
        size += len(part)
        if size > limit:
            expected = f"at most {limit / MEBIBYTE:.0f} MiB"
            raise InputError("the file unpacks to too much", where=where, got="more", expected=expected)
        if not stream.eof:
            raise _damaged(where, "the stream ends too early")
        parts.append(part)
        data = stream.unused_data
    return b"".join(parts)


def unpacked_blocks(path: PathLike, size: int, limit: int = CONTAINER_LIMIT) -> Iterator[bytes]:
    """The content of a file, unpacked if it is gzip, in blocks of at most `size` bytes, of `limit` bytes in all.

    Args:
        path: the file.
        size: most bytes of a block.
        limit: most bytes that the file has, packed and unpacked.

    Raises:
        InputError: for a damaged or truncated stream, and for one that unpacks to more than `limit`.
    """
    blocks, where, left, members = read_blocks(path, size, limit), os.fspath(path), limit, 0
    data = next(blocks, b"")
    if form_of(data[:64]) != "gzip":
        if data:
            yield data
            yield from blocks
        return
    while data or (data := next(blocks, b"")):
        members += 1
        if members > MAX_MEMBERS:
            raise _damaged(where, f"more than {MAX_MEMBERS} members")
        stream = zlib.decompressobj(_GZIP)
        while not stream.eof:
            data = data or next(blocks, b"")
            if not data:
                raise _damaged(where, "the stream ends too early")
            try:
                part = stream.decompress(data, size)
            except zlib.error as error:
                raise _damaged(where, str(error)) from error
            data, left = stream.unconsumed_tail, left - len(part)
            if left < 0:
                expected = f"at most {limit / MEBIBYTE:.0f} MiB"
                raise InputError("the file unpacks to too much", where=where, got="more", expected=expected)
            if part:
                yield part
        data = stream.unused_data


def _damaged(where: str, got: str) -> InputError:
    return InputError("the gzip file is damaged", where=where, got=got[:200], expected="an intact gzip file")
