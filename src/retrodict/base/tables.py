"""Numeric text tables: CSV or white space, a header with units in brackets, comments; what is unclear is refused.

A header names each column and its unit: `mass [Msun], radius [km]` or `mass_Msun, radius_km`. It is the last line
above the numbers that has one name for each column, a comment or not; titles, counts of rows and other comments may
stand around it. A first column that counts the rows may lack a name. Names are lower-cased, blanks become underscores.
A value with its error in brackets, `1.0489(11)`, becomes two columns, the second called `name_error`.
"""

import io
import os
import warnings
from collections.abc import Iterator, Sequence

import numpy as np

from retrodict.base.cells import COMMENTS, finite, split_cells
from retrodict.base.column_names import IGNORED, ColumnNames
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, Source, decode
from retrodict.base.table_rows import MAX_HEADING, MAX_ROWS, Columns, TableRows

MAX_LINE = 100_000  # characters
LARGE = 2**18  # bytes from which a table is parsed in one piece


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
    table = quick_table(data, source, columns, words) if len(data) > LARGE else None
    if table is not None:
        return table
    path = source.path
    stream = io.TextIOWrapper(io.BytesIO(decode(data, path).encode()), encoding="utf-8", newline=None)
    lines = TableRows(path, columns, words)
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise InputError("a line is too long", where=f"{path}:{number}", expected=f"at most {MAX_LINE} characters")
        lines.take(line.strip(), number)
    return lines.finish(source)


def quick_table(
    data: bytes, source: Source, columns: ColumnNames | None = None, words: Sequence[str] = ()
) -> Columns | None:
    """The table in the bytes of a large text file, parsed in one piece; None where it must be read line by line.

    That is where a row has another length, a cell is no plain finite number, or a comment stands among the rows.

    Args:
        data: the bytes.
        source: as for `parse_table`; so `columns` and `words`.
        columns: names of the columns.
        words: names of columns that may hold text.
    """
    if not data.isascii() or data[:1] in (b"{", b"["):
        return None
    head, start, row, number = TableRows(source.path, columns, words), 0, 0, 0
    while not head.lines and number < MAX_HEADING and (end := data.find(b"\n", start)) >= 0 and end - start < MAX_LINE:
        number += 1
        row, start = start, end + 1
        head.take(data[row:end].decode("ascii").strip(), number)
    special = head.errors or head.text or any(data.find(mark.encode(), row) >= 0 for mark in COMMENTS)
    if not head.lines or special:
        return None
    values = _numbers_of(data, row, bool(head.comma))
    if values is None or values.shape[1] != head.width:
        return None
    lines = np.arange(number, number + len(values))
    return head.finish(source, values, lines)


def _numbers_of(data: bytes, start: int, comma: bool) -> np.ndarray | None:
    """All numbers from a place on, one row a line; None where anything else is met."""
    import pandas as pd  # for large files alone: it parses floats to the last bit, ten times faster than Python

    stream = io.BytesIO(data)
    stream.seek(start)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer versions always round correctly, and warn of being asked to
            frame = pd.read_csv(
                stream,
                header=None,
                sep="," if comma else r"\s+",
                dtype=np.float64,
                na_filter=False,
                skip_blank_lines=False,
                skipinitialspace=comma,
                float_precision="round_trip",
            )
    except (ValueError, OverflowError):  # pandas' ParserError is a ValueError
        return None
    values = frame.to_numpy()
    finite_ = bool(np.isfinite(values).all()) and not isinstance(frame.index, pd.MultiIndex)
    ends = data.count(b"\n", start) + (not data.endswith(b"\n"))
    return values if finite_ and ends == len(values) <= MAX_ROWS else None


def header_columns(text: str) -> tuple[tuple[str, str], ...]:
    """Name and unit of each column as the first lines of a table say them; none where there are none. Never raises."""
    table = TableRows("", None, ())
    for number, line in enumerate(text.splitlines(), 1):
        try:
            table.take(line.strip()[:MAX_LINE], number)
        except InputError:
            break
        if table.names:
            break
    if not table.names:
        table.take_header_alone()
    pairs = zip(table.names, table.units, strict=False)
    return tuple(pair for pair in pairs if pair[0] not in IGNORED)


def parse_numbers(text: str, path: PathLike) -> Iterator[tuple[int, list[float]]]:
    """Line number and numbers of every line that has any, rows of any length. Raises `InputError`."""
    for number, line in enumerate(io.StringIO(text), 1):
        where = f"{os.fspath(path)}:{number}"
        if len(line) > MAX_LINE:
            raise InputError("a line is too long", where=where, expected=f"at most {MAX_LINE} characters")
        if cells := split_cells(line, False):
            yield number, [finite(cell, where) for cell in cells]


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
