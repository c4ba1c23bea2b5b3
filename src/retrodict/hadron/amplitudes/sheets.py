r"""Sheets of the energy plane, uniformised: one complex variable in which an amplitude has no cuts.

One channel: the momentum $k$ itself, $E = k^2/2\mu$ above threshold; Im k > 0 is sheet 1, the physical one, Im k < 0
sheet 2.
Two channels with thresholds $T_1 < T_2$ and $q_i = k_i/\sqrt{2\mu_i}$, so that $q_1^2 - q_2^2 = T_2 - T_1 = \Delta$:

$$q_1 = \tfrac{\sqrt\Delta}{2}(\omega + 1/\omega), \qquad q_2 = \tfrac{\sqrt\Delta}{2}(\omega - 1/\omega), \qquad
E = T_2 + q_2^2 .$$

Sheets by the signs of (Im k1, Im k2): 1 (+, +), 2 (-, +), 3 (-, -), 4 (+, -). The physical energies are the arc |omega|
= 1 in the first quadrant below $T_2$ and the real axis omega > 1 above; all four sheets meet at omega = 1. A pole at
omega has a mirror image at $-\omega^*$, at the conjugate energy of the same sheet. Source: Kato, Ann. Phys. 31 (1965)
130.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Complex

from retrodict.base.types import Array, Bool, Flag, Float, Int

Plane = Complex[Array, "*points"]


class OneChannel(eqx.Module):
    """Two particles at energies above their threshold.

    Args:
        masses: of the two particles [MeV].
    """

    masses: tuple[float, float] = eqx.field(static=True)
    sheets: int = eqx.field(static=True, default=2)

    @property
    def reduced_mass(self) -> float:
        """mu [MeV]."""
        return reduced_mass(self.masses)

    @property
    def threshold(self) -> float:
        """The sum of the masses [MeV]."""
        return sum(self.masses)

    @property
    def unit(self) -> float:
        """Of the variable: k = 1 MeV."""
        return 1.0

    def variable(self, energy: Float[Array, "*points"]) -> Plane:
        """k [MeV], on the upper rim of the cut.

        Args:
            energy: total energy [MeV], any shape.
        """
        return jnp.sqrt(2 * self.reduced_mass * (energy - self.threshold) + 0j)

    def momenta(self, variable: Plane) -> tuple[Plane]:
        """The momentum k [MeV].

        Args:
            variable: k [MeV], any shape.
        """
        return (variable,)

    def energy(self, variable: Plane) -> Plane:
        """E - threshold [MeV].

        Args:
            variable: k [MeV], any shape.
        """
        return variable**2 / (2 * self.reduced_mass)

    def sheet(self, variable: Plane) -> Float[Array, "*points"]:
        """1 or 2.

        Args:
            variable: k [MeV], any shape.
        """
        return jnp.where(variable.imag >= 0, 1.0, 2.0)


class TwoChannels(eqx.Module):
    """Two pairs of particles; energies are counted from the upper threshold.

    Args:
        lower: masses of the pair with the lower threshold [MeV].
        upper: masses of the other pair [MeV].
    """

    lower: tuple[float, float] = eqx.field(static=True)
    upper: tuple[float, float] = eqx.field(static=True)
    sheets: int = eqx.field(static=True, default=4)

    @property
    def reduced_masses(self) -> tuple[float, float]:
        """mu of both pairs [MeV]."""
        return reduced_mass(self.lower), reduced_mass(self.upper)

    @property
    def reduced_mass(self) -> float:
        """mu of the upper pair [MeV]."""
        return reduced_mass(self.upper)

    @property
    def threshold(self) -> float:
        """The upper threshold [MeV]."""
        return sum(self.upper)

    @property
    def gap(self) -> float:
        """Distance of the thresholds [MeV]."""
        return sum(self.upper) - sum(self.lower)

    def variable(self, energy: Float[Array, "*points"]) -> Plane:
        """omega, on the upper rim of the cuts.

        Args:
            energy: total energy [MeV], any shape.
        """
        q1 = jnp.sqrt(energy - sum(self.lower) + 0j)
        q2 = jnp.sqrt(energy - sum(self.upper) + 0j)
        return (q1 + q2) / jnp.sqrt(self.gap)

    def momenta(self, variable: Plane) -> tuple[Plane, Plane]:
        """k of both pairs [MeV].

        Args:
            variable: omega, any shape.
        """
        half = 0.5 * self.gap**0.5
        first, second = ((2 * mu) ** 0.5 for mu in self.reduced_masses)
        return first * half * (variable + 1 / variable), second * half * (variable - 1 / variable)

    def energy(self, variable: Plane) -> Plane:
        """E - upper threshold [MeV].

        Args:
            variable: omega, any shape.
        """
        return 0.25 * self.gap * (variable - 1 / variable) ** 2

    def sheet(self, variable: Plane) -> Float[Array, "*points"]:
        """1, 2, 3 or 4.

        Args:
            variable: omega, any shape.
        """
        above, outside = variable.imag >= 0, jnp.abs(variable) >= 1
        return jnp.where(above, jnp.where(outside, 1.0, 2.0), jnp.where(outside, 3.0, 4.0))


Channels = OneChannel | TwoChannels


def reduced_mass(masses: tuple[float, float]) -> float:
    """m1 m2 / (m1 + m2).

    Args:
        masses: of the two particles [MeV].
    """
    return masses[0] * masses[1] / (masses[0] + masses[1])


def coefficients(function: Callable[[Plane], Plane], degree: int, radius: float = 1.0) -> Complex[Array, " powers"]:
    """The coefficients of a polynomial, highest power first, from its values on a circle.

    Args:
        function: the polynomial.
        degree: of it.
        radius: of the circle, about the size of the roots that matter.
    """
    points = jnp.exp(2j * jnp.pi * jnp.arange(degree + 1) / (degree + 1))
    ascending = jnp.fft.fft(function(radius * points)) / (degree + 1)
    return (ascending / radius ** jnp.arange(degree + 1))[::-1]


def roots(polynomial: Complex[Array, " powers"], scale: float = 1.0) -> Complex[Array, " roots"]:
    """All roots: eigenvalues of the companion matrix, polished by Newton's method.

    Derivatives are those of the last Newton step, hence exact (implicit differentiation).

    Args:
        polynomial: coefficients, highest power first.
        scale: about the size of the roots.
    """
    degree = len(polynomial) - 1
    scaled = polynomial * scale ** jnp.arange(degree, -1, -1)
    found = jax.lax.stop_gradient(jnp.roots(jax.lax.stop_gradient(scaled), strip_zeros=False))
    slope = scaled[:-1] * jnp.arange(degree, 0, -1)
    for _ in range(3):
        derivative = jnp.polyval(slope, found)
        step = jnp.polyval(scaled, found) / jnp.where(derivative == 0, 1.0, derivative)
        found = jax.lax.stop_gradient(found) - step
    return scale * found


def nearest(distance: Float[Array, " roots"], allowed: Bool[Array, " roots"]) -> tuple[Int[Array, ""], Flag]:
    """Index of the least distance among the allowed ones, and whether there is one.

    Args:
        distance: of each root.
        allowed: which of them count.
    """
    return jnp.argmin(jnp.where(allowed, distance, jnp.inf)), jnp.any(allowed)
