"""The analyses of this domain, one a folder.

The first one's config is that of `retrodict new heavy_ion` without data.
"""

from typing import Final

from retrodict.base.room import Room
from retrodict.heavy_ion.calibration.room import ROOM as CALIBRATION
from retrodict.heavy_ion.centrality.room import ROOM as CENTRALITY

ROOMS: Final[tuple[Room, ...]] = (CALIBRATION, CENTRALITY)
