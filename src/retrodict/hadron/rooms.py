"""The analyses of this domain, one a folder."""

from typing import Final

from retrodict.hadron.holography.room import ROOM as HOLOGRAPHY
from retrodict.hadron.quasi_particles.room import ROOM as QUASI_PARTICLES
from retrodict.hadron.room import Room

ROOMS: Final[tuple[Room, ...]] = (QUASI_PARTICLES, HOLOGRAPHY)
