"""What this domain is to the rest of the house: its problem, methods, files, report, demos and papers."""

from typing import Final

from retrodict.base.domain import Domain, ReportHooks
from retrodict.lattice.io.kinds import READERS
from retrodict.lattice.templates import DEMOS, TEMPLATE

_EXPORT: Final = "retrodict.lattice.io.saved_configurations:export_configurations"

DOMAIN: Final = Domain(
    name="lattice",
    title="lattice actions -> observables with errors that include autocorrelation; learned samplers that are exact",
    problem="retrodict.lattice.problems:problem",
    report=ReportHooks(
        figures="retrodict.lattice.report.figures:figures",
        sections="retrodict.lattice.report.sections:sections",
        subject="retrodict.lattice.report.subject:subject",
        baselines="retrodict.lattice.report.sections:methods",
        baseline_methods="retrodict.lattice.report.baselines:baseline_methods",
    ),
    template=TEMPLATE,
    demos=DEMOS,
    methods={
        "Cluster": "retrodict.lattice.samplers.methods:Cluster",
        "HMC": "retrodict.lattice.samplers.methods:HMC",
        "HeatBath": "retrodict.lattice.samplers.methods:HeatBath",
        "IndependenceMetropolis": "retrodict.lattice.models.independence_metropolis:IndependenceMetropolis",
        "Langevin": "retrodict.lattice.samplers.methods:Langevin",
        "LatticeSMC": "retrodict.lattice.samplers.smc:LatticeSMC",
        "MALA": "retrodict.lattice.samplers.methods:MALA",
    },
    readers=READERS,
    exports={"npz": _EXPORT, "nersc": _EXPORT, "ildg": _EXPORT},
    references=("wolff2004",),
    bibliography="retrodict.lattice:references.bib",
)
