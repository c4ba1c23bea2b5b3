"""What the report of a centrality run shows: the impact parameters of the events with their errors."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from retrodict.base.figure import Figure, Layer, Panel, Points, band_of
from retrodict.base.section import Run, Section, Table

if TYPE_CHECKING:
    from retrodict.problem.posterior import Posterior
    from retrodict.run.result import Result  # imports xarray, which a check of a config does not need

EDGES = (0.0, 3.0, 6.0, 9.0, 12.0, 20.0)  # fm


def figures(result: "Result") -> tuple[Figure, ...]:
    """Impact parameters, the most central event first, of a run's `result`."""
    band = result.band("impact_parameter")
    order = np.argsort(band["median"])
    place = np.arange(1.0, len(order) + 1)
    sorted_band = {name: place if name == "x" else values[order] for name, values in band.items()}
    layers: list[Layer] = [band_of(sorted_band, label="posterior")]
    observed = result.tree.children.get("observed_data")
    if observed is not None and "data" in observed.dataset:
        layers.append(Points(place, observed.dataset["data"].values[order], label="network"))
    panel = Panel("event, by centrality", "b", tuple(layers), "", "fm")
    caption = "Impact parameter of each event, the most central first; bands of 68 and 95 %, and what the network says."
    return (Figure("impact_parameter", "Impact parameters", caption, (panel,)),)


def sections(result: "Result", target: "Posterior", *, run: Run | None = None) -> tuple[Section, ...]:
    """How many events there are in steps of the impact parameter, and how well each is known.

    Args:
        result: of a run.
        target: the problem.
        run: its directory and arguments.
    """
    band = result.band("impact_parameter")
    half = 0.5 * (band["q84"] - band["q16"])
    rows = []
    for low, high in pairwise(EDGES):
        chosen = (band["median"] >= low) & (band["median"] < high)
        error = float(half[chosen].mean()) if chosen.any() else None
        rows.append((f"{low:g} to {high:g}", float(chosen.sum()), error))
    text = "Events by the median of their impact parameter, and the mean half width of the 68 % interval."
    table = Table(("b [fm]", "Events", "Error [fm]"), tuple(rows))
    return (Section("centrality-errors", "How well centrality is known", text, table),)
