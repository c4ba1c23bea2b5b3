"""Where a user's file goes in a config: the kind of the file decides the analysis."""

from retrodict.base.domain import Placed, resolve
from retrodict.base.errors import InputError
from retrodict.base.recognition import FileHead
from retrodict.hadron.rooms import ROOMS


def place_data(files: list[str], columns: str = "") -> Placed:
    """The config of the analysis to which a file belongs, with the file in its place.

    Args:
        files: one file.
        columns: names and units of the columns of a table without a header.

    Raises:
        InputError: for several files, or one that no analysis takes.
    """
    if len(files) > 1:
        raise InputError("one file of data at a time", got=", ".join(files), fix="retrodict new hadron DIR --data FILE")
    head = FileHead(files[0], columns)
    claims = [(reader.claim(head), room, reader) for room in ROOMS for reader in room.readers]
    claim, room, reader = max(claims, key=lambda one: one[0].order)
    if not claim.strength:
        expected = ", or ".join(reader.title for _, _, reader in claims)
        raise InputError("no analysis of hadrons takes this file", where=files[0], expected=expected)
    described = resolve(reader.describe)(files[0], **({"columns": columns} if columns else {}))
    fields = {"problem.data": files[0], **({"problem.analysis.columns": columns} if columns else {})}
    notes = [f"{files[0]}: {note}" for note in described["warnings"]]
    return Placed(fields, notes, template=room.template)
