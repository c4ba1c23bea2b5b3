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

Role: TypeAlias = Literal["posterior", "prior", "data", "reference", "second", "third", "fourth"]
Section: TypeAlias = Literal["functions", "fit", "correlations", "sensitivity", "calibration", "diagnostics"]


@dataclass(frozen=True, eq=False)
class Band:
    """Central 68 and 95 % intervals of a function, with its median if given.

    All arrays have the shape of `x`; NaN leaves a gap. `sideways` puts `x` on the vertical axis: the radius as a
    function of the mass, drawn as mass over radius.
    """

    x: Any
    q16: Any
    q84: Any
    q2_5: Any
    q97_5: Any
    median: Any = None
    label: str = ""
    role: Role = "posterior"
    sideways: bool = False

    def __post_init__(self) -> None:
        _freeze(self, "x", "q16", "q84", "q2_5", "q97_5", "median")
        _same_shape(self, "x", "q16", "q84", "q2_5", "q97_5", "median")

    def columns(self) -> dict[str, Any]:
        """The numbers drawn, by column name."""
        names = ("x", "median", "q2_5", "q16", "q84", "q97_5")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


@dataclass(frozen=True, eq=False)
class Line:
    """y over x, points joined in their order; NaN leaves a gap."""

    x: Any
    y: Any
    label: str = ""
    role: Role = "reference"
    dashed: bool = False

    def __post_init__(self) -> None:
        _freeze(self, "x", "y")
        _same_shape(self, "x", "y")

    def columns(self) -> dict[str, Any]:
        """The numbers drawn, by column name."""
        return {"x": self.x, "y": self.y}


@dataclass(frozen=True, eq=False)
class Curves:
    """A few draws of a curve, thin: `x`, `y` of shape `(curve, point)`; an `x` of shape `(point,)` is shared."""

    x: Any
    y: Any
    label: str = ""
    role: Role = "posterior"

    def __post_init__(self) -> None:
        _freeze(self, "x", "y")
        object.__setattr__(self, "x", np.broadcast_to(self.x, self.y.shape))

    def columns(self) -> dict[str, Any]:
        """The numbers drawn, by column name; `curve` counts from 0."""
        index = np.repeat(np.arange(self.y.shape[0]), self.y.shape[1])
        return {"curve": index, "x": self.x.ravel(), "y": self.y.ravel()}


@dataclass(frozen=True, eq=False)
class Points:
    """Measured points. Errors: one number a point, or `(minus, plus)` of shape `(2, points)`; `names` go to the CSV."""

    x: Any
    y: Any
    x_error: Any = None
    y_error: Any = None
    label: str = ""
    role: Role = "data"
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze(self, "x", "y", "x_error", "y_error")
        _same_shape(self, "x", "y")
        for name in ("x_error", "y_error"):
            error = getattr(self, name)
            if error is not None:
                object.__setattr__(self, name, np.broadcast_to(error, (2, self.x.size)))

    def columns(self) -> dict[str, Any]:
        """The numbers drawn, by column name."""
        out: dict[str, Any] = {"name": list(self.names)} if self.names else {}
        out |= {"x": self.x, "y": self.y}
        for axis, error in (("x", self.x_error), ("y", self.y_error)):
            if error is not None:
                out |= {f"{axis}_minus": error[0], f"{axis}_plus": error[1]}
        return out


@dataclass(frozen=True, eq=False)
class Ellipses:
    """68 % regions of two-dimensional Gaussians: centres, standard deviations and correlations, one entry each."""

    x: Any
    y: Any
    x_sd: Any
    y_sd: Any
    correlation: Any = 0.0
    label: str = ""
    role: Role = "data"
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze(self, "x", "y", "x_sd", "y_sd", "correlation")
        object.__setattr__(self, "correlation", np.broadcast_to(self.correlation, self.x.shape))
        _same_shape(self, "x", "y", "x_sd", "y_sd", "correlation")

    def columns(self) -> dict[str, Any]:
        """The numbers drawn, by column name."""
        out: dict[str, Any] = {"name": list(self.names)} if self.names else {}
        return out | {name: getattr(self, name) for name in ("x", "y", "x_sd", "y_sd", "correlation")}


@dataclass(frozen=True, eq=False)
class Density:
    """A probability density `(len(y), len(x))` on a grid; its 68 and 95 % highest-density regions are drawn."""

    x: Any
    y: Any
    density: Any
    label: str = ""
    role: Role = "posterior"

    def __post_init__(self) -> None:
        _freeze(self, "x", "y", "density")
        if self.density.shape != (self.y.size, self.x.size):
            raise ValueError(f"density has shape {self.density.shape}, its grid {(self.y.size, self.x.size)}")

    def columns(self) -> dict[str, Any]:
        """The numbers drawn, by column name: one row a grid point."""
        x, y = np.meshgrid(self.x, self.y)
        return {"x": x.ravel(), "y": y.ravel(), "density": self.density.ravel()}


@dataclass(frozen=True, eq=False)
class Histogram:
    """Heights between `edges` (one more than heights), drawn as a filled staircase."""

    edges: Any
    height: Any
    label: str = ""
    role: Role = "posterior"

    def __post_init__(self) -> None:
        _freeze(self, "edges", "height")
        if self.edges.size != self.height.size + 1:
            raise ValueError(f"{self.height.size} heights need {self.height.size + 1} edges, got {self.edges.size}")

    def columns(self) -> dict[str, Any]:
        """The numbers drawn, by column name."""
        return {"x_low": self.edges[:-1], "x_high": self.edges[1:], "y": self.height}


@dataclass(frozen=True, eq=False)
class Bars:
    """One horizontal bar a name, from `start` (zero if absent) to `value`; with `error`, a point with its error bar.

    `error` is one number a name, or `(minus, plus)` of shape `(2, names)`. Several layers with the same names stand
    side by side.
    """

    names: tuple[str, ...]
    value: Any
    error: Any = None
    label: str = ""
    role: Role = "posterior"

    def __post_init__(self) -> None:
        _freeze(self, "value", "error")
        if self.value.shape != (len(self.names),):
            raise ValueError(f"{len(self.names)} names, values of shape {self.value.shape}")
        if self.error is not None:
            object.__setattr__(self, "error", np.broadcast_to(self.error, (2, len(self.names))))

    def columns(self) -> dict[str, Any]:
        """The numbers drawn, by column name."""
        out = {"name": list(self.names), "x": self.value}
        return out if self.error is None else out | {"x_minus": self.error[0], "x_plus": self.error[1]}


@dataclass(frozen=True, eq=False)
class Image:
    """Values `(row, column)` on a rectangular lattice, drawn as squares: row 0 at the bottom.

    The scale ends at `largest` (the largest absolute value if None) on both sides, and zero has its neutral colour;
    `period` makes it a circle instead, for angles that are equal modulo `period`. NaN leaves a gap.
    """

    values: Any
    label: str = ""
    period: float | None = None
    largest: float | None = None

    def __post_init__(self) -> None:
        _freeze(self, "values")
        if self.values.ndim != 2:
            raise ValueError(f"an image has rows and columns, not the shape {self.values.shape}")

    @property
    def limit(self) -> float:
        """Where the scale ends on both sides of zero."""
        if self.period is not None:
            return 0.5 * self.period
        if self.largest is not None:
            return self.largest
        return float(np.nanmax(np.abs(self.values), initial=0.0)) or 1.0

    def columns(self) -> dict[str, Any]:
        """The numbers drawn, by column name: x counts columns, y rows."""
        rows, columns = self.values.shape
        y, x = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
        return {"x": x.ravel(), "y": y.ravel(), "value": self.values.ravel()}


@dataclass(frozen=True)
class Guide:
    """A reference value across the panel, with a shaded half width if it has one."""

    value: float
    half_width: float = 0.0
    vertical: bool = False
    label: str = ""
    role: Role = "reference"

    def columns(self) -> dict[str, Any]:
        """The numbers drawn, by column name."""
        return {"x" if self.vertical else "y": [self.value], "half_width": [self.half_width]}


Layer: TypeAlias = Band | Line | Curves | Points | Ellipses | Density | Histogram | Bars | Image | Guide


@dataclass(frozen=True)
class Panel:
    """Two axes and what is drawn on them, first layer lowest. `label [unit]` stands at each axis."""

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
    """Panels that are read together. `name` is the stem of its files: letters, digits, `_`, `-`, `.`.

    `joined` keeps the panels on one sheet of `columns` columns (a corner plot; `None` is an empty place); otherwise a
    page may let them flow. `section` says where in the report it belongs.
    """

    name: str
    title: str
    caption: str
    panels: tuple[Panel | None, ...]
    section: Section = "functions"
    columns: int = 2
    joined: bool = False
    alt: str = field(default="", kw_only=True)  # for readers who cannot see it; the caption if empty

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


def band_of(summary: Mapping[str, Any], **about: Any) -> Band:
    """A `Band` from the arrays that `Result.band` returns: `x, median, q2_5, q16, q84, q97_5`."""
    names = ("x", "q16", "q84", "q2_5", "q97_5", "median")
    return Band(**{name: summary[name] for name in names}, **about)


def _panel_rows(index: int, panel: Panel) -> list[dict[str, Any]]:
    rows = []
    for number, layer in enumerate(panel.layers, 1):
        head = {"panel": index, "layer": number, "kind": type(layer).__name__.lower(), "label": layer.label}
        columns = {name: _plain(column) for name, column in layer.columns().items()}
        rows += [head | dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return rows


def _plain(column: Any) -> Sequence[Any]:
    return np.asarray(column).tolist()


def _freeze(layer: Any, *names: str) -> None:
    """Read-only float copies, so that a figure cannot change after it was described."""
    for name in names:
        value = getattr(layer, name)
        if value is not None:
            array = np.array(value, dtype=float)
            array.setflags(write=False)
            object.__setattr__(layer, name, array)


def _same_shape(layer: Any, *names: str) -> None:
    shapes = {name: getattr(layer, name).shape for name in names if getattr(layer, name) is not None}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"{type(layer).__name__}: arrays of different shapes: {shapes}")
