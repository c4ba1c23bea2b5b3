"""The frequencies of a spectral function: nodes of a quadrature, and the units in which priors are stated."""

from abc import abstractmethod
from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp

from retrodict.base.types import Array, Float, Scalar
from retrodict.problem.ansatz import AbstractAnsatz

Nodes = Float[Array, " nodes"]


class FrequencyGrid(eqx.Module):
    """Nodes and units of a spectral function.

    The priors of this domain are numbers: frequencies are multiples of `unit`, values of rho multiples of `height`.

    Args:
        omega: frequencies, ascending, shape (nodes,).
        weight: of the quadrature, in the unit of omega: int f d omega ~ weight @ f(omega), shape (nodes,).
        unit: of frequency in the priors, in the unit of omega.
        height: of rho in the priors, in the unit of rho.
        growth: known power of omega with which rho grows at large omega (2 for currents of quarks); None: it is
            inferred.
        default: default model on the nodes [unit of rho], around which the smooth part is built; None: there is none.
        kernel: K(x, omega) of the data, shape (points, nodes): for an ansatz in the singular basis of the kernel.
        even: whether rho is even in omega, and need not vanish at zero, rather than odd.
        extent: value of arsinh(omega/unit) up to which free functions fluctuate; beyond, rho is a pure power.
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
        """arsinh(omega/unit), at most `extent`: the argument of free functions."""
        return jnp.minimum(jnp.arcsinh(self.x), self.extent)

    @property
    def envelope(self) -> Nodes:
        """The default model, or a function with the parity and the known growth of rho [unit of rho]."""
        if self.default is not None:
            return self.default
        low = 0.0 if self.even else 1.0
        power = low if self.growth is None else self.growth
        return self.height * self.x**low * (1 + self.x**2) ** (0.5 * (power - low))


@dataclass(frozen=True)
class AbstractSpectrum:
    """A prior over spectral functions, independent of the frequencies; `on` binds it to nodes."""

    @abstractmethod
    def on(self, grid: FrequencyGrid) -> AbstractAnsatz:
        """The map from standard normal latents to rho on the nodes of `grid`."""
