"""Bins of successive measurements, and what the scatter of resampled means says about the covariance of the mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrodict.base.errors import InputError

LEAST_DRAWS, MOST_DRAWS = 100, 100_000


@dataclass(frozen=True)
class Jackknife:
    """Means with one bin left out: for a mean it is the sample covariance, exactly."""

    def covariance(self, bins: np.ndarray) -> np.ndarray:
        """Covariance of the mean of independent `bins`, (bins, points)."""
        count = len(bins)
        replicates = (bins.sum(axis=0) - bins) / (count - 1)
        deviation = replicates - replicates.mean(axis=0)
        return (count - 1) / count * deviation.T @ deviation


@dataclass(frozen=True)
class Bootstrap:
    """Means of bins drawn with replacement; `draws` of them cost a relative error of sqrt(2 / draws) in a variance."""

    draws: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if not LEAST_DRAWS <= self.draws <= MOST_DRAWS:
            got, expected = str(self.draws), f"{LEAST_DRAWS} to {MOST_DRAWS}"
            raise InputError("the number of bootstrap draws is out of range", got=got, expected=expected)

    def covariance(self, bins: np.ndarray) -> np.ndarray:
        """Covariance of the mean of independent `bins`, (bins, points), unbiased by the factor n / (n - 1)."""
        count = len(bins)
        weight = np.random.default_rng(self.seed).multinomial(count, np.full(count, 1.0 / count), size=self.draws)
        deviation = weight @ (bins - bins.mean(axis=0)) / count
        deviation -= deviation.mean(axis=0)
        return deviation.T @ deviation / (self.draws - 1) * count / (count - 1)


JACKKNIFE = Jackknife()


def binned(chains: Sequence[np.ndarray], size: int) -> np.ndarray:
    """Means of `size` successive measurements, never across replica; an incomplete last bin is left out."""
    whole = [chain[: len(chain) // size * size] for chain in chains]
    return np.concatenate([chain.reshape(-1, size, chain.shape[1]).mean(axis=1) for chain in whole])


def pseudo_values(replicates: np.ndarray) -> np.ndarray:
    """The bins behind jackknife `replicates`, (bins, points): N mean - (N - 1) replicate."""
    count = len(replicates)
    return count * replicates.mean(axis=0) - (count - 1) * replicates
