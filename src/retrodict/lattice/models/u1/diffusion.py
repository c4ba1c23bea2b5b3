"""Diffusion of U(1) links in two dimensions: where it starts, in which modes it has a score, at other couplings.

A path of angles is followed without wrapping. Its increments and its last field, wrapped, determine its fields, so that
path-space weights need no sums over images.
"""

from typing import Final

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.diffusion import Diffusion
from retrodict.generate.modes import AbstractModes, AbstractStart
from retrodict.generate.noise import geometric_levels
from retrodict.generate.score import AbstractScore
from retrodict.lattice.models.u1.flux import Angles, Links
from retrodict.lattice.models.u1.score import SHAPES, U1Score, images
from retrodict.lattice.theories.plane import curl, curl_adjoint, half, momentum_squared

LARGEST: Final = 2.2  # level at which plaquettes, whose memory is exp(-2 sigma^2), are uniform within 1e-4
STILL: Final = 0.2  # level over the width of a plaquette below which kernels do not matter: (1 - r) is small


class Rescaled(AbstractScore):
    """The score at another coupling: the trained score times the ratio of the couplings.

    Exact without noise, where the score is the force; elsewhere mostly tempering in beta. Source: Zhu, Aarts, Wang,
    Zhou, Wang, arXiv:2502.05504.

    Args:
        score: the trained score.
        factor: beta over the beta of the training.
    """

    score: AbstractScore
    factor: Scalar

    def init(self, key: Key) -> PyTree:
        return self.score.init(key)

    def __call__(self, weights: PyTree, y: Links, level: Scalar) -> Links:
        return self.factor * self.score(weights, y, level)

    def with_divergence(self, weights: PyTree, y: Links, level: Scalar) -> tuple[Links, Scalar]:
        value, divergence = self.score.with_divergence(weights, y, level)
        return self.factor * value, self.factor * divergence


class Transverse(AbstractModes):
    """Links in two dimensions: the plane waves that change plaquettes have multipliers, all other links are noise.

    Args:
        shape: 2, columns and rows.
    """

    shape: tuple[int, ...] = eqx.field(static=True)

    def filter(self, x: Links, multiplier: Angles) -> Links:
        excess = jnp.where(self._squared(x) > 0, (multiplier - 1) / self._divisor(x), 0.0).astype(x.dtype)
        return x + curl_adjoint(jnp.fft.irfft2(half(excess) * jnp.fft.rfft2(curl(x)), s=x.shape[1:]))

    def power(self, x: Links) -> Angles:
        return jnp.abs(jnp.fft.fft2(curl(x))) ** 2 / (self._divisor(x) * x[0].size)

    def log_det(self, multiplier: Angles) -> Scalar:
        return jnp.sum(jnp.where(self._squared(multiplier) > 0, jnp.log(multiplier), 0.0))

    def _squared(self, like: Float[Array, "*any"]) -> Angles:
        """The lattice momentum squared, in the type of `like`."""
        return momentum_squared(self.shape[1:], like.dtype)

    def _divisor(self, like: Float[Array, "*any"]) -> Angles:
        """The same, one where it vanishes."""
        squared = self._squared(like)
        return jnp.where(squared > 0, squared, 1.0)


class UniformAngles(AbstractStart):
    """Uniform links: the invariant measure, normalised to one, whose log density is zero.

    Args:
        like: an array of the shape and type of a configuration.
    """

    like: Links

    def draw(self, key: Key, level: Scalar) -> tuple[Links, Scalar]:
        y = jr.uniform(key, self.like.shape, self.like.dtype, -np.pi, np.pi)
        return y, jnp.zeros((), self.like.dtype)

    def log_prob(self, y: Links, level: Scalar) -> Scalar:
        return jnp.zeros((), self.like.dtype)


def u1_process(
    shape: tuple[int, int],
    beta: float,
    *,
    knots: int = 20,
    steps: int = 24,
    finest: float = 0.02,
    precision: type = float,
) -> Diffusion:
    """A diffusion process for links at one coupling, its score not yet fitted.

    Args:
        shape: columns and rows.
        beta: the inverse coupling.
        knots: number of levels of noise at which kernels are given.
        steps: of the reverse process.
        finest: the smallest level of noise, in units of 1 / sqrt(beta).
        precision: the floating-point type of the angles.

    Raises:
        InputError: unless beta is positive and the lattice has two dimensions.

    Example:
        >>> from retrodict.lattice import u1_process
        >>> u1_process((8, 8), beta=1.0, steps=12).levels.shape
        (13,)
    """
    if beta <= 0 or len(shape) != 2:
        raise InputError("no such gauge theory", got=f"shape={shape}, beta={beta}", expected="beta > 0, two extents")
    levels = np.asarray(geometric_levels(LARGEST, finest / np.sqrt(beta), steps))
    places = tuple(float(x) for x in np.linspace(np.log(STILL / np.sqrt(beta)), np.log(LARGEST), knots))
    loops = tuple(
        images(loop) for loop in SHAPES if all(2 * abs(x) < n for _, *o in loop for x, n in zip(o, shape, strict=True))
    )
    score = U1Score(jnp.asarray(beta, precision), shape, places, loops)
    return Diffusion(
        score, UniformAngles(jnp.zeros((2, *shape), precision)), jnp.asarray(levels, precision), 1 / (4 * beta)
    )
