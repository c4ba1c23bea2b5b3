"""How well a file fits a kind of data: by its signature, or by the names *and* units of its columns.

A reader makes a `Claim` on a file from its head alone, before any number is read. The strongest claim decides who reads
the file; claims that are equal are a question to the user. A name of one or two letters is no evidence by itself: `r`
may be the radius of a star or the distance of two nucleons, and its unit tells them apart.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from retrodict.base.cells import COMMENTS
from retrodict.base.errors import InputError
from retrodict.base.files import JSON, PathLike, form_of, parse_json, read_head
from retrodict.base.printable import is_binary
from retrodict.base.units import NUMBER, is_unit

HEAD_BYTES = 65_536
TELLING = 3  # letters of a name that says by itself what a column is


class Strength(IntEnum):
    """How sure a reader is that a file is of its kind."""

    NONE = 0  # it is not
    WEAK = 1  # some names fit, or only the shape does
    NAMES = 2  # all names fit, units are not stated
    EXACT = 3  # all names and units fit, or the signature of a format


@dataclass(frozen=True)
class Claim:
    """What a reader says of a file.

    Args:
        strength: how sure it is.
        explained: share of the columns whose part is known, 0 to 1; decides between claims of the same strength.
        reason: why, in words, for the user.
        doubt: what else such a file is known to be; then the user must say whose it is.
    """

    strength: Strength = Strength.NONE
    explained: float = 0.0
    reason: str = ""
    doubt: str = ""

    @property
    def order(self) -> tuple[int, float]:
        """Sorts claims: the strongest is the largest."""
        return int(self.strength), round(self.explained, 6)


NO_CLAIM = Claim()


class FileHead:
    """The beginning of a file: its form, its first bytes, the names and units of its columns.

    Args:
        path: a file, or a folder, or a pattern of files.
        columns: names and units that the user gives to the columns, in place of those in the file.

    Raises:
        InputError: if there is a file of this name that cannot be read.
    """

    def __init__(self, path: PathLike, columns: str = "") -> None:
        self.path, self.given = os.fspath(path), columns
        self.is_folder = Path(path).is_dir()
        self.is_pattern = "*" in Path(path).name
        self.first = b"" if self.is_folder or self.is_pattern else _unpacked(read_head(path, HEAD_BYTES))
        self.form = "folder" if self.is_folder else "pattern" if self.is_pattern else form_of(self.first)

    @cached_property
    def size(self) -> int:
        """Bytes of the file; 0 of a folder."""
        return 0 if self.is_folder or self.is_pattern else os.stat(self.path).st_size

    @property
    def is_binary(self) -> bool:
        """Whether it is no text, and of no form that has a name."""
        return self.form == "text" and is_binary(self.first)

    @cached_property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Name and unit of each column, lower-case names; empty where the file names none or cannot be read."""
        return self._columns_or_damage[0]

    @property
    def damage(self) -> InputError | None:
        """Why the names of the columns cannot be read; None where they can, or there are none."""
        return self._columns_or_damage[1]

    @cached_property
    def _columns_or_damage(self) -> tuple[tuple[tuple[str, str], ...], InputError | None]:
        from retrodict.base.column_names import IGNORED, parse_names
        from retrodict.base.columns import named_columns

        if self.given:
            pairs = zip(*parse_names(self.given, "--columns"), strict=True)
            return tuple(pair for pair in pairs if pair[0] not in IGNORED), None
        if self.is_folder or self.is_pattern or self.is_binary:
            return (), None
        try:
            return named_columns(self.form, self.first, self.path, self.document), None
        except InputError as error:
            return (), error

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(name for name, _ in self.columns)

    @cached_property
    def document(self) -> JSON:
        """The content of a JSON file, None of any other. Raises `InputError` for a broken one."""
        from retrodict.base.files import decode
        from retrodict.base.gzipped import read_unpacked

        return parse_json(decode(read_unpacked(self.path)[0], self.path), self.path) if self.form == "json" else None

    @property
    def starts_with_a_number(self) -> bool:
        """Whether the first line of a text that is no comment begins with a number."""
        from retrodict.base.cells import starts_with_number

        if self.form != "text" or self.is_binary:
            return False
        return bool(self.first_rows) and starts_with_number(self.first_rows[0])

    @cached_property
    def first_rows(self) -> tuple[str, ...]:
        """The first lines of a text that are neither empty nor comments; the last may be cut."""
        lines = (line.strip() for line in self.first.decode("utf-8-sig", errors="replace").splitlines())
        return tuple(line for line in lines if line and not line.startswith(COMMENTS)) if self.form == "text" else ()


@dataclass(frozen=True)
class Column:
    """A column that a layout looks for.

    Args:
        names: what it may be called, lower-case; `mass_error*` stands for all names that begin so.
        units: the units that it may have; None where any will do.
    """

    names: tuple[str, ...]
    units: Mapping[str, float] | None = None

    def find(self, columns: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
        """The first of `columns`, pairs of name and unit, that goes by one of the names."""
        return next((pair for pair in columns if any(fnmatchcase(pair[0], name) for name in self.names)), None)

    def allows(self, unit: str) -> bool:
        """Whether a stated `unit` is one that this column may have."""
        return self.units is None or is_unit(unit, self.units)

    @property
    def is_number(self) -> bool:
        """Whether nothing is missing where no unit is stated."""
        return self.units is None or self.units is NUMBER


@dataclass(frozen=True)
class Layout:
    """The columns of a kind of table.

    Args:
        required: columns that a complete table has.
        optional: columns that it may have besides.
        strongest: the most that a claim by this layout can be worth: `Strength.WEAK` for names that mean another thing
            elsewhere.
        doubt: what else such a table is known to be; then the user must say whose it is.
    """

    required: tuple[Column, ...]
    optional: tuple[Column, ...] = ()
    strongest: Strength = Strength.EXACT
    doubt: str = ""

    def claim(self, columns: Sequence[tuple[str, str]]) -> Claim:
        """How well columns, pairs of name and unit, fit."""
        matches = [(column, pair) for column in self.required if (pair := column.find(columns))]
        wrong = [pair for column, pair in matches if pair[1] and not column.allows(pair[1])]
        right = [pair for _, pair in matches if pair not in wrong]
        telling = [name for name, _ in right if len(name) >= TELLING]
        whole = len(matches) == len(self.required)
        if whole and not wrong:
            stated = all(pair[1] or column.is_number for column, pair in matches)
            strength = Strength.EXACT if stated else Strength.NAMES
        elif (whole and right) or (telling and not wrong) or (whole and all(len(n) >= TELLING for n, _ in wrong)):
            strength = Strength.WEAK
        else:
            return NO_CLAIM
        optional = {pair for column in self.optional for pair in columns if column.find([pair])}
        explained = len({pair for _, pair in matches} | optional) / len(columns)
        names = ", ".join(f"{name} [{unit}]" if unit else name for name, unit in (pair for _, pair in matches))
        return Claim(min(strength, self.strongest), explained, f"columns {names}", self.doubt)


def strongest(claims: Iterable[Claim]) -> Claim:
    """The largest claim; none of no claims."""
    return max(claims, key=lambda claim: claim.order, default=NO_CLAIM)


def _unpacked(head: bytes) -> bytes:
    """The first bytes of what a gzip stream holds; any other head as it is."""
    if form_of(head) != "gzip":
        return head
    import zlib

    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, HEAD_BYTES)
    except zlib.error:
        return head
