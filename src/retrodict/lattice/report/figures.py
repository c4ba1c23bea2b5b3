"""Figures that need no more than a result: histories of the slow observables, and the correlator."""

from typing import TYPE_CHECKING, Final

import numpy as np

from retrodict.base.figure import Curves, Figure, Guide, Layer, Panel, Points, Role
from retrodict.base.types import Float

if TYPE_CHECKING:
    from retrodict.run.result import Result  # imports xarray, which a check of a config does not need

CHAINS: Final = 2  # drawn of each kind of start
POINTS: Final = 300  # a chain
OBSERVABLES: Final = 2  # whose histories are drawn: the slow ones come first
EARLY, LATE = "ordered start", "disordered start"


def figures(result: "Result") -> tuple[Figure, ...]:
    """The correlator, and histories where there are chains."""
    candidates = (*(correlator(result, name) for name in result.functions), histories(result))
    return tuple(figure for figure in candidates if figure is not None)


def correlator(result: "Result", name: str) -> Figure:
    """A two-point function with its standard errors, over a logarithmic axis if all of it is positive."""
    band, attributes = result.band(name), result.tree["posterior"][name].attrs
    points = Points(band["x"], band["mean"], y_error=band["sd"], role="posterior")
    positive = bool(np.all(band["mean"] - band["sd"] > 0))
    axes = (attributes["grid_name"], result.label(name), (points,), attributes["grid_unit"], result.unit(name))
    caption = "Means over the configurations with their standard errors; those of neighbouring points are correlated."
    return Figure(name, "Two-point function", caption, (Panel(*axes, y_log=positive),))


def histories(result: "Result") -> Figure | None:
    """The slowest observables along some chains of both starts, with the mean over all chains."""
    cold = result.provenance.get("method", {}).get("cold")
    names = [name for name in result.estimated if name in result.scalars][:OBSERVABLES]
    chains = result.bank.sizes["chain"]
    if chains < 2 or not names:
        return None
    ordered = round((cold or 0.0) * chains)
    panels = tuple(_history(result, name, ordered) for name in names)
    caption = (
        "The observables with the longest autocorrelation times, along single chains after the warm-up. The two kinds"
        " of start should be indistinguishable, and no chain should drift; the line is the mean over all chains."
    )
    return Figure("traces", "Histories", caption, panels, "diagnostics")


def _history(result: "Result", name: str, ordered: int) -> Panel:
    values = result.bank[name].values
    stride = max(1, -(-values.shape[1] // POINTS))
    step = np.arange(values.shape[1])[::stride]
    layers: list[Layer] = []
    starts: tuple[tuple[Float[np.ndarray, "chain draw"], str, Role], ...] = (
        (values[ordered:], LATE, "second"),
        (values[:ordered], EARLY, "posterior"),
    )
    for some, label, role in starts:
        if len(some):
            layers.append(Curves(step, some[:CHAINS, ::stride], label if 0 < ordered < len(values) else "", role))
    mean = result.quantities()[name]["mean"]
    return Panel("Step", result.label(name), (*layers, Guide(mean)), "", result.unit(name))
