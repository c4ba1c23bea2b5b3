"""The outcome of all findings: OK, WARN or FAIL, with reasons in words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """How far a result can be trusted.

    Example:

        >>> print(Verdict("WARN", ("few draws",), remedies=("more draws",)).lines()[1])
          - few draws
    """

    status: str  # OK, WARN or FAIL
    reasons: tuple[str, ...] = ()  # why it is not OK, the worst first
    notes: tuple[str, ...] = ()  # what else the reader should know
    remedies: tuple[str, ...] = ()  # what to do about each of the reasons; empty where nothing is known

    def with_remedies(self) -> tuple[tuple[str, str], ...]:
        """Each reason with its remedy, which may be empty."""
        missing = ("",) * (len(self.reasons) - len(self.remedies))
        return tuple(zip(self.reasons, (*self.remedies, *missing), strict=True))

    def lines(self) -> list[str]:
        """The verdict for a terminal: status with its meaning, reasons with remedies, notes."""
        reasons = [
            line
            for reason, remedy in self.with_remedies()
            for line in (f"  - {reason}", *([f"    remedy: {remedy}"] if remedy else []))
        ]
        return [f"{self.status}: {_MEANING[self.status]}", *reasons, *(f"  note: {note}" for note in self.notes)]


_MEANING = {
    "OK": "no warning sign was found",
    "WARN": "usable with care",
    "FAIL": "do not use these numbers",
}
