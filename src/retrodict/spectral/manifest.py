"""What this domain is to the rest of the house: its problem, files, report, demos and papers."""

from typing import Final

from retrodict.base.domain import Domain, ReportHooks
from retrodict.spectral.readers.kinds import READERS
from retrodict.spectral.templates import DEMOS, TEMPLATE

DOMAIN: Final = Domain(
    name="spectral",
    title="Euclidean correlators -> the spectral functions behind them",
    problem="retrodict.spectral.problems:problem",
    report=ReportHooks(
        figures="retrodict.spectral.figures:figures",
        sections="retrodict.spectral.sections:sections",
        baselines="retrodict.spectral.comparison:methods",
        baseline_methods="retrodict.spectral.classical.compare:baseline_methods",
        refined_data="retrodict.spectral.refined:refined_data",
    ),
    template=TEMPLATE,
    demos=DEMOS,
    readers=READERS,
    place_data="retrodict.spectral.inspect:place_data",
    headers="retrodict.spectral.readers.headers:possible_headers",
    references=("wang2022", "shi2023", "asakawa2001"),
    bibliography="retrodict.spectral:references.bib",
)
