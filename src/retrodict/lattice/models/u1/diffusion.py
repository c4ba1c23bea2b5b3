r"""Diffusion of U(1) links in two dimensions: where it starts, in which modes it has a score, at other couplings.

A path of angles is followed without wrapping: its increments and its last field, wrapped, say as much as its fields,
so that path-space weights need no sums over images.
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
from retrodict.lattice.models.u1.score import SHAPES, U1Score, images
from retrodict.lattice.theories.plane import curl, curl_adjoint, half, momentum_squared

LARGEST: Final = 2.2  # level at which plaquettes, whose memory is exp(-2 sigma^2), are uniform within 1e-4
STILL: Final = 0.2  # level over the width of a plaquette below which kernels do not matter: (1 - r) is small


class Rescaled(AbstractScore):
    """A score at another coupling by physics: `factor` = beta / beta of the training times the trained score.

    Exact without noise, where the score is the force; elsewhere mostly tempering in beta. Source: Zhu, Aarts, Wang,
    Zhou, Wang, arXiv:2502.05504.
    """

    score: AbstractScore
    factor: Scalar

    def init(self, key: Key) -> PyTree:
        return self.score.init(key)

    def __call__(self, weights: PyTree, y: Array, level: Scalar) -> Array:
        return self.factor * self.score(weights, y, level)

    def with_divergence(self, weights: PyTree, y: Array, level: Scalar) -> tuple[Array, Scalar]:
        value, divergence = self.score.with_divergence(weights, y, level)
        return self.factor * value, self.factor * divergence


class Transverse(AbstractModes):
    """Links in two dimensions: the plane waves that change plaquettes have multipliers, all other links are noise."""

    shape: tuple[int, ...] = eqx.field(static=True)  # (2, columns, rows)

    def filter(self, x: Array, multiplier: Array) -> Array:
        excess = jnp.where(self._squared(x) > 0, (multiplier - 1) / self._divisor(x), 0.0).astype(x.dtype)
        return x + curl_adjoint(jnp.fft.irfft2(half(excess) * jnp.fft.rfft2(curl(x)), s=x.shape[1:]))

    def power(self, x: Array) -> Array:
        return jnp.abs(jnp.fft.fft2(curl(x))) ** 2 / (self._divisor(x) * x[0].size)

    def log_det(self, multiplier: Array) -> Scalar:
        return jnp.sum(jnp.where(self._squared(multiplier) > 0, jnp.log(multiplier), 0.0))

    def _squared(self, like: Array) -> Array:
        return momentum_squared(self.shape[1:], like.dtype)

    def _divisor(self, like: Array) -> Array:
        squared = self._squared(like)
        return jnp.where(squared > 0, squared, 1.0)


class UniformAngles(AbstractStart):
    """The invariant measure of links, normalised to one: log density zero."""

    like: Float[Array, "two columns rows"]

    def draw(self, key: Key, level: Scalar) -> tuple[Array, Scalar]:
        y = jr.uniform(key, self.like.shape, self.like.dtype, -np.pi, np.pi)
        return y, jnp.zeros((), self.like.dtype)

    def log_prob(self, y: Array, level: Scalar) -> Scalar:
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
    """A diffusion process for links at a coupling, its score not yet fitted; `finest` in units of 1 / sqrt(beta)."""
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
