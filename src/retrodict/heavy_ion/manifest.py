"""What this domain is to the rest of the house: its analyses, files, report, demos and papers."""

from typing import Final

from retrodict.base.domain import Domain, ReportHooks
from retrodict.heavy_ion.rooms import ROOMS

DOMAIN: Final = Domain(
    name="heavy_ion",
    title="simulator designs and measurements, events -> viscosity, equation of state and geometry of the collision",
    problem="retrodict.heavy_ion.problems:problem",
    report=ReportHooks(
        figures="retrodict.heavy_ion.report:figures",
        sections="retrodict.heavy_ion.report:sections",
        baselines="retrodict.heavy_ion.report:baselines",
    ),
    template=ROOMS[0].template,
    demos={name: config for room in ROOMS for name, config in room.demos.items()},
    readers=tuple(reader for room in ROOMS for reader in room.readers),
    place_data="retrodict.heavy_ion.placing:place_data",
    bibliography="retrodict.heavy_ion:references.bib",
)
