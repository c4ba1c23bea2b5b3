"""Figures, tables, one self-contained HTML page, citations. Importing this imports neither matplotlib nor JAX."""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.report.write import write_report as write_report
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
