"""Distributions of order parameters and charges over the configurations, beside what is known of them exactly."""

from typing import TYPE_CHECKING, Final

import numpy as np

from retrodict.base.density import histogram_of
from retrodict.base.figure import Figure, Guide, Histogram, Layer, Line, Panel, Points
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.theories.paths import FeynmanPath
from retrodict.lattice.theories.reference import path_density, u1_charges
from retrodict.lattice.theories.wilson import Wilson

if TYPE_CHECKING:
    from retrodict.run.result import Result

BINS: Final = 40
MIRRORED: Final = ("M",)  # changes sign under a symmetry of the action: mirror images must agree


def distributions(result: "Result", target: AbstractAction, final: np.ndarray | None) -> tuple[Figure, ...]:
    """One figure: what is slow, what a symmetry mirrors, the topological charge, the position on a path."""
    names = dict.fromkeys((*(n for n in MIRRORED if n in result.scalars), *target.slow))
    panels = [_charge(result, target)] if "Q" in result.scalars and isinstance(target, Wilson) else []
    panels += [_panel(result, name) for name in names if name != "Q2"]
    if isinstance(target, FeynmanPath) and final is not None:
        panels.append(_position(target, final))
    told = [
        "The values that the observables take over the configurations; the error of a mean is far smaller.",
        "Dashed: the mirror image, with which the distribution of M must agree." if "M" in names else "",
        "Points: the exact distribution of the topological charge." if "Q" in result.scalars else "",
        "Position: the density of the last paths beside that of the transfer matrix." if len(target.shape) == 1 else "",
    ]
    return (Figure("distributions", "Distributions", " ".join(filter(None, told)), tuple(panels)),)


def _panel(result: "Result", name: str) -> Panel:
    values, weights = result.draws(name)
    largest = float(np.max(np.abs(values)))
    low, high = (-largest, largest) if name in MIRRORED else (float(values.min()), float(values.max()))
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    histogram = histogram_of(values, weights, edges=edges, role="posterior")
    layers: list[Layer] = [histogram]
    if name in MIRRORED:
        middle = 0.5 * (edges[1:] + edges[:-1])
        layers.append(Line(middle, np.asarray(histogram.height)[::-1], "mirror image", dashed=True))
    row = result.quantities()[name]
    if "exact" in row:
        layers.append(Guide(row["exact"], vertical=True, label="exact mean"))
    return Panel(result.label(name), "Density", tuple(layers), result.unit(name))


def _charge(result: "Result", target: Wilson) -> Panel:
    values, weights = result.draws("Q")
    most = max(int(np.max(np.abs(values))), 1)
    edges = np.arange(-most - 0.5, most + 1.0)
    height, _ = np.histogram(values, edges, weights=weights)
    exact = u1_charges(float(target.beta), target.volume, most)
    charge = np.arange(-most, most + 1)
    points = Points(charge, exact[np.abs(charge)], label="exact", role="reference")
    return Panel("$Q$", "Probability", (Histogram(edges, height), points))


def _position(target: FeynmanPath, final: np.ndarray) -> Panel:
    x, density = path_density(target.shape[0], float(target.spacing), target.coefficients)
    largest = float(np.max(np.abs(final)))
    inside = np.abs(x) < 1.2 * largest
    histogram = histogram_of(final.ravel(), edges=np.linspace(-largest, largest, BINS + 1), role="posterior")
    return Panel("$x$", "Density", (histogram, Line(x[inside], density[inside], "exact")))
