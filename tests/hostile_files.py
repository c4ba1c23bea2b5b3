"""Good files, and bad ones made from them by breaking one thing at a time: what the corpora of all domains share.

Nothing is stored: each file is written by a function, so that a test can say what is wrong with it. A corpus is a
module with `FORMS` (the good files), `HOSTILE` (files that claim, link or execute) and `cases()` (every bad file).
"""

import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import h5py
import numpy as np

Arrays = dict[str, np.ndarray]
Change = Callable[[Arrays], Arrays]
ByteChange = Callable[[bytes, Path], bytes]  # content of the good file, marker that code would leave -> bad content
Write = Callable[[Path, Path], object]  # file, marker
Hostile = tuple[str, str, Write, Callable[[Path], object]]  # name, file, how it is written, reader


@dataclass(frozen=True)
class Form:
    """One kind of file: how a good one is made, written and read."""

    name: str
    file: str
    make: Callable[[], Arrays]
    write: Callable[[Path, Arrays], None]
    read: Callable[[Path], object]


@dataclass(frozen=True)
class Bad:
    """One bad file: how it is written into a folder, and the reader that must refuse it."""

    name: str
    make: Callable[[Path, Path], Path]  # folder, marker that code would leave -> the file
    read: Callable[[Path], object]


# --- breaking numbers -------------------------------------------------------------------------------------------------


def at(name: str, place: int | tuple[int, int], value: float) -> Change:
    """One number is replaced."""

    def change(arrays: Arrays) -> Arrays:
        values = arrays[name].copy()
        values[place] = value
        return {**arrays, name: values}

    return change


def without(name: str) -> Change:
    """One column is missing."""
    return lambda arrays: {key: values for key, values in arrays.items() if key != name}


# --- breaking bytes ---------------------------------------------------------------------------------------------------


class Payload:
    """Unpickling it would leave a file behind: the proof that code ran."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return (os.system, (f"touch '{self.marker}'",))


def truncate(good: bytes) -> bytes:
    """Cut within a row, or within a binary file."""
    middle = len(good) // 2
    end = max(good.rfind(b",", 0, middle), good.rfind(b" ", 0, middle))
    return good[: end if end > 0 and b"\x00" not in good else middle]


def byte_faults(text: str) -> dict[str, ByteChange]:
    """What may happen to any file; `text` is a good table, to be encoded in another way."""
    return {
        "empty": lambda good, marker: b"",
        "truncated": lambda good, marker: truncate(good),
        "pickle": lambda good, marker: pickle.dumps(Payload(marker)),
        "text-pickle": lambda good, marker: pickle.dumps(Payload(marker), protocol=0),
        "utf-16": lambda good, marker: text.encode("utf-16"),
        "zeros": lambda good, marker: bytes(5000),
        "web-page": lambda good, marker: b"<!DOCTYPE html>\n<html><body>404, not found</body></html>\n",
        "prose": lambda good, marker: b"The quick brown fox\njumps over the lazy dog, twice.\n",
        "nested-json": lambda good, marker: b"[" * 100_000,
    }


# --- files that claim, link or execute --------------------------------------------------------------------------------


def raw(content: Callable[[Path], bytes] | bytes) -> Write:
    """A file of these bytes."""
    return lambda path, marker: path.write_bytes(content if isinstance(content, bytes) else content(marker))


def npy_bytes(header: str) -> bytes:
    """A .npy file of a header alone."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def object_npy(marker: Path) -> bytes:
    """A .npy file that holds a pickle."""
    stream = io.BytesIO()
    np.save(stream, np.array([Payload(marker)], dtype=object), allow_pickle=True)
    return stream.getvalue()


def write_zip(path: Path, members: Mapping[str, bytes]) -> None:
    """An .npz file of any content."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def hostile_hdf5(good: Callable[[Path], None], group: str, shape: tuple[int, ...]) -> dict[str, Write]:
    """Links out of a good file into the rest of the disk, as data of `shape` in `group`."""

    def external_link(file: h5py.File) -> None:
        file[f"{group}/elsewhere"] = h5py.ExternalLink("/etc/other.h5", "/x")

    def external_storage(file: h5py.File) -> None:
        file.create_dataset(f"{group}/host", shape, dtype="u1", external=[("/etc/hostname", 0, int(np.prod(shape)))])

    def virtual(file: h5py.File) -> None:
        layout = h5py.VirtualLayout(shape, "u1")
        layout[:] = h5py.VirtualSource("/etc/hostname", "x", shape)
        file.create_virtual_dataset(f"{group}/host", layout)

    faults = {"external-link": external_link, "external-storage": external_storage, "virtual": virtual}
    return {f"hdf5-{name}": change_hdf5(good, fault) for name, fault in faults.items()}


def change_hdf5(good: Callable[[Path], None], change: Callable[[h5py.File], object]) -> Write:
    """A good HDF5 file, changed."""

    def write(path: Path, marker: Path) -> None:
        good(path)
        with h5py.File(path, "a") as file:
            change(file)

    return write


# --- the cases --------------------------------------------------------------------------------------------------------


def number_cases(form: Form, faults: Mapping[str, Change]) -> Iterator[Bad]:
    """One bad file for each fault in the numbers."""
    for name, change in faults.items():
        yield Bad(f"{form.name}-{name}", partial(_make_number_fault, form, change), form.read)


def byte_cases(form: Form, faults: Mapping[str, ByteChange]) -> Iterator[Bad]:
    """One bad file for each fault in the bytes."""
    for name, change in faults.items():
        yield Bad(f"{form.name}-{name}", partial(_make_byte_fault, form, change), form.read)


def hostile_cases(hostile: list[Hostile]) -> Iterator[Bad]:
    """The hostile files."""
    for name, file, write, read in hostile:
        yield Bad(name, partial(_make_hostile, file, write), read)


def _make_number_fault(form: Form, change: Change, folder: Path, marker: Path) -> Path:
    form.write(folder / form.file, change(form.make()))
    return folder / form.file


def _make_byte_fault(form: Form, change: ByteChange, folder: Path, marker: Path) -> Path:
    path = folder / form.file
    form.write(path, form.make())
    path.write_bytes(change(path.read_bytes(), marker))
    return path


def _make_hostile(file: str, write: Write, folder: Path, marker: Path) -> Path:
    write(folder / file, marker)
    return folder / file
