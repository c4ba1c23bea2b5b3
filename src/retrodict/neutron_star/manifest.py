"""What this domain is to the rest of the house: its problem, files, report, demos, words and papers."""

from typing import Final

from retrodict.base.domain import Domain, ReportHooks
from retrodict.neutron_star.readers.kinds import READERS
from retrodict.neutron_star.templates import DEMOS, TEMPLATE

DOMAIN: Final = Domain(
    name="neutron_star",
    title="masses, radii and tides of neutron stars -> the equation of state of cold dense matter",
    problem="retrodict.neutron_star.problems:problem",
    report=ReportHooks(
        figures="retrodict.neutron_star.figures:figures",
        tables="retrodict.neutron_star.export:tables",
    ),
    template=TEMPLATE,
    demos=DEMOS,
    readers=READERS,
    place_data="retrodict.neutron_star.readers.placing:place_data",
    headers="retrodict.neutron_star.readers.headers:possible_headers",
    symbols={"Msun": r"M_\odot", "n_sat": r"n_\mathrm{sat}"},
    references=(
        "soma2022",
        "soma2023",
        "read2009",
        "douchin2001",
        "tolman1939",
        "oppenheimer1939",
        "hinderer2008",
        "hartle1967",
    ),
    bibliography="retrodict.neutron_star:references.bib",
)
