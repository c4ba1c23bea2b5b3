"""What `retrodict` reads: the kinds of files, the demo, and where the rest is. Nothing heavy is imported here."""

from retrodict.base.domain import Domain, Reader, ReportHooks
from retrodict.base.recognition import Column, Layout

ENERGY = {"MeV": 1.0, "GeV": 1e3}  # in MeV
AREA = {"nb": 1.0, "ub": 1e3, "pb": 1e-3}  # in nb
ENERGIES, ERRORS = ("e", "energy", "sqrt_s"), ("error", "sigma")
CROSS_SECTIONS, COUNTS = ("cross_section", "xs"), ("counts", "events")

_ENERGY = Column(ENERGIES, ENERGY)

DEMO = """\
# A resonance at 775 MeV: cross sections of one experiment, counts of another (mock data).
domain: resonance
problem: {}                      # data: E [MeV], cross_section [nb], error; counts: E [MeV], counts
method:
  kind: Laplace
seed: 0
"""

DOMAIN = Domain(
    name="resonance",
    title="cross sections and counts -> mass, width and height of a resonance",
    problem="retrodict_resonance.problem:problem",
    report=ReportHooks(
        figures="retrodict_resonance.report:figures",
        sections="retrodict_resonance.report:sections",
    ),
    template=DEMO,
    demos={"resonance": DEMO},
    readers=(
        Reader(
            "cross_sections",
            "cross sections at given energies",
            "retrodict_resonance.problem:describe",
            layouts=(Layout((_ENERGY, Column(CROSS_SECTIONS, AREA), Column(ERRORS, AREA))),),
            field="problem.data",
        ),
        Reader(
            "event_counts",
            "counts of events at given energies",
            "retrodict_resonance.problem:describe",
            layouts=(Layout((_ENERGY, Column(COUNTS))),),
            field="problem.counts",
        ),
    ),
)
