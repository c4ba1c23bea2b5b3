"""Means of observables, and what follows from them, with honest errors, whatever the draws are.

Consecutive entries of a chain remember each other: the Gamma method. Particles that descend from one ancestor may be
copies: the jackknife over families. Independent draws with weights: linear propagation of the weighted fluctuations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from retrodict.base.types import Float
from retrodict.lattice.core.action import AbstractAction, MeanFunction
from retrodict.lattice.theories.known import exact_values
from retrodict.num.autocorrelation import SHORTEST, gamma_method_of, gradient_of
from retrodict.num.weighted import normalised_weights
from retrodict.problem.target import Estimated, Quantity

Histories = Float[np.ndarray, "quantity chain draw"]


@dataclass(frozen=True)
class Found:
    """A function of means with its standard error; NaN if the draws say nothing of it."""

    value: float
    error: float
    tau: float | None = None
    tau_error: float | None = None
    effective_size: float | None = None
    complete: bool = True


Rule = Callable[[MeanFunction, Histories], Found]


def estimates(
    action: AbstractAction,
    derived: Mapping[str, np.ndarray],
    log_weight: Float[np.ndarray, "chain draw"],
    ancestor: np.ndarray | None,
) -> tuple[Estimated, ...]:
    """All observables and functions of means: the slow ones first, then the functions, then the others."""
    if ancestor is None and log_weight.shape[1] < SHORTEST:
        return ()
    rule = rule_for(log_weight, ancestor)
    known = exact_values(action)
    plain = {q.name: q for q in action.quantities if not q.is_function}
    first = [plain[name] for name in action.slow]
    numbers = [_number(of_quantity(q), rule, derived, known, q) for q in first]
    numbers += [_number(one, rule, derived, known, one.about) for one in action.mean_functions]
    numbers += [_number(of_quantity(q), rule, derived, known, q) for q in plain.values() if q not in first]
    return (*numbers, *(_function(q, rule, derived) for q in action.quantities if q.is_function))


def rule_for(log_weight: Float[np.ndarray, "chain draw"], ancestor: np.ndarray | None) -> Rule:
    """How errors are come by: from families, from weights, or from the memory of chains."""
    if ancestor is not None:
        families = np.unique(ancestor, return_inverse=True)[1]
        return lambda one, histories: over_families(one, histories.reshape(len(histories), -1), families)
    counted = log_weight[np.isfinite(log_weight)]
    if counted.size and np.ptp(counted) == 0:
        return over_chains if counted.size == log_weight.size else _unknown
    weights = normalised_weights(np.ravel(log_weight), np.isfinite(np.ravel(log_weight)))
    return lambda one, histories: over_weights(one, histories.reshape(len(histories), -1), weights)


def over_chains(one: MeanFunction, histories: Histories) -> Found:
    """The Gamma method. A history that never changed tells no error: it may be frozen."""
    found = gamma_method_of(one.function, histories)
    if found.error == 0:
        return Found(found.value, np.nan)
    size = found.effective_size
    return Found(found.value, found.error, found.tau, found.tau_error, size, found.closed)


def _unknown(one: MeanFunction, histories: Histories) -> Found:
    """Chains with draws that have no density: what is left of their memory tells no error."""
    return Found(float(one.function(np.nanmean(histories, axis=(1, 2)))), np.nan)


def over_weights(one: MeanFunction, draws: Float[np.ndarray, "quantity draw"], weights: np.ndarray) -> Found:
    """Independent weighted draws: error^2 = sum of (w_i times the fluctuation of the linearised function)^2."""
    means = draws @ weights
    spread = np.sqrt((draws - means[:, None]) ** 2 @ weights)
    size = 1 / np.sum(weights**2) if np.any(weights > 0) else 0.0
    if size < 2:
        return Found(float(one.function(means)), np.nan, effective_size=float(size))
    gradient = gradient_of(one.function, means, spread / np.sqrt(size))
    error = float(np.sqrt(np.sum((weights * (gradient @ (draws - means[:, None]))) ** 2)))
    return Found(float(one.function(means)), error or np.nan, effective_size=float(size))


def over_families(one: MeanFunction, draws: Float[np.ndarray, "quantity draw"], families: np.ndarray) -> Found:
    """The jackknife that leaves out one family of common ancestry at a time."""
    size = np.bincount(families)
    sums = np.stack([np.bincount(families, weights=row) for row in draws])
    value, count = float(one.function(sums.sum(axis=1) / size.sum())), len(size)
    if count < 2:
        return Found(value, np.nan)
    without = (sums.sum(axis=1, keepdims=True) - sums) / (size.sum() - size)
    values = np.array([one.function(column) for column in without.T])
    error = float(np.sqrt((count - 1) / count * np.sum((values - values.mean()) ** 2)))
    return Found(value, error or np.nan, effective_size=float(size.sum() ** 2 / np.sum(size**2)))


def of_quantity(quantity: Quantity) -> MeanFunction:
    """The mean itself."""
    return MeanFunction(quantity.name, (quantity.name,), lambda means: float(means[0]))


def _number(
    one: MeanFunction, rule: Rule, derived: Mapping[str, np.ndarray], known: Mapping[str, float], about: Quantity
) -> Estimated:
    found = rule(one, np.stack([np.asarray(derived[name], dtype=float) for name in one.needs]))
    about = replace(about, name=one.name)
    numbers = (found.tau, found.tau_error, found.effective_size, found.complete, known.get(one.name))
    return Estimated(about, np.asarray(found.value), np.asarray(found.error), *numbers)


def _function(quantity: Quantity, rule: Rule, derived: Mapping[str, np.ndarray]) -> Estimated:
    """Point by point; errors of neighbouring points are correlated."""
    values = np.asarray(derived[quantity.name], dtype=float)
    mean = of_quantity(quantity)
    points = [rule(mean, values[None, ..., i]) for i in range(values.shape[-1])]
    value, error = (np.array([getattr(point, name) for point in points]) for name in ("value", "error"))
    return Estimated(quantity, value, error, complete=all(point.complete for point in points))
