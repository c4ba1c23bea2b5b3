"""The units of Euclidean times and momenta; each table is in units of its first entry."""

from typing import Final

from retrodict.base.constants import HBAR_C

EUCLIDEAN_TIME: Final = {"GeV^-1": 1.0, "MeV^-1": 1e3, "fm": 1e3 / HBAR_C}
MOMENTUM: Final = {"GeV": 1.0, "MeV": 1e-3, "fm^-1": 1e-3 * HBAR_C}
