"""Descriptions of the files of a calibration: ranges, bins, sources of errors, and lines to paste into a config."""

import numpy as np

from retrodict.base.description import quoted, value_range
from retrodict.base.files import JSON, PathLike
from retrodict.heavy_ion.calibration.readers.measured_files import read_measurements
from retrodict.heavy_ion.calibration.readers.ranges import read_ranges
from retrodict.heavy_ion.calibration.readers.runs import read_design, read_outputs


def describe_measurements(path: PathLike, columns: str = "") -> dict[str, JSON]:
    """Describe measurements.

    Args:
        path: a table, a table of HEPData, or a folder of these.
        columns: names of the columns of a table without a header.

    Returns:
        A mapping that JSON can hold; its `kind` is `measurements`.

    Raises:
        InputError: for files that cannot be used.
    """
    found = read_measurements(path, columns)
    rows = {name: np.array([one.observable == name for one in found.bins]) for name in found.observables}
    said = [f"  analysis: {{kind: Calibration, columns: {quoted(columns)}}}"] if columns else []
    return {
        "kind": "measurements",
        "file": str(path),
        "points": len(found.value),
        "observables": {
            name: {
                "points": int(mine.sum()),
                "value": value_range(found.value[mine], ""),
                "relative_error": value_range((found.error / np.abs(found.value))[mine], ""),
                "centrality": {
                    "least": min(one.low for one in found.bins if one.observable == name),
                    "largest": max(one.high for one in found.bins if one.observable == name),
                    "unit": "%",
                },
            }
            for name, mine in rows.items()
        },
        "sources": [{"name": source.name, "kind": source.kind} for source in found.sources],
        "warnings": list(found.notes),
        "config": "\n".join(["problem:", f"  data: {quoted(str(path))}", *said]),
    }


def describe_design(path: PathLike, columns: str = "") -> dict[str, JSON]:
    """Describe the design of a simulator.

    Args:
        path: one row a point, one column a parameter.
        columns: not used: a design names its parameters.

    Returns:
        A mapping that JSON can hold; its `kind` is `design`.

    Raises:
        InputError: for a file that cannot be used.
    """
    found = read_design(path)
    return {
        "kind": "design",
        "file": str(path),
        "points": len(found.values),
        "parameters": {
            name: value_range(found.values[:, i], unit)
            for i, (name, unit) in enumerate(zip(found.names, found.units, strict=True))
        },
        "indexed": found.indexed,
        "warnings": [] if found.indexed else ["points have no index: they are counted from 0"],
        "config": f"problem:\n  analysis: {{kind: Calibration, design: {quoted(str(path))}}}",
    }


def describe_outputs(path: PathLike, columns: str = "") -> dict[str, JSON]:
    """Describe the outputs of a simulator.

    Args:
        path: one row a point, columns `observable[low high]`.
        columns: not used: outputs name their bins.

    Returns:
        A mapping that JSON can hold; its `kind` is `outputs`.

    Raises:
        InputError: for a file that cannot be used.
    """
    found = read_outputs(path)
    failed = [int(i) for i in np.flatnonzero(~np.isfinite(found.values).all(axis=1))]
    names = list(dict.fromkeys(one.observable for one in found.bins))
    shown = ", ".join(map(str, failed[:20]))
    return {
        "kind": "outputs",
        "file": str(path),
        "points": len(found.values),
        "observables": {name: sum(one.observable == name for one in found.bins) for name in names},
        "errors": found.error is not None,
        "rows_without_numbers": failed,
        "warnings": [f"{len(failed)} rows have missing numbers: {shown}"] if failed else [],
        "config": f"problem:\n  analysis: {{kind: Calibration, outputs: {quoted(str(path))}}}",
    }


def describe_ranges(path: PathLike, columns: str = "") -> dict[str, JSON]:
    """Describe the prior ranges of parameters.

    Args:
        path: a table `param, min, max`.
        columns: not used: the table names its columns.

    Returns:
        A mapping that JSON can hold; its `kind` is `ranges`.

    Raises:
        InputError: for a file that cannot be used.
    """
    found = read_ranges(path)
    return {
        "kind": "ranges",
        "file": str(path),
        "parameters": {name: {"least": low, "largest": high} for name, (low, high) in found.items()},
        "warnings": [],
        "config": f"problem:\n  analysis: {{kind: Calibration, ranges: {quoted(str(path))}}}",
    }
