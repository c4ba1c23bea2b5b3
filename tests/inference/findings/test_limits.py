"""The limits at which a figure is warned of, or refused: those of the literature, which the documentation quotes."""

from typing import NamedTuple

import numpy as np
import pytest

from retrodict.generate import exact
from retrodict.inference import validate
from retrodict.inference.findings.chains import R_HAT, SAMPLE_SIZE
from retrodict.inference.findings.draws import INVALID
from retrodict.inference.findings.fit import P_VALUE, FitQuality
from retrodict.inference.findings.information import PRIOR_DOMINATED, Information
from retrodict.inference.findings.particles import ANCESTORS
from retrodict.inference.findings.weights import PARETO_K, ImportanceWeights
from retrodict.inference.nuts import DIVERGENT
from retrodict.inference.verdict import assess
from retrodict.num import thermalisation
from retrodict.problem.target import Quantity
from retrodict.report import calibration
from retrodict.run.diagnostic import Finding, Severity

ABOVE = [  # of a figure that should be small: warned of beyond the first, refused beyond the second
    (R_HAT, 1.01, 1.05),  # Vehtari et al. (2021); half-way to the old limit
    (PARETO_K, 0.7, 1.0),  # Vehtari et al. (2024): no finite variance, no mean
    (INVALID, 0.01, 0.2),
    (DIVERGENT, 0.0, 0.05),
]
BELOW = [
    (SAMPLE_SIZE, 400.0, 100.0),  # Vehtari et al. (2021)
    (P_VALUE, 1e-3, 1e-6),
]


@pytest.mark.parametrize(("limits", "warn", "fail"), ABOVE)
def test_figures_that_should_be_small(limits, warn, fail):
    assert limits.above(warn) is Severity.NOTE
    assert limits.above(warn + 1e-6) is Severity.WARN
    assert limits.above(fail) is Severity.WARN
    assert limits.above(fail + 1e-6) is limits.above(float("nan")) is Severity.FAIL


@pytest.mark.parametrize(("limits", "warn", "fail"), BELOW)
def test_figures_that_should_be_large(limits, warn, fail):
    assert limits.below(warn) is Severity.NOTE
    assert limits.below(warn * 0.999) is Severity.WARN
    assert limits.below(fail) is Severity.WARN
    assert limits.below(fail * 0.999) is limits.below(float("nan")) is Severity.FAIL


def test_single_limits():
    assert exact.MIN_EFFECTIVE_DRAWS == 20
    assert exact.MAX_PARETO_K == 0.7
    assert PRIOR_DOMINATED == 0.1
    assert ANCESTORS.warn >= 50
    assert (thermalisation.SHORTEST, thermalisation.SIGMAS) == (20.0, 4.0)
    assert validate.SIGNIFICANCE == calibration.SIGNIFICANT == 0.01
    assert calibration.BANDS == {"68 %": 0.68, "95 %": 0.95}


def test_what_is_said_carries_the_figure_that_was_found():
    (finding,) = FitQuality(54.32, 20.0, 4e-5).findings()
    assert "chi2/dof = 54.3/20.0, p = 4e-05" in finding.text
    assert finding.severity is Severity.WARN
    assert FitQuality(80.0, 20.0, 1e-9).findings()[0].severity is Severity.FAIL
    assert FitQuality(20.0, 20.0, 0.46).findings() == ()
    assert "suspiciously good" in FitQuality(3.0, 20.0, 0.99999).findings()[0].text
    heavy, few = ImportanceWeights(0.83, 57.4).findings()
    assert "Pareto k = 0.83 (should be <= 0.7)" in heavy.text
    assert "leave 57 effective draws" in few.text
    assert few.severity is Severity.FAIL


def test_prior_dominated_stretches_are_named_by_their_ends():
    quantity = Quantity("f", grid=(1.0, 2.0, 3.0, 4.0), grid_name="x", grid_unit="km")
    found = Information(2, 1.5, 0.0, {"f": np.array([0.5, 0.05, 0.09, 0.2])}, (quantity,))
    (note,) = found.findings()
    assert note.text == "f is prior-dominated for x in 2 ... 3 km"


class Found(NamedTuple):
    """A record with one finding."""

    severity: Severity

    def findings(self):
        return (Finding(self.severity, self.severity.name.lower(), "do something"),)

    def to_json(self):
        return {}


def test_the_verdict_is_that_of_the_worst_finding_and_says_the_worst_first():
    note, warn, fail = map(Found, (Severity.NOTE, Severity.WARN, Severity.FAIL))
    assert assess(()).status == assess((note,)).status == "OK"
    assert assess((note, warn)).status == "WARN"
    found = assess((warn, note, fail, warn))
    assert (found.status, found.reasons, found.notes) == ("FAIL", ("fail", "warn", "warn"), ("note",))
    assert len(found.remedies) == 3
