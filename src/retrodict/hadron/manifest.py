"""What this domain is to the rest of the house: its analyses, files, report, demos and papers."""

from typing import Final

from retrodict.base.domain import Domain, ReportHooks
from retrodict.hadron.rooms import ROOMS

DOMAIN: Final = Domain(
    name="hadron",
    title="correlators, correlation functions, masses, line shapes -> forces between hadrons, poles, sources",
    problem="retrodict.hadron.problems:problem",
    report=ReportHooks(
        figures="retrodict.hadron.report:figures",
        sections="retrodict.hadron.report:sections",
        baselines="retrodict.hadron.report:baselines",
    ),
    template=ROOMS[0].template,
    demos={name: config for room in ROOMS for name, config in room.demos.items()},
    readers=tuple(reader for room in ROOMS for reader in room.readers),
    place_data="retrodict.hadron.placing:place_data",
    bibliography="retrodict.hadron:references.bib",
)
