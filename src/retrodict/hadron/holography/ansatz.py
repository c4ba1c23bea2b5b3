r"""Priors over bulk metrics: $h = h_0 + \delta h$ with the horizon, $h = 1/\eta + O(\eta)$, and the boundary built in.

$h_0 = (\eta^{-3} + d^3)^{1/3}$ has the pole of every horizon and tends to the d of anti-de Sitter space; it is not the
black hole, $d\coth d\eta$, from which it differs by up to 4 %. The deviation is $\tanh(d\eta)\,e^{-2\eta}$ times a
random function of eta: nothing is left open at the horizon, and little at the boundary.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Count, Float, Positive, Vector
from retrodict.hadron.holography.bulk import PLACES, Bulk
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.prior import LogNormal

MODES: Final = 16
POWERS: Final = 3  # of the polynomial, besides the pole
MARGIN: Final = 1.0


def centre_of(eta: Float[np.ndarray, " places"], dimension: int) -> Float[np.ndarray, " places"]:
    """h_0, the middle of the priors.

    Args:
        eta: places in the bulk.
        dimension: d of the boundary.
    """
    return np.cbrt(eta**-3.0 + dimension**3)


class AbstractMetric(AbstractAnsatz[Bulk]):
    """A map from latents to a metric; the last two latents are the coupling and the length of the field.

    Args:
        mass_squared: m^2 of the field.
        coupling: prior of lambda.
        length: prior of L [1/GeV].
    """

    dimension: eqx.AbstractVar[int]
    mass_squared: eqx.AbstractVar[float]
    coupling: eqx.AbstractVar[LogNormal]
    length: eqx.AbstractVar[LogNormal]

    @abstractmethod
    def deviation(self, z: Vector) -> Float[Array, " nodes"]:
        """h - h_0 at the nodes.

        Args:
            z: latents without the last two.
        """

    def __call__(self, z: Vector) -> Bulk:
        """The metric and the field."""
        h = centre_of(PLACES, self.dimension) + self.deviation(z[:-2])
        return Bulk(PLACES * h - 1, jnp.asarray(self.mass_squared), self.coupling(z[-2]), self.length(z[-1]))


class SmoothPart(AbstractMetric):
    """A random function in sine modes of eta."""

    dimension: int = eqx.field(static=True)
    mass_squared: float = eqx.field(static=True)
    coupling: LogNormal
    length: LogNormal
    modes: Float[Array, "nodes modes"]  # with envelope and prior standard deviation

    @property
    def dim(self) -> int:
        return self.modes.shape[1] + 2

    def deviation(self, z: Vector) -> Float[Array, " nodes"]:
        return self.modes @ z


class NetworkPart(AbstractMetric):
    """A tanh network of one hidden layer, times the envelope."""

    dimension: int = eqx.field(static=True)
    mass_squared: float = eqx.field(static=True)
    coupling: LogNormal
    length: LogNormal
    envelope: Float[Array, " nodes"]
    width: int = eqx.field(static=True)

    @property
    def dim(self) -> int:
        return 3 * self.width + 3

    def deviation(self, z: Vector) -> Float[Array, " nodes"]:
        first, bias, last = z[:-1].reshape(3, self.width)
        hidden = jnp.tanh(3.0 * ((2 * PLACES - 1)[:, None] * first + bias))
        return self.envelope * (1.3 * hidden @ last / np.sqrt(self.width) + 0.5 * z[-1])


def envelope_of(dimension: int, amplitude: float) -> Float[np.ndarray, " nodes"]:
    """Where the deviation may be, times its standard deviation.

    Args:
        dimension: d of the boundary.
        amplitude: of the deviation, before the envelope.
    """
    return amplitude * np.tanh(dimension * PLACES) * np.exp(-2 * PLACES)


@dataclass(frozen=True)
class SmoothMetric:
    """A Gaussian process for h - h_0, in modes.

    Args:
        amplitude: its standard deviation, before the envelope.
        length: correlation length in eta.
    """

    amplitude: Positive = 1.0
    length: Positive = 0.8

    def on(self, dimension: int, mass_squared: float, coupling: LogNormal, length: LogNormal) -> SmoothPart:
        """The map from latents to the metric, for a field."""
        start, end = -MARGIN * self.length, 1 + MARGIN * self.length
        frequency, rate = np.arange(1, MODES + 1) * np.pi / (end - start), np.sqrt(5.0) / self.length
        density = 16 / 3 * rate**5 / (rate**2 + frequency**2) ** 3
        waves = np.sin(frequency * (PLACES[:, None] - start)) * np.sqrt(2 * density / (end - start))
        modes = envelope_of(dimension, self.amplitude)[:, None] * waves
        return SmoothPart(dimension, mass_squared, coupling, length, jnp.asarray(modes))


@dataclass(frozen=True)
class NetworkMetric:
    """A network for h - h_0.

    Args:
        amplitude: its standard deviation, before the envelope, roughly.
        width: units of the hidden layer.
    """

    amplitude: Positive = 1.0
    width: Count = 10

    def on(self, dimension: int, mass_squared: float, coupling: LogNormal, length: LogNormal) -> NetworkPart:
        """The map from latents to the metric, for a field."""
        envelope = jnp.asarray(envelope_of(dimension, self.amplitude))
        return NetworkPart(dimension, mass_squared, coupling, length, envelope, self.width)


@dataclass(frozen=True)
class PolynomialMetric:
    """The classical way: h - h_0 as an odd polynomial of three terms in eta.

    Args:
        amplitude: standard deviation of the coefficients.
    """

    amplitude: Positive = 10.0

    def on(self, dimension: int, mass_squared: float, coupling: LogNormal, length: LogNormal) -> SmoothPart:
        """The map from latents to the metric, for a field."""
        powers = self.amplitude * PLACES[:, None] ** (1 + 2 * np.arange(POWERS))
        return SmoothPart(dimension, mass_squared, coupling, length, jnp.asarray(powers))
