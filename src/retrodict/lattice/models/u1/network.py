r"""A trained score for U(1) links in two dimensions, with the coupling as an input: one network for many theories.

With the plaquette angles p = d theta,

$$s = -d^T G\,D\,[\sin p + (1 - r)(1 + \sigma)\,N(p; \sigma, \beta)], \quad
G(k) = \frac{1}{1/\beta + \sigma^2\hat k^2}, \quad r = \frac{1}{1 + 4\beta\sigma^2}.$$

Without noise it is the force, whatever the weights. For Gaussian fluctuations N = 0 is exact but for the factor
$D = (1 + 8\sigma^2)/(8\sigma^2 + e^{2\sigma^2})$, with which the score decreases as noise removes the correlation of a
plaquette with the clean one, which is $e^{-2\sigma^2}$.

The inputs of N are phases $np + wg$, where g is the field of $\sin p$ smoothed over the screening length
$\sigma\sqrt\beta$ of the integers that wrapping has hidden (they interact through G like a Coulomb gas: the vortices
within this length are correlated), and sines and cosines smoothed over three lengths. Odd channels (sines) and even
ones (cosines) pass through layers of 3 x 3 kernels with the symmetry of the square; even ones gate odd ones, squares of
odd ones are even. So the score is exactly equivariant under gauge transformations, translations, rotations,
reflections and charge conjugation, and its weights do not depend on the volume.
"""

from typing import Final, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.generate.score import AbstractScore, by_jacobian
from retrodict.lattice.models.u1.flux import Angles, Links
from retrodict.lattice.theories.plane import convolved, curl, curl_adjoint, half, momentum_squared

PHASES: Final = ((1, 0.0), (2, 0.0), (0, 2.0), (1, 2.0), (1, -2.0), (2, 2.0), (2, -2.0))  # n, w
SCALES: Final = (0.25, 1.0, 4.0)  # squares of smoothing lengths over that of screening, the middle one that of g
INPUTS: Final = len(PHASES) + len(SCALES)  # input fields of each parity
CODE: Final = 24  # length of the encoding of the level and the coupling


Fields: TypeAlias = Float[Array, "columns rows fields"]


class Layer(NamedTuple):
    """Weights of one layer.

    Args:
        odd: kernels of the odd fields.
        even: kernels of the even fields: gates of the odd ones, and the even ones themselves.
        odd_gain: from the encoding of level and coupling to a factor of the odd fields.
        even_shift: from this encoding to a shift of the even fields.
    """

    odd: Float[Array, "neighbours channels"]
    even: Float[Array, "neighbours gates_and_channels"]
    odd_gain: Float[Array, "code channels"]
    even_shift: Float[Array, "code gates_and_channels"]


class Weights(NamedTuple):
    """Weights of the network N.

    Args:
        code: from level and coupling to their encoding.
        code_shift: added to the encoding.
        odd: kernels from the odd inputs to the odd fields.
        even: kernels from the even inputs to the even fields.
        layers: in their order.
        gain: from the encoding to a factor of each output.
        last: weight of each output.
    """

    code: Float[Array, "4 code"]
    code_shift: Float[Array, " code"]
    odd: Float[Array, "neighbours channels"]
    even: Float[Array, "neighbours channels"]
    layers: tuple[Layer, ...]
    gain: Float[Array, "code outputs"]
    last: Float[Array, " outputs"]


class U1Network(AbstractScore):
    """The score; its weights serve every coupling and volume.

    Args:
        beta: the inverse coupling.
        shape: columns and rows.
        channels: hidden fields of each parity.
        depth: number of layers.
    """

    beta: Scalar
    shape: tuple[int, int] = eqx.field(static=True)
    channels: int = eqx.field(static=True, default=12)
    depth: int = eqx.field(static=True, default=3)

    def init(self, key: Key) -> Weights:
        """Random layers below an output of zero.

        Args:
            key: random key.
        """
        wide, dtype = self.channels, self.beta.dtype
        keys = iter(jr.split(key, 5 + 4 * self.depth))

        def matrix(rows: int, columns: int, size: float = 1.0) -> Float[Array, "rows columns"]:
            return size * rows**-0.5 * jr.normal(next(keys), (rows, columns), dtype)

        def layer() -> Layer:
            kernels = matrix(3 * wide, wide), matrix(6 * wide, 2 * wide)
            return Layer(*kernels, matrix(CODE, wide, 0.3), matrix(CODE, 2 * wide, 0.5))

        outputs = 3 * (wide + INPUTS)
        return Weights(
            matrix(4, CODE),
            jr.normal(next(keys), (CODE,), dtype),
            matrix(3 * INPUTS, wide),
            matrix(3 * INPUTS, wide),
            tuple(layer() for _ in range(self.depth)),
            matrix(CODE, outputs, 0.3),
            jnp.zeros((outputs,), dtype),
        )

    def __call__(self, weights: Weights, y: Links, level: Scalar) -> Links:
        return -curl_adjoint(convolved(self.propagator(level), self.source(weights, curl(y), level)))

    def with_divergence(self, weights: Weights, y: Links, level: Scalar) -> tuple[Links, Scalar]:
        """The score and its divergence, by differentiation along each axis.

        Args:
            weights: of the network.
            y: angles of the links, with noise [rad].
            level: standard deviation of the noise [rad].

        Raises:
            InputError: for more than 64 links; `ReverseSDE` needs no divergence.
        """
        return by_jacobian(lambda at: self(weights, at, level), y)

    def matching(self, weights: Weights, x: Links, white: Links, level: Scalar, variance: Scalar | float) -> Scalar:
        r"""$\sigma^2|d^T G(h - \sin p_0 - \sigma\,dn)|^2$ per link, h what G acts on.

        The target mixes the force at the clean field with the noise, mode by mode as is best for Gaussian fluctuations:
        either alone has the score as its conditional mean. Summed over links and averaged over the logarithm of the
        level the loss is, up to a constant, the divergence of paths over the range of that logarithm.

        Args:
            weights: of the network.
            x: angles of the links, without noise [rad].
            white: standard normal noise.
            level: standard deviation of the noise [rad].
            variance: not used.
        """
        target = jnp.sin(curl(x)) + level * curl(white)
        error = self.source(weights, curl(x + level * white), level) - target
        return level**2 * jnp.mean(curl_adjoint(convolved(self.propagator(level), error)) ** 2)

    def propagator(self, level: Scalar) -> Angles:
        """G, at each momentum.

        Args:
            level: standard deviation of the noise [rad].
        """
        return 1 / (1 / self.beta + level**2 * momentum_squared(self.shape, self.beta.dtype))

    def source(self, weights: Weights, angle: Angles, level: Scalar) -> Angles:
        """The field on which G acts.

        Args:
            weights: of the network.
            angle: the plaquette angles [rad].
            level: standard deviation of the noise [rad].
        """
        shrunk = self.beta * level**2
        code = jnp.stack([jnp.log(level), jnp.log(shrunk), level, 1 / (1 + 4 * shrunk)])
        code = jnp.tanh(code @ weights.code + weights.code_shift)
        odd_inputs, even_inputs = self._inputs(angle, shrunk)
        odd, even = neighbours(odd_inputs) @ weights.odd, neighbours(even_inputs) @ weights.even
        for layer in weights.layers:
            odd, even = _apply(layer, odd, even, code)
        outputs = neighbours(jnp.concatenate([odd, odd_inputs], axis=-1)) * (1 + code @ weights.gain)
        network = (1 - 1 / (1 + 4 * shrunk)) * (1 + level) * (outputs @ weights.last)
        memory = (1 + 8 * level**2) / (8 * level**2 + jnp.exp(2 * level**2))
        return memory * (jnp.sin(angle) + network)

    def _inputs(self, angle: Angles, shrunk: Scalar) -> tuple[Fields, Fields]:
        """The odd and the even input fields; `shrunk` is the square of the screening length."""
        squared = shrunk * momentum_squared(self.shape, angle.dtype)
        filters = jnp.stack([1 / (1 + scale * squared) for scale in SCALES])
        both = jnp.fft.rfft2(jnp.stack([jnp.sin(angle), jnp.cos(angle)]))
        smooth = jnp.moveaxis(jnp.fft.irfft2(both[:, None] * half(filters), s=angle.shape), 1, -1)
        around = smooth[0, ..., len(SCALES) // 2]
        phases = jnp.stack([n * angle + w * around for n, w in PHASES], axis=-1)
        return tuple(jnp.concatenate([f(phases), s], -1) for f, s in zip((jnp.sin, jnp.cos), smooth, strict=True))  # type: ignore[return-value]


def neighbours(fields: Fields) -> Float[Array, "columns rows 3*fields"]:
    """Each field at the site, summed over the four nearest sites, and over the four across a corner.

    The two sums are multiplied by 1/2.

    Args:
        fields: on the plaquettes.
    """
    along = jnp.roll(fields, 1, 0) + jnp.roll(fields, -1, 0)
    across = jnp.roll(fields, 1, 1) + jnp.roll(fields, -1, 1)
    corners = jnp.roll(along, 1, 1) + jnp.roll(along, -1, 1)
    return jnp.concatenate([fields, 0.5 * (along + across), 0.5 * corners], axis=-1)


def _apply(layer: Layer, odd: Fields, even: Fields, code: Float[Array, " code"]) -> tuple[Fields, Fields]:
    """Both parities after a layer: even fields gate the odd ones."""
    square = odd**2
    change = (neighbours(odd) @ layer.odd) * (1 + code @ layer.odd_gain)
    both = neighbours(jnp.concatenate([even, square / (1 + square)], axis=-1)) @ layer.even + code @ layer.even_shift
    gate, growth = jnp.split(both, 2, axis=-1)
    return odd + jnp.tanh(change) * jax.nn.sigmoid(gate), even + jax.nn.silu(growth)
