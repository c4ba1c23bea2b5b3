"""Whether a model describes the data: chi-squared at the best draw."""

from typing import NamedTuple

import numpy as np

from retrodict.base.types import JSON
from retrodict.run.diagnostic import Finding, Limits, Severity

P_VALUE = Limits(1e-3, 1e-6)


class FitQuality(NamedTuple):
    """chi-squared of the pulls at the posterior mode."""

    chi2: float  # sum of the squared pulls
    dof: float  # number of pulls minus fitted parameters
    p: float  # probability of a larger chi-squared

    def findings(self) -> tuple[Finding, ...]:
        """A fit that is too bad, or too good to be true."""
        quality = f"chi2/dof = {self.chi2:.1f}/{self.dof:.1f}"
        if not np.isfinite(self.chi2):
            text = "the best draw does not fit the data at all: chi2 is not finite"
            return (Finding(Severity.FAIL, text, "look at data and forward model at this draw"),)
        if severity := P_VALUE.below(self.p):
            text = f"the model does not describe the data: {quality}, p = {self.p:.1g}"
            return (Finding(severity, text, "look at the largest pulls: an ansatz too stiff, or errors too small"),)
        if 1 - self.p < P_VALUE.warn:
            text = "the fit is suspiciously good: errors too large, correlations left out, or data without noise"
            text = f"{text} ({quality}, 1 - p < {P_VALUE.warn:g})"
            return (Finding(Severity.WARN, text, "check the errors of the data and their correlations"),)
        return ()

    def to_json(self) -> dict[str, JSON]:
        """Nothing: a result has these figures as `fit`."""
        return {}
