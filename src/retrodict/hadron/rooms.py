"""The analyses of this domain, one a folder."""

from typing import Final

from retrodict.hadron.hal_qcd.room import ROOM as HAL_QCD
from retrodict.hadron.femtoscopy.room import FEMTOSCOPY
from retrodict.hadron.quarkonium.room import ROOM as QUARKONIUM
from retrodict.hadron.holography.room import ROOM as HOLOGRAPHY
from retrodict.hadron.quasi_particles.room import ROOM as QUASI_PARTICLES
from retrodict.hadron.room import Room
from retrodict.hadron.wave_functions.room import ROOM as WAVE_FUNCTIONS

ROOMS: Final[tuple[Room, ...]] = (HAL_QCD, WAVE_FUNCTIONS)
ROOMS: Final[tuple[Room, ...]] = (FEMTOSCOPY,)
ROOMS: Final[tuple[Room, ...]] = (QUARKONIUM,)
ROOMS: Final[tuple[Room, ...]] = (QUASI_PARTICLES, HOLOGRAPHY)
