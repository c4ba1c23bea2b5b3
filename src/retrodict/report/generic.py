"""Figures that any result supports, whatever its physics: bands, corner, pulls, singular values, shrinkage, traces."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from jaxtyping import Real

from retrodict.base.density import density_of, histogram_of, marginal_of
from retrodict.base.figure import Bars, Curves, Figure, Guide, Layer, Line, Panel, Points, band_of
from retrodict.report.draws import Variable, chains, functions, group, scalars
from retrodict.run.result import Result

CORNER = 4  # quantities that a corner plot shows at most: more cannot be read
NAMED_PULLS = 40  # at most, beyond which they are numbered
TRACE_POINTS = 300  # a chain


def figures(result: Result, given: Sequence[Figure] = ()) -> tuple[Figure, ...]:
    """All figures of this module that the result has the numbers for.

    Args:
        result: to be drawn.
        given: figures that the report has already: none of the same name is made again, and no bands if one of them
            belongs to the section `functions`.
    """
    has_functions = any(figure.section == "functions" for figure in given)
    makers = [corner, pulls, shrinkage, singular_values, traces]
    candidates = [maker(result) for maker in (makers if has_functions else [bands, *makers])]
    taken = {figure.name for figure in given}
    return tuple(figure for figure in candidates if figure and figure.name not in taken)


def bands(result: Result) -> Figure | None:
    """Each derived function over its prior."""
    panels = []
    for variable in functions(result):
        before = result.prior_band(variable.name)
        layers = [band_of(before, label="Prior 68 / 95 %", role="prior")] if before else []
        layers.append(band_of(result.band(variable.name), label="Posterior 68 / 95 %"))
        panels.append(_over_grid(variable, variable.label, tuple(layers), variable.unit))
    if not panels:
        return None
    caption = (
        "Median and central 68 and 95 % credible intervals (colour) over those of the prior (grey, dashed). Where the"
        " two coincide, the data say nothing."
    )
    return Figure("bands", "What the data say", caption, tuple(panels))


def corner(result: Result) -> Figure | None:
    """Marginals and joint 68 and 95 % regions of the derived numbers, with the prior's marginals.

    None where the answers are means: the spread of the draws is then no uncertainty.
    """
    if result.estimated:
        return None
    variables = [variable for variable in scalars(result) if variable.varies][:CORNER]
    if not variables:
        return None
    places = [(row, column) for row in range(len(variables)) for column in range(len(variables))]
    panels = [_cell(variables[column], variables[row]) if column <= row else None for row, column in places]
    caption = (
        "Marginal densities on the diagonal, posterior in colour and prior dashed in grey; below it the joint 68 and"
        " 95 % regions of highest density."
    )
    return Figure(
        "corner", "Derived quantities", caption, tuple(panels), "correlations", columns=len(variables), joined=True
    )


def pulls(result: Result) -> Figure | None:
    """(prediction - datum) / error of every datum at the best draw."""
    fit = group(result, "fit")
    if "pulls" not in fit or not fit["pulls"].size:
        return None
    values = np.nan_to_num(fit["pulls"].values.ravel(), nan=0.0)
    guides = (Guide(0.0, 2.0, vertical=True), Guide(0.0, 1.0, vertical=True))
    names = _pull_names(fit, values.size)
    if values.size <= NAMED_PULLS:
        panel = Panel("Pull", "", (*guides, Bars(names, values)))
    else:
        across = (Guide(0.0, 2.0), Guide(0.0, 1.0))
        panel = Panel("Datum", "Pull", (*across, Points(np.arange(1, values.size + 1), values, role="posterior")))
    shape = _pull_distribution(values)
    caption = (
        "Bars: (prediction - datum) / error at the best draw; the shaded strips are one and two standard deviations."
        " Histogram: their distribution beside the standard normal that they should follow."
    )
    return Figure("pulls", "Data against fit", caption, (panel, shape), "fit")


def singular_values(result: Result) -> Figure | None:
    """Singular values of the whitened Jacobian: how many directions of the unknown the data see."""
    identifiability = group(result, "identifiability")
    if "singular_values" not in identifiability or not identifiability["singular_values"].size:
        return None
    values = np.maximum(identifiability["singular_values"].values, 1e-300)
    mode = np.arange(1, values.size + 1)
    layers = (Guide(1.0, label="data as strong as the prior"), Line(mode, values, role="posterior"))
    floor = max(values.max() * 1e-8, values.min() * 0.5)
    panel = Panel(
        "Mode",
        "Singular value",
        (*layers, Points(mode, values, role="posterior")),
        y_log=True,
        y_limits=(floor, 2.0 * max(values.max(), 1.0)),
    )
    caption = (
        "Singular values of the Jacobian of the whitened data with respect to the white latents. A mode above one is"
        " fixed by the data, a mode below one by the prior."
    )
    return Figure("singular_values", "What the data can tell apart", caption, (panel,), "diagnostics")


def shrinkage(result: Result) -> Figure | None:
    """One minus the ratio of posterior to prior standard deviation, for numbers and along functions."""
    identifiability = group(result, "identifiability")
    panels = [
        _shrinkage_along(variable, identifiability)
        for variable in functions(result)
        if f"shrinkage_{variable.name}" in identifiability
    ]
    numbers = [variable for variable in scalars(result) if f"shrinkage_{variable.name}" in identifiability]
    if numbers:
        values = [float(identifiability[f"shrinkage_{variable.name}"].values) for variable in numbers]
        bars = Bars(tuple(variable.label for variable in numbers), np.nan_to_num(values))
        panels.insert(0, Panel("Shrinkage", "", (bars,), x_limits=(min(0.0, *values), 1.0)))
    if not panels:
        return None
    caption = (
        "Shrinkage: 1 - (posterior / prior standard deviation). At one the data decide, at zero (or below) the prior"
        " does, and there the band should not be quoted as a measurement."
    )
    return Figure("shrinkage", "What the data added", caption, tuple(panels), "diagnostics")


def traces(result: Result) -> Figure | None:
    """Every chain of the derived numbers, where there are several chains."""
    variables = [variable for variable in scalars(result) if variable.varies][:CORNER]
    if not variables or chains(result, variables[0].name).shape[0] < 2:
        return None
    panels = tuple(_trace(variable, chains(result, variable.name)) for variable in variables)
    caption = "Chains of the derived quantities. They should overlap and show no drift."
    return Figure("traces", "Chains", caption, panels, "diagnostics")


def _over_grid(variable: Variable, label: str, layers: tuple[Layer, ...], unit: str = "") -> Panel:
    return Panel(variable.grid_name or "x", label, layers, variable.grid_unit, unit)


def _cell(horizontal: Variable, vertical: Variable) -> Panel:
    if horizontal is vertical:
        return Panel(horizontal.label, "Density", _marginal(horizontal), horizontal.unit, x_limits=_range(horizontal))
    joint = density_of(horizontal.values, vertical.values, np.minimum(horizontal.weight, vertical.weight))
    panel = Panel(horizontal.label, vertical.label, (joint,), horizontal.unit, vertical.unit)
    return replace(panel, x_limits=_range(horizontal), y_limits=_range(vertical))


def _marginal(variable: Variable) -> tuple[Layer, ...]:
    """The posterior's density; behind it the prior's."""
    own = marginal_of(variable.values, variable.weight, role="posterior")
    if not np.any(variable.prior_weight > 0):
        return (own,)
    return marginal_of(variable.prior, variable.prior_weight, at=own.x, role="prior", dashed=True), own


def _range(variable: Variable) -> tuple[float, float]:
    x = marginal_of(variable.values, variable.weight).x
    return float(x[0]), float(x[-1])


def _pull_names(fit: xr.Dataset, count: int) -> tuple[str, ...]:
    given = fit["pull"].values if "pull" in fit.coords else np.arange(1, count + 1)
    return tuple(str(name) for name in np.ravel(given))


def _pull_distribution(values: Real[np.ndarray, " pulls"]) -> Panel:
    edges = np.linspace(-4, 4, 17)
    x = np.linspace(-4, 4, 121)
    normal = Line(x, np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi), label="standard normal")
    histogram = histogram_of(np.clip(values, -3.99, 3.99), edges=edges, label="pulls")
    return Panel("Pull", "Density", (histogram, normal), x_limits=(-4.0, 4.0))


def _shrinkage_along(variable: Variable, identifiability: xr.Dataset) -> Panel:
    line = Line(variable.grid, identifiability[f"shrinkage_{variable.name}"].values, role="posterior")
    low = float(np.nanmin(np.append(line.y, 0.0)))
    panel = _over_grid(variable, "Shrinkage", (Guide(0.0), line))
    return replace(panel, y_limits=(min(low, -0.05), 1.0), title=variable.label)


def _trace(variable: Variable, values: Real[np.ndarray, "chain draw"]) -> Panel:
    roles = ("posterior", "second", "third", "fourth")
    stride = max(1, -(-values.shape[1] // TRACE_POINTS))
    draw = np.arange(values.shape[1])[::stride]
    lines = [Curves(draw, chain[None, ::stride], role=roles[i % 4]) for i, chain in enumerate(values[:8])]
    return Panel("Draw", variable.label, tuple(lines), "", variable.unit)
