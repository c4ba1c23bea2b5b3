"""The lines of a text file, one after the other or many at once, while only a few MiB of it are in memory."""

import os
from dataclasses import dataclass
from typing import Final

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import MEBIBYTE, PathLike
from retrodict.base.gzipped import unpacked_blocks

BLOCK: Final = 4 * MEBIBYTE
LARGEST: Final = 512 * MEBIBYTE  # bytes of one event


@dataclass(frozen=True)
class Rows:
    """Lines that follow each other.

    Args:
        data: their bytes, each line with its line feed.
        first: number of the first one in the file, from 1.
        count: how many there are; fewer than were asked for at the end of the file.
    """

    data: bytes
    first: int
    count: int


class Lines:
    """The lines of a file, plain or gzip.

    Args:
        path: the file.

    Raises:
        InputError: for a file that cannot be read.
    """

    def __init__(self, path: PathLike) -> None:
        self.path = os.fspath(path)
        self.number = 0  # lines that were taken
        self._blocks = unpacked_blocks(path, BLOCK)
        self._buffer, self._start = b"", 0
        self._ends: list[int] = []  # places of the line feeds in the buffer
        self._next = 0  # of them
        self._done = False

    @property
    def where(self) -> str:
        """`file:line` of the line that was taken last."""
        return f"{self.path}:{self.number}"

    def peek(self) -> str | None:
        """The next line without its end; None at the end of the file."""
        if not self._have(1):
            return None
        return self._buffer[self._start : self._ends[self._next]].decode("utf-8", "replace").rstrip("\r")

    def take(self) -> str | None:
        """The next line without its end, which then is taken; None at the end of the file."""
        line = self.peek()
        if line is not None:
            self.rows(1)
        return line

    def rows(self, count: int) -> Rows:
        """The next lines, as they are.

        Args:
            count: how many.

        Raises:
            InputError: if they take too much memory.
        """
        first = self.number + 1
        count = count if self._have(count) else len(self._ends) - self._next
        if count <= 0:
            return Rows(b"", first, 0)
        end = self._ends[self._next + count - 1] + 1
        data = self._buffer[self._start : end]
        self._start, self._next = end, self._next + count
        self.number += count
        return Rows(data, first, count)

    def _have(self, count: int) -> bool:
        """Whether so many lines are in the buffer, after reading on where they are not."""
        while len(self._ends) - self._next < count and not self._done:
            self._read_on()
        return len(self._ends) - self._next >= count

    def _read_on(self) -> None:
        rest, block = self._buffer[self._start :], next(self._blocks, b"")
        if not block:
            self._done = True
            rest += b"\n" if rest and not rest.endswith(b"\n") else b""
        if len(rest) > LARGEST:
            expected = f"at most {LARGEST // MEBIBYTE} MiB"
            raise InputError("one event is too large", where=f"{self.path}:{self.number + 1}", expected=expected)
        self._buffer, self._start, self._next = rest + block, 0, 0
        self._ends = np.flatnonzero(np.frombuffer(self._buffer, np.uint8) == 10).tolist()
