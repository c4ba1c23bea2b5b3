r"""Scores, $s(y, \sigma) = \nabla_y \ln p_\sigma(y)$ of data plus noise of level sigma, and how they are learnt.

Denoising score matching: of all functions of $y = x + \sigma n$, the score is the one nearest to $-n/\sigma$ in mean
square. Source: Vincent, Neural Comput. 23 (2011) 1661.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar

STILL: Final = 0.1  # level, in standard deviations of the data, below which a score hardly changes
LARGEST_TRACE: Final = 64  # dimensions up to which a divergence is found column by column


class AbstractScore(eqx.Module):
    """A score with weights apart; what is exact has none, `()`."""

    @abstractmethod
    def init(self, key: Key) -> PyTree:
        """Weights before training."""

    @abstractmethod
    def __call__(self, weights: PyTree, y: Array, level: Scalar) -> Array:
        """The score of one configuration, of its shape."""

    @abstractmethod
    def with_divergence(self, weights: PyTree, y: Array, level: Scalar) -> tuple[Array, Scalar]:
        """The score and the trace of its Jacobian, both exact."""

    def matching(self, weights: PyTree, x: Array, white: Array, level: Scalar, variance: Scalar | float) -> Scalar:
        r"""The loss of one example and one draw of the noise, v = `variance` that of the data: denoising.

        Weighed with $(v + \sigma^2)^2/v$, so that errors of the score count relative to $\sqrt v/(v + \sigma^2)$, the
        size of what noise hides of the data. Source: Karras, Aittala, Aila, Laine, NeurIPS 2022, in spirit.
        """
        return (variance + level**2) ** 2 / variance * denoising_loss(self, weights, x, white, level)

    def fit_closed_form(self, process: Any, fields: Array) -> tuple[Any, PyTree] | None:
        """A `Diffusion` on the scale of `fields`, and weights that fit them, where there is a closed form; else None.

        May be compiled: the outcome differs from `process` in the content of arrays only.
        """
        return None


def by_jacobian(function: Callable[[Array], Array], y: Array) -> tuple[Array, Scalar]:
    """A vector field and its divergence by forward differentiation along each axis: for few dimensions.

    Raises `InputError` for more than 64: a random estimate of the trace would make the density random too.
    """
    if y.size > LARGEST_TRACE:
        got, expected = f"{y.size} dimensions", f"at most {LARGEST_TRACE}, or a score that knows its divergence"
        raise InputError("too many dimensions for an exact divergence", got=got, expected=expected)
    value, push = jax.linearize(function, y)
    axes = jnp.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)
    return value, jnp.trace(jax.vmap(push)(axes).reshape(y.size, y.size))


def denoising_loss(score: AbstractScore, weights: PyTree, x: Array, white: Array, level: Scalar) -> Scalar:
    r"""$|s(x + \sigma n) + n/\sigma|^2 - |n/\sigma|^2$ per number, averaged over n and -n.

    Its mean is the mean square error of the score, less the mean square of the true one. The two signs cancel most of
    the variance of $n/\sigma$, which at small levels would hide the score.
    """

    def one(sign: float) -> Scalar:
        found = score(weights, x + sign * level * white, level)
        return jnp.mean(found * (found + 2 * sign * white / level))

    return 0.5 * (one(1.0) + one(-1.0))


def random_levels(key: Key, smallest: Scalar, largest: Scalar, strata: int) -> Float[Array, " strata"]:
    """Log-uniform between the two, one in each of `strata` parts of equal ratio."""
    place = jnp.arange(strata) + jr.uniform(key, (strata,), jnp.asarray(smallest).dtype)
    return smallest * (largest / smallest) ** (place.astype(jnp.asarray(smallest).dtype) / strata)


class Perceptron(AbstractScore):
    r"""The score of a Gaussian of the data's `variance`, and a multilayer perceptron for the rest.

    $s = (-y + \sqrt v\,N(y/\sqrt{v+\sigma^2}, \sigma)) / (v + \sigma^2)$: for a handful of dimensions.
    With `odd`, N is made odd in y: for data with the symmetry x -> -x.
    """

    network: eqx.nn.MLP  # its shape; the weights are kept apart
    variance: float = eqx.field(static=True)
    shape: tuple[int, ...] = eqx.field(static=True)
    odd: bool = eqx.field(static=True)

    def __init__(self, shape: tuple[int, ...], variance: float, *, odd: bool = False, width: int = 48, depth: int = 2):
        size = 1
        for extent in shape:
            size *= extent
        self.network = eqx.nn.MLP(size + 1, size, width, depth, jax.nn.silu, key=jr.key(0))
        self.variance, self.shape, self.odd = variance, shape, odd

    def init(self, key: Key) -> PyTree:
        like = self.network
        fresh = eqx.nn.MLP(like.in_size, like.out_size, like.width_size, like.depth, like.activation, key=key)
        return eqx.filter(fresh, eqx.is_inexact_array)

    def __call__(self, weights: PyTree, y: Array, level: Scalar) -> Array:
        network = eqx.combine(weights, self.network)
        width = jnp.sqrt(self.variance + level**2)
        # Noise much smaller than the data's structures changes nothing: there the network sees the same level.
        pace = 0.25 * jnp.log(level**2 / self.variance + STILL**2)
        scaled = y.reshape(-1) / width
        found = network(jnp.append(scaled, pace))
        if self.odd:
            found = 0.5 * (found - network(jnp.append(-scaled, pace)))
        return (jnp.sqrt(self.variance) * found.reshape(self.shape) - y) / width**2

    def with_divergence(self, weights: PyTree, y: Array, level: Scalar) -> tuple[Array, Scalar]:
        return by_jacobian(lambda at: self(weights, at, level), y)
