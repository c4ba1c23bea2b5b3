"""Answers that belong to all draws together: found by the target, noted among the figures that the verdict looks at."""

from typing import Any, Final

import numpy as np

from retrodict.inference.evaluate import Evaluated
from retrodict.problem.target import AbstractTarget, Estimated
from retrodict.run.method import Draws

CONTRADICTED: Final = 5.0  # standard errors from a value that is known exactly


def estimates_of(target: AbstractTarget, draws: Draws, found: Evaluated) -> tuple[Estimated, ...]:
    """What `target` estimates from draws that have been evaluated; draws that are not valid carry no weight."""
    shape = np.shape(draws.log_weight)
    derived = {name: values.reshape(*shape, *values.shape[1:]) for name, values in found.derived.items()}
    log_weight = np.where(found.valid.reshape(shape), draws.log_weight, -np.inf)
    ancestor = draws.statistics.get("ancestor")
    return target.estimates(derived, log_weight, None if ancestor is None else np.ravel(ancestor))


def figures_of(answers: tuple[Estimated, ...]) -> dict[str, float]:
    """`NAME`, `NAME_error`, `NAME_tau`, `NAME_tau_error` of each number, as far as they are known."""
    found: dict[str, float] = {}
    for one in answers:
        if not one.about.is_function:
            numbers = {"": one.value, "_error": one.error, "_tau": one.tau, "_tau_error": one.tau_error}
            found |= {f"{one.about.name}{end}": float(x) for end, x in numbers.items() if x is not None}
    return found


def facts_of_estimates(answers: tuple[Estimated, ...]) -> dict[str, Any]:
    """The figures of all, and the names of those that are in doubt."""
    facts: dict[str, Any] = dict(figures_of(answers))
    if answers:
        deviations = {one.about.name: one.deviation for one in answers}
        facts["contradicted"] = {n: d for n, d in deviations.items() if d is not None and abs(d) > CONTRADICTED}
        facts["incomplete"] = [one.about.name for one in answers if not one.complete]
        facts["unknown_error"] = [one.about.name for one in answers if not np.all(np.isfinite(one.error))]
    return facts
