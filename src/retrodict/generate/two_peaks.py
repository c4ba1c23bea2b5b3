r"""A mixture of two Gaussians: a test problem whose score is a tanh at any noise level, with exact cumulants.

$p = \tfrac12 N(\mu, s^2) + \tfrac12 N(-\mu, s^2)$ in each component independently; with noise s^2 becomes
$s^2 + \sigma^2$. $\kappa_2 = \mu^2 + s^2$, and from order four on the cumulants are those of the sign,
$\kappa_n = \mu^n\,d^n\ln\cosh(0)$: -2, 16, -272, 7936 for n = 4, 6, 8, 10.

Source: Aarts, Habibi, Wang, Zhou, arXiv:2410.21212.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Key, PyTree, Scalar, Vector
from retrodict.generate.score import AbstractScore
from retrodict.num.cumulants import cumulants
from retrodict.problem.target import AbstractTarget, Quantity


class TwoPeaks(AbstractTarget):
    """Peaks at plus and minus `centre`, independently in each component; the density is normalised."""

    centre: float = 1.0  # mu
    width: float = 0.25  # standard deviation s of a peak
    size: int = eqx.field(static=True, default=1)  # number of components

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return (Quantity("x2", label="x^2"),)

    def init(self, key: Key) -> Vector:
        """An exact draw."""
        sign_key, noise_key = jr.split(key)
        signs = jr.rademacher(sign_key, (self.size,), float)
        return self.centre * signs + self.width * jr.normal(noise_key, (self.size,))

    def log_density(self, x: Vector) -> Scalar:
        return self.noised_log_density(x, jnp.asarray(0.0))

    def derived(self, x: Vector) -> dict[str, Array]:
        return {"x2": jnp.mean(x**2)}

    def noised_log_density(self, y: Vector, level: Scalar) -> Scalar:
        """ln p of a draw plus noise.

        Args:
            y: draw with noise, shape `(size,)`.
            level: standard deviation of the noise.
        """
        variance = self.width**2 + level**2
        # ln(e^a + e^b) = a - ln sigmoid(a - b), and a - b = 2 y centre / variance
        peaks = -0.5 * (y - self.centre) ** 2 / variance - jax.nn.log_sigmoid(2 * y * self.centre / variance)
        return jnp.sum(peaks - jnp.log(2.0) - 0.5 * jnp.log(2 * jnp.pi * variance))

    def cumulants(self, order: int) -> Float[np.ndarray, " order"]:
        """Exact cumulants 1 ... `order` of one component.

        Args:
            order: of the last one.
        """
        sign = np.array([float(n % 2 == 0) for n in range(1, order + 1)])
        exact = cumulants(sign) * self.centre ** np.arange(1, order + 1)
        exact[1] += self.width**2
        return exact


class TwoPeaksScore(AbstractScore):
    r"""The exact score, $s = (\mu\tanh(\mu y/v) - y)/v$ with $v = s^2 + \sigma^2$; it has no weights."""

    target: TwoPeaks  # of which it is the score

    def init(self, key: Key) -> PyTree:
        return ()

    def __call__(self, weights: PyTree, y: Vector, level: Scalar) -> Vector:
        """The score at `y` and noise `level`; `weights` are `()`."""
        return self.with_divergence(weights, y, level)[0]

    def with_divergence(self, weights: PyTree, y: Vector, level: Scalar) -> tuple[Vector, Scalar]:
        """The score at `y` and noise `level`, and its divergence; `weights` are `()`."""
        centre, variance = self.target.centre, self.target.width**2 + level**2
        bend = jnp.tanh(centre * y / variance)
        divergence = (centre**2 / variance * (1 - bend**2) - 1) / variance
        return (centre * bend - y) / variance, jnp.sum(divergence)
