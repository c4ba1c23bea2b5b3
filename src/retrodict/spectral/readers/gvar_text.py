"""Measurements in the text format of gvar.dataset: each line a tag and the numbers of one measurement.

`meson 0.98 0.61 0.37` or `meson [0.98, 0.61, 0.37]`; lines that begin with # are comments. Tags may alternate. The
measurement of a matrix, `pion [[0.98, 0.61], [1.96, 1.22]]`, holds several correlators along its longer axis:
`pion[0]` and `pion[1]`, or `pion[:,0]` and `pion[:,1]` where the first index is the time.
"""

import re
from collections.abc import Iterator

import numpy as np

from retrodict.base.cells import finite
from retrodict.base.errors import InputError
from retrodict.base.files import Source
from retrodict.base.tables import MAX_LINE
from retrodict.spectral.readers.candidates import Candidate, choose
from retrodict.spectral.samples import CorrelatorSamples

MAX_TAGS = 10_000
_BRACKETS = str.maketrans("[](),", "     ")
_ROW = re.compile(r"[\[(]([^\[\]()]*)[\])]")
Place = tuple[int | slice, ...]  # where in a measurement a correlator stands
Rows = dict[str, list[tuple[int, np.ndarray]]]


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
    places = {name: place for tag in rows for name, place in _places(tag, rows[tag][0][1].shape)}
    candidates = [Candidate(name, (len(rows[tag]), width)) for name, (tag, _, width) in places.items()]
    if not candidates:
        expected = "a tag and at least two numbers a line"
        raise InputError("no tag has more than one number a line", where=source.path, expected=expected)
    tag, take, width = places[choose(candidates, dataset, source.path).name]
    shape = rows[tag][0][1].shape
    for number, values in rows[tag]:
        if values.shape != shape:
            got, where = _shown(values.shape), f"{source.path}:{number}, tag {tag[:80]}"
            raise InputError("a measurement has another length", where=where, got=got, expected=_shown(shape))
    chain = np.array([values[take] for _, values in rows[tag]])
    grid = np.arange(float(width))
    return CorrelatorSamples(grid, ((chain,),), "tau", "a", "", (), source)


def _places(tag: str, shape: tuple[int, ...]) -> Iterator[tuple[str, tuple[str, Place, int]]]:
    """Names of the correlators of a tag, each with the tag, where it stands in a measurement, and its length."""
    if len(shape) == 1 and shape[0] > 1:
        yield tag, (tag, (slice(None),), shape[0])
    if len(shape) == 2 and max(shape) > 1:
        across, along = shape if shape[1] >= shape[0] else (shape[1], shape[0])
        for index in range(across):
            if shape[1] >= shape[0]:
                yield f"{tag}[{index}]", (tag, (index, slice(None)), along)
            else:
                yield f"{tag}[:,{index}]", (tag, (slice(None), index), along)


def _shown(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} numbers" if len(shape) == 1 else f"a matrix {shape}"


def _measurement(text: str, where: str) -> np.ndarray:
    """The numbers of one line: a row of them, or a matrix where brackets stand in brackets."""
    depth = _depth(text)
    if depth < 2:
        return np.array([finite(cell, where) for cell in text.translate(_BRACKETS).split()])
    parts = [part.replace(",", " ").split() for part in _ROW.findall(text)] if depth == 2 else []
    if not parts or len({len(part) for part in parts}) != 1:
        got = "brackets three deep" if depth > 2 else f"rows of {', '.join(str(len(part)) for part in parts[:8])}"
        raise InputError("no matrix of numbers", where=where, got=got, expected="[[..., ...], [..., ...]]")
    return np.array([[finite(cell, where) for cell in part] for part in parts])


def _depth(text: str) -> int:
    """How deep brackets stand in brackets."""
    depth = deepest = 0
    for sign in re.findall(r"[\[\]()]", text):
        depth += 1 if sign in "[(" else -1
        deepest = max(deepest, depth)
    return deepest


def _rows(text: str, path: str) -> Rows:
    """Line number and numbers of every measurement, by tag."""
    rows: Rows = {}
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}:{number}"
        if len(line) > MAX_LINE:
            raise InputError("a line is too long", where=where, expected=f"at most {MAX_LINE} characters")
        tag, _, rest = (
            line.strip().partition(" ") if "\t" not in line else line.strip().replace("\t", " ").partition(" ")
        )
        if not tag or tag.startswith("#"):
            continue
        values = _measurement(rest, where)
        if not values.size:
            raise InputError("a line has a tag and no numbers", where=where, got=tag[:60])
        rows.setdefault(tag, []).append((number, values))
        if len(rows) > MAX_TAGS:
            raise InputError("too many tags", where=where, expected=f"at most {MAX_TAGS}")
    return rows
