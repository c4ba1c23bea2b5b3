"""What a PDG code says by itself: the charge, whether there is such a particle, and the usual name.

The charge follows from the quarks in the digits (Particle Data Group, "Monte Carlo particle numbering scheme"), so that
resonances which no table lists, such as those of transport codes with eight digits, have one, too.
"""

from collections.abc import Iterable
from typing import Final

from retrodict.base.constants import HADRON_MASSES

ELEMENTARY: Final = {
    11: -1.0,
    12: 0.0,
    13: -1.0,
    14: 0.0,
    15: -1.0,
    16: 0.0,
    21: 0.0,
    22: 0.0,
    23: 0.0,
    24: 1.0,
    25: 0.0,
}
MIXED: Final = (130, 310)  # K0L and K0S, whose last digit is zero
NAMES: Final = {
    211: "pi+",
    -211: "pi-",
    111: "pi0",
    321: "K+",
    -321: "K-",
    311: "K0",
    -311: "Kbar0",
    310: "K0S",
    130: "K0L",
    2212: "p",
    -2212: "pbar",
    2112: "n",
    -2112: "nbar",
    3122: "Lambda",
    -3122: "Lambdabar",
    3222: "Sigma+",
    3212: "Sigma0",
    3112: "Sigma-",
    3322: "Xi0",
    3312: "Xi-",
    3334: "Omega-",
    221: "eta",
    333: "phi",
    22: "gamma",
    11: "e-",
    -11: "e+",
    13: "mu-",
    -13: "mu+",
    1000010020: "d",
}
MASSES: Final = {  # GeV, of stable charged hadrons: what tells MeV from GeV
    211: 1e-3 * HADRON_MASSES["pion"],
    321: 1e-3 * HADRON_MASSES["kaon"],
    2212: 1e-3 * HADRON_MASSES["proton"],
}
_LONGEST: Final = 10**8  # codes of hadrons have at most eight digits
_NUCLEI: Final = 10**9


def charge(code: int) -> float | None:
    """Electric charge of a particle in units of e; None where the code names none.

    Args:
        code: by the scheme of the Particle Data Group; negative for antiparticles.

    Example:
        >>> charge(-321), charge(2224), charge(1000020040), charge(5), charge(99)
        (-1.0, 2.0, 2.0, -0.3333333333333333, None)
    """
    value = _charge(abs(code))
    return value if value is None or code > 0 or value == 0 else -value


def name(code: int) -> str:
    """The usual name of a particle, or its code as text.

    Args:
        code: by the scheme of the Particle Data Group.
    """
    return NAMES.get(code, str(code))


def unknown(codes: Iterable[int]) -> list[int]:
    """Those of some codes that name no particle.

    Args:
        codes: by the scheme of the Particle Data Group.
    """
    return [code for code in codes if charge(code) is None]


def _charge(code: int) -> float | None:
    if code in ELEMENTARY:
        return ELEMENTARY[code]
    if code >= _NUCLEI:
        mass, protons = code // 10 % 1000, code // 10_000 % 1000
        return float(protons) if code // 10**8 == 10 and mass > 0 and protons <= mass else None
    if 1 <= code <= 6:
        return _quark(code)
    if not 100 <= code < _LONGEST:
        return None
    spin, third, second, first = (code // 10**place % 10 for place in range(4))
    if max(first, second, third) > 6 or second == 0:
        return None
    if first == 0:  # a meson: its antiquark is the heavier one if that is of down type
        if third == 0 or (spin % 2 == 0 and code not in MIXED):
            return None
        return abs(_quark(second) - _quark(third)) if code not in MIXED else 0.0
    if third == 0:  # a diquark
        return _quark(first) + _quark(second) if code < 10_000 and spin in (1, 3) else None
    if spin == 0 or (spin % 2 and spin != 9):  # 9 stands for larger spins in lists of SMASH
        return None
    return float(round(_quark(first) + _quark(second) + _quark(third)))


def _quark(flavour: int) -> float:
    return 2 / 3 if flavour % 2 == 0 else -1 / 3
