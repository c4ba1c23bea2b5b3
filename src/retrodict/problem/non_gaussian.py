r"""Counts and robust errors as likelihoods that obey $\log p = \ell_0 - |r|^2/2$ with a smooth residual.

Both are bounded for any prediction, so that $r^2 = 2(\ell_i - \log L_i)$. The root is taken with the sign of
prediction minus datum, which makes it smooth where both agree: Gauss-Newton converges as for a Gaussian.
"""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.core import Tracer
from jax.scipy.special import betainc, gammaln, ndtri

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.problem.bounded import residual_of_bounded
from retrodict.problem.finite import check_data
from retrodict.problem.likelihood import AbstractLikelihood

LEAST = 1e-12  # expected counts: fewer (there is no Poisson distribution below 0) count as so many
CLOSE = 1e-2  # relative distance of prediction and datum, below which the root is expanded


class Poisson(AbstractLikelihood[Float[Array, " bins"]]):
    r"""Counts $n$ of expected counts $\lambda$: $p = e^{-\lambda}\lambda^n / n!$.

    The residual is the deviance residual, $r^2 = 2(\lambda - n + n\ln(n/\lambda))$, which is greatest where the
    Poisson probability is least. Its square is the $\chi^2$ of Baker and Cousins, Nucl. Instrum. Meth. 221 (1984) 437.

    Args:
        counts: observed counts, whole numbers >= 0, shape (bins,).

    Raises:
        InputError: if a count is negative or no whole number.

    Example:
        >>> float(Poisson([4.0]).residual(jnp.array([4.0]))[0])
        0.0
    """

    counts: Float[Array, " bins"] = eqx.field(converter=lambda counts: jnp.asarray(counts, dtype=float))

    def __check_init__(self) -> None:
        if isinstance(self.counts, Tracer):
            return
        counts = np.asarray(self.counts)
        bad = np.argwhere(~(np.isfinite(counts) & (counts >= 0) & (counts == np.round(counts))))
        if bad.size:
            index = tuple(bad[0])
            expected = "whole numbers >= 0 (background subtracted or weighted counts are not Poisson)"
            raise InputError(f"count number {index[0]} is no count", got=f"{counts[index]}", expected=expected)

    @property
    def data(self) -> Float[Array, " bins"]:
        return self.counts

    @property
    def log_peak(self) -> Scalar:
        return jnp.sum(self._log_peaks)

    @property
    def _log_peaks(self) -> Float[Array, " bins"]:
        n = self.counts
        return n * jnp.log(jnp.where(n > 0, n, 1.0)) - n - gammaln(n + 1)

    def pointwise(self, prediction: Float[Array, " bins"]) -> Float[Array, " bins"]:
        return self._log_peaks - 0.5 * self.residual(prediction) ** 2

    def residual(self, prediction: Float[Array, "*bins"]) -> Float[Array, "*bins"]:
        n, expected = self.counts, jnp.maximum(prediction, LEAST)
        some = n > 0
        safe = jnp.where(some, n, 1.0)
        return jnp.where(some, jnp.sqrt(safe) * _poisson_root(expected / safe), residual_of_bounded(-expected, 0.0))

    def sample(self, key: Key, prediction: Float[Array, " bins"]) -> Float[Array, " bins"]:
        return jr.poisson(key, jnp.maximum(prediction, 0.0)).astype(float)

    def resample(self, key: Key) -> Float[Array, " bins"]:
        """Counts drawn around the observed ones; a bin without a count stays empty."""
        return self.sample(key, self.counts)

    def with_data(self, data: Float[Array, " bins"]) -> "Poisson":
        return Poisson(data)


class StudentT(AbstractLikelihood[Float[Array, " points"]]):
    r"""Independent errors with tails heavier than normal: an outlier counts little.

    $t = (y - \mathrm{prediction})/\sigma$ follows Student's distribution with $\nu$ degrees of freedom, so that $r^2 =
    (\nu + 1)\ln(1 + t^2/\nu)$. The pulls are normal deviates of the same tail probability: standard normal if the
    model is right, as $\chi^2$ wants them. Source: Lange, Little, Taylor, J. Am. Stat. Assoc. 84 (1989) 881.

    Args:
        mean: measured values, shape (points,).
        error: scale of the errors, > 0, in units of the data, shape (points,). The standard deviation is larger by
            sqrt(nu / (nu - 2)).
        freedom: degrees of freedom nu > 0; the fewer, the heavier the tails.

    Raises:
        InputError: if an error or `freedom` is not a positive number, or a value not finite.

    Example:
        >>> round(float(StudentT([1.0], [0.1], 4.0).pulls(jnp.array([2.0]))[0]), 2)
        3.45
    """

    mean: Float[Array, " points"] = eqx.field(converter=lambda mean: jnp.asarray(mean, dtype=float))
    error: Float[Array, " points"] = eqx.field(converter=lambda error: jnp.asarray(error, dtype=float))
    freedom: float = eqx.field(static=True, converter=float)

    def __check_init__(self) -> None:
        if not 0 < self.freedom < np.inf:
            raise InputError("degrees of freedom of Student's distribution", got=f"{self.freedom}", expected="> 0")
        if not isinstance(self.error, Tracer) and not np.all(np.isfinite(self.error) & (self.error > 0)):
            index = int(np.argmin(np.where(np.isfinite(self.error), self.error, -np.inf)))
            raise InputError(f"error number {index} is not a positive number", got=f"{self.error[index]}")
        check_data(self.mean)

    @property
    def data(self) -> Float[Array, " points"]:
        return self.mean

    @property
    def log_peak(self) -> Scalar:
        return jnp.sum(self._log_peaks)

    @property
    def _log_peaks(self) -> Float[Array, " points"]:
        nu = self.freedom
        constant = gammaln(0.5 * (nu + 1)) - gammaln(0.5 * nu) - 0.5 * jnp.log(nu * jnp.pi)
        return constant - jnp.log(self.error)

    def pointwise(self, prediction: Float[Array, " points"]) -> Float[Array, " points"]:
        return self._log_peaks - 0.5 * self.residual(prediction) ** 2

    def residual(self, prediction: Float[Array, " points"]) -> Float[Array, " points"]:
        t = (prediction - self.mean) / self.error
        return jnp.sqrt((self.freedom + 1) / self.freedom) * t * _student_root(t**2 / self.freedom)

    def pulls(self, prediction: Float[Array, " points"]) -> Float[Array, " points"]:
        """Normal deviates with the tail probability of each datum."""
        t = (prediction - self.mean) / self.error
        tail = 0.5 * betainc(0.5 * self.freedom, 0.5, self.freedom / (self.freedom + t**2))
        return -jnp.sign(t) * ndtri(tail)

    def sample(self, key: Key, prediction: Float[Array, " points"]) -> Float[Array, " points"]:
        return prediction + self.error * jr.t(key, self.freedom, self.error.shape)

    def resample(self, key: Key) -> Float[Array, " points"]:
        """data + errors drawn once more."""
        return self.sample(key, self.mean)

    def with_data(self, data: Float[Array, " points"]) -> "StudentT":
        return StudentT(data, self.error, self.freedom)


def _poisson_root(ratio: Float[Array, " bins"]) -> Float[Array, " bins"]:
    """sign(x) sqrt(2 (x - log(1 + x))), x = ratio - 1, by its series where both terms cancel."""
    x = ratio - 1
    near = jnp.abs(x) < CLOSE
    small, large = jnp.where(near, x, 0.0), jnp.where(near, 2.0, ratio)
    powers = jnp.stack([2 * (-small) ** k / (k + 2) for k in range(8)])  # of 2 (x - log(1 + x)) / x^2
    return jnp.where(near, small * jnp.sqrt(jnp.sum(powers, axis=0)), jnp.sign(x) * _far_root(large))


def _far_root(ratio: Float[Array, " bins"]) -> Float[Array, " bins"]:
    return residual_of_bounded(jnp.log(ratio) - (ratio - 1), 0.0)


def _student_root(u: Float[Array, " points"]) -> Float[Array, " points"]:
    """sqrt(log(1 + u) / u), by its series where u is small."""
    near = u < CLOSE
    small, large = jnp.where(near, u, 0.0), jnp.where(near, 1.0, u)
    powers = jnp.stack([(-small) ** k / (k + 1) for k in range(9)])
    return jnp.sqrt(jnp.where(near, jnp.sum(powers, axis=0), jnp.log1p(large) / large))
