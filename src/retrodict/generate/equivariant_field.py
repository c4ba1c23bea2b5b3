r"""A velocity field for scalar fields that follows every symmetry of the lattice by construction, divergence included.

$$v(t, \phi) = s\sum_{a,n} K_{an}(t) * \sin(n w\,y_a) + s\,K_0(t) * y_0,\qquad y_a = S_a * \phi / s_a$$

with smoothed fields $y_a$ of unit variance ($S_0 = 1$) and kernels K that are functions of the momentum up to the point
group: translations, reflections and rotations move v along, and v is odd. Since K and S are diagonal in momentum,
$$\nabla\cdot v = \sum_{a,n} \frac{1}{V}\sum_k K_{an}(k) S_a(k)\;n w\sum_x\cos(n w\,y_a(x)) + \dots$$
is exact and costs nothing. The smoothed fields see blocks of sites and, smoothed for ever, the magnetisation.
A field that need not be odd has cosines beside the sines: for one of two modes.

Kernels are piecewise linear in time. Source of the idea, with sines of the field itself: Gerdes, de Haan, Rainone,
Bondesan, Cheng, SciPost Phys. 15 (2023) 238.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Scalar
from retrodict.generate.spectrum import GaussianField, sum_over_momenta

Half = Float[Array, "..."]


class EquivariantField(eqx.Module):
    """What of a velocity field is not learnt: the smoothed fields, and what each kernel is a multiple of.

    `smooth` `(field, ...)` holds S_a / s_a on the half grid, the first one without smoothing. Learnt are kernels
    `(knot, feature, orbit)`: feature 0 is y_0 itself, then come `harmonics` sines of each smoothed field, and as many
    cosines unless it is `odd`.
    """

    base: GaussianField
    smooth: Half
    envelope: Half
    harmonics: int = eqx.field(static=True)
    frequency: float = eqx.field(static=True)
    odd: bool = eqx.field(static=True)

    @property
    def features(self) -> int:
        """How many kernels there are."""
        return 1 + self._waves * len(self.smooth)

    @property
    def _waves(self) -> int:
        return self.harmonics if self.odd else 2 * self.harmonics

    def velocity(self, kernel: Half, x: Array) -> Array:
        """v(x) at the time of `kernel`."""
        return self._moved(kernel, x, self._seen(x)[0])

    def with_divergence(self, kernel: Half, x: Array) -> tuple[Array, Scalar]:
        """v(x) and its divergence."""
        waves, slopes = self._seen(x)
        order = self.frequency * jnp.resize(jnp.arange(1, self.harmonics + 1, dtype=x.dtype), (self._waves,))
        slopes = order[:, None] * jnp.mean(slopes, axis=tuple(range(2, 2 + x.ndim)))
        straight = sum_over_momenta(self.base.modes, kernel[0] * self.smooth[0])
        traces = sum_over_momenta(self.base.modes, self._by_harmonic(kernel) * self.smooth)
        return self._moved(kernel, x, waves), straight + jnp.sum(traces * slopes)

    def at(self, t: Scalar, kernels: Float[Array, "knot feature orbit"]) -> Half:
        """All kernels at time t in 0 ... 1, `(feature, ...)` on the half grid."""
        knots = len(kernels)
        hats = jnp.maximum(1 - jnp.abs(t * (knots - 1) - jnp.arange(knots)), 0).astype(kernels.dtype)
        at_time = jnp.tensordot(hats, kernels, 1)
        return self.base.deviation * self.envelope * at_time[:, self.base.modes.orbit]

    def _smoothed(self, x: Array) -> Array:
        return jnp.fft.irfftn(self.smooth * jnp.fft.rfftn(x), x.shape, tuple(range(1, 1 + x.ndim)))

    def _seen(self, x: Array) -> tuple[Array, Array]:
        """Sines, and perhaps cosines, `(wave, field, ...)`; and their slopes in units of their frequencies."""
        sines, cosines = harmonics_of(self.frequency * self._smoothed(x), self.harmonics)
        if self.odd:
            return sines, cosines
        return jnp.concatenate([sines, cosines]), jnp.concatenate([cosines, -sines])

    def _moved(self, kernel: Half, x: Array, waves: Array) -> Array:
        transformed = jnp.fft.rfftn(waves, axes=tuple(range(2, 2 + x.ndim)))
        moved = jnp.sum(self._by_harmonic(kernel) * transformed, axis=(0, 1))
        return jnp.fft.irfftn(moved + kernel[0] * self.smooth[0] * jnp.fft.rfftn(x), x.shape)

    def _by_harmonic(self, kernel: Half) -> Half:
        return kernel[1:].reshape(self._waves, len(self.smooth), *kernel.shape[1:])


def field_on(
    base: GaussianField, lengths: tuple[float, ...], harmonics: int, frequency: float, decay: float, odd: bool
) -> EquivariantField:
    """For fields of the spectrum of `base`, smoothed over `lengths` (the first one 0).

    Kernels are multiples of (P_k / P_max)^decay: where large momenta are weak, they need no more than that.
    """
    envelope = (base.power / jnp.max(base.power)) ** decay
    return EquivariantField(base, smoothings(base, lengths), envelope, harmonics, frequency, odd)


def harmonics_of(angle: Array, count: int) -> tuple[Array, Array]:
    """sin(n angle) and cos(n angle) for n = 1 ... count, by the recurrence of Chebyshev: two sines in all."""
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    sines, cosines = [jnp.zeros_like(sine), sine], [jnp.ones_like(cosine), cosine]
    for _ in range(count - 1):
        sines.append(2 * cosine * sines[-1] - sines[-2])
        cosines.append(2 * cosine * cosines[-1] - cosines[-2])
    return jnp.stack(sines[1:]), jnp.stack(cosines[1:])


def smoothings(base: GaussianField, lengths: tuple[float, ...]) -> Half:
    """exp(-(k a)^2 / 2) for each length a, normalised to unit variance of what is left of the field."""

    def one(length: float) -> Array:
        k_hat = base.modes.k_hat
        factor = np.where(k_hat < 1e-9, 1.0, np.exp(-0.5 * np.minimum(length, 1e3) ** 2 * k_hat))
        factor = jnp.asarray(factor, base.power.dtype)
        return factor / jnp.sqrt(sum_over_momenta(base.modes, factor**2 * base.power) / np.prod(base.shape))

    return jnp.stack([one(length) for length in lengths])
