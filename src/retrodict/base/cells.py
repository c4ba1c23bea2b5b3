"""The cells of a text table: numbers, numbers with their errors in brackets, and what is neither."""

import csv
import math
import re

from retrodict.base.errors import InputError

COMMENTS = ("#", "%", "!", "//")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?", re.ASCII)
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)(\(.*\))?|n/?a|null|none|--?|", re.ASCII | re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?", re.ASCII)
WITH_ERROR = re.compile(
    r"(?P<value>[+-]?\d+(?:\.(?P<decimals>\d*))?)(?P<errors>(?:\(\d+(?:\.\d*)?\))+)(?P<power>[eEdD][+-]?\d+)?", re.ASCII
)


def finite(cell: str, where: str) -> float:
    """The number in a cell; Fortran's `1.0D-3` is one. Raises `InputError` for whatever is not a finite number."""
    match = NUMBER.fullmatch(cell) if len(cell) <= 60 else None
    value = float(cell.replace("D", "e").replace("d", "e")) if match else math.nan
    if math.isfinite(value):
        return value
    missing = bool(match) or bool(NOT_FINITE.fullmatch(cell[:60]))
    what = "a value is missing or not finite" if missing else "a cell is not a number"
    fix = "remove the row, or find out why the number is missing" if missing else ""
    raise InputError(what, where=where, got=repr(cell[:60]), expected="a finite number", fix=fix)


def starts_with_number(line: str) -> bool:
    """A row of data: a good part of its cells are numbers, or look like missing ones."""
    cells = split_cells(line, "," in line)
    numbers = sum(is_number(cell) for cell in cells)
    words = len(cells) - numbers
    told = "".join(cells[1:])  # a count of rows as LORENE writes it: "140 <-- Number of lines"
    counts_rows = "," not in line and numbers == 1 and cells[0].isdigit() and len(told) > 1
    most_words = 2 * numbers if "," in line else numbers  # a title may hold a year
    return numbers > 0 and words <= most_words and not counts_rows


def is_number(cell: str) -> bool:
    """Whether a cell is a number, with its error in brackets or not, or looks like a missing one."""
    return bool(
        NUMBER.fullmatch(cell[:60]) or (cell and NOT_FINITE.fullmatch(cell[:60])) or WITH_ERROR.fullmatch(cell[:60])
    )


def split_cells(line: str, comma: bool) -> list[str]:
    """The cells of a line, at commas or at blanks; a comment may follow."""
    if not comma:
        return re.split(r"[#%!]", line, maxsplit=1)[0].split()
    if '"' not in line:
        line = re.split(r"\s[#%!]", line, maxsplit=1)[0] if "#" in line or "%" in line or "!" in line else line
        return [cell.strip() for cell in line.rstrip(",").split(",")]
    return [cell.strip() for cell in next(csv.reader([line.rstrip(",")], skipinitialspace=True))]


def with_commas(line: str, where: str) -> str:
    """A line whose cells stand between semicolons with commas in their place; any other line as it is.

    Args:
        line: of a table.
        where: file and line, for the message.

    Raises:
        InputError: for numbers with decimal commas.
    """
    parts = [part.strip() for part in line.split(";")]
    if len(parts) < 2:
        return line
    if any(_DECIMAL_COMMA.fullmatch(part) for part in parts):
        why, fix = "a comma is read as the end of a cell", "write decimal points: sed 's/,/./g; s/;/,/g' FILE > NEW"
        raise InputError("a number has a decimal comma", where=where, got=line[:60], why=why, fix=fix)
    numbers = sum(map(is_number, parts))
    return line if "," in line or 0 < 2 * numbers < len(parts) else ",".join(parts)


def tabs_as_commas(line: str, surely: bool) -> str:
    """A row of cells between tabs, one of which holds several words, with commas in their place; others as they are.

    Args:
        line: of a table.
        surely: whether the rows before are of this kind.
    """
    parts = [part.strip() for part in line.split("\t")]
    words = [part for part in parts if " " in part]
    plain = "," not in line and not line.startswith(COMMENTS) and any(map(is_number, parts))
    several = bool(words) and not any(all(map(is_number, part.split())) for part in words)
    return ",".join(parts) if plain and (several or surely) else line
