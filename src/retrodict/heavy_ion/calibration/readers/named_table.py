"""Tables whose columns keep the names that they were given: letters, case and brackets decide what an output is.

The tables of `base` lower the case of names and take what stands in brackets for a unit. Here `dNch_deta[0 5]` and
`dNch_deta[5 10]` are two columns of one observable, and a parameter is reported under the very name that it has. Cells
may be missing: which rows failed is the business of those who know what a row is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from retrodict.base.arrays import read_npz
from retrodict.base.cells import COMMENTS, NOT_FINITE, NUMBER, split_cells, with_commas
from retrodict.base.errors import InputError
from retrodict.base.files import TABLE_LIMIT, PathLike, Source, decode, form_of, read_head
from retrodict.base.gzipped import read_unpacked
from retrodict.base.shapes import Float

MAX_COLUMNS: Final = 20_000
_HEADER: Final = re.compile(r"\s*(?P<name>[^\[\]]*?)\s*(?:\[(?P<inside>[^\[\]]*)\]\s*(?P<error>errors?)?)?\s*")
_SPACED: Final = re.compile(r"[^\s\[\]]+(?:\s*\[[^\[\]]*\])?")


@dataclass(frozen=True)
class Heading:
    """The name of a column, taken apart.

    Args:
        name: what stands ahead of the brackets.
        inside: what stands between them: a unit, or a range of centralities; empty if there are none.
        is_error: whether the word `error` follows.
    """

    name: str
    inside: str = ""
    is_error: bool = False

    def __str__(self) -> str:
        return self.name + (f"[{self.inside}]" if self.inside else "") + (" error" if self.is_error else "")


@dataclass(frozen=True, eq=False)
class NamedTable:
    """Columns of numbers under the names that a file gives them; what is missing is NaN.

    Args:
        headings: of the columns of numbers.
        values: shape (rows, columns).
        words: the columns of words that were asked for, by name.
        source: the file.
        lines: line of each row in the file; empty where there are no lines.
    """

    headings: tuple[Heading, ...]
    values: Float[np.ndarray, "rows columns"]
    words: dict[str, tuple[str, ...]]
    source: Source
    lines: tuple[int, ...] = ()

    def where(self, row: int | None = None, column: str = "") -> str:
        """`file:line, column name`, as far as it is known.

        Args:
            row: number of the row, from 0.
            column: name of the column.
        """
        place = self.source.path
        if row is not None:
            place += f":{self.lines[row]}" if self.lines else f", row {row}"
        return f"{place}, column {column}" if column else place

    def find(self, names: Sequence[str]) -> int | None:
        """The number of the first column that has one of some names, whatever their case.

        Args:
            names: lower-case.
        """
        return next((i for i, one in enumerate(self.headings) if one.name.lower() in names), None)


def read_named_table(path: PathLike, *, words: Sequence[str] = (), columns: str = "") -> NamedTable:
    """The columns of a file: text with commas, semicolons, tabs or blanks between the cells, NPZ or HDF5.

    Args:
        path: the file.
        words: lower-case names of columns that hold words.
        columns: names of the columns of a text without a header, with commas between them.

    Raises:
        InputError: for names that occur twice, rows of another length, cells that are no numbers, no rows.
    """
    form = form_of(read_head(path))
    if form == "zip":
        archive = read_npz(path)
        return _from_arrays(archive.arrays, archive.source)
    if form == "hdf5":
        from retrodict.base.hdf5 import list_hdf5, read_hdf5

        datasets, _ = list_hdf5(path)
        wanted = [name for name, one in datasets.items() if one.numeric and len(one.shape) == 1]
        arrays, source = read_hdf5(path, wanted)
        return _from_arrays({name.rpartition("/")[2]: values for name, values in arrays.items()}, source)
    data, source = read_unpacked(path, TABLE_LIMIT)
    return parse_named_table(decode(data, path), source, words=words, columns=columns)


def parse_named_table(text: str, source: Source, *, words: Sequence[str] = (), columns: str = "") -> NamedTable:
    """The columns of a text.

    Args:
        text: of the whole file.
        source: where it comes from.
        words: lower-case names of columns that hold words.
        columns: names of the columns in place of a header.

    Raises:
        InputError: as `read_named_table`.
    """
    lines = [(i + 1, with_commas(line.strip(), f"{source.path}:{i + 1}")) for i, line in enumerate(text.splitlines())]
    rows = [(i, line) for i, line in lines if line and not line.startswith(COMMENTS)]
    if not rows:
        raise InputError("the table is empty", where=source.path, expected="a header and rows of numbers")
    separator = _separator(columns or rows[0][1])
    if columns or _is_numbers(rows[0][1], separator):
        header = columns or _commented(lines, rows[0][0], len(_cells(rows[0][1], separator)), source)
        separator = _separator(rows[0][1])
        names = _names(header, _separator(header))
        rows = rows if _is_numbers(rows[0][1], separator) or words else rows[1:]
    else:
        names, rows = _names(rows[0][1], separator), rows[1:]
    headings = _headings(names, source.path)
    if not rows:
        raise InputError("the table has no rows", where=source.path, expected="numbers below the header")
    return _filled(headings, [(i, _cells(line, separator)) for i, line in rows], source, words)


def _filled(
    headings: tuple[Heading, ...], rows: list[tuple[int, list[str]]], source: Source, words: Sequence[str]
) -> NamedTable:
    told = {i: heading.name.lower() for i, heading in enumerate(headings) if heading.name.lower() in words}
    numbers = [i for i in range(len(headings)) if i not in told]
    values = np.empty((len(rows), len(numbers)))
    for row, (line, cells) in enumerate(rows):
        if len(cells) != len(headings):
            got, expected = f"{len(cells)} cells", f"{len(headings)}, as in the header"
            raise InputError(
                "a row has the wrong number of cells", where=f"{source.path}:{line}", got=got, expected=expected
            )
        values[row] = [_number(cells[i], source.path, line, headings[i]) for i in numbers]
    text = {name: tuple(cells[i] for _, cells in rows) for i, name in told.items()}
    return NamedTable(tuple(headings[i] for i in numbers), values, text, source, tuple(line for line, _ in rows))


def _number(cell: str, path: str, line: int, heading: Heading) -> float:
    if NUMBER.fullmatch(cell[:60]) and len(cell) <= 60:
        value = float(cell.replace("D", "e").replace("d", "e"))
        return value if np.isfinite(value) else np.nan
    if NOT_FINITE.fullmatch(cell[:60]):
        return np.nan
    where = f"{path}:{line}, column {heading}"
    raise InputError("a cell is not a number", where=where, got=repr(cell[:60]), expected="a number")


def _from_arrays(arrays: dict[str, np.ndarray], source: Source) -> NamedTable:
    flat = {name: values for name, values in arrays.items() if values.ndim == 1}
    lengths = {len(values) for values in flat.values()}
    if len(lengths) != 1 or lengths == {0}:
        got = ", ".join(f"{name}{values.shape}" for name, values in list(arrays.items())[:8]) or "nothing"
        expected = "one-dimensional arrays of equal length, one a column"
        raise InputError("the arrays do not form a table", where=source.path, got=got[:300], expected=expected)
    values = np.stack(list(flat.values()), axis=1)
    return NamedTable(_headings(list(flat), source.path), np.where(np.isfinite(values), values, np.nan), {}, source)


def _separator(line: str) -> str:
    """A comma or a tab where there is one outside brackets, blanks otherwise."""
    outside = re.sub(r"\[[^\[\]]*\]", "", line)
    return next((mark for mark in (",", "\t") if mark in outside), " ")


def _cells(line: str, separator: str) -> list[str]:
    if separator == "\t":
        return [cell.strip() for cell in line.split("\t")]
    return split_cells(line, separator == ",")


def _names(line: str, separator: str) -> list[str]:
    return _SPACED.findall(line) if separator == " " else _cells(line, separator)


def _is_numbers(line: str, separator: str) -> bool:
    """Whether most cells are numbers, so that the line is no header."""
    cells = _cells(line, separator)
    return 2 * sum(bool(NUMBER.fullmatch(cell[:60])) for cell in cells) > len(cells)


def _commented(lines: list[tuple[int, str]], first: int, width: int, source: Source) -> str:
    """The last comment above the numbers that has a name for each column."""
    above = [line.lstrip("#%!/ \t") for i, line in lines if i < first and line.startswith(COMMENTS)]
    found = next((line for line in reversed(above) if len(_names(line, _separator(line))) == width), "")
    if not found:
        fix = 'add a first line that names them: "name [unit], name [unit], ..."'
        raise InputError("the columns have no names", where=f"{source.path}:{first}", fix=fix)
    return found


def _headings(names: Sequence[str], where: str) -> tuple[Heading, ...]:
    if len(names) > MAX_COLUMNS:
        raise InputError("too many columns", where=where, got=str(len(names)), expected=f"at most {MAX_COLUMNS}")
    found = []
    for name in names:
        match = _HEADER.fullmatch(name[:300].strip().strip("\"'"))
        if match is None or not match["name"]:
            expected = "name, name [unit], or observable[low high]"
            raise InputError("a column has no name", where=where, got=repr(name[:80]), expected=expected)
        inside = " ".join((match["inside"] or "").split())
        found.append(Heading(match["name"], inside, bool(match["error"])))
    twice = next((one for one in found if found.count(one) > 1), None) if len(set(found)) < len(found) else None
    if twice is not None:
        raise InputError("a column appears twice", where=where, got=str(twice), fix="rename or remove one of them")
    return tuple(found)
