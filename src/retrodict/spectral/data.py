"""Data of the spectral domain: correlators as lattice and continuum groups keep them, read safely and checked.

`read_correlator` understands CSV, .npz and JSON of means with errors or a covariance, and measurements in gvar text,
HDF5 arrays, the files of Hadrons and the JSON of pyerrors. It returns means with the covariance of the means, or raises
one `InputError` that says what to do. What is a property of honest data, such as few configurations, is a note that
names the remedy applied.
"""

from dataclasses import replace

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.tables import ColumnNames
from retrodict.spectral.correlator import Correlator, check_sign, check_symmetry, checked
from retrodict.spectral.estimation import Errors, estimate, hartlap_inflation
from retrodict.spectral.readers.opening import open_correlator
from retrodict.spectral.resampling import Bootstrap, Jackknife
from retrodict.spectral.samples import CorrelatorSamples

__all__ = [
    "Bootstrap",
    "Correlator",
    "CorrelatorSamples",
    "Errors",
    "Jackknife",
    "check_sign",
    "check_symmetry",
    "estimate",
    "hartlap_inflation",
    "read_correlator",
    "read_samples",
]


def read_correlator(
    path: PathLike,
    *,
    dataset: str = "",
    covariance: PathLike | None = None,
    columns: ColumnNames | None = None,
    errors: Errors | None = None,
    time_extent: float | None = None,
    lower: float | None = None,
    upper: float | None = None,
) -> Correlator:
    """The correlator in a file, or in a folder of Hadrons files, by content and never by suffix.

    - `dataset` picks one where a file holds several: a tag, the path of an HDF5 array or group, a pyerrors structure.
    - `covariance` is a second file with the covariance matrix of the means, in their order.
    - `columns` names those of a table that has no header: `"tau [GeV^-1], G, sigma"`.
    - `errors` says how measurements become a covariance, and holds the SVD cut.
    - `time_extent` T folds tau and T - tau together, before a covariance is estimated; `lower` and `upper` cut the grid
      after that. All three are in the unit of the grid: 0, 1, 2, ... for measurements.

    Raises `InputError`.
    """
    raw, _ = open_correlator(path, dataset, covariance, columns)
    return finish(raw, errors, time_extent, lower, upper)


def read_samples(path: PathLike, *, dataset: str = "") -> CorrelatorSamples:
    """The measurements in a file, in Monte Carlo order. Raises `InputError` for a file of means."""
    raw, form = open_correlator(path, dataset)
    if isinstance(raw, Correlator):
        fix = "read_correlator reads means with their errors"
        raise InputError("the file holds means, not measurements", where=raw.file.path, got=form, fix=fix)
    return raw


@np.errstate(all="ignore")  # what overflows is not finite, and refused as such
def finish(
    raw: Correlator | CorrelatorSamples,
    errors: Errors | None = None,
    time_extent: float | None = None,
    lower: float | None = None,
    upper: float | None = None,
) -> Correlator:
    """From what a reader returned to a checked correlator: folded, cut, and with a covariance. Raises `InputError`."""
    errors = Errors() if errors is None else errors
    if isinstance(raw, CorrelatorSamples):
        folded = raw if time_extent is None else raw.folded(time_extent)
        return estimate(folded if lower is None and upper is None else folded.in_range(lower, upper), errors)
    if time_extent is not None:
        raw = checked(raw, errors.svd_cut).folded(time_extent)
    raw = raw if lower is None and upper is None else raw.in_range(lower, upper)
    return checked(_shrunk(raw, errors), errors.svd_cut)


def _shrunk(correlator: Correlator, errors: Errors) -> Correlator:
    """A given covariance is changed on request only."""
    method, covariance = correlator.method, correlator.covariance
    if errors.shrinkage:
        diagonal = np.diag(np.diag(covariance))
        covariance = (1.0 - errors.shrinkage) * covariance + errors.shrinkage * diagonal
        method += f", correlations shrunk by {errors.shrinkage:g}"
    if errors.svd_cut > 0.0:
        method += f", correlation eigenvalues raised to {errors.svd_cut:g} of the largest"
    return replace(correlator, covariance=covariance, method=method)
