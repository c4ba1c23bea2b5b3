"""The analyses of this domain, one a folder.

The first one's config is that of `retrodict new hadron` without data.
"""

from typing import Final

from retrodict.base.room import Room
from retrodict.hadron.amplitudes.room import LINE_ROOM, PHASES_ROOM
from retrodict.hadron.femtoscopy.room import ROOM as FEMTOSCOPY
from retrodict.hadron.hal_qcd.room import ROOM as HAL_QCD
from retrodict.hadron.holography.room import ROOM as HOLOGRAPHY
from retrodict.hadron.quarkonium.room import ROOM as QUARKONIUM
from retrodict.hadron.quasi_particles.room import ROOM as QUASI_PARTICLES
from retrodict.hadron.wave_functions.room import ROOM as WAVE_FUNCTIONS

ROOMS: Final[tuple[Room, ...]] = (
    HAL_QCD,
    WAVE_FUNCTIONS,
    FEMTOSCOPY,
    QUARKONIUM,
    LINE_ROOM,  # before the phases: both have poles
    PHASES_ROOM,
    QUASI_PARTICLES,
    HOLOGRAPHY,
)
