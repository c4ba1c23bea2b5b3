"""Figures described as data: what is shown, on which axes, in which units. Domains describe, `report` draws.

A `Figure` is a few `Panel`s, a panel is two axes and some layers, and a layer holds nothing but arrays and a role.
Colours, fonts and sizes are the renderer's business, so that every figure of every domain looks alike, in print, on a
phone and in the dark. `Figure.to_csv` writes exactly the numbers that are drawn.

Texts (labels, titles, captions) may hold mathematics between dollar signs; units are plain text, `MeV fm^-3`, `Msun`.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from retrodict.base.layers import (
    Band,
    Bars,
    Curves,
    Density,
    Ellipses,
    Guide,
    Histogram,
    Image,
    Layer,
    Line,
    Numbers,
    Points,
    Role,
)

__all__ = [
    "Band",
    "Bars",
    "Curves",
    "Density",
    "Ellipses",
    "Figure",
    "Guide",
    "Histogram",
    "Image",
    "Layer",
    "Line",
    "Numbers",
    "Panel",
    "Points",
    "Role",
    "Section",
    "band_of",
    "divided",
    "with_unit",
]

Section: TypeAlias = Literal["functions", "fit", "correlations", "sensitivity", "calibration", "diagnostics"]


@dataclass(frozen=True)
class Panel:
    """Two axes and what is drawn on them.

    Args:
        x_label: text at the horizontal axis, `label [unit]`.
        y_label: text at the vertical axis.
        layers: what is drawn, the first lowest.
        x_unit: unit of the horizontal axis; none if empty.
        y_unit: unit of the vertical axis.
        x_log: logarithmic horizontal axis.
        y_log: logarithmic vertical axis.
        x_limits: range of the horizontal axis; that of the layers if None.
        y_limits: range of the vertical axis.
        title: above the panel.
    """

    x_label: str
    y_label: str
    layers: tuple[Layer, ...]
    x_unit: str = ""
    y_unit: str = ""
    x_log: bool = False
    y_log: bool = False
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    title: str = ""


@dataclass(frozen=True)
class Figure:
    """Panels that are read together.

    Args:
        name: stem of its files: letters, digits, `_`, `-`, `.`.
        title: heading of the figure.
        caption: what is to be seen, in a sentence or two.
        panels: in reading order; None is an empty place of a joined sheet.
        section: part of the report to which it belongs.
        columns: panels side by side.
        joined: keep the panels on one sheet (a corner plot); otherwise a page may let them flow.
        alt: for readers who cannot see it; the caption if empty.
    """

    name: str
    title: str
    caption: str
    panels: tuple[Panel | None, ...]
    section: Section = "functions"
    columns: int = 2
    joined: bool = False
    alt: str = field(default="", kw_only=True)

    def to_csv(self) -> str:
        """All numbers drawn, one table: `panel, layer, kind, label`, then the columns of the layers.

        Lines that begin with `#` name the axes and their units. Floats are written with all digits.
        """
        rows = [row for index, panel in enumerate(self.panels, 1) if panel for row in _panel_rows(index, panel)]
        head = ["panel", "layer", "kind", "label"]
        names = list(dict.fromkeys(name for row in rows for name in row if name not in head))
        stream = io.StringIO()
        stream.writelines(f"# {line}\n" for line in self._axes())
        writer = csv.DictWriter(stream, head + names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return stream.getvalue()

    def _axes(self) -> list[str]:
        axes = [" ".join(self.title.split())]
        for index, panel in enumerate(self.panels, 1):
            if panel:
                x, y = with_unit(panel.x_label, panel.x_unit), with_unit(panel.y_label, panel.y_unit)
                axes.append(" ".join(f"panel {index}: x = {x}, y = {y}".split()))
        return axes


def with_unit(label: str, unit: str) -> str:
    """`label [unit]`, or the label alone for a pure number."""
    return f"{label} [{unit}]" if unit else label


def divided(band: Mapping[str, np.ndarray], by: np.ndarray) -> dict[str, np.ndarray]:
    """The statistics of a function, `x` aside, divided by a positive one: quantiles scale with it."""
    return {name: value if name == "x" else value / by for name, value in band.items()}


def band_of(
    summary: Mapping[str, Numbers], label: str = "", role: Role = "posterior", *, sideways: bool = False
) -> Band:
    """The band of a function of a result.

    Args:
        summary: what `Result.band` returns: the arrays x, median, q2_5, q16, q84, q97_5.
        label: for the legend; none if empty.
        role: decides the colour.
        sideways: puts x on the vertical axis.
    """
    arrays = {name: summary[name] for name in ("x", "q16", "q84", "q2_5", "q97_5", "median")}
    return Band(**arrays, label=label, role=role, sideways=sideways)


def _panel_rows(index: int, panel: Panel) -> list[dict[str, Numbers]]:
    rows = []
    for number, layer in enumerate(panel.layers, 1):
        head = {"panel": index, "layer": number, "kind": type(layer).__name__.lower(), "label": layer.label}
        columns = {name: _plain(column) for name, column in layer.columns().items()}
        rows += [head | dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return rows


def _plain(column: Any) -> Sequence[Any]:
    return np.asarray(column).tolist()
