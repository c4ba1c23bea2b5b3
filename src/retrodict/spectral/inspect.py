"""A description of a correlator file: form, ranges, errors, autocorrelation, and lines to paste into a config."""

import numpy as np

from retrodict.base.column_names import ColumnNames
from retrodict.base.description import quoted, value_range
from retrodict.base.domain import Placed
from retrodict.base.errors import InputError
from retrodict.base.files import JSON, PathLike, Source
from retrodict.num.correlations import extreme_eigenvalues
from retrodict.spectral.autocorrelation import integrated_times, replica_disagreement
from retrodict.spectral.correlator import Correlator, check_symmetry
from retrodict.spectral.data import finish
from retrodict.spectral.folding import mirror_pairs
from retrodict.spectral.readers.candidates import SeveralCorrelators
from retrodict.spectral.readers.opening import open_correlator
from retrodict.spectral.samples import CorrelatorSamples

KERNELS = {"tau": "thermal", "momentum": "kallen-lehmann", "matsubara": "bosonic"}
ILL_CONDITIONED = 1e10  # condition number of the correlations above which chi-squared depends on rounding


def inspect(
    path: PathLike, columns: ColumnNames | None = None, dataset: str | int = "", covariance: PathLike | None = None
) -> dict[str, JSON]:
    """Describe a correlator file, or a folder of Hadrons files.

    Args:
        path: the file or folder.
        columns: names of the columns of a table without a header.
        dataset: which correlator, where the file holds several.
        covariance: a second file with the covariance of the means.

    Returns:
        A mapping that JSON can hold. Its `kind` is `correlator`, or `correlators` with a list of `datasets` where the
        file holds several and `dataset` picks none.

    Raises:
        UnknownKind: for a readable file that is no correlator.
        InputError: for a correlator that cannot be used.
    """
    try:
        raw, form = open_correlator(path, str(dataset), covariance, columns)
    except SeveralCorrelators as several:
        return _several(path, several)
    said = {"dataset": dataset, "covariance": covariance, "columns": columns}
    return _correlator(raw, finish(raw), form, {name: str(value) for name, value in said.items() if value})


def _several(path: PathLike, several: SeveralCorrelators) -> dict[str, JSON]:
    first = several.candidates[0].name
    return {
        "kind": "correlators",
        "file": str(path),
        "datasets": [
            {"path": one.name, "shape": list(one.shape), **({"holds": one.label} if one.label else {})}
            for one in several.candidates
        ],
        "warnings": ["several correlators: name one as dataset"],
        "config": f"problem:\n  data: {quoted(str(path))}\n  dataset: {quoted(first)}   # or another of the list",
    }


def _correlator(
    raw: Correlator | CorrelatorSamples, correlator: Correlator, form: str, said: dict[str, str]
) -> dict[str, JSON]:
    least, greatest = extreme_eigenvalues(correlator.correlation)
    ratio = np.abs(correlator.mean) / correlator.error
    condition, extent = greatest / least, _time_extent(correlator)
    return {
        **_header(form, correlator.file, correlator),
        "columns": {
            correlator.argument: value_range(correlator.grid, correlator.grid_unit),
            "value": value_range(correlator.mean, correlator.unit),
            "error": value_range(correlator.error, correlator.unit),
        },
        **_measurements(raw),
        "samples": correlator.samples,
        "covariance": correlator.method,
        "condition_number_of_correlations": condition,
        "smallest_relative_error": float(1.0 / ratio.max()),
        "signal_to_noise": {"first": float(ratio[0]), "median": float(np.median(ratio)), "last": float(ratio[-1])},
        "symmetric": extent is not None,
        "time_extent": {"value": extent, "unit": correlator.grid_unit},
        "warnings": [*correlator.notes, *_warnings(correlator, condition, extent)],
        "config": _config(correlator, said, extent),
    }


def _header(form: str, source: Source, correlator: Correlator) -> dict[str, JSON]:
    return {
        "kind": "correlator",
        "file": source.path,
        "format": form,
        "points": len(correlator),
        "argument": correlator.argument,
        "sha256": source.sha256,
        "size": {"value": source.size, "unit": "bytes"},
    }


def _measurements(raw: Correlator | CorrelatorSamples) -> dict[str, JSON]:
    """Rows and the slowest autocorrelation time, where there are measurements."""
    if isinstance(raw, Correlator):
        return {"measurements": None, "tau_int": None}
    if raw.rows != "measurements":
        return {"measurements": None, "tau_int": None, "replicates": raw.measurements, "resampling": raw.rows}
    stamps = raw.times or (None,) * len(raw.chains)
    times = [integrated_times(chains, of) for chains, of in zip(raw.chains, stamps, strict=True)]
    slowest = max(times, key=lambda one: one.tau_int.max())
    point = slowest.slowest()
    tau = {"largest": float(slowest.tau_int[point]), "error": float(slowest.tau_int_error[point])}
    place = f"{raw.argument} = {raw.grid[point]:g} {raw.grid_unit}"
    found = {"measurements": raw.measurements, "tau_int": {**tau, "unit": "measurements"}, "slowest_at": place}
    tested = [replica_disagreement(chains, of) for chains, of in zip(raw.chains, stamps, strict=True)]
    agreement = [{"replica": len(one.deviations), "q": one.q} for one in tested if one is not None]
    return {**found, "replica_agreement": agreement} if agreement else found


def _time_extent(correlator: Correlator) -> float | None:
    """T, if the points mirror each other about T/2: T one step beyond the last time, or as far from it as 0 from the
    first."""
    grid = correlator.grid
    for extent in (2.0 * grid[-1] - grid[-2], grid[-1] + grid[0]) if correlator.argument == "tau" else ():
        if len(mirror_pairs(grid, extent, "")) >= max(2, len(grid) // 2 - 1):
            try:
                check_symmetry(correlator, extent)
            except InputError:
                continue
            return float(extent)
    return None


def _warnings(correlator: Correlator, condition: float, extent: float | None) -> list[str]:
    found = []
    if condition > ILL_CONDITIONED:
        found.append(f"the correlations are nearly singular ({condition:.2g}): consider errors.svd_cut: 1e-8")
    if correlator.argument == "tau" and correlator.grid[0] == 0.0:
        found.append("tau = 0 is among the points: on a lattice it holds contact terms; lower: 1 leaves it out")
    if extent is not None:
        found.append(f"symmetric about T/2, both halves of a periodic correlator: time_extent: {extent:g} folds them")
    if (correlator.mean < -3.0 * correlator.error).any():
        found.append("some values are negative: a positive kernel and a positive spectral function cannot give them")
    return found


def _config(correlator: Correlator, said: dict[str, str], extent: float | None) -> str:
    lines = ["problem:", f"  data: {quoted(correlator.file.path)}"]
    lines += [f"  {name}: {quoted(value)}" for name, value in said.items()]
    lines.append(f"  kernel: {kernel_for(correlator.argument, extent)}")
    if extent is not None:
        lines.append(f"  time_extent: {extent:g}")
    return "\n".join(lines)


def kernel_for(argument: str, extent: float | None) -> str:
    """The kernel that is suggested for an `argument`: a thermal one only where the time `extent` is known, not None."""
    return "zero-temperature" if argument == "tau" and extent is None else KERNELS[argument]


def place_data(
    files: list[str], dataset: str | int = "", covariance: PathLike | None = None, columns: str = ""
) -> Placed:
    """The config fields to which the user's file goes, with the kernel and the period that it has.

    Args:
        files: one file that holds a correlator.
        dataset: which correlator, where the file holds several.
        covariance: a second file with the covariance of the means.
        columns: names of the columns of a table without a header.

    Raises:
        InputError: for several files, or one that is no correlator, or that holds several of which none is named.
    """
    if len(files) > 1:
        fix = "a covariance in a second file: --set covariance=FILE"
        raise InputError("one correlator at a time", got=", ".join(files), fix=fix)
    raw, _ = open_correlator(files[0], str(dataset), covariance, columns or None)
    correlator = finish(raw)
    extent = _time_extent(correlator)
    said = {"problem.dataset": str(dataset), "problem.covariance": covariance, "problem.columns": columns}
    found = {"problem.kernel": kernel_for(correlator.argument, extent), "problem.time_extent": extent}
    given = {name: value for name, value in said.items() if value}
    return Placed({"problem.data": files[0], **given, **found}, correlator.notes)
