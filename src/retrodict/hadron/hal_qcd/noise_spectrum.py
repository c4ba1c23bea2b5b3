r"""Errors of a field on a lattice from few samples: the noise is homogeneous, so that momenta do not mix.

Twenty samples of a thousand points say nothing of a covariance matrix with a million entries. But the noise of a
correlator knows no place on the lattice: its covariance depends on the distance of two points alone, and is diagonal in
momentum space. There it is one smooth function of $\hat k^2$, its power, which a smooth curve through all momenta
determines to a few per cent. Of several times the correlations are smooth functions of $\hat k^2$, too.
`mixing` measures from the same samples whether momenta mix.
"""

from typing import NamedTuple

import numpy as np

from retrodict.base.shapes import Float

NEAREST = 8  # momenta on either side that share an estimate, at least
SHARE = 6  # and a sixth of those below
OFFSET = 0.5  # of the least momentum squared: the place of zero momentum on the logarithmic axis


class NoiseSpectrum(NamedTuple):
    """The covariance of the mean of a field at some times, in momentum space."""

    error: Float[np.ndarray, "times modes"]  # standard error of each mode
    correlation: Float[np.ndarray, "modes times times"]  # between the times
    mixing: (
        float  # rms correlation of two momenta over that of as many independent samples: 1 if the noise is homogeneous
    )

    def whiten(self, modes: Float[np.ndarray, "times modes columns"]) -> Float[np.ndarray, "values columns"]:
        """Rows in units of the noise, independent of each other.

        Args:
            modes: columns in momentum space, at each time.
        """
        root = np.linalg.cholesky(self.correlation)
        scaled = np.swapaxes(modes / self.error[:, :, None], 0, 1)
        return np.swapaxes(np.linalg.solve(root, scaled), 0, 1).reshape(-1, modes.shape[2])

    @property
    def log_determinant(self) -> float:
        """Of the covariance of all modes and times."""
        return float(2.0 * np.sum(np.log(self.error)) + np.sum(np.linalg.slogdet(self.correlation)[1]))


def noise_spectrum(
    deviations: Float[np.ndarray, "times samples modes"], k_squared: Float[np.ndarray, " modes"]
) -> NoiseSpectrum:
    """The power of the noise as a smooth function of the momentum.

    Args:
        deviations: of samples from their mean, scaled so that their mean square is the variance of the mean.
        k_squared: lattice momentum squared of each mode.
    """
    samples = deviations.shape[1]
    order = np.argsort(k_squared, kind="stable")
    sorted_ = deviations[:, :, order]
    x = np.log(k_squared[order] + OFFSET * k_squared[k_squared > 0].min())
    power = np.mean(sorted_**2, axis=1)
    weights, line = _neighbours(x)
    # E ln(chi2_n / n) = -1/n: a mean of logarithms is too low by it.
    smooth = np.exp(np.log(power) @ line.T + 1.0 / (samples - 1.0))
    scaled = sorted_ / np.sqrt(smooth)[:, None, :]
    products = np.einsum("isk,jsk->kij", scaled, scaled).reshape(len(x), -1)
    together = (weights @ products).reshape(len(x), len(power), len(power))
    size = np.sqrt(np.einsum("kii->ki", together))
    back = np.argsort(order, kind="stable")
    correlation = (together / (size[:, :, None] * size[:, None, :]))[back]
    return NoiseSpectrum(np.sqrt(smooth)[:, back], correlation, _mixing(sorted_))


def _neighbours(x: Float[np.ndarray, " modes"]) -> tuple[np.ndarray, np.ndarray]:
    """Weights of a local mean, and of a local straight line, over the nearest of ascending `x`; tricube in x.

    Source: W. S. Cleveland, J. Am. Stat. Assoc. 74 (1979) 829.
    """
    size = len(x)
    mean, line = np.zeros((size, size)), np.zeros((size, size))
    for i in range(size):
        reach = max(NEAREST, i // SHARE)
        near = slice(max(0, i - reach), min(size, i + reach + 1))
        apart = x[near] - x[i]
        weight = (1.0 - (np.abs(apart) / (1.001 * np.abs(apart).max() + 1e-12)) ** 3) ** 3
        weight /= weight.sum()
        centre = weight @ apart
        slope = weight * (apart - centre) / max(weight @ (apart - centre) ** 2, 1e-24)
        mean[i, near], line[i, near] = weight, weight - centre * slope
    return mean, line


def _mixing(deviations: Float[np.ndarray, "times samples modes"], most: int = 300) -> float:
    """Root mean square of the correlations of two momenta, over what independent ones show in as many samples."""
    samples = deviations.shape[1]
    chosen = deviations[0][:, :: max(1, deviations.shape[2] // most)]
    unit = chosen / np.linalg.norm(chosen, axis=0)
    found = unit.T @ unit
    off = found[~np.eye(len(found), dtype=bool)]
    return float(np.sqrt(np.mean(off**2) * (samples - 1.0)))
