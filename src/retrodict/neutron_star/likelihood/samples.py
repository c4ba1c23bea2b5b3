r"""Stars and mergers that are published as posterior samples.

The samples are turned into a density by `KernelDensity` and read as a likelihood that is a function of the
displacement between the star and the centre of the samples: a mock measurement is the same cloud of samples at another
place. So the *datum* is the place of the cloud, and the likelihood is normalised over it. Samples must have been drawn
under a flat prior in the two quantities, or carry weights that make it flat.
"""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.neutron_star.forward import Prediction
from retrodict.neutron_star.likelihood.density import KernelDensity
from retrodict.neutron_star.likelihood.measured_stars import log_mean_exp
from retrodict.neutron_star.readers.data import MassRadiusSamples
from retrodict.neutron_star.readers.tidal_samples import TidalSamples
from retrodict.neutron_star.stars.branch import LIGHTEST, log_deformability_at, mass_nodes, sample_stars
from retrodict.problem.bounded import residual_of_bounded
from retrodict.problem.likelihood import AbstractLikelihood

LEAST_RATIO = 0.4  # of the masses in a merger


class SampledStar(AbstractLikelihood):
    """One star with posterior samples of mass and radius, marginalised over its place on the stable branch."""

    shift: Float[Array, " 2"]  # of the cloud of samples: mass [Msun], radius [km]; zero for the real one
    density: KernelDensity  # of mass [Msun] and radius [km]
    lightest: float = eqx.field(static=True, default=LIGHTEST)  # Msun, lower end of the prior of the mass

    @property
    def data(self) -> Float[Array, " 2"]:
        return self.shift

    @property
    def log_peak(self) -> Scalar:
        return self.density.log_highest

    @property
    def fitted_positions(self) -> int:
        """The place on the branch."""
        return 1

    def residual(self, prediction: Prediction) -> Float[Array, " 1"]:
        """sqrt(-2 log(p / bound))."""
        nodes = mass_nodes(prediction.branch, self.lightest)
        log_density = self.density.log_density(nodes.mass - self.shift[0], nodes.radius - self.shift[1])
        return residual_of_bounded(log_mean_exp(log_density, nodes.weight), self.log_peak)[None]

    def pulls(self, prediction: Prediction) -> Float[Array, " 2"]:
        """The displacement of the likeliest star in units of the samples' spread."""
        nodes = mass_nodes(prediction.branch, self.lightest)
        x, y = nodes.mass - self.shift[0], nodes.radius - self.shift[1]
        log_density = jnp.where(nodes.weight > 1e-8, self.density.log_density(x, y), -jnp.inf)
        best = jnp.argmax(log_density)
        return self.density.whitener @ (jnp.stack([x[best], y[best]]) - self.density.centre)

    def sample(self, key: Key, prediction: Prediction) -> Float[Array, " 2"]:
        """The place of the cloud around a star whose mass is uniform over the branch."""
        star_key, noise_key = jr.split(key)
        mass, radius = sample_stars(star_key, prediction.branch, 1, self.lightest)
        return jnp.stack([mass[0], radius[0]]) - self.density.sample(noise_key)

    def resample(self, key: Key) -> Float[Array, " 2"]:
        """The cloud displaced by a draw of its own spread."""
        return self.shift + self.density.centre - self.density.sample(key)

    def with_data(self, data: Float[Array, " 2"]) -> "SampledStar":
        """The same cloud elsewhere."""
        return SampledStar(data, self.density, self.lightest)


class SampledTides(AbstractLikelihood):
    r"""One merger of which samples of mass ratio and tidal deformability are given, at its (precise) chirp mass.

    $$p = \int dq\; f\big(q, \tilde\Lambda(q)\big), \qquad q = M_2/M_1,$$

    where the two deformabilities are those of the equation of state at M_1(q) and M_2(q). Only the deformability is
    displaced in mock data; the mass ratio keeps the marginal density of the samples. Both stars are neutron stars:
    beyond the maximum mass the heaviest star's deformability is used.
    """

    shift: Scalar  # of the cloud of samples in lambda_tilde
    density: KernelDensity  # of mass ratio and lambda_tilde
    chirp_mass: Scalar  # Msun

    @property
    def data(self) -> Scalar:
        return self.shift

    @property
    def log_peak(self) -> Scalar:
        return self.density.log_highest + jnp.log(1.0 - LEAST_RATIO)

    @property
    def fitted_positions(self) -> int:
        """The mass ratio."""
        return 1

    def residual(self, prediction: Prediction) -> Float[Array, " 1"]:
        """sqrt(-2 log(p / bound))."""
        ratio, weight = _ratios()
        log_density = self._log_density(ratio, prediction)
        return residual_of_bounded(log_mean_exp(log_density, weight) + jnp.log(1.0 - LEAST_RATIO), self.log_peak)[None]

    def pulls(self, prediction: Prediction) -> Float[Array, " 1"]:
        """lambda_tilde minus the samples' mean in units of their spread, at the likeliest mass ratio."""
        ratio, _ = _ratios()
        best = jnp.argmax(self._log_density(ratio, prediction))
        value = combined_deformability(prediction, self.chirp_mass, ratio)[best] - self.shift
        return ((value - self.density.centre[1]) * self.density.whitener[1, 1])[None]

    def sample(self, key: Key, prediction: Prediction) -> Scalar:
        """The place of the cloud around a merger whose mass ratio is drawn from the samples."""
        ratio, spread = self.density.sample(key)
        ratio = jnp.clip(1.0 - jnp.abs(1.0 - ratio), LEAST_RATIO, 1.0)
        return combined_deformability(prediction, self.chirp_mass, ratio[None])[0] - spread

    def resample(self, key: Key) -> Scalar:
        """The cloud displaced by a draw of its own spread."""
        return self.shift + self.density.centre[1] - self.density.sample(key)[1]

    def with_data(self, data: Scalar) -> "SampledTides":
        """The same cloud elsewhere."""
        return SampledTides(data, self.density, self.chirp_mass)

    def _log_density(self, ratio: Float[Array, " ratios"], prediction: Prediction) -> Float[Array, " ratios"]:
        """At q <= 1; what the kernel smears beyond q = 1 is folded back."""
        value = combined_deformability(prediction, self.chirp_mass, ratio) - self.shift
        return jnp.logaddexp(self.density.log_density(ratio, value), self.density.log_density(2.0 - ratio, value))


def combined_deformability(
    prediction: Prediction, chirp_mass: Scalar, ratio: Float[Array, " ratios"]
) -> Float[Array, " ratios"]:
    """lambda_tilde at given mass ratios. Source: Flanagan, Hinderer, PRD 77, 021502 (2008).

    Args:
        prediction: stars of an equation of state.
        chirp_mass: of the merger [Msun].
        ratio: M_2 / M_1 <= 1, shape (ratios,).
    """
    heavy = chirp_mass * (1 + ratio) ** 0.2 * ratio**-0.6
    light = ratio * heavy
    lambda_1, lambda_2 = (jnp.exp(log_deformability_at(prediction.branch, mass)) for mass in (heavy, light))
    total = (heavy + 12 * light) * heavy**4 * lambda_1 + (light + 12 * heavy) * light**4 * lambda_2
    return 16.0 / 13.0 * total / (heavy + light) ** 5


def sampled_star(samples: MassRadiusSamples) -> SampledStar:
    """The likelihood of one star's samples.

    Args:
        samples: posterior samples of its mass and radius.
    """
    return SampledStar(jnp.zeros(2), KernelDensity.fit(samples.mass, samples.radius, samples.weight))


def sampled_tides(samples: TidalSamples) -> SampledTides:
    """The likelihood of one merger's samples; the chirp mass is their weighted mean.

    Args:
        samples: posterior samples of the masses and of lambda_tilde.
    """
    ratio = samples.mass_2 / samples.mass_1
    density = KernelDensity.fit(ratio, samples.lambda_tilde, samples.weight)
    return SampledTides(jnp.asarray(0.0), density, jnp.asarray(samples.chirp_mass @ samples.weight))


def _ratios() -> tuple[Float[Array, " ratios"], Float[Array, " ratios"]]:
    """Gauss-Legendre nodes on [LEAST_RATIO, 1]; the weights sum to one."""
    point, weight = np.polynomial.legendre.leggauss(24)
    return jnp.asarray(LEAST_RATIO + (1 - LEAST_RATIO) * 0.5 * (1 + point)), jnp.asarray(0.5 * weight)
