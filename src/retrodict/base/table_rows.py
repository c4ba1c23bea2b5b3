"""A text table line by line: which heading names the columns, what each row holds."""

import math
import os
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrodict.base.cells import (
    COMMENTS,
    WITH_ERROR,
    finite,
    is_number,
    split_cells,
    starts_with_number,
    tabs_as_commas,
    with_commas,
)
from retrodict.base.column_names import (
    IGNORED,
    ColumnNames,
    header_names,
    names_of,
    parse_names,
    parsed_name,
    refuse_duplicates,
    splittings,
    units_of,
)
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, Source

MAX_ROWS = 20_000_000
MAX_HEADING = 1000  # lines above the numbers that are looked at for a header


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
    notes: tuple[str, ...] = ()  # what the reader assumed or left out

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


@dataclass(frozen=True)
class _Heading:
    """A line above the numbers."""

    text: str
    number: int  # of the line
    comment: bool


class TableRows:
    """What is known while the lines pass by."""

    def __init__(self, path: PathLike, columns: ColumnNames | None, words: Sequence[str]) -> None:
        self.path, self.words = os.fspath(path), words
        self.given = columns is not None
        self.names, self.units = parse_names(columns) if columns is not None else ((), ())
        self.headings: deque[_Heading] = deque(maxlen=MAX_HEADING)
        self.counts: list[_Heading] = []  # lines of one whole number, which may count the rows
        self.comma: bool | None = None
        self.width, self.plain, self.counted = 0, False, False
        self.errors: set[int] = set()  # cells that hold a value with its error in brackets
        self.notes: list[str] = []
        self.cells, self.lines = array("d"), array("q")
        self.text: dict[int, list[str]] = {}

    def take(self, line: str, number: int) -> None:
        """The next line, without blanks at its ends. Raises `InputError` for a row that breaks the rules."""
        if not line:
            return
        if "\t" in line and self.comma is not False:
            line = tabs_as_commas(line, bool(self.comma))
        if ";" in line and self.comma is not False:
            line = with_commas(line, f"{self.path}:{number}")
        if line.startswith(COMMENTS):
            self._remember(_Heading(line.lstrip("#%!/ \t"), number, True))
        elif self.comma is None and not starts_with_number(line):
            self._remember(_Heading(line, number, False))
        elif self.comma is None and not self.counts and line.isdigit():
            self.counts.append(_Heading(line, number, False))
        else:
            self._row(line, number)

    def take_header_alone(self) -> None:
        """Names from a header below which there are no numbers."""
        plain = self._plain()
        named = [heading for heading in plain if "[" in heading.text] or plain
        try:
            self.names, self.units = header_names(named[0].text, self.path) if named else ((), ())
        except InputError:
            return

    def finish(self, source: Source, values: np.ndarray | None = None, lines: np.ndarray | None = None) -> Columns:
        """The columns of all rows, or of those that were parsed in one piece. Raises `InputError`."""
        if self.comma is None and self.counts:
            self._row(self.counts[0].text, self.counts[0].number)  # no row follows: it was no count
        if not self.lines:
            expected = "a header and rows of numbers"
            raise InputError("the table has no rows of numbers", where=self.path, expected=expected)
        if values is None:
            values = np.frombuffer(self.cells, dtype=np.float64).reshape(len(self.lines), -1)
            lines = np.frombuffer(self.lines, dtype=np.int64).copy()
        assert lines is not None
        if self.counted and not _counts(values[:, 0]):
            named = ", ".join(self.names[1:9])
            got, where = f"{self.width} columns and {self.width - 1} names ({named})", self.path
            raise InputError(
                "the names do not fit the columns", where=where, got=got, expected="a name for each column"
            )
        keep = [i for i, name in enumerate(self.names) if name not in IGNORED and i not in self.text]
        return Columns(
            names=tuple(self.names[i] for i in keep),
            units=tuple(self.units[i] for i in keep),
            values=np.ascontiguousarray(values[:, keep]) if len(keep) < values.shape[1] else values,
            source=source,
            form="text",
            lines=lines,
            words={self.names[i]: tuple(cells) for i, cells in self.text.items()},
            notes=tuple(self.notes),
        )

    def _remember(self, heading: _Heading) -> None:
        if self.comma is None and any(map(str.isalpha, heading.text)):  # a rule of dashes names nothing
            self.headings.append(heading)

    def _row(self, line: str, number: int) -> None:
        if self.comma is None:
            self._first_row(line)
        cells = split_cells(line, bool(self.comma))
        if len(cells) != self.width:
            got, expected = f"{len(cells)} cells", f"{self.width} ({', '.join(self.names[:8])})"
            where = f"{self.path}:{number}"
            raise InputError("a row has the wrong number of cells", where=where, got=got, expected=expected)
        if len(self.lines) >= MAX_ROWS:
            expected, fix = f"at most {MAX_ROWS} rows", "keep every second row, or fewer"
            raise InputError("the table is too long", where=self.path, expected=expected, fix=fix)
        self._append(cells, number)

    def _first_row(self, line: str) -> None:
        self.comma = "," in line
        cells = split_cells(line, self.comma)
        if not self.given:
            self._choose_header(cells)
        if not self.names:
            why = "a table without names could be read with its columns swapped"
            fix = 'add a first line that names them: name [unit], name [unit], ...   (or: --columns "name [unit], ...")'
            raise InputError("the columns have no names", where=self.path, got=line[:60], why=why, fix=fix)
        self.width = len(self.names)
        self.errors = {i for i, cell in enumerate(cells[: self.width]) if WITH_ERROR.fullmatch(cell[:60])}
        self.plain = not self.errors and not any(name in self.words or name in IGNORED for name in self.names)
        self.text = {i: [] for i, name in enumerate(self.names) if name in self.words}
        if self.errors:
            self._name_errors()

    def _choose_header(self, cells: list[str]) -> None:
        """The heading with one name for each column, or for all but one that counts the rows."""
        counts = cells[0] in ("0", "1")
        units = [units_of(heading.text, len(cells)) for heading in self.headings]
        for place, heading in reversed(list(enumerate(self.headings))):
            if units[place] and len(self.headings) > 1:
                continue  # the units of the names above or below
            where = f"{self.path}:{heading.number}"
            for parts in splittings(heading.text, heading.comment):
                if len(parts) == len(cells):
                    self.names, self.units = names_of(parts, where, heading.comment)
                elif counts and len(parts) == len(cells) - 1 and len(parts) > 1:
                    names, units = names_of(parts, where, heading.comment)
                    self.names, self.units = ((IGNORED[0], *names), ("", *units)) if names else ((), ())
                    self.counted = bool(names)
                if self.counted:
                    self.notes.append("the first column counts the rows and has no name: left out")
                if self.names:
                    beside = next(
                        (one for one in (*units[place + 1 : place + 2], *units[max(place - 1, 0) : place]) if one), ()
                    )
                    self.units = beside if beside and not any(self.units) else self.units
                    return
        self._refuse_twice(len(cells))
        plain = self._plain()
        named = [heading for heading in self.headings if "[" in heading.text]
        if plain:  # its names are told beside the number of cells of the first row
            self.names, self.units = header_names(plain[-1].text, f"{self.path}:{plain[-1].number}")
        elif named:
            parts = next(iter(splittings(named[-1].text, True)), [])
            got = f"{len(cells)} columns and {len(parts)} names ({', '.join(part.strip() for part in parts[:8])})"
            where, expected = f"{self.path}:{named[-1].number}", "a name for each column"
            fix = f'name them in the call: --columns "{named[-1].text[:200]}"'
            raise InputError("the names do not fit the columns", where=where, got=got, expected=expected, fix=fix)

    def _refuse_twice(self, count: int) -> None:
        """Raise for a comment that would be the header, did two of its names not agree."""
        for heading in reversed(self.headings):
            for parts in splittings(heading.text, True) if heading.comment and count > 2 else ():
                if len(parts) == count and not any(is_number(part.strip()) for part in parts):
                    refuse_duplicates([parsed_name(part)[0] for part in parts], f"{self.path}:{heading.number}")

    def _plain(self) -> list[_Heading]:
        """The lines of words above the numbers; one that begins with a number counts the rows."""
        return [heading for heading in self.headings if not heading.comment and not heading.text[0].isdigit()]

    def _name_errors(self) -> None:
        """A column for every error in brackets, behind that of its value."""
        names, units = [], []
        for i, (name, unit) in enumerate(zip(self.names, self.units, strict=True)):
            both = i in self.errors and name not in IGNORED
            names += [name, f"{name}_error"] if both else [name] * (2 if i in self.errors else 1)
            units += [unit] * (2 if i in self.errors else 1)
        refuse_duplicates(names, self.path)
        shift = {i: i + sum(j < i for j in self.errors) for i in range(self.width)}
        self.text = {shift[i]: cells for i, cells in self.text.items()}
        self.names, self.units = tuple(names), tuple(units)
        self.notes.append("errors in brackets are those of the last digits")

    def _append(self, cells: list[str], number: int) -> None:
        quick = _quick(cells) if self.plain else None
        if quick is not None:
            self.cells.extend(quick)
            self.lines.append(number)
            return
        at = 0  # the column that is next
        for i, cell in enumerate(cells):
            where = f"{self.path}:{number}, column {self.names[at]}"
            if at in self.text:
                self.text[at].append(cell)
                numbers = (0.0,)
            elif i in self.errors:
                numbers = self._with_error(cell, where)
            elif self.names[at] in IGNORED:
                numbers = (finite(cell, where) if self.counted and at == 0 else 0.0,)
            else:
                numbers = (finite(cell, where),)
            self.cells.extend(numbers)
            at += len(numbers)
        self.lines.append(number)

    def _with_error(self, cell: str, where: str) -> tuple[float, float]:
        """Value and error of `1.0489(11)`; several errors, `1.05(2)(3)`, are added in quadrature."""
        match = WITH_ERROR.fullmatch(cell) if len(cell) <= 60 else None
        if match is None:
            expected = "a value with its error in brackets, as in the first row"
            raise InputError("an error in brackets is missing", where=where, got=repr(cell[:60]), expected=expected)
        power = (match["power"] or "").replace("D", "e").replace("d", "e")
        errors = match["errors"].strip("()").split(")(")
        last = f"e-{len(match['decimals'] or '')}"
        sizes = [float(error if "." in error else error + last) for error in errors]
        told = "several errors in brackets are added in quadrature"
        if len(sizes) > 1 and told not in self.notes:
            self.notes.append(told)
        value, scale = finite(match["value"] + power, where), float("1" + power)
        return value, math.hypot(*sizes) * scale


def _counts(column: np.ndarray) -> bool:
    """Whether a column numbers the rows: whole numbers that rise."""
    return bool((column == np.floor(column)).all() and (np.diff(column) > 0.0).all())


def _quick(cells: list[str]) -> list[float] | None:
    """The row, if every cell is plainly a finite number; the rest is looked at one by one."""
    try:
        row = [float(cell) for cell in cells]
    except ValueError:
        return None
    joined = "".join(cells)
    return row if joined.isascii() and "_" not in joined and all(map(math.isfinite, row)) else None
