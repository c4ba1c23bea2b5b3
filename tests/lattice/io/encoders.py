"""The configuration formats once more, written from their descriptions with loops and `struct`, sharing nothing with
the readers under test; and random fields to write."""

import struct
import zlib

import numpy as np

DIMENSIONS = (4, 2, 2, 6)  # X, Y, Z, T: all even (openQCD), not all equal


def random_links(seed=0, dimensions=DIMENSIONS, kind=np.complex128):
    """Haar-random SU(3) links (T, Z, Y, X, mu, 3, 3)."""
    rng = np.random.default_rng(seed)
    shape = (*dimensions[::-1], 4, 3, 3)
    q, r = np.linalg.qr(rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
    diagonal = np.einsum("...ii->...i", r)
    q = q * (diagonal / np.abs(diagonal))[..., None, :]
    return (q / np.linalg.det(q)[..., None, None] ** (1 / 3)).astype(kind)


def slow_plaquette(links):
    """Site by site, plane by plane."""
    return slow_sum(links) / (18 * np.prod(links.shape[:4]))


def slow_sum(links, ahead=None):
    """The sum of Re tr U_p; `ahead` are the three links in space at time T, if there is such a time."""
    extents = links.shape[:4]
    total = 0.0
    for site in np.ndindex(*extents):
        for mu in range(4):
            for nu in range(mu):
                side = links[_next(site, mu, extents)][nu]
                if ahead is not None and mu == 3 and site[0] == extents[0] - 1:
                    side = ahead[nu]
                total += np.trace(
                    links[site][mu].astype(complex)
                    @ side
                    @ links[_next(site, nu, extents)][mu].conj().T
                    @ links[site][nu].conj().T
                ).real
    return total


def open_links(seed=5, dimensions=DIMENSIONS):
    """Links of a lattice with open boundaries: those in time from the last slice are zero."""
    links = random_links(seed, dimensions)
    links[-1, ..., 3, :, :] = 0
    return links


def boundary_values(angles, dimensions=DIMENSIONS):
    """The constant diagonal links in the three directions of space at a boundary, for its three angles."""
    return [np.diag(np.exp(1j * np.array(angles) / extent)) for extent in dimensions[:3]]


def sf_links(angles, seed=6, dimensions=DIMENSIONS):
    """Links of a lattice with a Schroedinger functional boundary at time 0."""
    links = random_links(seed, dimensions)
    for k, value in enumerate(boundary_values(angles, dimensions)):
        links[0, ..., k, :, :] = value
    return links


def sf_plaquette(links, angles):
    """What openQCD writes into the header for boundary values at time T: the plaquettes at time T are counted, too."""
    space = np.prod(links.shape[1:4])
    total = slow_sum(links, boundary_values(angles, links.shape[3::-1])) + 9 * space
    return total / (18 * np.prod(links.shape[:4]))


def _next(site, mu, extents, step=1):
    moved = list(site)
    moved[3 - mu] = (moved[3 - mu] + step) % extents[3 - mu]
    return tuple(moved)


def _numbers(matrix, order, size):
    flat = [part for entry in np.ravel(matrix) for part in (entry.real, entry.imag)]
    return struct.pack(f"{order}{len(flat)}{'f' if size == 4 else 'd'}", *flat)


def sites(links, order, size, rows=3):
    """The bytes of each site in turn, x fastest."""
    for site in np.ndindex(*links.shape[:4]):
        yield b"".join(_numbers(links[site][mu][:rows], order, size) for mu in range(4))


def _words(body, order):
    return struct.unpack(f"{order}{len(body) // 4}I", body)


def _rotate(word, bits):
    return ((word << bits) | (word >> (32 - bits))) & 0xFFFFFFFF


def nersc(links, order=">", size=8, rows=3, **changed):
    """`changed` replaces lines of the header."""
    body = b"".join(sites(links, order, size, rows))
    lines = {"HDR_VERSION": "1.0", "DATATYPE": "4D_SU3_GAUGE" + ("_3x3" if rows == 3 else "")}
    lines |= {f"DIMENSION_{i + 1}": str(n) for i, n in enumerate(links.shape[3::-1])}
    lines["LINK_TRACE"] = f"{np.trace(links, axis1=-2, axis2=-1).real.mean(dtype=float) / 3:.10f}"
    lines["PLAQUETTE"] = f"{slow_plaquette(links):.10f}"
    lines["CHECKSUM"] = f"{sum(_words(body, order)) % 2**32:x}"
    lines["FLOATING_POINT"] = f"IEEE{8 * size}{'BIG' if order == '>' else 'LITTLE'}"
    lines |= changed
    text = "".join(f"{name} = {value}\n" for name, value in lines.items() if value is not None)
    return b"BEGIN_HEADER\n" + text.encode() + b"END_HEADER\n" + body


def lime_record(kind, content, flags=0):
    return struct.pack(">IHHQ128s", 0x456789AB, 1, flags, len(content), kind) + content + bytes(-len(content) % 8)


def ildg(links, size=8, suma=None, dimensions=None, field="su3gauge"):
    each = list(sites(links, ">", size))
    sums = [0, 0]
    for rank, site in enumerate(each):
        for which, modulus in enumerate((29, 31)):
            sums[which] ^= _rotate(zlib.crc32(site), rank % modulus)
    x, y, z, t = dimensions or links.shape[3::-1]
    xml = f"""<?xml version="1.0"?>
<ildgFormat xmlns="http://www.lqcd.org/ildg">
  <version> 1.0 </version> <field> {field} </field> <precision> {8 * size} </precision>
  <lx> {x} </lx> <ly> {y} </ly> <lz> {z} </lz> <lt> {t} </lt>
</ildgFormat>"""
    checksum = f"<scidacChecksum><suma>{sums[0] if suma is None else suma:x}</suma><sumb>{sums[1]:x}</sumb>"
    return (
        lime_record(b"ildg-format", xml.encode(), 0x8000)
        + lime_record(b"ildg-binary-data", b"".join(each))
        + lime_record(b"scidac-checksum", checksum.encode() + b"</scidacChecksum>")
        + lime_record(b"ildg-data-LFN", b"lfn://here/there", 0x4000)
    )


def scidac(links, size=8, checksum=True, datatype=None, count=4, volfmt=0):
    """A gauge field by QIO without the records of ILDG, its texts ended by a zero byte as in C."""
    each = list(sites(links, ">", size))
    sums = [0, 0]
    for rank, site in enumerate(each):
        for which, modulus in enumerate((29, 31)):
            sums[which] ^= _rotate(zlib.crc32(site), rank % modulus)
    letter = "D" if size == 8 else "F"
    dims = " ".join(map(str, links.shape[3::-1]))
    file = f"<scidacFile><version>1.1</version><spacetime>4</spacetime><dims>{dims} </dims><volfmt>{volfmt}</volfmt>"
    record = (
        f"<scidacRecord><datatype>{datatype or f'QDP_{letter}3_ColorMatrix'}</datatype><precision>{letter}</precision>"
    )
    record += f"<colors>3</colors><typesize>{18 * size}</typesize><datacount>{count}</datacount></scidacRecord>"
    sealed = f"<scidacChecksum><suma>{sums[0]:x}</suma><sumb>{sums[1]:x}</sumb></scidacChecksum>"
    parts = [
        lime_record(b"scidac-private-file-xml", file.encode() + b"</scidacFile>\0", 0x8000),
        lime_record(b"scidac-file-xml", b"<note/>\0", 0x4000),
        lime_record(b"scidac-private-record-xml", record.encode() + b"\0", 0x8000),
        lime_record(b"scidac-record-xml", b"<note/>\0"),
        lime_record(b"scidac-binary-data", b"".join(each)),
    ]
    return b"".join(parts + [lime_record(b"scidac-checksum", sealed.encode(), 0x4000)] * checksum)


def openqcd(links, order="<", plaquette=None):
    x, y, z, t = links.shape[3::-1]
    parts = [struct.pack(f"{order}4i", t, x, y, z)]
    parts += [struct.pack(f"{order}d", 3 * (slow_plaquette(links) if plaquette is None else plaquette))]
    for it in range(t):
        for ix in range(x):
            for iy in range(y):
                for iz in range(z):
                    if (it + ix + iy + iz) % 2:
                        site = (it, iz, iy, ix)
                        for mu in (3, 0, 1, 2):
                            behind = _next(site, mu, links.shape[:4], -1)
                            parts += [_numbers(links[site][mu], order, 8), _numbers(links[behind][mu], order, 8)]
    return b"".join(parts)


def milc(links, order="<", site_order=0):
    body = b"".join(sites(links, order, 4))
    sums = [0, 0]
    for number, word in enumerate(_words(body, order)):
        for which, modulus in enumerate((29, 31)):
            sums[which] ^= _rotate(word, number % modulus)
    head = struct.pack(f"{order}5i64si2I", 20103, *links.shape[3::-1], b"Tue Nov 24 2026", site_order, *sums)
    return head + body
