r"""Configurations that openQCD exports (the "CERN format"); read only.

Little-endian throughout: four 32-bit extents (T, X, Y, Z), the average of Re tr U_p as a double, then at each odd site
(z fastest, t slowest) the links U(x, mu) and U(x - mu, mu) for mu = t, x, y, z. There is no checksum: the plaquette is
the only guard, so that a change of the last bits of a link goes unnoticed.

The boundary in time is not stated. It is inferred:

* open: the links in time from the last slice are zero;
* Schroedinger functional (SF): the links in space at time 0 are one and the same diagonal matrix in each direction;
* periodic or open-SF otherwise, whichever the average plaquette of the header agrees with.

The average of the header is the sum over the plaquettes that exist, divided by six a site. With SF and open-SF
boundaries these include the plaquettes between the last slice and time T, and those at time T, whose links are constant
diagonal matrices $C'_k = \mathrm{diag}(e^{i\phi'_1/L_k}, ...)$ that the file does not hold. The header is then compared
with the usual values of $\phi'$. Where none of them agrees, the plaquette of SF boundaries is not checked, and what may
be an open-SF boundary is refused, because damage would look the same.

Source: the notes of `archive.c`, `plaq_sum.c` and `bcnds.c` in openQCD (M. Luescher, S. Schaefer, J. Bulava).
"""

import math
import struct
from typing import Final

import numpy as np

from retrodict.base.shapes import Complex
from retrodict.lattice.io.formats.common import (
    NOT_IN_FORMAT,
    PASSED,
    Dimensions,
    bytes_of,
    check_links,
    checked_dimensions,
    compare,
    require_bytes,
)
from retrodict.lattice.io.formats.refusal import failed
from retrodict.lattice.io.gauge_field import (
    COLOURS,
    DIRECTIONS,
    OPEN,
    PERIODIC,
    TIME,
    GaugeField,
    Links,
    PlaquetteSums,
    is_open,
    plaquette_sums,
)

HEADER_BYTES: Final = 24
SF: Final = "Schroedinger functional"
OPEN_SF: Final = "open at time 0, Schroedinger functional at time T"
HEADED: Final = "PLAQUETTE (sum over those that exist, by 6 a site)"  # entry of the metadata
TOLERANCE: Final = 1e-8  # of the header, which is computed from the same 64-bit links
_LARGEST: Final = 4096
_DIAGONAL: Final = 1e-12  # of boundary links, which openQCD sets itself
# phi' of the boundary at time T: trivial, and the background fields of the running coupling at nu = 0.
_USUAL: Final = {"C' = 1": (0.0, 0.0, 0.0), "C' of phi' = (-pi, pi/3, 2 pi/3)": (-np.pi, np.pi / 3, 2 * np.pi / 3)}


def recognises(head: bytes, size: int) -> bool:
    """Whether `head` begins a file of this format: even extents, and about as long as they say, in either order."""
    return len(head) >= HEADER_BYTES and any(_plausible(head, size, order) for order in "<>")


def parse(data: bytes, where: str) -> GaugeField:
    """The configuration in `data`, verified. Raises `InputError` naming the check that failed."""
    if not _plausible(data, len(data), "<") and _plausible(data, len(data), ">"):
        raise failed("endianness", where, got="a big-endian header", expected="little-endian, as openQCD exports")
    t, x, y, z = struct.unpack_from("<4i", data)
    headed = struct.unpack_from("<d", data, 16)[0] / COLOURS
    dimensions = checked_dimensions((x, y, z, t), where)
    require_bytes(len(data) - HEADER_BYTES, bytes_of(dimensions, 64), where)
    links = _links(memoryview(data)[HEADER_BYTES:], dimensions)
    checks = {"checksum": NOT_IN_FORMAT, **check_links(links, where)}
    boundary, checks["plaquette"] = _boundary(links, headed, where)
    checks["link_trace"] = NOT_IN_FORMAT
    return GaugeField(links, {HEADED: f"{headed:.12g}"}, "openQCD", checks, boundary=boundary)


def _boundary(links: Links, headed: float, where: str) -> tuple[str, str]:
    """The boundary in time, and the outcome of the check of the average plaquette in the header."""
    sums = plaquette_sums(links)
    if is_open(links):
        return OPEN, compare("plaquette", headed, sums.over_all, where, TOLERANCE)
    if abs(sums.over_all - headed) <= TOLERANCE:
        doubtful = _is_constant(links) and not np.allclose(links, np.eye(COLOURS), atol=_DIAGONAL)
        return (f"{SF} by the links at time 0, periodic by the header" if doubtful else PERIODIC), PASSED
    agrees, possible = _with_boundary_values(links, sums, headed)
    if _is_constant(links) and (agrees or possible):
        return SF, agrees or "not made: it depends on the boundary values at time T, which are not in the file"
    if agrees:
        return OPEN_SF, agrees
    got, expected = f"{sums.over_all:.10g} from the links", f"{headed:.10g} as the header says"
    also = f"; or the lattice is {OPEN_SF}, with boundary values that are not in the file" if possible else ""
    raise failed("plaquette", where, got=got, expected=expected, why=f"the links or the header were altered{also}")


def _is_constant(links: Links) -> bool:
    """Whether the links in space at time 0 are one diagonal matrix in each direction."""
    first = links[0, ..., :TIME, :, :]
    off_diagonal = first * (1 - np.eye(COLOURS))
    return bool(np.abs(off_diagonal).max() <= _DIAGONAL and np.abs(first - first[0, 0, 0]).max() <= _DIAGONAL)


def _with_boundary_values(links: Links, sums: PlaquetteSums, headed: float) -> tuple[str, bool]:
    """With which usual links at time T the header agrees, empty if with none; and whether it could with any."""
    known = sums.space.sum() + sums.time[:-1].sum() + 3 * COLOURS * sums.volume
    planes = COLOURS * 6 * sums.volume * len(sums.space)
    diagonals = _last_staples(links)
    extents = np.array(links.shape[3:0:-1])
    for name, angles in _USUAL.items():
        phases = np.exp(1j * np.array(angles) / extents[:, None])
        if abs((known + np.sum(diagonals * phases).real) / planes - headed) <= TOLERANCE:
            return f"{PASSED} with {name} at time T", True
    if abs((sums.space.sum() + sums.time[:-1].sum()) / planes - headed) <= TOLERANCE and _is_constant(links):
        return f"{PASSED} over the plaquettes that the file determines", True
    # |Re sum of staples times phases| is at most the sum of their moduli, whatever C' is.
    return "", bool(abs(headed * planes - known) <= np.abs(diagonals).sum() + TOLERANCE * planes)


def _last_staples(links: Links) -> Complex[np.ndarray, "direction colour"]:
    """The diagonals of sum_x U_t(x + k)^+ U_k(x)^+ U_t(x) at the last time: their real part with C'_k is Re tr U_p."""
    last = links[-1]
    u = last[..., TIME, :, :]
    staples = []
    for k in range(TIME):
        beside = np.roll(u, -1, axis=2 - k)
        # tr U_k(x) U_t(x + k) C'^+ U_t(x)^+ is conjugate to tr C' U_t(x + k)^+ U_k(x)^+ U_t(x)
        product = np.einsum("zyxba,zyxcb,zyxca->a", beside.conj(), last[..., k, :, :].conj(), u, optimize=True)
        staples.append(product)
    return np.array(staples)


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
