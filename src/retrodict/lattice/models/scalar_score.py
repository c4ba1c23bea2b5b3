r"""A score for scalar lattice fields that respects translations, rotations and the sign exactly, and is linear to fit.

With the power spectrum C(p) of the data, $\hat y = \frac{C}{C+\sigma^2}\,y$ is the best linear estimate of the
clean field (Wiener filter). The score is that of a Gaussian field plus the response to a local force,

$$s(p) = -\frac{y(p)}{C+\sigma^2} + \frac{C}{C+\sigma^2}\Big[K_0\,\hat y + \sum_f K_f\,\sin(w_f\hat y)\Big](p),$$

with one real kernel $K_f(|p|, \sigma)$ a feature, interpolated in $\ln\sigma$. A score that need not be odd, of one of
two modes, has $\cos(w_f\hat y)$ too, less its mean in the Gaussian field. The form is that of the exact relation
$E[x|y] = \hat y - \frac{C\sigma^2}{C+\sigma^2}E[U'(x)|y]$ for $S = \tfrac12xC^{-1}x + U(x)$. The divergence is a sum
over sites, exact. Given frequencies and levels, denoising score matching is a linear least-squares problem for each
shell of momenta: `fit_score` solves it, without gradient descent.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.generate.diffusion import Diffusion, ProbabilityFlow
from retrodict.generate.model import real_field
from retrodict.generate.modes import Fourier, GaussianStart, TailedStart
from retrodict.generate.score import AbstractScore
from retrodict.generate.spectrum import shell_spectrum
from retrodict.lattice.models import kernels
from retrodict.lattice.models.kernels import Sums, interpolate
from retrodict.num.lattice_modes import modes_of, shells
from retrodict.problem.target import AbstractTarget

WIDEST: Final = 3.0  # level of the start, in standard deviations of the widest mode
FINEST: Final = 0.02  # level of the last step, in root mean squares of the field
FIT_SEED: Final = 0  # of the noise in a fit that is part of a run
FREEDOM: Final = 10.0  # of the mean field of the start: 6 would cost 4 % of the effective share, 10 costs 1 %
PITCH: Final = 0.6  # of the frequencies, over the root mean square of the field

Field: TypeAlias = Float[Array, "*lattice"]
Kernels: TypeAlias = Float[Array, "knots features shells"]  # one number for each shell of momenta


class ScalarScore(AbstractScore):
    """A score whose weights are the kernels K. The first feature is the estimate of the clean field itself.

    Args:
        spectrum: C, at each momentum of the lattice.
        frequencies: w of the features [1 / field].
        knots: logarithms of the levels at which kernels are given, rising in equal steps.
        odd: whether the score is odd under a change of all signs.
    """

    spectrum: Field
    frequencies: Float[Array, " frequencies"]
    knots: Float[Array, " knots"]
    odd: bool = eqx.field(static=True, default=True)

    def init(self, key: Key) -> Kernels:
        """Zero: the score of a Gaussian field.

        Args:
            key: not used.
        """
        features = 1 + (1 if self.odd else 2) * len(self.frequencies)
        return jnp.zeros((len(self.knots), features, modes_of(self.spectrum.shape).orbits), self.spectrum.dtype)

    def __call__(self, weights: Kernels, y: Field, level: Scalar) -> Field:
        return self.with_divergence(weights, y, level)[0]

    def with_divergence(self, weights: Kernels, y: Field, level: Scalar) -> tuple[Field, Scalar]:
        wiener = self.wiener(level)
        half = (..., slice(0, y.shape[-1] // 2 + 1))
        transformed = jnp.fft.rfftn(y)
        estimate = jnp.fft.irfftn(wiener[half] * transformed, s=y.shape)
        kernel = wiener * interpolate(weights, self.knots, level)[:, shells(self.spectrum.shape)]
        axes = tuple(range(1, y.ndim + 1))
        response = jnp.sum(kernel[half] * jnp.fft.rfftn(self.features(estimate, wiener), axes=axes), axis=0)
        linear = 1 / (self.spectrum + level**2)
        score = jnp.fft.irfftn(response - linear[half] * transformed, s=y.shape)
        # d estimate(x) / d y(x) is the same at all sites: the mean of the filter over momenta.
        slopes = jnp.sum(self.slopes(estimate), axis=axes)
        return score, slopes @ jnp.mean(kernel * wiener, axis=axes) - jnp.sum(linear)

    def wiener(self, level: Scalar) -> Field:
        """The Wiener filter C / (C + sigma^2), at each momentum.

        Args:
            level: standard deviation sigma of the noise.
        """
        return self.spectrum / (self.spectrum + level**2)

    def features(self, estimate: Field, wiener: Field) -> Float[Array, "features *lattice"]:
        """The features at each site.

        Args:
            estimate: of the clean field.
            wiener: the filter by which it was made.
        """
        sines = [estimate, *(jnp.sin(w * estimate) for w in self.frequencies)]
        if self.odd:
            return jnp.stack(sines)
        variance = jnp.mean(wiener * self.spectrum)  # of the estimate
        means = jnp.exp(-0.5 * self.frequencies**2 * variance)
        return jnp.stack([*sines, *(jnp.cos(w * estimate) - m for w, m in zip(self.frequencies, means, strict=True))])

    def slopes(self, estimate: Field) -> Float[Array, "features *lattice"]:
        """The derivative of each feature at its site.

        Args:
            estimate: of the clean field.
        """
        cosines = [jnp.ones_like(estimate), *(w * jnp.cos(w * estimate) for w in self.frequencies)]
        return jnp.stack(cosines if self.odd else [*cosines, *(-w * jnp.sin(w * estimate) for w in self.frequencies)])

    def fit_closed_form(self, process: Diffusion, fields: Float[Array, "fields *lattice"]) -> tuple[Diffusion, Kernels]:
        """A process on the scale of some fields and the weights that fit them: all of the training, in closed form.

        Args:
            process: a process with this score.
            fields: configurations to fit to.
        """
        sizes = {"frequencies": len(self.frequencies), "knots": len(self.knots), "steps": len(process.levels) - 1}
        scaled = scalar_process(fields, **sizes, odd=self.odd)
        assert isinstance(scaled.score, ScalarScore)
        return scaled, fit_score(scaled.score, fields, jr.key(FIT_SEED))


@dataclass(frozen=True)
class ScalarDiffusion:
    """The recipe of a diffusion model of a scalar field: a score fitted in closed form, and the flow that it drives.

    For `IndependenceMetropolis(ScalarDiffusion(), fit=None)`: there is nothing to train.

    Args:
        frequencies: number of sines among the features; more of them resolve sharper modes.
        knots: number of levels of noise at which kernels are given.
        steps: of the integrator; more of them resolve the density of stiff flows (deep in a broken phase).
        odd: whether the score is odd under a change of all signs; one that need not be is for one of two modes (see
            `Symmetrised`).
    """

    frequencies: int = 6
    knots: int = 24
    steps: int = 48
    odd: bool = True

    def on(self, target: AbstractTarget, key: Key) -> ProbabilityFlow:
        """The flow of a Gaussian field on the lattice of a theory, to be fitted by `initialise_from`.

        Args:
            target: a lattice action.
            key: random key of the fields from which the first scale is taken.

        Raises:
            InputError: unless fields are one real number a site, and for sizes that are too small.
        """
        like = real_field(target, key, "a scalar diffusion is")
        if self.frequencies < 1 or self.knots < 2 or self.steps < 1:
            expected = "frequencies >= 1, knots >= 2, steps >= 1"
            raise InputError("no such diffusion", got=str(self), expected=expected)
        sizes = {"frequencies": self.frequencies, "knots": self.knots, "steps": self.steps}
        process = scalar_process(jr.normal(key, (2, *like.shape), like.dtype), **sizes, odd=self.odd)
        return ProbabilityFlow(process, process.score.init(key))


def scalar_process(
    fields: Float[Array, "fields *lattice"],
    *,
    frequencies: int = 6,
    knots: int = 24,
    finest: float = FINEST,
    steps: int = 48,
    odd: bool = True,
) -> Diffusion:
    """A diffusion process on the scale of some fields, its score not yet fitted. May be compiled.

    The largest level of noise is `WIDEST` standard deviations of the widest mode. Frequencies are multiples of `PITCH`
    over the root mean square of the field.

    Args:
        fields: configurations from which the spectrum is taken.
        frequencies: number of sines among the features.
        knots: number of levels of noise at which kernels are given.
        finest: the smallest level of noise, in units of the root mean square of the field.
        steps: of the reverse process.
        odd: whether the score is odd under a change of all signs.

    Example:
        >>> import equinox as eqx, jax.numpy as jnp
        >>> from retrodict.lattice import scalar_process
        >>> process = eqx.filter_eval_shape(scalar_process, jnp.zeros((100, 8, 8)))  # nothing is computed
        >>> process.levels.shape, process.score.spectrum.shape
        ((49,), (8, 8))
    """
    shape = fields.shape[1:]
    spectrum = shell_spectrum(jnp.asarray(fields))[shells(shape)]
    variance = jnp.mean(spectrum)
    scale, largest = jnp.sqrt(variance), WIDEST * jnp.sqrt(jnp.max(spectrum))
    levels = jnp.exp(jnp.linspace(jnp.log(largest), jnp.log(finest * scale), steps + 1)).astype(fields.dtype)
    places = jnp.linspace(jnp.log(levels[-1]), jnp.log(levels[0]), knots)
    waves = PITCH * jnp.arange(1, frequencies + 1) / scale
    score = ScalarScore(spectrum, waves.astype(fields.dtype), places, odd)
    start = TailedStart(GaussianStart(Fourier(shape), spectrum), FREEDOM)
    return Diffusion(score, start, levels, variance)


def fit_score(score: ScalarScore, fields: Float[Array, "fields *lattice"], key: Key, *, repeats: int = 1) -> Kernels:
    """The weights that minimise the denoising loss at each knot, by normal equations for each shell of momenta.

    Args:
        score: the score.
        fields: configurations to fit to.
        key: random key of the noise.
        repeats: draws of the noise for each field.

    Raises:
        InputError: for fields of another lattice.
    """
    equations = lambda batch, k, level: _normal_equations(score, jnp.asarray(batch), k, level)  # noqa: E731
    return kernels.fit(equations, fields, key, score.knots, score.spectrum.shape, repeats)


@eqx.filter_jit
def _normal_equations(score: ScalarScore, fields: Float[Array, "fields *lattice"], key: Key, level: Scalar) -> Sums:
    r"""Sums over fields of feature times feature and of feature times target, at each momentum.

    The target is $x/C - n/\sigma$. The mean of F times $-n/\sigma$ is minus that of dF/dy (Stein), which is a sum over
    sites: so the noise itself, which would hide the score at small levels, does not enter.
    """
    axes = tuple(range(1, fields.ndim))
    y = fields + level * jr.normal(key, fields.shape, fields.dtype)
    wiener = score.wiener(level)
    estimates = jnp.fft.ifftn(wiener * jnp.fft.fftn(y, axes=axes), axes=axes).real
    features = jax.vmap(lambda estimate: score.features(estimate, wiener))(estimates)
    features = jnp.conj(jnp.fft.fftn(features, axes=tuple(a + 1 for a in axes)))
    gram = jnp.einsum("bf...,bg...->fg...", features, jnp.conj(features)).real
    clean = jnp.fft.fftn(fields, axes=axes) / score.spectrum
    slopes = jnp.sum(jax.vmap(score.slopes)(estimates), axis=(0, *(a + 1 for a in axes)))
    response = slopes.reshape(-1, *(1,) * wiener.ndim) * wiener
    return gram, jnp.einsum("bf...,b...->f...", features, clean).real - response
