"""Configurations that openQCD exports (the "CERN format"); read only.

Little-endian throughout: four 32-bit extents (T, X, Y, Z), the average of Re tr U_p as a double, then at each odd site
(z fastest, t slowest) the links U(x, mu) and U(x - mu, mu) for mu = t, x, y, z. There is no checksum: the plaquette is
the only guard, so that a change of the last bits of a link goes unnoticed.

Source: the notes of `archive.c` in openQCD (M. Luescher, S. Schaefer).
"""

import math
import struct
from typing import Final

import numpy as np

from retrodict.lattice.io.formats.common import (
    NOT_IN_FORMAT,
    Dimensions,
    bytes_of,
    check_numbers,
    checked_dimensions,
    require_bytes,
)
from retrodict.lattice.io.formats.refusal import failed
from retrodict.lattice.io.gauge_field import COLOURS, DIRECTIONS, GaugeField, Links

HEADER_BYTES: Final = 24
_LARGEST: Final = 4096


def recognises(head: bytes, size: int) -> bool:
    """Whether `head` begins a file of this format: even extents, and about as long as they say, in either order."""
    return len(head) >= HEADER_BYTES and any(_plausible(head, size, order) for order in "<>")


def parse(data: bytes, where: str) -> GaugeField:
    """The configuration in `data`, verified. Raises `InputError` naming the check that failed."""
    if not _plausible(data, len(data), "<") and _plausible(data, len(data), ">"):
        raise failed("endianness", where, got="a big-endian header", expected="little-endian, as openQCD exports")
    t, x, y, z = struct.unpack_from("<4i", data)
    headed = struct.unpack_from("<d", data, 16)[0]
    dimensions = checked_dimensions((x, y, z, t), where)
    require_bytes(len(data) - HEADER_BYTES, bytes_of(dimensions, 64), where)
    field = GaugeField(_links(memoryview(data)[HEADER_BYTES:], dimensions))
    checks = check_numbers(field, where, headed_plaquette=headed / COLOURS)
    return GaugeField(field.links, {}, "openQCD", {"checksum": NOT_IN_FORMAT, **checks})


def _plausible(head: bytes, size: int, order: str) -> bool:
    extents = struct.unpack_from(f"{order}4i", head)
    sane = all(1 < extent <= _LARGEST and extent % 2 == 0 for extent in extents)
    return sane and 0.5 <= size / (HEADER_BYTES + bytes_of(extents, 64)) <= 1.5


def _links(body: memoryview, dimensions: Dimensions) -> Links:
    x, y, z, t = dimensions
    shape = (t, x, y, z)
    volume = math.prod(shape)
    stored = np.frombuffer(body, dtype="<c16").reshape(volume // 2, DIRECTIONS, 2, COLOURS, COLOURS)
    site = np.argwhere(np.indices(shape).sum(axis=0) % 2)  # the odd ones, z fastest
    links = np.empty((*shape, DIRECTIONS, COLOURS, COLOURS), dtype=np.complex128)
    for direction in range(DIRECTIONS):
        mu = (direction - 1) % DIRECTIONS  # t, x, y, z -> 3, 0, 1, 2
        behind = site.copy()
        behind[:, direction] = (behind[:, direction] - 1) % shape[direction]
        links[*site.T, mu] = stored[:, direction, 0]
        links[*behind.T, mu] = stored[:, direction, 1]
    return np.ascontiguousarray(np.transpose(links, (0, 3, 2, 1, 4, 5, 6)))
