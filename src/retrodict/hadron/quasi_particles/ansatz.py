r"""Priors over the masses of quasi-particles as functions of the temperature.

All state $\ln m_i(\ln T)$ around one round curve, $m_{ud}^2 = (400\,\mathrm{MeV})^2 + (T/2)^2$,
$m_g = \tfrac32 m_{ud}$, $m_s^2 = m_{ud}^2 + (95\,\mathrm{MeV})^2$, which is near the answers of the literature; what is
left open is a factor of about 1.7 (one standard deviation) for each mass at each temperature. A recipe becomes a map
when it is bound to the temperatures of the data.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Count, Float, Positive, Scalar, Vector
from retrodict.hadron.quasi_particles.gas import SPECIES
from retrodict.hadron.quasi_particles.temperatures import Temperatures
from retrodict.hadron.quasi_particles.thermodynamics import COLOURS, FLAVOURS, Masses
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.prior import LogNormal, Normal

LIGHT_MASS: Final = 400.0  # MeV, of light quarks near the crossover
STRANGE_MASS: Final = 95.0  # MeV, the current mass of the strange quark
MODES: Final = 20  # of the function that the masses share
SINGLE_MODES: Final = 12  # of the function of each mass, which varies more slowly
MARGIN: Final = 1.0  # correlation lengths beyond the range on either side
SHARPNESS: Final = 2.5  # of the first layer of a network
SOFT: Final = 0.05  # below it the logarithm of the thermal coupling is bent to stay positive


def trend(node: Float[Array, " nodes"]) -> Float[Array, "species nodes"]:
    """ln(m/MeV) of gluons, light and strange quarks in the middle of the priors.

    Args:
        node: temperatures [MeV].
    """
    square = LIGHT_MASS**2 + 0.25 * node**2
    strange = square + STRANGE_MASS**2
    return 0.5 * jnp.log(jnp.stack([2.25 * square, square, strange]))


class AbstractMasses(AbstractAnsatz[Masses]):
    """A map from latents to masses, with the pressure at the lowest temperature as the last latent.

    Args:
        node: temperatures [MeV] of the nodes.
        pressure: prior of P/T^4 at the lowest temperature.
    """

    node: eqx.AbstractVar[Float[Array, " nodes"]]
    pressure: eqx.AbstractVar[LogNormal]

    @abstractmethod
    def log_mass(self, z: Vector) -> Float[Array, "species nodes"]:
        """ln(m/MeV) at the nodes.

        Args:
            z: latents without the last one.
        """

    def __call__(self, z: Vector) -> Masses:
        """Masses at the nodes, and the constant of integration."""
        return Masses(self.log_mass(z[:-1]), self.pressure(z[-1]))


class SmoothPart(AbstractMasses):
    """Random functions in modes of ln T: one that all masses share, and one of each."""

    node: Float[Array, " nodes"]
    pressure: LogNormal
    common: Float[Array, "nodes modes"]  # modes with their prior standard deviation
    single: Float[Array, "nodes single_modes"]

    @property
    def dim(self) -> int:
        return MODES + len(SPECIES) * SINGLE_MODES + 1

    def log_mass(self, z: Vector) -> Float[Array, "species nodes"]:
        own = z[MODES:].reshape(len(SPECIES), SINGLE_MODES)
        return trend(self.node) + self.common @ z[:MODES] + own @ self.single.T


class NetworkPart(AbstractMasses):
    """A tanh network from ln T to the three logarithms, its weights standard-normal latents."""

    node: Float[Array, " nodes"]
    pressure: LogNormal
    place: Float[Array, " nodes"]  # ln T, scaled to [-1, 1]
    width: int = eqx.field(static=True)
    amplitude: float = eqx.field(static=True)

    @property
    def dim(self) -> int:
        return self.width * (self.width + 3) + (self.width + 1) * len(SPECIES) + 1

    def log_mass(self, z: Vector) -> Float[Array, "species nodes"]:
        w = self.width
        first, bias, second, shift, rest = jnp.split(z, np.cumsum([w, w, w * w, w]))
        hidden = jnp.tanh(SHARPNESS * (self.place[:, None] * first + bias))
        hidden = jnp.tanh(1.5 * hidden @ second.reshape(w, w) / np.sqrt(w) + shift)
        last = rest.reshape(w + 1, len(SPECIES))
        return trend(self.node) + self.amplitude * (1.4 * hidden @ last[:-1] / np.sqrt(w) + 0.5 * last[-1]).T


class ThermalPart(AbstractMasses):
    """The masses of high temperatures with a running coupling of three parameters, and the current strange mass."""

    node: Float[Array, " nodes"]
    pressure: LogNormal
    crossover: float = eqx.field(static=True)  # MeV
    scale: LogNormal  # lambda
    shift: Normal  # T_s / T_c
    height: LogNormal  # factor of g^2, which is 1 at one loop
    strange: LogNormal  # MeV

    @property
    def dim(self) -> int:
        return 5

    def log_mass(self, z: Vector) -> Float[Array, "species nodes"]:
        running = coupling(self.node / self.crossover, self.scale(z[0]), self.shift(z[1]))
        square = self.height(z[2]) * running * self.node**2
        light = (COLOURS**2 - 1) / (8 * COLOURS) * square
        gluon = (COLOURS + FLAVOURS / 2) / 6 * square
        return 0.5 * jnp.log(jnp.stack([gluon, light, light + self.strange(z[3]) ** 2]))


def coupling(t: Float[Array, " nodes"], scale: Scalar, shift: Scalar) -> Float[Array, " nodes"]:
    r"""$g^2 = 48\pi^2 / [(11 N_c - 2 N_f)\ln(\lambda^2 (t - t_s)^2)]$, $t = T/T_c$ (Peshier et al., PRD 54, 2399
    (1996); Plumari et al., PRD 84, 094004 (2011)); the logarithm is bent to stay positive.

    Args:
        t: temperatures over that of the crossover.
        scale: lambda.
        shift: t_s.
    """
    inside = SOFT * jax.nn.softplus((t - shift) / SOFT)
    logarithm = SOFT * jax.nn.softplus(2 * jnp.log(scale * inside) / SOFT)
    return 48 * np.pi**2 / ((11 * COLOURS - 2 * FLAVOURS) * logarithm)


def random_modes(
    place: Float[np.ndarray, " nodes"], amplitude: float, length: float, modes: int
) -> Float[np.ndarray, "nodes {modes}"]:
    """Modes of a Gaussian process with a Matern-5/2 kernel, each times its standard deviation (Solin, Sarkka,
    Stat. Comput. 30 (2020) 419).

    Args:
        place: ln T at the nodes.
        amplitude: standard deviation of the process.
        length: its correlation length in ln T.
        modes: how many.
    """
    start, end = place.min() - MARGIN * length, place.max() + MARGIN * length
    frequency, rate = np.arange(1, modes + 1) * np.pi / (end - start), np.sqrt(5.0) / length
    density = amplitude**2 * 16 / 3 * rate**5 / (rate**2 + frequency**2) ** 3
    return np.sin(frequency * (place[:, None] - start)) * np.sqrt(2 * density / (end - start))


@dataclass(frozen=True)
class SmoothMasses:
    """Gaussian processes in ln T: one that the masses share, and one of each.

    Args:
        common: standard deviation of the shared factor, in ln m.
        single: standard deviation of the factor of each mass, in ln m.
        length: correlation length in ln T of the shared factor; those of single masses vary over 1.5 times that.

    Raises:
        InputError: for a correlation length that the modes cannot resolve.
    """

    common: Positive = 0.4
    single: Positive = 0.35
    length: Positive = 0.35

    def on(self, at: Temperatures, pressure: LogNormal) -> SmoothPart:
        """The map from latents to masses at the nodes of a grid."""
        place = np.log(np.asarray(at.node))
        extent = place.max() - place.min()
        if self.length * (MODES - 2 * MARGIN) < extent:
            expected = f"a correlation length of {extent / (MODES - 2 * MARGIN):.2g} or more in ln T"
            raise InputError("the masses vary faster than can be resolved", got=f"{self.length:g}", expected=expected)
        modes = [
            jnp.asarray(random_modes(place, amplitude, length, modes))
            for amplitude, length, modes in (
                (self.common, self.length, MODES),
                (self.single, 1.5 * self.length, SINGLE_MODES),
            )
        ]
        return SmoothPart(at.node, pressure, *modes)


@dataclass(frozen=True)
class NetworkMasses:
    """A network of two tanh layers from ln T to the three masses.

    Args:
        width: units of a layer.
        amplitude: standard deviation of ln m, roughly.
    """

    width: Count = 10
    amplitude: Positive = 0.6

    def on(self, at: Temperatures, pressure: LogNormal) -> NetworkPart:
        """The map from latents to masses at the nodes of a grid."""
        low, high = np.log(at.lowest), np.log(at.highest)
        return NetworkPart(
            at.node, pressure, 2 * (jnp.log(at.node) - low) / (high - low) - 1, self.width, self.amplitude
        )


@dataclass(frozen=True)
class ThermalMasses:
    """The classical parametrisation: masses of high temperatures with a running coupling.

    Args:
        crossover: T_c [MeV].
    """

    crossover: Positive = 154.0

    def on(self, at: Temperatures, pressure: LogNormal) -> ThermalPart:
        """The map from latents to masses at the nodes of a grid."""
        free = LogNormal(2.6, 0.5), Normal(0.3, 0.4), LogNormal(1.0, 0.5), LogNormal(STRANGE_MASS, 0.1)
        return ThermalPart(at.node, pressure, self.crossover, *free)
