"""Drawing described figures with matplotlib: SVG for the page, PNG and PDF for the folder `figures`.

No pyplot and no display: a figure is made, written into memory and forgotten. Text that cannot be typeset is drawn
plainly rather than refused.
"""

import base64
import gc
import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Sheet
from matplotlib.legend_handler import HandlerTuple
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from retrodict.base.figure import Band, Bars, Curves, Density, Figure, Image, Line, Panel, Points
from retrodict.report import layers
from retrodict.report.style import CELL_INCHES, PANEL_INCHES, RC
from retrodict.report.svg import themed
from retrodict.report.text import axis_mathtext, escape, label_mathtext, plain, raised

SVG_LIMIT = 400_000  # characters of a drawing beyond which its pixels are embedded instead
LEGEND_INCHES = 0.24  # the height of a row of it
LEGEND_LETTERS = 50  # that fit above a panel in one row
HALF_DECADE = 4.0  # a logarithmic axis over less than this factor may hold none of 1, 2, 5
SHORT_LOG_SPAN = 60.0  # a logarithmic axis over less than this factor has too few decades to be read from them


class Drawn(NamedTuple):
    """A figure as a page and a folder need it."""

    figure: Figure
    images: list[str]  # elements of a page: one a panel, so that a page may let them flow; one if `joined`
    files: dict[str, bytes]  # the contents of `NAME.png`, `NAME.pdf` and `NAME.csv`, by suffix


def drawn(figure: Figure) -> Drawn:
    """Draw a figure for a page and for the folder `figures`; what both show is laid out once."""
    alt = plain(figure.alt or figure.caption or figure.title)
    with _drawing(figure.name):
        sheet = _sheet(figure)
        flowing = len(figure.panels) > 1 and not figure.joined
        sheets = [_sheet(_alone(figure, panel)) for panel in figure.panels if panel] if flowing else [sheet]
        images = [_embedded(single, f"{figure.name}-{i}", alt) for i, single in enumerate(sheets)]
        return Drawn(figure, images, _files(figure, sheet))


def files(figure: Figure) -> dict[str, bytes]:
    """Draw a figure for the folder `figures` alone: `Drawn.files`."""
    with _drawing(figure.name):
        return _files(figure, _sheet(figure))


def _files(figure: Figure, sheet: Sheet) -> dict[str, bytes]:
    return {"png": _saved(sheet, "png"), "pdf": _saved(sheet, "pdf"), "csv": figure.to_csv().encode()}


def _embedded(sheet: Sheet, prefix: str, alt: str) -> str:
    """An inline SVG, which follows the page's colours; pixels where the lines are too many."""
    svg = themed(_saved(sheet, "svg").decode(), prefix, alt)
    if len(svg) <= SVG_LIMIT:
        return svg
    pixels = base64.b64encode(_saved(sheet, "png")).decode()
    return f'<img alt="{escape(alt)}" src="data:image/png;base64,{pixels}">'


def _alone(figure: Figure, panel: Panel) -> Figure:
    return Figure(figure.name, figure.title, figure.caption, (panel,), columns=1)


@contextmanager
def _drawing(salt: str) -> Iterator[None]:
    """The style of the house, and no search for garbage: a figure is full of cycles, and the search takes a sixth."""
    settings: dict[Any, Any] = {**RC, "svg.hashsalt": salt}
    collecting = gc.isenabled()
    gc.disable()
    try:
        with mpl.rc_context(settings), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
            yield
    finally:
        if collecting:
            gc.enable()


def _saved(sheet: Sheet, suffix: str) -> bytes:
    """The file's bytes: the same for the same figure, hence without its date."""
    dateless = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
    stream = io.BytesIO()
    sheet.savefig(stream, format=suffix, metadata=dateless[suffix], transparent=suffix == "svg")
    return stream.getvalue()


def _sheet(figure: Figure) -> Sheet:
    """The drawn figure, its axes in their final places."""
    columns = max(1, min(figure.columns, len(figure.panels)))
    rows = math.ceil(len(figure.panels) / columns)
    sheet = Sheet(figsize=_size(figure, rows, columns), layout="constrained")
    FigureCanvasAgg(sheet)
    grid = sheet.add_gridspec(rows, columns)
    for place, panel in enumerate(figure.panels):
        if panel:
            _fill(sheet.add_subplot(grid[place]), panel, joined=figure.joined)
    _lay_out(sheet)
    return sheet


def _lay_out(sheet: Sheet) -> None:
    """Place the axes, once for all files: with an engine each of them would be laid out twice before it is drawn."""
    engine = sheet.get_layout_engine()
    assert engine is not None
    engine.execute(sheet)
    sheet.set_layout_engine("none")


def _size(figure: Figure, rows: int, columns: int) -> tuple[float, float]:
    if figure.joined:
        return columns * CELL_INCHES + 0.7, rows * CELL_INCHES + 0.5
    width, height = PANEL_INCHES
    panels = [panel for panel in figure.panels if panel]
    names = [_bar_rows(panel) for panel in panels]
    low = min(names) > 0  # nothing but bars: as high as their names need
    above = LEGEND_INCHES * max(_legend_rows(panel) for panel in panels)
    return columns * width, rows * (above + max(0.0 if low else height, 1.0 + 0.21 * max(names)))


def _legend_rows(panel: Panel) -> int:
    labels = [layer.label for layer in panel.layers if layer.label and not isinstance(layer, Image)]
    count = len(set(labels))
    return -(-count // _legend_columns(labels)) if count else 0


def _legend_columns(labels: list[str]) -> int:
    """All in one row if they fit; else two columns."""
    unique = list(dict.fromkeys(labels))
    letters = sum(len(plain(label)) + 5 for label in unique)
    return len(unique) if letters <= LEGEND_LETTERS else max(1, min(2, len(unique) - 1))


def _bar_rows(panel: Panel) -> int:
    return max((len(layer.names) for layer in panel.layers if isinstance(layer, Bars)), default=0)


def _fill(axes: Axes, panel: Panel, *, joined: bool) -> None:
    if panel.x_log:
        axes.set_xscale("log")
    if panel.y_log:
        axes.set_yscale("log")
    legend = layers.draw(axes, panel.layers)
    axes.set_xlabel(axis_mathtext(panel.x_label, panel.x_unit))
    axes.set_ylabel(axis_mathtext(panel.y_label, panel.y_unit))
    _limit(axes, panel)
    if joined:
        _dense(axes, panel)
    else:
        _heading(axes, panel, legend)


def _limit(axes: Axes, panel: Panel) -> None:
    if panel.x_limits:
        axes.set_xlim(*panel.x_limits)
    if panel.y_limits:
        axes.set_ylim(*panel.y_limits)
    for axis, log in ((axes.xaxis, panel.x_log), (axes.yaxis, panel.y_log)):
        if log:
            _log_ticks(axis)
    picture = any(isinstance(layer, Image) for layer in panel.layers)
    if not panel.x_log and (picture or _counts(panel)):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if picture:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    if any(isinstance(layer, Bars) and layer.error is not None for layer in panel.layers):
        axes.xaxis.set_major_locator(MaxNLocator(3))  # numbers that differ in their last digits have long labels


def _counts(panel: Panel) -> bool:
    """Whether all abscissae are whole numbers: then the ticks are, too."""
    lines = [layer.x for layer in panel.layers if isinstance(layer, Band | Curves | Line | Points)]
    values = np.concatenate([np.ravel(x) for x in lines]) if lines else np.empty(0)
    return values.size > 0 and bool(np.all(values == np.round(values)))


def _log_ticks(axis: Axis) -> None:
    """Decades if there are several of them; 1, 2, 5 in plain digits if not, and equal steps within half a decade."""
    low, high = axis.get_view_interval()
    if high / low > SHORT_LOG_SPAN:
        axis.set_major_formatter(FuncFormatter(_decade))
        return
    steps = MaxNLocator(5) if high / low < HALF_DECADE else LogLocator(subs=(1.0, 2.0, 5.0))
    axis.set_major_locator(steps)
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _decade(value: float, _: int | None) -> str:
    """A power of ten in plain letters, which are drawn several times faster than mathematics."""
    return f"10{raised(round(math.log10(value)))}"


def _dense(axes: Axes, panel: Panel) -> None:
    """A cell of a joined figure: labels at the outer edges only, few ticks, no scale for the height of a marginal."""
    axes.grid(visible=False)
    axes.label_outer()
    for axis, log in ((axes.xaxis, panel.x_log), (axes.yaxis, panel.y_log)):
        if not log:
            axis.set_major_locator(MaxNLocator(3, prune="both"))
    if not any(isinstance(layer, Density) for layer in panel.layers):
        axes.set_ylim(bottom=0)
        axes.yaxis.set_visible(False)
        axes.spines["left"].set_visible(False)


def _heading(axes: Axes, panel: Panel, legend: layers.Legend) -> None:
    """Title, and the legend above the axes, where it hides no data."""
    if panel.title:
        axes.set_title(label_mathtext(panel.title), pad=6 if not legend else 24)
    if legend:
        axes.legend(
            list(legend.values()),
            [label_mathtext(label) for label in legend],
            loc="lower left",
            bbox_to_anchor=(-0.01, 1.0),
            borderaxespad=0.2,
            ncols=_legend_columns(list(legend)),
            handler_map={tuple: HandlerTuple(ndivide=None, pad=0.0)},
        )
