"""HDF5 without its reach: a file may name other files on this machine, or claim 80 TB; both are refused unread.

External links, external storage and virtual datasets are refused wherever they stand in the file. Soft links are
not followed. Only the datasets that are asked for are read, and only numbers.
"""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import ARRAY_LIMIT, CONTAINER_LIMIT, PathLike, Source, hash_file

MAX_OBJECTS = 20_000
MAX_DEPTH = 16

_PARTS = {"re": "real", "im": "imag"}
_FAILURES = (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError, MemoryError, AttributeError)


@dataclass(frozen=True)
class Dataset:
    """What stands in a file under one name."""

    shape: tuple[int, ...]  # empty for one number
    fields: tuple[str, ...]  # names of the numeric fields of a compound type; empty for plain numbers
    numeric: bool  # whether it holds plain numbers
    complex: bool  # its parts are asked for as `path/of/dataset.re` and `.im`
    unit: str  # the attribute `units` or `unit`, if it is text of fixed length (np.bytes_ in h5py)


def list_hdf5(path: PathLike) -> tuple[dict[str, Dataset], Source]:
    """Every dataset in the file by its path within, after the whole file was checked. Reads no data."""
    source = hash_file(path)
    try:
        with h5py.File(os.fspath(path), "r") as file:
            return {name: _describe(dataset) for name, dataset in _walk(file, os.fspath(path))}, source
    except _FAILURES as error:
        raise _damaged(path, error) from error


def read_hdf5(path: PathLike, names: list[str]) -> tuple[dict[str, np.ndarray], Source]:
    """The named datasets as float64 arrays; a field of a compound dataset is asked for as `path/of/dataset.field`.

    The parts of complex numbers are the fields `re` and `im`.
    """
    source = hash_file(path)
    try:
        with h5py.File(os.fspath(path), "r") as file:
            datasets, arrays, left = dict(_walk(file, os.fspath(path))), {}, ARRAY_LIMIT
            for name in names:
                arrays[name] = _read(datasets, name, os.fspath(path), left)
                left -= arrays[name].nbytes
            return arrays, source
    except _FAILURES as error:
        raise _damaged(path, error) from error


def _walk(file: h5py.File, where: str) -> Iterator[tuple[str, h5py.Dataset]]:
    """All datasets by hard links, each object once; whatever reaches out of the file is an error."""
    seen: set[Any] = set()
    waiting: list[tuple[str, h5py.Group, int]] = [("", file, 0)]
    while waiting:
        prefix, group, depth = waiting.pop()
        for name in group:
            full, link = f"{prefix}{name}", group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise _outside(f"{where}:/{full}", "a link to another file")
            if isinstance(link, h5py.SoftLink):
                continue
            child = group[name]
            if child.id in seen:
                continue
            seen.add(child.id)
            if len(seen) > MAX_OBJECTS or depth > MAX_DEPTH:
                raise InputError("the HDF5 file has too many objects or levels", where=f"{where}:/{full}")
            if isinstance(child, h5py.Group):
                waiting.append((f"{full}/", child, depth + 1))
            elif isinstance(child, h5py.Dataset):
                _check(child, f"{where}:/{full}")
                yield full, child


def _check(dataset: h5py.Dataset, where: str) -> None:
    if dataset.external:
        raise _outside(where, "numbers stored in another file")
    if dataset.is_virtual:
        raise _outside(where, "a virtual dataset made of other files")
    _bounded(math.prod(dataset.shape or ()) * dataset.dtype.itemsize, CONTAINER_LIMIT, where)


def _bounded(size: int, limit: int, where: str) -> None:
    if size > limit:
        got, expected = f"{size:.3g} bytes", f"at most {limit:.3g}"
        raise InputError("a dataset is too large", where=where, got=got, expected=expected)


def _outside(where: str, got: str) -> InputError:
    why = "a data file must not open other files on this machine"
    fix = "copy the numbers into one file: h5repack, or read and write them with h5py"
    return InputError("the HDF5 file reaches outside itself", where=where, got=got, why=why, fix=fix)


def _describe(dataset: h5py.Dataset) -> Dataset:
    kinds = dataset.dtype
    fields = tuple(name for name in kinds.names or () if kinds[name].kind in "fiu" and kinds[name].shape == ())
    return Dataset(dataset.shape or (), fields, kinds.kind in "fiu", kinds.kind == "c", _unit(dataset))


def _unit(dataset: h5py.Dataset) -> str:
    """The attribute `units` or `unit`, where it is text of fixed length.

    Text of variable length lies in the file's global heap; a damaged heap keeps the HDF5 library in an endless loop.
    """
    for name in ("units", "unit"):
        if name in dataset.attrs:
            attribute = dataset.attrs.get_id(name)
            if attribute.shape == () and attribute.dtype.kind == "S" and attribute.dtype.itemsize <= 100:
                return str(np.asarray(dataset.attrs[name]).astype(str))
    return ""


def _read(datasets: dict[str, h5py.Dataset], name: str, where: str, limit: int) -> np.ndarray:
    path, _, field = (name, "", "") if name in datasets else name.rpartition(".")
    if path not in datasets:
        fix = "datasets in this file: " + ", ".join(sorted(datasets)[:12])
        raise InputError("no such dataset", where=f"{where}:/{name}", fix=fix)
    dataset = datasets[path]
    part = _PARTS.get(field) if dataset.dtype.kind == "c" else None
    kind = dataset.dtype[field] if field and field in (dataset.dtype.names or ()) else dataset.dtype
    if kind.kind not in "fiu" and part is None:
        raise InputError("not an array of numbers", where=f"{where}:/{name}", got=str(kind)[:80])
    _bounded(max(8, dataset.dtype.itemsize) * math.prod(dataset.shape or ()), limit, f"{where}:/{name}")
    if part is not None:
        return np.asarray(getattr(dataset[()], part), dtype=np.float64)
    values = dataset.fields(field)[()] if field else dataset[()]
    return np.asarray(values, dtype=np.float64)


def _damaged(path: PathLike, error: BaseException) -> InputError:
    got = str(error).split("\n")[0][:200]
    return InputError("the HDF5 file could not be read", where=os.fspath(path), got=got, expected="an intact HDF5 file")
