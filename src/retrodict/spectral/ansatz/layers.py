"""Networks for a spectral function: from a constant to a list of values, or from a frequency to one value.

Both exist twice: with weights drawn as published, for the published optimisation, and with standard normal latents as
weights, for a posterior.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Key, Scalar, Vector
from retrodict.spectral.ansatz.frequency_grid import Nodes

HIDDEN_GAIN: Final = 1.2  # keeps tanh units away from saturation and from zero
OUTPUT_POWER: Final = 2.0  # a saturating unit has a mean square of about one half


class Layer(NamedTuple):
    """An affine map, h -> h @ weight + bias."""

    weight: Float[Array, "inputs outputs"]
    bias: Float[Array, " outputs"] | None  # None: there is none

    def __call__(self, h: Float[Array, "*batch inputs"]) -> Float[Array, "*batch outputs"]:
        """The affine map of `h`."""
        return h @ self.weight if self.bias is None else h @ self.weight + self.bias


class Weights(NamedTuple):
    """The weights of a network; the output layer apart, because the published schedule trains it longer."""

    hidden: tuple[Layer, ...]  # in order, from the input
    output: Layer


def features(hidden: tuple[Layer, ...], h: Float[Array, "*batch inputs"]) -> Float[Array, "*batch width"]:
    """Inputs of the output layer: ELU after every `hidden` layer, from the inputs `h` of the network."""
    for layer in hidden:
        h = jax.nn.elu(layer(h))
    return h


def draw_weights(key: Key, sizes: tuple[int, ...], *, bias: bool, dtype: jnp.dtype) -> Weights:
    """Draw weights by Glorot's normal law, and biases uniform within 1/sqrt(inputs), the default of PyTorch.

    Args:
        key: of the random numbers.
        sizes: units of every layer, inputs and outputs included.
        bias: whether layers have one.
        dtype: floating-point type of the weights.
    """
    keys, pairs = jr.split(key, len(sizes) - 1), pairwise(sizes)
    layers = tuple(_draw_layer(k, *pair, bias=bias, dtype=dtype) for k, pair in zip(keys, pairs, strict=True))
    return Weights(layers[:-1], layers[-1])


def _draw_layer(key: Key, inputs: int, outputs: int, *, bias: bool, dtype: jnp.dtype) -> Layer:
    weight_key, bias_key = jr.split(key)
    weight = math.sqrt(2 / (inputs + outputs)) * jr.normal(weight_key, (inputs, outputs), dtype)
    bound = 1 / math.sqrt(inputs)
    return Layer(weight, jr.uniform(bias_key, (outputs,), dtype, -bound, bound) if bias else None)


@dataclass(frozen=True)
class ListNetwork:
    """A network from a constant to one number a frequency: ELU, softplus, no bias; rho is omega times the output.

    Source: Wang, Shi, Zhou, PRD 106, L051502 (2022), there `NN`.

    Args:
        width: units of a hidden layer.
        depth: maps from hidden layer to hidden layer; there are depth + 1 hidden layers.

    Example:
        >>> ListNetwork(width=32).name
        'NN'
    """

    width: int = 64
    depth: int = 3

    @property
    def name(self) -> str:
        """As the paper calls it."""
        return "NN"

    def init(self, key: Key, omega: Nodes) -> Weights:
        """Draw weights for the frequencies `omega`, of their floating-point type."""
        sizes = (1, *[self.width] * (self.depth + 1), len(omega))
        return draw_weights(key, sizes, bias=False, dtype=omega.dtype)

    def inputs(self, omega: Nodes) -> Float[Array, " one"]:
        """Inputs of the first layer."""
        return jnp.ones(1, omega.dtype)

    def read(self, output: Layer, hidden: Float[Array, " width"], omega: Nodes) -> Nodes:
        """rho at the frequencies `omega`, from the `output` layer and its inputs `hidden`."""
        return omega * jax.nn.softplus(output(hidden))


@dataclass(frozen=True)
class PointNetwork:
    """A network from a frequency to one number: ELU, softplus, with biases; rho is omega times the output.

    Source: Wang, Shi, Zhou, PRD 106, L051502 (2022), there `NN-P2P`.

    Args:
        width: units of a hidden layer.
        depth: maps from hidden layer to hidden layer; there are depth + 1 hidden layers.

    Example:
        >>> PointNetwork().name
        'NN-P2P'
    """

    width: int = 64
    depth: int = 3

    @property
    def name(self) -> str:
        """As the paper calls it."""
        return "NN-P2P"

    def init(self, key: Key, omega: Nodes) -> Weights:
        """Draw weights, of the floating-point type of the frequencies `omega`."""
        sizes = (1, *[self.width] * (self.depth + 1), 1)
        return draw_weights(key, sizes, bias=True, dtype=omega.dtype)

    def inputs(self, omega: Nodes) -> Float[Array, "nodes one"]:
        """Inputs of the first layer."""
        return omega[:, None]

    def read(self, output: Layer, hidden: Float[Array, "nodes width"], omega: Nodes) -> Nodes:
        """rho at the frequencies `omega`, from the `output` layer and its inputs `hidden`."""
        return omega * jax.nn.softplus(output(hidden)[:, 0])


@dataclass(frozen=True)
class LatentNetwork:
    """A network of tanh layers whose weights and biases are standard normal latents; the last layer has no bias.

    Weights have variance gain^2 / inputs of their layer, so that wide layers give outputs of the order of one (Neal
    1996).

    Args:
        inputs: numbers that go in.
        outputs: numbers that come out.
        width: units of a hidden layer.
        depth: hidden layers.
    """

    inputs: int
    outputs: int
    width: int = 16
    depth: int = 2

    @property
    def dim(self) -> int:
        """The number of weights and biases."""
        hidden = (self.inputs + 1) * self.width + (self.depth - 1) * (self.width + 1) * self.width
        return hidden + self.width * self.outputs

    def __call__(
        self, z: Vector, h: Float[Array, "*batch inputs"], sharpness: Scalar | float = 1.0
    ) -> Float[Array, "*batch outputs"]:
        """Outputs of the network.

        Args:
            z: latents, shape (dim,).
            h: inputs, shape (..., inputs).
            sharpness: gain of the first layer, by which outputs vary faster.
        """
        gain = sharpness
        for inputs in (self.inputs, *[self.width] * (self.depth - 1)):
            weight, bias, z = _take_layer(z, inputs, self.width)
            h = jnp.tanh(gain * (h @ weight / math.sqrt(inputs) + bias))
            gain = HIDDEN_GAIN
        return h @ z.reshape(self.width, self.outputs) * math.sqrt(OUTPUT_POWER / self.width)


def _take_layer(
    z: Float[Array, " latents"], inputs: int, outputs: int
) -> tuple[Float[Array, "{inputs} {outputs}"], Float[Array, "{outputs}"], Float[Array, " rest"]]:
    """The weights and biases of a layer from the front of `z`, and the latents after them."""
    end = inputs * outputs
    return z[:end].reshape(inputs, outputs), z[end : end + outputs], z[end + outputs :]
