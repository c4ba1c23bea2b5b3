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
LEVY_NODES, LEVY_WEIGHTS = np.polynomial.legendre.leggauss(16)  # of a panel of the Fourier integral
LEVY_PANELS: Final = 100
LEVY_END: Final = 37.0  # (q R)^alpha beyond which the integrand is below rounding
UNIT: Final = 1.0  # fm, below which the units of the network lie at equal distances of r
FARTHEST: Final = 8.0  # fm, of the last unit


class SourceGrid(eqx.Module):
    """Distances at which sources are given.

    Args:
        radius: r [fm], equidistant from one step on, shape (radii,).
    """

    radius: Radii


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
    """Core and halo, times the exponential of a network of one layer of tanh units with fixed places.

    Latents: core radius, share of the halo, its decay length, size of the network's output, then a weight a unit.

    Args:
        radius: r [fm], shape (radii,).
        priors: of core radius [fm], share of the halo, its decay length [fm] and the size of the output.
        hidden: the units at all distances, shape (radii, units).
    """

    radius: Radii
    priors: tuple[LogNormal, Uniform, LogNormal, LogNormal]
    hidden: Float[Array, "radii units"]

    @property
    def dim(self) -> int:
        return len(self.priors) + self.hidden.shape[1]

    @property
    def parameters(self) -> tuple[Quantity, ...]:
        return ()

    def values(self, z: Vector) -> dict[str, Scalar]:
        return {}

    def __call__(self, z: Vector) -> Radii:
        """4 pi r^2 S(r) [fm^-1], normalised on the grid."""
        core, halo, length, size = (prior(x) for prior, x in zip(self.priors, z, strict=False))
        deviation = size * (self.hidden @ z[len(self.priors) :])
        density = two_component(self.radius, core, halo, length) * jnp.exp(deviation - jnp.max(deviation))
        return density / (self.radius[0] * jnp.sum(density))


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
    end = jnp.sqrt(LEVY_END ** (1.0 / index))  # of s: the root of q R makes the integrand smooth at zero
    half = 0.5 / LEVY_PANELS
    node = (half * (2 * np.arange(LEVY_PANELS)[:, None] + 1 + LEVY_NODES)).ravel()
    s = end * node
    t = s**2
    integrand = 2.0 * s * end * half * np.tile(LEVY_WEIGHTS, LEVY_PANELS) * t * jnp.exp(-(t**index))
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
    """A core with a halo, as in `TwoComponentSource`, times the exponential of a network of r: any positive function.

    The network has one layer of tanh units at equal distances of arsinh(r / fm) up to 8 fm; the weights of its output
    are latents, and so is their size: small where core and halo describe the data.

    Args:
        units: of the layer.
        radius: median of the prior of the core's R [fm].
        length: median of the prior of the halo's decay length [fm].
        deviation: median of the prior of the network's weights: of steps of ln S.

    Raises:
        InputError: for fewer than two units.
    """

    units: int = 12
    radius: Positive = 1.2
    length: Positive = 1.5
    deviation: Positive = 0.05

    def __post_init__(self) -> None:
        if self.units < 2:
            raise InputError("a network has at least two units", got=f"units: {self.units}")

    def on(self, grid: SourceGrid) -> AbstractSource:
        """The map from standard normal latents to the source on a grid."""
        place, end = jnp.arcsinh(grid.radius / UNIT), np.arcsinh(FARTHEST / UNIT)
        gap = end / (self.units - 1)
        hidden = jnp.tanh((place[:, None] - gap * jnp.arange(self.units)) / gap)
        priors = LogNormal(self.radius, 0.4), Uniform(0.0, 1.0), LogNormal(self.length, 0.5)
        return NetworkSource(grid.radius, (*priors, LogNormal(self.deviation, 1.0)), hidden)


Source = GaussianSource | TwoComponentSource | LevySource | ExponentialSource | NeuralSource
