"""Notes of the problem for every reader of a result."""

from typing import NamedTuple

from retrodict.base.types import JSON
from retrodict.run.diagnostic import Finding, Severity


class ProblemNotes(NamedTuple):
    """Notes on the data and the set-up, as `check` prints them."""

    notes: tuple[str, ...]  # sentences

    def findings(self) -> tuple[Finding, ...]:
        """Each as a note."""
        return tuple(Finding(Severity.NOTE, note) for note in self.notes)

    def to_json(self) -> dict[str, JSON]:
        """Nothing: they are sentences, not figures."""
        return {}
