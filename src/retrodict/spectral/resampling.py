"""Bins of successive measurements, and the covariance of the mean from the scatter of resampled means."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.shapes import Float

LEAST_DRAWS, MOST_DRAWS = 100, 100_000


@dataclass(frozen=True)
class Jackknife:
    """Means with one bin left out; the covariance of a mean is then exactly the sample covariance over the bins.

    Example:
        >>> Jackknife().covariance(np.array([[1.0], [2.0], [3.0], [4.0]])).round(3)
        array([[0.417]])
    """

    def covariance(self, bins: Float[np.ndarray, "bins points"]) -> Float[np.ndarray, "points points"]:
        """Estimate the covariance of the mean.

        Args:
            bins: independent means, shape (bins, points).
        """
        count = len(bins)
        replicates = (bins.sum(axis=0) - bins) / (count - 1)
        deviation = replicates - replicates.mean(axis=0)
        return (count - 1) / count * deviation.T @ deviation


@dataclass(frozen=True)
class Bootstrap:
    """Means of bins drawn with replacement.

    Args:
        draws: number of resampled means, 100 to 100000; the relative error of a variance is sqrt(2 / draws).
        seed: of the random numbers.

    Raises:
        InputError: if `draws` is out of range.

    Example:
        >>> bins = np.array([[1.0], [2.0], [3.0], [4.0]])
        >>> Bootstrap(draws=1000).covariance(bins).shape
        (1, 1)
    """

    draws: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if not LEAST_DRAWS <= self.draws <= MOST_DRAWS:
            got, expected = str(self.draws), f"{LEAST_DRAWS} to {MOST_DRAWS}"
            raise InputError("the number of bootstrap draws is out of range", got=got, expected=expected)

    def covariance(self, bins: Float[np.ndarray, "bins points"]) -> Float[np.ndarray, "points points"]:
        """Estimate the covariance of the mean, unbiased by the factor n / (n - 1).

        Args:
            bins: independent means, shape (bins, points).
        """
        count = len(bins)
        weight = np.random.default_rng(self.seed).multinomial(count, np.full(count, 1.0 / count), size=self.draws)
        deviation = weight @ (bins - bins.mean(axis=0)) / count
        deviation -= deviation.mean(axis=0)
        return deviation.T @ deviation / (self.draws - 1) * count / (count - 1)


JACKKNIFE = Jackknife()


def bin_means(chains: Sequence[Float[np.ndarray, "_ points"]], size: int) -> Float[np.ndarray, "bins points"]:
    """Average successive measurements; a bin never joins two replica, and an incomplete last bin is left out.

    Args:
        chains: the replica, each of shape (measurements, points).
        size: measurements in a bin.
    """
    whole = [chain[: len(chain) // size * size] for chain in chains]
    return np.concatenate([chain.reshape(-1, size, chain.shape[1]).mean(axis=1) for chain in whole])


def pseudo_values(replicates: Float[np.ndarray, "bins points"]) -> Float[np.ndarray, "bins points"]:
    """Bins behind jackknife replicates: N mean - (N - 1) replicate.

    Args:
        replicates: means with one bin left out, shape (bins, points).
    """
    count = len(replicates)
    return count * replicates.mean(axis=0) - (count - 1) * replicates
