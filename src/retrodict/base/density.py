"""Densities of weighted draws, smoothed just enough to be drawn: for marginals and for 68 and 95 % regions."""

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from retrodict.base.figure import Density, Histogram, Line, Numbers, Role

REACH = 4.0  # standard deviations of the draws that a grid covers at most, beside their range
MARGIN = 0.12  # of that range, left empty at each side, so that smoothed contours close
QUARTILES = 1.349  # their distance in a normal distribution, in standard deviations
HEAVY = 4.0  # times the spread of the middle half: a standard deviation above it is that of the tails


def density_of(
    x: Numbers, y: Numbers, weight: Numbers = None, *, cells: int = 56, label: str = "", role: Role = "posterior"
) -> Density:
    """The joint density of draws: a histogram smoothed with Scott's bandwidth.

    Source: Scott, Multivariate Density Estimation (1992), eq. 6.44.

    Args:
        x: draws, any shape; those that are not finite are left out.
        y: draws of the other quantity, the same shape.
        weight: of each draw; equal if None.
        cells: of the grid along each axis.
        label: of the layer.
        role: of the layer.
    """
    x, y, weight = _finite(weight, x, y)
    edges = [_edges(values, weight, cells) for values in (x, y)]
    counts, *_ = np.histogram2d(x, y, bins=edges, weights=weight, density=True)
    width = effective_size(weight) ** (-1 / 6)
    sigma = [width * _sd(values, weight) / (grid[1] - grid[0]) for values, grid in zip((x, y), edges, strict=True)]
    smooth = gaussian_filter(counts, sigma, mode="constant")
    x_centre, y_centre = (0.5 * (grid[1:] + grid[:-1]) for grid in edges)
    return Density(x_centre, y_centre, smooth.T, label, role)


def histogram_of(
    x: Numbers,
    weight: Numbers = None,
    *,
    cells: int = 30,
    edges: Numbers = None,
    label: str = "",
    role: Role = "posterior",
) -> Histogram:
    """The density of draws as a histogram of unit area.

    Args:
        x: draws, any shape; those that are not finite are left out.
        weight: of each draw; equal if None.
        cells: how many, over the range of the draws.
        edges: of the cells, instead.
        label: of the layer.
        role: of the layer.
    """
    x, weight = _finite(weight, x)
    edges = _edges(x, weight, cells) if edges is None else np.asarray(edges)
    height, _ = np.histogram(x, bins=edges, weights=weight)
    return Histogram(edges, height / (weight.sum() * np.diff(edges)), label, role)


def marginal_of(
    x: Numbers,
    weight: Numbers = None,
    *,
    at: Numbers = None,
    cells: int = 120,
    label: str = "",
    role: Role = "reference",
    dashed: bool = False,
) -> Line:
    """The density of draws as a smooth curve: a Gaussian kernel with Scott's bandwidth.

    Args:
        x: draws, any shape; those that are not finite are left out.
        weight: of each draw; equal if None.
        at: equally spaced points at which it is wanted; over the range of the draws if None.
        cells: number of these points, if `at` is None.
        label: of the layer.
        role: of the layer.
        dashed: draw dashes.
    """
    x, weight = _finite(weight, x)
    at = _edges(x, weight, cells) if at is None else np.asarray(at, dtype=float)
    step = at[1] - at[0]
    width = max(effective_size(weight) ** -0.2 * _centre_and_spread(x, weight)[1], step)
    reach = int(np.ceil(REACH * width / step))  # so that what lies just outside is smoothed into the range
    centres = at[0] + step * np.arange(-reach, at.size + reach)
    edges = np.append(centres, centres[-1] + step) - 0.5 * step
    counts, _ = np.histogram(x, bins=edges, weights=weight)
    smooth = gaussian_filter1d(counts / (weight.sum() * step), width / step, mode="constant")
    return Line(at, smooth[reach : reach + at.size], label, role, dashed)


def effective_size(weight: Numbers) -> float:
    """Kish's effective number of draws, (sum w)^2 / sum w^2."""
    weight = np.asarray(weight, dtype=float)
    return float(weight.sum() ** 2 / np.sum(weight**2))


def _finite(weight: Numbers, *columns: Numbers) -> tuple[np.ndarray, ...]:
    """The columns and the weights, flattened, where every column is finite and the weight positive."""
    flat = [np.asarray(column, dtype=float).ravel() for column in columns]
    weight = np.ones(flat[0].size) if weight is None else np.asarray(weight, dtype=float).ravel()
    good = np.all(np.isfinite(flat), axis=0) & (weight > 0)
    if not good.any():
        raise ValueError("no finite draw with a positive weight")
    return *(column[good] for column in flat), weight[good]


def _centre_and_spread(x: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation; median and scaled interquartile range where a few draws make the former, as of a
    scattering length that passes through infinity."""
    mean, sd = float(np.average(x, weights=weight)), _sd(x, weight)
    order = np.argsort(x)
    level = np.cumsum(weight[order]) / weight.sum()
    low, median, high = (float(x[order][np.searchsorted(level, q)]) for q in (0.25, 0.5, 0.75))
    spread = (high - low) / QUARTILES
    return (median, spread) if 0.0 < HEAVY * spread < sd else (mean, sd)


def _sd(x: np.ndarray, weight: np.ndarray) -> float:
    mean = np.average(x, weights=weight)
    return float(np.sqrt(np.average((x - mean) ** 2, weights=weight)))


def _edges(x: np.ndarray, weight: np.ndarray, cells: int) -> np.ndarray:
    """Equal cells over the draws, without the far tail; a constant gets a small interval of its own."""
    mean, sd = _centre_and_spread(x, weight)
    if not sd > 1e-12 * max(1.0, abs(mean)):
        half = max(1e-6, 1e-3 * abs(mean))
        return np.linspace(mean - half, mean + half, cells + 1)
    low, high = max(x.min(), mean - REACH * sd), min(x.max(), mean + REACH * sd)
    margin = MARGIN * (high - low)
    return np.linspace(low - margin, high + margin, cells + 1)
