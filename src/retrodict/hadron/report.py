"""Figures, sections and baselines of a run: those of the analysis that it belongs to."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retrodict.base.domain import resolve
from retrodict.base.errors import InputError
from retrodict.base.figure import Figure
from retrodict.base.section import Run, Section
from retrodict.hadron.room import Room
from retrodict.hadron.rooms import ROOMS

if TYPE_CHECKING:
    from retrodict.problem.posterior import Posterior
    from retrodict.run.result import Result  # imports xarray, which a check of a config does not need


def room_of(result: "Result") -> Room:
    """The analysis to which a result belongs.

    Args:
        result: of a run of this domain.

    Raises:
        InputError: for a result of something else.
    """
    found = next((room for room in ROOMS if room.shows in result.tree["posterior"].dataset), None)
    if found is None:
        expected = " or ".join(room.shows for room in ROOMS)
        raise InputError("a result of none of the analyses of hadrons", expected=f"a quantity {expected}")
    return found


def figures(result: "Result") -> Sequence[Figure]:
    """What the analysis shows of its `result`."""
    return resolve(room_of(result).figures)(result)


def sections(result: "Result", target: "Posterior", *, run: Run | None = None) -> Sequence[Section]:
    """What the analysis says beside its figures.

    Args:
        result: of a run.
        target: the problem.
        run: its directory and arguments.
    """
    path = room_of(result).sections
    return resolve(path)(result, target, run=run) if path else ()


def baselines(result: "Result", target: "Posterior", *, run: Run | None = None) -> Section:
    """The classical way to the same answer, for `retrodict compare DIR --methods`.

    Args:
        result: of a run.
        target: the problem.
        run: its directory and arguments.

    Raises:
        InputError: for an analysis that has none.
    """
    path = room_of(result).baselines
    if not path:
        raise InputError("this analysis has no other method to compare with")
    return resolve(path)(result, target, run=run)
