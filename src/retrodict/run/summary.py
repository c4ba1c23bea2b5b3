"""A result as a table for the terminal: the verdict first, then the fit, the numbers, and what the data say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from retrodict.base.format import estimate, value_with_error
from retrodict.num.weighted import weighted_statistics

if TYPE_CHECKING:
    from retrodict.run.result import Result

STRAIN = 2.0  # prior standard deviations between the medians from which a number is starred


def render(result: "Result") -> str:
    """The whole table, lines joined."""
    parts = [_verdict(result), _header(result), _scalars(result), _functions(result)]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _verdict(result: "Result") -> list[str]:
    verdict = result.verdict
    return [
        f"{verdict.status}: {_MEANING[verdict.status]}",
        *(f"  - {reason}" for reason in verdict.reasons),
        *(f"  note: {note}" for note in verdict.notes),
    ]


_MEANING = {
    "OK": "no warning sign was found",
    "WARN": "usable with care",
    "FAIL": "do not use these numbers",
}


def _header(result: "Result") -> list[str]:
    attributes, facts = result.tree.attrs, result.diagnostics
    lines = [
        f"target   {attributes['target']}",
        f"method   {attributes['method']}, seed {attributes['seed']}: {_effort(facts)}",
    ]
    if result.fit:
        chi2, dof, p = (result.fit[name] for name in ("chi2", "dof", "p"))
        lines.append(f"fit      chi2/dof = {chi2:.1f}/{dof:.1f} = {chi2 / dof:.2f}, p = {p:.2g}")
    terms = [f"{name} {row['chi2']:.1f}/{row['points']}" for name, row in result.fit_by_term.items()]
    if terms:
        lines.append(f"by data  chi2/points: {', '.join(terms)}")
    if facts.get("log_evidence") is not None:
        evidence = value_with_error(facts["log_evidence"], facts.get("log_evidence_error") or 0.0)
        lines.append(f"evidence log Z = {evidence}")
    if facts.get("effective_rank") is not None:
        lines.append(f"data     determine {facts['effective_rank']:.1f} of {facts['latents']} latents")
    return lines


def _effort(facts: dict) -> str:
    if facts["kind"] == "point":
        return f"the best of {facts['draws']} starts"
    count = f"{facts['chains']} x {facts['draws']} draws"
    worst = [("R-hat <= {:.3f}", "rhat"), ("ESS >= {:.0f}", "ess_bulk"), ("weight ESS {:.0f}", "weight_ess")]
    return ", ".join([count, *(text.format(facts[name]) for text, name in worst if facts.get(name) is not None)])


def _scalars(result: "Result") -> list[str]:
    if result.estimated:
        return _estimates(result)
    if not result.scalars:
        return []
    rows = [
        ("quantity", "median (68 %)", "95 %", "prior", "shrinkage"),
        *(_row(result, name) for name in result.scalars),
    ]
    if not any(row[3] for row in rows[1:]):
        rows = [row[:3] for row in rows]
    lines = _table(rows)
    if any(row[-1].endswith("*") for row in rows[1:]):
        lines.append(f"* more than {STRAIN:.0f} standard deviations of the prior from its median")
    return lines


def _estimates(result: "Result") -> list[str]:
    """Means with their standard errors, how long the chains remember, and exact values where they are known."""
    rows = [("quantity", "value (error)", "tau_int", "effective", "exact", "sigmas")]
    for name, row in result.quantities().items():
        value = value_with_error(row["mean"], row["error"])
        rows.append((titled(name, row["unit"]), value, *estimate_columns(row)))
    known = any(row[-1] for row in rows[1:])
    return _table(rows if known else [row[:4] for row in rows])


def estimate_columns(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """tau_int with its error, effective size, exact value and deviation from it; empty where they are not known."""
    tau = value_with_error(row["tau_int"], row["tau_int_error"]) if "tau_int" in row else ""
    size = f"{row['effective_size']:.0f}" if "effective_size" in row else ""
    exact = f"{row['exact']:.6g}" if "exact" in row else ""
    return tau, size, exact, f"{row['deviation']:+.1f}" if "deviation" in row else ""


def _row(result: "Result", name: str) -> tuple[str, ...]:
    numbers = weighted_statistics(*result.draws(name))
    wide = f"{numbers['q2_5']:.4g} ... {numbers['q97_5']:.4g}"
    before, weights = result.prior_draws(name)
    if not np.any(weights > 0):
        return titled(name, result.unit(name)), _interval(numbers), wide, "", ""
    prior = weighted_statistics(before, weights)
    strained = abs(numbers["median"] - prior["median"]) > STRAIN * prior["sd"]
    learnt = float(result.shrinkage(name))
    told = f"{learnt:.2f}" if np.isfinite(learnt) else ""
    return titled(name, result.unit(name)), _interval(numbers), wide, _interval(prior), told + "*" * bool(strained)


def _interval(numbers: dict[str, np.ndarray]) -> str:
    return estimate(float(numbers["median"]), float(numbers["q16"]), float(numbers["q84"]))


def _functions(result: "Result") -> list[str]:
    lines = []
    for name in result.functions:
        x, shrinkage = result.band(name)["x"], result.shrinkage(name)
        grid = result.tree["posterior"].dataset[name].attrs
        where = f"at {len(x)} points, {grid['grid_name']} = {x[0]:.4g} ... {x[-1]:.4g} {grid['grid_unit']}".rstrip()
        told = "" if not shrinkage.ndim else f", shrinkage {np.nanmin(shrinkage):.2f} ... {np.nanmax(shrinkage):.2f}"
        lines.append(f"{titled(name, result.unit(name))} {where}{told}")
    return lines


def titled(name: str, unit: str) -> str:
    """`name [unit]`."""
    return f"{name} [{unit}]" if unit else name


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
