"""A result as a table for the terminal: the verdict first, then the fit, the numbers, and what the data say."""

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from retrodict.base.format import estimate, value_with_error
from retrodict.base.types import JSON, Float
from retrodict.run.verdict import Verdict

STRAIN = 2.0  # prior standard deviations between the medians from which a number is starred

Statistics = dict[str, Float[np.ndarray, ""]]  # median, sd, q2_5, q16, q84, q97_5 and mean of a number


class NumberRow(NamedTuple):
    """A derived number with its distribution."""

    title: str  # name and unit
    posterior: Statistics  # of the draws
    prior: Statistics | None  # None for a target without a prior
    shrinkage: float  # NaN where it is not known


class FunctionRow(NamedTuple):
    """A derived function with its grid."""

    title: str  # name and unit
    x: Float[np.ndarray, " point"]  # the grid
    grid_name: str  # what stands along the grid
    grid_unit: str  # its unit
    shrinkage: Float[np.ndarray, "..."]  # one a grid point; a number where it is not known


def render(*parts: Sequence[str]) -> str:
    """The whole table.

    Args:
        parts: lines of each part; empty parts are left out.
    """
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def header(
    attributes: Mapping[Hashable, JSON],
    figures: Mapping[str, JSON],
    fit: Mapping[str, float],
    terms: Mapping[str, Mapping[str, JSON]],
    verdict: Verdict,
) -> list[str]:
    """Verdict, target, method, fit, evidence.

    Args:
        attributes: target, method and seed.
        figures: `result.diagnostics`.
        fit: chi2, dof and p; empty for a target without data.
        terms: chi2 and number of points of each term of the likelihood.
        verdict: the verdict.
    """
    lines = [
        *verdict.lines(),
        "",
        f"target   {attributes['target']}",
        f"method   {attributes['method']}, seed {attributes['seed']}: {_effort(figures)}",
    ]
    if fit:
        chi2, dof, p = (fit[name] for name in ("chi2", "dof", "p"))
        lines.append(f"fit      chi2/dof = {chi2:.1f}/{dof:.1f} = {chi2 / dof:.2f}, p = {p:.2g}")
    by_term = [f"{name} {row['chi2']:.1f}/{row['points']}" for name, row in terms.items()]
    if by_term:
        lines.append(f"by data  chi2/points: {', '.join(by_term)}")
    if figures.get("log_evidence") is not None:
        evidence = value_with_error(figures["log_evidence"], figures.get("log_evidence_error") or 0.0)
        lines.append(f"evidence log Z = {evidence}")
    if figures.get("effective_rank") is not None:
        lines.append(f"data     determine {figures['effective_rank']:.1f} of {figures['latents']} latents")
    return lines


def _effort(figures: Mapping[str, JSON]) -> str:
    if figures["kind"] == "point":
        return f"the best of {figures['draws']} starts"
    count = f"{figures['chains']} x {figures['draws']} draws"
    worst = [("R-hat <= {:.3f}", "rhat"), ("ESS >= {:.0f}", "ess_bulk"), ("weight ESS {:.0f}", "weight_ess")]
    undefined = figures.get("rhat_undefined") or []
    if undefined:
        count = f"{count}, R-hat not defined (no variation within chains: {', '.join(undefined)})"
    return ", ".join([count, *(text.format(figures[name]) for text, name in worst if figures.get(name) is not None)])


def number_table(rows: Sequence[NumberRow]) -> list[str]:
    """Medians with intervals, of posterior and prior, and the shrinkage.

    Args:
        rows: the derived numbers.
    """
    if not rows:
        return []
    cells = [("quantity", "median (68 %)", "95 %", "prior", "shrinkage"), *(_number_cells(row) for row in rows)]
    if all(row.prior is None for row in rows):
        cells = [row[:3] for row in cells]
    lines = align(cells)
    if any(row[-1].endswith("*") for row in cells[1:]):
        lines.append(f"* more than {STRAIN:.0f} standard deviations of the prior from its median")
    return lines


def _number_cells(row: NumberRow) -> tuple[str, ...]:
    wide = f"{row.posterior['q2_5']:.4g} ... {row.posterior['q97_5']:.4g}"
    if row.prior is None:
        return row.title, _interval(row.posterior), wide, "", ""
    strained = abs(row.posterior["median"] - row.prior["median"]) > STRAIN * row.prior["sd"]
    shrinkage = f"{row.shrinkage:.2f}" if np.isfinite(row.shrinkage) else ""
    return row.title, _interval(row.posterior), wide, _interval(row.prior), shrinkage + "*" * bool(strained)


def _interval(numbers: Statistics) -> str:
    return estimate(float(numbers["median"]), float(numbers["q16"]), float(numbers["q84"]))


def estimate_table(quantities: Mapping[str, Mapping[str, JSON]]) -> list[str]:
    """Means with standard errors, autocorrelation times, and exact values where they are known.

    Args:
        quantities: `result.quantities()` of a target whose answers are means.
    """
    rows = [("quantity", "value (error)", "tau_int", "effective", "exact", "sigmas")]
    for name, row in quantities.items():
        rows.append((titled(name, row["unit"]), value_with_error(row["mean"], row["error"]), *estimate_columns(row)))
    known = any(row[-1] for row in rows[1:])
    return align(rows if known else [row[:4] for row in rows])


def estimate_columns(row: Mapping[str, JSON]) -> tuple[str, str, str, str]:
    """tau_int with its error, effective size, exact value and deviation from it; empty where they are not known.

    Args:
        row: one quantity of `result.quantities()`.
    """
    tau = value_with_error(row["tau_int"], row["tau_int_error"]) if "tau_int" in row else ""
    size = f"{row['effective_size']:.0f}" if "effective_size" in row else ""
    exact = f"{row['exact']:.6g}" if "exact" in row else ""
    return tau, size, exact, f"{row['deviation']:+.1f}" if "deviation" in row else ""


def function_lines(rows: Sequence[FunctionRow]) -> list[str]:
    """A line for each function: its grid and the range of its shrinkage.

    Args:
        rows: the derived functions.
    """
    lines = []
    for row in rows:
        where = f"at {len(row.x)} points, {row.grid_name} = {row.x[0]:.4g} ... {row.x[-1]:.4g} {row.grid_unit}".rstrip()
        known = row.shrinkage.ndim > 0
        shrinkage = f", shrinkage {np.nanmin(row.shrinkage):.2f} ... {np.nanmax(row.shrinkage):.2f}" if known else ""
        lines.append(f"{row.title} {where}{shrinkage}")
    return lines


def titled(name: str, unit: str) -> str:
    """`name [unit]`.

    Args:
        name: of a quantity.
        unit: its unit; empty for a pure number.

    Example:

        >>> titled("radius", "km")
        'radius [km]'
    """
    return f"{name} [{unit}]" if unit else name


def align(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows of cells as lines with aligned columns.

    Args:
        rows: the cells, each row of the same length.

    Example:

        >>> align([("a", "long", "b"), ("aaa", "c", "d")])
        ['a    long  b', 'aaa  c     d']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
