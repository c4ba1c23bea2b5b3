"""Configurations from which the chains of a run start: those of a file, or those at which another run has ended."""

import os
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Inexact

from retrodict.base.arrays import read_npy
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, form_of, read_head
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.core.configurations import FILE, complex_numbers
from retrodict.lattice.io.files import read_configurations, read_gauge_field
from retrodict.lattice.io.formats import stream
from retrodict.lattice.io.gauge_field import PERIODIC, compute_layout

Fields = Inexact[np.ndarray, "configuration ..."]


class Wanted(NamedTuple):
    """What a configuration must be; known of an action that is being compiled, too.

    Args:
        theory: the name of the action.
        sites: extents of the lattice.
        layout: the axes of a configuration, in words.
        field: shape and type of a configuration.
        archivable: whether files of gauge links hold such configurations.
    """

    theory: str
    sites: tuple[int, ...]
    layout: str
    field: jax.ShapeDtypeStruct
    archivable: bool


def wanted_by(action: AbstractAction) -> Wanted:
    """What a configuration of an action is."""
    field = jax.eval_shape(action.cold)
    return Wanted(type(action).__name__, tuple(action.shape), action.layout, field, action.is_archivable)


def start_configurations(path: PathLike, wanted: Wanted) -> Fields:
    """Read and verify configurations to start from.

    Couplings may differ from those of the run that has kept them; theory and lattice may not.

    Args:
        path: a run directory, its `configurations.bin`, a gauge configuration (NERSC, ILDG, SciDAC, openQCD, MILC, npz)
            for SU(3) in four dimensions, or for real fields an `.npy` array of one configuration or several.
        wanted: what the configurations must be.

    Returns:
        One configuration or more, in the layout and the precision of the action.

    Raises:
        InputError: if the file cannot be read, fails a check, or holds configurations of another theory or lattice.
    """
    path = Path(path)
    if path.is_dir():
        if not (path / FILE).is_file():
            fix = f"name a run directory with {FILE}, or a configuration file"
            raise InputError("this folder is no run that kept its configurations", where=str(path), fix=fix)
        path = path / FILE
    head = read_head(path)
    if stream.recognises(head):
        fields = _from_stream(path, wanted)
    elif form_of(head) == "npy" and not np.issubdtype(wanted.field.dtype, np.complexfloating):
        fields = read_npy(path)[0]
        fields = fields[None] if fields.ndim == len(wanted.field.shape) else fields
    else:
        fields = _from_gauge_field(path, wanted)
    if fields.shape[1:] != wanted.field.shape or not len(fields):
        raise _mismatch(path, f"the shape {fields.shape}", f"{wanted.field.shape}, one or more of them")
    if not np.all(np.isfinite(fields)):
        raise InputError("a configuration is not finite", where=str(path))
    return fields.astype(wanted.field.dtype)


def _from_stream(path: Path, wanted: Wanted) -> Fields:
    stored = read_configurations(path)
    has = stored.theory, tuple(stored.parameters.get("shape", ())), stored.parameters.get("layout", "")
    if has != (wanted.theory, wanted.sites, wanted.layout):
        got, expected = (f"{theory} on {shape}, {layout}" for theory, shape, layout in (has, wanted[:3]))
        raise _mismatch(path, got, expected)
    is_complex = np.issubdtype(wanted.field.dtype, np.complexfloating)
    return complex_numbers(stored.fields) if is_complex else stored.fields


def _from_gauge_field(path: Path, wanted: Wanted) -> Fields:
    field = read_gauge_field(path)
    if not wanted.archivable:
        raise _mismatch(
            path, f"SU(3) links on {field.dimensions}", f"{wanted.theory} on {wanted.sites}, {wanted.layout}"
        )
    if field.dimensions != wanted.sites:
        raise _mismatch(path, f"links on {field.dimensions}", f"links on {wanted.sites} (x, y, z, t)")
    if field.boundary != PERIODIC:
        why = "the action of a run is that of a periodic lattice"
        raise InputError("not a periodic configuration", where=os.fspath(path), got=field.boundary, why=why)
    return compute_layout(field.links)[None]


def _mismatch(path: Path, got: str, expected: str) -> InputError:
    what = "the configurations to start from do not belong to this action"
    return InputError(what, where=str(path), got=got, expected=expected)
