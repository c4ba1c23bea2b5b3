"""Units by their name: `g cm^-3`, `g/cm3`, `MeV fm-3` and `MeV/fm^3` are understood, and unknown ones are refused.

Only the units that the readers meet are listed; each quantity has its own, so that a length is never taken for a mass.
"""

import re
from collections.abc import Mapping
from typing import Final

from retrodict.base.constants import (
    GRAVITATIONAL_CONSTANT,
    HBAR_C,
    MEV_FM3_IN_DYN_CM2,
    MEV_FM3_IN_GRAM_CM3,
    MEV_FM3_IN_INVERSE_KM2,
    SOLAR_MASS_PARAMETER,
)
from retrodict.base.errors import InputError

# What one unit is worth in the first unit of its row.
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
NUMBER_DENSITY: Final = {"fm^-3": 1.0, "cm^-3": 1e-39, "m^-3": 1e-45}
MASS: Final = {"Msun": 1.0}
LENGTH: Final = {"km": 1.0, "m": 1e-3, "cm": 1e-5}
ENERGY: Final = {"MeV": 1.0, "GeV": 1e3}
EUCLIDEAN_TIME: Final = {"GeV^-1": 1.0, "MeV^-1": 1e3, "fm": 1e3 / HBAR_C}
MOMENTUM: Final = {"GeV": 1.0, "MeV": 1e-3, "fm^-1": 1e-3 * HBAR_C}
NUMBER: Final = {"": 1.0, "1": 1.0, "-": 1.0, "dimensionless": 1.0}

_SYMBOLS: Final = {
    **dict.fromkeys(["msun", "M_sun", "M_Sun", "MSun", "Msol", "M_sol", "M_odot", "solMass", "M☉", "M⊙"], "Msun"),
    **{"dyne": "dyn", "ergs": "erg", "gram": "g", "fermi": "fm", "mev": "MeV", "gev": "GeV"},
}
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_FACTOR = re.compile(r"([A-Za-z_☉⊙]+)(?:\^|\*\*)?\{?([+-]?\d+)?\}?")


def factor(unit: str, units: Mapping[str, float], where: str) -> float:
    """What one `unit` is worth in the first unit of `units`. Raises `InputError` naming the units that are known."""
    if unit in units:
        return units[unit]
    wanted = _powers(unit)
    for name, value in units.items():
        if name and wanted and _powers(name) == wanted:
            return value
    known = ", ".join(name for name in units if name)
    raise InputError("unknown unit", where=where, got=unit[:60] or "no unit", expected=f"one of {known}")


def is_unit(unit: str, units: Mapping[str, float]) -> bool:
    """Whether `unit` is one of `units`, however it is written."""
    wanted = _powers(unit)
    return unit in units or (bool(wanted) and any(_powers(name) == wanted for name in units))


def _powers(unit: str) -> dict[str, int]:
    """`MeV/fm^3` -> {MeV: 1, fm: -3}; empty if it cannot be read."""
    powers: dict[str, int] = {}
    text = unit[:60].translate(_SUPERSCRIPTS).replace("·", " ")
    for index, part in enumerate(text.split("/")):
        if index == 0 and part.strip() == "1":
            continue
        rest = part
        for match in _FACTOR.finditer(part):
            name = _SYMBOLS.get(match[1], match[1])
            powers[name] = powers.get(name, 0) + (-1 if index else 1) * int((match[2] or "1")[:4])
            rest = rest.replace(match[0], "", 1)
        if rest.strip(" ()*."):
            return {}
    return powers
