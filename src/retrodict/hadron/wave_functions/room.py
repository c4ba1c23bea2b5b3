"""What the analysis of wave functions is to the domain: its files, its config, its part of the report."""

from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.recognition import Column, Layout
from retrodict.base.room import Room
from retrodict.base.units import NUMBER
from retrodict.hadron.wave_functions.columns import DISTANCE, ERROR, MOMENTUM, PHI, K, R

TEMPLATE: Final = """\
# Nambu-Bethe-Salpeter wave functions of several momenta -> a potential, local or not, and its phase shift.
domain: hadron
problem:
  data: mock                     # or a table k [MeV], r [fm], phi, error; "mock": waves of a separable potential
  analysis:
    kind: WaveFunctions
    reduced_mass: null           # MeV
    ansatz:
      kind: SmoothKernel         # symmetric U(r, r'); or NeuralKernel; or GaussianProcessPotential, local
    radius: 8.0                  # fm, beyond which the potential has vanished
method:
  kind: Laplace
  draws: 500
  starts: 12                     # several optima: watch chi2/dof
seed: 0
"""

_LAYOUT: Final = Layout(
    (Column(K, MOMENTUM), Column(R, DISTANCE), Column(PHI, NUMBER)),
    (Column(ERROR, NUMBER),),  # a column of errors alone says nothing of what a table is
)
ROOM: Final = Room(
    analysis="retrodict.hadron.wave_functions.analysis:WaveFunctions",
    shows="kernel_integral",
    readers=(
        Reader(
            "wave_functions",
            "wave functions of two hadrons at several momenta",
            "retrodict.hadron.wave_functions.readers:inspect",
            layouts=(_LAYOUT,),
            field="problem.data",
        ),
    ),
    template=TEMPLATE,
    figures="retrodict.hadron.wave_functions.report:figures",
    demos={"hadron-wave-functions": TEMPLATE},
)
