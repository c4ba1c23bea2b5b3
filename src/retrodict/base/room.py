"""What an analysis is to a domain that has several of them: its files, its config, its part of the report.

Nothing heavy is imported here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from retrodict.base.domain import ImportPath, Placed, Reader, resolve
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.recognition import FileHead


@dataclass(frozen=True)
class Room:
    """One analysis of a domain, with all that the house asks of it; each folder of `hadron` has one, in `room.py`.

    Args:
        analysis: the class that a config names under `problem.analysis.kind`.
        shows: a derived quantity that its results have and those of no other analysis of the domain.
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


def placed_by_kind(domain: str, rooms: tuple[Room, ...], files: list[str], **said: PathLike | None) -> Placed:
    """The config of the analysis to which a file belongs, with the file in its place.

    Args:
        domain: its name, for messages.
        rooms: the analyses that may take the file.
        files: one file.
        said: what the user says of the data, fields of `problem.analysis`; what is None or "" was not said.

    Raises:
        InputError: for several files, or one that no analysis takes.
    """
    if len(files) > 1:
        fix = f"retrodict new {domain} DIR --data FILE"
        raise InputError("one file of data at a time", got=", ".join(files), fix=fix)
    words = {name: str(value) for name, value in said.items() if value}
    columns = {"columns": words["columns"]} if "columns" in words else {}
    head = FileHead(files[0], **columns)
    claims = [(reader.claim(head), room, reader) for room in rooms for reader in room.readers]
    claim, room, reader = max(claims, key=lambda one: one[0].order)
    if not claim.strength:
        expected = ", or ".join(reader.title for _, _, reader in claims)
        raise InputError(f"no analysis of {domain} takes this file", where=files[0], expected=expected)
    described = resolve(reader.describe)(files[0], **columns)
    fields = {"problem.data": files[0]} | {f"problem.analysis.{name}": value for name, value in words.items()}
    return Placed(fields, [f"{files[0]}: {note}" for note in described["warnings"]], template=room.template)
