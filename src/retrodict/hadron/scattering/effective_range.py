r"""Scattering length, effective range and shape parameter, from the R-matrix at zero energy or from two phase shifts.

$k^{2l+1}\cot\delta = -1/a + r k^2/2 + v k^4 + \dots$ with a > 0 for a shallow bound state, the sign of nuclear physics.
The R-matrix and the waves outside are power series in $k^2$, and so is their quotient: no phase shift is fitted.
Where phase shifts at low momenta are at hand, two of them do.
Without Coulomb force.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from retrodict.base.constants import HBAR_C
from retrodict.base.types import Scalar
from retrodict.hadron.scattering.r_matrix import Channel, LegendreMesh, Potential, interior, surfaces

ORDER = 3  # coefficients of a power series in k^2


class EffectiveRange(NamedTuple):
    """Of one partial wave, in units of fm; the powers are those of l = 0."""

    scattering_length: Scalar  # a [fm^(2l+1)]
    effective_range: Scalar  # r [fm^(1-2l)]
    shape: Scalar  # v, the coefficient of k^4 [fm^(3-2l)]


def effective_range(
    potential: Potential,
    *,
    mesh: LegendreMesh,
    reduced_mass: float,
    l: int = 0,  # noqa: E741
) -> EffectiveRange:
    """The three parameters of a potential; differentiable in it.

    Args:
        potential: at the mesh, local [MeV] or not [MeV/fm], real or complex.
        mesh: the points; the force has vanished at the radius.
        reduced_mass: mu [MeV].
        l: angular momentum.

    Raises:
        InputError: if the dimensions of the potential are not those of the mesh.
    """
    channel = Channel(reduced_mass, l=l)
    C, B = interior(potential, mesh, (channel,)), surfaces(mesh, (channel,))[:, 0]
    once = jnp.linalg.solve(C, B)
    twice = jnp.linalg.solve(C, once)
    scale = channel.curvature ** np.arange(ORDER)  # E = (hbar c)^2 k^2 / 2 mu
    R = jnp.stack([B @ once, once @ once, once @ twice]) * scale
    F, F_slope, G, G_slope = _free(l, mesh.radius)
    bottom = _times(R, F_slope) - F
    top = G - _times(R, G_slope)
    first = top[0] / bottom[0]
    second = (top[1] - first * bottom[1]) / bottom[0]
    third = (top[2] - first * bottom[2] - second * bottom[1]) / bottom[0]
    return EffectiveRange(-1 / first, 2 * second, third)


class LowEnergy(NamedTuple):
    """k cot(delta) = -1/a + r k^2/2 of an S wave."""

    inverse_scattering_length: Scalar  # 1/a [fm^-1]
    effective_range: Scalar  # r [fm]


def from_two_momenta(momentum: Float[np.ndarray, " two"], phase_shift: Float[Array, " two"]) -> LowEnergy:
    """The expansion of an S wave without Coulomb force, read off two phase shifts.

    Args:
        momentum: two low momenta k [MeV].
        phase_shift: delta at both [rad], up to multiples of pi.
    """
    k = np.asarray(momentum) / HBAR_C
    low, high = k / jnp.tan(phase_shift)
    effective = 2.0 * (high - low) / (k[1] ** 2 - k[0] ** 2)
    return LowEnergy(0.5 * effective * k[0] ** 2 - low, effective)


def _times(one: Inexact[Array, " order"], other: Float[np.ndarray, " order"]) -> Inexact[Array, " order"]:
    """The product of two power series, truncated."""
    return jnp.stack([jnp.sum(one[: n + 1] * other[: n + 1][::-1]) for n in range(ORDER)])


def _free(l: int, r: float) -> tuple[Float[np.ndarray, " order"], ...]:  # noqa: E741
    """F / k^(l+1), its slope with r, G k^l and its slope, as power series in k^2."""
    m = np.arange(ORDER)
    signs = np.cumprod(np.append(1.0, -0.5 / m[1:]))
    odd = np.prod(np.arange(2 * l - 1, 0, -2, dtype=float))  # (2l-1)!!
    rising = np.cumprod(np.append(1.0, 1 / (2.0 * l + 1 + 2 * m[1:])))
    falling = np.cumprod(np.append(1.0, 1 / (2.0 * m[1:] - 1 - 2 * l)))
    F = signs * rising / (odd * (2 * l + 1)) * r ** (2.0 * m + l + 1)
    G = signs * falling * odd * r ** (2.0 * m - l)
    return F, F * (2 * m + l + 1) / r, G, G * (2 * m - l) / r
