"""ILDG gauge configurations: LIME records `ildg-format`, `ildg-binary-data`, `scidac-checksum` and `ildg-data-LFN`.

The data are big-endian, x fastest, then y, z, t, within a site the directions x, y, z, t, each link row by row. Files
of QIO without the records of ILDG hold the same data; `scidac` reads them.

Source: "Binary file format for gauge field configurations", ILDG Metadata Working Group; the QIO library.
"""

from typing import Final

import numpy as np

from retrodict.lattice.io.formats import lime, scidac
from retrodict.lattice.io.formats.common import (
    bytes_of,
    check_numbers,
    checked_dimensions,
    links_from,
    require_bytes,
)
from retrodict.lattice.io.formats.qio import (
    CHECKSUM,
    by_type,
    checked,
    content,
    element,
    scidac_checksum,
    text,
    whole,
)
from retrodict.lattice.io.formats.refusal import failed
from retrodict.lattice.io.gauge_field import GaugeField

FORMAT, DATA, LFN = "ildg-format", "ildg-binary-data", "ildg-data-LFN"
LONGEST_LFN: Final = 1024
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
    records = by_type(lime.records(data, where), (FORMAT, DATA, scidac.DATA), where)
    if FORMAT not in records and DATA not in records:
        return scidac.parse(records, where)
    xml = text(records, FORMAT, where)
    if (kind := element(xml, "field", where)) != "su3gauge":
        raise failed("field", where, got=kind, expected="su3gauge")
    precision = whole(xml, "precision", where)
    if precision not in (32, 64):
        raise failed("precision", where, got=str(precision), expected="32 or 64")
    dimensions = checked_dimensions(tuple(whole(xml, name, where) for name in ("lx", "ly", "lz", "lt")), where)
    body = content(records, DATA, where)
    require_bytes(len(body), bytes_of(dimensions, precision), where)
    checks = {"checksum": checked(records, body, dimensions, where)}
    field = GaugeField(links_from(body, dimensions, 3, f">c{precision // 4}"))
    checks |= check_numbers(field, where)
    name = text(records, LFN.lower(), where)[:LONGEST_LFN] if LFN.lower() in records else ""
    return GaugeField(field.links, {LFN: name} if name else {}, "ILDG", checks)


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
