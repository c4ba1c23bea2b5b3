"""Configurations as pictures: fields as they are, links by their plaquettes, paths as curves."""

from typing import Final, NamedTuple

import jax.numpy as jnp
import numpy as np

from retrodict.base.figure import Curves, Figure, Image, Panel
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.core.spaces import wrapped
from retrodict.lattice.theories.groups import U1
from retrodict.lattice.theories.spins import XY
from retrodict.lattice.theories.wilson import Wilson, plaquettes

SHOWN: Final = 4  # configurations
LARGEST: Final = 128  # sites drawn in each direction


class Picture(NamedTuple):
    """A plane of a configuration, `(second axis, first axis)`: what is drawn, its name, and its period if an angle."""

    values: np.ndarray
    label: str
    period: float | None = None


def picture_of(action: AbstractAction, x: np.ndarray) -> Picture:
    """The plane of the first two directions through the origin, of a lattice with at least two."""
    if isinstance(action, Wilson):
        return _plaquettes(action, x)
    period = 2 * np.pi if isinstance(action, XY) else None
    return Picture(_plane(x), r"$\theta$" if period else r"$\phi$", period)


def pictures(action: AbstractAction, configurations: np.ndarray) -> Figure:
    """The first configurations of `(chain, ...)`, side by side."""
    chosen = configurations[:SHOWN]
    if len(action.shape) == 1:
        times = np.arange(action.shape[0])
        panel = Panel("Site", "$x$", (Curves(times, chosen),))
        return Figure("configurations", "Paths", "The last path of some chains.", (panel,))
    planes = [picture_of(action, x) for x in chosen]
    largest = max(float(np.max(np.abs(plane.values))) for plane in planes) or None
    panels = tuple(_panel(plane, number, largest) for number, plane in enumerate(planes))
    if isinstance(action, Wilson) and isinstance(action.group, U1):
        what = "the angle of each plaquette; over the whole of a two-dimensional lattice they sum to 2 pi Q"
    elif isinstance(action, Wilson):
        what = "Re tr / N of the plaquettes, less their mean over all planes"
    else:
        what = "the field"
    cut = " (its first sites only)" if max(action.shape[:2]) > LARGEST else ""
    plane = "" if len(action.shape) == 2 else ", in the plane of the first two directions through the origin"
    caption = f"The last configuration of some chains{cut}: {what}{plane}."
    return Figure("configurations", "Configurations", caption, panels)


def _panel(picture: Picture, number: int, largest: float | None) -> Panel:
    image = Image(picture.values, picture.label, picture.period, largest)
    return Panel("$x_1$", "$x_2$", (image,), title=f"Chain {number + 1}")


def _plaquettes(action: Wilson, x: np.ndarray) -> Picture:
    found = {(mu, nu): p for mu, nu, p in plaquettes(action.group, jnp.asarray(x))}
    if isinstance(action.group, U1):
        return Picture(_plane(np.asarray(wrapped(found[0, 1]))), r"$\theta_p$")
    traces = {plane: np.asarray(jnp.real(action.group.trace(p))) for plane, p in found.items()}
    mean = np.mean([values.mean() for values in traces.values()])
    return Picture(_plane(traces[0, 1] - mean), r"$\mathrm{Re\,tr}\,U_p/N$ less its mean")


def _plane(values: np.ndarray) -> np.ndarray:
    """The first two axes at the origin of the others, the first one to the right."""
    while values.ndim > 2:
        values = values[..., 0]
    return np.asarray(values[:LARGEST, :LARGEST], dtype=float).T
