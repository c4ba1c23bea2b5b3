r"""Quantum mechanics as a 0+1-dimensional lattice theory of unit mass on a periodic path.

$$S = \sum_t \left[\frac{(x_{t+1}-x_t)^2}{2a} + a V(x_t)\right]$$

with $V = \tfrac12\omega^2 x^2$ (harmonic), $\tfrac12\omega^2x^2 + g x^4$ (anharmonic), $(x^2 - v^2)^2$ (double well).
"""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Key, Scalar
from retrodict.lattice.core import scalar_observables as measure
from retrodict.lattice.core.action import (
    AbstractAction,
    MeanFunction,
    Precision,
    checked_shape,
    described,
    on_distances,
    real_dtype,
)
from retrodict.lattice.core.spaces import AbstractSpace, RealSpace
from retrodict.problem.target import Quantity


@dataclass(frozen=True)
class Harmonic:
    """V = omega^2 x^2 / 2."""

    omega: float = 1.0

    @property
    def coefficients(self) -> tuple[float, ...]:
        """Of the even powers of x."""
        return 0.0, 0.5 * self.omega**2


@dataclass(frozen=True)
class Anharmonic:
    """V = omega^2 x^2 / 2 + quartic x^4."""

    quartic: float
    omega: float = 1.0

    @property
    def coefficients(self) -> tuple[float, ...]:
        """Of the even powers of x."""
        return 0.0, 0.5 * self.omega**2, self.quartic


@dataclass(frozen=True)
class DoubleWell:
    """V = (x^2 - minimum_squared)^2."""

    minimum_squared: float

    @property
    def coefficients(self) -> tuple[float, ...]:
        """Of the even powers of x."""
        return self.minimum_squared**2, -2 * self.minimum_squared, 1.0


Potential = Harmonic | Anharmonic | DoubleWell


class FeynmanPath(AbstractAction):
    """A particle in V(x) = sum_n c_n x^(2 n), at `sites` times a distance `spacing` apart.

    `coefficients` are the c_n, or one of the potentials above.

    `energy` is the virial estimator <x V'/2 + V>, whose mean tends to the energy of the ground state for small spacing
    and low temperature 1 / (sites spacing).
    """

    space: AbstractSpace
    shape: tuple[int, ...] = eqx.field(static=True)
    spacing: float
    coefficients: tuple[float, ...]
    precision: Precision = eqx.field(static=True)

    def __init__(
        self, sites: int, spacing: float, coefficients: tuple[float, ...] | Potential, precision: Precision = 64
    ):
        self.space, self.shape = RealSpace(), checked_shape((sites,))
        c = coefficients.coefficients if isinstance(coefficients, Potential) else tuple(coefficients)
        self.spacing, self.coefficients, self.precision = spacing, c, precision

    def potential(self, x: Array) -> Array:
        """V(x)."""
        square, total = x**2, jnp.zeros_like(x)
        for coefficient in reversed(self.coefficients):
            total = total * square + coefficient
        return total

    def action(self, x: Array) -> Scalar:
        return jnp.sum((jnp.roll(x, -1) - x) ** 2 / (2 * self.spacing) + self.spacing * self.potential(x))

    def gradient(self, x: Array) -> Array:
        return jax.grad(self.action)(x)

    def hot(self, key: Key) -> Array:
        return jr.normal(key, self.shape, real_dtype(self.precision))

    def cold(self) -> Array:
        return jnp.ones(self.shape, real_dtype(self.precision))

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        plain = described(
            ("x", "$x$"), ("x2", "$x^2$"), ("x4", "$x^4$"), ("energy", "$E_0$"), ("action_density", "$S / N$")
        )
        return (*plain, on_distances("correlator", self.shape[0], r"$\langle x(0)\,x(t)\rangle$"))

    def observables(self, x: Array) -> dict[str, Array]:
        slope = jax.grad(lambda y: jnp.sum(self.potential(y)))(x)
        return {
            "x": jnp.mean(x),
            "x2": jnp.mean(x**2),
            "x4": jnp.mean(x**4),
            "energy": jnp.mean(0.5 * x * slope + self.potential(x)),
            "action_density": self.action(x) / x.size,
            "correlator": measure.slice_correlator(x),
        }

    @property
    def mean_functions(self) -> tuple[MeanFunction, ...]:
        return ()

    @property
    def slow(self) -> tuple[str, ...]:
        return "x2", "action_density"

    @property
    def odd(self) -> tuple[str, ...]:
        return ("x",)


def harmonic(sites: int, spacing: float, omega: float = 1.0, precision: Precision = 64) -> FeynmanPath:
    """V = omega^2 x^2 / 2."""
    return FeynmanPath(sites, spacing, Harmonic(omega), precision)


def anharmonic(
    sites: int, spacing: float, quartic: float, omega: float = 1.0, precision: Precision = 64
) -> FeynmanPath:
    """V = omega^2 x^2 / 2 + quartic x^4."""
    return FeynmanPath(sites, spacing, Anharmonic(quartic, omega), precision)


def double_well(sites: int, spacing: float, minimum_squared: float, precision: Precision = 64) -> FeynmanPath:
    """V = (x^2 - minimum_squared)^2."""
    return FeynmanPath(sites, spacing, DoubleWell(minimum_squared), precision)
