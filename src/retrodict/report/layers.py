"""One function a kind of layer: how it is drawn on matplotlib axes, and what stands for it in the legend."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float, Real
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import Container
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Patch

from retrodict.base.figure import (
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
    Points,
)
from retrodict.report.style import CYCLIC, DIVERGING, INNER_ALPHA, MUTED, OUTER_ALPHA, ROLES
from retrodict.report.text import label_mathtext

Points1D = Real[np.ndarray, " x"]
Handle: TypeAlias = Artist | Container | tuple[Artist, ...]
Legend: TypeAlias = dict[str, Handle]  # by label

LEVELS = (0.95, 0.68)
RADIUS_68 = float(np.sqrt(-2 * np.log(1 - 0.68)))  # of a two-dimensional standard normal
BAR_NAME = 34  # characters of a bar's name that fit beside it


def draw(axes: Axes, layers: Sequence[Layer]) -> Legend:
    """Draw `layers`, the first lowest; returns the legend."""
    legend: Legend = {}
    bars = [layer for layer in layers if isinstance(layer, Bars)]
    for layer in layers:
        if isinstance(layer, Bars):
            handle = _bars(axes, layer, bars.index(layer), len(bars))
        else:
            handle = _DRAW[type(layer)](axes, layer)
        if layer.label and handle is not None:
            legend[layer.label] = handle
    return legend


def highest_density_levels(
    density: Real[np.ndarray, "y x"], cell: Float[np.ndarray, "y x"], masses: Sequence[float] = LEVELS
) -> list[float]:
    """The heights above which a density holds given probabilities.

    Args:
        density: on a grid, shape (y, x).
        cell: area of each grid cell, shape (y, x).
        masses: the probabilities.
    """
    order = np.argsort(density, axis=None)[::-1]
    height, content = density.ravel()[order], (density * cell).ravel()[order]
    inside = np.cumsum(content) / content.sum()
    return [float(height[min(np.searchsorted(inside, mass), height.size - 1)]) for mass in masses]


def _band(axes: Axes, band: Band) -> Handle:
    color = ROLES[band.role]
    fill = axes.fill_betweenx if band.sideways else axes.fill_between
    prior = band.role == "prior"  # a backdrop: outlined, so that it shows beneath the posterior
    outer, inner = (0.16, 0.2) if prior else (OUTER_ALPHA, INNER_ALPHA)
    fill(band.x, band.q2_5, band.q97_5, color=color, alpha=outer, linewidth=0)
    fill(band.x, band.q16, band.q84, color=color, alpha=inner, linewidth=0)
    if prior:
        for edge in (band.q2_5, band.q97_5):
            axes.plot(*_along(band, edge), color=color, linewidth=0.9, linestyle=(0, (4, 3)))
    elif band.median is not None:
        axes.plot(*_along(band, band.median), color=color, linewidth=2.0)
    light = Patch(facecolor=color, alpha=outer, linewidth=0)
    return light, Patch(facecolor=color, alpha=1 - (1 - outer) * (1 - inner), linewidth=0)


def _along(band: Band, values: Points1D) -> tuple[Points1D, Points1D]:
    return (values, band.x) if band.sideways else (band.x, values)


def _line(axes: Axes, line: Line) -> Handle:
    (handle,) = axes.plot(line.x, line.y, color=ROLES[line.role], linestyle="--" if line.dashed else "-")
    return handle


def _curves(axes: Axes, curves: Curves) -> Handle:
    color = ROLES[curves.role]
    alpha = float(np.clip(8 / max(len(curves.y), 1), 0.08, 0.6))
    for x, y in zip(curves.x, curves.y, strict=True):
        axes.plot(x, y, color=color, linewidth=0.8, alpha=alpha)
    return Line2D([], [], color=color, linewidth=0.8)


def _points(axes: Axes, points: Points) -> Handle:
    return axes.errorbar(
        points.x,
        points.y,
        xerr=points.x_error,
        yerr=points.y_error,
        fmt="o",
        color=ROLES[points.role],
        markersize=4,
        elinewidth=1.0,
        capsize=0,
        alpha=0.85,
    )


def _ellipses(axes: Axes, ellipses: Ellipses) -> Handle:
    color = ROLES[ellipses.role]
    alpha = float(np.clip(7 / max(ellipses.x.size, 1), 0.35, 0.8))  # a crowd must not hide what lies beneath
    columns = (ellipses.x, ellipses.y, ellipses.x_sd, ellipses.y_sd, ellipses.correlation)
    for x, y, x_sd, y_sd, correlation in zip(*columns, strict=True):
        width, height, angle = _principal(x_sd, y_sd, correlation)
        shape = {"width": 2 * RADIUS_68 * width, "height": 2 * RADIUS_68 * height, "angle": angle}
        axes.add_patch(Ellipse((x, y), **shape, facecolor="none", edgecolor=color, linewidth=0.9, alpha=alpha))
    axes.plot(ellipses.x, ellipses.y, "o", color=color, markersize=3, alpha=0.85)
    axes.autoscale_view()
    return Line2D([], [], color=color, marker="o", markersize=8, markerfacecolor="none", linestyle="none")


def _principal(x_sd: float, y_sd: float, correlation: float) -> tuple[float, float, float]:
    """Standard deviations along the principal axes, and the angle [degree] of the first."""
    cross = correlation * x_sd * y_sd
    variance, axes = np.linalg.eigh([[x_sd**2, cross], [cross, y_sd**2]])
    first, second = np.sqrt(np.maximum(variance, 0.0))
    return first, second, float(np.degrees(np.arctan2(axes[1, 0], axes[0, 0])))


def _density(axes: Axes, density: Density) -> Handle:
    color = ROLES[density.role]
    cell = np.outer(np.gradient(density.y), np.gradient(density.x))
    low, high = highest_density_levels(density.density, cell)
    top = float(density.density.max())
    if low < high < top:
        for bottom, alpha in ((low, OUTER_ALPHA), (high, INNER_ALPHA)):
            axes.contourf(density.x, density.y, density.density, [bottom, top], colors=[color], alpha=alpha)
        axes.contour(density.x, density.y, density.density, [low, high], colors=[color], linewidths=0.9)
    return Patch(facecolor=color, alpha=OUTER_ALPHA), Patch(facecolor=color, alpha=INNER_ALPHA)


def _histogram(axes: Axes, histogram: Histogram) -> Handle:
    color = ROLES[histogram.role]
    prior = histogram.role == "prior"
    style: dict[str, Any] = {"linestyle": (0, (4, 3)), "linewidth": 1.0} if prior else {"linewidth": 1.4}
    axes.stairs(histogram.height, histogram.edges, fill=True, color=color, alpha=0.12 if prior else 0.25)
    axes.stairs(histogram.height, histogram.edges, color=color, **style)
    return Patch(facecolor=color, alpha=0.4, edgecolor=color)


def _bars(axes: Axes, bars: Bars, index: int, count: int) -> Handle:
    """The `index`-th of `count` layers side by side; the first name is on top."""
    color = ROLES[bars.role]
    thickness = 0.72 / count
    place = np.arange(len(bars.names)) + (index - 0.5 * (count - 1)) * thickness
    if index == 0:
        axes.set_yticks(np.arange(len(bars.names)), [_bar_name(name) for name in bars.names])
        axes.set_ylim(len(bars.names) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
    if bars.error is None:
        return axes.barh(place, bars.value, height=0.9 * thickness, color=color, alpha=0.85, linewidth=0)
    return axes.errorbar(bars.value, place, xerr=bars.error, fmt="o", color=color, markersize=5, elinewidth=2.0)


def _bar_name(name: str) -> str:
    return label_mathtext(name if len(name) <= BAR_NAME or "$" in name else name[: BAR_NAME - 1] + "…")


def _guide(axes: Axes, guide: Guide) -> Handle:
    color = ROLES[guide.role] if guide.role != "reference" else MUTED
    line, span = (axes.axvline, axes.axvspan) if guide.vertical else (axes.axhline, axes.axhspan)
    if guide.half_width:
        span(guide.value - guide.half_width, guide.value + guide.half_width, color=color, alpha=0.13, linewidth=0)
    return line(guide.value, color=color, linewidth=1.1, linestyle=(0, (5, 3)))


def _image(axes: Axes, image: Image) -> None:
    """Squares with a bar that says what the colours mean; the sheet need not be of the same width for both."""
    name = DIVERGING if image.period is None else CYCLIC
    pixels = axes.imshow(
        image.values, cmap=name, vmin=-image.limit, vmax=image.limit, origin="lower", interpolation="nearest"
    )
    axes.grid(visible=False)
    sheet = axes.get_figure()
    assert sheet is not None
    bar = sheet.colorbar(pixels, ax=axes, shrink=0.9, pad=0.03)
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.set_label(label_mathtext(image.label))


_DRAW: dict[type, Callable[[Axes, Any], Handle | None]] = {
    Band: _band,
    Line: _line,
    Curves: _curves,
    Points: _points,
    Ellipses: _ellipses,
    Density: _density,
    Histogram: _histogram,
    Image: _image,
    Guide: _guide,
}
