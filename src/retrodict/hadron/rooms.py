"""The analyses of this domain, one a folder."""

from typing import Final

from retrodict.hadron.femtoscopy.room import FEMTOSCOPY
from retrodict.hadron.room import Room

ROOMS: Final[tuple[Room, ...]] = (FEMTOSCOPY,)
