"""What the centrality meter is to the domain. Nothing heavy is imported here."""

from typing import Final

from retrodict.base.room import Room
from retrodict.heavy_ion.events.kinds import READERS

TEMPLATE: Final = """\
# Particles of each event -> its impact parameter, with an error that is calibrated on events held out.
domain: heavy_ion
problem:
  data: mock                     # or a particle list: OSCAR, SMASH, UrQMD, JETSCAPE
  analysis:
    kind: Centrality
    training: toy                # or a particle list with impact parameters, of the same collisions and detector
    meter: {kind: Summaries}     # or TrackSets: a network of the tracks themselves, slower to train
    events: 100                  # the most that are measured, the first ones of the file
    flat: false                  # true: every impact parameter is as probable; false: b db, as nature has it
method:
  kind: NUTS
  chains: 8
  warmup: 300
  draws: 500
seed: 0
"""

ROOM: Final = Room(
    analysis="retrodict.heavy_ion.centrality.analysis:Centrality",
    shows="mean_impact_parameter",
    readers=READERS,
    template=TEMPLATE,
    figures="retrodict.heavy_ion.centrality.report:figures",
    sections="retrodict.heavy_ion.centrality.report:sections",
    demos={"heavy-ion-centrality": TEMPLATE},
)
