"""What the exports of a run share: the statistics of a band, tables of single draws, the unit of a grid."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    from retrodict.run.result import Result

STATISTICS = ("mean", "median", "q2_5", "q16", "q84", "q97_5")
Tables: TypeAlias = "dict[str, dict[str, tuple[np.ndarray, str]]]"  # name -> column -> (draw, row) and its unit


def grid_unit(result: "Result", name: str) -> str:
    """The unit of the grid of a function."""
    return result.tree["posterior"][name].attrs["grid_unit"]
