r"""Priors of a non-local potential U(r, r') of an S wave: symmetric, decaying, smooth.

A potential acts on u = r phi as the kernel $K(r, r') = 4\pi r r' U(r, r')$ [MeV fm^-1]. A draw of a prior is
$K(r, r') = A(r) A(r') f(x, x')$ with $f(x, x') = f(x', x)$ and the envelope $A = \sqrt{S}\,(r/s)\,e^{1-r/s}$, which
vanishes at the origin as a regular kernel must and decays beyond the range s.
"""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from retrodict.base.types import Array, Float, Positive, Vector
from retrodict.hadron.potentials.ansatz import GaussianProcessPotential
from retrodict.problem.ansatz import AbstractAnsatz

Radii: TypeAlias = Float[np.ndarray, " radii"]
Kernel: TypeAlias = Float[Array, "radii radii"]


class SmoothKernelOnMesh(AbstractAnsatz[Kernel]):
    """K = F Z F^T with a symmetric Z of standard normal numbers.

    Args:
        features: F, shape (radii, nodes).
    """

    features: Float[Array, "radii nodes"]

    @property
    def dim(self) -> int:
        nodes = self.features.shape[1]
        return nodes * (nodes + 1) // 2

    def __call__(self, z: Vector) -> Kernel:
        nodes = self.features.shape[1]
        upper = jnp.zeros((nodes, nodes)).at[jnp.triu_indices(nodes)].set(z)
        return self.features @ (upper + upper.T) @ self.features.T / jnp.sqrt(2.0)


@dataclass(frozen=True)
class SmoothKernel:
    """A Gaussian process in both distances, symmetric.

    Args:
        strength: spread of K where the envelope is largest [MeV fm^-1].
        range: s, beyond which the kernel decays [fm].
        length: correlation length in ln(1 + r/s).
        nodes: of the process, over 0 ... 8 s.
    """

    strength: Positive = 300.0
    range: Positive = 0.5
    length: Positive = 0.7
    nodes: Annotated[int, Field(ge=2, le=30)] = 10

    def on(self, r: Radii) -> SmoothKernelOnMesh:
        """The prior at given radii.

        Args:
            r: radii [fm].
        """
        x, nodes = np.log1p(r / self.range), np.linspace(0.0, np.log1p(8.0), self.nodes)

        def covariance(a: Radii) -> Float[np.ndarray, "radii nodes"]:
            return np.exp(-0.5 * ((a[:, None] - nodes) / self.length) ** 2)

        root = np.linalg.cholesky(covariance(nodes) + 1e-8 * np.eye(self.nodes))
        process = np.linalg.solve(root, covariance(x).T).T
        return SmoothKernelOnMesh(jnp.asarray(_envelope(r, self.strength, self.range)[:, None] * process))


class NeuralKernelOnMesh(AbstractAnsatz[Kernel]):
    """K = A(r) A(r') N(x + x', (x - x')^2), a network of symmetric inputs.

    Args:
        envelope: A, shape (radii,).
        x: ln(1 + r/s), shape (radii,).
        width: neurons of both hidden layers.
    """

    envelope: Float[Array, " radii"]
    x: Float[Array, " radii"]
    width: int = eqx.field(static=True)

    @property
    def dim(self) -> int:
        return self.width * (self.width + 5) + 1

    def __call__(self, z: Vector) -> Kernel:
        n = self.width
        first, offset, second, bias, last, shift = jnp.split(z, np.cumsum([2 * n, n, n * n, n, n]))
        total, apart = self.x[:, None] + self.x, (self.x[:, None] - self.x) ** 2
        hidden = jnp.tanh(jnp.stack([total, apart], axis=-1) @ (2.0 * first.reshape(2, n)) + 2.0 * offset)
        hidden = jnp.tanh(hidden @ second.reshape(n, n) / np.sqrt(n) + bias)
        return self.envelope[:, None] * self.envelope * (hidden @ last / np.sqrt(n) + shift)


@dataclass(frozen=True)
class NeuralKernel:
    """A network of the symmetric combinations of both distances, times the envelope.

    Args:
        strength: size of K where the envelope is largest [MeV fm^-1].
        range: s, beyond which the kernel decays [fm].
        width: neurons of both hidden layers.
    """

    strength: Positive = 300.0
    range: Positive = 0.5
    width: Annotated[int, Field(ge=2, le=64)] = 12

    def on(self, r: Radii) -> NeuralKernelOnMesh:
        """The prior at given radii.

        Args:
            r: radii [fm].
        """
        envelope = _envelope(r, self.strength, self.range)
        return NeuralKernelOnMesh(jnp.asarray(envelope), jnp.asarray(np.log1p(r / self.range)), self.width)


class LocalOnMesh(AbstractAnsatz[Float[Array, " radii"]]):
    """A local potential at given radii: no kernel but a function.

    Args:
        ansatz: its prior.
        r: radii [fm].
    """

    ansatz: GaussianProcessPotential
    r: Float[Array, " radii"]

    @property
    def dim(self) -> int:
        return self.ansatz.dim

    def __call__(self, z: Vector) -> Float[Array, " radii"]:
        return self.ansatz(z)(self.r)


def _envelope(r: Radii, strength: float, range_: float) -> Radii:
    """A(r), its largest value sqrt(strength)."""
    return np.sqrt(strength) * np.e * (r / range_) * np.exp(-r / range_)


def separable(r: Radii, strength: float, decay: float) -> Float[np.ndarray, "radii radii"]:
    r"""The kernel of $U = w e^{-\mu r} e^{-\mu r'}$ [MeV fm^-1].

    Args:
        r: radii [fm].
        strength: w [MeV fm^-3].
        decay: mu [fm^-1].
    """
    shape = r * np.exp(-decay * r)
    return 4.0 * np.pi * strength * np.outer(shape, shape)


def separable_phase_shift(q: Radii, strength: float, decay: float, reduced_mass_in_fm: float) -> Radii:
    r"""The phase shift of `separable`, exactly [rad].

    $k\cot\delta = -\frac{1}{4\mu^2}\left[2\mu(\mu^2 - k^2) - \frac{3\mu^2 + k^2}{4\mu^3}(\mu^2 + k^2)^2 +
    \frac{(\mu^2 + k^2)^4}{8\pi m w}\right]$.

    Args:
        q: momenta [fm^-1].
        strength: w [fm^-4]: that in MeV fm^-3 over hbar c.
        decay: mu [fm^-1].
        reduced_mass_in_fm: m [fm^-1].
    """
    square = decay**2 + q**2
    bracket = 2.0 * decay * (decay**2 - q**2) - (3.0 * decay**2 + q**2) * square**2 / (4.0 * decay**3)
    bracket += square**4 / (8.0 * np.pi * reduced_mass_in_fm * strength)
    return np.arctan(-4.0 * decay**2 * q / bracket)
