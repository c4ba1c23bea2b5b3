"""Sample correlations of few samples: shrunk towards the diagonal, small modes raised. NumPy only."""

import numpy as np
from jaxtyping import Float

Matrix = Float[np.ndarray, "points points"]
Samples = Float[np.ndarray, "samples points"]
Sigma = Float[np.ndarray, " points"]


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
