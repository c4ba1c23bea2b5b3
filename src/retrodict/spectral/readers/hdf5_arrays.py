"""HDF5: an array (configurations, times) under a path that the user gives, or a group of means with errors.

Complex arrays, also compound ones with the fields re and im, give their real part, with a note on the imaginary one.
Beside an array may stand its grid (`tau`, `p`, `omega_n`); the attribute `units` of either is read.
"""

from dataclasses import replace

import numpy as np

from retrodict.base.columns import note_unused
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import PathLike, Source
from retrodict.base.hdf5 import Dataset, list_hdf5, read_hdf5
from retrodict.base.shapes import Float
from retrodict.spectral.columns import GRID_NAMES
from retrodict.spectral.correlator import Correlator
from retrodict.spectral.readers.arrays import (
    EXPECTED,
    OTHERS_OUT,
    Roles,
    from_arrays,
    in_own_units,
    refuse_matrix,
    refuse_second,
    roles,
)
from retrodict.spectral.readers.candidates import Candidate, choose
from retrodict.spectral.samples import CorrelatorSamples

Datasets = dict[str, Dataset]


def read_hdf5_correlator(
    path: PathLike, dataset: str = "", covariance: Float[np.ndarray, "_ _"] | None = None
) -> Correlator | CorrelatorSamples:
    """Read a correlator, not yet checked.

    Args:
        path: the file.
        dataset: path of an array or a group in it; "" for the only one.
        covariance: of the means, from another file.

    Raises:
        UnknownKind: if there is no correlator in the file.
        InputError: for one that is incomplete or contradicts itself, or if several match.
    """
    datasets, source = list_hdf5(path)
    tables = _tables(datasets, source.path)
    candidates = sorted(
        [*_of_tables(tables, datasets), *_of_arrays(tables, datasets)], key=lambda candidate: candidate.name
    )
    if not candidates:
        listed = ", ".join(f"{name} {array.shape}" for name, array in list(datasets.items())[:12])
        if any(is_complex(array) and len(array.shape) == 1 for array in datasets.values()):
            what, fix = "the file holds a single measurement", "give the folder with one file a configuration"
            raise InputError(what, where=source.path, got=listed[:400], fix=fix)
        expected = f"an array (configurations, times), or {EXPECTED}"
        raise UnknownKind("no correlator in the HDF5 file", where=source.path, got=listed[:400], expected=expected)
    name = choose(candidates, dataset, source.path).name
    if (name := name.strip("/")) in tables:
        part = tables[name]
        names = (part.grid, part.mean, part.error, part.covariance)
        members = {_leaf(full): full for full in datasets if _parent(full) == name and _leaf(full).lower() in names}
        left = {_leaf(full).lower(): datasets[full].shape for full in datasets if _parent(full) == name}
        left = {leaf: shape for leaf, shape in left.items() if leaf not in names and shape}
        refuse_second(part, list(left), source.path, OTHERS_OUT)
        if covariance is None and not part.covariance:
            refuse_matrix(left, source.path)
        arrays, source = read_hdf5(path, list(members.values()))
        named = {leaf + _bracket(datasets[full].unit): arrays[full] for leaf, full in members.items()}
        means = from_arrays(named, source, covariance)
        return replace(means, notes=(*note_unused(list(left)), *means.notes))
    return _array(path, name, datasets)


def is_complex(array: Dataset) -> bool:
    """Whether an `array` has a real and an imaginary part."""
    return array.complex or set(array.fields) == {"re", "im"}


def real_part(path: PathLike, name: str, array: Dataset) -> tuple[Float[np.ndarray, "..."], tuple[str, ...], Source]:
    """Read the real part of an array.

    Args:
        path: the file.
        name: path of the array in it.
        array: its description.

    Returns:
        The numbers, notes on what was left out, and the source.
    """
    if not is_complex(array):
        arrays, source = read_hdf5(path, [name])
        return arrays[name], (), source
    arrays, source = read_hdf5(path, [f"{name}.re", f"{name}.im"])
    real, imaginary = arrays[f"{name}.re"], arrays[f"{name}.im"]
    note = imaginary_note(float(np.abs(real).sum()), float(np.abs(imaginary).sum()))
    return real, (note,), source


def imaginary_note(real: float, imaginary: float) -> str:
    """A note on the part that is not used, by the sums of the absolute values of the `real` and `imaginary` parts."""
    if not imaginary:
        return "complex numbers: the imaginary part is zero"
    hint = "; it is the larger one: is this the right channel?" if imaginary > real else ""
    return (
        f"complex numbers: the real part is used, the imaginary part is {imaginary / max(real, 1e-300):.2g} of it{hint}"
    )


def _tables(datasets: Datasets, where: str) -> dict[str, Roles]:
    """Groups that hold a grid and means."""
    members: dict[str, list[str]] = {}
    for name, array in datasets.items():
        if array.numeric and array.shape:
            members.setdefault(_parent(name), []).append(_leaf(name).lower())
    parts = {group: roles(tuple(names), f"{where}:/{group}") for group, names in members.items()}
    return {group: part for group, part in parts.items() if part.grid and part.mean and not part.only_samples}


def _of_tables(tables: dict[str, Roles], datasets: Datasets) -> list[Candidate]:
    candidates = []
    for group, part in tables.items():
        name = next(name for name in datasets if _parent(name) == group and _leaf(name).lower() == part.mean)
        candidates.append(Candidate(group or "/", datasets[name].shape))
    return candidates


def _of_arrays(tables: dict[str, Roles], datasets: Datasets) -> list[Candidate]:
    return [
        Candidate(name, array.shape)
        for name, array in datasets.items()
        if _parent(name) not in tables and len(array.shape) == 2 and array.shape[1] > 1
        if array.numeric or is_complex(array)
    ]


def _array(path: PathLike, name: str, datasets: Datasets) -> CorrelatorSamples:
    chain, notes, source = real_part(path, name, datasets[name])
    argument, grid, unit = _grid(path, name, datasets, chain.shape[1])
    if grid is None:
        grid, argument, grid_unit = np.arange(float(chain.shape[1])), "tau", "a"
    else:
        grid, grid_unit, more = in_own_units(grid, unit, argument, source.path)
        notes = (*notes, *more)
    return CorrelatorSamples(grid, ((chain,),), argument, grid_unit, datasets[name].unit, notes, source)


def _grid(
    path: PathLike, name: str, datasets: Datasets, points: int
) -> tuple[str, Float[np.ndarray, " points"] | None, str]:
    """The grid that stands beside an array, if one does: its argument, numbers and unit."""
    for full, array in datasets.items():
        argument = next((key for key, names in GRID_NAMES.items() if _leaf(full).lower() in names), "")
        if argument and _parent(full) == _parent(name) and array.numeric and array.shape == (points,):
            arrays, _ = read_hdf5(path, [full])
            return argument, arrays[full], array.unit
    return "", None, ""


def _parent(name: str) -> str:
    return name.rpartition("/")[0]


def _leaf(name: str) -> str:
    return name.rpartition("/")[2]


def _bracket(unit: str) -> str:
    return f" [{unit}]" if unit else ""
