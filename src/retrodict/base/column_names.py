"""The names of columns and their units, as a header or a user gives them."""

import re
from collections.abc import Iterator, Sequence

from retrodict.base.cells import is_number, split_cells
from retrodict.base.errors import InputError
from retrodict.base.units import is_known, is_telling, split_unit

MAX_COLUMNS = 5000
IGNORED = ("_", "-")  # names of columns to skip
COUNTERS = ("index", "idx", "row", "no", "no.", "nr", "i")  # what a column that counts the rows is called
WEIGHT_NAMES = (
    "weight",
    "weights",
    "w",
    "wt",
    "wts",
    "wgt",
    "sample_weight",
    "importance_weight",
)  # of samples, in any domain

_NAME = re.compile(r"\s*([^\[\]()]*?)\s*(?:\[([^\[\]]*)\]|\(((?:[^\[\]()]|\([^\[\]()]*\))*)\))?\s*")
_BRACKETS = re.compile(r"[\[(]([^\[\]()]*)[\])]")
_NO_UNIT = ("", "-", "--", "1", "none", "dimensionless")
_COUNTED = re.compile(r"^\d+:\s*(?=\S)")  # 1:time 2:mass, as gnuplot and the Einstein Toolkit count columns
_TEX = re.compile(r"[$\\{}]")
_SPACED_NAME = re.compile(r"([^\s\[\](),]+)\s*(?:[\[(]([^\[\]()]*)[\])])?")
_UNIT_ENDS = re.compile(r"\s*([^\[\](),]+?)\s*[\[(]([^\[\]()]*)[\])]")  # a name, blanks and all, up to its unit

ColumnNames = str | Sequence[str]


def parse_names(columns: ColumnNames, where: str = "columns") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units from `"pressure [dyn cm^-2], energy_density [g cm^-3], _"` or from a list of such."""
    parts = _split_names(columns) if isinstance(columns, str) else [str(part) for part in columns]
    matches = [_NAME.fullmatch(part[:200]) for part in parts]
    bad = next((part for part, match in zip(parts, matches, strict=True) if not match or not match[1]), None)
    if bad is not None or not parts:
        got = repr(str(bad)[:80]) if parts else "no names"
        raise InputError("a column has no name", where=where, got=got, expected="name [unit], name [unit], ...")
    pairs = [
        (_normal(match[1]), (match[2] or match[3] or "").strip())
        if match[2] is not None or match[3] is not None
        else parsed_name(match[1])
        for match in matches
        if match
    ]
    names = tuple(name for name, _ in pairs)
    refuse_duplicates(names, where)
    return names, tuple(unit for _, unit in pairs)


def parsed_name(text: str) -> tuple[str, str]:
    """A name as it is compared, and the unit at its end: `pressure_MeV_fm3` is `pressure` in `MeV fm^-3`."""
    name, _, below = text.strip().strip("\"'").rpartition("/")
    if name and (is_telling(below.strip()) or below.strip() == "a"):  # R/km, t/a
        return _normal(name), below.strip()
    name, unit = split_unit(text.strip().strip("\"'"))
    return _normal(name), unit


def _split_names(text: str) -> list[str]:
    """Commas separate names where there are any; blanks do otherwise."""
    if "," in text:
        return text.strip().strip(",").split(",")
    rest = _SPACED_NAME.sub("", text).strip()
    return [text] if rest else [match[0] for match in _SPACED_NAME.finditer(text)]


def splittings(text: str, comment: bool) -> Iterator[list[str]]:
    """The ways to read a line as names: at commas, each name with its unit, at blanks, at wide gaps."""
    if "," in text:
        yield [part for part in text.strip().strip(",").split(",")]
    matches = list(_UNIT_ENDS.finditer(text))
    if matches and not _UNIT_ENDS.sub("", text).strip(" \t,"):
        first, *rest = (match[0].strip(" \t,") for match in matches)
        word, _, name = first.partition(" ")
        yield [*((word, name.strip()) if word.lower() in COUNTERS and name.strip() else (first,)), *rest]
    yield _split_names(text)
    if not comment or "[" in text:
        yield re.split(r"\t|\s{2,}", text.strip())


def names_of(parts: list[str], where: str, comment: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names from a heading; a comment may be anything, and gives none where it does not look like names."""
    if any(is_number(part.strip()) for part in parts):
        return (), ()
    if not comment:
        return header_names(",".join(parts), where)
    try:
        return parse_names(parts)
    except InputError:
        return (), ()


def header_names(line: str, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units from the line of a header. Raises `InputError`."""
    parts = split_cells(line, True) if "," in line else _split_names(line)
    if len(parts) > MAX_COLUMNS:
        raise InputError("too many columns", where=where, got=str(len(parts)), expected=f"at most {MAX_COLUMNS}")
    if all(_NAME.fullmatch(part[:200]) is None for part in parts):
        raise InputError("the header could not be read", where=where, got=line[:60], expected="name [unit], ...")
    return parse_names(parts, where)


def _normal(name: str) -> str:
    return _COUNTED.sub("", _TEX.sub("", name).strip().strip("\"'")).lower().replace(" ", "_")


def refuse_duplicates(names: Sequence[str], where: str) -> None:
    """Raises `InputError` for a name that appears twice; columns to skip may."""
    named = [name for name in names if name not in IGNORED]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise InputError("a column appears twice", where=where, got=twice, fix="rename or remove one of them")


def units_of(text: str, count: int) -> tuple[str, ...]:
    """The units in a line that holds nothing else, one for each of `count` columns; none where it is no such line.

    Args:
        text: the line.
        count: of the columns.
    """
    inside = [match[1] for match in _BRACKETS.finditer(text)] if not _BRACKETS.sub("", text).strip(" \t,") else []
    cells = [cell.strip().strip("[]()") for cell in text.split(",")]
    for parts in (inside, [*cells, *[""] * (count - len(cells))] if "," in text else text.split()):
        told = ["" if part in _NO_UNIT else part for part in parts]
        if len(told) == count and any(map(is_telling, told)) and all(not part or is_known(part) for part in told):
            return tuple(told)
    return ()
