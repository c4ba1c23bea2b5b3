r"""Priors of a local potential V(r) [MeV], r in fm: maps from standard-normal latents to a function of the distance.

Each prior is built into an envelope, $V(r) = A(r) f(r)$: a core, $A_0 e^{-r/r_0}$, which allows the hundreds of MeV at
short distances, and a tail that decays as the exchange of one or of two pions does, or as a Gaussian if neither is
known. Outside the range of the tail no draw has a potential.
"""

import itertools
from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, Literal, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from retrodict.base.constants import HBAR_C
from retrodict.base.types import Array, Float, Positive, Scalar, Vector
from retrodict.problem.ansatz import AbstractAnsatz

Distances: TypeAlias = Float[Array, " distances"]
Potential: TypeAlias = Callable[[Distances], Distances]  # V [MeV] at r [fm]
PION_MASS = 138.04  # MeV, mean of the three charge states
SOFT = 0.5  # fm, inside which the tail of a point-like exchange is cut off


class Envelope(eqx.Module):
    """How large a potential may be at each distance.

    Args:
        core: its size at r = 0 [MeV].
        core_range: distance in which the core falls by e [fm].
        tail: how it decays: as the exchange of one pion, e^{-m r}/r, of two, or as a Gaussian of `tail_range`.
        tail_strength: size of the tail [MeV]: of the Gaussian at r = 0, of the exchange at r = 1/m.
        tail_range: of the Gaussian tail [fm].
        pion_mass: of the lattice, if it is not that of nature [MeV].
    """

    core: Positive = 3000.0
    core_range: Positive = 0.12
    tail: Literal["none", "one-pion", "two-pion"] = eqx.field(static=True, default="none")
    tail_strength: Positive = 150.0
    tail_range: Positive = 0.9
    pion_mass: Positive = PION_MASS

    def __call__(self, r: Distances) -> Distances:
        """A(r) [MeV], positive.

        Args:
            r: distances [fm].
        """
        return self.core * jnp.exp(-r / self.core_range) + self.tail_strength * self._tail(r)

    def _tail(self, r: Distances) -> Distances:
        if self.tail == "none":
            return jnp.exp(-((r / self.tail_range) ** 2))
        x = jnp.maximum(r, 1e-6) * self.pion_mass / HBAR_C
        yukawa = -jnp.expm1(-((jnp.maximum(r, 1e-6) / SOFT) ** 2)) * jnp.exp(1.0 - x) / x
        return yukawa if self.tail == "one-pion" else yukawa**2


class AbstractPotentialAnsatz(AbstractAnsatz[Potential]):
    """A prior over local potentials."""

    @abstractmethod
    def __call__(self, z: Vector) -> Potential:
        """The potential V(r) [MeV] that latents stand for.

        Args:
            z: standard-normal latents, shape (dim,).
        """


class GaussianProcessPotential(AbstractPotentialAnsatz):
    """A smooth function times the envelope: linear in the latents, so that fits to a potential are exact.

    A Gaussian process in x = ln(1 + r/`scale`) with a Matern covariance (nu = 5/2: twice differentiable) of standard
    deviation one, carried by kernel functions at the nodes (Quinonero-Candela, Rasmussen, J. Mach. Learn. Res. 6 (2005)
    1939, eq. (9)).

    Args:
        envelope: how large the potential may be.
        length: correlation length in x: 0.7 is a factor of two in distance.
        scale: distance below which distances count linearly [fm].
        farthest: distance at which the process ends [fm].
        nodes: of the process, three or more to a correlation length.
    """

    envelope: Envelope = Envelope()
    length: Positive = 0.7
    scale: Positive = 0.2
    farthest: Positive = 6.0
    nodes: Annotated[int, Field(ge=4, le=200)] = eqx.field(static=True, default=28)

    @property
    def dim(self) -> int:
        return self.nodes

    def __call__(self, z: Vector) -> "Enveloped":
        x = jnp.linspace(0.0, jnp.log1p(self.farthest / self.scale), self.nodes)
        root = jnp.linalg.cholesky(_correlation(x, x, self.length) + 1e-9 * jnp.eye(self.nodes))
        weights = jax.scipy.linalg.solve_triangular(root.T, z)
        return Enveloped(self.envelope, KernelSum(x, weights, jnp.asarray(self.length)), jnp.asarray(self.scale))


class NeuralPotential(AbstractPotentialAnsatz):
    """A network of ln(1 + r/`scale`) times the envelope; its weights are standard normal, each over the square root of
    the number of its inputs.

    Args:
        envelope: how large the potential may be.
        width: neurons of each hidden layer.
        layers: hidden layers.
        slope: spread of the first weights: how fast the function may change with ln r.
        scale: distance below which distances count linearly [fm].
    """

    envelope: Envelope = Envelope()
    width: Annotated[int, Field(ge=2, le=256)] = eqx.field(static=True, default=24)
    layers: Annotated[int, Field(ge=1, le=4)] = eqx.field(static=True, default=2)
    slope: Positive = 2.0
    scale: Positive = 0.2

    @property
    def _sizes(self) -> tuple[tuple[int, int], ...]:
        widths = (1, *(self.width,) * self.layers, 1)
        return tuple(itertools.pairwise(widths))

    @property
    def dim(self) -> int:
        return sum(fan_in * fan_out + fan_out for fan_in, fan_out in self._sizes)

    def __call__(self, z: Vector) -> "Enveloped":
        layers, start = [], 0
        for place, (fan_in, fan_out) in enumerate(self._sizes):
            spread = self.slope if place == 0 else 1.0 / np.sqrt(fan_in)
            weight = spread * z[start : start + fan_in * fan_out].reshape(fan_out, fan_in)
            start += fan_in * fan_out
            bias = z[start : start + fan_out] * (self.slope if place == 0 else 1.0 if place < self.layers else 0.1)
            start += fan_out
            layers.append((weight, bias))
        return Enveloped(self.envelope, Network(tuple(layers)), jnp.asarray(self.scale))


class SumOfGaussians(AbstractPotentialAnsatz):
    """V(r) = sum_i a_i exp(-(r/b_i)^2) with b_1 < b_2 < ...: what the HAL QCD papers fit.

    Args:
        count: Gaussians.
        strength: spread of the prior of a_i [MeV], of the narrowest and of the widest; geometric between them.
        ranges: median of b_i [fm], of the narrowest and of the widest; geometric between them, each within `spread`.
        spread: of ln b_i.
    """

    count: Annotated[int, Field(ge=1, le=8)] = eqx.field(static=True, default=3)
    strength: tuple[Positive, Positive] = (1500.0, 150.0)
    ranges: tuple[Positive, Positive] = (0.15, 0.9)
    spread: Positive = 0.4

    @property
    def dim(self) -> int:
        return 2 * self.count

    def __call__(self, z: Vector) -> "Gaussians":
        strength, width = (jnp.geomspace(low, high, self.count) for low, high in (self.strength, self.ranges))
        return Gaussians(strength * z[: self.count], width * jnp.exp(self.spread * z[self.count :]))


class Gaussians(eqx.Module):
    """sum_i a_i exp(-(r/b_i)^2).

    Args:
        strength: a_i [MeV].
        width: b_i [fm].
    """

    strength: Float[Array, " count"]
    width: Float[Array, " count"]

    def __call__(self, r: Distances) -> Distances:
        """V [MeV].

        Args:
            r: distances [fm].
        """
        return jnp.exp(-((r[:, None] / self.width) ** 2)) @ self.strength


class KernelSum(eqx.Module):
    """A sum of Matern covariances, one around each node.

    Args:
        x: nodes.
        weights: one a node.
        length: of the covariance.
    """

    x: Float[Array, " nodes"]
    weights: Float[Array, " nodes"]
    length: Scalar

    def __call__(self, x: Distances) -> Distances:
        """The function.

        Args:
            x: arguments.
        """
        return _correlation(x, self.x, self.length) @ self.weights


def _correlation(
    x: Distances, nodes: Float[Array, " nodes"], length: float | Scalar
) -> Float[Array, "distances nodes"]:
    """Matern, nu = 5/2."""
    apart = np.sqrt(5.0) * jnp.abs(x[:, None] - nodes) / length
    return (1.0 + apart + apart**2 / 3.0) * jnp.exp(-apart)


class Network(eqx.Module):
    """A function of one number with tanh between its layers.

    Args:
        layers: weight and bias of each.
    """

    layers: tuple[tuple[Float[Array, "_ _"], Float[Array, " _"]], ...]

    def __call__(self, x: Distances) -> Distances:
        """The function.

        Args:
            x: arguments.
        """
        (first, offset), *rest = self.layers
        signal = x[:, None] * first[:, 0] + offset
        for weight, bias in rest:
            signal = jax.nn.tanh(signal) @ weight.T + bias
        return signal[:, 0]


class Enveloped(eqx.Module):
    """V(r) = A(r) f(ln(1 + r/scale)).

    Args:
        envelope: A [MeV].
        shape: f.
        scale: [fm].
    """

    envelope: Envelope
    shape: KernelSum | Network
    scale: Scalar

    def __call__(self, r: Distances) -> Distances:
        """V [MeV].

        Args:
            r: distances [fm].
        """
        return self.envelope(r) * self.shape(jnp.log1p(r / self.scale))
