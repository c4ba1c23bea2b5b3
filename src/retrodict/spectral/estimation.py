r"""From measurements to means with a covariance: autocorrelation, bins, resampling, shrinkage, SVD cut.

One measurement is a row: the correlator on one gauge configuration, in Monte Carlo order. The covariance of the mean
is estimated in three steps, each named in `Correlator.method`: correlations from bins long enough to be independent,
shrunk towards the diagonal by the weight of Ledoit and Wolf; errors that account for autocorrelation (by the Gamma
method, unless a bin size is given); small eigenvalues raised, if a cut is given.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.shapes import Bool, Float, Int
from retrodict.num.correlations import few_samples_inflation, shrunk_correlation
from retrodict.spectral.autocorrelation import Autocorrelation, Disagreement, integrated_times, replica_disagreement
from retrodict.spectral.correlator import Correlator, check, symmetrise
from retrodict.spectral.resampling import JACKKNIFE, Bootstrap, Jackknife, bin_means, pseudo_values
from retrodict.spectral.samples import CorrelatorSamples, Rows

SIGNIFICANT = 3.0  # standard deviations by which tau_int must exceed the 1/2 of independent data before bins form
LEAST_BINS = 4
DISAGREE = 1e-3  # Q below which replica do not sample the same distribution
LARGEST = 1e70  # of a value, so that its fourth power is still a number
NOTABLE_INFLATION = 1.1


@dataclass(frozen=True)
class Errors:
    """How the covariance of the mean is estimated.

    Without a `bin_size` and with autocorrelation, the error of each point is that of the Gamma method, and only the
    correlations come from bins, of twice the median of tau_int (the largest of many estimates of tau_int is too large,
    and long bins leave few). With a `bin_size`, errors and correlations come from bins of that size.

    Args:
        bin_size: measurements in a bin; None chooses it from the autocorrelation.
        rows: what a row of the data is: one of the `measurements`, the mean with one bin left out (`jackknife`), or
            the mean of bins drawn with replacement (`bootstrap`); a file may say so by the names of its columns.
        resampling: the estimator of the covariance from independent bins.
        shrinkage: weight of the diagonal in the correlations, 0 to 1; None estimates it (Ledoit and Wolf), and widens
            the errors of a fit by what few samples hide (`few_samples_inflation`).
        svd_cut: eigenvalues of the correlation matrix below this part of the largest are raised to it, 0 to 1.

    Raises:
        InputError: if a number is out of its range.

    Example:
        >>> Errors(bin_size=4, svd_cut=1e-8).shrinkage is None
        True
    """

    bin_size: int | None = None
    rows: Rows = "measurements"
    resampling: Jackknife | Bootstrap = JACKKNIFE
    shrinkage: float | None = None
    svd_cut: float = 0.0

    def __post_init__(self) -> None:
        for name, value, high in (("shrinkage", self.shrinkage, 1.0), ("svd_cut", self.svd_cut, 1.0)):
            if value is not None and not 0.0 <= value <= high:
                raise InputError(f"{name} is out of range", where=f"errors.{name}", got=f"{value:g}", expected="0 to 1")
        if self.bin_size is not None and self.bin_size < 1:
            raise InputError("a bin holds at least one measurement", where="errors.bin_size", got=str(self.bin_size))


@dataclass(frozen=True)
class _Part:
    """The covariance of the mean over one ensemble, (points, points), and the number of bins behind it."""

    covariance: Float[np.ndarray, "points points"]
    bins: int | None
    words: str
    notes: tuple[str, ...]
    inflation: float = 1.0


def estimate(samples: CorrelatorSamples, errors: Errors | None = None) -> Correlator:
    """Estimate the mean of measurements and its covariance.

    Args:
        samples: the measurements.
        errors: how the covariance is estimated; None takes the defaults.

    Raises:
        InputError: for data from which no covariance can be estimated: too few, not finite, or constant.

    Example:
        >>> from retrodict.spectral.mock import MockCorrelator
        >>> tau = np.arange(8.0)
        >>> samples = MockCorrelator(tau, np.exp(-tau / 4)).samples(np.random.default_rng(0), 200)
        >>> correlator = estimate(samples)
        >>> len(correlator), correlator.samples
        (8, 200)
    """
    errors = Errors() if errors is None else errors
    _check_rows(samples)
    stamps = samples.times or (None,) * len(samples.chains)
    parts = [_ensemble(chains, of, errors, samples) for chains, of in zip(samples.chains, stamps, strict=True)]
    covariance = np.sum([part.covariance for part in parts], axis=0)
    words = "; ".join(part.words for part in parts)
    if samples.further is not None:
        covariance, words = covariance + samples.further, f"{words}; covariance of external inputs added"
    if errors.svd_cut > 0.0:
        words += f"; correlation eigenvalues raised to {errors.svd_cut:g} of the largest"
    notes = dict.fromkeys([*samples.notes, *(note for part in parts for note in part.notes)])
    rough = Correlator(
        grid=samples.grid,
        mean=samples.mean,
        covariance=symmetrise(covariance),
        argument=samples.argument,
        grid_unit=samples.grid_unit,
        unit=samples.unit,
        samples=min((part.bins for part in parts if part.bins is not None), default=None),
        method=words,
        notes=tuple(notes),
        file=samples.file,
        inflation=max(part.inflation for part in parts),
    )
    return check(rough, errors.svd_cut)


def implied_bin_size(times: Autocorrelation, measurements: int) -> int:
    """The bin size that errors from bins need: 2 tau_int of the slowest point, rounded up; 1 without autocorrelation.

    Args:
        times: autocorrelation of every point.
        measurements: their number, in all replica.
    """
    slow = _is_autocorrelated(times, measurements)
    return math.ceil(2.0 * float(times.tau_int[slow].max())) if slow.any() else 1


def _is_autocorrelated(times: Autocorrelation, measurements: int) -> Bool[np.ndarray, " points"]:
    """Where tau_int exceeds 1/2 significantly: over W lags that of independent data scatters by sqrt(W / N)."""
    return times.tau_int - 0.5 > SIGNIFICANT * np.sqrt(np.maximum(times.window, 1) / measurements)


def hartlap_inflation(samples: int, points: int) -> float | None:
    """(N - 1) / (N - p - 2), by which the inverse of a sample covariance is too large on average.

    Exact for a Gaussian sample covariance, without shrinkage or cut. Source: Hartlap, Simon, Schneider, A&A 464 (2007)
    399; the likelihood itself is then a t-distribution: Sellentin, Heavens, MNRAS 456 (2016) L132.

    Args:
        samples: N, the number of independent samples.
        points: p, the number of points.

    Returns:
        The factor; None where it does not exist, N <= p + 2.

    Example:
        >>> round(hartlap_inflation(200, 24), 4), hartlap_inflation(20, 24)
        (1.1437, None)
    """
    return (samples - 1) / (samples - points - 2) if samples > points + 2 else None


def _ensemble(
    chains: tuple[Float[np.ndarray, "_ points"], ...],
    stamps: tuple[Int[np.ndarray, " _"], ...] | None,
    errors: Errors,
    samples: CorrelatorSamples,
) -> _Part:
    rows = samples.rows if errors.rows == "measurements" else errors.rows
    if rows == "jackknife":
        bins = pseudo_values(np.concatenate(chains))
        return _from_bins(bins, errors, f"{len(bins)} jackknife replicates", None, (), samples)
    if rows == "bootstrap":
        return _from_bootstrap(np.concatenate(chains), errors, samples)
    times = integrated_times(chains, stamps)
    total = sum(len(chain) for chain in chains)
    implied = implied_bin_size(times, total)
    by_gamma = errors.bin_size is None and implied > 1
    typical = math.ceil(2.0 * float(np.median(times.tau_int))) if by_gamma else 1
    chosen = min(typical, max(1, total // LEAST_BINS)) if errors.bin_size is None else errors.bin_size
    bins = _enough_bins(chains, chosen, times, samples.file.path)
    words = f"{total} measurements, tau_int {times.tau_int.max():.2g}, {len(bins)} bins of {chosen}"
    apart = replica_disagreement(chains, stamps)
    if apart is not None and apart.q < DISAGREE:
        notes = (_disagreement_note(apart, samples),)
    else:
        notes = _autocorrelation_notes(times, chosen, implied, by_gamma)
    part = _from_bins(bins, errors, words, times.error if by_gamma else None, notes, samples)
    share = 1.0 if by_gamma else len(bins) * chosen / total  # the mean is over the incomplete last bin, too
    return replace(part, covariance=share * part.covariance)


def _from_bins(
    bins: Float[np.ndarray, "bins points"],
    errors: Errors,
    words: str,
    gamma_error: Float[np.ndarray, " points"] | None,
    notes: tuple[str, ...],
    samples: CorrelatorSamples,
) -> _Part:
    """Correlations of the bins, shrunk, and their errors or those of the Gamma method."""
    _, spread, weight = shrunk_correlation(bins, errors.shrinkage)
    _refuse_constant(spread, samples)
    covariance = errors.resampling.covariance(bins)
    sigma = np.sqrt(np.diag(covariance))
    correlation = (1 - weight) * covariance / np.outer(sigma, sigma) + weight * np.eye(len(sigma))
    sigma = sigma if gamma_error is None else gamma_error
    inflation = few_samples_inflation(bins, None) if errors.shrinkage is None else 1.0
    words = f"{type(errors.resampling).__name__.lower()} of {words}, correlations shrunk by {weight:.2g}"
    words += "" if gamma_error is None else ", errors by the Gamma method"
    words += f", in a fit times {inflation:.3g}" if inflation > 1 else ""
    notes = (*notes, *_sample_notes(len(bins), len(sigma), weight, inflation))
    return _Part(correlation * np.outer(sigma, sigma), len(bins), words, notes, inflation)


def _from_bootstrap(
    replicates: Float[np.ndarray, "replicates points"], errors: Errors, samples: CorrelatorSamples
) -> _Part:
    """Replicates scatter as the mean does; shrinkage corrects for few replicates, not for few measurements."""
    correlation, sigma, weight = shrunk_correlation(replicates, errors.shrinkage)
    _refuse_constant(sigma, samples)
    words = f"{len(replicates)} bootstrap replicates, correlations shrunk by {weight:.2g}"
    note = "the number of measurements behind the bootstrap replicates is unknown: chi-squared is not corrected for it"
    return _Part(correlation * np.outer(sigma, sigma), None, words, (note,))


def _enough_bins(
    chains: tuple[Float[np.ndarray, "_ points"], ...], size: int, times: Autocorrelation, where: str
) -> Float[np.ndarray, "bins points"]:
    """Means of bins of `size` measurements; `InputError` for fewer than four bins."""
    bins = sum(len(chain) // size for chain in chains)
    if bins < LEAST_BINS:
        got = f"{bins} bins of {size}, tau_int {times.tau_int.max():.3g}"
        fix = "more configurations, or errors.bin_size: 1 if they are known to be independent"
        expected = f"at least {LEAST_BINS} independent bins"
        raise InputError("too few independent measurements", where=where, got=got, expected=expected, fix=fix)
    return bin_means(chains, size)


def _autocorrelation_notes(times: Autocorrelation, size: int, implied: int, by_gamma: bool) -> tuple[str, ...]:
    slow = times.slowest()
    tau, error = times.tau_int[slow], times.tau_int_error[slow]
    if by_gamma:
        remedy = f"bins of {size} for the correlations, errors by the Gamma method"
        return (f"the measurements are autocorrelated, tau_int = {tau:.2g} +- {error:.1g}: {remedy}",)
    if size < implied:
        short = f"bins of {size} are shorter than 2 tau_int = {2 * tau:.2g}: the errors are too small"
        return (f"{short}; leave errors.bin_size out, or set it to {implied} or more",)
    return ()


def _disagreement_note(apart: Disagreement, samples: CorrelatorSamples) -> str:
    each = ", ".join(f"{deviation:+.1f}" for deviation in apart.deviations)
    place = f"{samples.argument} = {samples.grid[apart.point]:g} {samples.grid_unit}"
    remedy = "look at their thermalisation, or leave one out; the errors hold the scatter of the replica"
    found = f"at {place} their means are {each} errors from the common one, Q = {apart.q:.1g}"
    return f"the replica disagree: {found}; {remedy}"


def _sample_notes(bins: int, points: int, weight: float, widened: float) -> tuple[str, ...]:
    """Warn of the effect of few samples on errors and chi-squared, and name the remedy applied."""
    inflation = hartlap_inflation(bins, points)
    correction = "chi-squared needs the correction of Hartlap or Sellentin and Heavens"
    remedy = f"remedy: correlations shrunk by {weight:.2g} (Ledoit-Wolf)" if weight > 0 else "no remedy: shrinkage is 0"
    if widened > 1:
        remedy += f", and the covariance in a fit times {widened:.3g} (cross-validation over the samples)"
    if inflation is None:
        have = f"{bins} samples for {points} points"
        return (f"{have}: the inverse sample covariance does not exist or has no mean; {remedy}; {correction}",)
    if inflation > NOTABLE_INFLATION:
        have = f"{bins} samples for {points} points"
        factor = f"without shrinkage the inverse covariance is too large by (N - 1)/(N - p - 2) = {inflation:.3g}"
        return (f"{have}: {factor}; {remedy}; {correction}",)
    return ()


def _check_rows(samples: CorrelatorSamples) -> None:
    where, points = samples.file.path, len(samples.grid)
    for chain in (chain for replica in samples.chains for chain in replica):
        if chain.ndim != 2 or chain.shape[1] != points or not len(chain):
            got, expected = f"an array {chain.shape}", f"(measurements, {points})"
            raise InputError("the measurements do not fit the grid", where=where, got=got, expected=expected)
        usable = np.abs(chain) < LARGEST  # false for NaN, too
        if not usable.all():
            row, column = np.argwhere(~usable)[0]
            fix = "remove the measurement, or find out why the number is missing"
            place, got = f"{where}, measurement {row + 1}, point {column + 1}", repr(float(chain[row, column]))
            expected = f"a number below {LARGEST:g}"
            raise InputError("a value is missing or not finite", where=place, got=got, expected=expected, fix=fix)
    if samples.measurements < LEAST_BINS:
        expected = f"at least {LEAST_BINS}"
        fix = "a single measurement has no error: give means with errors instead (tau, G, sigma)"
        raise InputError("too few measurements", where=where, got=str(samples.measurements), expected=expected, fix=fix)


def _refuse_constant(spread: Float[np.ndarray, " points"], samples: CorrelatorSamples) -> None:
    scale = np.abs(samples.mean)
    constant = spread <= 1e-14 * scale
    if constant.any():
        index = int(np.argmax(constant))
        got = f"every measurement is the same at {samples.argument} = {samples.grid[index]:g} {samples.grid_unit}"
        fix = "leave the point out by a range (a normalised correlator has no error where it is 1)"
        raise InputError("a point has no statistical error", where=samples.file.path, got=got, fix=fix)
