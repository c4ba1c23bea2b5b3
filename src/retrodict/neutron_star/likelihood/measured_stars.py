"""Likelihoods of masses and radii: closest point of the curve, or marginalised over the place of each star on it.

`ProfileMassRadius` is the likelihood of the automatic-differentiation reconstructions (each star at the point of the
curve closest to it); it is no density over data, and its ensembles are too narrow. `MarginalMassRadius` is one:
the mass of each star is uniform between 1 Msun and the maximum mass, and integrated out. `PulsarMass` does the same
for a star of which the mass alone is measured.
"""

from typing import TypeAlias

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jax import lax
from jax.scipy.special import log_ndtr

from retrodict.base.types import Array, Float, Int, Key, Scalar
from retrodict.neutron_star.forward import Prediction
from retrodict.neutron_star.likelihood.noise import MassRadiusErrors
from retrodict.neutron_star.stars.branch import LIGHTEST, Branch, mass_nodes, sample_stars
from retrodict.problem.bounded import residual_of_bounded
from retrodict.problem.likelihood import AbstractLikelihood

Measured: TypeAlias = Float[Array, "stars 2"]  # mass [Msun] and radius [km], one row a star
StarData: TypeAlias = tuple[Measured, MassRadiusErrors]
_Cells: TypeAlias = Float[Array, "stars cells"]


class AbstractMeasuredStars(AbstractLikelihood):
    """Stars with measured mass and radius: what their likelihoods share."""

    measured: eqx.AbstractVar[Measured]  # mass [Msun] and radius [km] of each star
    error: eqx.AbstractVar[MassRadiusErrors]  # their errors
    lightest: eqx.AbstractVar[float]  # Msun, lower end of the prior of a mass

    @property
    def data(self) -> StarData:
        return self.measured, self.error

    @property
    def log_peak(self) -> Scalar:
        return jnp.sum(self.error.log_peak)

    @property
    def fitted_positions(self) -> int:
        """One position a star, in the pulls."""
        return self.measured.shape[0]

    def pulls(self, prediction: Prediction) -> Float[Array, " pulls"]:
        """Whitened displacements of the closest points, two a star."""
        return closest_displacement(self.measured, self.error, prediction.branch)

    def sample(self, key: Key, prediction: Prediction) -> StarData:
        """Mock stars with masses uniform over the branch."""
        return mock_stars(key, prediction.branch, self.error, self.lightest), self.error

    def resample(self, key: Key) -> StarData:
        """The data with noise added once more."""
        return self.measured - jnp.stack(self.error.sample(key), axis=1), self.error

    def with_data(self, data: StarData) -> "AbstractMeasuredStars":
        """Other stars, each with its errors."""
        return type(self)(*data, self.lightest)


class ProfileMassRadius(AbstractMeasuredStars):
    """Each star at the closest point of the stable branch, in units of its errors: two residuals for each star.

    Not normalised over the data (their distance from a curve has no density): use it to find the best curve, as the
    source papers do, not for evidences. Source: Soma, Wang, Shi, Stocker, Zhou, JCAP 08 (2022) 071.

    Example:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> from retrodict.neutron_star.likelihood.noise import mass_radius_errors
        >>> measured = jnp.array([[1.4, 12.0], [1.9, 11.0]])
        >>> ProfileMassRadius(measured, mass_radius_errors(np.array([0.1, 0.2]), np.array([1.0, 0.8]))).fitted_positions
        2
    """

    measured: Measured  # mass [Msun] and radius [km] of each star
    error: MassRadiusErrors  # their errors
    lightest: float = eqx.field(static=True, default=LIGHTEST)  # Msun, of mock stars only

    def residual(self, prediction: Prediction) -> Float[Array, " terms"]:
        """The pulls themselves."""
        return self.pulls(prediction)

    def pointwise(self, prediction: Prediction) -> Float[Array, " stars"]:
        return self.error.log_peak - 0.5 * jnp.sum(self.pulls(prediction).reshape(2, -1) ** 2, axis=0)


class MarginalMassRadius(AbstractMeasuredStars):
    r"""Each star marginalised over its place on the stable branch.

    $$p(M_i, R_i) = \frac{1}{M_{max} - M_{low}} \int_{M_{low}}^{M_{max}} dM\; N\big((M_i, R_i) - (M, R(M))\big)$$

    The prior of a star's mass is uniform from `lightest` to the maximum mass, on whichever branch it lies. Every term
    is bounded by the peak of its Gaussian, which makes it one residual for each star.

    Example:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> from retrodict.neutron_star.likelihood.noise import mass_radius_errors
        >>> star = MarginalMassRadius(jnp.array([[1.4, 12.0]]), mass_radius_errors(np.array([0.1]), np.array([1.0])))
        >>> round(float(star.log_peak), 3)
        0.465
    """

    measured: Measured  # mass [Msun] and radius [km] of each star
    error: MassRadiusErrors  # their errors
    lightest: float = eqx.field(static=True, default=LIGHTEST)  # Msun, lower end of the prior of a mass

    def log_ratio(self, prediction: Prediction) -> Float[Array, " stars"]:
        """log p of each star, relative to the peak of its Gaussian: at most zero.

        Args:
            prediction: stars of an equation of state.
        """
        nodes = mass_nodes(prediction.branch, self.lightest)
        delta = (nodes.mass - self.measured[:, :1], nodes.radius - self.measured[:, 1:])
        u, v = self.error.whiten(*delta)
        return log_mean_exp(-0.5 * (u**2 + v**2), nodes.weight)

    def residual(self, prediction: Prediction) -> Float[Array, " stars"]:
        """sqrt(-2 log(p / peak)) of each star."""
        return residual_of_bounded(self.log_ratio(prediction), 0.0)

    def pointwise(self, prediction: Prediction) -> Float[Array, " stars"]:
        return self.error.log_peak + self.log_ratio(prediction)


class PulsarMass(AbstractLikelihood):
    r"""Stars of which the mass alone is measured, marginalised over its error.

    $$p(M_i) = \frac{\Phi\big((M_{max}-M_i)/\sigma_i\big) - \Phi\big((M_{low}-M_i)/\sigma_i\big)}{M_{max} - M_{low}}$$

    the normal density averaged over a mass that is uniform up to the maximum mass; the denominator, often left out,
    makes it a density of the data, so that a heavier maximum mass has its price. Source: Miller, Chirenti, Lamb, ApJ
    888, 12 (2020).

    Example:
        >>> import jax.numpy as jnp
        >>> PulsarMass(jnp.array([2.01, 1.908]), jnp.array([0.04, 0.016])).fitted_positions
        2
    """

    mass: Float[Array, " pulsars"]  # Msun
    error: Float[Array, " pulsars"]  # Msun, one standard deviation
    lightest: float = eqx.field(static=True, default=LIGHTEST)  # Msun, lower end of the prior

    @property
    def data(self) -> Float[Array, " pulsars"]:
        return self.mass

    @property
    def log_peak(self) -> Scalar:
        return -jnp.sum(jnp.log(self.error * jnp.sqrt(2 * jnp.pi)))

    @property
    def fitted_positions(self) -> int:
        """One mass a pulsar."""
        return self.mass.shape[0]

    def residual(self, prediction: Prediction) -> Float[Array, " pulsars"]:
        """sqrt(-2 log(p / peak)) of each pulsar."""
        return residual_of_bounded(
            self._log_prob(prediction.branch.maximum_mass), -jnp.log(self.error * jnp.sqrt(2 * jnp.pi))
        )

    def pulls(self, prediction: Prediction) -> Float[Array, " pulsars"]:
        """(maximum mass - measured) / error where that is negative, else 0: the pulsar sits where it was seen."""
        return jnp.minimum(prediction.branch.maximum_mass - self.mass, 0.0) / self.error

    def pointwise(self, prediction: Prediction) -> Float[Array, " pulsars"]:
        return self._log_prob(prediction.branch.maximum_mass)

    def sample(self, key: Key, prediction: Prediction) -> Float[Array, " pulsars"]:
        """Masses uniform up to the maximum, with their errors."""
        mass_key, noise_key = jr.split(key)
        lower, upper = self._range(prediction.branch.maximum_mass)
        true = jr.uniform(mass_key, self.mass.shape, minval=lower, maxval=upper)
        return true + self.error * jr.normal(noise_key, self.mass.shape)

    def resample(self, key: Key) -> Float[Array, " pulsars"]:
        """The masses with noise added once more."""
        return self.mass + self.error * jr.normal(key, self.mass.shape)

    def with_data(self, data: Float[Array, " pulsars"]) -> "PulsarMass":
        """Other masses, the same errors."""
        return PulsarMass(data, self.error, self.lightest)

    def _range(self, maximum: Scalar) -> tuple[Scalar, Scalar]:
        """Where no star is as heavy as `lightest`, a hair below the heaviest."""
        return jnp.minimum(self.lightest, maximum - 1e-3), maximum

    def _log_prob(self, maximum: Scalar) -> Float[Array, " pulsars"]:
        lower, upper = self._range(maximum)
        # Both probabilities may underflow; their logarithms do not. Two right tails are mirrored to the left.
        low, high = (lower - self.mass) / self.error, (upper - self.mass) / self.error
        mirrored = low > 0
        a, b = jnp.where(mirrored, -high, low), jnp.where(mirrored, -low, high)
        log_b = log_ndtr(b)
        ratio = jnp.exp(log_ndtr(a) - log_b)
        return log_b + jnp.log1p(-ratio) - jnp.log(upper - lower)


def log_mean_exp(exponent: Float[Array, "... nodes"], weight: Float[Array, " nodes"]) -> Float[Array, "..."]:
    """log sum(weight exp(exponent)) over the last axis, without underflow where all exponents are far below zero.

    Args:
        exponent: shape (..., nodes).
        weight: weights, not negative, shape (nodes,).
    """
    peak = jnp.max(jnp.where(weight > 0, exponent, -jnp.inf), axis=-1, keepdims=True)
    peak = jnp.where(jnp.isfinite(peak), peak, 0.0)
    shifted = jnp.minimum(exponent - peak, 0.0)
    return jnp.log(jnp.exp(shifted) @ weight) + peak[..., 0]


def closest_displacement(measured: Measured, error: MassRadiusErrors, branch: Branch) -> Float[Array, " terms"]:
    """Whitened displacement (curve minus measurement) of the closest stable star: all masses, then all radii.

    The closest approach is exact on every chord. Its derivative includes the sliding of the point along the curve, so
    that the displacement along the curve, which costs nothing, does not slow a Gauss-Newton step.

    Args:
        measured: mass [Msun] and radius [km] of each star, shape (stars, 2).
        error: their errors.
        branch: stable stars of an equation of state.
    """
    cell = lax.stop_gradient(_closest_chord(measured, error, branch))
    ends = (branch.mass[cell] - measured[:, :1], branch.radius[cell] - measured[:, 1:])
    (m0, r0), (dm, dr) = ([e[:, :1] for e in ends], [e[:, 1:] - e[:, :1] for e in ends])
    t = _closest_place(error, m0, r0, dm, dr)
    u, v = error.whiten(m0 + t * dm, r0 + t * dr)
    return jnp.concatenate([u[:, 0], v[:, 0]])


def mock_stars(key: Key, branch: Branch, error: MassRadiusErrors, lightest: float) -> Measured:
    """Simulate measurements of stars whose masses are uniform over the stable branch.

    Args:
        key: random key.
        branch: stable stars of an equation of state.
        error: errors of the measurements.
        lightest: lower end of the range of masses [Msun].
    """
    star_key, noise_key = jr.split(key)
    stars = jnp.stack(sample_stars(star_key, branch, error.correlation.shape[0], lightest), axis=1)
    return stars - jnp.stack(error.sample(noise_key), axis=1)


def _closest_chord(measured: Measured, error: MassRadiusErrors, branch: Branch) -> Int[Array, " stars"]:
    """The index of the chord; where no star is stable, that of the heaviest one."""
    m0, r0 = branch.mass[:, 0] - measured[:, :1], branch.radius[:, 0] - measured[:, 1:]
    dm, dr = (jnp.broadcast_to(v[:, 1] - v[:, 0], m0.shape) for v in (branch.mass, branch.radius))
    t = _closest_place(error, m0, r0, dm, dr)
    u, v = error.whiten(m0 + t * dm, r0 + t * dr)
    stable = branch.rise > 0
    return jnp.where(stable.any(), jnp.argmin(jnp.where(stable, u**2 + v**2, jnp.inf), axis=1), -1)


def _closest_place(error: MassRadiusErrors, m0: _Cells, r0: _Cells, dm: _Cells, dr: _Cells) -> _Cells:
    """Where on the chord (0 to 1) the whitened distance is least, with the errors of the side where its middle lies."""
    scale_m, scale_r = error.scale(m0 + 0.5 * dm, r0 + 0.5 * dr)
    u0, v0 = error.decorrelate(m0 / scale_m, r0 / scale_r)
    du, dv = error.decorrelate(dm / scale_m, dr / scale_r)
    length = du**2 + dv**2
    return jnp.clip(-(u0 * du + v0 * dv) / jnp.where(length > 0, length, 1.0), 0.0, 1.0)
