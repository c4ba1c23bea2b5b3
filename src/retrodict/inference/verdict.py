"""From the findings of all producers to a verdict that a person can act on: OK, WARN or FAIL, with reasons in words."""

from collections.abc import Iterable
from typing import Final

from retrodict.run.diagnostic import Diagnostic, Severity
from retrodict.run.verdict import Verdict

STATUSES: Final = {Severity.NOTE: "OK", Severity.WARN: "WARN", Severity.FAIL: "FAIL"}


def assess(diagnostics: Iterable[Diagnostic]) -> Verdict:
    """Collect the findings, the worst first; among equals in the order of the records.

    Args:
        diagnostics: the records of all producers: draws, method, estimates, comparison with data and prior.

    Returns:
        The status of the worst finding. Failures and warnings are reasons, each with its remedy; the rest are notes.
    """
    findings = sorted((f for record in diagnostics for f in record.findings()), key=lambda f: -f.severity)
    worst = max((finding.severity for finding in findings), default=Severity.NOTE)
    reasons = [finding for finding in findings if finding.severity > Severity.NOTE]
    notes = tuple(finding.text for finding in findings if finding.severity == Severity.NOTE)
    texts, remedies = (tuple(getattr(reason, name) for reason in reasons) for name in ("text", "remedy"))
    return Verdict(STATUSES[worst], texts, notes, remedies)
