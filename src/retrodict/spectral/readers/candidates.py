"""Files that hold several correlators: their list, and the choice of one by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrodict.base.errors import InputError

LISTED = 12


@dataclass(frozen=True)
class Candidate:
    """Something in a file that could be a correlator."""

    name: str  # what `dataset` must say
    shape: tuple[int, ...]  # (measurements, points), or (points,) where a covariance goes with it
    label: str = ""  # what else the file says of it, such as the gamma matrices of a meson


class SeveralCorrelators(InputError):
    """The file holds several correlators and no name was given.

    Args:
        candidates: all of them.
        where: the file.
    """

    def __init__(self, candidates: Sequence[Candidate], where: str) -> None:
        self.candidates = tuple(candidates)
        listed = ", ".join(f"{candidate.name} {candidate.shape}" for candidate in candidates[:LISTED])
        more = f", and {len(candidates) - LISTED} more" if len(candidates) > LISTED else ""
        what = "the file holds several correlators"
        first = candidates[0].name
        fix = f"pick one: dataset: {first}   (on the command line: --set dataset={first})"
        super().__init__(what, where=where, got=f"{listed}{more}"[:400], fix=fix)


def choose(candidates: Sequence[Candidate], dataset: str, where: str) -> Candidate:
    """The candidate called `dataset`, or the only one.

    Args:
        candidates: all correlators in the file.
        dataset: the name of one, or "".
        where: the file, for messages.

    Raises:
        SeveralCorrelators: without a name, if there are several.
        InputError: if there is none of that name.
    """
    name = dataset.strip("/")
    matches = [candidate for candidate in candidates if candidate.name.strip("/") == name and dataset]
    if len(matches) == 1 or (not dataset and len(candidates) == 1):
        return matches[0] if matches else candidates[0]
    if not dataset:
        raise SeveralCorrelators(candidates, where)
    fix = "correlators in this file: " + (", ".join(candidate.name for candidate in candidates[:LISTED]) or "none")
    raise InputError("no such correlator", where=where, got=dataset[:80], fix=fix[:400])
