"""The configurations at which chains ended: kept in a run directory, read back, and handed to other programs."""

import dataclasses
from pathlib import Path
from typing import Any, Final

import numpy as np

from retrodict.base.errors import InputError
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.io.files import read_configurations
from retrodict.lattice.io.formats import arrays, ildg, nersc, stream
from retrodict.lattice.io.gauge_field import GaugeField, file_layout
from retrodict.lattice.theories.groups import SU3
from retrodict.lattice.theories.wilson import Wilson

FILE: Final = "configurations.bin"
FORMATS: Final = {"npz": arrays.encode, "nersc": nersc.encode, "ildg": ildg.encode}
_LAYOUTS: Final = {
    "U1": "direction",
    "SU2": "quaternion, direction",
    "SU3": "real and imaginary, row, column, direction",
}


def encode_configurations(action: AbstractAction, final: np.ndarray) -> bytes:
    """Configurations `(chain, ...)` as a stream; complex links become their real and imaginary parts."""
    final = np.asarray(final)
    if np.iscomplexobj(final):
        final = np.stack([np.real(final), np.imag(final)], axis=1)
    fitting = max(1, stream.LARGEST // max(final[0].nbytes, 1) - 1)
    kept = stream.Configurations(final[:fitting], type(action).__name__, parameters_of(action))
    return stream.encode(kept)


def parameters_of(action: AbstractAction) -> dict[str, Any]:
    """The couplings of an action, its group, and what the axes of a configuration are, by name; JSON values."""
    names = [one.name for one in dataclasses.fields(action) if one.name not in ("space", "shape", "group")]
    found = {name: np.asarray(getattr(action, name)).tolist() for name in names}
    group = type(action.group).__name__ if isinstance(action, Wilson) else ""
    layout = f"{_LAYOUTS[group]}, sites" if group else "sites"
    return {**found, **({"group": group} if group else {}), "shape": list(action.shape), "layout": layout}


def saved_configurations(directory: Path, action: AbstractAction) -> np.ndarray | None:
    """What `encode_configurations` wrote to a run directory, in the layout of the action; None if nothing was kept.

    Raises `InputError` for a damaged file, and for one of another action.
    """
    path = directory / FILE
    if not path.is_file():
        return None
    found = read_configurations(path)
    wanted = parameters_of(action)
    if found.theory != type(action).__name__ or dict(found.parameters) != wanted:
        got, expected = f"{found.theory} {dict(found.parameters)}", f"{type(action).__name__} {wanted}"
        raise InputError("these configurations are of another action", where=str(path), got=got, expected=expected)
    if isinstance(action, Wilson) and isinstance(action.group, SU3):
        return found.fields[:, 0] + 1j * found.fields[:, 1]
    return found.fields


def export_configurations(directory: Path, action: AbstractAction, form: str) -> dict[str, bytes]:
    """The links of each chain as `npz`, `nersc` or `ildg`, by file name. Raises `InputError` for other theories."""
    if not (isinstance(action, Wilson) and isinstance(action.group, SU3) and len(action.shape) == 4):
        got = f"{type(action).__name__} in {len(action.shape)} dimensions"
        fix = f"{FILE} is read by retrodict.lattice.read_configurations"
        raise InputError(f"{form} is for SU(3) links in four dimensions", where=str(directory), got=got, fix=fix)
    found = saved_configurations(directory, action)
    if found is None:
        raise InputError("this run kept no configurations", where=str(directory / FILE))
    suffix = "lime" if form == "ildg" else form
    fields = [GaugeField(file_layout(links)) for links in found]
    return {f"configurations/{number:04d}.{suffix}": FORMATS[form](one) for number, one in enumerate(fields)}
