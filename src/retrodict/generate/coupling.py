r"""Coupling flows: half of the numbers are changed by increasing maps, whose parameters depend on the other half.

A network computes these parameters. Two kinds. *Checkerboard*: sites of one colour are changed given those of the other
by a small convolutional network with periodic edges, equivariant under translations that keep the colours. *Matsubara*:
the path's real Fourier modes in units of their measured standard deviation, every second frequency changed given the
others. Both are equivariant under the sign flip: the network's output for $-\phi$, mirrored, is averaged with that for
$\phi$. Both start as the identity on a Gaussian base of the measured spectrum; the Jacobian is triangular, so that the
density is exact to rounding.

Sources: Dinh, Sohl-Dickstein, Bengio, ICLR 2017; Albergo, Kanwar, Shanahan, Phys. Rev. D 100 (2019) 034515
(checkerboards); Chen et al., arXiv:2211.03470 (modes of a path).
"""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Bool, Float, Int, Key, PyTree, Scalar
from retrodict.generate.elementwise import Affine, Elementwise, Spline
from retrodict.generate.model import AbstractModel, Density, Sample, real_field
from retrodict.generate.spectrum import GaussianField, fit_gaussian_field, white_noise_field
from retrodict.num.lattice_modes import frequencies, real_fourier
from retrodict.problem.target import AbstractTarget

AFFINE: Final = Affine()

Weights = PyTree[Float[Array, "..."]]
Layer = tuple[Float[Array, "..."], Float[Array, "..."]]  # kernel and bias
State = tuple[Float[Array, "*number"], Scalar]  # coordinates, and the sum of the logarithms of slopes


class AbstractChart(eqx.Module):
    """The coordinates on which the couplings act: of order one, and of known density before them.

    Args:
        base: Gaussian field that is transformed, and sets the scale of the coordinates.
    """

    base: eqx.AbstractVar[GaussianField]

    @abstractmethod
    def coordinates(self, x: Float[Array, "*site"]) -> Float[Array, "*site"]:
        """Coordinates of a field.

        Args:
            x: the field, shape `*site`.
        """

    @abstractmethod
    def field(self, coordinates: Float[Array, "*site"]) -> Float[Array, "*site"]:
        """Field of given coordinates: the inverse of `coordinates`.

        Args:
            coordinates: those of the field, shape `*site`.
        """

    @abstractmethod
    def parameters(self, weights: Weights, frozen: Float[Array, "*site"]) -> Float[Array, "parameter *site"]:
        """Output of the network of one layer: the parameters of the maps of all coordinates.

        Args:
            weights: of the layer.
            frozen: the coordinates that the layer does not change, the others zero, shape `*site`.
        """

    @abstractmethod
    def mask(self) -> Bool[Array, "*site"]:
        """Which coordinates the layers of even index change; the odd layers change the others."""


class SiteChart(AbstractChart):
    """The field in units of its standard deviation; the network is convolutional."""

    base: GaussianField  # sets the standard deviation

    def coordinates(self, x: Float[Array, "*site"]) -> Float[Array, "*site"]:
        return x / self.base.deviation

    def field(self, coordinates: Float[Array, "*site"]) -> Float[Array, "*site"]:
        return coordinates * self.base.deviation

    def parameters(self, weights: Weights, frozen: Float[Array, "*site"]) -> Float[Array, "parameter *site"]:
        return convolve(weights[1], jnp.tanh(convolve(weights[0], frozen[None])))

    def mask(self) -> Bool[Array, "*site"]:
        return jnp.asarray(np.indices(self.base.shape).sum(axis=0) % 2 == 0)


class ModeChart(AbstractChart):
    """Real Fourier modes of a path in units of their standard deviation; the network is a perceptron."""

    base: GaussianField  # sets the standard deviations

    def coordinates(self, x: Float[Array, " site"]) -> Float[Array, " site"]:
        return jnp.asarray(real_fourier(x.size), x.dtype) @ x / self._deviation()

    def field(self, coordinates: Float[Array, " site"]) -> Float[Array, " site"]:
        return jnp.asarray(real_fourier(coordinates.size).T, coordinates.dtype) @ (self._deviation() * coordinates)

    def parameters(self, weights: Weights, frozen: Float[Array, " site"]) -> Float[Array, "parameter site"]:
        low = len(weights[0][0][0])
        hidden = jnp.tanh(weights[0][0] @ frozen[:low] + weights[0][1])
        output = (weights[1][0] @ hidden + weights[1][1]).reshape(-1, low)
        return jnp.pad(output, ((0, 0), (0, frozen.size - low)))

    def mask(self) -> Bool[Array, " site"]:
        return jnp.asarray(frequencies(self.base.shape[0]) % 2 == 0)

    def _deviation(self) -> Float[Array, " site"]:
        return jnp.sqrt(self.base.power)[frequencies(self.base.shape[0])]


class CouplingFlow(AbstractModel):
    """Coupling layers: even ones change the coordinates in the mask of the chart, odd ones the rest."""

    density: ClassVar[Density] = Density.EXACT  # to rounding
    unbounded: ClassVar[bool] = True  # its numbers are real
    weights: Weights  # of all layers, stacked along the first axis
    chart: AbstractChart  # the coordinates, and the structure of the networks
    map: Elementwise = eqx.field(static=True)  # of each coordinate that is changed
    odd: bool = eqx.field(static=True, default=True)  # whether it is equivariant under the sign flip

    def sample(self, key: Key) -> Sample:
        z = self.chart.base.sample(key)
        numbers, change = self._transform(self.chart.coordinates(z), backwards=False)
        return Sample(self.chart.field(numbers), self.chart.base.log_prob(z) - change)

    def log_prob(self, x: Float[Array, "*site"]) -> Scalar:
        """log q of any configuration, by the inverse maps in reverse order."""
        numbers, change = self._transform(self.chart.coordinates(x), backwards=True)
        return self.chart.base.log_prob(self.chart.field(numbers)) - change

    def loss(self, x: Float[Array, "*site"], key: Key) -> Scalar:
        """-log q per site."""
        return -self.log_prob(x) / x.size

    def initialise_from(self, examples: Float[Array, "examples *site"]) -> "CouplingFlow":
        """Set the spectrum of the base to that of the examples."""
        return eqx.tree_at(lambda m: m.chart.base, self, fit_gaussian_field(examples))

    def _transform(
        self, numbers: Float[Array, "*number"], *, backwards: bool
    ) -> tuple[Float[Array, "*number"], Scalar]:
        """Apply all layers; the sum of the logarithms of slopes is that in the direction of drawing."""
        mask = self.chart.mask()

        def layer(state: State, parts: tuple[Weights, Int[Array, ""]]) -> tuple[State, None]:
            (numbers, change), (weights, index) = state, parts
            changed = mask == (index % 2 == 0)
            parameters = self._parameters(weights, jnp.where(changed, 0.0, numbers))
            new, slope = (self.map.inverse if backwards else self.map.forward)(numbers, parameters)
            return (jnp.where(changed, new, numbers), change + jnp.sum(jnp.where(changed, slope, 0.0))), None

        layers = jnp.arange(len(jax.tree.leaves(self.weights)[0]))
        start = numbers, jnp.zeros((), numbers.dtype)
        return jax.lax.scan(layer, start, (self.weights, layers), reverse=backwards)[0]

    def _parameters(self, weights: Weights, frozen: Float[Array, "*number"]) -> Float[Array, "parameter *number"]:
        parameters = self.chart.parameters(weights, frozen)
        if not self.odd:
            return parameters
        return 0.5 * (parameters + self.map.mirror(self.chart.parameters(weights, -frozen)))


@dataclass(frozen=True)
class CheckerboardFlow:
    """The recipe of a coupling flow on the sites of a lattice in two colours, with convolutional networks.

    Example:
        >>> CheckerboardFlow(map=Spline(bins=4)).map.parameters
        11
    """

    map: Affine | Spline = AFFINE  # of each site that is changed
    layers: int = 8  # couplings, alternately of the two colours
    channels: int = 16  # hidden fields of a network
    reach: int = 3  # width of a convolution [sites], odd
    odd: bool = True  # equivariant under the sign flip; False for one of two modes (see `Symmetrised`)

    def on(self, target: AbstractTarget, key: Key) -> CouplingFlow:
        """Make an untrained flow: the identity on standard normal numbers.

        Args:
            target: the density to be sampled, of one real number a site.
            key: random key of the first layer of each network; the last one starts at zero.

        Raises:
            InputError: unless fields are one real number a site, all extents are even and the reach is odd.
        """
        like = real_field(target, key, "couplings are")
        if any(n % 2 for n in like.shape) or self.reach % 2 == 0 or min(like.shape) < self.reach - 1:
            got, expected = f"{like.shape}, reach={self.reach}", "even extents and an odd reach that fits"
            raise InputError("a checkerboard does not fit", got=got, expected=expected)
        window = (self.reach,) * len(like.shape)
        first = jr.normal(key, (self.layers, self.channels, 1, *window), like.dtype) / math.sqrt(math.prod(window))
        last = jnp.zeros((self.layers, self.map.parameters, self.channels, *window), like.dtype)
        weights = (with_bias(first), with_bias(last))
        return CouplingFlow(weights, SiteChart(white_noise_field(like.shape, like.dtype)), self.map, self.odd)


@dataclass(frozen=True)
class MatsubaraFlow:
    """The recipe of an affine coupling flow of the lowest real Fourier modes (Matsubara modes) of a path.

    Example:
        >>> MatsubaraFlow(layers=4).modes
        40
    """

    layers: int = 8  # couplings, alternately of even and odd frequencies
    modes: int = 40  # number of modes that are changed
    width: int = 64  # hidden units of a network

    def on(self, target: AbstractTarget, key: Key) -> CouplingFlow:
        """Make an untrained flow: the identity on standard normal numbers.

        Args:
            target: the density to be sampled, of paths.
            key: random key of the first layer of each network; the last one starts at zero.

        Raises:
            InputError: unless fields are real and in one dimension.
        """
        like, map = real_field(target, key, "couplings are"), Affine()
        if len(like.shape) != 1:
            raise InputError(
                "modes of a path are couplings for paths", got=f"shape {like.shape}", fix="CheckerboardFlow"
            )
        low = min(self.modes, like.shape[0])
        first = jr.normal(key, (self.layers, self.width, low), like.dtype) / math.sqrt(low)
        last = jnp.zeros((self.layers, map.parameters * low, self.width), like.dtype)
        return CouplingFlow(
            (with_bias(first), with_bias(last)), ModeChart(white_noise_field(like.shape, like.dtype)), map
        )


def convolve(weights: Layer, x: Float[Array, "channel *site"]) -> Float[Array, "output *site"]:
    """Convolve fields with periodic edges, and add a bias a channel.

    Args:
        weights: kernel `(output, channel, *window)` and bias `(output,)`.
        x: fields, shape `(channel, *site)`.
    """
    kernel, bias = weights
    window, axes = kernel.shape[2:], tuple(range(1, x.ndim))
    shifts = [[n // 2 - i for n, i in zip(window, place, strict=True)] for place in np.ndindex(*window)]
    shifted = jnp.concatenate([jnp.roll(x, shift, axes) for shift in shifts])
    flat = jnp.moveaxis(kernel, 1, -1).reshape(len(kernel), -1)  # one product: on a CPU much faster than XLA's own
    output = (flat @ shifted.reshape(len(shifted), -1)).reshape(-1, *x.shape[1:])
    return output + bias.reshape(-1, *(1,) * (x.ndim - 1))


def with_bias(
    kernel: Float[Array, "layer output ..."],
) -> tuple[Float[Array, "layer output ..."], Float[Array, "layer output"]]:
    """The kernels of all layers, and a bias of zero for each channel of their output.

    Args:
        kernel: kernels of all layers, shape `(layer, output, ...)`.
    """
    return kernel, jnp.zeros(kernel.shape[:2], kernel.dtype)
