"""Data of the spectral domain: correlators as lattice and continuum groups keep them, read safely and checked.

`read_correlator` understands CSV, .npz and JSON of means with errors or a covariance, and measurements in gvar text,
HDF5 arrays, the files of Hadrons and the JSON of pyerrors. It returns means with the covariance of the means, or raises
one `InputError` that says what to do. Properties that are no mistakes, such as few configurations, become notes that
name the remedy applied.
"""

from dataclasses import replace

import numpy as np

from retrodict.base.column_names import ColumnNames
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.spectral.correlator import Correlator, check, check_sign, check_symmetry
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
    """Read the correlator in a file, or in a folder of Hadrons files; its form is recognised by content, not by suffix.

    Args:
        path: the file or folder.
        dataset: which correlator, where a file holds several: a tag, the path of an HDF5 array or group, a pyerrors
            structure.
        covariance: a second file with the covariance matrix of the means, in their order.
        columns: names of the columns of a table without a header, e.g. `"tau [GeV^-1], G, sigma"`.
        errors: how measurements become a covariance, with the SVD cut; None takes the defaults.
        time_extent: T, in the unit of the grid (0, 1, 2, ... for measurements): tau and T - tau are averaged before a
            covariance is estimated. None does not fold.
        lower: least grid point kept after folding, in the unit of the grid.
        upper: largest grid point kept after folding, in the unit of the grid.

    Raises:
        InputError: if the file cannot be read, is no correlator, or its numbers cannot be used.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "correlator.csv"
        >>> _ = path.write_text("p [GeV], D [GeV^-2], sigma\\n0.5, 1.2, 0.01\\n1.0, 0.7, 0.01\\n1.5, 0.4, 0.01\\n")
        >>> data = read_correlator(path, lower=0.8)
        >>> data.argument, data.grid_unit, data.mean
        ('momentum', 'GeV', array([0.7, 0.4]))
    """
    raw, _ = open_correlator(path, dataset, covariance, columns)
    return finish(raw, errors, time_extent, lower, upper)


def read_samples(path: PathLike, *, dataset: str = "") -> CorrelatorSamples:
    """Read the measurements in a file, in Monte Carlo order.

    Args:
        path: the file or folder.
        dataset: which correlator, where a file holds several.

    Raises:
        InputError: as `read_correlator`, and for a file of means.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "meson.txt"
        >>> _ = path.write_text("meson 0.98 0.61 0.37\\nmeson 1.02 0.58 0.36\\n")
        >>> read_samples(path).mean
        array([1.   , 0.595, 0.365])
    """
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
    """Fold, cut and check what a reader returned, and estimate its covariance where it holds measurements.

    Args:
        raw: as a reader returns it.
        errors: how the covariance is estimated, shrunk and cut; None takes the defaults.
        time_extent: as in `read_correlator`; so `lower` and `upper`.
        lower: least grid point kept.
        upper: largest grid point kept.

    Raises:
        InputError: for data that cannot be used.
    """
    errors = Errors() if errors is None else errors
    if isinstance(raw, CorrelatorSamples):
        folded = raw if time_extent is None else raw.fold(time_extent)
        return estimate(folded if lower is None and upper is None else folded.in_range(lower, upper), errors)
    if time_extent is not None:
        raw = check(raw, errors.svd_cut).fold(time_extent)
    raw = raw if lower is None and upper is None else raw.in_range(lower, upper)
    return check(_shrink(raw, errors), errors.svd_cut)


def _shrink(correlator: Correlator, errors: Errors) -> Correlator:
    """Shrink a given covariance, on request only, and name what is done to it."""
    method, covariance = correlator.method, correlator.covariance
    if errors.shrinkage:
        diagonal = np.diag(np.diag(covariance))
        covariance = (1.0 - errors.shrinkage) * covariance + errors.shrinkage * diagonal
        method += f", correlations shrunk by {errors.shrinkage:g}"
    if errors.svd_cut > 0.0:
        method += f", correlation eigenvalues raised to {errors.svd_cut:g} of the largest"
    return replace(correlator, covariance=covariance, method=method)
