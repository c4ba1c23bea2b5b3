"""The cells of a text table: numbers, numbers with their errors in brackets, and what is neither."""

import csv
import math
import re

from retrodict.base.errors import InputError

COMMENTS = ("#", "%", "!")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?", re.ASCII)
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)(\(.*\))?|n/?a|null|none|--?|", re.ASCII | re.IGNORECASE)
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
    return numbers > 0 and words <= 2 * numbers and not counts_rows


def is_number(cell: str) -> bool:
    """Whether a cell is a number, with its error in brackets or not, or looks like a missing one."""
    return bool(
        NUMBER.fullmatch(cell[:60]) or (cell and NOT_FINITE.fullmatch(cell[:60])) or WITH_ERROR.fullmatch(cell[:60])
    )


def split_cells(line: str, comma: bool) -> list[str]:
    """The cells of a line, at commas or at blanks; behind blanks a comment may follow."""
    if not comma:
        return re.split(r"[#%!]", line, maxsplit=1)[0].split()
    if '"' not in line:
        return [cell.strip() for cell in line.rstrip(",").split(",")]
    return [cell.strip() for cell in next(csv.reader([line.rstrip(",")], skipinitialspace=True))]
