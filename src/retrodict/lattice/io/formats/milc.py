"""MILC configurations of version 5; read only.

32-bit words in either byte order: the magic number 20103, the extents (X, Y, Z, T), 64 bytes of time stamp, the order
of the sites (0: x fastest), two checksums, then 32-bit links as in the NERSC archive with all three rows. The checksums
combine the 32-bit words, rotated by their number modulo 29 and 31, by exclusive or.

Source: `io_lat4.c` of the MILC code.
"""

import struct
from typing import Final

import numpy as np

from retrodict.base.shapes import UInt64
from retrodict.lattice.io.formats.common import (
    PASSED,
    bytes_of,
    check_numbers,
    checked_dimensions,
    links_from,
    require_bytes,
)
from retrodict.lattice.io.formats.refusal import failed
from retrodict.lattice.io.gauge_field import GaugeField

MAGIC: Final = 20103
HEADER_BYTES: Final = 96


def recognises(head: bytes, size: int) -> bool:
    """Whether a file that begins with `head` is of this format."""
    return head[:4] in (MAGIC.to_bytes(4, "little"), MAGIC.to_bytes(4, "big"))


def parse(data: bytes, where: str) -> GaugeField:
    """The configuration in `data`, verified. Raises `InputError` naming the check that failed."""
    if len(data) < HEADER_BYTES:
        raise failed("header", where, got=f"{len(data)} bytes", expected=f"a header of {HEADER_BYTES} bytes")
    order = "<" if data[:4] == MAGIC.to_bytes(4, "little") else ">"
    *extents, stamp, sites, first, second = struct.unpack_from(f"{order}4i64siII", data, 4)
    if sites != 0:
        raise failed("site-order", where, got=str(sites), expected="0: x fastest")
    dimensions = checked_dimensions(tuple(extents), where)
    body = memoryview(data)[HEADER_BYTES:]
    require_bytes(len(body), bytes_of(dimensions, 32), where)
    sums = checksums(body, order)
    if sums != (first, second):
        got, expected = (f"{a:x} {b:x}" for a, b in (sums, (first, second)))
        raise failed("checksum", where, got=got, expected=expected, why="the links were altered")
    field = GaugeField(links_from(body, dimensions, 3, f"{order}c8"))
    checks = {"checksum": PASSED, **check_numbers(field, where)}
    written = stamp.split(b"\0", 1)[0].decode("ascii", "replace")
    return GaugeField(field.links, {"TIME_STAMP": written}, "MILC v5", checks)


def checksums(body: memoryview | bytes, order: str) -> tuple[int, int]:
    """(sum29, sum31) of the 32-bit words of the data in byte order `order`."""
    words = np.frombuffer(body, dtype=f"{order}u4").astype(np.uint64)
    number = np.arange(len(words), dtype=np.uint64)
    first, second = (_fold(words, number % np.uint64(modulus)) for modulus in (29, 31))
    return first, second


def _fold(words: UInt64[np.ndarray, " words"], bits: UInt64[np.ndarray, " words"]) -> int:
    rotated = (words << bits | words >> (np.uint64(32) - bits)) & np.uint64(0xFFFFFFFF)
    return int(np.bitwise_xor.reduce(rotated))
