"""Answers that belong to all draws together, as the target estimates them, and whether their errors can be trusted."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from retrodict.base.types import JSON
from retrodict.inference.evaluate import Evaluated
from retrodict.problem.target import AbstractTarget, Estimated
from retrodict.run.diagnostic import Finding, Severity
from retrodict.run.method import Draws

CONTRADICTED: Final = 5.0  # standard errors from a value that is known exactly


class EstimateQuality(NamedTuple):
    """Estimates with those that are in doubt."""

    estimates: tuple[Estimated, ...]  # numbers and functions
    undecided: tuple[str, ...] = ()  # quantities whose sign is left open: a finding of its own
    exact: bool = True  # False for an approximate method: a contradiction is no failure then
    chains: bool = False  # whether the draws are Markov chains: what has no error then never changed in any of them

    @property
    def contradicted(self) -> dict[str, float]:
        """Deviations from exact values, in standard errors, where they are too large."""
        deviations = {estimate.about.name: estimate.deviation for estimate in self.estimates}
        return {name: d for name, d in deviations.items() if d is not None and abs(d) > CONTRADICTED}

    @property
    def incomplete(self) -> list[str]:
        """Estimates from chains too short for their autocorrelation to be summed."""
        return [estimate.about.name for estimate in self.estimates if not estimate.complete]

    @property
    def unknown_error(self) -> list[str]:
        """Estimates without an error."""
        return [e.about.name for e in self.estimates if not np.all(np.isfinite(e.error))]

    def findings(self) -> tuple[Finding, ...]:
        """Contradictions of exact values, and errors that are too small or unknown."""
        found, worst = [], Severity.FAIL if self.exact else Severity.WARN
        for name, sigmas in self.contradicted.items():
            if name not in self.undecided:
                text = f"{name} lies {abs(sigmas):.1f} standard errors from its exact value"
                found.append(Finding(worst, text, "longer chains; if it stays, a method that is exact"))
        if names := self.incomplete:
            text = f"the chains are too short for the autocorrelation of {', '.join(names)} to be seen to decay"
            found.append(Finding(Severity.WARN, f"{text}: the errors are lower bounds", "longer chains"))
        if names := self.unknown_error:
            text = f"never changed, or changed too seldom for an error: {', '.join(names)}"
            if self.chains:
                text = f"{', '.join(names)} never changed in any chain: no error is known"
            found.append(Finding(Severity.WARN, text, "longer chains, or updates that change them"))
        return tuple(found)

    def to_json(self) -> dict[str, JSON]:
        """`estimate_figures`, `contradicted`, `incomplete` and `unknown_error`; nothing where nothing was estimated."""
        if not self.estimates:
            return {}
        doubts = {name: getattr(self, name) for name in ("contradicted", "incomplete", "unknown_error")}
        return {**estimate_figures(self.estimates), **doubts}


def estimate(target: AbstractTarget, draws: Draws, evaluated: Evaluated) -> tuple[Estimated, ...]:
    """What a target estimates from draws that have been evaluated; draws that are not valid carry no weight.

    Args:
        target: the target, whose method `estimates` is asked.
        draws: the answer of a method, on the host.
        evaluated: the same draws evaluated, one after the other.

    Returns:
        The estimates; none for a point, or for a target whose answer is a distribution.
    """
    if draws.kind == "point":
        return ()
    shape = np.shape(draws.log_weight)
    derived = {name: values.reshape(*shape, *values.shape[1:]) for name, values in evaluated.derived.items()}
    log_weight = np.where(evaluated.valid.reshape(shape), draws.log_weight, -np.inf)
    ancestor = None if draws.ancestor is None else np.ravel(draws.ancestor)
    return target.estimates(derived, log_weight, ancestor)


def estimate_figures(estimates: Iterable[Estimated]) -> dict[str, float]:
    """`NAME`, `NAME_error`, `NAME_tau`, `NAME_tau_error` of each number, as far as they are known.

    Args:
        estimates: estimates of numbers and functions; the latter are left out.
    """
    figures: dict[str, float] = {}
    for e in estimates:
        if not e.about.is_function:
            numbers = {"": e.value, "_error": e.error, "_tau": e.tau, "_tau_error": e.tau_error}
            figures |= {f"{e.about.name}{end}": float(x) for end, x in numbers.items() if x is not None}
    return figures
