"""The tables of a report: numbers, fit, identifiability, sensitivity."""

from collections.abc import Iterable, Mapping

import numpy as np

from retrodict.base.format import ASYMMETRY, estimate, value_with_error
from retrodict.base.section import Table
from retrodict.base.types import JSON
from retrodict.inference.findings.information import PRIOR_DOMINATED
from retrodict.num.weighted import weighted_statistics
from retrodict.report.draws import Variable, functions, group, scalars
from retrodict.report.html import Safe, label, table, tag
from retrodict.report.sensitivity import POWERS, Lean
from retrodict.report.text import signs, unit_html
from retrodict.run.result import Result
from retrodict.run.summary import estimate_columns

DASH = "–"
MODES = 60  # singular values listed at most
NUMBER_LETTERS = 24  # of a cell that is set like a number
WORST = 5  # pulls listed


def number(value: object, digits: int = 4) -> str:
    """A number in few digits; a dash for none."""
    if value is None or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    text = f"{value:.{digits}g}" if isinstance(value, float | np.floating) else str(value)
    if "e+0" in text:  # below 10^10: nobody reads an exponent faster
        text = f"{float(text):.0f}"
    return signs(text)


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals and a true minus sign; a dash for none, no minus before zero."""
    if not np.isfinite(value):
        return DASH
    return signs(f"{round(value, decimals) + 0.0:.{decimals}f}")


def interval(numbers: Mapping[str, JSON]) -> str:
    """The 95 % interval, both ends with the digits that its width gives them."""
    low, high = float(numbers["q2_5"]), float(numbers["q97_5"])
    if not (np.isfinite(low) and np.isfinite(high) and high > low):
        return DASH
    decimals = 1 - int(np.floor(np.log10(0.25 * (high - low))))
    if not 0 <= decimals <= 6 or max(abs(low), abs(high)) >= 1e6:
        return f"{number(low)} … {number(high)}"
    return f"{fixed(low, decimals)} … {fixed(high, decimals)}"


def estimate_html(numbers: Mapping[str, JSON]) -> Safe:
    """The median with its 68 % interval: 1.234(56), or both sides one above the other."""
    median, low, high = (float(numbers[name]) for name in ("median", "q16", "q84"))
    if low == high:
        return Safe(number(median, 6))
    if not abs((high - median) - (median - low)) > ASYMMETRY * (high - low):
        return Safe(signs(estimate(median, low, high)))
    value, _, sides = signs(estimate(median, low, high)).partition(" ")
    if value.startswith("("):  # with an exponent behind: one line
        return Safe(f"{value} {sides}")
    plus, _, minus = sides.partition(" ")
    return Safe(f"{value}{tag('span', tag('span', plus), tag('span', minus), class_='sides')}")


def plain_table(content: Table, name: str) -> Safe:
    """A domain's own table: numbers with three digits, labels set."""
    cells = [[label(cell) if isinstance(cell, str) else number(cell, 3) for cell in row] for row in content.rows]
    return table([label(head) for head in content.head], cells, numeric=_numeric(content), name=name)


def _numeric(content: Table) -> bool:
    """Whether no cell is a sentence, which would have to be set to the left."""
    return all(len(cell) <= NUMBER_LETTERS for row in content.rows for cell in row[1:] if isinstance(cell, str))


def name_cell(variable: Variable) -> Safe:
    """Label and unit of a quantity."""
    return Safe(f"{label(variable.label)} [{unit_html(variable.unit)}]" if variable.unit else label(variable.label))


def quantities_table(result: Result) -> Safe:
    """Every derived number: 68 and 95 %, the prior's 68 %, and the shrinkage; of estimates their errors."""
    if result.estimated:
        return _estimates_table(result)
    rows = []
    for variable in scalars(result):
        own = weighted_statistics(variable.values, variable.weight)
        before = (
            weighted_statistics(variable.prior, variable.prior_weight) if np.any(variable.prior_weight > 0) else None
        )
        shrinkage = fixed(float(result.shrinkage(variable.name)), 2)
        rows.append(
            [
                name_cell(variable),
                estimate_html(own),
                interval(own),
                estimate_html(before) if before else DASH,
                shrinkage,
            ]
        )
    return table(["Quantity", "Median, 68 %", "95 %", "Prior, 68 %", "Shrinkage"], rows, name="Derived quantities")


def _estimates_table(result: Result) -> Safe:
    """Means with their standard errors, autocorrelation times, effective samples and exact values."""
    rows = []
    for name, row in result.quantities().items():
        unit = Safe(f" [{unit_html(row['unit'])}]") if row["unit"] else Safe("")
        columns = [signs(text) or DASH for text in estimate_columns(row)]
        rows.append([Safe(f"{label(result.label(name))}{unit}"), _signed(row), *columns])
    head = [
        "Quantity",
        "Value (standard error)",
        Safe("τ<sub>int</sub> (steps)"),
        "Effective samples",
        "Exact",
        "σ off",
    ]
    return table(head, rows, name="Estimated quantities")


def _signed(row: Mapping[str, JSON]) -> str:
    return signs(value_with_error(row["mean"], row["error"]))


def fit_table(result: Result) -> Safe:
    """chi2, degrees of freedom, p."""
    fit = result.fit
    ratio = fit["chi2"] / fit["dof"] if fit["dof"] > 0 else float("nan")
    cells = [fixed(fit["chi2"], 1), fixed(fit["dof"], 1), fixed(ratio, 2), number(fit["p"], 2)]
    head = ["", Safe("χ<sup>2</sup>"), "degrees of freedom", Safe("χ<sup>2</sup> / dof"), "p"]
    return table(head, [["Best draw", *cells]], name="Quality of the fit")


def terms_table(result: Result) -> Safe | None:
    """chi2 and number of points of each data set, by its name; None for a single one."""
    terms = result.fit_by_term
    rows = [[name, fixed(term["chi2"], 1), str(term["points"])] for name, term in terms.items()]
    return table(["Data", Safe("χ<sup>2</sup>"), "points"], rows, name="Fit by data set") if rows else None


def pulls_table(result: Result) -> Safe | None:
    """The data that the best draw describes worst, by name; None where they have no names."""
    fit = group(result, "fit")
    if "pull" not in fit.coords:
        return None
    values = np.nan_to_num(fit["pulls"].values)
    worst = np.argsort(-np.abs(values), kind="stable")[:WORST]
    rows = [[str(fit["pull"].values[i]), fixed(float(values[i]), 2)] for i in worst]
    head = ["Datum", "(prediction − datum) / error"]
    if "term" in fit.coords:
        names = fit["term"].values[fit["pull_term"].values[worst]]
        head, rows = ["Data", *head], [[str(name), *row] for name, row in zip(names, rows, strict=True)]
    return table(head, rows, name="Largest pulls")


def shrinkage_table(result: Result) -> Safe:
    """How much of the prior's spread the data removed: of numbers, and the range of it along functions."""
    rows = []
    for variable in [*scalars(result), *functions(result)]:
        values = np.atleast_1d(result.shrinkage(variable.name))
        finite = values[np.isfinite(values)]
        span = [fixed(float(finite.min()), 2), fixed(float(finite.max()), 2)] if finite.size else [DASH, DASH]
        share = f"{np.mean(finite < PRIOR_DOMINATED):.0%}" if finite.size and variable.grid.size else DASH
        rows.append([label(variable.label), *span, share])
    head = ["Quantity", "Least shrinkage", "Greatest", "Part of its grid that is the prior's"]
    return table(head, rows, name="Shrinkage")


def singular_values_table(result: Result) -> Safe | None:
    """The largest modes one by one, with the fraction of the prior variance that the data leave."""
    identifiability = group(result, "identifiability")
    if "singular_values" not in identifiability:
        return None
    values = identifiability["singular_values"].values
    rows = [[i, number(float(s), 3), f"{1 / (1 + s * s):.1%}"] for i, s in enumerate(values[:MODES], 1)]
    return table(["Mode", "Singular value", "Prior variance left"], rows, name="Singular values")


def lean_table(leans: Iterable[Lean]) -> Safe:
    """Shifts of the medians as prior and likelihood are weakened and strengthened."""
    head = ["Quantity", *(power(part, exponent) for part in ("prior", "likelihood") for exponent in POWERS)]
    rows = [[label(lean.variable.label), *(_shift(s) for s in (*lean.prior, *lean.likelihood))] for lean in leans]
    return table(head, rows, name="Sensitivity to the prior")


def alternatives_table(result: Result, alternatives: Mapping[str, Result]) -> Safe:
    """Each derived number under other choices."""
    numbers = {"this run": result.quantities()} | {name: other.quantities() for name, other in alternatives.items()}
    rows = []
    for variable in scalars(result):
        cells = [estimate_html(q[variable.name]) if variable.name in q else DASH for q in numbers.values()]
        rows.append([name_cell(variable), *cells])
    return table(["Quantity", *numbers], rows, name="Other choices")


def power(part: str, exponent: float) -> Safe:
    """`prior` or `likelihood` to some power."""
    return Safe(f"{part}{tag('sup', f'{exponent:g}')}")


def _shift(shift: float) -> str:
    if not np.isfinite(shift):
        return DASH
    sign = "+" if round(shift, 2) > 0 else ""
    return f"{sign}{fixed(shift, 2)} σ"
