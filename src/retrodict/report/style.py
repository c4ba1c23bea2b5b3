"""How figures look: one palette, safe for colour-blind readers, that also works in the dark.

Colours are Okabe and Ito's. Every colour of the light theme is unique, so that a figure in a page can be recoloured by
replacing it with a CSS variable (`svg.themed`).
"""

from typing import Any, Final

from matplotlib.colors import LinearSegmentedColormap

INK: Final = "#1b2430"
MUTED: Final = "#566173"
GRID: Final = "#dfe3e9"
PAPER: Final = "#fffffe"

ROLES: Final = {
    "posterior": "#0072b2",
    "prior": "#8b95a3",
    "data": "#1b2431",
    "reference": "#d55e00",
    "second": "#009e73",
    "third": "#b45f92",
    "fourth": "#c98a00",
}

VARIABLES: Final = {INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper"} | {
    color: name for name, color in ROLES.items()
}

DIVERGING: Final = LinearSegmentedColormap.from_list("retrodict", [ROLES["posterior"], "#f4f4f1", ROLES["reference"]])
CYCLIC: Final = "twilight"

OUTER_ALPHA: Final = 0.22  # 95 % interval
INNER_ALPHA: Final = 0.45  # 68 % interval, on top of it
PANEL_INCHES: Final = (5.2, 3.5)
DPI: Final = 200
CELL_INCHES: Final = 1.75  # of a joined figure

RC: Final[dict[str, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    # Not used, but looked up with every text: the shorter the lists, the faster.
    **{f"font.{family}": ["DejaVu Sans"] for family in ("serif", "cursive", "fantasy", "monospace")},
    "font.size": 11,
    "axes.labelsize": 11.5,
    "axes.titlesize": 11.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "legend.frameon": False,
    "legend.fontsize": 10,
    "legend.handlelength": 1.8,
    "legend.columnspacing": 1.4,
    "lines.linewidth": 1.8,
    "mathtext.fontset": "dejavusans",
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "figure.dpi": DPI,  # a sheet is laid out with the text that its PNG will show
    "savefig.dpi": DPI,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
}
