"""Where a user's file goes in a config: the kind of the file decides the analysis."""

from retrodict.base.domain import Placed
from retrodict.base.room import placed_by_kind
from retrodict.hadron.rooms import ROOMS


def place_data(files: list[str], columns: str = "") -> Placed:
    """The config of the analysis to which a file belongs, with the file in its place.

    Args:
        files: one file.
        columns: names and units of the columns of a table without a header.

    Raises:
        InputError: for several files, or one that no analysis takes.
    """
    return placed_by_kind("hadron", ROOMS, files, columns=columns)
