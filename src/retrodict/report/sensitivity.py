r"""How much the answer depends on the prior, and how much on the ansatz.

The prior needs no second run: its power is changed, $p(z)^\alpha$ with $\alpha$ a little below and above one, and the
draws are reweighted (Kallioinen, Paananen, Bürkner, Vehtari, Statistics and Computing 34 (2024) 57). The
same is done with the likelihood. A number that moves with the prior as much as it should move with the data is not a
measurement. Another ansatz does need a run: results made with one are put beside this one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from retrodict.base.figure import Bars, Figure, Panel
from retrodict.num.weighted import weighted_statistics
from retrodict.report.draws import Variable, scalars
from retrodict.run.result import Result

POWERS = (0.8, 1.25)
FEWEST = 50.0  # effective draws below which a reweighted median is not worth printing


@dataclass(frozen=True)
class Lean:
    """Medians of one quantity, in posterior standard deviations from its own, as prior or likelihood is scaled."""

    variable: Variable  # the quantity
    prior: tuple[float, float]  # at the two POWERS; NaN where too few draws remain
    likelihood: tuple[float, float]

    @property
    def most(self) -> float:
        """The larger shift under the prior's scaling; NaN if there is none."""
        shifts = np.abs(self.prior)
        return float(np.nanmax(shifts)) if np.isfinite(shifts).any() else np.nan


def leans(result: Result) -> list[Lean]:
    """The sensitivity of each derived number; empty where latents or likelihoods were not kept."""
    statistics, posterior = result.bank_statistics, result.bank
    if "z" not in posterior or posterior["z"].ndim != 3 or "total_log_likelihood" not in statistics:
        return []
    log_prior = -0.5 * np.sum(posterior["z"].values ** 2, axis=-1).ravel()
    log_likelihood = statistics["total_log_likelihood"].values.ravel()
    variables = [variable for variable in scalars(result) if variable.varies]
    return [Lean(variable, _shifts(variable, log_prior), _shifts(variable, log_likelihood)) for variable in variables]


def alternatives_figure(result: Result, alternatives: Mapping[str, Result]) -> Figure | None:
    """The derived numbers of several results of the same data, side by side.

    Args:
        result: of this run.
        alternatives: results with another ansatz, prior or method, by a label that says which.

    Returns:
        One panel a quantity; None if no other result has one of the same name.
    """
    panels = []
    for variable in scalars(result):
        rows = {"this run": result.quantities()[variable.name]}
        others = {label: other.quantities() for label, other in alternatives.items()}
        rows |= {label: numbers[variable.name] for label, numbers in others.items() if variable.name in numbers}
        if len(rows) > 1:
            panels.append(Panel(variable.label, "", (_intervals(rows),), variable.unit))
    if not panels:
        return None
    caption = "Medians and central 68 % intervals of this run and of others of the same data, variable by what differs."
    return Figure("alternatives", "Other choices", caption, tuple(panels), "sensitivity")


def _intervals(rows: Mapping[str, Mapping[str, float]]) -> Bars:
    median = np.array([row["median"] for row in rows.values()])
    minus = median - [row["q16"] for row in rows.values()]
    plus = np.array([row["q84"] for row in rows.values()]) - median
    return Bars(tuple(rows), median, np.stack([minus, plus]))


def _shifts(variable: Variable, log_factor: Float[np.ndarray, " draw"]) -> tuple[float, float]:
    own = weighted_statistics(variable.values, variable.weight)
    low, high = (_median(variable, (power - 1) * log_factor) for power in POWERS)
    return float((low - own["median"]) / own["sd"]), float((high - own["median"]) / own["sd"])


def _median(variable: Variable, log_factor: Float[np.ndarray, " draw"]) -> float:
    """The median with weights times exp(log_factor); NaN if that leaves fewer than `FEWEST` effective draws."""
    usable = (variable.weight > 0) & np.isfinite(log_factor)
    if not usable.any():
        return np.nan
    weight = np.zeros(variable.weight.shape)
    weight[usable] = variable.weight[usable] * np.exp(log_factor[usable] - log_factor[usable].max())
    weight /= weight.sum()
    if 1 / np.sum(weight**2) < FEWEST:
        return np.nan
    return float(weighted_statistics(variable.values, weight)["median"])
