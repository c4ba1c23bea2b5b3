r"""Building blocks of the ansaetze: grid above the crust, trend of the sound speed, random functions, networks.

The natural unknown is the log-stiffness deficit

$$\phi = \ln(1/c_s^2 - 1), \qquad c_s^2 = \frac{1}{1 + e^{\phi}} ,$$

because every real $\phi$ is causal ($c_s^2 < 1$) and stable ($c_s^2 > 0$). It is given over x = ln(n / n_sat).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

from retrodict.base.constants import SATURATION_DENSITY
from retrodict.base.types import Array, Float, Scalar, Vector
from retrodict.neutron_star.eos.equation_of_state import core_nodes

LOG_SATURATION = float(np.log(SATURATION_DENSITY))


def uniform(z: Float[Array, "..."], lowest: float, highest: float) -> Float[Array, "..."]:
    """Map a standard-normal latent to a uniform one.

    Args:
        z: standard-normal latents, any shape.
        lowest: lower end of the uniform range.
        highest: upper end of the uniform range.

    Returns:
        Values between `lowest` and `highest`, of the shape of `z`.
    """
    return lowest + (highest - lowest) * norm.cdf(z)


def sound_speed_squared(phi: Float[Array, "..."]) -> Float[Array, "..."]:
    """c_s^2 = 1 / (1 + e^phi), in (0, 1).

    Args:
        phi: log-stiffness deficit, any shape.
    """
    return jax.nn.sigmoid(-phi)


def log_stiffness_trend(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Mean of phi in the prior: c_s^2 = 0.06 at n_sat, 0.19 at 2, 0.32 at 3, 0.45 at 5, then levelling off.

    A round curve through the middle of the published equations of state. The posterior depends on the width of the
    prior, and little on this mean.

    Args:
        x: ln(n / n_sat), any shape.

    Example:
        >>> import jax.numpy as jnp
        >>> phi = log_stiffness_trend(jnp.log(jnp.array([1.0, 2.0, 5.0])))
        >>> [round(float(c), 2) for c in sound_speed_squared(phi)]
        [0.06, 0.19, 0.45]
    """
    return -0.2 + 0.7 * jax.nn.softplus((1.5 - x) / 0.35)


def log_stiffness_width(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Standard deviation of phi in the prior: 1/2 at the densities of nuclei, 1 beyond.

    Args:
        x: ln(n / n_sat), any shape.
    """
    return 0.5 + 0.5 * jax.nn.sigmoid((x - 0.4) / 0.25)


class CoreGrid(eqx.Module):
    """Nodes from the top of the crust to beyond the centre of the heaviest star, equally spaced in ln n.

    The density at which the crust ends (the join) is a latent: log-uniform between `lowest_join` and `highest_join`. A
    fixed crust is wrong for stiff matter, whose core polytropes leave it at a third of saturation density.
    """

    lowest_join: float = eqx.field(static=True, default=0.2)  # n_sat
    highest_join: float = eqx.field(static=True, default=0.6)  # n_sat
    top: float = eqx.field(static=True, default=14.0)  # n_sat, the density of the last node
    intervals: int = eqx.field(static=True, default=64)  # number of intervals from the join to the top

    @property
    def lowest(self) -> float:
        """The least x = ln(n / n_sat) at which the core may begin."""
        return float(np.log(self.lowest_join))

    @property
    def highest(self) -> float:
        """The x = ln(n / n_sat) at which the core ends."""
        return float(np.log(self.top))

    def join(self, z: Scalar) -> Scalar:
        """x = ln(n / n_sat) at the join.

        Args:
            z: standard-normal latent.
        """
        return uniform(z, self.lowest, float(np.log(self.highest_join)))

    def nodes(self, join: Scalar) -> Float[Array, " nodes"]:
        """ln(n fm^3) of the nodes, equally spaced from the join to the top.

        Args:
            join: x = ln(n / n_sat) at the join.
        """
        return core_nodes([join + LOG_SATURATION, jnp.asarray(self.highest + LOG_SATURATION)], [self.intervals])

    def nodes_with_breaks(self, join: Scalar, breaks: list[Scalar], intervals: list[int]) -> Float[Array, " nodes"]:
        """ln(n fm^3) of the nodes, with nodes on given breakpoints.

        Args:
            join: x = ln(n / n_sat) at the join.
            breaks: x of the breakpoints, ascending.
            intervals: number of intervals from each edge to the next, one more than there are breakpoints.
        """
        edges = [jnp.asarray(x) + LOG_SATURATION for x in (join, *breaks, self.highest)]
        return core_nodes(edges, intervals)


class RandomFunction(eqx.Module):
    r"""A Gaussian process with a Matern-5/2 kernel, reduced to the lowest modes of the interval.

    $$f(x) = \sum_k z_k \sqrt{S(\omega_k)/L}\,\sin(\omega_k (x - a + \delta)), \qquad \omega_k = k\pi/2L ,$$

    with the spectral density S of the kernel and an interval of half-width L that reaches `margin` lengths beyond the
    range on either side. Smooth, stationary inside, and linear in its latents. Source: Solin, Sarkka,
    Stat. Comput. 30 (2020) 419.
    """

    modes: int = eqx.field(static=True, default=20)  # number of modes, and of latents
    amplitude: float = eqx.field(static=True, default=1.0)  # standard deviation of f
    length: float = eqx.field(static=True, default=0.7)  # correlation length, in the units of x
    margin: float = eqx.field(static=True, default=1.0)  # lengths beyond the range on either side

    def __call__(self, z: Vector, x: Float[Array, "..."], lowest: float, highest: float) -> Float[Array, "..."]:
        """f at `x`.

        Args:
            z: standard-normal latents, shape (modes,).
            x: points in [lowest, highest], any shape.
            lowest: lower end of the range.
            highest: upper end of the range.
        """
        start = lowest - self.margin * self.length
        width = highest - lowest + 2 * self.margin * self.length
        frequency = np.arange(1, self.modes + 1) * np.pi / width
        weight = np.sqrt(2 * self._spectral_density(frequency) / width)
        return jnp.sin(frequency * (x[..., None] - start)) @ (weight * z)

    def _spectral_density(self, frequency: Float[np.ndarray, " modes"]) -> Float[np.ndarray, " modes"]:
        """Of the Matern-5/2 kernel: its integral over frequency / 2 pi is the variance."""
        rate = np.sqrt(5.0) / self.length
        return self.amplitude**2 * (16.0 / 3.0) * rate**5 / (rate**2 + frequency**2) ** 3


class Network(eqx.Module):
    """A tanh network of one input and one output whose weights are standard-normal latents.

    Weights have variance gain / fan-in, so that for wide layers its prior is a Gaussian process of unit variance
    (Neal 1996; Lee et al. 2018).
    """

    width: int = eqx.field(static=True, default=12)  # units of a hidden layer
    depth: int = eqx.field(static=True, default=2)  # number of hidden layers
    sharpness: float = eqx.field(static=True, default=3.0)  # factor of the first layer: how fast the function may vary

    @property
    def dim(self) -> int:
        """The number of weights and biases."""
        return 2 * self.width + (self.depth - 1) * self.width * (self.width + 1) + self.width + 1

    def __call__(self, z: Vector, u: Float[Array, "..."]) -> Float[Array, "..."]:
        """The output at `u`.

        Args:
            z: weights and biases, shape (dim,).
            u: points, best scaled to [-1, 1], any shape.
        """
        w = self.width
        first, bias, rest = z[:w], z[w : 2 * w], z[2 * w :]
        hidden = jnp.tanh(self.sharpness * (u[..., None] * first + bias))
        for _ in range(self.depth - 1):
            weight, bias, rest = rest[: w * w].reshape(w, w), rest[w * w : w * w + w], rest[w * w + w :]
            hidden = jnp.tanh(1.5 * hidden @ weight / np.sqrt(w) + 0.5 * bias)
        return hidden @ rest[:w] / np.sqrt(w) + 0.5 * rest[w]
