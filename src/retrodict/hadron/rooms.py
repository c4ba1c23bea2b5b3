"""The analyses of this domain, one a folder."""

from typing import Final

from retrodict.hadron.quarkonium.room import ROOM as QUARKONIUM
from retrodict.hadron.room import Room

ROOMS: Final[tuple[Room, ...]] = (QUARKONIUM,)
