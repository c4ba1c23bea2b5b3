"""The header of HEPData's CSV: `#:` lines, then a mass, its LOW and HIGH, values, and pairs of errors."""

import csv
import re

MASS = re.compile(r"^\W*(m|mass|invariant mass|sqrt|w)\b", re.IGNORECASE)
UNIT = re.compile(r"[\[(]\s*(MeV|GeV)(?:\s*/?\s*c\s*(?:\^|\*\*)?2?)?\s*[\])]", re.IGNORECASE)


def spectrum_columns(text: str) -> str:
    """What the columns of a spectrum are called in this package; empty where a text is no such table.

    Args:
        text: the first lines of a file.

    Example:
        >>> spectrum_columns("#: Table 1\\nM(pK) [GeV],M(pK) [GeV] LOW,M(pK) [GeV] HIGH,N,stat +,stat -\\n1,1,2,5,2,-2")
        'mass [GeV], low [GeV], high [GeV], value, stat_plus_0, stat_minus_0'
    """
    lines = [line.strip() for line in text.splitlines()]
    header = next((line for line in lines if line and not line.startswith("#")), "")
    names = [name.strip() for name in next(csv.reader([header]), [])]
    if len(names) < 4 or not (names[1].upper().endswith(" LOW") and names[2].upper().endswith(" HIGH")):
        return ""
    unit = UNIT.search(names[0])
    if not MASS.match(names[0]) or unit is None:
        return ""
    energy = {"mev": "MeV", "gev": "GeV"}[unit[1].lower()]
    errors = [_error(name, number) for number, name in enumerate(names[4:])]
    return ", ".join([f"mass [{energy}]", f"low [{energy}]", f"high [{energy}]", "value", *errors])


def _error(name: str, number: int) -> str:
    """`stat +` -> stat_plus_0, `sys -` -> error_minus_1; pairs share a number."""
    word = "stat" if name.lower().startswith("stat") else "error"
    if name.endswith(("+", "-")):
        return f"{word}_{'plus' if name.endswith('+') else 'minus'}_{number // 2}"
    return f"unused_{number}"
