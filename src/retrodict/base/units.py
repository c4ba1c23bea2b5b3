"""Units by their name: `g cm^-3`, `g/cm3`, `MeV fm-3` and `MeV/fm^3` are understood, and unknown ones are refused.

Which units a quantity may have is listed by the domain that reads it (as in `neutron_star/units.py`): each
quantity has its own table, so that a length is never taken for a mass.
"""

import re
from collections.abc import Mapping
from typing import Final

from retrodict.base.errors import InputError

# What one unit is worth in the first unit of its row.
NUMBER: Final = {"": 1.0, "1": 1.0, "-": 1.0, "dimensionless": 1.0}

_SYMBOLS: Final = {
    **dict.fromkeys(["msun", "M_sun", "M_Sun", "MSun", "Msol", "M_sol", "M_odot", "solMass", "M☉", "M⊙"], "Msun"),
    **{"dyne": "dyn", "ergs": "erg", "gram": "g", "fermi": "fm", "mev": "MeV", "gev": "GeV"},
}
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_LENGTHS: Final = ("fm", "cm", "m", "km")
_LOWER: Final = {
    symbol.lower(): symbol
    for symbol in ("MeV", "GeV", "fm", "cm", "m", "km", "g", "kg", "dyn", "erg", "Pa", "J", "Msun")
} | {"dyne": "dyn", "ergs": "erg", "msol": "Msun"}
_SUFFIX = re.compile(rf"({'|'.join(_LOWER)})\^?([+-]?\d)?", re.ASCII | re.IGNORECASE)
_CUBIC = re.compile(r"(?<![A-Za-z])ccm?(?![A-Za-z])")
_FACTOR = re.compile(r"([A-Za-z_☉⊙]+)(?:\^|\*\*)?\{?([+-]?\d+)?\}?")


def factor(unit: str, units: Mapping[str, float], where: str) -> float:
    """What one unit is worth in the first unit of a table.

    Args:
        unit: as a file writes it.
        units: unit -> its value in the first of them.
        where: file and column, for the message.

    Raises:
        InputError: for an unknown unit, naming those that are known.

    Example:
        >>> factor("MeV/fm3", {"MeV fm^-3": 1.0, "GeV fm^-3": 1e3}, "eos.csv")
        1.0
    """
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


def is_known(unit: str) -> bool:
    """Whether a text is a unit of lengths, times, energies, masses or pressures, whatever the quantity.

    Args:
        unit: as a file writes it.
    """
    powers = _powers(unit)
    return bool(powers) and set(powers) <= {*_LOWER.values(), "a", "s", "K"}


def is_telling(unit: str) -> bool:
    """Whether a unit cannot be the name of a quantity: it has a power, or more than a letter.

    Args:
        unit: as a file writes it.
    """
    return is_known(unit) and any(len(symbol) > 1 or power != 1 for symbol, power in _powers(unit).items())


def split_unit(name: str) -> tuple[str, str]:
    """A name that ends with a unit, and that unit: `pressure_MeV_fm3` is a pressure in MeV fm^-3.

    Factors behind the first one divide. A single letter is a unit with the power 3 alone: `sigma_m` is the error of a
    mass, not a length. The unit is empty where the name ends with none.

    Args:
        name: of a column.

    Example:
        >>> split_unit("pressure_MeV_fm3"), split_unit("n_fm3"), split_unit("mass_error")
        (('pressure', 'MeV fm^-3'), ('n', 'fm^-3'), ('mass_error', ''))
    """
    words = name.replace("_per_", "_").replace("M_sun", "Msun").replace("m_sun", "Msun").split("_")
    for start in range(1, len(words)):
        factors = [_SUFFIX.fullmatch(word) for word in words[start:]]
        found = [(_LOWER[match[1].lower()], match[2] or "") for match in factors if match]
        letter = len(found) == 1 and len(found[0][0]) < 2 and found[0][1] not in ("3", "-3")
        single = letter or words[start - 1] == ""
        if len(found) == len(factors) and not single:
            parts = [f"{symbol}{_exponent(symbol, power, i)}" for i, (symbol, power) in enumerate(found)]
            return "_".join(words[:start]), " ".join(parts)
    return name, ""


def _exponent(symbol: str, power: str, place: int) -> str:
    """The power of a factor of a suffix: as written with a sign, else divided by behind the first factor, and where a
    length is alone and to a power, as in a density n_fm3."""
    size = int(power or "1")
    divides = size > 0 and (place > 0 or (symbol in _LENGTHS and size > 1))
    size = -size if divides else size
    return "" if size == 1 else f"^{size}"


def _powers(unit: str) -> dict[str, int]:
    """`MeV/fm^3` -> {MeV: 1, fm: -3}; empty if it cannot be read."""
    powers: dict[str, int] = {}
    text = _CUBIC.sub("cm^3", unit[:60].translate(_SUPERSCRIPTS).replace("·", " ").replace("$", ""))
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
