r"""A score for scalar lattice fields that respects translations, rotations and the sign exactly, and is linear to fit.

With the power spectrum C(p) of the data, $\hat y = \frac{C}{C+\sigma^2}\,y$ is the best linear guess of the clean
field. The score is that of a Gaussian field plus the response to a local force,

$$s(p) = -\frac{y(p)}{C+\sigma^2} + \frac{C}{C+\sigma^2}\Big[K_0\,\hat y + \sum_f K_f\,\sin(w_f\hat y)\Big](p),$$

with one real kernel $K_f(|p|, \sigma)$ a feature, interpolated in $\ln\sigma$. The form is that of the exact relation
$E[x|y] = \hat y - \frac{C\sigma^2}{C+\sigma^2}E[U'(x)|y]$ for $S = \tfrac12xC^{-1}x + U(x)$. The divergence is a sum
over sites, exact. Given frequencies and levels, denoising score matching is a linear least-squares problem for each
shell of momenta: `fitted` solves it, without gradient descent.
"""

from collections.abc import Iterator
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Int, Key, PyTree, Scalar
from retrodict.generate.diffusion import Diffusion
from retrodict.generate.modes import Fourier, GaussianStart
from retrodict.generate.noise import geometric
from retrodict.generate.score import AbstractScore
from retrodict.lattice.kernels import interpolated, over_shells, shells, solved

BATCH: Final = 1024  # fields at once in a fit


class ScalarScore(AbstractScore):
    """Weights: kernels `(knots, features, shells)`. The first feature is the guess itself."""

    spectrum: Float[Array, "..."]
    shell: Int[Array, "..."]  # of each momentum
    shells: int = eqx.field(static=True)
    frequencies: tuple[float, ...] = eqx.field(static=True)
    knots: tuple[float, ...] = eqx.field(static=True)  # ln of levels, rising in equal steps

    def init(self, key: Key) -> PyTree:
        """Zero: the Gaussian field."""
        features = 1 + len(self.frequencies)
        return jnp.zeros((len(self.knots), features, self.shells), self.spectrum.dtype)

    def __call__(self, weights: PyTree, y: Array, level: Scalar) -> Array:
        return self.with_divergence(weights, y, level)[0]

    def with_divergence(self, weights: PyTree, y: Array, level: Scalar) -> tuple[Array, Scalar]:
        wiener = self.wiener(level)
        half = (..., slice(0, y.shape[-1] // 2 + 1))
        transformed = jnp.fft.rfftn(y)
        guess = jnp.fft.irfftn(wiener[half] * transformed, s=y.shape)
        kernel = wiener * interpolated(weights, self.knots, level)[:, self.shell]
        axes = tuple(range(1, y.ndim + 1))
        response = jnp.sum(kernel[half] * jnp.fft.rfftn(self.features(guess), axes=axes), axis=0)
        linear = 1 / (self.spectrum + level**2)
        score = jnp.fft.irfftn(response - linear[half] * transformed, s=y.shape)
        # d guess(x) / d y(x) is the same at all sites: the mean of the filter over momenta.
        slopes = jnp.sum(self.slopes(guess), axis=axes)
        return score, slopes @ jnp.mean(kernel * wiener, axis=axes) - jnp.sum(linear)

    def wiener(self, level: Scalar) -> Array:
        """C / (C + sigma^2)."""
        return self.spectrum / (self.spectrum + level**2)

    def features(self, guess: Array) -> Array:
        """`(features, *sites)`."""
        return jnp.stack([guess, *(jnp.sin(w * guess) for w in self.frequencies)])

    def slopes(self, guess: Array) -> Array:
        """The derivative of each feature at its site."""
        return jnp.stack([jnp.ones_like(guess), *(w * jnp.cos(w * guess) for w in self.frequencies)])


def spectrum_of(fields: Float[Array, "fields ..."]) -> Array:
    """The power spectrum of fields, averaged over shells; not centred: the mean is zero by symmetry."""
    fields = np.asarray(fields)
    axes = tuple(range(1, fields.ndim))
    power = np.mean(np.abs(np.fft.fftn(fields, axes=axes)) ** 2, axis=0) / fields[0].size
    return jnp.asarray(over_shells(power, shells(fields.shape[1:]))[shells(fields.shape[1:])], fields.dtype)


def scalar_diffusion(
    fields: Float[Array, "fields ..."],
    *,
    frequencies: int = 6,
    knots: int = 24,
    finest: float = 0.02,
    steps: int = 24,
) -> Diffusion:
    """A diffusion process for `fields`, its score not yet fitted.

    Noise from `finest` to three times the largest standard deviation of any mode, all in units of the field's root mean
    square. Frequencies are multiples of 0.6 over that.
    """
    spectrum = spectrum_of(fields)
    scale = float(jnp.sqrt(jnp.mean(spectrum)))
    largest = max(3 * float(jnp.sqrt(jnp.max(spectrum))), 2 * scale)
    levels = np.asarray(geometric(largest, finest * scale, steps))
    places = tuple(float(x) for x in np.linspace(np.log(levels[-1]), np.log(levels[0]), knots))
    waves = tuple(0.6 * n / scale for n in range(1, frequencies + 1))
    shape = fields.shape[1:]
    shell = shells(shape)
    score = ScalarScore(spectrum, jnp.asarray(shell), int(shell.max()) + 1, waves, places)
    return Diffusion(score, GaussianStart(Fourier(shape), spectrum), jnp.asarray(levels, fields.dtype), scale**2)


def fitted(score: ScalarScore, fields: Float[Array, "fields ..."], key: Key, *, repeats: int = 1) -> PyTree:
    """The weights that minimise the denoising loss on `fields` at each knot, by normal equations a shell.

    Each field is used `repeats` times with noise and with minus that noise, which removes the 1 / sigma of the noise
    from the error of the fit. Raises `InputError` for fields of another shape.
    """
    if fields.shape[1:] != score.shell.shape:
        raise InputError("fields of another lattice", got=str(fields.shape[1:]), expected=str(score.shell.shape))
    return jnp.asarray(np.stack([_at_knot(score, fields, level, k, repeats) for level, k in _knots(score, key)]))


def _knots(score: ScalarScore, key: Key) -> Iterator[tuple[Array, Key]]:
    for number, place in enumerate(score.knots):
        yield jnp.asarray(np.exp(place), score.spectrum.dtype), jr.fold_in(key, number)


def _at_knot(score: ScalarScore, fields: Array, level: Array, key: Key, repeats: int) -> np.ndarray:
    gram, right = np.zeros(()), np.zeros(())
    for number in range(repeats):
        for first in range(0, len(fields), BATCH):
            batch = jnp.asarray(fields[first : first + BATCH])
            found = _normal_equations(score, batch, jr.fold_in(key, number * len(fields) + first), level)
            gram, right = gram + np.asarray(found[0], float), right + np.asarray(found[1], float)
    return solved(gram, right, np.asarray(score.shell)).astype(score.spectrum.dtype)


@eqx.filter_jit
def _normal_equations(score: ScalarScore, fields: Array, key: Key, level: Array) -> tuple[Array, Array]:
    """Sums over fields of feature times feature and of feature times target, at each momentum."""
    white = jr.normal(key, fields.shape, fields.dtype)
    white = jnp.concatenate([white, -white])
    y = jnp.concatenate([fields, fields]) + level * white
    axes = tuple(range(1, y.ndim))
    wiener, transformed = score.wiener(level), jnp.fft.fftn(y, axes=axes)
    guess = jnp.fft.ifftn(wiener * transformed, axes=axes).real
    features = jnp.fft.fftn(jax.vmap(score.features)(guess), axes=tuple(a + 1 for a in axes))
    target = -jnp.fft.fftn(white, axes=axes) / level + transformed / (score.spectrum + level**2)
    gram = jnp.einsum("bf...,bg...->fg...", jnp.conj(features), features).real
    return gram, jnp.einsum("bf...,b...->f...", jnp.conj(features), target / wiener).real
