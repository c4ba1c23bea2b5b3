"""A gauge configuration as a plain NumPy archive: `links` with a last axis for real and imaginary part, and a seal.

`sha256` is the digest of the links and their shape: a zip notices most flipped bits, this notices every one.
"""

import hashlib
import io

import numpy as np

from retrodict.base.arrays import read_npz
from retrodict.base.files import PathLike
from retrodict.base.shapes import Float, Shaped
from retrodict.lattice.io.formats.common import NOT_IN_FORMAT, PASSED, check_numbers, checked_dimensions
from retrodict.lattice.io.formats.refusal import failed, unknown_kind
from retrodict.lattice.io.gauge_field import COLOURS, DIRECTIONS, GaugeField


def read(path: PathLike) -> GaugeField:
    """The configuration in an `.npz` file of at most 256 MiB of numbers. Raises `InputError`."""
    stored, source, _ = read_npz(path)
    where = source.path
    if "links" not in stored:
        raise unknown_kind(where, f"an archive of {', '.join(sorted(stored))[:80]}")
    numbers = stored["links"]
    if numbers.ndim != 8 or numbers.shape[4:] != (DIRECTIONS, COLOURS, COLOURS, 2):
        raise failed("dimensions", where, got=str(numbers.shape), expected="(T, Z, Y, X, 4, 3, 3, 2)")
    checked_dimensions(numbers.shape[3::-1], where)
    precision = float(np.ravel(stored.get("precision", np.array(64.0)))[0])
    if precision not in (32.0, 64.0):
        raise failed("precision", where, got=f"{precision:g}", expected="32 or 64")
    numbers = np.ascontiguousarray(numbers, dtype=np.float32 if precision == 32 else np.float64)
    checks = {"checksum": _checked(stored, numbers, where)}
    field = GaugeField(numbers.view(f"c{int(precision) // 4}")[..., 0])
    return GaugeField(field.links, {}, "npz", {**checks, **check_numbers(field, where)}, source)


def encode(field: GaugeField) -> bytes:
    """The bytes of a file in the precision of the field."""
    numbers = np.ascontiguousarray(field.links)[..., None].view(f"f{field.precision // 8}")
    stream = io.BytesIO()
    np.savez(
        stream,
        allow_pickle=False,
        links=numbers,
        precision=np.array(field.precision),
        sha256=np.frombuffer(_digest(numbers), dtype=np.uint8),
    )
    return stream.getvalue()


def _checked(
    stored: dict[str, Shaped[np.ndarray, "..."]], numbers: Float[np.ndarray, "t z y x mu row column 2"], where: str
) -> str:
    if "sha256" not in stored:
        return NOT_IN_FORMAT
    if bytes(np.ravel(stored["sha256"]).astype(np.uint8)) != _digest(numbers):
        raise failed("checksum", where, why="the links were altered")
    return PASSED


def _digest(numbers: Float[np.ndarray, "t z y x mu row column 2"]) -> bytes:
    little = numbers.astype(numbers.dtype.newbyteorder("<"))
    return hashlib.sha256(repr(numbers.shape).encode() + little.tobytes()).digest()
