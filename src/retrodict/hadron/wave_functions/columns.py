"""The columns of a table of wave functions: names and units."""

from typing import Final

from retrodict.base.constants import HBAR_C

MOMENTUM: Final = {"MeV": 1.0, "GeV": 1e3, "MeV/c": 1.0, "GeV/c": 1e3, "fm^-1": HBAR_C}  # in MeV
DISTANCE: Final = {"fm": 1.0}
K: Final = ("k", "momentum")
R: Final = ("r", "distance")
PHI: Final = ("phi", "wave", "wave_function", "psi")
ERROR: Final = ("error", "sigma", "phi_error", "dphi", "err")
