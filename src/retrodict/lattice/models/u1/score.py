r"""A score for U(1) links in two dimensions: gauge equivariant, on the circle, the force of the action without noise.

Noise is added to angles and angles are wrapped: diffusion on the circle. With the plaquette angles p = d theta,

$$s = -d^T G\,\Big[\sin p + (1 - r)\sum_f K_f F_f(p)\Big], \quad
G(k) = \frac{1}{1/\beta + \sigma^2\hat k^2}, \quad r = \frac{1}{1 + 4\beta\sigma^2},$$

exact for Gaussian fluctuations, and equal to $-\partial S/\partial\theta = -\beta d^T\sin p$ as the noise vanishes.
The features F are sums of sines over Wilson loops of one shape (`SHAPES`); $\sin(np + wg)$ with the smoothed field g
of $\sin p$ (`DRESSED`); $\sin(np)$ times the smoothed field of $\cos p$ (`DAMPED`). Each has a kernel on all momenta.
Every symmetry is exact: gauge transformations (only plaquettes enter), translations, rotations, reflections and charge
conjugation. The divergence is a sum over loops. As in `scalar_score`, the fit is linear.
"""

from itertools import product
from typing import Final, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.generate.score import AbstractScore
from retrodict.lattice.models import kernels
from retrodict.lattice.models.kernels import Sums, interpolate
from retrodict.lattice.models.u1.flux import Angles, Links
from retrodict.lattice.theories.plane import convolved, curl, curl_adjoint, half, momentum_squared
from retrodict.num.lattice_modes import modes_of, shells

Loop: TypeAlias = tuple[tuple[int, int, int], ...]  # multiplicity and offset of each plaquette
Kernels: TypeAlias = Float[Array, "knots features shells"]  # one number for each shell of momenta
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


DRESSED: Final = (  # n, w
    *((0, 2.0), (0, 4.0)),
    *((1, 2.0), (1, -2.0), (1, 4.0), (1, -4.0)),
    *((2, 2.0), (2, -2.0), (2, 4.0), (2, -4.0)),
    *((3, 3.0), (3, -3.0)),
)
DAMPED: Final = (1, 2, 3)


def images(loop: Loop) -> tuple[Loop, ...]:
    """The images of a loop under the rotations and reflections of the square, each once.

    Args:
        loop: the plaquettes in it.
    """
    loops = set()
    for a, b, swap in product((1, -1), (1, -1), (False, True)):
        image = [(c, a * (y if swap else x), b * (x if swap else y)) for c, x, y in loop]
        loops.add(tuple(sorted(image)))
    return tuple(sorted(loops))


class U1Score(AbstractScore):
    """A score of U(1) links whose weights are the kernels K.

    Args:
        beta: the inverse coupling.
        shape: columns and rows.
        knots: logarithms of the levels at which kernels are given, rising in equal steps.
        loops: for each shape of loop that fits into the lattice, its images.
    """

    beta: Scalar
    shape: tuple[int, int] = eqx.field(static=True)
    knots: tuple[float, ...] = eqx.field(static=True)
    loops: tuple[tuple[Loop, ...], ...] = eqx.field(static=True)

    def init(self, key: Key) -> Kernels:
        """Zero: the Gaussian limit, with the sine instead of the angle.

        Args:
            key: not used.
        """
        features = len(self.loops) + len(DRESSED) + len(DAMPED)
        return jnp.zeros((len(self.knots), features, modes_of(self.shape).orbits), self.beta.dtype)

    def __call__(self, weights: Kernels, y: Links, level: Scalar) -> Links:
        angle = curl(y)
        change, parts = self._parts(weights, level)
        transformed = jnp.fft.rfft2(jnp.sin(angle)) * half(change[0])
        features = jnp.fft.rfft2(self.features(angle, level), axes=(1, 2))
        transformed = transformed + jnp.sum(half(parts) * features, axis=0)
        return -curl_adjoint(jnp.fft.irfft2(transformed, s=angle.shape))

    def with_divergence(self, weights: Kernels, y: Links, level: Scalar) -> tuple[Links, Scalar]:
        angle = curl(y)
        change, parts = self._parts(weights, level)
        squared = momentum_squared(angle.shape, y.dtype)
        local = jnp.fft.ifft2(jnp.concatenate([change, parts]) * squared).real  # d d^T G K in position space
        total = jnp.sum(jnp.cos(angle)) * local[0, 0, 0]
        for kernel, loops in zip(local[1:], self.loops, strict=False):
            for loop in loops:
                weight = sum(c * kernel[i, j] for c, i, j in loop)
                total = total + weight * jnp.sum(jnp.cos(_around(angle, loop)))
        return self(weights, y, level), -(total + self._dressed_slopes(angle, level, local[1 + len(self.loops) :]))

    def _dressed_slopes(self, angle: Angles, level: Scalar, kernels: Float[Array, "features columns rows"]) -> Scalar:
        """The sum over sites of the derivatives of the dressed and the damped features, with their kernels."""
        smooth = self.smoothing(level)
        position = jnp.fft.irfft2(half(smooth), s=angle.shape)
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        around, even = convolved(smooth, sine), convolved(smooth, cosine)
        total = jnp.zeros((), angle.dtype)
        for (n, w), kernel in zip(DRESSED, kernels, strict=False):
            slope = jnp.cos(n * angle + w * around)
            total = total + n * kernel[0, 0] * jnp.sum(slope)
            total = total + w * jnp.sum(slope * convolved(jnp.fft.fft2(kernel * position).real, cosine))
        for n, kernel in zip(DAMPED, kernels[len(DRESSED) :], strict=True):
            total = total + n * kernel[0, 0] * jnp.sum(jnp.cos(n * angle) * even)
            change = convolved(jnp.fft.fft2(kernel * position).real, sine)
            total = total - jnp.sum(jnp.sin(n * angle) * change)
        return total

    def features(self, angle: Angles, level: Scalar) -> Float[Array, "features columns rows"]:
        """The features F at each plaquette.

        Args:
            angle: the plaquette angles [rad].
            level: standard deviation of the noise [rad].
        """
        loops = [sum(jnp.sin(_around(angle, loop)) for loop in loops) for loops in self.loops]
        smooth = self.smoothing(level)
        around, even = convolved(smooth, jnp.sin(angle)), convolved(smooth, jnp.cos(angle))
        dressed = [jnp.sin(n * angle + w * around) for n, w in DRESSED]
        return jnp.stack(loops + dressed + [jnp.sin(n * angle) * even for n in DAMPED])  # type: ignore[arg-type]

    def smoothing(self, level: Scalar) -> Angles:
        """The low-pass filter 1 / (1 + beta sigma^2 k^2) by which sines and cosines of plaquettes are averaged.

        Args:
            level: standard deviation sigma of the noise [rad].
        """
        return self.propagator(level) / self.beta

    def propagator(self, level: Scalar) -> Angles:
        """G, at each momentum.

        Args:
            level: standard deviation sigma of the noise [rad].
        """
        return 1 / (1 / self.beta + level**2 * momentum_squared(self.shape, self.beta.dtype))

    def share(self, level: Scalar) -> Scalar:
        """1 - r.

        Args:
            level: standard deviation sigma of the noise [rad].
        """
        return 1 - 1 / (1 + 4 * self.beta * level**2)

    def _parts(
        self, weights: Kernels, level: Scalar
    ) -> tuple[Float[Array, "1 columns rows"], Float[Array, "features columns rows"]]:
        """G, and (1 - r) G K of each feature, at each momentum."""
        propagator = self.propagator(level)
        kernel = interpolate(weights, self.knots, level)[:, shells(self.shape)]
        return propagator[None], self.share(level) * propagator * kernel


def fit_u1_score(
    score: U1Score, fields: Float[Array, "fields 2 columns rows"], key: Key, *, repeats: int = 1
) -> Kernels:
    r"""The weights of least squares on configurations drawn at the coupling of the score.

    The target $\sin p_0 + \sigma\,d\epsilon$ mixes the force at the clean field with the noise, mode by mode with the
    weights that are best for Gaussian fluctuations; either alone has the score as its conditional mean.

    Args:
        score: the score.
        fields: configurations [rad].
        key: random key of the noise.
        repeats: draws of the noise for each field.

    Raises:
        InputError: for fields of another lattice.
    """
    equations = lambda batch, k, level: _normal_equations(score, jnp.asarray(batch), k, level)  # noqa: E731
    return kernels.fit(equations, fields, key, score.knots, score.shape, repeats)


def _around(angle: Angles, loop: Loop) -> Angles:
    """The angle of the loop at each site."""
    return sum(c * jnp.roll(angle, (-i, -j), (-2, -1)) for c, i, j in loop)  # type: ignore[return-value]


@eqx.filter_jit
def _normal_equations(score: U1Score, fields: Float[Array, "fields 2 columns rows"], key: Key, level: Scalar) -> Sums:
    """Sums over fields of feature times feature and of feature times target, at each momentum."""
    white = jr.normal(key, fields.shape, fields.dtype)
    white, clean = jnp.concatenate([white, -white]), jnp.concatenate([fields, fields])
    angle = curl(clean + level * white)
    target = jnp.sin(curl(clean)) + level * curl(white) - jnp.sin(angle)
    features = jnp.fft.fft2(jax.vmap(lambda a: score.features(a, level))(angle))
    gram = jnp.einsum("bf...,bg...->fg...", jnp.conj(features), features).real
    right = jnp.einsum("bf...,b...->f...", jnp.conj(features), jnp.fft.fft2(target)).real
    return gram, right / score.share(level)
