"""A section that a domain adds to the report of its runs, described as data: text, a table, figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrodict.base.figure import Figure

Cell = str | float | None


@dataclass(frozen=True)
class Table:
    """Rows under a head. Labels may hold mathematics between dollar signs.

    Args:
        head: titles of the columns.
        rows: one cell a column; the first cell names the row, None is an empty cell.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def records(self) -> list[dict[str, Cell]]:
        """One mapping a row, for JSON."""
        return [dict(zip(self.head, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading of its own.

    Args:
        name: anchor on the page, lower-case letters and hyphens.
        title: heading.
        text: a paragraph; `name` in backticks is set in a typewriter face.
        table: shown below the text.
        figures: shown below the table.
    """

    name: str
    title: str
    text: str
    table: Table | None = None
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Run:
    """What a section may use of a run beside its result.

    Args:
        directory: where the files of the run are.
        arguments: of the domain's `problem`, by name.
    """

    directory: Path
    arguments: Mapping[str, Any] = field(default_factory=dict)
