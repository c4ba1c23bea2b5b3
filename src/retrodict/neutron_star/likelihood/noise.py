r"""The errors of a measured mass and radius: Gaussian, correlated if need be, of different size to either side.

The density of the data given the true star is a Gaussian whose width depends on the quadrant,

$$p \propto \exp\Big[-\frac{u^2 - 2\rho uv + v^2}{2(1-\rho^2)}\Big],\quad u = \frac{M - M_{obs}}{\sigma_M^\pm},\;
  v = \frac{R - R_{obs}}{\sigma_R^\pm},$$

with the upper error where the true value lies above the measured one; it is normalised exactly.
"""

from collections.abc import Sequence
from typing import TypeAlias

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Key

_Errors: TypeAlias = Float[np.ndarray, "stars ..."] | Sequence[float] | Sequence[Sequence[float]]


class MassRadiusErrors(eqx.Module):
    """One-sigma errors of each star below and above the measured value, and the correlation of mass and radius."""

    mass: Float[Array, "stars 2"]  # Msun, below and above
    radius: Float[Array, "stars 2"]  # km, below and above
    correlation: Float[Array, " stars"]  # of mass and radius, in (-1, 1)

    def whiten(
        self, mass: Float[Array, "stars cells"], radius: Float[Array, "stars cells"]
    ) -> tuple[Float[Array, "stars cells"], Float[Array, "stars cells"]]:
        """Displacements (true minus measured) -> two independent standard-normal numbers.

        Args:
            mass: displacements of the mass [Msun], shape (stars, cells).
            radius: displacements of the radius [km], shape (stars, cells).
        """
        return self.decorrelate(*(d / s for d, s in zip((mass, radius), self.scale(mass, radius), strict=True)))

    def scale(
        self, mass: Float[Array, "stars cells"], radius: Float[Array, "stars cells"]
    ) -> tuple[Float[Array, "stars cells"], Float[Array, "stars cells"]]:
        """The errors on the side to which the displacements point.

        Args:
            mass: displacements of the mass [Msun], shape (stars, cells).
            radius: displacements of the radius [km], shape (stars, cells).
        """
        m, r = (jnp.where(d > 0, e[:, 1:], e[:, :1]) for d, e in ((mass, self.mass), (radius, self.radius)))
        return m, r

    def decorrelate(
        self, u: Float[Array, "stars cells"], v: Float[Array, "stars cells"]
    ) -> tuple[Float[Array, "stars cells"], Float[Array, "stars cells"]]:
        """Displacements in units of their errors -> independent ones.

        Args:
            u: displacements of the mass over its error, shape (stars, cells).
            v: displacements of the radius over its error, shape (stars, cells).
        """
        rho = self.correlation[:, None]
        return u, (v - rho * u) / jnp.sqrt(1 - rho**2)

    @property
    def log_peak(self) -> Float[Array, " stars"]:
        """Log density of the data at the true star, per star: minus the log of the normalising integral."""
        return -jnp.log(jnp.sum(self._quadrants(), axis=1)) - 0.5 * jnp.log1p(-(self.correlation**2))

    def sample(self, key: Key) -> tuple[Float[Array, " stars"], Float[Array, " stars"]]:
        """Draw displacements (true minus measured) of mass [Msun] and radius [km].

        Args:
            key: random key.
        """
        key_quadrant, key_angle, key_length = jr.split(key, 3)
        stars = self.correlation.shape
        row = jnp.arange(stars[0])
        quadrant = jr.categorical(key_quadrant, jnp.log(self._quadrants()))
        alpha, half = jnp.arcsin(self.correlation), 0.5 * jnp.pi
        start = jnp.stack([-alpha, jnp.full(stars, half), jnp.pi - alpha, jnp.full(stars, 3 * half)])[quadrant, row]
        width = jnp.where(quadrant % 2 == 0, half + alpha, half - alpha)
        theta = start + width * jr.uniform(key_angle, stars)
        length = jnp.sqrt(-2 * jnp.log1p(-jr.uniform(key_length, stars)))
        u, v = length * jnp.cos(theta), length * jnp.sin(theta + alpha)
        return u * self.mass[row, (u > 0).astype(int)], v * self.radius[row, (v > 0).astype(int)]

    def _quadrants(self) -> Float[Array, "stars 4"]:
        """The weights of the quadrants ++, -+, --, +-: area of the error ellipse times the angle that it fills."""
        (m_minus, m_plus), (r_minus, r_plus) = self.mass.T, self.radius.T
        same, opposite = (0.5 * jnp.pi + sign * jnp.arcsin(self.correlation) for sign in (1, -1))
        areas = (
            m_plus * r_plus * same,
            m_minus * r_plus * opposite,
            m_minus * r_minus * same,
            m_plus * r_minus * opposite,
        )
        return jnp.stack(areas, axis=1)


def mass_radius_errors(
    mass: _Errors,
    radius: _Errors,
    correlation: Float[np.ndarray, " stars"] | Sequence[float] | float = 0.0,
) -> MassRadiusErrors:
    """Build the errors of measured stars from symmetric or asymmetric ones.

    Args:
        mass: errors of the masses [Msun], shape (stars,), or (stars, 2) for below and above.
        radius: errors of the radii [km], of such a shape too.
        correlation: of mass and radius, in (-1, 1); one number or shape (stars,).

    Example:
        >>> import numpy as np
        >>> mass_radius_errors(np.array([0.1]), np.array([[0.8, 1.2]])).radius.tolist()
        [[0.8, 1.2]]
    """
    both = [np.asarray(e, dtype=float) for e in (mass, radius)]
    m, r = (np.repeat(e[:, None], 2, axis=1) if e.ndim == 1 else e for e in both)
    rho = np.broadcast_to(np.asarray(correlation, dtype=float), len(m))
    return MassRadiusErrors(jnp.asarray(m), jnp.asarray(r), jnp.asarray(rho))
