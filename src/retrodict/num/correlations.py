"""Correlation matrices: shrunk towards the diagonal, small modes raised, positive or not. NumPy and SciPy only."""

from collections.abc import Callable
from typing import Final

import numpy as np
from jaxtyping import Float

Matrix = Float[np.ndarray, "points points"]
Samples = Float[np.ndarray, "samples points"]
Sigma = Float[np.ndarray, " points"]

SHAPES: Final = 5
FOLDS: Final = 10
FEWER_FOLDS: Final = 4  # of many points
STEPS: Final = 30  # of Lanczos
LARGE: Final = 512  # points, above which all eigenvectors take seconds: a Cholesky factor, a hundredth of that, serves


def shrunk_correlation(samples: Samples, weight: float | None) -> tuple[Matrix, Sigma, float]:
    """The correlation matrix of samples, shrunk towards the identity.

    Args:
        samples: shape (samples, points).
        weight: of the identity, in [0, 1]; None for that of Ledoit and Wolf, J. Multivariate Anal. 88 (2004) 365,
            applied to the standardised samples.

    Returns:
        The matrix, the standard deviations (0 for a point without spread), and the weight.
    """
    sigma = samples.std(axis=0, ddof=1)
    standard = (samples - samples.mean(axis=0)) / np.where(sigma > 0, sigma, 1.0)
    correlation = standard.T @ standard / (len(samples) - 1)
    if weight is None:
        weight = ledoit_wolf_weight(standard, correlation)
    return (1 - weight) * correlation + weight * np.eye(len(sigma)), sigma, weight


def ledoit_wolf_weight(standard: Samples, correlation: Matrix) -> float:
    """Variance of the off-diagonal sample correlations over their squared size, in [0, 1].

    Args:
        standard: samples of mean 0 and variance 1, shape (samples, points).
        correlation: their correlation matrix, shape (points, points).
    """
    count = len(standard)
    square = standard**2
    spread = (square.T @ square / (count - 1) - correlation**2) / count
    off = ~np.eye(len(correlation), dtype=bool)
    signal = np.sum(correlation[off] ** 2)
    return float(np.clip(np.sum(spread[off]) / signal, 0.0, 1.0)) if signal > 0 else 1.0


def few_samples_inflation(samples: Samples, weight: float | None) -> float:
    """By how much the squared errors of a fit with the covariance of few samples fall short; at least 1.

    A fit weights the points by the inverse of a covariance that the same samples gave. It claims a variance of
    1 / (f C^-1 f) for the amplitude of a shape f; the weights of the other samples, applied to those that are held out,
    show the true one. Mean of the ratio over smooth shapes, sigma cos(pi j x), along the points. Shrinkage alone does
    not mend this: of 100 samples of 64 correlated points the errors of fits were too small by 1.3-1.5.

    Args:
        samples: independent, in the order of their grid, shape (samples, points); 1 for fewer than four.
        weight: as of `shrunk_correlation`.
    """
    count, points = samples.shape
    if count < 4:
        return 1.0
    shapes = np.cos(np.pi * np.arange(SHAPES) * (np.arange(points)[:, None] + 0.5) / points)
    sigma = np.std(samples, axis=0, ddof=1)
    standard = samples / np.where(sigma > 0, sigma, 1.0)
    _, claimed = _fits(standard, weight, shapes)
    true = np.zeros(SHAPES)
    for held in np.array_split(np.arange(count), min(FOLDS if points <= LARGE else FEWER_FOLDS, count)):
        rest = np.delete(standard, held, axis=0)
        weights, _ = _fits(rest, weight, shapes)
        estimate = (standard[held] - rest.mean(axis=0)) @ weights
        true += np.sum(estimate**2, axis=0) * len(rest) / (len(rest) + 1)  # the scatter of the mean of the rest
    return max(1.0, float(np.mean(true / count / claimed)))


def _fits(
    samples: Samples, weight: float | None, shapes: Float[np.ndarray, "points shapes"]
) -> tuple[Float[np.ndarray, "points shapes"], Float[np.ndarray, " shapes"]]:
    """Of a fit of the amplitude of each shape f: C^-1 f / (f C^-1 f), the weights of the points, and 1 / (f C^-1 f)."""
    from scipy.linalg import cho_solve

    correlation, sigma, _ = shrunk_correlation(samples, weight)
    rounded = correlation + 1e-12 * np.eye(len(sigma))  # of a weight of 0 with fewer samples than points
    scale = np.where(sigma > 0, sigma, 1.0)[:, None]
    solved = cho_solve((np.linalg.cholesky(rounded), True), shapes / scale) / scale
    variance = 1 / np.sum(shapes * solved, axis=0)
    return solved * variance, variance


def correlation_modes(covariance: Matrix, svd_cut: float = 0.0) -> tuple[Sigma, Matrix, Sigma]:
    """Eigenvalues (ascending) and eigenvectors (columns) of the correlation matrix, and the standard deviations.

    Args:
        covariance: symmetric, with a positive diagonal, shape (points, points).
        svd_cut: eigenvalues below this share of the largest are raised to it, which can only widen the result.
    """
    sigma = np.sqrt(np.diag(covariance))
    value, vector = np.linalg.eigh(covariance / np.outer(sigma, sigma))
    return np.maximum(value, svd_cut * value[-1]), vector, sigma


def is_positive(value: Sigma) -> bool:
    """Whether the ascending eigenvalues of a matrix are positive beyond rounding."""
    return bool(value[0] > len(value) * np.finfo(float).eps * value[-1])


def is_surely_positive(matrix: Matrix) -> bool:
    """Whether a Cholesky factor shows at once what `is_positive` asks of all eigenvalues; False leaves it open.

    Args:
        matrix: symmetric, shape (points, points).
    """
    from scipy.linalg.lapack import dpotrf  # type: ignore[attr-defined]

    shifted = np.array(matrix, order="F")
    shifted[np.diag_indices_from(shifted)] -= rounding(matrix)
    return dpotrf(shifted, lower=1, clean=0, overwrite_a=1)[1] == 0


def rounding(matrix: Matrix) -> float:
    """What an eigenvalue must exceed to be positive beyond rounding: at least what `is_positive` asks.

    Args:
        matrix: symmetric, shape (points, points).
    """
    return float(len(matrix) * np.finfo(float).eps * np.linalg.norm(matrix, np.inf))


def extreme_eigenvalues(matrix: Matrix) -> tuple[float, float]:
    """The least and the greatest eigenvalue of a positive matrix; of a `LARGE` one by Lanczos steps, to about 1 %.

    Args:
        matrix: symmetric, shape (points, points).
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    try:
        factor = cho_factor(matrix, lower=True, check_finite=False) if len(matrix) > LARGE else None
    except LinAlgError:
        factor = None
    if factor is None:
        value = np.linalg.eigvalsh(matrix)
        return float(value[0]), float(value[-1])
    inverse = _greatest(lambda vector: cho_solve(factor, vector, check_finite=False), len(matrix))
    return 1 / inverse, _greatest(lambda vector: matrix @ vector, len(matrix))


def _greatest(product: Callable[[Sigma], Sigma], size: int) -> float:
    """The greatest eigenvalue in the Krylov space of a fixed start, made orthogonal at every step."""
    basis, images = np.zeros((2, STEPS, size))
    vector = np.random.default_rng(0).standard_normal(size)
    for step in range(STEPS):
        vector -= basis[:step].T @ (basis[:step] @ vector)
        vector -= basis[:step].T @ (basis[:step] @ vector)
        basis[step] = vector / np.linalg.norm(vector)
        vector = product(basis[step])
        images[step] = vector
    projected = basis @ images.T
    return float(np.linalg.eigvalsh(0.5 * (projected + projected.T))[-1])
