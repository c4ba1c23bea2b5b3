"""Numeric text tables: CSV or white space, a header with units in brackets, comments; what is unclear is refused.

A header names each column and its unit: `mass [Msun], radius [km]`. It is the first line that is not numbers, or the
last comment line above the numbers, if it has one name for each column. Names are lower-cased, blanks become
underscores.
"""

import csv
import io
import math
import os
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, Source, decode

MAX_COLUMNS = 1000
MAX_LINE = 100_000  # characters
MAX_ROWS = 4_000_000
IGNORED = ("_", "-")  # names of columns to skip
WEIGHT_NAMES = ("weight", "weights", "w")  # of samples, in any domain

_COMMENTS = ("#", "%", "!")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)(\(.*\))?|n/?a|null|none|--?|", re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"\s*([^\[\]()]*?)\s*(?:[\[(]([^\[\]()]*)[\])])?\s*")
_SPACED_NAME = re.compile(r"([^\s\[\](),]+)\s*(?:[\[(]([^\[\]()]*)[\])])?")

ColumnNames = str | Sequence[str]


@dataclass(frozen=True)
class Columns:
    """Named columns of numbers from one file; a column is checked to be finite when it is taken by its name."""

    names: tuple[str, ...]  # lower-case
    units: tuple[str, ...]  # "" where the file names none
    values: np.ndarray  # float64 (rows, columns)
    source: Source  # the file and its hash
    form: str  # text, npy, npz, hdf5 or json
    lines: np.ndarray  # line in the file of each row; empty where there are no lines
    words: dict[str, tuple[str, ...]]  # the columns of words that were asked for

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> np.ndarray:
        column = self.values[:, self.names.index(name)]
        if not np.isfinite(column).all():
            row = int(np.argmin(np.isfinite(column)))
            got, where = repr(float(column[row])), self.where(row, name)
            raise InputError("a value is missing or not finite", where=where, got=got, expected="a finite number")
        return column

    def unit(self, name: str) -> str:
        """The unit of a column; empty if the header names none."""
        return self.units[self.names.index(name)]

    def where(self, row: int | None = None, name: str = "") -> str:
        """`file:line, column name`, as far as it is known."""
        place = self.source.path
        if row is not None:
            place += f":{self.lines[row]}" if len(self.lines) else f", row {row + 1}"
        return f"{place}, column {name}" if name else place


def parse_names(columns: ColumnNames, where: str = "columns") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units from `"pressure [dyn cm^-2], energy_density [g cm^-3], _"` or from a list of such."""
    parts = _split_names(columns) if isinstance(columns, str) else [str(part) for part in columns]
    matches = [_NAME.fullmatch(part[:200]) for part in parts]
    bad = next((part for part, match in zip(parts, matches, strict=True) if not match or not match[1]), None)
    if bad is not None or not parts:
        got = repr(str(bad)[:80]) if parts else "no names"
        raise InputError("a column has no name", where=where, got=got, expected="name [unit], name [unit], ...")
    found = [match for match in matches if match]
    names = tuple(_normal(match[1]) for match in found)
    _refuse_duplicates(names, where)
    return names, tuple((match[2] or "").strip() for match in found)


def parse_table(data: bytes, source: Source, columns: ColumnNames | None = None, words: Sequence[str] = ()) -> Columns:
    """The table in the bytes of a text file.

    Args:
        data: the bytes, UTF-8.
        source: where they come from, for messages and provenance.
        columns: names every column in turn (`_` skips one), with units in brackets; overrides a header.
        words: names of columns that may hold text.

    Raises:
        InputError: for rows of different lengths, cells that are no numbers, missing or duplicate names, no rows.
    """
    path = source.path
    stream = io.TextIOWrapper(io.BytesIO(decode(data, path).encode()), encoding="utf-8", newline=None)
    table = _Table(path, columns, words)
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise InputError("a line is too long", where=f"{path}:{number}", expected=f"at most {MAX_LINE} characters")
        table.take(line.strip(), number)
    return table.finish(source)


def header_columns(text: str) -> tuple[tuple[str, str], ...]:
    """Name and unit of each column as the first lines of a table say them; none where there are none. Never raises."""
    table = _Table("", None, ())
    for number, line in enumerate(text.splitlines(), 1):
        try:
            table.take(line.strip()[:MAX_LINE], number)
        except InputError:
            break
        if table.names:
            break
    return tuple(zip(table.names, table.units, strict=False))


class _Table:
    """What is known while the lines pass by."""

    def __init__(self, path: PathLike, columns: ColumnNames | None, words: Sequence[str]) -> None:
        self.path, self.words = os.fspath(path), words
        self.given = columns is not None
        self.names, self.units = parse_names(columns) if columns is not None else ((), ())
        self.comment = ""  # the last comment line, in case it is the header
        self.comma: bool | None = None
        self.header_seen = False
        self.width, self.plain = 0, False
        self.count_line: int | None = None
        self.cells, self.lines = array("d"), array("q")
        self.text: dict[int, list[str]] = {}

    def take(self, line: str, number: int) -> None:
        if not line or line.startswith(_COMMENTS):
            self._remember(line)
        elif self.comma is None and not self.header_seen and not starts_with_number(line):
            self._header(line, number)
        else:
            self._row(line, number)

    def finish(self, source: Source) -> Columns:
        if not self.lines:
            expected = "a header and rows of numbers"
            raise InputError("the table has no rows of numbers", where=self.path, expected=expected)
        values = np.frombuffer(self.cells, dtype=np.float64).reshape(len(self.lines), -1)
        keep = [i for i, name in enumerate(self.names) if name not in IGNORED and i not in self.text]
        return Columns(
            names=tuple(self.names[i] for i in keep),
            units=tuple(self.units[i] for i in keep),
            values=np.ascontiguousarray(values[:, keep]),
            source=source,
            form="text",
            lines=np.frombuffer(self.lines, dtype=np.int64).copy(),
            words={self.names[i]: tuple(cells) for i, cells in self.text.items()},
        )

    def _remember(self, line: str) -> None:
        stripped = line.lstrip("#%! \t")
        if stripped and not self.lines:
            self.comment = stripped

    def _header(self, line: str, number: int) -> None:
        self.header_seen = True
        if not self.given:
            self.names, self.units = _header_names(line, f"{self.path}:{number}")

    def _row(self, line: str, number: int) -> None:
        if self.comma is None:
            self._first_row(line, number)
        cells = _split(line, bool(self.comma))
        if not self.lines and len(cells) == 1 < self.width and cells[0].isdigit():
            return  # a first line that only counts the rows, as in RNS tables
        if len(cells) != self.width:
            got, expected = f"{len(cells)} cells", f"{self.width} ({', '.join(self.names[:8])})"
            where = f"{self.path}:{number}"
            raise InputError("a row has the wrong number of cells", where=where, got=got, expected=expected)
        if len(self.lines) >= MAX_ROWS:
            raise InputError(
                "the table is too long",
                where=self.path,
                expected=f"at most {MAX_ROWS} rows",
                fix="keep every second row, or fewer",
            )
        self._append(cells, number)

    def _first_row(self, line: str, number: int) -> None:
        self.comma = "," in line
        width = len(_split(line, self.comma))
        if not self.names and self.comment:
            self.names, self.units = _comment_names(self.comment, width)
        if not self.names:
            why = "a table without names could be read with its columns swapped"
            fix = "add a first line that names them: name [unit], name [unit], ...   (or name them in the call)"
            where = f"{self.path}:{number}"
            raise InputError("the columns have no names", where=where, got=line[:60], why=why, fix=fix)
        self.width = len(self.names)
        self.plain = not any(name in self.words or name in IGNORED for name in self.names)
        self.text = {i: [] for i, name in enumerate(self.names) if name in self.words}

    def _append(self, cells: list[str], number: int) -> None:
        quick = _quick(cells) if self.plain else None
        if quick is not None:
            self.cells.extend(quick)
            self.lines.append(number)
            return
        for i, cell in enumerate(cells):
            if i in self.text:
                self.text[i].append(cell)
                self.cells.append(0.0)
            elif self.names[i] in IGNORED:
                self.cells.append(0.0)
            else:
                self.cells.append(finite(cell, f"{self.path}:{number}, column {self.names[i]}"))
        self.lines.append(number)


def _quick(cells: list[str]) -> list[float] | None:
    """The row, if every cell is plainly a finite number; the rest is looked at one by one."""
    try:
        row = [float(cell) for cell in cells]
    except ValueError:
        return None
    joined = "".join(cells)
    return row if joined.isascii() and "_" not in joined and all(map(math.isfinite, row)) else None


def parse_numbers(text: str, path: PathLike) -> Iterator[tuple[int, list[float]]]:
    """Line number and numbers of every line that has any, rows of any length. Raises `InputError`."""
    for number, line in enumerate(io.StringIO(text), 1):
        where = f"{os.fspath(path)}:{number}"
        if len(line) > MAX_LINE:
            raise InputError("a line is too long", where=where, expected=f"at most {MAX_LINE} characters")
        if cells := _split(line, False):
            yield number, [finite(cell, where) for cell in cells]


def finite(cell: str, where: str) -> float:
    """The number in a cell; Fortran's `1.0D-3` is one. Raises `InputError` for whatever is not a finite number."""
    match = _NUMBER.fullmatch(cell) if len(cell) <= 60 else None
    value = float(cell.replace("D", "e").replace("d", "e")) if match else math.nan
    if math.isfinite(value):
        return value
    missing = bool(match) or bool(_NOT_FINITE.fullmatch(cell[:60]))
    what = "a value is missing or not finite" if missing else "a cell is not a number"
    fix = "remove the row, or find out why the number is missing" if missing else ""
    raise InputError(what, where=where, got=repr(cell[:60]), expected="a finite number", fix=fix)


def starts_with_number(line: str) -> bool:
    """A row of data: at least one cell is a number, or looks like a missing one."""
    cells = _split(line, "," in line)
    return any(_NUMBER.fullmatch(cell[:60]) or (cell and _NOT_FINITE.fullmatch(cell[:60])) for cell in cells)


def _split(line: str, comma: bool) -> list[str]:
    if not comma:
        return re.split(r"[#%!]", line, maxsplit=1)[0].split()
    if '"' not in line:
        return [cell.strip() for cell in line.rstrip(",").split(",")]
    return [cell.strip() for cell in next(csv.reader([line.rstrip(",")], skipinitialspace=True))]


def _split_names(text: str) -> list[str]:
    """Commas separate names where there are any; blanks do otherwise."""
    if "," in text:
        return text.strip().strip(",").split(",")
    rest = _SPACED_NAME.sub("", text).strip()
    return [text] if rest else [match[0] for match in _SPACED_NAME.finditer(text)]


def _header_names(line: str, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    parts = _split(line, True) if "," in line else _split_names(line)
    if len(parts) > MAX_COLUMNS:
        raise InputError("too many columns", where=where, got=str(len(parts)), expected=f"at most {MAX_COLUMNS}")
    if all(_NAME.fullmatch(part[:200]) is None for part in parts):
        raise InputError("the header could not be read", where=where, got=line[:60], expected="name [unit], ...")
    return parse_names(parts, where)


def _comment_names(comment: str, width: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names from a comment line, if it has exactly one for each column."""
    parts = _split_names(comment)
    if len(parts) != width or any(_NUMBER.fullmatch(part.strip()[:60]) for part in parts):
        return (), ()
    try:
        return parse_names(parts)
    except InputError:
        return (), ()


def _normal(name: str) -> str:
    return name.strip().strip("\"'").lower().replace(" ", "_")


def _refuse_duplicates(names: Sequence[str], where: str) -> None:
    named = [name for name in names if name not in IGNORED]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise InputError("a column appears twice", where=where, got=twice, fix="rename or remove one of them")


def format_table(names: Sequence[str], units: Sequence[str], columns: Sequence[np.ndarray]) -> str:
    """CSV text with units in the header; numbers are written so that reading gives the same bits back.

    Args:
        names: of the columns.
        units: of the columns; none where empty.
        columns: arrays of one length.
    """
    header = ", ".join(f"{name} [{unit}]" if unit else name for name, unit in zip(names, units, strict=True))
    rows = (", ".join(repr(float(number)) for number in row) for row in zip(*columns, strict=True))
    return "\n".join([header, *rows, ""])
