"""The networks behind a spectral function: from a constant to a list of values, or from a frequency to one value.

Both exist twice: with weights drawn as published, for the published optimisation, and with white latents as weights,
for a posterior.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Key, Scalar, Vector
from retrodict.spectral.ansatz.frequency_grid import Nodes

HIDDEN_GAIN: Final = 1.2  # keeps tanh units away from saturation and from zero
OUTPUT_POWER: Final = 2.0  # a saturating unit has a mean square of about one half


class Layer(NamedTuple):
    """h -> h @ weight + bias."""

    weight: Float[Array, "inputs outputs"]
    bias: Float[Array, " outputs"] | None

    def __call__(self, h: Float[Array, "*batch inputs"]) -> Float[Array, "*batch outputs"]:
        """The affine map."""
        return h @ self.weight if self.bias is None else h @ self.weight + self.bias


class Weights(NamedTuple):
    """Everything that a network learns; the output layer apart, because the published schedule trains it longer."""

    hidden: tuple[Layer, ...]
    output: Layer


def features(hidden: tuple[Layer, ...], h: Float[Array, "*batch inputs"]) -> Float[Array, "*batch width"]:
    """What the output layer sees: ELU after every hidden layer."""
    for layer in hidden:
        h = jax.nn.elu(layer(h))
    return h


def drawn_weights(key: Key, sizes: tuple[int, ...], *, bias: bool, dtype: Any) -> Weights:
    """Weights by Glorot's normal law; biases uniform within 1/sqrt(inputs), as PyTorch draws them unless told."""
    keys, pairs = jr.split(key, len(sizes) - 1), pairwise(sizes)
    layers = tuple(_drawn(k, *pair, bias=bias, dtype=dtype) for k, pair in zip(keys, pairs, strict=True))
    return Weights(layers[:-1], layers[-1])


def _drawn(key: Key, inputs: int, outputs: int, *, bias: bool, dtype: Any) -> Layer:
    weight_key, bias_key = jr.split(key)
    weight = math.sqrt(2 / (inputs + outputs)) * jr.normal(weight_key, (inputs, outputs), dtype)
    bound = 1 / math.sqrt(inputs)
    return Layer(weight, jr.uniform(bias_key, (outputs,), dtype, -bound, bound) if bias else None)


@dataclass(frozen=True)
class ListNetwork:
    """Constant 1 -> `width`, `depth` x (`width` -> `width`), -> one number a frequency; ELU, softplus, no bias.

    rho is omega times the output. Wang, Shi, Zhou, PRD 106, L051502 (2022), there `NN`.
    """

    width: int = 64
    depth: int = 3

    @property
    def name(self) -> str:
        """As the paper calls it."""
        return "NN"

    def init(self, key: Key, omega: Nodes) -> Weights:
        """Fresh weights for a grid of frequencies, of its floating-point type."""
        sizes = (1, *[self.width] * (self.depth + 1), len(omega))
        return drawn_weights(key, sizes, bias=False, dtype=omega.dtype)

    def inputs(self, omega: Nodes) -> Float[Array, " one"]:
        """What the first layer sees."""
        return jnp.ones(1, omega.dtype)

    def read(self, output: Layer, seen: Float[Array, " width"], omega: Nodes) -> Nodes:
        """rho from what the output layer sees."""
        return omega * jax.nn.softplus(output(seen))


@dataclass(frozen=True)
class PointNetwork:
    """omega -> `width`, `depth` x (`width` -> `width`), -> 1; ELU, softplus, with biases. There `NN-P2P`."""

    width: int = 64
    depth: int = 3

    @property
    def name(self) -> str:
        """As the paper calls it."""
        return "NN-P2P"

    def init(self, key: Key, omega: Nodes) -> Weights:
        """Fresh weights, of the floating-point type of the frequencies."""
        sizes = (1, *[self.width] * (self.depth + 1), 1)
        return drawn_weights(key, sizes, bias=True, dtype=omega.dtype)

    def inputs(self, omega: Nodes) -> Float[Array, "nodes one"]:
        """What the first layer sees."""
        return omega[:, None]

    def read(self, output: Layer, seen: Float[Array, "nodes width"], omega: Nodes) -> Nodes:
        """rho from what the output layer sees."""
        return omega * jax.nn.softplus(output(seen)[:, 0])


@dataclass(frozen=True)
class WhiteNetwork:
    """A network whose weights and biases are white latents: `inputs` -> `depth` tanh layers -> `outputs`.

    Weights have variance gain^2 / inputs of their layer, so that wide layers give outputs of the order of one (Neal
    1996).
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
        """The outputs; no bias in the last layer. `sharpness` is the gain of the first: how fast they may vary."""
        gain = sharpness
        for inputs in (self.inputs, *[self.width] * (self.depth - 1)):
            weight, bias, z = _taken(z, inputs, self.width)
            h = jnp.tanh(gain * (h @ weight / math.sqrt(inputs) + bias))
            gain = HIDDEN_GAIN
        return h @ z.reshape(self.width, self.outputs) * math.sqrt(OUTPUT_POWER / self.width)


def _taken(z: Vector, inputs: int, outputs: int) -> tuple[Array, Array, Vector]:
    """The weights and biases of a layer off the front of `z`, and what is left."""
    end = inputs * outputs
    return z[:end].reshape(inputs, outputs), z[end : end + outputs], z[end + outputs :]
