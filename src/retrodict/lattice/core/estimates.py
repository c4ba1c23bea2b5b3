"""Means of observables and functions of these means, with standard errors for each kind of draws.

Consecutive entries of a Markov chain are correlated: the Gamma method. Particles that descend from one ancestor may be
copies: the jackknife over families. Independent draws with weights: linear propagation of the weighted fluctuations.

Sources: Wolff, Comput. Phys. Commun. 156 (2004) 143 (Gamma method); see `num.autocorrelation`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from retrodict.base.types import Float, Int
from retrodict.num.autocorrelation import SHORTEST, gamma_method_of, gradient_of
from retrodict.num.weighted import normalised_weights
from retrodict.problem.target import Estimated, Quantity

ROUNDING: Final = 1e-12  # of the size of an observable: a chain that varies less is frozen

Histories = Float[np.ndarray, "quantity chain draw"]
Draws = Float[np.ndarray, "quantity draw"]


class MeanFunction(NamedTuple):
    """A quantity that no single configuration has: a function of the means of observables.

    Args:
        name: its name in tables.
        needs: the names of the observables.
        function: maps their means, shape (len(needs),), to the quantity.
        label: for axes, in LaTeX or plain text.
        unit: its unit; a is the lattice spacing.

    Example:
        >>> MeanFunction("variance", ("x", "x2"), lambda mean: mean[1] - mean[0] ** 2).about.name
        'variance'
    """

    name: str
    needs: tuple[str, ...]
    function: Callable[[Float[np.ndarray, " needs"]], float]
    label: str = ""
    unit: str = ""

    @property
    def about(self) -> Quantity:
        """Its description."""
        return Quantity(self.name, self.unit, self.label)


class Observables(NamedTuple):
    """What an action measures.

    Args:
        quantities: the observables of one configuration.
        mean_functions: the functions of their means.
        slow: names of the observables with the longest autocorrelation times.
        exact: exact expectation values by name, where they are known.
    """

    quantities: tuple[Quantity, ...]
    mean_functions: tuple[MeanFunction, ...]
    slow: tuple[str, ...]
    exact: Mapping[str, float]


@dataclass(frozen=True)
class Estimate:
    """A function of means with its standard error.

    Args:
        value: the function of the means.
        error: its standard error; NaN if the draws give none.
        tau: integrated autocorrelation time in steps of one chain, of Markov chains only.
        tau_error: its standard error.
        effective_size: number of independent draws with the same error.
        complete: False if the chains are too short to sum the autocorrelation; the error is then a lower bound.
    """

    value: float
    error: float
    tau: float | None = None
    tau_error: float | None = None
    effective_size: float | None = None
    complete: bool = True


ErrorRule = Callable[[MeanFunction, Histories], Estimate]


def estimates(
    observables: Observables,
    derived: Mapping[str, Float[np.ndarray, "chain draw ..."]],
    log_weight: Float[np.ndarray, "chain draw"],
    ancestor: Int[np.ndarray, "..."] | None,
) -> tuple[Estimated, ...]:
    """Estimate all observables and functions of means.

    Args:
        observables: what the action measures.
        derived: values of the observables on each draw, by name; a function of distance has one axis more.
        log_weight: logarithms of the weights of the draws, -inf for a draw without a density.
        ancestor: the number of the ancestor of each particle of a population; None for chains and weighted draws.

    Returns:
        The slow observables first, then the functions of means, the other numbers and the functions of distance;
        nothing if the chains are too short for an autocorrelation time.
    """
    if ancestor is None and log_weight.shape[1] < SHORTEST:
        return ()
    rule = error_rule(log_weight, ancestor)
    numbers = {quantity.name: quantity for quantity in observables.quantities if not quantity.is_function}
    slow = [numbers[name] for name in observables.slow]
    others = [quantity for quantity in numbers.values() if quantity not in slow]
    plain = [(mean_of(quantity), quantity) for quantity in slow]
    plain += [(function, function.about) for function in observables.mean_functions]
    plain += [(mean_of(quantity), quantity) for quantity in others]
    on_grids = (_on_grid(quantity, rule, derived) for quantity in observables.quantities if quantity.is_function)
    return (*(_number(function, rule, derived, observables.exact, about) for function, about in plain), *on_grids)


def error_rule(log_weight: Float[np.ndarray, "chain draw"], ancestor: Int[np.ndarray, "..."] | None) -> ErrorRule:
    """Choose how errors follow from the draws: from families, from weights, or from autocorrelations.

    Args:
        log_weight: logarithms of the weights of the draws; all equal for Markov chains.
        ancestor: the number of the ancestor of each particle of a population, else None.
    """
    if ancestor is not None:
        families = np.unique(ancestor, return_inverse=True)[1]
        return lambda function, histories: family_estimate(
            function, histories.reshape(len(histories), -1), families.ravel()
        )
    counted = log_weight[np.isfinite(log_weight)]
    if counted.size and np.ptp(counted) == 0:
        return chain_estimate if counted.size == log_weight.size else _without_error
    weights = normalised_weights(np.ravel(log_weight), np.isfinite(np.ravel(log_weight)))
    return lambda function, histories: weighted_estimate(function, histories.reshape(len(histories), -1), weights)


def chain_estimate(function: MeanFunction, histories: Histories) -> Estimate:
    """Estimate a function of means from Markov chains by the Gamma method.

    Args:
        function: the function of the means.
        histories: values of the observables that it needs, along each chain.

    Returns:
        The estimate; without an error if no chain ever left its value (but for rounding), even where the chains differ:
        how often they would change is not known.
    """
    sizes = np.max(np.abs(histories), axis=(1, 2), keepdims=True)
    if np.all(np.ptp(histories, axis=2, keepdims=True) <= ROUNDING * sizes):
        return Estimate(float(function.function(histories.mean(axis=(1, 2)))), np.nan)
    gamma = gamma_method_of(function.function, histories)
    if gamma.error == 0:
        return Estimate(gamma.value, np.nan)
    return Estimate(gamma.value, gamma.error, gamma.tau, gamma.tau_error, gamma.effective_size, gamma.closed)


def _without_error(function: MeanFunction, histories: Histories) -> Estimate:
    """Chains with draws that have no density: the autocorrelation of the other draws gives no error."""
    return Estimate(float(function.function(np.nanmean(histories, axis=(1, 2)))), np.nan)


def weighted_estimate(function: MeanFunction, draws: Draws, weights: Float[np.ndarray, " draw"]) -> Estimate:
    """Estimate a function of means from independent draws with weights.

    The squared error is the sum of squares of the weights times the fluctuations of the linearised function.

    Args:
        function: the function of the means.
        draws: values of the observables that it needs.
        weights: weights of the draws, normalised to sum 1.
    """
    means = draws @ weights
    spread = np.sqrt((draws - means[:, None]) ** 2 @ weights)
    size = 1 / np.sum(weights**2) if np.any(weights > 0) else 0.0
    if size < 2:
        return Estimate(float(function.function(means)), np.nan, effective_size=float(size))
    gradient = gradient_of(function.function, means, spread / np.sqrt(size))
    error = float(np.sqrt(np.sum((weights * (gradient @ (draws - means[:, None]))) ** 2)))
    return Estimate(float(function.function(means)), error or np.nan, effective_size=float(size))


def family_estimate(function: MeanFunction, draws: Draws, families: Int[np.ndarray, " draw"]) -> Estimate:
    """Estimate a function of means by the jackknife that leaves out one family of common ancestry at a time.

    Args:
        function: the function of the means.
        draws: values of the observables that it needs.
        families: the number of the family of each draw, 0, 1, ...
    """
    size = np.bincount(families)
    sums = np.stack([np.bincount(families, weights=row) for row in draws])
    value, count = float(function.function(sums.sum(axis=1) / size.sum())), len(size)
    if count < 2:
        return Estimate(value, np.nan)
    without = (sums.sum(axis=1, keepdims=True) - sums) / (size.sum() - size)
    values = np.array([function.function(column) for column in without.T])
    error = float(np.sqrt((count - 1) / count * np.sum((values - values.mean()) ** 2)))
    return Estimate(value, error or np.nan, effective_size=float(size.sum() ** 2 / np.sum(size**2)))


def mean_of(quantity: Quantity) -> MeanFunction:
    """The mean of one observable, as a function of means."""
    return MeanFunction(quantity.name, (quantity.name,), lambda means: float(means[0]))


def _number(
    function: MeanFunction,
    rule: ErrorRule,
    derived: Mapping[str, Float[np.ndarray, "chain draw ..."]],
    exact: Mapping[str, float],
    about: Quantity,
) -> Estimated:
    estimate = rule(function, np.stack([np.asarray(derived[name], dtype=float) for name in function.needs]))
    about = replace(about, name=function.name)
    numbers = (estimate.tau, estimate.tau_error, estimate.effective_size, estimate.complete, exact.get(function.name))
    return Estimated(about, np.asarray(estimate.value), np.asarray(estimate.error), *numbers)


def _on_grid(
    quantity: Quantity, rule: ErrorRule, derived: Mapping[str, Float[np.ndarray, "chain draw ..."]]
) -> Estimated:
    """Point by point; errors of neighbouring points are correlated."""
    values = np.asarray(derived[quantity.name], dtype=float)
    mean = mean_of(quantity)
    points = [rule(mean, values[None, ..., i]) for i in range(values.shape[-1])]
    value, error = (np.array([getattr(point, name) for point in points]) for name in ("value", "error"))
    return Estimated(quantity, value, error, complete=all(point.complete for point in points))
