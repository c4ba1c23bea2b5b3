r"""Sources: priors over the distribution of the distance of a pair at emission.

The unknown is the probability density of the distance, $p(r) = 4\pi r^2 S(r)$ [fm^-1], in the rest frame of the pair:
it integrates to one over all r. The radius R of a Gaussian is that of one emitter: $S \propto \exp(-r^2/4R^2)$. Every
source is positive and normalised whatever the latents.

Sources: Csorgo, Hegyi, Zajc, Eur. Phys. J. C 36 (2004) 67 (Levy); Wang, Zhao, arXiv:2411.16343 (a network).
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Positive, Scalar, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.prior import LogNormal, Uniform
from retrodict.problem.target import Quantity

Radii = Float[Array, " radii"]
LEVY_NODES: Final = 1600  # of the Fourier integral
LEVY_END: Final = 37.0  # (q R)^alpha beyond which the integrand is below rounding
UNIT: Final = 1.0  # fm, below which the inputs of the network are linear in r
SHARPNESS: Final = 2.5  # of the network over half the range
HYPERPARAMETERS: Final = 3  # core, tail, amplitude


class SourceGrid(eqx.Module):
    """Distances at which sources are given.

    Args:
        radius: r [fm], equidistant from one step on, shape (radii,).
    """

    radius: Radii

    @property
    def step(self) -> Scalar:
        """Distance of two neighbours [fm]: the weight of each in an integral over r."""
        return self.radius[0]


class AbstractSource(AbstractAnsatz[Radii]):
    """A source on a grid: latents -> 4 pi r^2 S(r) [fm^-1]."""

    @property
    @abstractmethod
    def parameters(self) -> tuple[Quantity, ...]:
        """The numbers by which the source is known, beside the function."""

    @abstractmethod
    def values(self, z: Vector) -> dict[str, Scalar]:
        """These numbers, by name.

        Args:
            z: latents, shape (dim,).
        """


class ClosedForm(AbstractSource):
    """A source of few parameters.

    Args:
        radius: r [fm].
        density: from r and the parameters to 4 pi r^2 S(r) [fm^-1].
        priors: of the parameters, in their order.
        parameters: what the parameters are called.
    """

    radius: Radii
    density: Callable[..., Radii] = eqx.field(static=True)
    priors: tuple[LogNormal | Uniform, ...]
    _parameters: tuple[Quantity, ...] = eqx.field(static=True)

    @property
    def dim(self) -> int:
        return len(self.priors)

    @property
    def parameters(self) -> tuple[Quantity, ...]:
        return self._parameters

    def values(self, z: Vector) -> dict[str, Scalar]:
        numbers = (prior(x) for prior, x in zip(self.priors, z, strict=True))
        return {about.name: number for about, number in zip(self._parameters, numbers, strict=True)}

    def __call__(self, z: Vector) -> Radii:
        """4 pi r^2 S(r) [fm^-1]."""
        return self.density(self.radius, *self.values(z).values())


class NetworkSource(AbstractSource):
    """Latents: core radius, tail length, amplitude, then the weights of a network of one tanh layer.

    Args:
        grid: the distances.
        core: prior of the radius of the centre [fm].
        tail: prior of the decay length of the tail [fm].
        amplitude: prior of the size of the network's output.
        width: units of the layer.
    """

    grid: SourceGrid
    core: LogNormal
    tail: LogNormal
    amplitude: LogNormal
    width: int = eqx.field(static=True)

    @property
    def dim(self) -> int:
        return HYPERPARAMETERS + 3 * self.width

    @property
    def parameters(self) -> tuple[Quantity, ...]:
        return ()

    def values(self, z: Vector) -> dict[str, Scalar]:
        return {}

    def __call__(self, z: Vector) -> Radii:
        """4 pi r^2 S(r) [fm^-1], normalised on the grid."""
        r = self.grid.radius
        core, tail, amplitude = self.core(z[0]), self.tail(z[1]), self.amplitude(z[2])
        envelope = 2.0 * jnp.log(r) - r**2 / (4.0 * core**2 + r * tail)  # for small r a Gaussian, then an exponential
        place = jnp.arcsinh(r / UNIT)
        place = 2.0 * place / place[-1] - 1.0
        slope, shift, weight = z[HYPERPARAMETERS:].reshape(3, self.width)
        hidden = jnp.tanh(SHARPNESS * (place[:, None] * slope + shift))
        logarithm = envelope + amplitude * (hidden @ weight) / np.sqrt(self.width)
        density = jnp.exp(logarithm - jnp.max(logarithm))
        return density / (self.grid.step * jnp.sum(density))


def gaussian(r: Radii, radius: Scalar | float) -> Radii:
    """4 pi r^2 S(r) [fm^-1] of a Gaussian source, S ~ exp(-r^2 / 4 R^2).

    Args:
        r: distance [fm].
        radius: R [fm].
    """
    return r**2 * jnp.exp(-(r**2) / (4.0 * radius**2)) / (2.0 * np.sqrt(np.pi) * radius**3)


def exponential(r: Radii, length: Scalar | float) -> Radii:
    """4 pi r^2 S(r) [fm^-1] of an exponential source, S ~ exp(-r / L).

    Args:
        r: distance [fm].
        length: L [fm].
    """
    return r**2 * jnp.exp(-r / length) / (2.0 * length**3)


def two_component(r: Radii, radius: Scalar | float, halo: Scalar | float, length: Scalar | float) -> Radii:
    """4 pi r^2 S(r) [fm^-1] of a Gaussian core with an exponential halo.

    Args:
        r: distance [fm].
        radius: R of the core [fm].
        halo: share of the pairs that the halo has, 0 ... 1.
        length: L of the halo [fm].
    """
    return (1.0 - halo) * gaussian(r, radius) + halo * exponential(r, length)


def levy(r: Radii, radius: Scalar | float, index: Scalar | float) -> Radii:
    """4 pi r^2 S(r) [fm^-1] of a Levy-stable source: the Fourier transform of exp(-(q R)^alpha).

    Args:
        r: distance [fm].
        radius: R [fm]; for alpha = 2 that of the Gaussian.
        index: alpha, 1 ... 2.
    """
    node, weight = (jnp.asarray(values) for values in np.polynomial.legendre.leggauss(LEVY_NODES))
    half = 0.5 * jnp.sqrt(LEVY_END ** (1.0 / index))
    s = half * (node + 1.0)
    t = s**2  # q R: the root of the integrand's end makes it smooth at zero
    integrand = 2.0 * s * half * weight * t * jnp.exp(-(t**index))
    x = r / radius
    return 2.0 * x / (np.pi * radius) * (jnp.sin(x[:, None] * t) @ integrand)


_RADIUS: Final = Quantity("radius", "fm", "$R$")
_LENGTH: Final = Quantity("tail_length", "fm", "$L$")


@dataclass(frozen=True)
class GaussianSource:
    """S ~ exp(-r^2 / 4 R^2).

    Args:
        radius: median of the prior of R [fm].
        spread: standard deviation of its logarithm.
    """

    radius: Positive = 1.2
    spread: Positive = 0.5

    def on(self, grid: SourceGrid) -> AbstractSource:
        """The map from standard normal latents to the source on a grid."""
        return ClosedForm(grid.radius, gaussian, (LogNormal(self.radius, self.spread),), (_RADIUS,))


@dataclass(frozen=True)
class ExponentialSource:
    """S ~ exp(-r / L).

    Args:
        length: median of the prior of L [fm].
        spread: standard deviation of its logarithm.
    """

    length: Positive = 1.2
    spread: Positive = 0.5

    def on(self, grid: SourceGrid) -> AbstractSource:
        """The map from standard normal latents to the source on a grid."""
        return ClosedForm(grid.radius, exponential, (LogNormal(self.length, self.spread),), (_LENGTH,))


@dataclass(frozen=True)
class TwoComponentSource:
    """A Gaussian core with an exponential halo, the share of the halo between 0 and 1.

    Args:
        radius: median of the prior of the core's R [fm].
        length: median of the prior of the halo's decay length [fm].
        spread: standard deviation of both logarithms.
    """

    radius: Positive = 1.2
    length: Positive = 2.0
    spread: Positive = 0.5

    def on(self, grid: SourceGrid) -> AbstractSource:
        """The map from standard normal latents to the source on a grid."""
        priors = LogNormal(self.radius, self.spread), Uniform(0.0, 1.0), LogNormal(self.length, self.spread)
        about = (_RADIUS, Quantity("halo", "", "share of the halo"), _LENGTH)
        return ClosedForm(grid.radius, two_component, priors, about)


@dataclass(frozen=True)
class LevySource:
    """A Levy-stable source with index alpha between 1 and 2, with a tail like a power of r below 2.

    Args:
        radius: median of the prior of R [fm].
        spread: standard deviation of its logarithm.
    """

    radius: Positive = 1.2
    spread: Positive = 0.5

    def on(self, grid: SourceGrid) -> AbstractSource:
        """The map from standard normal latents to the source on a grid."""
        priors = LogNormal(self.radius, self.spread), Uniform(1.0, 2.0)
        return ClosedForm(grid.radius, levy, priors, (_RADIUS, Quantity("alpha", "", r"$\alpha$")))


@dataclass(frozen=True)
class NeuralSource:
    """The logarithm of S is an envelope, a Gaussian that turns into an exponential, plus a network of r.

    Args:
        width: units of the network's layer.
        radius: median of the prior of the envelope's R [fm].
        length: median of the prior of its decay length [fm].
        amplitude: median of the prior of the size of the network's output.

    Raises:
        InputError: for a network without units.
    """

    width: int = 10
    radius: Positive = 1.2
    length: Positive = 1.0
    amplitude: Positive = 1.0

    def __post_init__(self) -> None:
        if self.width < 1:
            raise InputError("a network has at least one unit", got=f"width: {self.width}")

    def on(self, grid: SourceGrid) -> AbstractSource:
        """The map from standard normal latents to the source on a grid."""
        priors = LogNormal(self.radius, 0.4), LogNormal(self.length, 0.7), LogNormal(self.amplitude, 0.5)
        return NetworkSource(grid, *priors, self.width)


Source = GaussianSource | TwoComponentSource | LevySource | ExponentialSource | NeuralSource
