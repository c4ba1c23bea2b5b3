"""Files of fitted emulators: named arrays in one sealed npz file, which cannot run code."""

import dataclasses
from pathlib import Path
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, read_head
from retrodict.heavy_ion.calibration.emulators.emulator import AbstractEmulator, Readout
from retrodict.heavy_ion.calibration.emulators.gaussian_processes import GaussianProcessEmulator
from retrodict.heavy_ion.calibration.emulators.neural import NetworkEmulator, Networks
from retrodict.heavy_ion.calibration.emulators.polynomial_chaos import PolynomialEmulator
from retrodict.run.container import DamagedError, read, write

KIND: Final = "retrodict emulator"
EMULATORS: Final = {cls.__name__: cls for cls in (GaussianProcessEmulator, PolynomialEmulator, NetworkEmulator)}
PARTS: Final = {"readout": Readout, "networks": Networks}  # fields that are modules


def save_emulator(path: PathLike, emulator: AbstractEmulator) -> None:
    """Write an emulator to a file.

    Args:
        path: the file.
        emulator: the emulator.

    Raises:
        StorageError: if the file cannot be written.
    """
    arrays = {}
    for name in _fields(type(emulator)):
        value = getattr(emulator, name)
        inner = _fields(PARTS[name]) if name in PARTS else ()
        arrays |= {f"{name}/{one}": np.asarray(getattr(value, one)) for one in inner}
        arrays |= {} if inner else {name: np.asarray(value)}
    write(Path(path), arrays, {"kind": KIND, "emulator": type(emulator).__name__})


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
    try:
        return kind(**{name: _value(arrays, name) for name in _fields(kind)})
    except KeyError as error:
        raise InputError("the file of the emulator lacks an array", where=where, got=str(error)) from error


def _value(arrays: dict[str, np.ndarray], name: str) -> Any:  # a module or an array
    part = PARTS.get(name)
    if part is None:
        return jnp.asarray(arrays[name])
    return part(**{one: jnp.asarray(arrays[f"{name}/{one}"]) for one in _fields(part)})


def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))
