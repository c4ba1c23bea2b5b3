r"""A density in two dimensions from weighted samples: a Gaussian kernel estimate on binned samples.

$$f(x) = \sum_{ij} h_{ij}\, N(u - u_i)\, N(v - v_j)$$

in decorrelated coordinates (u, v), with the samples shared linearly between the neighbouring bins. Smooth everywhere,
normalised exactly, and as fast for a million samples as for a thousand.
"""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Key, Scalar

BINS_PER_BANDWIDTH = 2.0
MOST_BINS = 120
TAIL = 4.5  # standard deviations; samples beyond are counted in the last bin


class KernelDensity(eqx.Module):
    """f(x, y) of two quantities. `bandwidth_error` is the rms change of ln f when the kernel is widened by sqrt(2)."""

    centre: Float[Array, " 2"]
    whitener: Float[Array, "2 2"]
    bins: Float[Array, " bins"]
    share: Float[Array, "bins bins"]  # of the samples, sums to one
    bandwidth: Scalar
    log_highest: Scalar  # an upper bound of ln f
    bandwidth_error: float = eqx.field(static=True)

    def log_density(self, x: Float[Array, " points"], y: Float[Array, " points"]) -> Float[Array, " points"]:
        """ln f, floored at e^-60 of a bin's share so that it stays finite far outside."""
        u, v = self.whitener @ (jnp.stack([x, y]) - self.centre[:, None])
        kernel_u, kernel_v = (jnp.exp(-0.5 * ((w[:, None] - self.bins) / self.bandwidth) ** 2) for w in (u, v))
        value = jnp.sum((kernel_u @ self.share) * kernel_v, axis=1)
        return jnp.log(value + jnp.exp(-60.0 - 0.5 * (u**2 + v**2) / 100.0)) + self._log_norm

    def sample(self, key: Key) -> Float[Array, " 2"]:
        """One draw."""
        bin_key, noise_key = jr.split(key)
        index = jr.categorical(bin_key, jnp.log(self.share.ravel()))
        i, j = jnp.divmod(index, self.share.shape[1])
        place = jnp.stack([self.bins[i], self.bins[j]]) + self.bandwidth * jr.normal(noise_key, (2,))
        return self.centre + jnp.linalg.solve(self.whitener, place)

    @property
    def _log_norm(self) -> Scalar:
        return jnp.linalg.slogdet(self.whitener)[1] - jnp.log(2 * jnp.pi * self.bandwidth**2)

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> "KernelDensity":
        """From samples and weights that sum to one. The bandwidth is Scott's for the effective number of samples."""
        points = np.stack([x, y])
        centre = points @ weight
        root = np.linalg.cholesky((points - centre[:, None]) * weight @ (points - centre[:, None]).T)
        whitener = np.linalg.inv(root)
        u, v = np.clip(whitener @ (points - centre[:, None]), -TAIL, TAIL)
        bandwidth = np.sum(weight**2) ** (1 / 6)
        count = int(min(MOST_BINS, np.ceil(2 * TAIL * BINS_PER_BANDWIDTH / bandwidth))) + 1
        bins = np.linspace(-TAIL, TAIL, count)
        share = _shared(u, v, weight, bins)
        made = cls(*map(jnp.asarray, (centre, whitener, bins, share, bandwidth, 0.0)), bandwidth_error=0.0)
        wide = eqx.tree_at(lambda d: d.bandwidth, made, made.bandwidth * np.sqrt(2.0))
        at = _representative(x, y, weight)
        change = np.asarray(wide.log_density(*at) - made.log_density(*at))
        mesh = centre[:, None] + root @ np.stack(np.meshgrid(bins, bins)).reshape(2, -1)
        highest = jnp.max(made.log_density(*map(jnp.asarray, mesh))) + 1.0 / (4 * BINS_PER_BANDWIDTH**2)
        parts = (made.centre, made.whitener, made.bins, made.share, made.bandwidth, highest)
        return cls(*parts, bandwidth_error=float(np.sqrt(np.mean(change**2))))


def _shared(u: np.ndarray, v: np.ndarray, weight: np.ndarray, bins: np.ndarray) -> np.ndarray:
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


def _representative(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[Array, Array]:
    """400 samples, evenly through the cumulative weight."""
    index = np.searchsorted(np.cumsum(weight), (np.arange(400) + 0.5) / 400 * (1 - 1e-12))
    return jnp.asarray(x[index]), jnp.asarray(y[index])
