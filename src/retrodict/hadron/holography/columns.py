"""The columns of a response curve, by name and unit."""

from typing import Final

from retrodict.base.recognition import Column, Layout
from retrodict.base.units import NUMBER

MASS: Final = {"GeV": 1.0, "MeV": 1e-3}
CONDENSATE: Final = {"GeV^3": 1.0, "MeV^3": 1e-9}
SOURCE_NAMES: Final = ("source", "external_field", "phi_boundary")
RESPONSE_NAMES: Final = ("response", "magnetisation", "magnetization", "pi_boundary")
QUARK_MASS_NAMES: Final = ("quark_mass", "m_q", "mq")
CONDENSATE_NAMES: Final = ("condensate", "chiral_condensate", "qq", "qbarq")
ERROR_NAMES: Final = ("error", "response_error", "condensate_error", "sigma")

_ERRORS = Column(ERROR_NAMES)
LAYOUTS: Final = (
    Layout((Column(SOURCE_NAMES, NUMBER), Column(RESPONSE_NAMES, NUMBER)), (_ERRORS,)),
    Layout((Column(QUARK_MASS_NAMES, MASS), Column(CONDENSATE_NAMES, CONDENSATE)), (_ERRORS,)),
)
