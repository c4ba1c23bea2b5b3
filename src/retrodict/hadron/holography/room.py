"""What this analysis is to the domain: a bulk metric from a response curve."""

from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.room import Room
from retrodict.hadron.holography.columns import LAYOUTS

_READER = Reader(
    "response_curve",
    "a response, or a chiral condensate, over its source",
    "retrodict.hadron.holography.curve:describe",
    layouts=LAYOUTS,
    field="problem.data",
)

TEMPLATE: Final = """\
# A response curve -> the metric h(eta) of its holographic dual.
domain: hadron
problem:
  data: mock                     # or a table: source, response, error; or quark_mass [GeV], condensate [GeV^3], error
  analysis:
    kind: Holography
    field: {kind: Field, dimension: 3, mass_squared: -1.0, coupling: 1.0}   # or {kind: ChiralCondensate}
    metric: {kind: SmoothMetric}                                             # or NetworkMetric, PolynomialMetric
method:
  kind: Laplace
  starts: 4
seed: 0
"""

DEMO: Final = """\
# The response of a field around the planar black hole (mock, 1 % errors) -> the metric behind it.
domain: hadron
problem:
  data: mock
  analysis: {kind: Holography}
method:
  kind: Laplace
  starts: 4
seed: 0
"""

ROOM: Final = Room(
    analysis="retrodict.hadron.holography.analysis:Holography",
    shows="metric",
    readers=(_READER,),
    template=TEMPLATE,
    figures="retrodict.hadron.holography.report:figures",
    sections="retrodict.hadron.holography.report:sections",
    baselines="retrodict.hadron.holography.report:baselines",
    demos={"hadron-holography": DEMO},
)
