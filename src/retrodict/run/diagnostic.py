"""Diagnostics of a producer: a small record with its figures, its findings, and what to do about them.

Whoever produces draws, estimates or a comparison builds records that follow `Diagnostic`. A record gives

* `findings()`: what is worth saying, how bad it is, and the remedy; the verdict only collects and sorts these;
* `to_json()`: its figures by the names that they have in `result.diagnostics` and in `result.json`.

A record is a `NamedTuple`, so that it may hold arrays that are being traced: `finish` of a method may be compiled. A
new method defines its records in its own file and hands them over as `Draws.diagnostics`; no other file changes.
"""

from collections.abc import Iterable
from enum import IntEnum
from inspect import Parameter, signature
from typing import Final, NamedTuple, Protocol, TypeVar, runtime_checkable

from retrodict.base.types import JSON

DIAGNOSTICS_SCHEMA: Final = 1  # of the names and meanings in `result.diagnostics`


class Severity(IntEnum):
    """How bad a finding is."""

    NOTE = 0  # worth knowing
    WARN = 1  # usable with care
    FAIL = 2  # the numbers are not to be used


class Finding(NamedTuple):
    """One thing that the reader of a result should know."""

    severity: Severity  # note, warning or failure
    text: str  # what was seen, with the figure and its limit
    remedy: str = ""  # what to do about it


class Limits(NamedTuple):
    """The values of a figure beyond which it calls for a warning, and beyond which it is a failure."""

    warn: float  # beyond it a warning
    fail: float  # beyond it a failure

    def above(self, value: float) -> Severity:
        """The severity of a figure that should be small; NaN is a failure.

        Args:
            value: the figure.
        """
        if not value <= self.fail:
            return Severity.FAIL
        return Severity.WARN if value > self.warn else Severity.NOTE

    def below(self, value: float) -> Severity:
        """The severity of a figure that should be large; NaN is a failure.

        Args:
            value: the figure.
        """
        if not value >= self.fail:
            return Severity.FAIL
        return Severity.WARN if value < self.warn else Severity.NOTE


@runtime_checkable
class Diagnostic(Protocol):
    """A record of a producer: figures with their findings.

    Example:

        >>> class Rejections(NamedTuple):
        ...     rejected_fraction: float
        ...
        ...     def findings(self) -> tuple[Finding, ...]:
        ...         if self.rejected_fraction < 0.5:
        ...             return ()
        ...         text = f"{self.rejected_fraction:.0%} of the steps were rejected"
        ...         return (Finding(Severity.WARN, text, "a smaller step size"),)
        ...
        ...     def to_json(self) -> dict[str, float]:
        ...         return self._asdict()
        >>> [finding.text for finding in Rejections(0.75).findings()]
        ['75% of the steps were rejected']
    """

    def findings(self) -> tuple[Finding, ...]:
        """What is worth saying; nothing where all is well."""
        ...

    def to_json(self) -> dict[str, JSON]:
        """The figures by their names in `result.diagnostics`."""
        ...


RecordT = TypeVar("RecordT", bound=Diagnostic)


def pick(kind: type[RecordT], diagnostics: Iterable[Diagnostic]) -> RecordT | None:
    """The first record of a class.

    Args:
        kind: the class.
        diagnostics: records of any classes.

    Returns:
        The record, or None if there is none of this class.
    """
    return next((record for record in diagnostics if isinstance(record, kind)), None)


def to_json(diagnostics: Iterable[Diagnostic]) -> dict[str, JSON]:
    """The figures of several records in one dictionary.

    Args:
        diagnostics: the records; where two have a figure of one name, the later one counts.
    """
    return {name: value for record in diagnostics for name, value in record.to_json().items()}


def from_json(kind: type[RecordT], figures: dict[str, JSON]) -> RecordT | None:
    """A record from the figures of a result, for a report.

    Args:
        kind: the class of the record, whose fields have the names of the figures.
        figures: `result.diagnostics`.

    Returns:
        The record, or None if a figure that has no default is missing.
    """
    fields = signature(kind).parameters
    if any(name not in figures for name, field in fields.items() if field.default is Parameter.empty):
        return None
    return kind(**{name: figures[name] for name in fields if name in figures})
