"""A description of an R-correlator: samples, times, points, the potential in lattice units, lines for a config."""

import numpy as np

from retrodict.base.description import quoted, value_range
from retrodict.base.files import JSON, PathLike
from retrodict.hadron.hal_qcd.correlator import RCorrelator
from retrodict.hadron.hal_qcd.readers import read_r_correlator

NOISY = 0.1  # relative error of R above which its logarithm is no longer linear in the noise


def inspect(path: PathLike, columns: str = "") -> dict[str, JSON]:
    """Describe an R-correlator.

    Args:
        path: the file.
        columns: names of the columns of a table without a header.

    Returns:
        A mapping that JSON can hold, of kind `r_correlator`.

    Raises:
        UnknownKind: for a readable file that is no R-correlator.
        InputError: for one that breaks the rules.
    """
    correlator = read_r_correlator(path, columns=columns)
    mean = correlator.values.mean(axis=1)
    error = np.sqrt(correlator.samples - 1.0) * correlator.values.std(axis=1) / mean
    energy = np.log(ground_sum(correlator)[:-1] / ground_sum(correlator)[1:])
    warnings = []
    if error.max() > NOISY:
        warnings.append(f"errors of R up to {error.max():.0%}: earlier times are more precise")
    return {
        "kind": "r_correlator",
        "file": correlator.source.path,
        "sha256": correlator.source.sha256,
        "samples": correlator.samples,
        "times": correlator.times.tolist(),
        "potential_at": correlator.inner_times.tolist(),
        "extent": correlator.wedge.extent,
        "points": len(correlator.wedge.points),
        "relative_error": {"least": float(error.min()), "largest": float(error.max())},
        "effective_energy_shift": [
            {"time": float(t) + 0.5, "value": float(e), "unit": "1/a"}
            for t, e in zip(correlator.times[:-1], energy, strict=True)
        ],
        "r": value_range(correlator.wedge.distance, "a"),
        "warnings": warnings,
        "config": "\n".join(
            (
                "problem:",
                f"  data: {quoted(correlator.source.path)}",
                "  analysis:",
                "    kind: HalQcd",
                f"    times: [{correlator.inner_times[len(correlator.inner_times) // 2]}]",
                "    lattice_spacing: null   # fm",
                "    mass: null              # of one hadron, in lattice units",
            )
        ),
    }


def ground_sum(correlator: RCorrelator) -> np.ndarray:
    """The mean over samples of the sum of R over the lattice, at each time: the state at rest.

    Args:
        correlator: R.
    """
    return correlator.values.mean(axis=1) @ correlator.wedge.multiplicity
