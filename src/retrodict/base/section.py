"""A section that a domain adds to the report of its runs, described as data: text, a table, figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrodict.base.figure import Figure

Cell = str | float | None


@dataclass(frozen=True)
class Table:
    """Rows under a head; the first cell names the row. Labels may hold mathematics between dollar signs."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def records(self) -> list[dict[str, Cell]]:
        """One mapping a row, for JSON."""
        return [dict(zip(self.head, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Section:
    """`name` is the anchor on the page: lower-case letters and hyphens."""

    name: str
    title: str
    text: str
    table: Table | None = None
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Run:
    """What a section may know of a run beside its result: where its files lie, and how its problem was asked for."""

    directory: Path
    arguments: Mapping[str, Any] = field(default_factory=dict)  # of the domain's `problem`
