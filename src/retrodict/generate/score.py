r"""Scores, $s(y, \sigma) = \nabla_y \ln p_\sigma(y)$ of data plus noise of level sigma, and their training.

Denoising score matching: of all functions of $y = x + \sigma n$, the score is the one nearest to $-n/\sigma$ in mean
square. Source: Vincent, Neural Comput. 23 (2011) 1661.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.modes import AbstractStart

STILL: Final = 0.1  # level, in standard deviations of the data, below which a score hardly changes
LARGEST_TRACE: Final = 64  # dimensions up to which a divergence is computed column by column


class AbstractScore(eqx.Module):
    """A score with its weights kept apart; an exact score has none, `()`."""

    @abstractmethod
    def init(self, key: Key) -> PyTree:
        """Draw weights before training.

        Args:
            key: random key.
        """

    @abstractmethod
    def __call__(self, weights: PyTree, y: Float[Array, "*site"], level: Scalar) -> Float[Array, "*site"]:
        """The score of one configuration.

        Args:
            weights: what `init` returns, or trained.
            y: configuration with noise, shape `*site`.
            level: standard deviation of the noise.

        Returns:
            The gradient of the log density at y, shape `*site`.
        """

    @abstractmethod
    def with_divergence(
        self, weights: PyTree, y: Float[Array, "*site"], level: Scalar
    ) -> tuple[Float[Array, "*site"], Scalar]:
        """The score and the trace of its Jacobian, both exact.

        Args:
            weights: what `init` returns, or trained.
            y: configuration with noise, shape `*site`.
            level: standard deviation of the noise.
        """

    def matching(
        self,
        weights: PyTree,
        x: Float[Array, "*site"],
        white: Float[Array, "*site"],
        level: Scalar,
        variance: Scalar | float,
    ) -> Scalar:
        r"""Denoising score-matching loss of one example and one draw of the noise.

        Multiplied by $(v + \sigma^2)^2/v$, v = `variance`, so that errors of the score count relative to
        $\sqrt v/(v + \sigma^2)$, the size of what noise hides of the data.
        Source: Karras, Aittala, Aila, Laine, NeurIPS 2022, in spirit.

        Args:
            weights: weights of the score.
            x: example, shape `*site`.
            white: standard normal noise, shape `*site`.
            level: standard deviation of the noise.
            variance: of the data, one number.
        """
        return (variance + level**2) ** 2 / variance * denoising_loss(self, weights, x, white, level)

    def fit_closed_form(
        self, process: "Diffusion", fields: Float[Array, "fields *site"]
    ) -> tuple["Diffusion", PyTree] | None:
        """Fit process and weights to data where this has a closed form.

        May be compiled: the result differs from `process` in the content of arrays only.

        Args:
            process: the diffusion process of this score.
            fields: examples, shape `(fields, *site)`.

        Returns:
            The process on the scale of the examples, and the weights; None where there is no closed form.
        """
        return None


class Diffusion(eqx.Module):
    """A diffusion process that is to be run backwards: what the samplers of one score share."""

    score: AbstractScore  # its structure; the weights are kept apart
    start: AbstractStart  # base distribution at the first level
    levels: Float[Array, " levels"]  # noise levels, falling
    variance: Scalar | float = 1.0  # of the data, one number
    strata: int = eqx.field(static=True, default=1)  # number of levels at which the loss of each example is taken

    def loss(self, weights: PyTree, x: Float[Array, "*site"], key: Key) -> Scalar:
        """Score-matching loss at random levels between the last and the first: log-uniform, one in each stratum.

        Args:
            weights: weights of the score.
            x: example, shape `*site`.
            key: random key of levels and noise.
        """
        level_key, noise_key = jr.split(key)
        levels = random_levels(level_key, self.levels[-1], self.levels[0], self.strata).astype(x.dtype)
        white = jr.normal(noise_key, (self.strata, *x.shape), x.dtype)
        matching = lambda n, level: self.score.matching(weights, x, n, level, self.variance)  # noqa: E731
        return jnp.mean(jax.vmap(matching)(white, levels))


def by_jacobian(
    function: Callable[[Float[Array, "*site"]], Float[Array, "*site"]], y: Float[Array, "*site"]
) -> tuple[Float[Array, "*site"], Scalar]:
    """A vector field and its divergence, by forward differentiation along each axis: for few dimensions.

    Args:
        function: the vector field.
        y: where it is evaluated, shape `*site`.

    Raises:
        InputError: for more than 64 dimensions. (A random estimate of the trace would make the density random too.)
    """
    if y.size > LARGEST_TRACE:
        got, expected = f"{y.size} dimensions", f"at most {LARGEST_TRACE}, or a score with a divergence in closed form"
        raise InputError("too many dimensions for an exact divergence", got=got, expected=expected)
    value, push = jax.linearize(function, y)
    axes = jnp.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)
    return value, jnp.trace(jax.vmap(push)(axes).reshape(y.size, y.size))


def denoising_loss(
    score: AbstractScore, weights: PyTree, x: Float[Array, "*site"], white: Float[Array, "*site"], level: Scalar
) -> Scalar:
    r"""$|s(x + \sigma n) + n/\sigma|^2 - |n/\sigma|^2$ per number, averaged over n and -n.

    Its mean is the mean square error of the score, less the mean square of the true one. Taking both signs of n cancels
    most of the variance of $n/\sigma$, which at small levels would dominate.

    Args:
        score: the score.
        weights: its weights.
        x: example, shape `*site`.
        white: standard normal noise n, shape `*site`.
        level: standard deviation sigma of the noise.
    """

    def loss(sign: float) -> Scalar:
        value = score(weights, x + sign * level * white, level)
        return jnp.mean(value * (value + 2 * sign * white / level))

    return 0.5 * (loss(1.0) + loss(-1.0))


def random_levels(key: Key, smallest: Scalar | float, largest: Scalar | float, strata: int) -> Float[Array, " strata"]:
    """Draw log-uniform levels, one in each stratum.

    Args:
        key: random key.
        smallest: lower bound.
        largest: upper bound.
        strata: number of intervals of equal ratio.
    """
    place = jnp.arange(strata) + jr.uniform(key, (strata,), jnp.asarray(smallest).dtype)
    return smallest * (largest / smallest) ** (place.astype(jnp.asarray(smallest).dtype) / strata)


class Perceptron(AbstractScore):
    r"""The score of a Gaussian plus a multilayer perceptron for the rest: for a handful of dimensions.

    $s = (-y + \sqrt v\,N(y/\sqrt{v+\sigma^2}, \sigma)) / (v + \sigma^2)$.

    Args:
        shape: shape of a configuration, `*site`.
        variance: v, that of the data.
        odd: make N odd in y, for data with the symmetry x -> -x.
        width: number of hidden units of a layer.
        depth: number of hidden layers.

    Example:
        >>> Perceptron((2,), variance=1.0, width=4).network.in_size  # a configuration and the level
        3
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

    def __call__(self, weights: PyTree, y: Float[Array, "*site"], level: Scalar) -> Float[Array, "*site"]:
        """The score at `y` and noise `level` with the given `weights`."""
        network = eqx.combine(weights, self.network)
        width = jnp.sqrt(self.variance + level**2)
        # Noise much smaller than structures in the data changes nothing: there the input of the network is constant.
        log_level = 0.25 * jnp.log(level**2 / self.variance + STILL**2)
        scaled = y.reshape(-1) / width
        value = network(jnp.append(scaled, log_level))
        if self.odd:
            value = 0.5 * (value - network(jnp.append(-scaled, log_level)))
        return (jnp.sqrt(self.variance) * value.reshape(self.shape) - y) / width**2

    def with_divergence(
        self, weights: PyTree, y: Float[Array, "*site"], level: Scalar
    ) -> tuple[Float[Array, "*site"], Scalar]:
        """The score at `y` and noise `level` with the given `weights`, and its divergence."""
        return by_jacobian(lambda at: self(weights, at, level), y)
