r"""How much the answer leans on the prior, and how much on the ansatz.

The prior needs no second run: its power is changed, $p(z)^\alpha$ with $\alpha$ a little below and above one, and the
draws that are there are reweighted (Kallioinen, Paananen, Bürkner, Vehtari, Statistics and Computing 34 (2024) 57). The
same is done with the likelihood. A number that moves with the prior as much as it should move with the data is not a
measurement. Another ansatz does need a run: results made with one are put beside this one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from retrodict.base.figure import Bars, Figure, Panel
from retrodict.num.weighted import weighted_statistics
from retrodict.report.draws import Variable, group, scalars
from retrodict.run.result import Result

POWERS = (0.8, 1.25)
FEWEST = 50.0  # effective draws below which a reweighted median is not worth printing


@dataclass(frozen=True)
class Lean:
    """Medians of one quantity, in posterior standard deviations from its own, as prior or likelihood is scaled."""

    named: Variable
    prior: tuple[float, float]  # at the two POWERS; NaN where too few draws remain
    likelihood: tuple[float, float]

    @property
    def most(self) -> float:
        """The larger shift under the prior's scaling; NaN if there is none."""
        shifts = np.abs(self.prior)
        return float(np.nanmax(shifts)) if np.isfinite(shifts).any() else np.nan


def leans(result: Result) -> list[Lean]:
    """The sensitivity of each derived number; empty where latents or likelihoods were not kept."""
    statistics, posterior = group(result, "sample_stats"), group(result, "posterior")
    if "z" not in posterior or posterior["z"].ndim != 3 or "log_likelihood" not in statistics:
        return []
    log_prior = -0.5 * np.sum(posterior["z"].values ** 2, axis=-1).ravel()
    log_likelihood = statistics["log_likelihood"].values.ravel()
    found = [named for named in scalars(result) if named.varies]
    return [Lean(named, _shifts(named, log_prior), _shifts(named, log_likelihood)) for named in found]


def alternatives_figure(result: Result, alternatives: Mapping[str, Result]) -> Figure | None:
    """Each derived number of this result and of others of the same name, made with another ansatz, prior or method."""
    panels = []
    for named in scalars(result):
        rows = {"this run": result.quantities()[named.name]}
        others = {label: other.quantities() for label, other in alternatives.items()}
        rows |= {label: numbers[named.name] for label, numbers in others.items() if named.name in numbers}
        if len(rows) > 1:
            panels.append(Panel(named.label, "", (_intervals(rows),), named.unit))
    if not panels:
        return None
    caption = "Medians and central 68 % intervals of this run and of others of the same data, named by what differs."
    return Figure("alternatives", "Other choices", caption, tuple(panels), "sensitivity")


def _intervals(rows: Mapping[str, Mapping[str, float]]) -> Bars:
    median = np.array([row["median"] for row in rows.values()])
    minus = median - [row["q16"] for row in rows.values()]
    plus = np.array([row["q84"] for row in rows.values()]) - median
    return Bars(tuple(rows), median, np.stack([minus, plus]))


def _shifts(named: Variable, log_factor: np.ndarray) -> tuple[float, float]:
    own = weighted_statistics(named.values, named.weight)
    low, high = (_median(named, (power - 1) * log_factor) for power in POWERS)
    return float((low - own["median"]) / own["sd"]), float((high - own["median"]) / own["sd"])


def _median(named: Variable, log_factor: np.ndarray) -> float:
    """The median with weights times exp(log_factor); NaN if that leaves fewer than `FEWEST` effective draws."""
    usable = (named.weight > 0) & np.isfinite(log_factor)
    if not usable.any():
        return np.nan
    weight = np.zeros(named.weight.shape)
    weight[usable] = named.weight[usable] * np.exp(log_factor[usable] - log_factor[usable].max())
    weight /= weight.sum()
    if 1 / np.sum(weight**2) < FEWEST:
        return np.nan
    return float(weighted_statistics(named.values, weight)["median"])
