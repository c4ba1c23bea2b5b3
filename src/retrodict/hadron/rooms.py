"""The analyses of this domain, one a folder."""

from typing import Final

from retrodict.hadron.amplitudes.room import LINE_ROOM, PHASES_ROOM
from retrodict.hadron.room import Room

ROOMS: Final[tuple[Room, ...]] = (LINE_ROOM, PHASES_ROOM)
