r"""What files of the QIO library share, ILDG or not: records by type, XML elements, and the SciDAC checksum.

The SciDAC checksum combines the CRC-32 of the bytes of each site, rotated by the rank r of the site in file order:
`suma` by r mod 29 bits, `sumb` by r mod 31 bits, all by exclusive or.

Source: the QIO library.
"""

import re
import zlib
from typing import Final

import numpy as np

from retrodict.base.shapes import UInt64
from retrodict.lattice.io.formats.common import PASSED, Dimensions
from retrodict.lattice.io.formats.lime import Record
from retrodict.lattice.io.formats.refusal import failed

CHECKSUM: Final = "scidac-checksum"
LONGEST_XML: Final = 65536


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


def by_type(records: list[Record], single: tuple[str, ...], where: str) -> dict[str, memoryview]:
    """The first record of each type, lower-case; of those in `single` there may be no second one."""
    named: dict[str, memoryview] = {}
    for record in records:
        kind = record.type.lower()
        if kind in single and kind in named:
            raise failed("record", where, got=f"two records {kind}", expected="one configuration a file")
        named.setdefault(kind, record.content)
    return named


def content(records: dict[str, memoryview], kind: str, where: str) -> memoryview:
    """The content of the record of a type. Raises `InputError` if there is none."""
    if kind not in records:
        raise failed("record", where, got=f"no record {kind}", expected=f"a record {kind}")
    return records[kind]


def text(records: dict[str, memoryview], kind: str, where: str) -> str:
    """The text of the record of a type, up to the zero byte with which C programs may end it."""
    found = content(records, kind, where)
    if len(found) > LONGEST_XML:
        raise failed("record", where, got=f"{len(found)} bytes of {kind}", expected=f"at most {LONGEST_XML}")
    return bytes(found).split(b"\0", 1)[0].decode("utf-8", "replace").strip()


def element(xml: str, name: str, where: str) -> str:
    """The text of an element: plain patterns suffice, and no entity is ever expanded."""
    match = re.search(rf"<(?:\w+:)?{name}\b[^<>]*>([^<>]*)</", xml)
    if match is None:
        raise failed("header", where, got=f"no element {name}", expected=f"<{name}>...</{name}>")
    return match[1].strip()


def whole(xml: str, name: str, where: str) -> int:
    """The positive whole number in an element."""
    number = element(xml, name, where)
    if not (number.isascii() and number.isdigit() and len(number) <= 12):
        raise failed("dimensions", where, got=f"{name} = {number[:40]}", expected="a positive whole number")
    return int(number)


def checked(records: dict[str, memoryview], body: memoryview, dimensions: Dimensions, where: str) -> str:
    """The outcome of the comparison of the data with the checksum record, if there is one. Raises `InputError`."""
    if CHECKSUM not in records:
        return "no scidac-checksum record"
    xml = text(records, CHECKSUM, where)
    stated = tuple(element(xml, name, where).lower().removeprefix("0x").lstrip("0") for name in ("suma", "sumb"))
    sums = tuple(f"{value:x}".lstrip("0") for value in scidac_checksum(body, int(np.prod(dimensions))))
    if sums != stated:
        raise failed(
            "checksum", where, got=" ".join(sums), expected=" ".join(stated)[:40], why="the links were altered"
        )
    return PASSED
