"""Where a spectral function lives: the nodes of a quadrature, and the units in which priors are stated."""

from abc import abstractmethod
from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp

from retrodict.base.types import Array, Float, Scalar
from retrodict.problem.ansatz import AbstractAnsatz

Nodes = Float[Array, " nodes"]


class FrequencyGrid(eqx.Module):
    """Nodes and units.

    The priors of this domain are numbers: frequencies are multiples of `unit`, values of rho multiples of `height`.
    `growth` is the known power of omega with which rho grows at large omega (2 for currents of quarks), None where it
    is to be learnt. `default`, if given, is a default model on the nodes, around which the smooth part is built.
    Spectral functions are odd in omega, or `even`: then they need not vanish at zero. Up to `extent` in arsinh(omega /
    unit), as far as the nodes are dense, free functions fluctuate; beyond, rho is a pure power.
    `kernel`, if given, is K(x, omega) of the data: for an ansatz that is stated in its singular basis.
    """

    omega: Nodes
    weight: Nodes
    unit: float
    height: Scalar
    growth: float | None = eqx.field(static=True, default=None)
    default: Nodes | None = None
    kernel: Float[Array, "points nodes"] | None = None
    even: bool = eqx.field(static=True, default=False)
    extent: float = 4.0

    @property
    def x(self) -> Nodes:
        """Frequencies in units of `unit`."""
        return self.omega / self.unit

    @property
    def place(self) -> Nodes:
        """arsinh(omega / unit), at most `extent`: where free functions live."""
        return jnp.minimum(jnp.arcsinh(self.x), self.extent)

    @property
    def envelope(self) -> Nodes:
        """What the smooth part multiplies, as rho; of the parity of rho with the known growth, or the default model."""
        if self.default is not None:
            return self.default
        low = 0.0 if self.even else 1.0
        power = low if self.growth is None else self.growth
        return self.height * self.x**low * (1 + self.x**2) ** (0.5 * (power - low))


@dataclass(frozen=True)
class AbstractSpectrum:
    """A prior over spectral functions, before it is known which frequencies matter."""

    @abstractmethod
    def on(self, frame: FrequencyGrid) -> AbstractAnsatz:
        """The ansatz: white latents -> rho on the nodes of `frame`."""
