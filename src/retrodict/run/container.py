"""Named arrays in one sealed file: npz bytes followed by their own sha256.

A zip notices most flipped bits, yet not all of them in its directory; the seal notices every one. The file stays a
valid `.npz` that `numpy.load` reads. Nothing in it can run code: object arrays are refused both ways.
"""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from retrodict.base.atomic import write_bytes
from retrodict.base.types import JSON, Shaped
from retrodict.run.faults import reach

_MARK: Final = b"\nsha256:"
_SEAL: Final = len(_MARK) + 64
_META: Final = "meta"

Stored: TypeAlias = Shaped[np.ndarray, "..."]


class DamagedError(Exception):
    """The bytes are not what was written."""


def pack(arrays: Mapping[str, Stored], meta: JSON) -> bytes:
    """The bytes of a container.

    Args:
        arrays: arrays of numbers by name.
        meta: any JSON value.

    Example:

        >>> unpack(pack({"x": np.arange(3)}, {"step": 7}))
        ({'x': array([0, 1, 2])}, {'step': 7})
    """
    stream = io.BytesIO()
    text = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    np.savez(stream, allow_pickle=False, **{_META: text, **{name: np.asarray(array) for name, array in arrays.items()}})
    stream.write(_seal(stream.getbuffer()))
    return stream.getvalue()


def unpack(data: bytes) -> tuple[dict[str, Stored], JSON]:
    """The arrays and the meta value.

    Args:
        data: the bytes of a container.

    Raises:
        DamagedError: unless every byte is as it was written.
    """
    body = memoryview(data)[:-_SEAL]
    if len(data) <= _SEAL or data[-_SEAL:] != _seal(body):
        raise DamagedError("its checksum does not agree with its content")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if any(entry.file_size > len(body) for entry in archive.infolist()):
                raise DamagedError("an array is larger than the file")
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return arrays, json.loads(arrays.pop(_META).tobytes())
    except (ValueError, KeyError, OSError, MemoryError, zipfile.BadZipFile) as error:
        raise DamagedError(f"it is sealed, but not a container: {error}") from error


def write(path: Path, arrays: Mapping[str, Stored], meta: JSON) -> None:
    """`pack` into a file, atomically.

    Args:
        path: the file.
        arrays: arrays of numbers by name.
        meta: any JSON value.

    Raises:
        StorageError: if the disk fails; what stood there before is then intact.
    """
    write_bytes(path, pack(arrays, meta), reached=reach)


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Stored], JSON]:
    """`unpack` a file. Raises `DamagedError`, also where it cannot be read at all."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DamagedError(f"it cannot be read: {error.strerror}") from error
    return unpack(data)


def is_sealed(path: str | os.PathLike[str]) -> bool:
    """Whether a file ends as a container does, damaged or not. False where it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            file.seek(-_SEAL, os.SEEK_END)
            return file.read(len(_MARK)) == _MARK
    except OSError:
        return False


def _seal(body: bytes | memoryview) -> bytes:
    return _MARK + hashlib.sha256(body).hexdigest().encode()
