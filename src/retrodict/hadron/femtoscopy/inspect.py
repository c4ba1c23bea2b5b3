"""A description of a table of a correlation function: ranges, errors, and lines to paste into a config."""

import numpy as np

from retrodict.base.description import quoted, value_range
from retrodict.base.files import JSON, PathLike
from retrodict.hadron.femtoscopy.reading import CorrelationData, read_correlation_function

FLAT: float = 0.1  # distance of C from one at the largest momenta, beyond which a normalisation is suggested


def describe(path: PathLike, columns: str = "") -> dict[str, JSON]:
    """Describe a table of a correlation function.

    Args:
        path: the file.
        columns: names and units of the columns of a table without a header.

    Returns:
        A mapping that JSON can hold; its `kind` is `correlation_function`.

    Raises:
        InputError: for a table that cannot be used.
    """
    data = read_correlation_function(path, columns)
    said = [f"  analysis: {{kind: Femtoscopy, columns: {quoted(columns)}}}"] if columns else []
    return {
        "kind": "correlation_function",
        "file": str(path),
        "points": len(data.momentum),
        "columns": {
            "momentum": value_range(data.momentum, "MeV"),
            "value": value_range(data.value, ""),
            "error": value_range(data.error, ""),
        },
        "bins": data.low is not None,
        "smallest_relative_error": float(np.min(data.error / np.maximum(data.value, 1e-300))),
        "sha256": data.source.sha256 if data.source else "",
        "warnings": [*data.notes, *_warnings(data)],
        "config": "\n".join(["problem:", f"  data: {quoted(str(path))}", *said]),
    }


def _warnings(data: CorrelationData) -> list[str]:
    pair = "which particles these are is not in the file: set particles, charge_product, identical and channels"
    last = slice(-max(len(data.momentum) // 5, 1), None)
    weight = data.error[last] ** -2
    mean, error = float(np.average(data.value[last], weights=weight)), float(weight.sum() ** -0.5)
    off = abs(mean - 1.0) > max(FLAT, 3.0 * error)
    level = f"C is {mean:.3g} at the largest momenta, not one: set normalisation or a baseline"
    return [pair, *([level] if off else [])]
