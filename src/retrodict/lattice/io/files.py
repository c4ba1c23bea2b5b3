"""Configuration files: read, write and describe them. Needs NumPy only.

Gauge configurations are read in six formats, recognised by content (NERSC, ILDG, SciDAC, openQCD, MILC v5, npz), and
written in three (NERSC, ILDG, npz); scalar configurations have a stream of their own. Whatever a header promises,
sizes, checksum, plaquette, link trace, is compared with the data before anything is returned.
"""

import dataclasses
import os
from typing import Final

from retrodict.base.atomic import write_bytes
from retrodict.base.errors import InputError
from retrodict.base.files import JSON, PathLike, Source, form_of, read_bytes, read_head
from retrodict.base.printable import described
from retrodict.base.recognition import FileHead
from retrodict.lattice.core.configurations import LARGEST, Configurations, encode
from retrodict.lattice.io.formats import arrays, ildg, milc, nersc, openqcd, stream
from retrodict.lattice.io.formats.common import FILE_LIMIT, PASSED
from retrodict.lattice.io.formats.refusal import unknown_kind
from retrodict.lattice.io.gauge_field import (
    COLOURS,
    OPEN,
    PERIODIC,
    GaugeField,
    link_trace,
    plaquette,
    plaquette_sums,
)

__all__ = [
    "Configurations",
    "GaugeField",
    "inspect",
    "link_trace",
    "plaquette",
    "read_configurations",
    "read_gauge_field",
    "write_configurations",
    "write_ildg",
    "write_nersc",
    "write_npz",
]


STREAM: Final = "Retrodict stream"
FORMATS: Final = {"NERSC": nersc, "ILDG": ildg, "MILC": milc, "openQCD": openqcd}  # openQCD has no magic bytes: last


def read_gauge_field(path: PathLike) -> GaugeField:
    """Read and verify the configuration in a file of any known format.

    Args:
        path: a NERSC, ILDG, SciDAC, openQCD, MILC v5 or npz file.

    Raises:
        InputError: if the file cannot be read, is of another kind, or fails a check, which the message names.
    """
    head = read_head(path)
    if form_of(head) == "zip":
        return arrays.read(path)
    name = _format_name(head, os.stat(path).st_size)
    if not name:
        raise unknown_kind(str(path), described(head))
    data, source = read_bytes(path, FILE_LIMIT)
    return dataclasses.replace(FORMATS[name].parse(data, source.path), source=source)


def write_nersc(path: PathLike, field: GaugeField, *, rows: int = COLOURS, big_endian: bool = True) -> None:
    """Write a NERSC file in the precision of the links.

    Args:
        path: the file.
        field: the links.
        rows: rows of each link that are stored, 2 or 3.
        big_endian: the byte order.

    Raises:
        InputError: for other `rows`.
        StorageError: if the disk refuses; an earlier file of that name is then intact.
    """
    if rows not in (2, COLOURS):
        raise InputError("a NERSC file holds two or three rows of each link", got=f"rows={rows}", expected="2 or 3")
    write_bytes(path, nersc.encode(field, rows=rows, big_endian=big_endian))


def write_ildg(path: PathLike, field: GaugeField, *, lfn: str = "") -> None:
    """Write an ILDG file in the precision of the links.

    Args:
        path: the file.
        field: the links.
        lfn: logical file name; by default that of the file which the links were read from.

    Raises:
        StorageError: if the disk refuses.
    """
    write_bytes(path, ildg.encode(field, lfn))


def write_npz(path: PathLike, field: GaugeField) -> None:
    """Write a sealed NumPy archive.

    Args:
        path: the file.
        field: the links.

    Raises:
        StorageError: if the disk refuses.

    Example:
        >>> import numpy as np, pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "unit.npz"
        >>> write_npz(path, GaugeField(np.broadcast_to(np.eye(3, dtype=complex), (2, 2, 2, 2, 4, 3, 3))))
        >>> inspect(path)["plaquette"]
        1.0
    """
    write_bytes(path, arrays.encode(field))


def read_configurations(path: PathLike) -> Configurations:
    """Read the configurations in a stream that a run has kept, every seal verified.

    Args:
        path: `configurations.bin` of a run directory, or a file by `write_configurations`.

    Raises:
        InputError: if the file cannot be read, is of another kind, or fails a check.
    """
    head = read_head(path)
    if not stream.recognises(head):
        raise unknown_kind(str(path), described(head))
    data, source = read_bytes(path, LARGEST)
    return dataclasses.replace(stream.parse(data, source.path), source=source)


def write_configurations(path: PathLike, configurations: Configurations) -> None:
    """Write a stream of configurations.

    Args:
        path: the file.
        configurations: fields as real numbers, and where they come from.

    Raises:
        StorageError: if the disk refuses.

    Example:
        >>> import numpy as np, pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "fields.bin"
        >>> write_configurations(path, Configurations(np.zeros((2, 4, 4)), "Phi4"))
        >>> read_configurations(path).fields.shape
        (2, 4, 4)
    """
    write_bytes(path, encode(configurations))


def inspect(path: PathLike) -> dict[str, JSON]:
    """Describe a configuration file, JSON-ready.

    Args:
        path: a file of gauge configurations or a stream of configurations.

    Returns:
        `kind`, `format`, `dimensions`, `precision`, and which checks passed. `kind` is `gauge_configuration` (with
        `plaquette` and `link_trace`, measured on the links) or, of a stream, `scalar_configurations` or
        `link_configurations`.

    Raises:
        InputError: for a file that is none of these or fails a check.
    """
    if stream.recognises(read_head(path)):
        return _stream(read_configurations(path))
    field = read_gauge_field(path)
    return {
        "kind": "gauge_configuration",
        "format": field.format,
        "dimensions": dict(zip("xyzt", field.dimensions, strict=True)),
        "precision": field.precision,
        "boundary": _boundary(field),
        "plaquette": _plaquette(field),
        "link_trace": link_trace(field.links),
        "checks": dict(field.checks),
        "metadata": dict(field.metadata),
        **_provenance(field.source),
    }


def _boundary(field: GaugeField) -> str:
    assumed = field.boundary == PERIODIC and field.checks.get("plaquette") != PASSED
    return f"{PERIODIC}, as the file does not say otherwise" if assumed else field.boundary


def _plaquette(field: GaugeField) -> float:
    """Over the plaquettes that the file determines: those that lead to time T with a boundary of its own are not."""
    if field.boundary in (PERIODIC, OPEN):
        return plaquette(field.links)
    return plaquette_sums(field.links).mean_of(len(field.links) - 1)


def _stream(stored: Configurations) -> dict[str, JSON]:
    return {
        "kind": "link_configurations" if stored.parameters.get("group") else "scalar_configurations",
        "format": STREAM,
        "theory": stored.theory,
        "parameters": dict(stored.parameters),
        "dimensions": list(stored.fields.shape[1:]),
        "precision": stored.precision,
        "configurations": len(stored.fields),
        "mean": float(stored.fields.mean(dtype=float)),
        "mean_square": float((stored.fields.astype(float) ** 2).mean()),
        "checks": dict(stored.checks),
        **_provenance(stored.source),
    }


def _provenance(source: Source | None) -> dict[str, JSON]:
    assert source is not None
    return {"path": source.path, "sha256": source.sha256, "size": source.size}


def format_of(head: FileHead) -> str:
    """The name of the format of configurations that a file has, by its first bytes; empty if it has none."""
    if head.form == "zip":
        return "npz" if "links" in head.names else ""
    if stream.recognises(head.first):
        return STREAM
    return _format_name(head.first, head.size)


def _format_name(head: bytes, size: int) -> str:
    """The format of gauge links that the first bytes and the size of a file show; empty if there is none."""
    return next((name for name, module in FORMATS.items() if module.recognises(head, size)), "")
