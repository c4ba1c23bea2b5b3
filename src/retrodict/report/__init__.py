"""Figures, tables, one self-contained HTML page, citations. Importing this imports neither matplotlib nor JAX."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retrodict.report.write import write_report

__all__ = ["write_report"]


def __getattr__(name: str) -> Any:
    if name != "write_report":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from retrodict.report.write import write_report

    return write_report
