r"""Spectra of the particles that leave a surface, after Cooper and Frye:

$$E\frac{dN}{d^3p} = \frac{g}{(2\pi\hbar c)^3}\int d\sigma_\mu p^\mu\, f\,(1 + \delta f), \qquad
  f = \frac{1}{e^{p\cdot u/T} \mp 1} = \sum_n (\pm)^{n+1} e^{-n\,p\cdot u/T}.$$

Corrections are Grad's: $\delta f = (1 \pm f)\left[\frac{p^\mu p^\nu\pi_{\mu\nu}}{2T^2(e+P)} + \Pi\,(c_0m^2 + c_2
(p\cdot u)^2)\right]$. They are polynomials in $\cosh(y-\eta)$, so the integral over rapidity needs $\int
d\eta\,\cosh^k\eta\,e^{-z\cosh\eta}$ only. With $\sinh(\eta/2) = t/\sqrt{2z}$ the exponential is $e^{-z-t^2}$, and
equidistant t are exact to 1e-7 for z > 0.9: no Bessel function and no exponential of its own for each momentum.

Source: Cooper and Frye, Phys. Rev. D 10 (1974) 186; Teaney, Phys. Rev. C 68 (2003) 034913.
"""

from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from retrodict.base.types import Scalar
from retrodict.heavy_ion.hydrodynamics.equation_of_state import HBAR_C_GEV
from retrodict.heavy_ion.hydrodynamics.fluid import time_components
from retrodict.heavy_ion.hydrodynamics.surface import Surface
from retrodict.heavy_ion.particles.species import Species

__all__ = ["Matter", "flow_coefficients", "mean_momentum", "particle_spectrum", "two_particle_flow", "yield_of"]

_STEP: Final = 0.4  # of t
_NODES: Final = tuple(_STEP * k for k in range(16))
_SMALLEST_TERM: Final = 9.0  # terms of the quantum statistics up to exp(-9)
_TOGETHER: Final = 128  # elements that are in memory at a time


class Matter(NamedTuple):
    """The matter on the surface.

    Args:
        temperature: T, GeV.
        enthalpy: e + P, GeV fm^-3.
        bulk: c0, c2 of the bulk correction, fm^3 GeV^-3, shape (2,); zeros leave it out.
    """

    temperature: Scalar
    enthalpy: Scalar
    bulk: Float[Array, " 2"]


def rapidity_integrals(z: Float[Array, "*shape"]) -> tuple[Float[Array, "*shape"], ...]:
    """e^z times the integrals of cosh^k(eta) e^(-z cosh eta) over all eta, k = 0, 1, 2, 3: 2 K_0, 2 K_1, K_0 + K_2, ...

    Args:
        z: above 0.5.
    """
    found = [jnp.zeros_like(z) for _ in range(4)]
    for t in _NODES:
        both = float(_STEP * (1.0 if t == 0.0 else 2.0) * np.exp(-(t**2)))
        term = both * 2.0 * jax.lax.rsqrt(2.0 * z + t**2)
        for k in range(4):
            found[k] = found[k] + term
            term = term * (1.0 + t**2 / z)
    return tuple(found)


def particle_spectrum(
    surface: Surface,
    species: Species,
    matter: Matter,
    momentum: Float[Array, " pt"],
    azimuth: Float[Array, " phi"],
    terms: int | None = None,
) -> Float[Array, "pt phi"]:
    """dN / (dy pT dpT dphi) of one hadron [GeV^-2].

    Args:
        surface: its elements.
        species: which hadron.
        matter: on the surface.
        momentum: transverse momenta pT, GeV, shape (pt,).
        azimuth: their directions phi, shape (phi,).
        terms: of the quantum statistics; 1 is Boltzmann's; None takes what a temperature of 0.15 GeV needs.
    """
    dtype = surface.area.dtype
    number = terms or max(1, int(np.ceil(_SMALLEST_TERM * 0.15 / species.mass)))
    px, py = (momentum[:, None] * f(azimuth) for f in (jnp.cos, jnp.sin))
    mt = jnp.sqrt(momentum**2 + species.mass**2)[:, None]
    px, py, mt = (value.astype(dtype) for value in (px, py, mt))
    size = min(_TOGETHER, surface.time.shape[0])
    groups = -(-surface.time.shape[0] // size)

    def grouped(field: Array) -> Array:
        extra = groups * size - field.shape[0]
        return jnp.pad(field, [(0, extra)] + [(0, 0)] * (field.ndim - 1)).reshape(groups, size, *field.shape[1:])

    @jax.checkpoint
    def add(total: Array, some: Surface) -> tuple[Array, None]:
        return total + _emission(some, species, matter, (px, py, mt), number), None

    split = jax.tree.map(grouped, surface._replace(found=surface.time))
    total, _ = jax.lax.scan(add, jnp.zeros(px.shape, dtype), split)
    return float(species.degeneracy / (2.0 * np.pi * HBAR_C_GEV) ** 3) * total


def _emission(
    surface: Surface, species: Species, matter: Matter, p: tuple[Array, Array, Array], number: int
) -> Float[Array, "pt phi"]:
    """The integral over some elements, without its constant."""
    px, py, mt = p
    area = surface.area[:, :, None, None]
    ux, uy = (u[:, None, None] for u in (surface.ux, surface.uy))
    gamma = jnp.sqrt(1.0 + ux**2 + uy**2)
    shear = type(surface.dissipation)(*(part[:, None, None] for part in surface.dissipation))
    tt, tx, ty = time_components(shear, ux, uy, gamma)
    zz = tt - shear.xx - shear.yy
    scale = 1.0 / (2.0 * matter.temperature**2 * matter.enthalpy)
    along = px * ux + py * uy
    c0, c2 = matter.bulk
    const = scale * (px**2 * shear.xx + 2.0 * px * py * shear.xy + py**2 * shear.yy - mt**2 * zz)
    const = const + shear.bulk * (c0 * species.mass**2 + c2 * along**2)
    linear = -2.0 * mt * (scale * (px * tx + py * ty) + c2 * shear.bulk * gamma * along)
    square = mt**2 * (scale * (tt + zz) + c2 * shear.bulk * gamma**2)
    time_like, space_like = mt * area[:, 0], px * area[:, 1] + py * area[:, 2]
    total = jnp.zeros((), area.dtype)
    for n in range(1, number + 1):
        integrals = rapidity_integrals(n * mt * gamma / matter.temperature)
        weight = jnp.exp(n * (along - mt * gamma) / matter.temperature)
        sign = 1.0 if species.boson or n % 2 else -1.0
        a, b = ([n * c for c in integrals[k:]] for k in (1, 0))
        first = time_like * (integrals[1] + const * a[0] + linear * a[1] + square * a[2])
        second = space_like * (integrals[0] + const * b[0] + linear * b[1] + square * b[2])
        total = total + sign * weight * (first + second)
    return jnp.sum(total, axis=0)


def yield_of(spectrum: Float[Array, "pt phi"], momentum: Float[Array, " pt"], weight: Float[Array, " pt"]) -> Scalar:
    """dN/dy.

    Args:
        spectrum: dN / (dy pT dpT dphi), GeV^-2, at equidistant azimuths.
        momentum: pT of its rows, GeV.
        weight: quadrature weights of these, GeV.
    """
    return 2.0 * jnp.pi * jnp.sum(jnp.mean(spectrum, axis=1) * momentum * weight)


def mean_momentum(
    spectrum: Float[Array, "pt phi"], momentum: Float[Array, " pt"], weight: Float[Array, " pt"]
) -> Scalar:
    """<pT> [GeV].

    Args:
        spectrum: dN / (dy pT dpT dphi), GeV^-2, at equidistant azimuths.
        momentum: pT of its rows, GeV.
        weight: quadrature weights of these, GeV.
    """
    return yield_of(spectrum, momentum, weight * momentum) / yield_of(spectrum, momentum, weight)


def flow_coefficients(
    spectrum: Float[Array, "pt phi"],
    momentum: Float[Array, " pt"],
    weight: Float[Array, " pt"],
    azimuth: Float[Array, " phi"],
    orders: tuple[int, ...] = (2, 3, 4),
) -> Complex[Array, " orders"]:
    """V_n = <e^(i n phi)> over all momenta.

    Args:
        spectrum: dN / (dy pT dpT dphi), GeV^-2, at equidistant azimuths.
        momentum: pT of its rows, GeV.
        weight: quadrature weights of these, GeV.
        azimuth: phi of its columns.
        orders: the harmonics n.
    """
    ring = jnp.sum(spectrum * (momentum * weight)[:, None], axis=0)
    return jnp.stack([jnp.sum(ring * jnp.exp(1j * n * azimuth)) for n in orders]) / jnp.sum(ring)


def two_particle_flow(
    flow: Complex[Array, "events orders"], multiplicity: Float[Array, " events"]
) -> Float[Array, " orders"]:
    """v_n{2} over events with as many pairs as particles squared: no event plane, and none to be resolved.

    Args:
        flow: V_n of each event, of its smooth spectrum.
        multiplicity: particles of each event.
    """
    pairs = multiplicity[:, None] ** 2
    return jnp.sqrt(jnp.sum(pairs * jnp.abs(flow) ** 2, axis=0) / jnp.sum(pairs))
