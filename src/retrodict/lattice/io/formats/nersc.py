"""The format of the NERSC QCD archive ("Gauge Connection"): an ASCII header, then links site by site.

x runs fastest, then y, z, t; within a site the directions x, y, z, t; of each link all three rows
(`4D_SU3_GAUGE_3x3`) or the first two (`4D_SU3_GAUGE`). CHECKSUM is the sum, modulo 2^32, of the data as unsigned 32-bit
words in the byte order that the header states; PLAQUETTE and LINK_TRACE are averages of Re tr / 3.
"""

import re
from typing import Final

import numpy as np

from retrodict.lattice.io.formats.common import (
    PASSED,
    bytes_of,
    check_numbers,
    checked_dimensions,
    links_from,
    require_bytes,
)
from retrodict.lattice.io.formats.refusal import failed
from retrodict.lattice.io.gauge_field import (
    COLOURS,
    DIRECTIONS,
    PERIODIC,
    GaugeField,
    link_trace,
    plaquette,
    with_third_row,
)

BEGIN: Final = b"BEGIN_HEADER"
END: Final = b"END_HEADER\n"
LONGEST_HEADER: Final = 65536
ROWS: Final = {"4D_SU3_GAUGE": 2, "4D_SU3_GAUGE_3x3": 3}
_FLOATING_POINT: Final = re.compile(r"IEEE(32|64)(BIG|LITTLE)?")
_OWN: Final = {"DATATYPE", "CHECKSUM", "LINK_TRACE", "PLAQUETTE", "FLOATING_POINT"} | {
    f"DIMENSION_{i + 1}" for i in range(DIRECTIONS)
}


def recognises(head: bytes, size: int) -> bool:
    """Whether a file that begins with `head` is of this format."""
    return head.startswith(BEGIN)


def parse(data: bytes, where: str) -> GaugeField:
    """The configuration in `data`, verified. Raises `InputError` naming the check that failed."""
    header, start = _header(data, where)
    dimensions = checked_dimensions(
        tuple(_whole(header, f"DIMENSION_{i + 1}", where) for i in range(DIRECTIONS)), where
    )
    rows = ROWS.get(_text(header, "DATATYPE", where))
    if rows is None:
        raise failed("datatype", where, got=header["DATATYPE"][:40], expected=" or ".join(ROWS))
    match = _FLOATING_POINT.fullmatch(_text(header, "FLOATING_POINT", where))
    if match is None:
        got = header["FLOATING_POINT"][:40]
        raise failed("floating-point", where, got=got, expected="IEEE32 or IEEE64, with BIG or LITTLE")
    precision = int(match[1])
    body = memoryview(data)[start:]
    require_bytes(len(body), bytes_of(dimensions, precision, rows), where)
    order = _byte_order(body, match[2], header, where)
    links = links_from(body, dimensions, rows, f"{order}c{precision // 4}")
    field = GaugeField(with_third_row(links) if rows == 2 else links)
    numbers = {name: _number(header, name, where) for name in ("PLAQUETTE", "LINK_TRACE")}
    checks = check_numbers(field, where, headed_plaquette=numbers["PLAQUETTE"], headed_trace=numbers["LINK_TRACE"])
    metadata = {name: value for name, value in header.items() if name not in _OWN}
    return GaugeField(field.links, metadata, "NERSC", {"checksum": PASSED, **checks})


def encode(field: GaugeField, *, rows: int = COLOURS, big_endian: bool = True) -> bytes:
    """The bytes of a file in the precision of the field.

    Args:
        field: the links.
        rows: rows of each link that are stored, 2 or 3.
        big_endian: the byte order.
    """
    kind = f"{'>' if big_endian else '<'}c{field.precision // 4}"
    body = np.ascontiguousarray(field.links[..., :rows, :]).astype(kind).tobytes()
    datatype = next(name for name, number in ROWS.items() if number == rows)
    written = GaugeField(with_third_row(field.links[..., :2, :])) if rows == 2 else field
    lines = ["BEGIN_HEADER", "HDR_VERSION = 1.0", f"DATATYPE = {datatype}", "STORAGE_FORMAT = 1.0"]
    lines += [f"DIMENSION_{i + 1} = {extent}" for i, extent in enumerate(field.dimensions)]
    lines += [f"LINK_TRACE = {link_trace(written.links):.12f}", f"PLAQUETTE = {plaquette(written.links):.12f}"]
    lines += [f"CHECKSUM = {checksum(body, '>' if big_endian else '<'):x}"]
    defaults = {f"BOUNDARY_{i + 1}": "PERIODIC" for i in range(DIRECTIONS)}
    if field.boundary != PERIODIC:
        defaults[f"BOUNDARY_{DIRECTIONS}"] = field.boundary.upper()
    metadata = {**defaults, **field.metadata}
    lines += [f"{name} = {_plain(value)}" for name, value in metadata.items() if _is_own_line(name)]
    lines += [f"FLOATING_POINT = IEEE{field.precision}{'BIG' if big_endian else 'LITTLE'}", ""]
    return "\n".join(lines).encode("ascii", "replace") + END + body


def checksum(body: bytes | memoryview, order: str) -> int:
    """The sum of the 32-bit words in byte order `order` (`<` or `>`), modulo 2^32."""
    return int(np.sum(np.frombuffer(body, dtype=f"{order}u4"), dtype=np.uint64) & np.uint64(0xFFFFFFFF))


def _header(data: bytes, where: str) -> tuple[dict[str, str], int]:
    end = data.find(END, 0, LONGEST_HEADER)
    if end < 0:
        raise failed("header", where, got="no END_HEADER", expected=f"one within {LONGEST_HEADER} bytes")
    header: dict[str, str] = {}
    for line in data[:end].decode("latin-1").splitlines()[1:]:
        name, equals, value = line.partition("=")
        if equals and name.strip() in header:
            raise failed("header", where, got=f"{name.strip()[:40]} twice", expected="each name once")
        if equals:
            header[name.strip()] = value.strip()
    return header, end + len(END)


def _byte_order(body: memoryview, stated: str | None, header: dict[str, str], where: str) -> str:
    """The byte order in which the checksum agrees, which must be the stated one; old files state none."""
    try:
        wanted = int(_text(header, "CHECKSUM", where), 16)
    except ValueError as error:
        got = header["CHECKSUM"][:40]
        raise failed("checksum", where, got=got, expected="a hexadecimal number") from error
    agreeing = {name for name, order in (("BIG", ">"), ("LITTLE", "<")) if checksum(body, order) == wanted}
    if not agreeing:
        found = checksum(body, "<" if stated == "LITTLE" else ">")
        raise failed("checksum", where, got=f"{found:x}", expected=f"{wanted:x}", why="the links were altered")
    if stated is not None and stated not in agreeing:
        got, expected = f"{stated} in the header", f"{agreeing.pop()}, in which the checksum agrees"
        raise failed("endianness", where, got=got, expected=expected)
    return ">" if (stated or ("BIG" if "BIG" in agreeing else "LITTLE")) == "BIG" else "<"


def _text(header: dict[str, str], name: str, where: str) -> str:
    if name not in header:
        raise failed("header", where, got=f"no {name}", expected=f"a line {name} = ...")
    return header[name]


def _whole(header: dict[str, str], name: str, where: str) -> int:
    text = _text(header, name, where)
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise failed("dimensions", where, got=f"{name} = {text[:40]}", expected="a positive whole number")
    return int(text)


def _number(header: dict[str, str], name: str, where: str) -> float:
    text = _text(header, name, where)
    try:
        return float(text)
    except ValueError as error:
        raise failed(name.lower(), where, got=f"{name} = {text[:40]}", expected="a number") from error


def _is_own_line(name: str) -> bool:
    return name not in _OWN | {"HDR_VERSION", "STORAGE_FORMAT"} and name.replace("_", "").isalnum()


def _plain(value: str) -> str:
    return " ".join(str(value).split())
