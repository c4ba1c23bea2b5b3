r"""Lengths and noise of a Gaussian process with a Matern-5/2 kernel, from its marginal likelihood.

$K = a\,(k(r) + g\,\delta_{ij})$, $k = (1 + r + r^2/3)\,e^{-r}$, $r^2 = 5 \sum_k (z_{ik} - z_{jk})^2/l_k^2$, around a
constant mean m. The best m and a at given lengths l and noise g have closed forms, hence
$L = \frac n2 \ln \hat a + \frac12 \ln\det(k + g) + \sum_k (\ln l_k - \mu)^2/2$ is minimised over the others. With
$W = R^{-1} - \alpha\alpha^T/\hat a$, $\alpha = R^{-1}(y - m)$ and $q = z/l$,
$\partial L/\partial \ln l_k = -4\,[\sum_i (G1)_i q_{ik}^2 - \sum_i q_{ik} (Gq)_{ik}]$,
$G_{ij} = W_{ij}\,k'(r^2_{ij}/5)/2$ (Rasmussen, Williams, Gaussian Processes for Machine Learning, 2006, section 5.4).
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.linalg.blas import dgemm, dsymm, dsymv, dsyr  # type: ignore[attr-defined]
from scipy.linalg.lapack import dpotrf, dpotri  # type: ignore[attr-defined]
from scipy.optimize import minimize

Points = Float[np.ndarray, "points inputs"]
Values = Float[np.ndarray, " points"]
Square = Float[np.ndarray, "points points"]

LEAST_NOISE = 1e-8  # variance of the noise over that of the process
MOST_NOISE = 1e2
SPREAD = 1.0  # of the prior of the logarithm of a length
START_NOISE = 0.05
TOLERANCE = 1e-6  # relative change of L at which the search ends
STEPS = 200


class Process(NamedTuple):
    """A Gaussian process given values at points."""

    lengths: Float[np.ndarray, " inputs"]  # in units of the standardised inputs
    noise: float  # variance of the noise over that of the process
    constant: float  # m
    amplitude: float  # a, variance of the process
    weights: Values  # (k + g)^-1 (y - m): the mean at x is m + k(x) . weights
    residual: Values  # y less the mean of the process without this point
    variance: Values  # of that residual


def matern(scaled: Float[np.ndarray, "points others"]) -> Float[np.ndarray, "points others"]:
    """The kernel of unit variance.

    Args:
        scaled: squared distances in units of the lengths.
    """
    r = np.sqrt(5 * scaled)
    return (1 + r + r * r / 3) * np.exp(-r)


def squared_distances(q: Points) -> Square:
    """Squared distances between all points, zero on the diagonal.

    Args:
        q: points in units of the lengths.
    """
    norm = np.einsum("ij,ij->i", q, q)
    square = np.asfortranarray(dgemm(-2.0, q, q, trans_b=1))
    square += norm
    square += norm[:, None]
    np.maximum(square, 0.0, out=square)
    np.fill_diagonal(square, 0.0)
    return square


def prior_of_lengths(inputs: int) -> float:
    """Mean of the prior of the logarithm of a length: three eighths of the typical distance of two points, sqrt(2 d).

    Args:
        inputs: d, how many inputs there are.
    """
    return float(np.log(0.75 * np.sqrt(inputs)))


def negative_log_posterior(
    theta: Float[np.ndarray, " hyper"], z: Points, y: Values
) -> tuple[float, Float[np.ndarray, " hyper"]]:
    """L and its gradient.

    Args:
        theta: logarithms of the lengths, then of the noise.
        z: standardised inputs.
        y: values there.
    """
    n = len(y)
    q = np.asfortranarray(z * np.exp(-theta[:-1]))
    noise = np.exp(theta[-1])
    r = squared_distances(q)
    r *= 5
    np.sqrt(r, out=r)
    slope = np.exp(-r)  # -> (1 + r) e^-r = -(6/5) k'
    kernel = r * r
    kernel /= 3
    r += 1
    kernel += r
    kernel *= slope
    slope *= r
    kernel.flat[:: n + 1] += noise
    inverse, log_det = _inverted(kernel)
    _, amplitude, alpha = _profiled(inverse, y)
    weight = dsyr(-1 / amplitude, alpha, a=inverse, lower=1, overwrite_a=1)
    trace = float(np.trace(weight))
    weight *= slope
    weight *= -5 / 12
    moved = dsymm(1.0, weight, np.asfortranarray(np.column_stack([q, np.ones(n)])), lower=1)
    by_length = -4 * (moved[:, -1] @ (q * q) - np.einsum("ij,ij->j", q, moved[:, :-1]))
    off = (theta[:-1] - prior_of_lengths(z.shape[1])) / SPREAD
    value = 0.5 * (n * np.log(amplitude) + log_det) + 0.5 * off @ off
    return float(value), np.append(by_length + off / SPREAD, 0.5 * noise * trace)


def fit(z: Points, y: Values) -> Process:
    """The process at the most probable lengths and noise.

    Args:
        z: standardised inputs.
        y: values there.
    """
    start = np.append(np.full(z.shape[1], prior_of_lengths(z.shape[1])), np.log(START_NOISE))
    bounds = [(None, None)] * z.shape[1] + [(np.log(LEAST_NOISE), np.log(MOST_NOISE))]
    options: dict[str, Any] = {"maxiter": STEPS, "ftol": TOLERANCE, "gtol": 1e-3, "maxcor": 20}
    found = minimize(
        negative_log_posterior, start, args=(z, y), jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    return conditioned(z, y, np.exp(found.x[:-1]), float(np.exp(found.x[-1])))


def conditioned(z: Points, y: Values, lengths: Float[np.ndarray, " inputs"], noise: float) -> Process:
    """The process at given lengths and noise, with its leave-one-out residuals in closed form.

    Without point i the mean there is y_i - (K^-1 (y - m))_i / (K^-1)_ii, with variance 1/(K^-1)_ii (the same source,
    section 5.4.2).

    Args:
        z: standardised inputs.
        y: values there.
        lengths: of the inputs, in their units.
        noise: variance of the noise over that of the process.
    """
    kernel = matern(squared_distances(np.asfortranarray(z / lengths)))
    kernel.flat[:: len(y) + 1] += noise
    inverse, _ = _inverted(np.asfortranarray(kernel))
    constant, amplitude, alpha = _profiled(inverse, y)
    diagonal = np.diag(inverse)
    return Process(lengths, noise, constant, amplitude, alpha, alpha / diagonal, amplitude / diagonal)


def _inverted(matrix: Square) -> tuple[Square, float]:
    """The lower triangle of the inverse, in place of the matrix, and the logarithm of the determinant."""
    factor, failed = dpotrf(matrix, lower=1, clean=0, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError("the kernel is not positive definite")
    log_det = 2 * float(np.sum(np.log(np.diag(factor))))
    inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
    return inverse, log_det


def _profiled(inverse: Square, y: Values) -> tuple[float, float, Values]:
    """The best constant and amplitude, and the weights of the points."""
    ones = np.ones_like(y)
    row = dsymv(1.0, inverse, ones, lower=1)
    constant = float(row @ y / row.sum())
    alpha = dsymv(1.0, inverse, y - constant, lower=1)
    amplitude = float(alpha @ (y - constant) / len(y))
    return constant, max(amplitude, 1e-300), alpha
