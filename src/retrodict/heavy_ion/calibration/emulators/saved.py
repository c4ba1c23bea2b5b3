"""Files of fitted emulators: named arrays in one sealed npz file, which cannot run code."""

import dataclasses
from pathlib import Path
from typing import Final

import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, read_head
from retrodict.heavy_ion.calibration.emulators.emulator import AbstractEmulator, Readout
from retrodict.heavy_ion.calibration.emulators.gaussian_processes import GaussianProcessEmulator
from retrodict.run.container import DamagedError, read, write

KIND: Final = "retrodict emulator"
EMULATORS: Final = {cls.__name__: cls for cls in (GaussianProcessEmulator,)}


def save_emulator(path: PathLike, emulator: AbstractEmulator) -> None:
    """Write an emulator to a file.

    Args:
        path: the file.
        emulator: the emulator.

    Raises:
        StorageError: if the file cannot be written.
    """
    arrays = {f"readout/{name}": np.asarray(array) for name, array in _fields(emulator.readout).items()}
    own = {name: np.asarray(array) for name, array in _fields(emulator).items() if name != "readout"}
    write(Path(path), arrays | own, {"kind": KIND, "emulator": type(emulator).__name__})


def load_emulator(path: PathLike) -> AbstractEmulator:
    """Read an emulator from a file.

    Args:
        path: the file.

    Raises:
        InputError: if the file is damaged or of another kind.
    """
    read_head(path)  # refuses what is no regular file
    where, expected = str(path), "a file written by save_emulator"
    try:
        arrays, meta = read(path)
    except DamagedError as error:
        raise InputError("the file of the emulator is damaged", where=where, got=str(error)) from error
    kind = EMULATORS.get(meta.get("emulator", "")) if isinstance(meta, dict) and meta.get("kind") == KIND else None
    if kind is None:
        raise InputError("not the file of an emulator", where=where, got="another sealed file", expected=expected)
    own = [field.name for field in dataclasses.fields(kind) if field.name != "readout"]
    shared = [field.name for field in dataclasses.fields(Readout)]
    missing = {*own, *(f"readout/{name}" for name in shared)} ^ set(arrays)
    if missing:
        got = ", ".join(sorted(missing))
        raise InputError("the file of the emulator has other arrays", where=where, got=got, expected=expected)
    readout = Readout(**{name: jnp.asarray(arrays[f"readout/{name}"]) for name in shared})
    return kind(readout=readout, **{name: jnp.asarray(arrays[name]) for name in own})


def _fields(module: AbstractEmulator | Readout) -> dict[str, np.ndarray]:
    return {field.name: getattr(module, field.name) for field in dataclasses.fields(module)}
