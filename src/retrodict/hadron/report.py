"""Figures, sections and baselines of a run: those of the analysis that it belongs to."""

from typing import Final

from retrodict.hadron.rooms import ROOMS
from retrodict.run.room_report import RoomReport

_REPORT: Final = RoomReport(ROOMS)
figures, sections, baselines = _REPORT.figures, _REPORT.sections, _REPORT.baselines
