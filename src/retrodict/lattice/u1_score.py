r"""A score for U(1) links in two dimensions: gauge equivariant, on the circle, the force of the action without noise.

Noise is added to angles and angles are wrapped: diffusion on the circle. With the plaquette angles p = d theta,

$$s = -d^T G\,\Big[\sin p + (1 - r)\sum_f K_f F_f(p)\Big], \quad
G(k) = \frac{1}{1/\beta + \sigma^2\hat k^2}, \quad r = \frac{1}{1 + 4\beta\sigma^2},$$

exact for Gaussian fluctuations, and equal to $-\partial S/\partial\theta = -\beta d^T\sin p$ as the noise vanishes. The features F
are sums of sines over Wilson loops of one shape (`SHAPES`), each with a kernel $K(|k|, \sigma)$ on the whole lattice.
Every symmetry is exact: gauge transformations (only plaquettes enter), translations, rotations, reflections and charge
conjugation. The divergence is a sum over loops. As in `scalar_score`, the fit is linear.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Int, Key, PyTree, Scalar
from retrodict.generate.diffusion import Diffusion
from retrodict.generate.modes import AbstractModes, AbstractStart
from retrodict.generate.noise import geometric
from retrodict.generate.score import AbstractScore
from retrodict.lattice.kernels import interpolated, shells, solved

BATCH: Final = 512  # fields at once in a fit
LARGEST: Final = 2.2  # level at which plaquettes, whose memory is exp(-2 sigma^2), are uniform within 1e-4

Loop = tuple[tuple[int, int, int], ...]  # multiplicity and offset of each plaquette
# One plaquette once, twice, three times; two side by side, diagonal, two apart, and in opposite senses; 2 x 2; 1 x 3;
# one twice with a neighbour.
SHAPES: Final[tuple[Loop, ...]] = (
    ((1, 0, 0),),
    ((2, 0, 0),),
    ((3, 0, 0),),
    ((1, 0, 0), (1, 1, 0)),
    ((1, 0, 0), (1, 1, 1)),
    ((1, 0, 0), (1, 2, 0)),
    ((1, 0, 0), (-1, 1, 0)),
    ((1, 0, 0), (1, 1, 0), (1, 0, 1), (1, 1, 1)),
    ((1, 0, 0), (1, 1, 0), (1, -1, 0)),
    ((2, 0, 0), (1, 1, 0)),
)


def images(loop: Loop) -> tuple[Loop, ...]:
    """The loop under the rotations and reflections of the square, each image once."""
    found = set()
    for a, b, swap in product((1, -1), (1, -1), (False, True)):
        turned = [(c, a * (y if swap else x), b * (x if swap else y)) for c, x, y in loop]
        found.add(tuple(sorted(turned)))
    return tuple(sorted(found))


class U1Score(AbstractScore):
    """Weights: kernels `(knots, features, shells)`."""

    beta: Scalar
    shell: Int[Array, "columns rows"]
    shells: int = eqx.field(static=True)
    knots: tuple[float, ...] = eqx.field(static=True)
    loops: tuple[tuple[Loop, ...], ...] = eqx.field(static=True)

    def init(self, key: Key) -> PyTree:
        """Zero: the Gaussian limit, with the sine instead of the angle."""
        return jnp.zeros((len(self.knots), len(self.loops), self.shells), self.beta.dtype)

    def __call__(self, weights: PyTree, y: Array, level: Scalar) -> Array:
        angle = curl(y)
        change, kernels = self._parts(weights, level)
        transformed = jnp.fft.rfft2(jnp.sin(angle)) * _half(change[0])
        features = jnp.fft.rfft2(self.features(angle), axes=(1, 2))
        transformed = transformed + jnp.sum(_half(kernels) * features, axis=0)
        return -curl_adjoint(jnp.fft.irfft2(transformed, s=angle.shape))

    def with_divergence(self, weights: PyTree, y: Array, level: Scalar) -> tuple[Array, Scalar]:
        angle = curl(y)
        change, kernels = self._parts(weights, level)
        squared = momentum_squared(angle.shape, y.dtype)
        local = jnp.fft.ifft2(jnp.concatenate([change, kernels]) * squared).real  # d d^T G K in position space
        total = jnp.sum(jnp.cos(angle)) * local[0, 0, 0]
        for kernel, loops in zip(local[1:], self.loops, strict=True):
            for loop in loops:
                weight = sum(c * kernel[i, j] for c, i, j in loop)
                total = total + weight * jnp.sum(jnp.cos(_around(angle, loop)))
        return self(weights, y, level), -total

    def features(self, angle: Array) -> Array:
        """`(features, columns, rows)`, from the plaquette angles."""
        return jnp.stack([sum(jnp.sin(_around(angle, loop)) for loop in loops) for loops in self.loops])  # type: ignore[arg-type]

    def propagator(self, level: Scalar) -> Array:
        """G."""
        return 1 / (1 / self.beta + level**2 * momentum_squared(self.shell.shape, self.beta.dtype))

    def share(self, level: Scalar) -> Scalar:
        """1 - r."""
        return 1 - 1 / (1 + 4 * self.beta * level**2)

    def _parts(self, weights: PyTree, level: Scalar) -> tuple[Array, Array]:
        """G `(1, *momenta)`, and (1 - r) G K of each feature."""
        propagator = self.propagator(level)
        kernels = interpolated(weights, self.knots, level)[:, self.shell]
        return propagator[None], self.share(level) * propagator * kernels


class Rescaled(AbstractScore):
    """A score at another coupling by physics: `factor` = beta / beta of the training times the trained score.

    Exact without noise, where the score is the force; elsewhere mostly tempering in beta. Source: Zhu, Aarts, Wang,
    Zhou, Wang, arXiv:2410.19602.
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

    def filtered(self, x: Array, multiplier: Array) -> Array:
        excess = jnp.where(self._squared(x) > 0, (multiplier - 1) / self._divisor(x), 0.0).astype(x.dtype)
        return x + curl_adjoint(jnp.fft.irfft2(_half(excess) * jnp.fft.rfft2(curl(x)), s=x.shape[1:]))

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


def u1_diffusion(
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
    levels = np.asarray(geometric(LARGEST, finest / np.sqrt(beta), steps))
    # Below a fifth of the width of a plaquette the kernels do not matter: (1 - r) is small.
    places = tuple(float(x) for x in np.linspace(np.log(0.2 / np.sqrt(beta)), np.log(LARGEST), knots))
    shell = shells(shape)
    loops = tuple(
        images(loop) for loop in SHAPES if all(2 * abs(x) < n for _, *o in loop for x, n in zip(o, shape, strict=True))
    )
    score = U1Score(jnp.asarray(beta, precision), jnp.asarray(shell), int(shell.max()) + 1, places, loops)
    return Diffusion(
        score, UniformAngles(jnp.zeros((2, *shape), precision)), jnp.asarray(levels, precision), 1 / (4 * beta)
    )


def u1_fitted(score: U1Score, fields: Float[Array, "fields two columns rows"], key: Key, *, repeats: int = 1) -> PyTree:
    r"""The weights of least squares on `fields` drawn at the score's own coupling.

    The target $\sin p_0 + \sigma\,d\epsilon$ mixes the force at the clean field with the noise, mode by mode with the weights that are
    best for Gaussian fluctuations; either alone has the score as its conditional mean.
    """
    if fields.shape[2:] != score.shell.shape:
        raise InputError("links of another lattice", got=str(fields.shape[2:]), expected=str(score.shell.shape))
    return jnp.asarray(np.stack([_at_knot(score, fields, level, k, repeats) for level, k in _knots(score, key)]))


def curl(links: Array) -> Array:
    """d: plaquette angles, not wrapped, of links `(2, columns, rows)`."""
    u, v = links[..., 0, :, :], links[..., 1, :, :]
    return u + jnp.roll(v, -1, -2) - jnp.roll(u, -1, -1) - v


def curl_adjoint(f: Array) -> Array:
    """d^T: what a function of plaquettes does to links."""
    return jnp.stack([f - jnp.roll(f, 1, -1), jnp.roll(f, 1, -2) - f], axis=-3)


def momentum_squared(shape: tuple[int, ...], dtype: np.dtype | type) -> Array:
    """The eigenvalues of d d^T, 4 sin^2(k/2) summed over both axes."""
    first, second = (4 * np.sin(np.pi * np.arange(n) / n) ** 2 for n in shape)
    return jnp.asarray(first[:, None] + second, dtype)


def _around(angle: Array, loop: Loop) -> Array:
    """The angle of the loop at each site."""
    return sum(c * jnp.roll(angle, (-i, -j), (-2, -1)) for c, i, j in loop)  # type: ignore[return-value]


def _half(multiplier: Array) -> Array:
    return multiplier[..., : multiplier.shape[-1] // 2 + 1]


def _knots(score: U1Score, key: Key) -> Iterator[tuple[Array, Key]]:
    for number, place in enumerate(score.knots):
        yield jnp.asarray(np.exp(place), score.beta.dtype), jr.fold_in(key, number)


def _at_knot(score: U1Score, fields: Array, level: Array, key: Key, repeats: int) -> np.ndarray:
    gram, right = np.zeros(()), np.zeros(())
    for number in range(repeats):
        for first in range(0, len(fields), BATCH):
            batch = jnp.asarray(fields[first : first + BATCH])
            found = _normal_equations(score, batch, jr.fold_in(key, number * len(fields) + first), level)
            gram, right = gram + np.asarray(found[0], float), right + np.asarray(found[1], float)
    return solved(gram, right, np.asarray(score.shell)).astype(score.beta.dtype)


@eqx.filter_jit
def _normal_equations(score: U1Score, fields: Array, key: Key, level: Array) -> tuple[Array, Array]:
    white = jr.normal(key, fields.shape, fields.dtype)
    white, clean = jnp.concatenate([white, -white]), jnp.concatenate([fields, fields])
    angle = curl(clean + level * white)
    target = jnp.sin(curl(clean)) + level * curl(white) - jnp.sin(angle)
    features = jnp.fft.fft2(jax.vmap(score.features)(angle))
    gram = jnp.einsum("bf...,bg...->fg...", jnp.conj(features), features).real
    right = jnp.einsum("bf...,b...->f...", jnp.conj(features), jnp.fft.fft2(target)).real
    return gram, right / score.share(level)
