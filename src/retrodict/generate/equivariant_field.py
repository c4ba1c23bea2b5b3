r"""A velocity field of scalar fields, equivariant under all symmetries of the lattice, with its exact divergence.

$$v(t, \phi) = s\sum_{a,n} K_{an}(t) * \sin(n w\,y_a) + s\,K_0(t) * y_0,\qquad y_a = S_a * \phi / s_a$$

with smoothed fields $y_a$ of unit variance ($S_0 = 1$) and kernels K that are functions of the momentum up to the point
group: translations, reflections and rotations move v along, and v is odd. Since K and S are diagonal in momentum,
$$\nabla\cdot v = \sum_{a,n} \frac{1}{V}\sum_k K_{an}(k) S_a(k)\;n w\sum_x\cos(n w\,y_a(x)) + \dots$$
is exact and cheap. The smoothed fields are averages over blocks of sites and, in the limit of long smoothing, the
magnetisation. A velocity field that need not be odd has cosines beside the sines: for one of two modes.

Kernels are piecewise linear in time. Source of the idea, with sines of the field itself: Gerdes, de Haan, Rainone,
Bondesan, Cheng, SciPost Phys. 15 (2023) 238.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Scalar
from retrodict.generate.spectrum import GaussianField, sum_over_momenta

Kernels = Float[Array, "feature *half"]  # one kernel a feature, on the half grid of a real Fourier transform
Waves = Float[Array, "wave field *site"]  # sines, and perhaps cosines, of each smoothed field


class EquivariantField(eqx.Module):
    """The fixed part of a velocity field: the smoothed fields, and the envelope of the kernels.

    Learnt are the kernels, shape `(knot, feature, orbit)`: feature 0 is y_0 itself, then come the sines of each
    smoothed field, and as many cosines unless the velocity is odd.

    Args:
        base: Gaussian field of the spectrum of the examples.
        smooth: S_a / s_a on the half grid, the first one without smoothing, shape `(field, *half)`.
        envelope: factor of all kernels on the half grid, shape `*half`.
        harmonics: number of sines of each smoothed field.
        frequency: w, that of the first sine, in units of one over the standard deviation.
        odd: whether v(-x) = -v(x).
    """

    base: GaussianField
    smooth: Float[Array, "field *half"]
    envelope: Float[Array, "*half"]
    harmonics: int = eqx.field(static=True)
    frequency: float = eqx.field(static=True)
    odd: bool = eqx.field(static=True)

    @property
    def features(self) -> int:
        """Number of kernels."""
        return 1 + self._waves * len(self.smooth)

    @property
    def _waves(self) -> int:
        return self.harmonics if self.odd else 2 * self.harmonics

    def velocity(self, kernel: Kernels, x: Float[Array, "*site"]) -> Float[Array, "*site"]:
        """v(x).

        Args:
            kernel: kernels at one time, from `at`, shape `(feature, *half)`.
            x: the field, shape `*site`.
        """
        return self._velocity(kernel, x, self._waves_of(x)[0])

    def with_divergence(self, kernel: Kernels, x: Float[Array, "*site"]) -> tuple[Float[Array, "*site"], Scalar]:
        """v(x) and its divergence.

        Args:
            kernel: kernels at one time, from `at`, shape `(feature, *half)`.
            x: the field, shape `*site`.
        """
        waves, slopes = self._waves_of(x)
        order = self.frequency * jnp.resize(jnp.arange(1, self.harmonics + 1, dtype=x.dtype), (self._waves,))
        slopes = order[:, None] * jnp.mean(slopes, axis=tuple(range(2, 2 + x.ndim)))
        straight = sum_over_momenta(self.base.modes, kernel[0] * self.smooth[0])
        traces = sum_over_momenta(self.base.modes, self._by_harmonic(kernel) * self.smooth)
        return self._velocity(kernel, x, waves), straight + jnp.sum(traces * slopes)

    def at(self, t: Scalar, kernels: Float[Array, "knot feature orbit"]) -> Kernels:
        """All kernels at one time, on the half grid.

        Args:
            t: time in 0 ... 1.
            kernels: learnt numbers, shape `(knot, feature, orbit)`; piecewise linear between the knots.
        """
        knots = len(kernels)
        hats = jnp.maximum(1 - jnp.abs(t * (knots - 1) - jnp.arange(knots)), 0).astype(kernels.dtype)
        at_time = jnp.tensordot(hats, kernels, 1)
        return self.base.deviation * self.envelope * at_time[:, self.base.modes.orbit]

    def _smooth(self, x: Float[Array, "*site"]) -> Float[Array, "field *site"]:
        return jnp.fft.irfftn(self.smooth * jnp.fft.rfftn(x), x.shape, tuple(range(1, 1 + x.ndim)))

    def _waves_of(self, x: Float[Array, "*site"]) -> tuple[Waves, Waves]:
        """Sines, and perhaps cosines, of the smoothed fields; and their slopes in units of their frequencies."""
        sines, cosines = harmonics_of(self.frequency * self._smooth(x), self.harmonics)
        if self.odd:
            return sines, cosines
        return jnp.concatenate([sines, cosines]), jnp.concatenate([cosines, -sines])

    def _velocity(self, kernel: Kernels, x: Float[Array, "*site"], waves: Waves) -> Float[Array, "*site"]:
        transformed = jnp.fft.rfftn(waves, axes=tuple(range(2, 2 + x.ndim)))
        nonlinear = jnp.sum(self._by_harmonic(kernel) * transformed, axis=(0, 1))
        return jnp.fft.irfftn(nonlinear + kernel[0] * self.smooth[0] * jnp.fft.rfftn(x), x.shape)

    def _by_harmonic(self, kernel: Kernels) -> Float[Array, "wave field *half"]:
        return kernel[1:].reshape(self._waves, len(self.smooth), *kernel.shape[1:])


def equivariant_field(
    base: GaussianField, lengths: tuple[float, ...], harmonics: int, frequency: float, decay: float, odd: bool
) -> EquivariantField:
    """Make the fixed part of a velocity field.

    Args:
        base: Gaussian field of the spectrum of the examples.
        lengths: smoothing lengths [sites], the first one 0.
        harmonics: number of sines of each smoothed field.
        frequency: that of the first sine, in units of one over the standard deviation.
        decay: kernels are multiples of (P_k / P_max)^decay, as weak at large momenta as the field itself.
        odd: whether v(-x) = -v(x).
    """
    envelope = (base.power / jnp.max(base.power)) ** decay
    return EquivariantField(base, smoothings(base, lengths), envelope, harmonics, frequency, odd)


def harmonics_of(
    angle: Float[Array, "*number"], count: int
) -> tuple[Float[Array, "count *number"], Float[Array, "count *number"]]:
    """sin(n angle) and cos(n angle) for n = 1 ... count, by Chebyshev's recurrence from n = 1.

    Args:
        angle: angles, shape `*number`.
        count: number of harmonics, >= 1.
    """
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    sines, cosines = [jnp.zeros_like(sine), sine], [jnp.ones_like(cosine), cosine]
    for _ in range(count - 1):
        sines.append(2 * cosine * sines[-1] - sines[-2])
        cosines.append(2 * cosine * cosines[-1] - cosines[-2])
    return jnp.stack(sines[1:]), jnp.stack(cosines[1:])


def smoothings(base: GaussianField, lengths: tuple[float, ...]) -> Float[Array, "field *half"]:
    """exp(-(k a)^2 / 2) for each length a, normalised to unit variance of the smoothed field.

    Args:
        base: Gaussian field with the spectrum of the fields to be smoothed.
        lengths: smoothing lengths a [sites].
    """

    def smoothing(length: float) -> Float[Array, "*half"]:
        k_hat = base.modes.k_hat
        factor = np.where(k_hat < 1e-9, 1.0, np.exp(-0.5 * np.minimum(length, 1e3) ** 2 * k_hat))
        factor = jnp.asarray(factor, base.power.dtype)
        return factor / jnp.sqrt(sum_over_momenta(base.modes, factor**2 * base.power) / np.prod(base.shape))

    return jnp.stack([smoothing(length) for length in lengths])
