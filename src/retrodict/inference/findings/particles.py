"""Populations of particles: how many draws of the prior they stem from, and effective sizes that allow for copies."""

from typing import NamedTuple

import numpy as np

from retrodict.base.types import JSON, Array, Flag, Float, Int, Scalar
from retrodict.inference.diagnostics import genealogy_bulk_ess, genealogy_tail_ess
from retrodict.inference.findings.chains import ChainFigures, Convergence
from retrodict.run.diagnostic import Finding, Limits, Severity

ANCESTORS = Limits(50.0, 10.0)  # so few draws of the prior do not show the error of the population either


class Population(NamedTuple):
    """The end of a sequence of tempered densities."""

    ancestors: Scalar | float  # effective number of first particles that the last ones descend from
    reached: Flag | bool  # whether the target itself was reached
    beta: Scalar | float | None = None  # inverse temperature at the end

    def findings(self) -> tuple[Finding, ...]:
        """Too few ancestors, or a sequence that ended before the target."""
        found = []
        if severity := ANCESTORS.below(float(self.ancestors)):
            text = f"the particles stem from few draws of the prior: {float(self.ancestors):.0f}"
            text = f"{text} (should be >= {ANCESTORS.warn:.0f})"
            found.append(Finding(severity, text, "more particles, or more `moves` after each stage"))
        if not self.reached:
            text = "the particles did not converge: the last stage was still short of the target density"
            found.append(Finding(Severity.FAIL, text, "more `steps`"))
        return tuple(found)

    def to_json(self) -> dict[str, JSON]:
        """`ancestors`, `unconverged_fraction` (0 or 1) and, where it is known, `beta`."""
        figures: dict[str, JSON] = {"ancestors": float(self.ancestors)}
        figures |= {"unconverged_fraction": 0.0 if self.reached else 1.0}
        return figures if self.beta is None else figures | {"beta": float(self.beta)}


def effective_ancestors(descendants: Int[Array, " particle"]) -> Scalar:
    """The number of equally large families with the same chance that two particles are relatives.

    Args:
        descendants: number of descendants of each first particle.
    """
    return len(descendants) ** 2 / (descendants**2).sum()


def particle_sizes(
    values: dict[str, Float[np.ndarray, "chain draw point"]],
    ancestor: Int[np.ndarray, " particle"],
    *,
    derived: bool,
) -> Convergence:
    """Effective sample sizes of a population, in which particles of one ancestor may be copies.

    Args:
        values: quantities by name, of one chain: shape (1, particle, point).
        ancestor: number of the first particle that each descends from.
        derived: whether the values are derived quantities, which results list, or latents.
    """
    figures = {}
    for name, column in values.items():
        if column.size:
            bulk, tail = (size(column[0], ancestor) for size in (genealogy_bulk_ess, genealogy_tail_ess))
            figures[name] = ChainFigures(float(np.min(bulk)), float(np.min(tail)))
    return Convergence(figures if derived else {}, figures)
