"""Gauge fields as QIO writes them without the records of ILDG (Chroma, Qlua, MILC): `scidac-binary-data`; read only.

`scidac-private-file-xml` has the extents, `scidac-private-record-xml` the type of the data: four colour matrices a site
(`QDP_D3_ColorMatrix` or `QDP_F3_ColorMatrix`). The data are laid out as in an ILDG file. Other lattice fields in this
container, propagators above all, are refused by their name.

Source: the QIO library; `qdp_iogauge` of QDP++ for the names of types.
"""

from typing import Final

from retrodict.lattice.io.formats.common import (
    Dimensions,
    bytes_of,
    check_numbers,
    checked_dimensions,
    links_from,
    require_bytes,
)
from retrodict.lattice.io.formats.qio import checked, content, element, text, whole
from retrodict.lattice.io.formats.refusal import failed
from retrodict.lattice.io.gauge_field import COLOURS, DIRECTIONS, GaugeField

DATA: Final = "scidac-binary-data"
FILE, RECORD = "scidac-private-file-xml", "scidac-private-record-xml"
MATRICES: Final = ("colormatrix", "colourmatrix", "lattice")  # the last where QDP++ has no name for a type
PRECISIONS: Final = {"F": 32, "D": 64}


def parse(records: dict[str, memoryview], where: str) -> GaugeField:
    """The gauge field in the records of a file, verified. Raises `InputError` naming the check that failed.

    Args:
        records: contents by lower-case type.
        where: the file.
    """
    if DATA not in records:
        got = f"records {', '.join(sorted(records))[:200]}" if records else "no record"
        raise failed("record", where, got=got, expected=f"ildg-format and ildg-binary-data, or {RECORD} and {DATA}")
    body = content(records, DATA, where)
    dimensions = _dimensions(text(records, FILE, where), where)
    precision = _precision(text(records, RECORD, where), where)
    require_bytes(len(body), bytes_of(dimensions, precision), where)
    checks = {"checksum": checked(records, body, dimensions, where)}
    field = GaugeField(links_from(body, dimensions, COLOURS, f">c{precision // 4}"))
    return GaugeField(field.links, {}, "SciDAC", {**checks, **check_numbers(field, where)})


def _dimensions(xml: str, where: str) -> Dimensions:
    extents = element(xml, "dims", where).split()
    if not all(extent.isascii() and extent.isdigit() and len(extent) <= 12 for extent in extents):
        raise failed("dimensions", where, got=f"dims = {' '.join(extents)[:40]}", expected="four whole numbers")
    if (form := element(xml, "volfmt", where)) != "0":
        why = "the lattice is spread over several files"
        fix = "write it as one file (QIO_SINGLEFILE), for example by qio-convert-mesh-ppfs"
        raise failed("record", where, got=f"volfmt {form[:20]}", expected="0: a single file", why=why, fix=fix)
    return checked_dimensions(tuple(map(int, extents)), where)


def _precision(xml: str, where: str) -> int:
    """Bits of a real number of what must be four colour matrices a site."""
    datatype, letter = element(xml, "datatype", where), element(xml, "precision", where)
    count, colours = whole(xml, "datacount", where), whole(xml, "colors", where)
    if not datatype.lower().endswith(MATRICES) or (count, colours) != (DIRECTIONS, COLOURS):
        got = f"{count} x {datatype[:60]} a site, {colours} colours"
        expected = "4 x QDP_D3_ColorMatrix or QDP_F3_ColorMatrix, 3 colours: a gauge field"
        raise failed("datatype", where, got=got, expected=expected, why="this is another kind of lattice field")
    if letter not in PRECISIONS:
        raise failed("precision", where, got=letter[:20], expected="F or D")
    if whole(xml, "typesize", where) != COLOURS * COLOURS * 2 * (PRECISIONS[letter] // 8):
        expected = f"{COLOURS * COLOURS * 2 * (PRECISIONS[letter] // 8)}: three rows of a matrix"
        raise failed("typesize", where, got=element(xml, "typesize", where), expected=expected)
    return PRECISIONS[letter]
