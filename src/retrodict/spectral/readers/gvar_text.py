"""Measurements in the text format of gvar.dataset: each line a tag and the numbers of one measurement.

`meson 0.98 0.61 0.37` or `meson [0.98, 0.61, 0.37]`; lines that begin with # are comments. Tags may alternate.
"""

from array import array

import numpy as np

from retrodict.base.cells import finite
from retrodict.base.errors import InputError
from retrodict.base.files import Source
from retrodict.base.tables import MAX_LINE
from retrodict.spectral.readers.candidates import Candidate, choose
from retrodict.spectral.samples import CorrelatorSamples

MAX_TAGS = 10_000
_BRACKETS = str.maketrans("[](),", "     ")


def read_gvar_text(text: str, source: Source, dataset: str = "") -> CorrelatorSamples:
    """Read the measurements of one tag; the grid is 0, 1, 2, ... in lattice units.

    Args:
        text: of the file.
        source: where it comes from.
        dataset: the tag; "" for the only one that has several numbers a line.

    Raises:
        InputError: if there is no such tag, or its lines are of different lengths.
    """
    rows = _rows(text, source.path)
    candidates = [Candidate(tag, (len(lines), len(lines[0][1]))) for tag, lines in rows.items() if len(lines[0][1]) > 1]
    if not candidates:
        expected = "a tag and at least two numbers a line"
        raise InputError("no tag has more than one number a line", where=source.path, expected=expected)
    tag = choose(candidates, dataset, source.path).name
    width = len(rows[tag][0][1])
    for number, values in rows[tag]:
        if len(values) != width:
            got, where = f"{len(values)} numbers", f"{source.path}:{number}, tag {tag[:80]}"
            raise InputError("a measurement has another length", where=where, got=got, expected=str(width))
    chain = np.array([values for _, values in rows[tag]])
    grid = np.arange(float(width))
    return CorrelatorSamples(grid, ((chain,),), "tau", "a", "", (), source)


def _rows(text: str, path: str) -> dict[str, list[tuple[int, array]]]:
    """Line number and numbers of every measurement, by tag."""
    rows: dict[str, list[tuple[int, array]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}:{number}"
        if len(line) > MAX_LINE:
            raise InputError("a line is too long", where=where, expected=f"at most {MAX_LINE} characters")
        tag, _, rest = (
            line.strip().partition(" ") if "\t" not in line else line.strip().replace("\t", " ").partition(" ")
        )
        if not tag or tag.startswith("#"):
            continue
        cells = rest.translate(_BRACKETS).split()
        if not cells:
            raise InputError("a line has a tag and no numbers", where=where, got=tag[:60])
        rows.setdefault(tag, []).append((number, array("d", [finite(cell, where) for cell in cells])))
        if len(rows) > MAX_TAGS:
            raise InputError("too many tags", where=where, expected=f"at most {MAX_TAGS}")
    return rows
