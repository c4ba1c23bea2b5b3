"""The problem of this domain: an analysis with its data."""

from pathlib import Path
from typing import Annotated, Literal

from retrodict.base.domain import Kinds, resolve
from retrodict.base.files import DataPath
from retrodict.heavy_ion.rooms import ROOMS
from retrodict.problem.analysis import AbstractAnalysis
from retrodict.problem.posterior import Posterior

__all__ = ["kinds", "problem"]


def problem(
    data: Literal["mock"] | DataPath,
    *,
    analysis: Annotated[AbstractAnalysis, Kinds("retrodict.heavy_ion.problems:kinds")],
) -> Posterior:
    """The posterior of what a collision was, behind the particles and tables that it left.

    Args:
        data: a file that `retrodict inspect` recognises as the data of this analysis; or "mock", data that the analysis
            makes of a known truth.
        analysis: what was measured, and the physics that leads from the unknown to it.

    Raises:
        InputError: as the analysis raises it.
    """
    return analysis.posterior(None if data == "mock" else Path(data))


def kinds() -> tuple[type[AbstractAnalysis], ...]:
    """The analyses that a config can name."""
    return tuple(resolve(room.analysis) for room in ROOMS)
