"""Where a user's file goes in a config: the kind of the file decides the analysis."""

from retrodict.base.domain import Placed
from retrodict.base.files import PathLike
from retrodict.base.room import placed_by_kind
from retrodict.heavy_ion.rooms import ROOMS


def place_data(
    files: list[str],
    columns: str = "",
    design: PathLike | None = None,
    outputs: PathLike | None = None,
    ranges: PathLike | None = None,
    training: PathLike | None = None,
) -> Placed:
    """The config of the analysis to which a file belongs, with the file in its place.

    Args:
        files: one file.
        columns: names and units of the columns of a table without a header.
        design: the parameters at which a simulator was run.
        outputs: what it gave there.
        ranges: the prior range of each parameter.
        training: events with impact parameters, from which those of other events are learnt.

    Raises:
        InputError: for several files, or one that no analysis takes.
    """
    said = {"columns": columns, "design": design, "outputs": outputs, "ranges": ranges, "training": training}
    return placed_by_kind("heavy_ion", ROOMS, files, **said)
