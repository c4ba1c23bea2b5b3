"""Distributions of order parameters and charges over the configurations, beside the exact ones where they are known."""

from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Inexact

from retrodict.base.density import histogram_of
from retrodict.base.figure import Figure, Guide, Histogram, Layer, Line, Panel, Points
from retrodict.lattice.core.action import AbstractAction

if TYPE_CHECKING:
    from retrodict.run.result import Result

BINS: Final = 40
MIRRORED: Final = ("M",)  # changes sign under a symmetry of the action: mirror images must agree


def distributions(
    result: "Result", target: AbstractAction, final: Inexact[np.ndarray, "chain ..."] | None
) -> tuple[Figure, ...]:
    """Draw the distributions of the slow observables, of those with a mirror symmetry, of charge and of position.

    Args:
        result: the result of a run.
        target: its action.
        final: the last configuration of each chain, if they were kept.

    Returns:
        One figure.
    """
    names = dict.fromkeys((*(n for n in MIRRORED if n in result.scalars), *target.slow))
    has_charge = target.has_charge and "Q" in result.scalars
    panels = [_charge(result, target)] if has_charge else []
    panels += [_panel(result, name) for name in names if name != "Q2"]
    position = None if final is None else _position(target, final)
    panels += [position] if position is not None else []
    sentences = [
        "The values that the observables take over the configurations; the error of a mean is far smaller.",
        "Dashed: the mirror image, with which the distribution of M must agree." if "M" in names else "",
        "Points: the exact distribution of the topological charge." if has_charge else "",
        "Position: the density of the last paths beside that of the transfer matrix." if position is not None else "",
    ]
    return (Figure("distributions", "Distributions", " ".join(filter(None, sentences)), tuple(panels)),)


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


def _charge(result: "Result", target: AbstractAction) -> Panel:
    values, weights = result.draws("Q")
    most = max(int(np.max(np.abs(values))), 1)
    edges = np.arange(-most - 0.5, most + 1.0)
    height, _ = np.histogram(values, edges, weights=weights)
    layers: list[Layer] = [Histogram(edges, height)]
    exact, charge = target.exact_charges(most), np.arange(-most, most + 1)
    if exact is not None:
        layers.append(Points(charge, exact[np.abs(charge)], label="exact", role="reference"))
    return Panel("$Q$", "Probability", tuple(layers))


def _position(target: AbstractAction, final: Inexact[np.ndarray, "chain ..."]) -> Panel | None:
    """The distribution of the field at one site, where the exact one is known."""
    exact = target.exact_density()
    if exact is None:
        return None
    x, density = exact
    largest = float(np.max(np.abs(final)))
    inside = np.abs(x) < 1.2 * largest
    histogram = histogram_of(final.ravel(), edges=np.linspace(-largest, largest, BINS + 1), role="posterior")
    layers = (histogram, Line(x[inside], density[inside], "exact"))
    return Panel(target.picture(final[0]).label, "Density", layers)
