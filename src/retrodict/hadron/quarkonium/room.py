"""What this analysis is to the domain."""

from typing import Final

from retrodict.hadron.quarkonium.kinds import DEMO, READER, TEMPLATE
from retrodict.hadron.room import Room

ROOM: Final = Room(
    analysis="retrodict.hadron.quarkonium.analysis:Quarkonium",
    shows="work_half_to_one_fm",
    readers=(READER,),
    template=TEMPLATE,
    figures="retrodict.hadron.quarkonium.report:figures",
    sections="retrodict.hadron.quarkonium.report:sections",
    baselines="retrodict.hadron.quarkonium.comparison:baselines",
    demos={"hadron-quarkonium": DEMO},
)
