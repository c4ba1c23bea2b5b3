r"""Coupling flows: half of the numbers are changed by increasing maps that a network chooses from the other half.

Two kinds. *Checkerboard*: sites of one colour are changed given those of the other by a small convolutional network
with periodic edges; translations that keep the colours are followed. *Matsubara*: the path's real Fourier modes in
units of their measured spread, every second frequency changed given the others. Both follow the sign flip: the
network's answer for $-\phi$, mirrored, is averaged with that for $\phi$. Both start as the identity on a Gaussian base
of the measured spectrum; the Jacobian is triangular, so that the density is exact to rounding.

Sources: Dinh, Sohl-Dickstein, Bengio, ICLR 2017; Albergo, Kanwar, Shanahan, Phys. Rev. D 100 (2019) 034515
(checkerboards); Chen et al., arXiv:2211.03470 (modes of a path).
"""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Bool, Float, Key, PyTree, Scalar
from retrodict.generate.elementwise import Affine, Elementwise, Spline
from retrodict.generate.model import AbstractModel, Density, Sample, real_field
from retrodict.generate.spectrum import GaussianField, measured, white
from retrodict.num.lattice_modes import frequencies, real_fourier

AFFINE: Final = Affine()

Weights = PyTree[Float[Array, "layers ..."]]


class AbstractChart(eqx.Module):
    """The numbers on which the couplings act: of order one, and of a known density before they do."""

    base: eqx.AbstractVar[GaussianField]

    @abstractmethod
    def numbers(self, x: Array) -> Array:
        """Of a field."""

    @abstractmethod
    def field(self, numbers: Array) -> Array:
        """The inverse."""

    @abstractmethod
    def answer(self, weights: PyTree, frozen: Array) -> Float[Array, "parameter ..."]:
        """What the network of one layer makes of the numbers that stay as they are, the others zero."""

    @abstractmethod
    def mask(self) -> Bool[Array, "..."]:
        """Which numbers the layers of even index change; the odd ones change the others."""


class SiteChart(AbstractChart):
    """The field in units of its standard deviation."""

    base: GaussianField

    def numbers(self, x: Array) -> Array:
        return x / self.base.deviation

    def field(self, numbers: Array) -> Array:
        return numbers * self.base.deviation

    def answer(self, weights: PyTree, frozen: Array) -> Array:
        return convolved(weights[1], jnp.tanh(convolved(weights[0], frozen[None])))

    def mask(self) -> Array:
        return jnp.asarray(np.indices(self.base.shape).sum(axis=0) % 2 == 0)


class ModeChart(AbstractChart):
    """Real Fourier modes of a path in units of their standard deviation."""

    base: GaussianField

    def numbers(self, x: Array) -> Array:
        return jnp.asarray(real_fourier(x.size), x.dtype) @ x / self._spread()

    def field(self, numbers: Array) -> Array:
        return jnp.asarray(real_fourier(numbers.size).T, numbers.dtype) @ (self._spread() * numbers)

    def answer(self, weights: PyTree, frozen: Array) -> Array:
        low = len(weights[0][0][0])
        hidden = jnp.tanh(weights[0][0] @ frozen[:low] + weights[0][1])
        found = (weights[1][0] @ hidden + weights[1][1]).reshape(-1, low)
        return jnp.pad(found, ((0, 0), (0, frozen.size - low)))

    def mask(self) -> Array:
        return jnp.asarray(frequencies(self.base.shape[0]) % 2 == 0)

    def _spread(self) -> Array:
        return jnp.sqrt(self.base.power)[frequencies(self.base.shape[0])]


class CouplingFlow(AbstractModel):
    """`weights` of all layers stacked; even layers change what the mask of the chart says, odd ones the rest."""

    density: ClassVar[Density] = Density.EXACT
    unbounded: ClassVar[bool] = True
    weights: Weights
    chart: AbstractChart
    map: Elementwise = eqx.field(static=True)
    odd: bool = eqx.field(static=True, default=True)

    def sample(self, key: Key) -> Sample:
        z = self.chart.base.sample(key)
        numbers, change = self._through(self.chart.numbers(z), backwards=False)
        return Sample(self.chart.field(numbers), self.chart.base.log_prob(z) - change)

    def log_prob(self, x: Array) -> Scalar:
        """By the inverse maps in reverse order."""
        numbers, change = self._through(self.chart.numbers(x), backwards=True)
        return self.chart.base.log_prob(self.chart.field(numbers)) - change

    def loss(self, x: Array, key: Key) -> Scalar:
        """-log q a site."""
        return -self.log_prob(x) / x.size

    def adapted(self, examples: Float[Array, "examples ..."]) -> "CouplingFlow":
        """On the spectrum of the examples."""
        return eqx.tree_at(lambda m: m.chart.base, self, measured(examples))

    def _through(self, numbers: Array, *, backwards: bool) -> tuple[Array, Scalar]:
        """All layers; the sum of the logarithms of the slopes in the direction of drawing."""
        mask = self.chart.mask()

        def layer(state: tuple[Array, Scalar], this: tuple[Weights, Array]) -> tuple[tuple[Array, Scalar], None]:
            (numbers, change), (weights, index) = state, this
            changed = mask == (index % 2 == 0)
            parameters = self._parameters(weights, jnp.where(changed, 0.0, numbers))
            new, slope = (self.map.inverse if backwards else self.map.forward)(numbers, parameters)
            return (jnp.where(changed, new, numbers), change + jnp.sum(jnp.where(changed, slope, 0.0))), None

        layers = jnp.arange(len(jax.tree.leaves(self.weights)[0]))
        start = numbers, jnp.zeros((), numbers.dtype)
        return jax.lax.scan(layer, start, (self.weights, layers), reverse=backwards)[0]

    def _parameters(self, weights: PyTree, frozen: Array) -> Array:
        answer = self.chart.answer(weights, frozen)
        return 0.5 * (answer + self.map.mirrored(self.chart.answer(weights, -frozen))) if self.odd else answer


@dataclass(frozen=True)
class CheckerboardFlow:
    """`layers` couplings of `map` with convolutions over `reach` sites and `channels` hidden fields.

    Those that need not be `odd` do not follow the sign flip: for one mode (see `Symmetrised`).
    """

    map: Affine | Spline = AFFINE
    layers: int = 8
    channels: int = 16
    reach: int = 3
    odd: bool = True

    def on(self, target: Any, key: Key) -> CouplingFlow:
        """The identity over white noise. Raises `InputError` unless all extents are even and the reach is odd."""
        like = real_field(target, key, "couplings are")
        if any(n % 2 for n in like.shape) or self.reach % 2 == 0 or min(like.shape) < self.reach - 1:
            got, expected = f"{like.shape}, reach={self.reach}", "even extents and an odd reach that fits"
            raise InputError("a checkerboard does not fit", got=got, expected=expected)
        window = (self.reach,) * len(like.shape)
        first = jr.normal(key, (self.layers, self.channels, 1, *window), like.dtype) / math.sqrt(math.prod(window))
        last = jnp.zeros((self.layers, self.map.parameters, self.channels, *window), like.dtype)
        weights = (with_bias(first), with_bias(last))
        return CouplingFlow(weights, SiteChart(white(like.shape, like.dtype)), self.map, self.odd)


@dataclass(frozen=True)
class MatsubaraFlow:
    """`layers` affine couplings of the `modes` lowest real Fourier modes of a path, with `width` hidden numbers."""

    layers: int = 8
    modes: int = 40
    width: int = 64

    def on(self, target: Any, key: Key) -> CouplingFlow:
        """The identity over white noise. Raises `InputError` for fields in more dimensions than one."""
        like, map = real_field(target, key, "couplings are"), Affine()
        if len(like.shape) != 1:
            raise InputError(
                "modes of a path are couplings for paths", got=f"shape {like.shape}", fix="CheckerboardFlow"
            )
        low = min(self.modes, like.shape[0])
        first = jr.normal(key, (self.layers, self.width, low), like.dtype) / math.sqrt(low)
        last = jnp.zeros((self.layers, map.parameters * low, self.width), like.dtype)
        return CouplingFlow((with_bias(first), with_bias(last)), ModeChart(white(like.shape, like.dtype)), map)


def convolved(weights: tuple[Array, Array], x: Float[Array, "channel ..."]) -> Float[Array, "channel ..."]:
    """A convolution with periodic edges and a bias a channel."""
    kernel, bias = weights
    window, axes = kernel.shape[2:], tuple(range(1, x.ndim))
    shifts = [[n // 2 - i for n, i in zip(window, place, strict=True)] for place in np.ndindex(*window)]
    seen = jnp.concatenate([jnp.roll(x, shift, axes) for shift in shifts])
    flat = jnp.moveaxis(kernel, 1, -1).reshape(len(kernel), -1)  # one product: on a CPU much faster than XLA's own
    found = (flat @ seen.reshape(len(seen), -1)).reshape(-1, *x.shape[1:])
    return found + bias.reshape(-1, *(1,) * (x.ndim - 1))


def with_bias(kernel: Array) -> tuple[Array, Array]:
    """The kernels of all layers, and a bias of zero for each channel that they make."""
    return kernel, jnp.zeros(kernel.shape[:2], kernel.dtype)
