"""What the readers of gauge configurations share: sizes that are checked before memory is taken, and the checks."""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from retrodict.base.files import MEBIBYTE
from retrodict.lattice.io.formats.refusal import failed
from retrodict.lattice.io.gauge_field import (
    COLOURS,
    DIRECTIONS,
    GaugeField,
    Links,
    is_open,
    link_trace,
    plaquette_sums,
    unitarity_violation,
    zero_links,
)

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
    """The size of all links [bytes].

    Args:
        dimensions: extents of the lattice.
        precision: bits of a real number.
        rows: stored rows of each link.
    """
    return math.prod(dimensions) * DIRECTIONS * rows * COLOURS * 2 * (precision // 8)


def require_bytes(have: int, want: int, where: str) -> None:
    """Refuse a file that is shorter or longer than its header says.

    Args:
        have: bytes of links in the file.
        want: bytes of links by its header.
        where: the file.

    Raises:
        InputError: unless they agree.
    """
    if have != want:
        why = "the file is cut short" if have < want else "the header does not belong to these data"
        raise failed("size", where, got=f"{have} bytes of links", expected=f"{want} bytes", why=why)


def links_from(data: memoryview | bytes, dimensions: Dimensions, rows: int, kind: str) -> Links:
    """The links of a lexicographic file (x fastest, then the direction inside) in native byte order.

    Args:
        data: the bytes of the links.
        dimensions: extents (X, Y, Z, T).
        rows: stored rows of each link.
        kind: NumPy type of the numbers, with the byte order.
    """
    x, y, z, t = dimensions
    values = np.frombuffer(data, dtype=kind).reshape(t, z, y, x, DIRECTIONS, rows, COLOURS)
    return values.astype(values.dtype.newbyteorder("="))


def check_numbers(
    field: GaugeField, where: str, *, headed_plaquette: float | None = None, headed_trace: float | None = None
) -> Mapping[str, str]:
    """Compare plaquette, link trace and unitarity of the links with the header and with SU(3).

    Args:
        field: the links.
        where: the file.
        headed_plaquette: the plaquette in the header, if it has one.
        headed_trace: the link trace in the header, if it has one.

    Returns:
        The outcome of each check by name.

    Raises:
        InputError: at the first check that fails.
    """
    checks = check_links(field.links, where)
    if headed_plaquette is None:
        checks["plaquette"] = NOT_IN_FORMAT
    else:
        sums = plaquette_sums(field.links)
        existing = sums.mean_of(len(sums.time) - is_open(field.links))
        # Of open boundaries some programs average over the plaquettes that exist, others over all.
        nearest = min((existing, sums.over_all), key=lambda value: abs(value - headed_plaquette))
        checks["plaquette"] = compare("plaquette", headed_plaquette, nearest, where)
    if headed_trace is None:
        checks["link_trace"] = NOT_IN_FORMAT
    else:
        checks["link_trace"] = compare("link_trace", headed_trace, link_trace(field.links), where)
    return checks


def check_links(links: Links, where: str) -> dict[str, str]:
    """Compare the links that exist with SU(3). Raises `InputError` where they are not."""
    violation = unitarity_violation(links)
    if not violation <= UNITARITY:
        zero = zero_links(links)
        why = "the links are not SU(3) matrices"
        if zero and not is_open(links):
            why = f"{zero} links are zero, which are not those in time from the last slice of an open boundary"
        got, expected = f"a violation of {violation:.3g}", f"at most {UNITARITY:g}"
        raise failed("unitarity", where, got=got, expected=expected, why=why)
    return {"size": PASSED, "unitarity": PASSED}


def compare(name: str, headed: float, measured: float, where: str, tolerance: float = TOLERANCE) -> str:
    """`PASSED` if a number of the header and the same measured on the links agree; raises `InputError` otherwise."""
    if not abs(measured - headed) <= tolerance:
        raise failed(name, where, got=f"{measured:.10g} from the links", expected=f"{headed:.10g} as the header says")
    return PASSED
