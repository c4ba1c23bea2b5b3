"""The analysis of correlation functions, as the domain knows it. Nothing heavy is imported here."""

from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.room import Room
from retrodict.hadron.femtoscopy.columns import LAYOUTS

_CHANNELS: Final = """\
    channels:                    # states of the total spin; the weights of all sum to one
      - {weight: 1.0, spin: 2, potential: {kind: LiteraturePotential, name: N-Omega}}
"""

TEMPLATE: Final = f"""\
# A correlation function of two hadrons -> the source that emitted them, with the force known (or fitted, too).
domain: hadron
problem:
  data: mock                     # or a table k [MeV], C, error; also CSV and YAML of HEPData
  analysis:
    kind: Femtoscopy
    particles: [proton, Omega]   # names, or masses in MeV
    charge_product: 0            # -1 for opposite charges, 1 for equal ones: the Coulomb force; 0: none
    identical: false             # true for pairs such as proton and proton: quantum statistics
{_CHANNELS}\
                                 # or {{kind: GaussianPotential, strengths: [-50], ranges: [1.0]}} (MeV, fm),
                                 # {{kind: TablePotential, file: V.csv}} (r [fm], V [MeV]), null (no force);
                                 # fitted together with the source: {{kind: FittedScale, potential: ...}},
                                 # {{kind: FittedGaussians}}; l_max: 1 lets the potential act in P waves, too
    source:
      kind: NeuralSource         # or GaussianSource, TwoComponentSource, LevySource, ExponentialSource
    lambda_parameter: {{value: 1.0, error: 0.0}}   # share of genuine pairs; with an error it is inferred
    normalisation: {{value: 1.0, error: 0.0}}
    slope: {{value: 0.0, error: 0.0}}              # of the baseline for each 100 MeV; curvature: the same
    resolution: 0.0              # standard deviation of k, MeV; or resolution_matrix: FILE
    covariance: null             # a file with the covariance of C
    lower: null                  # leave out smaller (larger) k, MeV
    upper: null
method:
  kind: ConstrainedHMC           # exact; or Laplace, Ensemble (fast), MAP
  chains: 16
  warmup: 70
  draws: 140
  leapfrog: 6
seed: 0
"""

DEMO: Final = f"""\
# The correlation function of proton and Omega (a mock, errors of 0.01) -> the source, with the force of lattice QCD.
domain: hadron
problem:
  data: mock
  analysis:
    kind: Femtoscopy
    particles: [proton, Omega]
{_CHANNELS}\
    source: {{kind: NeuralSource}}
method:
  kind: ConstrainedHMC
  chains: 16
  warmup: 70
  draws: 140
  leapfrog: 6
seed: 0
"""

ROOM: Final = Room(
    analysis="retrodict.hadron.femtoscopy.analysis:Femtoscopy",
    shows="correlation_function",
    readers=(
        Reader(
            "correlation_function",
            "a correlation function of two hadrons",
            "retrodict.hadron.femtoscopy.inspect:describe",
            layouts=LAYOUTS,
            forms=("text",),
            recognise="retrodict.hadron.femtoscopy.columns:claim",
            field="problem.data",
        ),
    ),
    template=TEMPLATE,
    figures="retrodict.hadron.femtoscopy.report:figures",
    sections="retrodict.hadron.femtoscopy.report:sections",
    baselines="retrodict.hadron.femtoscopy.comparison:methods",
    demos={"hadron-femtoscopy": DEMO},
)
