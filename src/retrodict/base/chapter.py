"""A chapter that a domain adds to the report of its runs, described as data: text, a table, figures."""

from dataclasses import dataclass

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
class Chapter:
    """`name` is the anchor on the page: lower-case letters and hyphens."""

    name: str
    title: str
    text: str
    table: Table | None = None
    figures: tuple[Figure, ...] = ()
