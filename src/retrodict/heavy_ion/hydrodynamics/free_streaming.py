r"""Massless particles that stream freely from the collision until the fluid begins.

Of a density $n(\mathbf x)$ at $\tau\to0$ with isotropic transverse momenta,

$$T^{\mu\nu}(\tau, \mathbf x) = \frac1\tau\int\frac{d\varphi}{2\pi}\,\hat p^\mu\hat p^\nu\,
  n(\mathbf x - \tau\hat{\mathbf p}),
  \qquad \hat p = (1, \cos\varphi, \sin\varphi),$$

a product with Bessel functions $J_0, J_1, J_2$ in Fourier space: exact on the grid. The plane is doubled, so that what
leaves it does not come back. Landau's matching makes a fluid of it: $T^\mu_\nu u^\nu = e u^\mu$; shear is the rest of
the tensor, and the bulk pressure is $e/3 - P(e)$, since the tensor has no trace.

Source: Liu, Shen and Heinz, Phys. Rev. C 91 (2015) 064906.
"""

from typing import Final, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float
from scipy.special import jv

from retrodict.base.errors import InputError
from retrodict.heavy_ion.hydrodynamics.equation_of_state import EquationOfState
from retrodict.heavy_ion.hydrodynamics.fluid import Field, Flow, Shear

__all__ = ["FreeStreaming", "free_streaming", "matched_flow", "streamed_tensor"]

_NEWTON: Final = 14
_EMPTY: Final = 1e-6  # energy density below which there is no fluid, GeV fm^-3


class FreeStreaming(NamedTuple):
    """What turns a density into a tensor, in Fourier space; an argument of compiled programs, not a constant of them.

    Args:
        kernels: of T^tautau, T^taux, T^tauy, T^xx, T^xy, T^yy times tau, shape (6, 2 cells, cells + 1).
        duration: tau, fm.
    """

    kernels: Complex[Array, "6 twice half"]
    duration: Float[Array, ""]


def free_streaming(cells: int, spacing: float, duration: float) -> FreeStreaming:
    """The kernels of one duration.

    Args:
        cells: along a side of the plane.
        spacing: of the grid, fm.
        duration: tau at which the fluid begins, fm.

    Raises:
        InputError: for a duration that is not positive or longer than the plane is wide.
    """
    if not 0.0 < duration < cells * spacing:
        raise InputError("particles stream for a positive time, within the plane", got=f"{duration} fm")
    kx = 2.0 * np.pi * np.fft.fftfreq(2 * cells, spacing)[:, None]
    ky = 2.0 * np.pi * np.fft.rfftfreq(2 * cells, spacing)[None, :]
    k = np.hypot(kx, ky)
    safe = np.where(k > 0.0, k, 1.0)
    cosine, sine = kx / safe, ky / safe
    j0, j1, j2 = (jv(n, k * duration) for n in range(3))
    twice = (cosine**2 - sine**2, 2.0 * cosine * sine)
    kernels = (
        j0,
        -1j * j1 * cosine,
        -1j * j1 * sine,
        0.5 * (j0 - j2 * twice[0]),
        -0.5 * j2 * twice[1],
        0.5 * (j0 + j2 * twice[0]),
    )
    return FreeStreaming(
        jnp.asarray(np.stack([np.broadcast_to(one, k.shape) + 0j for one in kernels])), jnp.asarray(duration)
    )


def streamed_tensor(density: Field, streaming: FreeStreaming) -> Float[Array, "6 x y"]:
    """T^tautau, T^taux, T^tauy, T^xx, T^xy, T^yy [GeV fm^-3].

    Args:
        density: n, energy per unit of area and rapidity, GeV fm^-2.
        streaming: of the grid.
    """
    cells = density.shape[0]
    wide = jnp.fft.rfft2(jnp.pad(density, [(0, cells)] * 2))
    kernels = streaming.kernels.astype(wide.dtype)
    found = jnp.fft.irfft2(kernels * wide, s=(2 * cells, 2 * cells))[:, :cells, :cells]
    return found / streaming.duration.astype(density.dtype)


def matched_flow(tensor: Float[Array, "6 x y"], eos: EquationOfState) -> Flow:
    """The fluid that has this traceless energy-momentum tensor.

    e is the largest root of the characteristic polynomial, which Newton's method finds from T^tautau downwards; the
    velocity is the column of the adjugate.

    Args:
        tensor: T^tautau, T^taux, T^tauy, T^xx, T^xy, T^yy, GeV fm^-3.
        eos: equation of state of the fluid.
    """
    full = tensor[0] > 2.0 * _EMPTY
    tt, tx, ty, xx, xy, yy = (
        jnp.where(full, part, rest) for part, rest in zip(tensor, (1.0, 0, 0, 0.4, 0, 0.4), strict=True)
    )
    # The mixed tensor is ((tt, -tx, -ty), (tx, -xx, -xy), (ty, -xy, -yy)).
    trace = tt - xx - yy
    second = -tt * (xx + yy) + tx**2 + ty**2 + xx * yy - xy**2
    third = tt * (xx * yy - xy**2) - tx**2 * yy - ty**2 * xx + 2.0 * tx * ty * xy
    e = tt
    for _ in range(_NEWTON):
        slope = 3.0 * e**2 - 2.0 * trace * e + second
        e = e - (((e - trace) * e + second) * e - third) / jnp.maximum(slope, 1e-6 * tt**2)
    e = jnp.clip(e, 1e-3 * tt, tt)
    a, b = e + xx, e + yy
    column = (a * b - xy**2, tx * b - ty * xy, ty * a - tx * xy)
    vx, vy = column[1] / column[0], column[2] / column[0]
    v2 = vx**2 + vy**2
    shrink = jnp.sqrt(jnp.minimum(1.0, 0.998 / jnp.maximum(v2, 1e-12)))
    gamma = 1.0 / jnp.sqrt(1.0 - v2 * shrink**2)
    ux, uy = gamma * vx * shrink, gamma * vy * shrink
    shear = (
        part - e * (4.0 / 3.0 * i * j + d / 3.0)
        for part, i, j, d in ((xx, ux, ux, 1), (xy, ux, uy, 0), (yy, uy, uy, 1))
    )
    pressure, _ = eos.pressure_and_sound_speed(e)
    found = (ux, uy, *shear, e / 3.0 - pressure)
    ux, uy, *parts = (jnp.where(full, part, 0.0) for part in found)
    return Flow(jnp.where(full, e, _EMPTY), ux, uy, Shear(*parts))
