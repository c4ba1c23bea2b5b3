"""Figures, sections and baselines of a domain with several analyses: those of the analysis that a result belongs to."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from retrodict.base.domain import resolve
from retrodict.base.errors import InputError
from retrodict.base.figure import Figure
from retrodict.base.room import Room
from retrodict.base.section import Run, Section

if TYPE_CHECKING:
    from retrodict.problem.target import AbstractTarget
    from retrodict.run.result import Result  # imports xarray, which a check of a config does not need


class RoomReport(NamedTuple):
    """The report hooks of a domain with several analyses.

    Args:
        rooms: its analyses.
    """

    rooms: tuple[Room, ...]

    def room_of(self, result: "Result") -> Room:
        """The analysis to which a result belongs. Raises `InputError` for a result of something else."""
        found = next((room for room in self.rooms if room.shows in result.tree["posterior"].dataset), None)
        if found is None:
            expected = " or ".join(room.shows for room in self.rooms)
            raise InputError("a result of none of the analyses of this domain", expected=f"a quantity {expected}")
        return found

    def figures(self, result: "Result") -> Sequence[Figure]:
        """What the analysis shows of its `result`."""
        return resolve(self.room_of(result).figures)(result)

    def sections(self, result: "Result", target: "AbstractTarget", *, run: Run | None = None) -> Sequence[Section]:
        """What the analysis says beside its figures.

        Args:
            result: of a run.
            target: the problem.
            run: its directory and arguments.
        """
        path = self.room_of(result).sections
        return resolve(path)(result, target, run=run) if path else ()

    def baselines(self, result: "Result", target: "AbstractTarget", *, run: Run | None = None) -> Section:
        """The classical way to the same answer, for `retrodict compare DIR --methods`.

        Args:
            result: of a run.
            target: the problem.
            run: its directory and arguments.

        Raises:
            InputError: for an analysis that has none.
        """
        path = self.room_of(result).baselines
        if not path:
            raise InputError("this analysis has no other method to compare with")
        return resolve(path)(result, target, run=run)
