"""Where a spectral function lives: the nodes of a quadrature, and the units in which priors are stated."""

from abc import abstractmethod
from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp

from retrodict.base.types import Array, Float, Scalar
from retrodict.problem.ansatz import AbstractAnsatz

Nodes = Float[Array, " nodes"]


class Frame(eqx.Module):
    """Nodes and units.

    The priors of this domain are numbers: frequencies are multiples of `unit`, values of rho multiples of `height`.
    `growth` is the known power of omega with which rho grows at large omega (2 for currents of quarks), None where it
    is to be learnt. `default`, if given, is a default model on the nodes, around which the smooth part is built.
    `kernel`, if given, is K(x, omega) of the data: for an ansatz that is stated in its singular basis.
    """

    omega: Nodes
    weight: Nodes
    unit: float
    height: Scalar
    growth: float | None = eqx.field(static=True, default=None)
    default: Nodes | None = None
    kernel: Float[Array, "points nodes"] | None = None

    @property
    def x(self) -> Nodes:
        """Frequencies in units of `unit`."""
        return self.omega / self.unit

    @property
    def envelope(self) -> Nodes:
        """What the smooth part multiplies, as rho; odd in omega with the known growth, or the default model."""
        if self.default is not None:
            return self.default
        power = 1.0 if self.growth is None else self.growth
        return self.height * self.x * (1 + self.x**2) ** (0.5 * (power - 1))


@dataclass(frozen=True)
class AbstractSpectrum:
    """A prior over spectral functions, before it is known which frequencies matter."""

    @abstractmethod
    def on(self, frame: Frame) -> AbstractAnsatz:
        """The ansatz: white latents -> rho on the nodes of `frame`."""


class LogNormal(eqx.Module):
    """median exp(spread z): a positive number from a white latent."""

    median: float = eqx.field(static=True)
    spread: float = eqx.field(static=True)

    def __call__(self, z: Array) -> Array:
        """Any shape."""
        return self.median * jnp.exp(self.spread * z)


class Normal(eqx.Module):
    """mean + spread z."""

    mean: float = eqx.field(static=True)
    spread: float = eqx.field(static=True)

    def __call__(self, z: Array) -> Array:
        """Any shape."""
        return self.mean + self.spread * z
