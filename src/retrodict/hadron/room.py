"""What an analysis is to the domain: its files, its config, its part of the report. Nothing heavy is imported here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from retrodict.base.domain import ImportPath, Reader


@dataclass(frozen=True)
class Room:
    """One analysis of the domain, with all that the house asks of it; each folder of `hadron` has one, in `room.py`.

    Args:
        analysis: the class that a config names under `problem.analysis.kind`.
        shows: a derived quantity that its results have and those of no other analysis.
        readers: the kinds of files that it takes; their field is `problem.data`.
        template: the commented config that `retrodict new` writes for such a file; it runs as it is, on mock data.
        figures: `(result) -> sequence of Figure`.
        sections: `(result, target, *, run) -> sequence of Section`; none if empty.
        baselines: `(result, target, *, run) -> Section`, the classical way to the same answer; none if empty.
        demos: name -> config.
    """

    analysis: ImportPath
    shows: str
    readers: tuple[Reader, ...]
    template: str
    figures: ImportPath
    sections: ImportPath = ""
    baselines: ImportPath = ""
    demos: Mapping[str, str] = field(default_factory=dict)
