"""Names and units of the columns of phase shifts and line shapes; nothing heavy is imported here."""

from math import pi
from typing import Final

from retrodict.base.constants import HBAR_C
from retrodict.base.units import NUMBER

ENERGY: Final = {"MeV": 1.0, "GeV": 1e3}  # in MeV
MOMENTUM: Final = {"MeV": 1.0, "GeV": 1e3, "MeV/c": 1.0, "GeV/c": 1e3, "fm^-1": HBAR_C}  # in MeV
ANGLE: Final = {"deg": 1.0, "degree": 1.0, "degrees": 1.0, "°": 1.0, "rad": 180 / pi}  # in degrees
AREA: Final = {"fm^2": 1.0, "MeV^-2": HBAR_C**2, "mb": 0.1}  # in fm^2

ABOVE_THRESHOLD: Final = ("e_cm", "ecm", "e_rel", "energy_cm")
MOMENTA: Final = ("k", "k_cm", "q", "momentum")
TOTAL: Final = ("m", "mass", "invariant_mass", "m_inv", "sqrt_s", "w", "energy", "e")
TELLING_MASS: Final = ("m", "mass", "invariant_mass", "m_inv", "sqrt_s", "w")
LOW: Final = ("low", "lower", "m_low", "bin_low", "from")
HIGH: Final = ("high", "upper", "m_high", "bin_high", "to")
PHASES: Final = ("delta", "phase_shift", "phase", "delta_0", "delta0")
COUNTS: Final = ("counts", "candidates", "events", "entries", "n")
INTENSITIES: Final = ("intensity", "weighted_candidates", "yield", "value", "intensities")
SQUARES: Final = ("f_squared", "f2", "abs_f_squared", "amplitude_squared")
ERRORS: Final = ("error", "sigma", "stat", "err", "uncertainty", "delta_error", "stat_error")
ANY_NUMBER: Final = NUMBER | {"counts": 1.0, "events": 1.0}
