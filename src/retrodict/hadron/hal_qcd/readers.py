"""R-correlators in files: NPZ and HDF5 with the arrays R, t, points, extent; a table with a row for each value."""

from collections.abc import Mapping

import numpy as np

from retrodict.base.arrays import read_npz
from retrodict.base.columns import read_columns
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import PathLike, Source, form_of, read_head
from retrodict.base.shapes import Float, Int
from retrodict.hadron.hal_qcd.correlator import RCorrelator, Rows
from retrodict.hadron.hal_qcd.wedge import CubicWedge

ARRAYS = ("R", "t", "points", "extent")
COLUMNS = ("t", "sample", "x", "y", "z", "r_correlator")  # `R` in a table is read as `r`, which may be a distance
VALUE = ("r_correlator", "r", "corr", "value")
EXPECTED = "R (time, sample, point), t, points (point, 3) and extent, in lattice units"


def read_r_correlator(path: PathLike, rows: Rows = "jackknife", columns: str = "") -> RCorrelator:
    """The R-correlator in a file, in lattice units.

    Args:
        path: NPZ or HDF5 with `R` (time, sample, point), `t`, `points` (point, 3), `extent`; or a table with the
            columns t, sample, x, y, z, R, and `extent` where L is odd.
        rows: what the samples are.
        columns: names of the columns of a table without a header.

    Raises:
        UnknownKind: for a readable file that is no R-correlator.
        InputError: for an R-correlator that is incomplete or contradicts itself.
    """
    form = form_of(read_head(path))
    if form == "zip":
        archive = read_npz(path)
        return _from_arrays(archive.arrays, archive.source, rows)
    if form == "hdf5":
        return _from_hdf5(path, rows)
    return _from_table(path, rows, columns)


def _from_hdf5(path: PathLike, rows: Rows) -> RCorrelator:
    from retrodict.base.hdf5 import list_hdf5, read_hdf5

    datasets, source = list_hdf5(path)
    found = {name.rpartition("/")[2]: name for name in datasets}
    missing = [name for name in ARRAYS if name not in found]
    if missing:
        raise UnknownKind("no R-correlator", where=source.path, got=", ".join(found)[:300], expected=EXPECTED)
    arrays, source = read_hdf5(path, [found[name] for name in ARRAYS])
    return _from_arrays({name: arrays[found[name]] for name in ARRAYS}, source, rows)


def _from_arrays(arrays: Mapping[str, np.ndarray], source: Source, rows: Rows) -> RCorrelator:
    missing = [name for name in ARRAYS if name not in arrays]
    if missing:
        got = f"{', '.join(arrays)}"[:300]
        what = "no R-correlator" if "R" not in arrays else f"the R-correlator lacks {', '.join(missing)}"
        raise (UnknownKind if "R" not in arrays else InputError)(what, where=source.path, got=got, expected=EXPECTED)
    if np.size(arrays["extent"]) != 1:
        raise InputError(
            "one extent L for all three directions", where=source.path, got=f"{np.size(arrays['extent'])} numbers"
        )
    extent = int(_whole(np.reshape(arrays["extent"], 1), "extent", source)[0])
    points = _whole(arrays["points"], "points", source)
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError("points is an array (point, 3)", where=source.path, got=f"shape {points.shape}")
    times = _whole(np.atleast_1d(arrays["t"]), "t", source)
    order = np.argsort(times, kind="stable")
    values = np.asarray(arrays["R"], dtype=float)
    if values.ndim != 3 or len(values) != len(times):
        got = f"R {values.shape}, {len(times)} times"
        raise InputError("R is an array (time, sample, point)", where=source.path, got=got)
    return RCorrelator(values[order], times[order], _wedge(points, extent, source), rows, source)


def _wedge(points: Int[np.ndarray, "points xyz"], extent: int, source: Source) -> CubicWedge:
    if not 2 <= extent <= 512:
        raise InputError(
            "the extent of the lattice is no size", where=source.path, got=f"{extent}", expected="2 ... 512"
        )
    try:
        return CubicWedge(points, extent)
    except InputError as error:
        raise InputError(
            error.what, where=source.path, got=error.got, expected=error.expected, why=error.why
        ) from error


def _whole(values: Float[np.ndarray, "*shape"], name: str, source: Source) -> Int[np.ndarray, "*shape"]:
    if not np.all(np.isfinite(values)) or np.any(values != np.rint(values)) or np.any(np.abs(values) > 1e6):
        bad = np.asarray(values).ravel()[:4]
        raise InputError(
            f"{name} are whole numbers in units of the lattice spacing", where=source.path, got=f"{bad.tolist()}"
        )
    return np.rint(values).astype(int)


def _from_table(path: PathLike, rows: Rows, columns: str) -> RCorrelator:
    table = read_columns(path, columns or None)
    names = {name.lower(): name for name in table.names}
    value = next((names[name] for name in VALUE if name in names), None)
    missing = [name for name in COLUMNS[:5] if name not in names]
    if value is None or missing:
        got, expected = ", ".join(table.names)[:300], "columns t, sample, x, y, z, R"
        raise UnknownKind("no R-correlator", where=table.source.path, got=got, expected=expected)
    whole = {name: _whole(table[names[name]], name, table.source) for name in COLUMNS[:5]}
    extent = int(table[names["extent"]][0]) if "extent" in names else 2 * int(whole["z"].max())
    times, at_time = np.unique(whole["t"], return_inverse=True)
    _, sample = np.unique(whole["sample"], return_inverse=True)
    points, point = np.unique(np.stack([whole[axis] for axis in "xyz"], axis=1), axis=0, return_inverse=True)
    shape = (len(times), int(sample.max()) + 1, len(points))
    cell = np.ravel_multi_index((at_time, sample, point.ravel()), shape)
    if len(cell) != int(np.prod(shape)) or len(np.unique(cell)) != len(cell):
        raise InputError(
            "each time and sample has one value at each point",
            where=table.source.path,
            got=f"{len(at_time)} rows",
            expected=f"{shape[0]} times x {shape[1]} samples x {shape[2]} points = {int(np.prod(shape))} rows",
        )
    values = np.empty(shape)
    values[at_time, sample, point.ravel()] = table[value]
    return RCorrelator(values, times, _wedge(points, extent, table.source), rows, table.source)
