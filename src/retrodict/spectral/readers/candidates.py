"""Files that hold several correlators: the list of them, and the one that was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrodict.base.errors import InputError

LISTED = 12


@dataclass(frozen=True)
class Candidate:
    """Something in a file that could be a correlator."""

    name: str  # what `dataset` must say
    shape: tuple[int, ...]  # (measurements, points), or (points,) where a covariance goes with it


class SeveralCorrelators(InputError):
    """The file holds several correlators and nobody said which; `candidates` are all of them."""

    def __init__(self, candidates: Sequence[Candidate], where: str) -> None:
        self.candidates = tuple(candidates)
        listed = ", ".join(f"{one.name} {one.shape}" for one in candidates[:LISTED])
        more = f", and {len(candidates) - LISTED} more" if len(candidates) > LISTED else ""
        what = "the file holds several correlators"
        super().__init__(what, where=where, got=f"{listed}{more}"[:400], fix=f"pick one: dataset: {candidates[0].name}")


def choose(candidates: Sequence[Candidate], dataset: str, where: str) -> Candidate:
    """The candidate called `dataset`, or the only one. Raises `InputError`, `SeveralCorrelators`."""
    wanted = dataset.strip("/")
    found = [one for one in candidates if one.name.strip("/") == wanted and dataset]
    if len(found) == 1 or (not dataset and len(candidates) == 1):
        return found[0] if found else candidates[0]
    if not dataset:
        raise SeveralCorrelators(candidates, where)
    fix = "correlators in this file: " + (", ".join(one.name for one in candidates[:LISTED]) or "none")
    raise InputError("no such correlator", where=where, got=dataset[:80], fix=fix[:400])
