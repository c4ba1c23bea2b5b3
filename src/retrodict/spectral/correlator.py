r"""A Euclidean correlator with the covariance of its mean: what every reader returns and every problem starts from.

NumPy only. The argument is imaginary time `tau`, Euclidean momentum `momentum` or a Matsubara frequency `matsubara`; in
lattice units (`a`, `1/a`) or in GeV (`GeV^-1`, `GeV`). Functions return a new correlator; a linear map A of the points
takes the covariance C to $A C A^T$, so that nothing is assumed to be independent.
"""

import math
import re
from dataclasses import dataclass, replace

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import Source
from retrodict.base.shapes import Float, Int
from retrodict.base.units import factor
from retrodict.num.correlations import correlation_modes, is_positive, is_surely_positive
from retrodict.spectral.folding import folding, mirror_pairs, require_symmetry
from retrodict.spectral.units import EUCLIDEAN_TIME

LATTICE_UNIT = {"tau": "a", "momentum": "1/a", "matsubara": "1/a"}
PHYSICAL_UNIT = {"tau": "GeV^-1", "momentum": "GeV", "matsubara": "GeV"}
MAX_POINTS = 4096  # the covariance then takes 128 MiB
SIGN_PULL = 5.0  # standard deviations by which a positive correlator may be negative

_POWER_OF_SPACING = re.compile(r"a\^?(-?\d)|1/a(?:\^(\d))?")


@dataclass(frozen=True, eq=False)
class Correlator:
    """Means of a correlator at ascending points, and the covariance of the means.

    Args:
        grid: points, ascending and not negative, in `grid_unit`, shape (points,).
        mean: values in `unit`, shape (points,).
        covariance: of the means, in the square of `unit`: symmetric, positive definite, shape (points, points).
        argument: what the grid is: `tau`, `momentum` or `matsubara`.
        grid_unit: `a` or `GeV^-1` for tau, `1/a` or `GeV` for the others.
        unit: of the values; "" where the file names none.
        samples: independent samples behind the covariance; None where the covariance was given.
        method: how the covariance was obtained, in words.
        notes: warnings, each with the remedy applied.
        file: where the data come from.
        inflation: of the covariance in a fit, for what few samples hide; the errors of the points themselves have none.

    Example:
        >>> grid, mean = np.array([1.0, 2.0, 3.0]), np.array([0.8, 0.5, 0.3])
        >>> source = Source("example", "", 0)
        >>> data = Correlator(grid, mean, np.diag([0.01, 0.02, 0.03]) ** 2, "tau", "a", "", None, "given", (), source)
        >>> data.in_range(2.0).error
        array([0.02, 0.03])
        >>> data.in_units(lattice_spacing=0.1).grid.round(3)  # GeV^-1
        array([0.507, 1.014, 1.52 ])
    """

    grid: Float[np.ndarray, "..."]  # any shape before `check`, (points,) after it; so the next two
    mean: Float[np.ndarray, "..."]
    covariance: Float[np.ndarray, "..."]
    argument: str
    grid_unit: str
    unit: str
    samples: int | None
    method: str
    notes: tuple[str, ...]
    file: Source
    inflation: float = 1.0

    def __len__(self) -> int:
        return len(self.grid)

    @property
    def error(self) -> Float[np.ndarray, " points"]:
        """One-sigma errors of the means, in `unit`."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlation(self) -> Float[np.ndarray, "points points"]:
        """The correlation matrix of the means."""
        return self.covariance / np.outer(self.error, self.error)

    def in_range(self, lower: float | None = None, upper: float | None = None) -> "Correlator":
        """The points with lower <= grid <= upper.

        Args:
            lower: least grid point kept [grid_unit]; None keeps all.
            upper: largest grid point kept [grid_unit]; None keeps all.

        Raises:
            InputError: if fewer than two points remain.
        """
        keep = indices_within(self.grid, lower, upper, self.file.path)
        block = self.covariance[np.ix_(keep, keep)]
        return replace(self, grid=self.grid[keep], mean=self.mean[keep], covariance=block)

    def fold(self, time_extent: float) -> "Correlator":
        """Average tau and T - tau of a correlator that is symmetric about T/2; times from 0 to T/2 remain.

        Args:
            time_extent: T, in the unit of the grid.

        Raises:
            InputError: if the correlator is not symmetric within its errors, an antisymmetric one for instance.
        """
        check_symmetry(self, time_extent)
        grid, average = folding(self.grid, time_extent, self.file.path)
        covariance = average @ self.covariance @ average.T
        note = f"folded about T/2 with T = {time_extent:g} {self.grid_unit}"
        mean = average @ self.mean
        return replace(self, grid=grid, mean=mean, covariance=symmetrise(covariance), notes=(*self.notes, note))

    def in_units(self, *, lattice_spacing: float, unit: str = "fm") -> "Correlator":
        """Convert from lattice units to GeV.

        Values are converted where their unit is a power of a, `a^-3` for instance; values of any other unit stay.

        Args:
            lattice_spacing: a, in `unit`.
            unit: of the lattice spacing, `fm` or `GeV^-1`.

        Raises:
            InputError: if the correlator is in GeV already, or the lattice spacing is not positive.
        """
        if self.grid_unit != LATTICE_UNIT[self.argument]:
            expected = f"a correlator in lattice units ({LATTICE_UNIT[self.argument]})"
            what, fix = "the correlator has physical units", "leave lattice_spacing out"
            raise InputError(what, where=self.file.path, got=self.grid_unit, expected=expected, fix=fix)
        spacing = inverse_gev(lattice_spacing, unit)
        power = _power_of_spacing(self.unit)
        scale = spacing ** (power or 0)
        return replace(
            self,
            grid=self.grid * (spacing if self.argument == "tau" else 1.0 / spacing),
            mean=self.mean * scale,
            covariance=self.covariance * scale**2,
            grid_unit=PHYSICAL_UNIT[self.argument],
            unit=f"GeV^{-power}" if power else self.unit,
        )


def inverse_gev(lattice_spacing: float, unit: str = "fm") -> float:
    """Convert a lattice spacing to GeV^-1.

    Args:
        lattice_spacing: a, in `unit`.
        unit: `fm` or `GeV^-1`.

    Raises:
        InputError: unless the lattice spacing is a positive length.

    Example:
        >>> round(inverse_gev(0.1), 4)
        0.5068
    """
    spacing = lattice_spacing * factor(unit, EUCLIDEAN_TIME, "lattice_spacing")
    if not (math.isfinite(spacing) and spacing > 0):
        got, expected = f"{lattice_spacing:g} {unit}", "a positive length"
        raise InputError("the lattice spacing is not positive", where="lattice_spacing", got=got, expected=expected)
    return spacing


def check(correlator: Correlator, svd_cut: float = 0.0) -> Correlator:
    """Sort and symmetrise a correlator, raise small modes of its correlations, and check that it can be used.

    Args:
        correlator: as a reader returns it.
        svd_cut: eigenvalues of the correlation matrix below this part of the largest are raised to it.

    Raises:
        InputError: for wrong shapes, too few or too many points, NaN, negative or duplicate grid points, variances
            that are not positive, a covariance that is not symmetric or not positive definite after the cut.
    """
    where = correlator.file.path
    _check_shapes(correlator, where)
    correlator = _sort(correlator, where)
    covariance = _check_variances(correlator, where)
    error = np.sqrt(np.diag(covariance))
    if svd_cut <= 0.0 and is_surely_positive(covariance / np.outer(error, error)):
        return replace(correlator, covariance=covariance)
    value, vector, sigma = correlation_modes(covariance, svd_cut)
    if not is_positive(value):
        raise _not_positive(correlator, float(value[0]))
    if svd_cut > 0.0:
        covariance = symmetrise(np.outer(sigma, sigma) * ((vector * value) @ vector.T))
    return replace(correlator, covariance=covariance)


def check_sign(correlator: Correlator) -> None:
    """Refuse values that a positive kernel and a positive spectral function cannot give.

    For the Kallen-Lehmann, exponential and bosonic thermal kernels.

    Args:
        correlator: a checked correlator.

    Raises:
        InputError: if a value is more than five errors below zero.
    """
    pull = correlator.mean / correlator.error
    if (pull >= -SIGN_PULL).all():
        return
    worst = int(np.argmin(pull))
    got = f"{correlator.mean[worst]:.4g} +- {correlator.error[worst]:.2g} at {_point(correlator, worst)}"
    negative = bool((pull < 0).all())
    fix = (
        "multiply the values by -1"
        if negative
        else "check the sign convention, or allow a spectral function of free sign"
    )
    what = "the correlator is negative" + (" throughout" if negative else "")
    why = "a positive kernel times a positive spectral function is positive"
    raise InputError(what, where=correlator.file.path, got=got, expected="positive values", why=why, fix=fix)


def check_symmetry(correlator: Correlator, time_extent: float) -> float:
    """The largest `|G(tau) - G(T - tau)|` in units of its error, correlations included.

    Args:
        correlator: a checked correlator, a function of tau.
        time_extent: T, in the unit of the grid.

    Raises:
        InputError: if it is above five, or no two points mirror each other.
    """
    covariance = correlator.covariance
    pairs = mirror_pairs(correlator.grid, time_extent, correlator.file.path)
    left, right = pairs.T
    spread = covariance[left, left] + covariance[right, right] - 2.0 * covariance[left, right]
    error = np.sqrt(np.maximum(spread, 0.0))
    return require_symmetry(correlator.grid, correlator.mean, pairs, error, correlator.file.path)


def indices_within(
    grid: Float[np.ndarray, " points"], lower: float | None, upper: float | None, where: str
) -> Int[np.ndarray, " kept"]:
    """Indices of the grid points in a range, ends included.

    Args:
        grid: points, shape (points,).
        lower: lower end, in the unit of the grid; None: no limit.
        upper: upper end, in the unit of the grid; None: no limit.
        where: the file, for messages.

    Raises:
        InputError: if fewer than two points lie in the range.
    """
    low, high = -math.inf if lower is None else lower, math.inf if upper is None else upper
    keep = np.flatnonzero((grid >= low) & (grid <= high))
    if len(keep) < 2:
        got = f"{len(keep)} points between {low:g} and {high:g}"
        expected = f"at least two; the grid reaches from {grid.min():g} to {grid.max():g}"
        raise InputError("the range holds too few points", where=where, got=got, expected=expected)
    return keep


def symmetrise(matrix: Float[np.ndarray, "points points"]) -> Float[np.ndarray, "points points"]:
    """(M + M^T) / 2, of a square `matrix` M."""
    return 0.5 * (matrix + matrix.T)


def _check_shapes(correlator: Correlator, where: str) -> None:
    points = len(correlator.grid)
    if not 2 <= points <= MAX_POINTS:
        raise InputError(
            "too few or too many points",
            where=where,
            got=str(points),
            expected=f"2 to {MAX_POINTS}",
            fix="choose points with lower and upper",
        )
    if correlator.mean.shape != (points,) or correlator.covariance.shape != (points, points):
        got = f"means {correlator.mean.shape}, covariance {correlator.covariance.shape}"
        expected = f"({points},) and ({points}, {points})"
        raise InputError("grid, means and covariance do not fit together", where=where, got=got, expected=expected)
    for name in ("grid", "mean", "covariance"):
        values = getattr(correlator, name)
        if not np.isfinite(values).all():
            place = ", ".join(str(i) for i in np.argwhere(~np.isfinite(values))[0])
            fix = "remove the point, or find out why the number is missing"
            raise InputError(f"the {name} holds a value that is not finite", where=f"{where}, index {place}", fix=fix)


def _sort(correlator: Correlator, where: str) -> Correlator:
    grid = correlator.grid
    order = np.argsort(grid, kind="stable")
    steps = np.diff(grid[order])
    if grid.min() < 0.0:
        what, fix = "a grid point is negative", "keep the points >= 0: the correlator is even or periodic"
        raise InputError(what, where=where, got=f"{grid.min():g}", expected=f"{correlator.argument} >= 0", fix=fix)
    if (steps <= 1e-12 * grid.max()).any():
        got = f"{grid[order][int(np.argmin(steps))]:g} twice"
        fix = "average the values that belong to one point, or remove one"
        raise InputError("the grid has duplicate points", where=where, got=got, fix=fix)
    if (order == np.arange(len(grid))).all():
        return correlator
    covariance = correlator.covariance[np.ix_(order, order)]
    notes = (*correlator.notes, "the grid was not in order: sorted, the covariance with it")
    return replace(correlator, grid=grid[order], mean=correlator.mean[order], covariance=covariance, notes=notes)


def _check_variances(correlator: Correlator, where: str) -> Float[np.ndarray, "points points"]:
    """The covariance, exactly symmetric."""
    covariance, variance = correlator.covariance, np.diag(correlator.covariance)
    if (variance <= 0.0).any():
        index = int(np.argmin(variance))
        got, fix = (
            f"{variance[index]:.3g} at {_point(correlator, index)}",
            "remove the point, or give it the error that it has",
        )
        raise InputError("a variance is not positive", where=where, got=got, expected="more than 0", fix=fix)
    scale = np.sqrt(np.outer(variance, variance))
    if (np.abs(covariance - covariance.T) > 1e-8 * scale).any():
        raise InputError("the covariance is not symmetric", where=where, fix="give C[i, j] = C[j, i]")
    return symmetrise(covariance)


def _not_positive(correlator: Correlator, least: float) -> InputError:
    few = correlator.samples is not None and correlator.samples <= len(correlator)
    why = f"{correlator.samples} samples for {len(correlator)} points" if few else "rounded entries, or too few samples"
    return InputError(
        f"covariance is not positive definite (smallest eigenvalue of the correlations {least:.2g})",
        where=f"{correlator.file.path}, {len(correlator)} x {len(correlator)}",
        why=why,
        fix="errors.svd_cut: 1e-6   (or: errors.shrinkage: 0.1, or fewer points)",
    )


def _point(correlator: Correlator, index: int) -> str:
    return f"{correlator.argument} = {correlator.grid[index]:g} {correlator.grid_unit}"


def _power_of_spacing(unit: str) -> int | None:
    """n where `unit` is a^n."""
    match = _POWER_OF_SPACING.fullmatch(unit.replace(" ", ""))
    if match is None:
        return 1 if unit == "a" else None
    return int(match[1]) if match[1] else -int(match[2] or 1)
