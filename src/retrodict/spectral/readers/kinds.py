"""The kinds of files of this domain, and the names and units by which each is known."""

import re
from collections.abc import Sequence
from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.recognition import NO_CLAIM, Claim, Column, FileHead, Layout, Strength
from retrodict.spectral.columns import (
    COVARIANCE_NAMES,
    ERROR_NAMES,
    ERRORS_OF,
    GRID_NAMES,
    LATTICE_UNITS,
    MEAN_NAMES,
    REPLICATE,
    SAMPLE_NAMES,
)
from retrodict.spectral.units import EUCLIDEAN_TIME, MOMENTUM

DESCRIBE: Final = "retrodict.spectral.inspect:inspect"
LEAST_TIMES: Final = 4  # of rows without names: one of two or three columns is more likely a table
OF_TIME: Final = ("c", "corr", "correlator", "gtau", "g_tau", "c_t")  # values that are called so depend on a time

_NUMBERED = re.compile(r"([a-z][a-z_]*?)_?(\d{1,5})", re.ASCII)
_NUMBER = re.compile(r"[\[(]*[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?[\]),]*", re.ASCII)
_IN_LATTICE_UNITS = dict.fromkeys(LATTICE_UNITS, 1.0)
_UNITS = {"tau": EUCLIDEAN_TIME, "momentum": MOMENTUM, "matsubara": MOMENTUM}
_ERRORS = Column((*ERROR_NAMES, *(form.format("*") for form in ERRORS_OF if form != "d{}"), *COVARIANCE_NAMES, "cov*"))
_VALUES = (*MEAN_NAMES, *SAMPLE_NAMES)


def _grid(argument: str) -> Column:
    return Column(GRID_NAMES[argument], {**_UNITS[argument], **_IN_LATTICE_UNITS})


def _layout(argument: str, values: tuple[str, ...] = _VALUES) -> Layout:
    return Layout((_grid(argument), Column(values)), (_ERRORS, Column(_VALUES)))


def claim(head: FileHead) -> Claim:
    """By the signature of a format, or by shape alone."""
    if head.form in ("folder", "pattern"):
        from retrodict.spectral.readers.hadrons import is_hadrons

        return Claim(Strength.EXACT, 1.0, "Hadrons files, one a configuration") if is_hadrons(head.path) else NO_CLAIM
    if head.form == "json":
        from retrodict.spectral.readers.pyerrors import is_pyerrors

        return Claim(Strength.EXACT, 1.0, "the JSON of pyerrors") if is_pyerrors(head.document) else NO_CLAIM
    if head.form == "text":
        text = head.first.decode("utf-8", errors="replace")
        if is_gvar_text(text):
            return Claim(Strength.NAMES, 1.0, "lines of a tag and measurements")
        return _claim_matrix(head)
    return Claim(Strength.WEAK, 0.0, "an array that may hold measurements: (configurations, times)")


def _claim_matrix(head: FileHead) -> Claim:
    """Rows of numbers without names, as `numpy.savetxt` writes them, or with numbered ones: t0, t1, t2, ..."""
    if any(REPLICATE.fullmatch(name) for name in head.names[:3]):
        return Claim(Strength.NAMES, 1.0, "columns of jackknife or bootstrap replicates")
    if are_numbered(head.names):
        return Claim(Strength.NAMES, 1.0, "numbered columns: measurements, (configurations, times)")
    if head.columns or not head.starts_with_a_number:
        return NO_CLAIM
    times = len(head.first_rows[0].replace(",", " ").split())
    reason = "rows without names that may be measurements: (configurations, times)"
    return Claim(Strength.WEAK, 0.0, reason) if times >= LEAST_TIMES else NO_CLAIM


def are_numbered(names: Sequence[str]) -> bool:
    """Whether columns are called `t0, t1, t2, ...` or `c_1, c_2, ...`: a word with numbers that count.

    Args:
        names: of the columns.
    """
    parts = [_NUMBERED.fullmatch(name) for name in names]
    found = [(match[1], int(match[2])) for match in parts if match]
    if len(found) < max(len(names), LEAST_TIMES) or len({word for word, _ in found}) != 1:
        return False
    return found[0][1] in (0, 1) and [number - found[0][1] for _, number in found] == list(range(len(found)))


def is_gvar_text(head: str) -> bool:
    """Whether the first line that is no comment is a word followed by numbers."""
    for line in head.splitlines():
        cells = line.split()
        if not cells or cells[0].startswith("#"):
            continue
        word = cells[0][:200]
        return (
            len(cells) > 1
            and not _NUMBER.fullmatch(word)
            and not word.endswith(",")
            and bool(_NUMBER.fullmatch(cells[1][:60]))
            and ("[" in line or "," not in line.removeprefix(cells[0]))
        )
    return False


READERS: Final = (
    Reader(
        "correlator",
        "a Euclidean correlator",
        DESCRIBE,
        layouts=(
            _layout("tau"),
            _layout("momentum", tuple(name for name in _VALUES if name not in OF_TIME)),
            _layout("matsubara"),
            Layout(
                (_grid("momentum"), Column(OF_TIME)),
                (_ERRORS,),
                strongest=Strength.WEAK,
                doubt="C of a momentum is also what a two-particle correlation function (femtoscopy) is called",
            ),
        ),
        forms=("folder", "pattern", "json", "text", "npy", "hdf5"),
        recognise="retrodict.spectral.readers.kinds:claim",
        field="problem.data",
    ),
)
