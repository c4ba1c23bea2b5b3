"""What the headers of particle lists have in common: numbers behind words, and the colliding nuclei."""

import re
from collections.abc import Sequence
from typing import Final

from retrodict.base.errors import InputError
from retrodict.heavy_ion.events.table import Beams

_NUCLEUS: Final = r"\(\s*(-?\d+)\s*,\s*(-?\d+)\s*\)"
_BEAMS: Final = re.compile(rf"{_NUCLEUS}\s*\+\s*{_NUCLEUS}(?:\s+([A-Za-z]\w*)\s+([-+.\dEeDd]+))?")
_ENERGIES: Final = {  # frames of the OSCAR standard, and what UrQMD writes
    "nncm": "energy per nucleon in the frame of two nucleons",
    "aacm": "energy per nucleon in the frame of two nuclei",
    "eqsp": "energy per nucleon in the frame of equal speed",
}


def whole(cells: Sequence[str], place: int, where: str) -> int:
    """A whole number of a header.

    Args:
        cells: words of the header.
        place: which of them.
        where: the line, for the message.

    Raises:
        InputError: if there is none.
    """
    try:
        return int(cells[place])
    except (ValueError, IndexError) as error:
        raise _no_number(cells, place, where, "a whole number") from error


def real(cells: Sequence[str], place: int, where: str) -> float:
    """A number of a header; Fortran's exponents are numbers.

    Args:
        cells: words of the header.
        place: which of them.
        where: the line, for the message.

    Raises:
        InputError: if there is none.
    """
    try:
        return float(cells[place].replace("D", "E").replace("d", "e"))
    except (ValueError, IndexError) as error:
        raise _no_number(cells, place, where, "a number") from error


def behind(cells: Sequence[str], word: str) -> int:
    """The place behind a word of a header; beyond its end if the word is not there.

    Args:
        cells: words of the header.
        word: the word.
    """
    return cells.index(word) + 1 if word in cells else len(cells)


def beams_of(text: str) -> Beams:
    """The colliding nuclei of an OSCAR header, `(A, Z)+(A, Z) FRAME ENERGY`; as far as they are said.

    Args:
        text: the header.

    Example:
        >>> beams_of("UrQMD 3.4 (197, 79)+(197, 79) eqsp 0.1000E+03 1").system
        '(197,79)+(197,79)'
    """
    match = _BEAMS.search(text)
    if not match:
        return Beams()
    system = f"({match[1]},{match[2]})+({match[3]},{match[4]})"
    if not match[5]:
        return Beams(system)
    frame = match[5]
    try:
        energy = float(match[6].replace("D", "E"))
    except ValueError:
        return Beams(system)
    return Beams(system, energy, _ENERGIES.get(frame.lower(), f"energy per nucleon in the frame {frame}"))


def _no_number(cells: Sequence[str], place: int, where: str, expected: str) -> InputError:
    got = cells[place] if place < len(cells) else "nothing"
    what = "a header without a number where one is due"
    return InputError(what, where=where, got=f"{got[:40]!r} in {' '.join(cells)[:120]}", expected=expected)
