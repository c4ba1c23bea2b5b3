"""Searches for an optimum: whether they ended, and in how many valleys."""

from typing import NamedTuple

import numpy as np

from retrodict.base.types import JSON, Array, Bool
from retrodict.run.diagnostic import Finding, Limits

UNCONVERGED = Limits(0.0, 0.5)  # share of the searches


class Searches(NamedTuple):
    """Searches that have converged, one for each draw or a single one."""

    converged: Bool[Array, "..."]  # shape (chain, draw), or a number

    @property
    def unconverged_fraction(self) -> float:
        """The share of the searches that did not converge."""
        return float(np.mean(~(np.asarray(self.converged) > 0)))

    def findings(self) -> tuple[Finding, ...]:
        """Searches that did not converge."""
        fraction = self.unconverged_fraction
        if severity := UNCONVERGED.above(fraction):
            return (Finding(severity, f"{fraction:.1%} of the searches did not converge", "more `steps`"),)
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`unconverged_fraction`."""
        return {"unconverged_fraction": self.unconverged_fraction}
