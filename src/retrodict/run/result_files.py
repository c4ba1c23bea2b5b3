"""The two files of a result: `result.nc`, every array with a checksum, and `result.json` with the SHA-256 of the other.

Both are written atomically. They are deterministic: the same run gives the same bytes, so neither holds a date or a
duration.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import xarray as xr

from retrodict.base.atomic import storage_error, write_bytes, write_text
from retrodict.base.errors import InputError
from retrodict.base.files import hash_file, read_json
from retrodict.base.types import JSON

SCHEMA_VERSION: Final = 1
TREE_FILE: Final = "result.nc"
NUMBERS_FILE: Final = "result.json"


def write_result(tree: xr.DataTree, numbers: dict[str, JSON], folder: Path) -> None:
    """Write both files.

    Args:
        tree: all arrays of the result.
        numbers: the content of `result.json`, without the hash of the other file.
        folder: where to write; made if it does not exist.

    Raises:
        StorageError: if the disk fails.
    """
    with _storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        digest = _write_tree(tree, folder / TREE_FILE)
    content = {**numbers, "files": {TREE_FILE: {"sha256": digest}}}
    write_text(folder / NUMBERS_FILE, json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_tree(folder: Path) -> xr.DataTree:
    """Read the arrays of a result, after a check of both files.

    Args:
        folder: the directory of the two files.

    Raises:
        InputError: for a missing, damaged or newer file.
    """
    numbers, _ = read_json(folder / NUMBERS_FILE)
    _check_schema(numbers, folder / NUMBERS_FILE)
    digest = hash_file(folder / TREE_FILE).sha256
    expected = numbers.get("files", {}).get(TREE_FILE, {}).get("sha256")
    if digest != expected:
        raise InputError(
            "the result is damaged, or its two files come from different runs",
            where=str(folder / TREE_FILE),
            got=f"sha256 {digest[:12]}...",
            expected=f"sha256 {str(expected)[:12]}... as {NUMBERS_FILE} says",
            fix="restore both from a copy, or run again with --resume",
        )
    with xr.open_datatree(folder / TREE_FILE, engine="h5netcdf") as tree:
        return tree.load()


def _write_tree(tree: xr.DataTree, path: Path) -> str:
    """Write atomically; the SHA-256 of the file.

    The file is made in memory: where the disk is full, the HDF5 library ends the process instead of reporting it.
    """
    data = bytes(tree.to_netcdf(engine="h5netcdf", encoding=_encoding(tree)))
    write_bytes(path, data)
    return hashlib.sha256(data).hexdigest()


def _encoding(tree: xr.DataTree) -> dict[str, dict[str, dict[str, bool]]]:
    """A checksum for every chunk of every array of numbers (a scalar has no chunks, and HDF5 sums no words)."""
    checked = {"fletcher32": True}
    return {
        node.path: {
            str(name): checked
            for name, variable in node.dataset.variables.items()
            if variable.ndim and variable.dtype.kind not in "OSU"
        }
        for node in tree.subtree
    }


def _check_schema(numbers: JSON, path: Path) -> None:
    version = numbers.get("schema_version") if isinstance(numbers, dict) else None
    if not isinstance(version, int):
        raise InputError("not a result of this program", where=str(path), expected="a schema_version")
    if version > SCHEMA_VERSION:
        written = numbers.get("retrodict_version", "a newer program")
        fix = f"install retrodict {written} or later"
        raise InputError("the result was written by a newer program", where=str(path), got=str(written), fix=fix)


@contextlib.contextmanager
def _storage_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_error(folder, error) from error
