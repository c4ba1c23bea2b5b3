"""The units in which masses, radii and equations of state are given; each table is in units of its first entry."""

from typing import Final

from retrodict.base.constants import (
    GRAVITATIONAL_CONSTANT,
    HBAR_C,
    MEV_FM3_IN_DYN_CM2,
    MEV_FM3_IN_GRAM_CM3,
    MEV_FM3_IN_INVERSE_KM2,
    SOLAR_MASS_PARAMETER,
)

ENERGY_DENSITY: Final = {
    "MeV fm^-3": 1.0,
    "GeV fm^-3": 1e3,
    "fm^-4": HBAR_C,
    "MeV^4": HBAR_C**-3,
    "GeV^4": 1e12 * HBAR_C**-3,
    "g cm^-3": 1.0 / MEV_FM3_IN_GRAM_CM3,
    "kg m^-3": 1e-3 / MEV_FM3_IN_GRAM_CM3,
    "dyn cm^-2": 1.0 / MEV_FM3_IN_DYN_CM2,
    "erg cm^-3": 1.0 / MEV_FM3_IN_DYN_CM2,
    "Pa": 10.0 / MEV_FM3_IN_DYN_CM2,
    "J m^-3": 10.0 / MEV_FM3_IN_DYN_CM2,
    "km^-2": 1.0 / MEV_FM3_IN_INVERSE_KM2,
    "m^-2": 1e6 / MEV_FM3_IN_INVERSE_KM2,
    "Msun km^-3": 1e-15 * 1e3 * SOLAR_MASS_PARAMETER / GRAVITATIONAL_CONSTANT / MEV_FM3_IN_GRAM_CM3,
}
PRESSURE: Final = ENERGY_DENSITY
NUMBER_DENSITY: Final = {"fm^-3": 1.0, "cm^-3": 1e-39, "m^-3": 1e-45, "MeV^3": HBAR_C**-3}
MASS: Final = {"Msun": 1.0}
LENGTH: Final = {"km": 1.0, "m": 1e-3, "cm": 1e-5}
