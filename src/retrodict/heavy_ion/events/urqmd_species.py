"""Species of UrQMD, `ityp` and twice the third component of isospin, as codes of the Particle Data Group.

Source: table `idtab` of UrQMD (Bass et al., Prog. Part. Nucl. Phys. 41, 255; Bleicher et al., J. Phys. G 25, 1859). One
code for each 2 I3 in steps of two from the lowest; antiparticles have a negative ityp and the opposite isospin. Beyond
1000 stand codes of the Particle Data Group, shifted by 1000.
"""

from typing import Final

import numpy as np

from retrodict.base.shapes import Float, Int
from retrodict.heavy_ion.events.species import charge

OFFSET: Final = 1000
CODES: Final = {
    1: (2112, 2212), 2: (12112, 12212), 3: (1214, 2124), 4: (22112, 22212), 5: (32112, 32212), 6: (2116, 2216),
    7: (12116, 12216), 8: (21214, 22124), 9: (42112, 42212), 10: (31214, 32124), 14: (1218, 2128),
    17: (1114, 2114, 2214, 2224), 18: (31114, 32114, 32214, 32224), 19: (1112, 1212, 2122, 2222),
    20: (11114, 12114, 12214, 12224), 21: (11112, 11212, 12122, 12222), 22: (1116, 1216, 2126, 2226),
    23: (21112, 21212, 22122, 22222), 24: (21114, 22114, 22214, 22224), 25: (11116, 11216, 12126, 12226),
    26: (1118, 2118, 2218, 2228), 27: (3122,), 28: (13122,), 29: (3124,), 30: (23122,), 31: (33122,), 32: (13124,),
    33: (43122,), 34: (53122,), 35: (3126,), 36: (13126,), 37: (23124,), 38: (3128,), 39: (23126,),
    40: (3112, 3212, 3222), 41: (3114, 3214, 3224), 42: (13112, 13212, 13222), 43: (13114, 13214, 13224),
    44: (23112, 23212, 23222), 45: (3116, 3216, 3226), 46: (13116, 13216, 13226), 47: (23114, 23214, 23224),
    48: (3118, 3218, 3228), 49: (3312, 3322), 50: (3314, 3324), 51: (203312, 203322), 52: (13314, 13324),
    53: (103316, 103326), 54: (203316, 203326), 55: (3334,), 100: (22,), 101: (-211, 111, 211), 102: (221,),
    103: (223,), 104: (-213, 113, 213), 105: (9010221,), 106: (311, 321), 107: (331,), 108: (313, 323), 109: (333,),
    110: (10311, 10321), 111: (-9000211, 9000111, 9000211), 112: (30221,), 113: (10313, 10323),
    114: (-20213, 20113, 20213), 115: (20223,), 116: (40223,), 117: (315, 325), 118: (-215, 115, 215), 119: (225,),
    120: (335,), 121: (20313, 20323), 122: (-10213, 10113, 10213), 123: (10223,), 125: (100313, 100323),
    126: (-100213, 100113, 100213), 127: (100223,), 128: (100333,), 129: (30313, 30323), 130: (-30213, 30113, 30213),
    131: (30223,), 132: (337,), 133: (421, 411), 134: (10421, 10411), 135: (443,), 136: (100443,), 137: (10441,),
    138: (431,), 139: (433,),
}  # fmt: skip


def pdg_of(
    ityp: Float[np.ndarray, " particles"],
    iso3: Float[np.ndarray, " particles"],
    charges: Float[np.ndarray, " particles"],
) -> tuple[Int[np.ndarray, " particles"], Int[np.ndarray, " wrong"]]:
    """Codes of the Particle Data Group, and the places of particles that have none.

    Args:
        ityp: species of UrQMD.
        iso3: twice the third component of isospin.
        charges: electric charge, e, with which the code must agree.
    """
    states, index = np.unique(np.stack([ityp, iso3, charges]), axis=1, return_inverse=True)
    codes = np.array([_code(int(a), int(b), float(c)) for a, b, c in states.T])
    found = codes[index.reshape(-1)]
    return found, np.flatnonzero(found == 0)


def _code(ityp: int, iso3: int, electric: float) -> int:
    """The code of one state; zero if there is none."""
    sign = -1 if ityp < 0 else 1
    if abs(ityp) > OFFSET:
        return sign * (abs(ityp) - OFFSET)
    known = CODES.get(abs(ityp), ())
    place = (sign * iso3 + len(known) - 1) / 2
    if place not in range(len(known)) or (sign < 0 and abs(ityp) >= 100 and len(known) % 2):
        return 0  # mesons of whole isospin are their own antiparticles
    code = sign * known[int(place)]
    return code if charge(code) == electric else 0
