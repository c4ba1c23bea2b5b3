"""Configurations as pictures: fields as they are, links by their plaquettes, paths as curves."""

from typing import Final

import numpy as np
from jaxtyping import Inexact

from retrodict.base.figure import Curves, Figure, Image, Panel
from retrodict.base.types import Float
from retrodict.lattice.core.action import AbstractAction, Picture

CONFIGURATIONS: Final = 4  # drawn
LARGEST: Final = 128  # sites drawn in each direction


def pictures(action: AbstractAction, configurations: Inexact[np.ndarray, "chain ..."]) -> Figure:
    """Draw the first configurations side by side.

    Args:
        action: the action, which says what is drawn of a configuration.
        configurations: one configuration a chain.

    Returns:
        Curves in one dimension, else the plane of the first two directions through the origin.
    """
    drawn = [action.picture(x) for x in configurations[:CONFIGURATIONS]]
    if len(action.shape) == 1:
        times = np.arange(action.shape[0])
        panel = Panel("Site", drawn[0].label, (Curves(times, np.stack([picture.values for picture in drawn])),))
        return Figure("configurations", "Paths", "The last path of some chains.", (panel,))
    planes = [_plane(picture.values) for picture in drawn]
    largest = max(float(np.max(np.abs(plane))) for plane in planes) or None
    panels = tuple(
        _panel(plane, picture, number, largest)
        for number, (plane, picture) in enumerate(zip(planes, drawn, strict=True))
    )
    cut = " (its first sites only)" if max(action.shape[:2]) > LARGEST else ""
    place = "" if len(action.shape) == 2 else ", in the plane of the first two directions through the origin"
    caption = f"The last configuration of some chains{cut}: {drawn[0].what}{place}."
    return Figure("configurations", "Configurations", caption, panels)


def _panel(plane: Float[np.ndarray, "second first"], picture: Picture, number: int, largest: float | None) -> Panel:
    image = Image(plane, picture.label, picture.period, largest)
    return Panel("$x_1$", "$x_2$", (image,), title=f"Chain {number + 1}")


def _plane(values: Float[np.ndarray, "*lattice"]) -> Float[np.ndarray, "second first"]:
    """The first two axes at the origin of the others, the first one to the right."""
    while values.ndim > 2:
        values = values[..., 0]
    return np.asarray(values[:LARGEST, :LARGEST], dtype=float).T
