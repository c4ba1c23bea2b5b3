"""What this analysis is to the domain."""

from typing import Final

from retrodict.base.room import Room
from retrodict.hadron.quarkonium.kinds import DEMO, READER, TEMPLATE

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
