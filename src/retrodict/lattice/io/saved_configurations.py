"""The configurations at which chains ended: read back from a run directory, and handed to other programs."""

from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Inexact

from retrodict.base.errors import InputError
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.core.configurations import FILE, complex_numbers
from retrodict.lattice.io.files import read_configurations
from retrodict.lattice.io.formats import arrays, ildg, nersc
from retrodict.lattice.io.gauge_field import GaugeField, file_layout

FORMATS: Final = {"npz": arrays.encode, "nersc": nersc.encode, "ildg": ildg.encode}


def saved_configurations(directory: Path, action: AbstractAction) -> Inexact[np.ndarray, "chain ..."] | None:
    """Read the configurations that a run has kept.

    Args:
        directory: the run directory.
        action: the action of the run.

    Returns:
        One configuration a chain, in the layout of the action; None if nothing was kept.

    Raises:
        InputError: for a damaged file, and for one of another action.
    """
    path = directory / FILE
    if not path.is_file():
        return None
    stored = read_configurations(path)
    name, parameters = type(action).__name__, action.parameters
    if stored.theory != name or dict(stored.parameters) != parameters:
        got, expected = f"{stored.theory} {dict(stored.parameters)}", f"{name} {parameters}"
        raise InputError("these configurations are of another action", where=str(path), got=got, expected=expected)
    return complex_numbers(stored.fields) if action.is_complex else stored.fields


def export_configurations(directory: Path, action: AbstractAction, form: str) -> dict[str, bytes]:
    """Write the links of each chain of a run in a format of the lattice community.

    Args:
        directory: the run directory.
        action: the action of the run.
        form: `npz`, `nersc` or `ildg`.

    Returns:
        The content of each file, by its name.

    Raises:
        InputError: for other theories than SU(3) in four dimensions, and for a run that kept no configurations.
    """
    if not action.is_archivable:
        got = f"{type(action).__name__} in {len(action.shape)} dimensions"
        fix = f"{FILE} is read by retrodict.lattice.read_configurations"
        raise InputError(f"{form} is for SU(3) links in four dimensions", where=str(directory), got=got, fix=fix)
    saved = saved_configurations(directory, action)
    if saved is None:
        raise InputError("this run kept no configurations", where=str(directory / FILE))
    suffix = "lime" if form == "ildg" else form
    fields = [GaugeField(file_layout(links)) for links in saved]
    return {f"configurations/{number:04d}.{suffix}": FORMATS[form](field) for number, field in enumerate(fields)}
