r"""What the data can say: the singular values of the whitened Jacobian, and how much each quantity was learnt.

With white latents (prior covariance 1) and a whitened residual (noise covariance 1) the Jacobian
$J = \partial r/\partial z$ compares signal and noise directly: a latent direction with singular value $s$ is measured
with a precision $s^2$ beside the prior's 1, so that it keeps a fraction $1/(1+s^2)$ of its prior variance.
$\sum s^2/(1+s^2)$ counts the directions that the data determine (Rodgers, Inverse Methods for Atmospheric Sounding,
World Scientific 2000, eq. 2.80).
"""

from typing import NamedTuple

import numpy as np

from retrodict.base.types import Array, Float
from retrodict.inference.linearisation import linearise_at
from retrodict.num.weighted import weighted_quantile, weighted_statistics
from retrodict.problem.target import AbstractLeastSquares

COMPLETE = 512  # latents up to which the directions that no datum sees are listed, too
SLICES = 32  # of equal probability, whose widths say how narrow a distribution is
UNSEEN = 0.1  # s^2 / (1 + s^2) below which a direction counts as unmeasured


class Identifiability(NamedTuple):
    """The linear view of a problem around one point."""

    singular_values: Float[np.ndarray, " latent"]  # descending; zero beyond the number of data
    directions: Float[np.ndarray, "mode latent"]  # orthonormal, row i belongs to singular value i
    effective_rank: float  # directions that the data determine

    @property
    def null_space(self) -> Float[np.ndarray, "null latent"]:
        """Directions of which the data say less than `UNSEEN`: there the posterior is the prior."""
        s2 = self.singular_values[: len(self.directions)] ** 2
        return self.directions[s2 / (1 + s2) < UNSEEN]


def identifiability(target: AbstractLeastSquares, z: Float[Array | np.ndarray, " latent"]) -> Identifiability:
    """Singular values and directions of the whitened Jacobian.

    Args:
        target: the problem.
        z: latents at which it is linearised, shape (latent,).
    """
    return singular_directions(linearise_at(target, z).jacobian)


def singular_directions(jacobian: Float[np.ndarray, "data latent"]) -> Identifiability:
    """The same, of a Jacobian of the whitened residual with respect to white latents.

    Args:
        jacobian: shape (data, latent).

    Example:
        >>> singular_directions(np.diag([3.0, 0.0])).effective_rank
        0.9
    """
    _, values, directions = np.linalg.svd(jacobian, full_matrices=jacobian.shape[1] <= COMPLETE)
    singular_values = np.zeros(jacobian.shape[1])
    singular_values[: len(values)] = values
    square = singular_values**2
    return Identifiability(singular_values, directions, float(np.sum(square / (1 + square))))


def shrinkage(
    posterior: Float[np.ndarray, "draw ..."],
    posterior_weights: Float[np.ndarray, " draw"],
    prior: Float[np.ndarray, "sample ..."],
    prior_weights: Float[np.ndarray, " sample"],
) -> Float[np.ndarray, "..."]:
    """1 - sd(posterior) / sd(prior) of a number or of each point of a function; NaN where the prior has no spread.

    Args:
        posterior: draws of the posterior.
        posterior_weights: their weights, which sum to one.
        prior: draws of the prior.
        prior_weights: their weights, which sum to one.

    Example:

        >>> x, w = np.array([-1.0, 1.0]), np.array([0.5, 0.5])
        >>> print(shrinkage(0.2 * x, w, x, w).round(3))
        0.8
    """
    known = weighted_statistics(prior, prior_weights)
    before, after = known["sd"], weighted_statistics(posterior, posterior_weights)["sd"]
    spread = before > 1e-12 * np.abs(known["mean"])
    return np.asarray(1 - np.divide(after, before, out=np.full(after.shape, np.nan), where=spread))


def narrowing(
    posterior: Float[np.ndarray, "draw ..."],
    posterior_weights: Float[np.ndarray, " draw"],
    prior: Float[np.ndarray, "sample ..."],
    prior_weights: Float[np.ndarray, " sample"],
) -> Float[np.ndarray, "..."]:
    """How much narrower the posterior is than the prior where it lies at all: the ratio of their effective widths.

    The effective width is the exponential of the entropy, from the widths of slices of equal probability. Two narrow
    modes far apart have the standard deviation of a broad prior and a small effective width. NaN where the prior or
    the posterior has none, as of numbers that take few values.

    Args:
        posterior: draws of the posterior, of a number or of each point of a function.
        posterior_weights: their weights, which sum to one.
        prior: draws of the prior.
        prior_weights: their weights, which sum to one.

    Example:
        >>> x = np.linspace(-1, 1, 1001)
        >>> w = np.full(1001, 1 / 1001)
        >>> print(narrowing(np.sign(x) + 0.01 * x, w, x, w).round(2))
        0.01
    """
    after, before = _entropy(posterior, posterior_weights), _entropy(prior, prior_weights)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.exp(after - before))


def _entropy(draws: Float[np.ndarray, "draw ..."], weights: Float[np.ndarray, " draw"]) -> Float[np.ndarray, "..."]:
    """The entropy up to a constant: the mean logarithm of the widths of slices of equal probability."""
    if not np.any(weights > 0):
        return np.full(draws.shape[1:], np.nan)
    edges = weighted_quantile(draws, (np.arange(SLICES) + 0.5) / SLICES, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithms = np.log(np.diff(edges, axis=0))
    return np.where(np.all(np.isfinite(logarithms), axis=0), logarithms.mean(axis=0), np.nan)
