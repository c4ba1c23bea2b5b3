"""What this analysis is to the domain: masses of quasi-particles from a lattice equation of state."""

from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.room import Room
from retrodict.hadron.quasi_particles.columns import LAYOUTS

_READER = Reader(
    "lattice_equation_of_state",
    "an equation of state of hot matter at zero chemical potential",
    "retrodict.hadron.quasi_particles.table:describe",
    layouts=LAYOUTS,
    field="problem.data",
)

TEMPLATE: Final = """\
# A lattice equation of state -> masses of gluons, light and strange quarks over the temperature.
domain: hadron
problem:
  data: mock                     # or a table: T [MeV], s/T^3, s/T^3_error, trace_anomaly, trace_anomaly_error, ...
  analysis:
    kind: QuasiParticles
    masses:
      kind: SmoothMasses         # or NetworkMasses (a network), ThermalMasses (the classical parametrisation)
    susceptibilities: false      # use chi2_B, chi2_S of the table: they tell quarks from gluons and flavours apart
    ratio_prior: null            # e.g. 0.1: a prior on m_g/m_ud = 3/2 and m_s - m_ud = 90 MeV above 375 MeV
    crossover: 154.0             # MeV
method:
  kind: Ensemble                 # for masses that are wide; Laplace with susceptibilities; exact: ConstrainedHMC
  members: 128
seed: 0
"""

DEMO: Final = """\
# The equation of state of HotQCD (1 % errors, mock susceptibilities) -> masses of quasi-particles.
domain: hadron
problem:
  data: mock
  analysis:
    kind: QuasiParticles
    susceptibilities: true
method:
  kind: Laplace
  starts: 4
seed: 0
"""

ROOM: Final = Room(
    analysis="retrodict.hadron.quasi_particles.analysis:QuasiParticles",
    shows="bag",
    readers=(_READER,),
    template=TEMPLATE,
    figures="retrodict.hadron.quasi_particles.report:figures",
    sections="retrodict.hadron.quasi_particles.report:sections",
    baselines="retrodict.hadron.quasi_particles.baselines:baselines",
    demos={"hadron-quasi-particles": DEMO},
)
