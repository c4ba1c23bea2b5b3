"""ILDG gauge configurations: LIME records `ildg-format`, `ildg-binary-data`, `scidac-checksum` and `ildg-data-LFN`.

The data are big-endian, x fastest, then y, z, t, within a site the directions x, y, z, t, each link row by row. The
SciDAC checksum combines the CRC-32 of the bytes of each site, rotated by the rank r of the site in that order: `suma`
by r mod 29 bits, `sumb` by r mod 31 bits, all by exclusive or.

Source: "Binary file format for gauge field configurations", ILDG Metadata Working Group; the QIO library.
"""

import re
import zlib
from typing import Final

import numpy as np

from retrodict.base.shapes import UInt64
from retrodict.lattice.io.formats import lime
from retrodict.lattice.io.formats.common import (
    PASSED,
    Dimensions,
    bytes_of,
    check_numbers,
    checked_dimensions,
    links_from,
    require_bytes,
)
from retrodict.lattice.io.formats.refusal import failed
from retrodict.lattice.io.gauge_field import GaugeField

FORMAT, DATA, CHECKSUM, LFN = "ildg-format", "ildg-binary-data", "scidac-checksum", "ildg-data-LFN"
LONGEST_XML: Final = 65536
recognises = lime.recognises

_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_FORMAT_XML: Final = (
    _XML + '<ildgFormat xmlns="http://www.lqcd.org/ildg" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="http://www.lqcd.org/ildg filefmt.xsd"><version>1.0</version><field>su3gauge</field>'
    "<precision>{}</precision><lx>{}</lx><ly>{}</ly><lz>{}</lz><lt>{}</lt></ildgFormat>"
)
_CHECKSUM_XML: Final = (
    _XML + "<scidacChecksum><version>1.0</version><suma>{:x}</suma><sumb>{:x}</sumb></scidacChecksum>"
)


def parse(data: bytes, where: str) -> GaugeField:
    """The configuration in `data`, verified. Raises `InputError` naming the check that failed."""
    records = _by_type(lime.records(data, where), where)
    xml = _text(records, FORMAT, where)
    if (kind := _element(xml, "field", where)) != "su3gauge":
        raise failed("field", where, got=kind, expected="su3gauge")
    precision = _whole(xml, "precision", where)
    if precision not in (32, 64):
        raise failed("precision", where, got=str(precision), expected="32 or 64")
    dimensions = checked_dimensions(tuple(_whole(xml, name, where) for name in ("lx", "ly", "lz", "lt")), where)
    body = _content(records, DATA, where)
    require_bytes(len(body), bytes_of(dimensions, precision), where)
    checks = {"checksum": _checked(records, body, dimensions, where)}
    field = GaugeField(links_from(body, dimensions, 3, f">c{precision // 4}"))
    checks |= check_numbers(field, where)
    metadata = {LFN: bytes(records[LFN.lower()]).decode("utf-8", "replace")[:1024]} if LFN.lower() in records else {}
    return GaugeField(field.links, metadata, "ILDG", checks)


def encode(field: GaugeField, lfn: str = "") -> bytes:
    """The bytes of a file in the precision of the field; `lfn` is its logical file name in the data grid."""
    body = field.links.astype(f">c{field.precision // 4}").tobytes()
    suma, sumb = scidac_checksum(body, int(np.prod(field.dimensions)))
    contents = [
        (FORMAT, _FORMAT_XML.format(field.precision, *field.dimensions).encode()),
        (DATA, body),
        (CHECKSUM, _CHECKSUM_XML.format(suma, sumb).encode()),
    ]
    name = lfn or field.metadata.get(LFN, "")
    return lime.encode(contents + ([(LFN, name.encode())] if name else []))


def scidac_checksum(body: bytes | memoryview, sites: int) -> tuple[int, int]:
    """(suma, sumb) of the data of `sites` sites in file order."""
    view, size = memoryview(body), len(body) // sites
    crc = np.fromiter((zlib.crc32(view[i * size : (i + 1) * size]) for i in range(sites)), np.uint64, sites)
    rank = np.arange(sites, dtype=np.uint64)
    first, second = (int(np.bitwise_xor.reduce(_rotated(crc, rank % np.uint64(modulus)))) for modulus in (29, 31))
    return first, second


def _rotated(words: UInt64[np.ndarray, " words"], bits: UInt64[np.ndarray, " words"]) -> UInt64[np.ndarray, " words"]:
    """32-bit words, held in 64 bits, rotated to the left."""
    return (words << bits | words >> (np.uint64(32) - bits)) & np.uint64(0xFFFFFFFF)


def _by_type(records: list[lime.Record], where: str) -> dict[str, memoryview]:
    named: dict[str, memoryview] = {}
    for record in records:
        kind = record.type.lower()
        if kind in (FORMAT, DATA) and kind in named:
            raise failed("record", where, got=f"two records {kind}", expected="one configuration a file")
        named.setdefault(kind, record.content)
    return named


def _content(records: dict[str, memoryview], kind: str, where: str) -> memoryview:
    if kind not in records:
        raise failed("record", where, got=f"no record {kind}", expected=f"{FORMAT} and {DATA}")
    return records[kind]


def _text(records: dict[str, memoryview], kind: str, where: str) -> str:
    content = _content(records, kind, where)
    if len(content) > LONGEST_XML:
        raise failed("record", where, got=f"{len(content)} bytes of {kind}", expected=f"at most {LONGEST_XML}")
    return bytes(content).decode("utf-8", "replace")


def _element(xml: str, name: str, where: str) -> str:
    """The text of an element: plain patterns suffice, and no entity is ever expanded."""
    match = re.search(rf"<(?:\w+:)?{name}\b[^<>]*>([^<>]*)</", xml)
    if match is None:
        raise failed("header", where, got=f"no element {name}", expected=f"<{name}>...</{name}>")
    return match[1].strip()


def _whole(xml: str, name: str, where: str) -> int:
    text = _element(xml, name, where)
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise failed("dimensions", where, got=f"{name} = {text[:40]}", expected="a positive whole number")
    return int(text)


def _checked(records: dict[str, memoryview], body: memoryview, dimensions: Dimensions, where: str) -> str:
    if CHECKSUM not in records:
        return "no scidac-checksum record"
    xml = _text(records, CHECKSUM, where)
    stated = tuple(_element(xml, name, where).lower().removeprefix("0x").lstrip("0") for name in ("suma", "sumb"))
    sums = tuple(f"{value:x}".lstrip("0") for value in scidac_checksum(body, int(np.prod(dimensions))))
    if sums != stated:
        raise failed(
            "checksum", where, got=" ".join(sums), expected=" ".join(stated)[:40], why="the links were altered"
        )
    return PASSED
