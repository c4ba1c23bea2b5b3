r"""Quantum mechanics as a 0+1-dimensional lattice theory of unit mass on a periodic path.

$$S = \sum_t \left[\frac{(x_{t+1}-x_t)^2}{2a} + a V(x_t)\right]$$

with $V = \tfrac12\omega^2 x^2$ (harmonic), $\tfrac12\omega^2x^2 + g x^4$ (anharmonic), $(x^2 - v^2)^2$ (double well).
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.lattice.core import observables as measure
from retrodict.lattice.core.action import AbstractAction, Baseline, Picture
from retrodict.lattice.core.estimates import MeanFunction
from retrodict.lattice.core.limits import Precision, checked_shape
from retrodict.lattice.core.spaces import AbstractSpace, RealSpace
from retrodict.lattice.core.symmetries import Symmetry, negated, of_sites
from retrodict.lattice.theories import reference
from retrodict.problem.target import Quantity

AGREEMENT: Final = 1e-6  # relative, of the moments on two grids, for a transfer matrix that counts as exact

Positions: TypeAlias = Float[Array, " sites"]  # x at each time, in units of 1 / sqrt(mass energy)


@dataclass(frozen=True)
class Harmonic:
    """V = omega^2 x^2 / 2.

    Args:
        omega: the frequency, in units of the energy.
    """

    omega: float = 1.0

    @property
    def coefficients(self) -> tuple[float, ...]:
        """Coefficients of the even powers of x, from the constant on."""
        return 0.0, 0.5 * self.omega**2


@dataclass(frozen=True)
class Anharmonic:
    """V = omega^2 x^2 / 2 + quartic x^4.

    Args:
        quartic: coefficient of x^4.
        omega: the frequency.
    """

    quartic: float
    omega: float = 1.0

    @property
    def coefficients(self) -> tuple[float, ...]:
        """Coefficients of the even powers of x, from the constant on."""
        return 0.0, 0.5 * self.omega**2, self.quartic


@dataclass(frozen=True)
class DoubleWell:
    """V = (x^2 - minimum_squared)^2.

    Args:
        minimum_squared: square of the positions of the minima.
    """

    minimum_squared: float

    @property
    def coefficients(self) -> tuple[float, ...]:
        """Coefficients of the even powers of x, from the constant on."""
        return self.minimum_squared**2, -2 * self.minimum_squared, 1.0


Potential = Harmonic | Anharmonic | DoubleWell


class FeynmanPath(AbstractAction):
    """A particle of unit mass on a periodic path in imaginary time, in V(x) = sum_n c_n x^(2 n).

    The observable `energy` is the virial estimator <x V'/2 + V>, whose mean tends to the energy of the ground state for
    small spacing and low temperature 1 / (sites spacing).

    Args:
        sites: number of times.
        spacing: distance a between neighbouring times, in units of the inverse energy.
        coefficients: the c_n, or one of the potentials above.
        precision: bits of the field's numbers, 32 or 64.

    Raises:
        InputError: for a number of sites or a precision that cannot be.

    Example:
        >>> path = FeynmanPath(20, 0.2, Harmonic(omega=1.0))
        >>> round(path.exact_values()["x2"], 6)
        0.516209
    """

    space: AbstractSpace  # real numbers
    shape: tuple[int, ...] = eqx.field(static=True)  # (sites,)
    spacing: float
    coefficients: tuple[float, ...]
    precision: Precision = eqx.field(static=True)

    def __init__(
        self, sites: int, spacing: float, coefficients: tuple[float, ...] | Potential, precision: Precision = 64
    ):
        self.space, self.shape = RealSpace(), checked_shape((sites,))
        c = coefficients.coefficients if isinstance(coefficients, Potential) else tuple(coefficients)
        self.spacing, self.coefficients, self.precision = spacing, c, precision

    def potential(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        """V(x), of numbers of any shape."""
        square, total = x**2, jnp.zeros_like(x)
        for coefficient in reversed(self.coefficients):
            total = total * square + coefficient
        return total

    def action(self, x: Positions) -> Scalar:
        return jnp.sum((jnp.roll(x, -1) - x) ** 2 / (2 * self.spacing) + self.spacing * self.potential(x))

    def gradient(self, x: Positions) -> Positions:
        return jax.grad(self.action)(x)

    def hot(self, key: Key) -> Positions:
        return jr.normal(key, self.shape, self.dtype)

    def cold(self) -> Positions:
        return jnp.ones(self.shape, self.dtype)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        plain = measure.plain_numbers(
            ("x", "$x$"), ("x2", "$x^2$"), ("x4", "$x^4$"), ("energy", "$E_0$"), ("action_density", "$S / N$")
        )
        return (*plain, measure.on_distances("correlator", self.shape[0], r"$\langle x(0)\,x(t)\rangle$"))

    def observables(self, x: Positions) -> dict[str, Float[Array, "..."]]:
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

    def exact_values(self) -> dict[str, float]:
        """By the transfer matrix, if two grids agree; V is even, hence <x> = 0."""
        potential = reference.even_potential(self.coefficients)
        sites, spacing = self.shape[0], float(self.spacing)
        coarse = reference.path_moments(sites, spacing, potential, 300, 6.0)
        fine = reference.path_moments(sites, spacing, potential, 500, 9.0)
        agree = {n for n in ("x2", "x4") if abs(coarse[n] - fine[n]) < AGREEMENT * abs(fine[n])}
        return {"x": 0.0, **{name: fine[name] for name in sorted(agree)}}

    def exact_density(self) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
        """By the transfer matrix."""
        return reference.path_density(self.shape[0], float(self.spacing), self.coefficients)

    def instability(self) -> str:
        rises = len(self.coefficients) > 1 and self.coefficients[-1] > 0
        return "" if rises and self.spacing > 0 else f"spacing {self.spacing:g}, V = {self.coefficients}"

    def symmetries(self, key: Key) -> dict[str, Symmetry]:
        return {**of_sites(self.shape), "Z2": negated}

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        return "HMC", "Metropolis-adjusted Langevin", "sequential Monte Carlo"

    def picture(self, x: Float[np.ndarray, " sites"]) -> Picture:
        return Picture(np.asarray(x, dtype=float), "$x$", "the position")


def harmonic(sites: int, spacing: float, omega: float = 1.0, precision: Precision = 64) -> FeynmanPath:
    """A path in V = omega^2 x^2 / 2.

    Args:
        sites: number of times.
        spacing: distance between neighbouring times, in units of the inverse energy.
        omega: the frequency.
        precision: bits of the field's numbers, 32 or 64.

    Example:
        >>> harmonic(20, 0.2).coefficients
        (0.0, 0.5)
    """
    return FeynmanPath(sites, spacing, Harmonic(omega), precision)


def anharmonic(
    sites: int, spacing: float, quartic: float, omega: float = 1.0, precision: Precision = 64
) -> FeynmanPath:
    """A path in V = omega^2 x^2 / 2 + quartic x^4.

    Args:
        sites: number of times.
        spacing: distance between neighbouring times, in units of the inverse energy.
        quartic: coefficient of x^4.
        omega: the frequency.
        precision: bits of the field's numbers, 32 or 64.

    Example:
        >>> anharmonic(20, 0.2, quartic=1.0).coefficients
        (0.0, 0.5, 1.0)
    """
    return FeynmanPath(sites, spacing, Anharmonic(quartic, omega), precision)


def double_well(sites: int, spacing: float, minimum_squared: float, precision: Precision = 64) -> FeynmanPath:
    """A path in V = (x^2 - minimum_squared)^2.

    Args:
        sites: number of times.
        spacing: distance between neighbouring times, in units of the inverse energy.
        minimum_squared: square of the positions of the minima.
        precision: bits of the field's numbers, 32 or 64.

    Example:
        >>> double_well(20, 0.2, minimum_squared=1.0).coefficients
        (1.0, -2.0, 1.0)
    """
    return FeynmanPath(sites, spacing, DoubleWell(minimum_squared), precision)
