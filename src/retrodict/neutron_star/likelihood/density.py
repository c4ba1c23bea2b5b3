r"""A density in two dimensions from weighted samples: a Gaussian kernel estimate on binned samples.

$$f(x) = \sum_{ij} h_{ij}\, N(u - u_i)\, N(v - v_j)$$

in decorrelated coordinates (u, v), with the samples shared linearly between the neighbouring bins. Smooth everywhere,
normalised exactly, and as fast for a million samples as for a thousand.
"""

from typing import TypeAlias

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Key, Scalar

BINS_PER_BANDWIDTH = 2.0
MOST_BINS = 120
TAIL = 4.5  # standard deviations; samples beyond are counted in the last bin
_Samples: TypeAlias = Float[np.ndarray, " samples"]


class KernelDensity(eqx.Module):
    """f(x, y) of two quantities; build one with `fit`."""

    centre: Float[Array, " 2"]  # weighted mean
    whitener: Float[Array, "2 2"]  # (x, y) - centre -> (u, v)
    bins: Float[Array, " bins"]  # of u and of v
    share: Float[Array, "bins bins"]  # of the samples in each bin, sums to one
    bandwidth: Scalar  # of the kernel in u and v
    log_highest: Scalar  # an upper bound of ln f
    bandwidth_error: float = eqx.field(static=True)  # rms change of ln f under a kernel wider by sqrt(2)

    def log_density(self, x: Float[Array, " points"], y: Float[Array, " points"]) -> Float[Array, " points"]:
        """ln f, floored at e^-60 of a bin's share so that it stays finite far outside.

        Args:
            x: first quantity, shape (points,).
            y: second quantity, shape (points,).
        """
        u, v = self.whitener @ (jnp.stack([x, y]) - self.centre[:, None])
        kernel_u, kernel_v = (jnp.exp(-0.5 * ((w[:, None] - self.bins) / self.bandwidth) ** 2) for w in (u, v))
        value = jnp.sum((kernel_u @ self.share) * kernel_v, axis=1)
        return jnp.log(value + jnp.exp(-60.0 - 0.5 * (u**2 + v**2) / 100.0)) + self._log_norm

    def sample(self, key: Key) -> Float[Array, " 2"]:
        """Draw one point.

        Args:
            key: random key.
        """
        bin_key, noise_key = jr.split(key)
        index = jr.categorical(bin_key, jnp.log(self.share.ravel()))
        i, j = jnp.divmod(index, self.share.shape[1])
        place = jnp.stack([self.bins[i], self.bins[j]]) + self.bandwidth * jr.normal(noise_key, (2,))
        return self.centre + jnp.linalg.solve(self.whitener, place)

    @property
    def _log_norm(self) -> Scalar:
        return jnp.linalg.slogdet(self.whitener)[1] - jnp.log(2 * jnp.pi * self.bandwidth**2)

    @classmethod
    def fit(cls, x: _Samples, y: _Samples, weight: _Samples) -> "KernelDensity":
        """Estimate the density of weighted samples; the bandwidth is Scott's for the effective number of samples.

        Args:
            x: first quantity, shape (samples,).
            y: second quantity, shape (samples,).
            weight: weights that sum to one, shape (samples,).
        """
        points = np.stack([x, y])
        centre = points @ weight
        root = np.linalg.cholesky((points - centre[:, None]) * weight @ (points - centre[:, None]).T)
        whitener = np.linalg.inv(root)
        u, v = np.clip(whitener @ (points - centre[:, None]), -TAIL, TAIL)
        bandwidth = np.sum(weight**2) ** (1 / 6)
        count = int(min(MOST_BINS, np.ceil(2 * TAIL * BINS_PER_BANDWIDTH / bandwidth))) + 1
        bins = np.linspace(-TAIL, TAIL, count)
        share = _distribute(u, v, weight, bins)
        narrow = cls(*map(jnp.asarray, (centre, whitener, bins, share, bandwidth, 0.0)), bandwidth_error=0.0)
        wide = eqx.tree_at(lambda d: d.bandwidth, narrow, narrow.bandwidth * np.sqrt(2.0))
        at = _representative(x, y, weight)
        change = np.asarray(wide.log_density(*at) - narrow.log_density(*at))
        mesh = centre[:, None] + root @ np.stack(np.meshgrid(bins, bins)).reshape(2, -1)
        highest = jnp.max(narrow.log_density(*map(jnp.asarray, mesh))) + 1.0 / (4 * BINS_PER_BANDWIDTH**2)
        parts = (narrow.centre, narrow.whitener, narrow.bins, narrow.share, narrow.bandwidth, highest)
        return cls(*parts, bandwidth_error=float(np.sqrt(np.mean(change**2))))


def _distribute(
    u: _Samples, v: _Samples, weight: _Samples, bins: Float[np.ndarray, " bins"]
) -> Float[np.ndarray, "bins bins"]:
    """Each sample's weight shared between the four bins around it."""
    step, share = bins[1] - bins[0], np.zeros((len(bins), len(bins)))
    place = [(w - bins[0]) / step for w in (u, v)]
    lower = [np.clip(np.floor(p).astype(int), 0, len(bins) - 2) for p in place]
    part = [p - k for p, k in zip(place, lower, strict=True)]
    for du in (0, 1):
        for dv in (0, 1):
            amount = weight * np.abs(1 - du - part[0]) * np.abs(1 - dv - part[1])
            np.add.at(share, (lower[0] + du, lower[1] + dv), amount)
    return share


def _representative(
    x: _Samples, y: _Samples, weight: _Samples
) -> tuple[Float[Array, " points"], Float[Array, " points"]]:
    """400 samples, evenly through the cumulative weight."""
    index = np.searchsorted(np.cumsum(weight), (np.arange(400) + 0.5) / 400 * (1 - 1e-12))
    return jnp.asarray(x[index]), jnp.asarray(y[index])
