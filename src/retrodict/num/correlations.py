"""Sample correlations of few samples: shrunk towards the diagonal, small modes raised. NumPy only."""

import numpy as np


def shrunk_correlation(samples: np.ndarray, weight: float | None) -> tuple[np.ndarray, np.ndarray, float]:
    """Correlation matrix of `samples` (samples, points), standard deviations, and the weight of the diagonal in it.

    `weight` None is chosen by the estimator of Ledoit and Wolf, J. Multivariate Anal. 88 (2004) 365, applied to the
    standardised samples. A point without spread keeps the standard deviation 0.
    """
    sigma = samples.std(axis=0, ddof=1)
    standard = (samples - samples.mean(axis=0)) / np.where(sigma > 0, sigma, 1.0)
    correlation = standard.T @ standard / (len(samples) - 1)
    chosen = ledoit_wolf_weight(standard, correlation) if weight is None else weight
    return (1 - chosen) * correlation + chosen * np.eye(len(sigma)), sigma, chosen


def ledoit_wolf_weight(standard: np.ndarray, correlation: np.ndarray) -> float:
    """Variance of the off-diagonal sample correlations over their squared size, in [0, 1]."""
    count = len(standard)
    square = standard**2
    spread = (square.T @ square / (count - 1) - correlation**2) / count
    off = ~np.eye(len(correlation), dtype=bool)
    signal = np.sum(correlation[off] ** 2)
    return float(np.clip(np.sum(spread[off]) / signal, 0.0, 1.0)) if signal > 0 else 1.0


def correlation_modes(covariance: np.ndarray, svd_cut: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eigenvalues (ascending) and eigenvectors of the correlation matrix, and the standard deviations.

    Eigenvalues below `svd_cut` times the largest are raised to it, which can only widen the result.
    """
    sigma = np.sqrt(np.diag(covariance))
    value, vector = np.linalg.eigh(covariance / np.outer(sigma, sigma))
    return np.maximum(value, svd_cut * value[-1]), vector, sigma


def is_positive(value: np.ndarray) -> bool:
    """Whether the ascending eigenvalues of a matrix are positive beyond rounding."""
    return bool(value[0] > len(value) * np.finfo(float).eps * value[-1])
