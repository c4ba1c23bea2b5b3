"""The layers of a panel, described as data: arrays, a label and a role; colours are the renderer's business."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

Numbers: TypeAlias = Any  # what numpy.asarray takes; stored as a read-only float array
Role: TypeAlias = Literal["posterior", "prior", "data", "reference", "second", "third", "fourth"]


@dataclass(frozen=True, eq=False)
class Band:
    """Central 68 and 95 % intervals of a function.

    Args:
        x: grid, shape (points,); all arrays have its shape, NaN leaves a gap.
        q16: lower end of the 68 % interval.
        q84: upper end of the 68 % interval.
        q2_5: lower end of the 95 % interval.
        q97_5: upper end of the 95 % interval.
        median: median, drawn as a line if given.
        label: for the legend; none if empty.
        role: decides the colour.
        sideways: puts `x` on the vertical axis: the radius as a function of the mass, drawn as mass over radius.
    """

    x: Numbers
    q16: Numbers
    q84: Numbers
    q2_5: Numbers
    q97_5: Numbers
    median: Numbers = None
    label: str = ""
    role: Role = "posterior"
    sideways: bool = False

    def __post_init__(self) -> None:
        _freeze(self, "x", "q16", "q84", "q2_5", "q97_5", "median")
        _same_shape(self, "x", "q16", "q84", "q2_5", "q97_5", "median")

    def columns(self) -> dict[str, Numbers]:
        """The numbers drawn, by column name."""
        names = ("x", "median", "q2_5", "q16", "q84", "q97_5")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


@dataclass(frozen=True, eq=False)
class Line:
    """y over x, points joined in their order; NaN leaves a gap.

    Args:
        x: shape (points,).
        y: shape (points,).
        label: for the legend; none if empty.
        role: decides the colour.
        dashed: draw dashes.
    """

    x: Numbers
    y: Numbers
    label: str = ""
    role: Role = "reference"
    dashed: bool = False

    def __post_init__(self) -> None:
        _freeze(self, "x", "y")
        _same_shape(self, "x", "y")

    def columns(self) -> dict[str, Numbers]:
        """The numbers drawn, by column name."""
        return {"x": self.x, "y": self.y}


@dataclass(frozen=True, eq=False)
class Curves:
    """A few draws of a curve, thin.

    Args:
        x: shape (curve, point); a grid that all curves share has the shape (point,).
        y: shape (curve, point).
        label: for the legend; none if empty.
        role: decides the colour.
    """

    x: Numbers
    y: Numbers
    label: str = ""
    role: Role = "posterior"

    def __post_init__(self) -> None:
        _freeze(self, "x", "y")
        object.__setattr__(self, "x", np.broadcast_to(self.x, self.y.shape))

    def columns(self) -> dict[str, Numbers]:
        """The numbers drawn, by column name; `curve` counts from 0."""
        index = np.repeat(np.arange(self.y.shape[0]), self.y.shape[1])
        return {"curve": index, "x": self.x.ravel(), "y": self.y.ravel()}


@dataclass(frozen=True, eq=False)
class Points:
    """Measured points with their errors.

    Args:
        x: shape (points,).
        y: shape (points,).
        x_error: one standard deviation of each point, or (minus, plus) of shape (2, points); none if None.
        y_error: the same of y.
        label: for the legend; none if empty.
        role: decides the colour.
        names: one a point, for the CSV.
    """

    x: Numbers
    y: Numbers
    x_error: Numbers = None
    y_error: Numbers = None
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

    def columns(self) -> dict[str, Numbers]:
        """The numbers drawn, by column name."""
        out: dict[str, Numbers] = {"name": list(self.names)} if self.names else {}
        out |= {"x": self.x, "y": self.y}
        for axis, error in (("x", self.x_error), ("y", self.y_error)):
            if error is not None:
                out |= {f"{axis}_minus": error[0], f"{axis}_plus": error[1]}
        return out


@dataclass(frozen=True, eq=False)
class Ellipses:
    """68 % regions of two-dimensional Gaussians.

    Args:
        x: centres, shape (ellipses,).
        y: centres, shape (ellipses,).
        x_sd: standard deviations along x.
        y_sd: standard deviations along y.
        correlation: correlation coefficients of x and y.
        label: for the legend; none if empty.
        role: decides the colour.
        names: one an ellipse, for the CSV.
    """

    x: Numbers
    y: Numbers
    x_sd: Numbers
    y_sd: Numbers
    correlation: Numbers = 0.0
    label: str = ""
    role: Role = "data"
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze(self, "x", "y", "x_sd", "y_sd", "correlation")
        object.__setattr__(self, "correlation", np.broadcast_to(self.correlation, self.x.shape))
        _same_shape(self, "x", "y", "x_sd", "y_sd", "correlation")

    def columns(self) -> dict[str, Numbers]:
        """The numbers drawn, by column name."""
        out: dict[str, Numbers] = {"name": list(self.names)} if self.names else {}
        return out | {name: getattr(self, name) for name in ("x", "y", "x_sd", "y_sd", "correlation")}


@dataclass(frozen=True, eq=False)
class Density:
    """A probability density on a grid, of which the 68 and 95 % highest-density regions are drawn.

    Args:
        x: grid, shape (columns,).
        y: grid, shape (rows,).
        density: shape (rows, columns), up to a factor.
        label: for the legend; none if empty.
        role: decides the colour.
    """

    x: Numbers
    y: Numbers
    density: Numbers
    label: str = ""
    role: Role = "posterior"

    def __post_init__(self) -> None:
        _freeze(self, "x", "y", "density")
        if self.density.shape != (self.y.size, self.x.size):
            raise ValueError(f"density has shape {self.density.shape}, its grid {(self.y.size, self.x.size)}")

    def columns(self) -> dict[str, Numbers]:
        """The numbers drawn, by column name: one row a grid point."""
        x, y = np.meshgrid(self.x, self.y)
        return {"x": x.ravel(), "y": y.ravel(), "density": self.density.ravel()}


@dataclass(frozen=True, eq=False)
class Histogram:
    """Heights between edges, drawn as a filled staircase.

    Args:
        edges: shape (cells + 1,), ascending.
        height: shape (cells,).
        label: for the legend; none if empty.
        role: decides the colour.
    """

    edges: Numbers
    height: Numbers
    label: str = ""
    role: Role = "posterior"

    def __post_init__(self) -> None:
        _freeze(self, "edges", "height")
        if self.edges.size != self.height.size + 1:
            raise ValueError(f"{self.height.size} heights need {self.height.size + 1} edges, got {self.edges.size}")

    def columns(self) -> dict[str, Numbers]:
        """The numbers drawn, by column name."""
        return {"x_low": self.edges[:-1], "x_high": self.edges[1:], "y": self.height}


@dataclass(frozen=True, eq=False)
class Bars:
    """One horizontal bar a name, from zero to its value; with an error, a point with its error bar.

    Several layers with the same names stand side by side.

    Args:
        names: of the bars, from top to bottom.
        value: shape (names,).
        error: one standard deviation of each, or (minus, plus) of shape (2, names); bars without errors if None.
        label: for the legend; none if empty.
        role: decides the colour.
    """

    names: tuple[str, ...]
    value: Numbers
    error: Numbers = None
    label: str = ""
    role: Role = "posterior"

    def __post_init__(self) -> None:
        _freeze(self, "value", "error")
        if self.value.shape != (len(self.names),):
            raise ValueError(f"{len(self.names)} names, values of shape {self.value.shape}")
        if self.error is not None:
            object.__setattr__(self, "error", np.broadcast_to(self.error, (2, len(self.names))))

    def columns(self) -> dict[str, Numbers]:
        """The numbers drawn, by column name."""
        out = {"name": list(self.names), "x": self.value}
        return out if self.error is None else out | {"x_minus": self.error[0], "x_plus": self.error[1]}


@dataclass(frozen=True, eq=False)
class Image:
    """Values on a rectangular lattice, drawn as squares, zero in a neutral colour.

    Args:
        values: shape (row, column), row 0 at the bottom; NaN leaves a gap.
        label: of the colour scale.
        period: makes the scale a circle, for angles that are equal modulo `period`.
        largest: where the scale ends on both sides of zero; the largest absolute value if None.
    """

    values: Numbers
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

    def columns(self) -> dict[str, Numbers]:
        """The numbers drawn, by column name: x counts columns, y rows."""
        rows, columns = self.values.shape
        y, x = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
        return {"x": x.ravel(), "y": y.ravel(), "value": self.values.ravel()}


@dataclass(frozen=True)
class Guide:
    """A reference value across the panel.

    Args:
        value: where the line is.
        half_width: of the shaded band around it; none if zero.
        vertical: a vertical line at x = value instead of a horizontal one.
        label: for the legend; none if empty.
        role: decides the colour.
    """

    value: float
    half_width: float = 0.0
    vertical: bool = False
    label: str = ""
    role: Role = "reference"

    def columns(self) -> dict[str, Numbers]:
        """The numbers drawn, by column name."""
        return {"x" if self.vertical else "y": [self.value], "half_width": [self.half_width]}


Layer: TypeAlias = Band | Line | Curves | Points | Ellipses | Density | Histogram | Bars | Image | Guide


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
