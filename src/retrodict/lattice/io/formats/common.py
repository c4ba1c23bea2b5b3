"""What the readers of gauge configurations share: sizes that are checked before memory is taken, and the checks."""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from retrodict.base.files import MEBIBYTE
from retrodict.lattice.io.formats.refusal import failed
from retrodict.lattice.io.gauge_field import COLOURS, DIRECTIONS, GaugeField, link_trace, plaquette, unitarity_violation

FILE_LIMIT: Final = 4096 * MEBIBYTE
LONGEST_EXTENT: Final = 4096
# Programs that write 32-bit links often sum in 32 bits, and headers print six to ten digits.
TOLERANCE: Final = 1e-5
UNITARITY: Final = 1e-4
PASSED: Final = "passed"
NOT_IN_FORMAT: Final = "not in this format"

Dimensions = tuple[int, int, int, int]


def checked_dimensions(dimensions: tuple[int, ...], where: str) -> Dimensions:
    """Four extents (X, Y, Z, T) of a lattice that a file of at most `FILE_LIMIT` can hold."""
    sane = len(dimensions) == DIRECTIONS and all(1 <= extent <= LONGEST_EXTENT for extent in dimensions)
    if not sane or bytes_of(dimensions, 32, 2) > FILE_LIMIT:
        expected = f"four extents of 1 ... {LONGEST_EXTENT} and at most {FILE_LIMIT // MEBIBYTE} MiB"
        raise failed("dimensions", where, got=" x ".join(map(str, dimensions))[:80], expected=expected)
    x, y, z, t = dimensions
    return x, y, z, t


def bytes_of(dimensions: tuple[int, ...], precision: int, rows: int = COLOURS) -> int:
    """The size of all links."""
    return math.prod(dimensions) * DIRECTIONS * rows * COLOURS * 2 * (precision // 8)


def require_bytes(have: int, want: int, where: str) -> None:
    """Refuse a file that is shorter or longer than its header says."""
    if have != want:
        why = "the file is cut short" if have < want else "the header does not belong to these data"
        raise failed("size", where, got=f"{have} bytes of links", expected=f"{want} bytes", why=why)


def links_from(data: memoryview | bytes, dimensions: Dimensions, rows: int, kind: str) -> np.ndarray:
    """The links of a lexicographic file (x fastest, then the direction inside) in native byte order."""
    x, y, z, t = dimensions
    values = np.frombuffer(data, dtype=kind).reshape(t, z, y, x, DIRECTIONS, rows, COLOURS)
    return values.astype(values.dtype.newbyteorder("="))


def check_numbers(
    field: GaugeField, where: str, *, headed_plaquette: float | None = None, headed_trace: float | None = None
) -> Mapping[str, str]:
    """Compare plaquette, link trace and unitarity of the links with what the header says and SU(3) demands."""
    checks = {"size": PASSED}
    violation = unitarity_violation(field.links)
    if not violation <= UNITARITY:
        got, expected = f"a violation of {violation:.3g}", f"at most {UNITARITY:g}"
        raise failed("unitarity", where, got=got, expected=expected, why="the links are not SU(3) matrices")
    checks["unitarity"] = PASSED
    for name, headed, measure in (
        ("plaquette", headed_plaquette, plaquette),
        ("link_trace", headed_trace, link_trace),
    ):
        checks[name] = _compared(name, headed, measure(field.links), where) if headed is not None else NOT_IN_FORMAT
    return checks


def _compared(name: str, headed: float, found: float, where: str) -> str:
    if not abs(found - headed) <= TOLERANCE:
        raise failed(name, where, got=f"{found:.10g} from the links", expected=f"{headed:.10g} as the header says")
    return PASSED
