r"""The unknown: $V(T, r) = V_R(T, r) - i\,V_I(T, r)$, a Cornell potential whose string the medium changes, and a loss.

$$V_R = -\frac{\alpha\,\hbar c}{r} + \sigma r\,e^{s_R f_R(T, r)}, \qquad
  V_I = T\,\frac{r^2}{r^2 + a^2}\,e^{s_I f_I(T, r)},\qquad a = 0.5\ \mathrm{fm}.$$

Whatever $f_R$ and $f_I$, the potential tends to $-\alpha\hbar c/r$ at small r and confines at large r, and the loss is
positive and begins as r^2. Both functions have a prior of order one: a network, or a Gaussian process.
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.base.types import Array, Count, Float, Positive, Scalar, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.prior import LogNormal

COUPLING: Final = LogNormal(0.4, 0.15)
STRING_TENSION: Final = LogNormal(0.2, 0.1)  # GeV^2
MEV_FM: Final = 1e6 / HBAR_C  # of a string tension of 1 GeV^2 [MeV fm^-1]
VACUUM: Final = 2  # latents of coupling and string tension
SATURATION: Final = 0.5  # a [fm]
NEAR: Final = 0.2  # fm: radii are compared by ln(1 + r/NEAR)
WARM: Final = 120.0  # MeV: temperatures are compared in units of it
HIDDEN_GAIN: Final = 1.2  # of the layers of a network behind the first
KEPT: Final = 1e-8  # of the largest eigenvalue of a kernel

Radii = Float[Array, " radii"]
Grid = Float[Array, "temperatures radii"]


class ComplexPotential(NamedTuple):
    """V_R and V_I on a grid of temperatures and radii, and the vacuum behind V_R."""

    real: Grid  # V_R [MeV]
    imaginary: Grid  # V_I >= 0 [MeV]
    coupling: Scalar  # alpha
    string_tension: Scalar  # GeV^2


class Medium(eqx.Module):
    """Temperatures and radii on which a potential is asked for, and the sizes of what the medium does.

    Args:
        temperature: T [MeV].
        radius: r [fm].
        real_spread: s_R.
        imaginary_spread: s_I.
    """

    temperature: Float[Array, " temperatures"]
    radius: Radii
    real_spread: float = eqx.field(static=True)
    imaginary_spread: float = eqx.field(static=True)

    @property
    def place(self) -> Radii:
        """The radii as numbers of order one."""
        return jnp.log1p(self.radius / NEAR)

    @property
    def warmth(self) -> Float[Array, " temperatures"]:
        """The temperatures as numbers of order one."""
        return (self.temperature - jnp.mean(self.temperature)) / WARM

    def potential(self, z: Float[Array, " two"], change: Float[Array, "two temperatures radii"]) -> ComplexPotential:
        """The potential of given functions.

        Args:
            z: latents of coupling and string tension.
            change: f_R and f_I.
        """
        coupling, tension = COUPLING(z[0]), STRING_TENSION(z[1])
        r = self.radius
        string = tension * MEV_FM * r * jnp.exp(self.real_spread * change[0])
        rise = r**2 / (r**2 + SATURATION**2)
        loss = self.temperature[:, None] * rise * jnp.exp(self.imaginary_spread * change[1])
        return ComplexPotential(string - coupling * HBAR_C / r, loss, coupling, tension)


class NeuralPart(AbstractAnsatz[ComplexPotential]):
    """Latents: coupling, string tension, then the weights of a network from (T, r) to (f_R, f_I)."""

    medium: Medium
    width: int = eqx.field(static=True)
    depth: int = eqx.field(static=True)

    @property
    def dim(self) -> int:
        return VACUUM + 3 * self.width + (self.depth - 1) * (self.width + 1) * self.width + 2 * self.width

    def __call__(self, z: Vector) -> ComplexPotential:
        """The potential; weights have variance gain^2/inputs, so that f_R and f_I are of order one (Neal 1996)."""
        place, warmth = jnp.broadcast_arrays(self.medium.place - 1.0, self.medium.warmth[:, None])
        h, rest = jnp.stack([place, warmth], axis=-1), z[VACUUM:]
        for layer in range(self.depth):
            inputs = h.shape[-1]
            weight, bias = rest[: inputs * self.width].reshape(inputs, self.width), rest[inputs * self.width :]
            h = jnp.tanh((HIDDEN_GAIN if layer else 1.0) * (h @ weight / math.sqrt(inputs) + bias[: self.width]))
            rest = bias[self.width :]
        out = h @ rest.reshape(self.width, 2) * math.sqrt(2.0 / self.width)
        return self.medium.potential(z[:VACUUM], jnp.moveaxis(out, -1, 0))


class GaussianProcessPart(AbstractAnsatz[ComplexPotential]):
    """Latents: coupling, string tension, then the modes of f_R and f_I over temperatures and radii."""

    medium: Medium
    warm: Float[Array, "temperatures modes"]  # root of the kernel over temperatures
    near: Float[Array, "radii modes2"]  # root of that over radii

    @property
    def dim(self) -> int:
        return VACUUM + 2 * self.warm.shape[1] * self.near.shape[1]

    def __call__(self, z: Vector) -> ComplexPotential:
        """The potential."""
        modes = z[VACUUM:].reshape(2, self.warm.shape[1], self.near.shape[1])
        return self.medium.potential(z[:VACUUM], self.warm @ modes @ self.near.T)


@dataclass(frozen=True)
class NeuralPotential:
    """A network of tanh layers from (T, r) to what the medium changes.

    Args:
        width: units of a hidden layer.
        depth: hidden layers.
        real_spread: s_R, standard deviation of the logarithm of the string's factor, for wide layers.
        imaginary_spread: s_I, that of the logarithm of V_I.

    Example:
        >>> NeuralPotential().width
        16
    """

    width: Count = 16
    depth: Count = 2
    real_spread: Positive = 0.3
    imaginary_spread: Positive = 0.7

    def on(self, temperature: np.ndarray, radius: np.ndarray) -> NeuralPart:
        """The map from latents to the potential on a grid.

        Args:
            temperature: T [MeV].
            radius: r [fm].

        Raises:
            InputError: for a network without a layer.
        """
        if self.width < 1 or self.depth < 1:
            raise InputError("a network has at least one layer of one unit", got=repr(self))
        return NeuralPart(_medium(self, temperature, radius), self.width, self.depth)


@dataclass(frozen=True)
class GaussianProcessPotential:
    """Gaussian processes over temperature and ln(1 + r/0.2 fm) for what the medium changes.

    Args:
        radius_scale: correlation length in ln(1 + r/0.2 fm).
        temperature_scale: correlation length in T [MeV].
        real_spread: s_R, standard deviation of the logarithm of the string's factor.
        imaginary_spread: s_I, that of the logarithm of V_I.

    Example:
        >>> GaussianProcessPotential().temperature_scale
        120.0
    """

    radius_scale: Positive = 0.8
    temperature_scale: Positive = WARM
    real_spread: Positive = 0.3
    imaginary_spread: Positive = 0.7

    def on(self, temperature: np.ndarray, radius: np.ndarray) -> GaussianProcessPart:
        """The map from latents to the potential on a grid.

        Args:
            temperature: T [MeV].
            radius: r [fm].
        """
        medium = _medium(self, temperature, radius)
        warm = _root(np.asarray(temperature) / self.temperature_scale)
        near = _root(np.log1p(np.asarray(radius) / NEAR) / self.radius_scale)
        return GaussianProcessPart(medium, jnp.asarray(warm), jnp.asarray(near))


def _medium(of: NeuralPotential | GaussianProcessPotential, temperature: np.ndarray, radius: np.ndarray) -> Medium:
    return Medium(jnp.asarray(temperature), jnp.asarray(radius), of.real_spread, of.imaginary_spread)


def _root(place: Float[np.ndarray, " places"]) -> Float[np.ndarray, "places modes"]:
    """A, of few columns, with A A^T the squared-exponential kernel of some places in units of its length."""
    value, vector = np.linalg.eigh(np.exp(-0.5 * np.subtract.outer(place, place) ** 2))
    kept = value > KEPT * value[-1]
    return vector[:, kept] * np.sqrt(value[kept])
