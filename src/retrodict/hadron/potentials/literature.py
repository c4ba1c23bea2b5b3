r"""Potentials as they were published: functions of the distance r [fm] that return V [MeV].

Each takes its published central parameters as defaults, so that V(r) alone is the published force and any parameter can
be varied; errors stand where the source gives them. `yukawa_shape` is $e^{-mr}/r$ with its short distances cut off.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError

Radii = Float[Array, "*radii"]
Energies = Float[Array, "*radii"]
Fit = TypeVar("Fit")

OMEGA_OMEGA_TERMS: Final = ((914.0, 0.143), (305.0, 0.305), (-112.0, 0.949))  # MeV, fm
OMEGA_OMEGA_MASS: Final = 1712.0  # of one Omega on that lattice [MeV]

N_OMEGA_FITS: Final = {  # t/a: b1 [MeV], b2 [fm^-2], b3 [MeV fm^2], b4 [fm^-2]
    11: (-306.5, 73.9, -266.0, 0.78),
    12: (-313.0, 81.7, -252.0, 0.85),
    13: (-316.7, 81.9, -237.0, 0.91),
    14: (-296.0, 64.0, -272.0, 0.76),
}
N_OMEGA_PION_MASS: Final = 146.0  # [MeV] of that lattice
N_OMEGA_MASSES: Final = (954.7, 1711.5)  # of nucleon and Omega on that lattice [MeV]


class NucleonXi(NamedTuple):
    """Fit of the S-wave N-Xi potential at one time: V0 + Vs s.s + Vt t.t + Vst (s.s)(t.t)."""

    ranges: tuple[float, float, float]  # b of the Gaussians [fm]
    central: tuple[float, float, float]  # their strengths in V0 [MeV]
    two_pion: float  # strength of the squared Yukawa shape in V0 [MeV fm^2]
    two_pion_cut: float  # its cut-off rho [fm]
    spin: tuple[float, float, float]  # Vs [MeV]
    isospin: tuple[float, float, float]  # Vt [MeV]
    both: tuple[float, float, float]  # Vst [MeV]
    one_pion: float  # strength of the Yukawa shape in Vst [MeV fm]
    one_pion_cut: float  # its cut-off rho [fm]


N_XI_FITS: Final = {
    11: NucleonXi(
        (0.12935, 0.25788, 0.56935),
        (957.62, 551.98, 171.29),
        -109.82,
        0.6094,
        (-125.68, -50.36, -5.578),
        (192.52, 104.51, 31.55),
        (-79.65, -37.56, -6.982),
        -1.623,
        0.2492,
    ),
    12: NucleonXi(
        (0.12443, 0.24074, 0.53305),
        (871.44, 629.81, 194.06),
        -97.26,
        0.6028,
        (-122.04, -52.15, -8.426),
        (184.96, 108.46, 36.71),
        (-84.89, -32.20, -11.59),
        -1.4208,
        0.1363,
    ),
    13: NucleonXi(
        (0.12402, 0.22772, 0.49893),
        (839.31, 490.11, 366.43),
        -83.51,
        0.4169,
        (-125.69, -52.73, -12.26),
        (188.19, 95.12, 44.71),
        (-65.57, -45.02, -16.18),
        -1.3838,
        0.3069,
    ),
}
N_XI_PION_MASS: Final = 146.0  # [MeV]


def yukawa_shape(r: Radii, mass: float, *, cut: float = 0.0) -> Float[Array, "*radii"]:
    """exp(-m r) / r, times 1 - exp(-r^2 / cut^2) if there is a cut-off [fm^-1].

    Args:
        r: distance [fm].
        mass: m of the exchanged particle [MeV].
        cut: length below which it is suppressed [fm].
    """
    shape = jnp.exp(-mass / HBAR_C * r) / r
    return shape * -jnp.expm1(-((r / cut) ** 2)) if cut else shape


def yukawa(r: Radii, strength: float, mass: float) -> Energies:
    """The exchange of one particle, strength exp(-m r) / r.

    Args:
        r: distance [fm].
        strength: [MeV fm], negative if it attracts.
        mass: m of the exchanged particle [MeV].
    """
    return strength * yukawa_shape(r, mass)


def gaussians(r: Radii, terms: Sequence[tuple[float, float]]) -> Energies:
    """The sum of strength exp(-(r / range)^2).

    Args:
        r: distance [fm].
        terms: strength [MeV] and range [fm] of each.
    """
    return sum((strength * jnp.exp(-((r / length) ** 2)) for strength, length in terms), start=jnp.zeros_like(r))


def omega_omega(r: Radii) -> Energies:
    """Omega-Omega in 1S0 from lattice QCD at nearly physical masses: a = 4.6(6), r = 1.27(3) fm, B = 1.6(6) MeV.

    Source: S. Gongyo et al. (HAL QCD), Phys. Rev. Lett. 120 (2018) 212001.

    Args:
        r: distance [fm].
    """
    return gaussians(r, OMEGA_OMEGA_TERMS)


def n_omega(r: Radii, time: int = 12) -> Energies:
    """N-Omega in 5S2 from lattice QCD, of which the four times show the systematic error.

    Source: T. Iritani et al. (HAL QCD), Phys. Lett. B 792 (2019) 284.

    Args:
        r: distance [fm].
        time: t/a of the fit, 11 to 14.

    Raises:
        InputError: for another time.
    """
    core, narrow, tail, cut = _fit(N_OMEGA_FITS, time)
    pions = yukawa_shape(r, N_OMEGA_PION_MASS) ** 2
    return core * jnp.exp(-narrow * r**2) - tail * jnp.expm1(-cut * r**2) * pions


def n_xi(r: Radii, *, spin: int, isospin: int, time: int = 12) -> Energies:
    """N-Xi in an S-wave of definite spin and isospin from lattice QCD; times show the systematic error.

    Source: K. Sasaki et al. (HAL QCD), Nucl. Phys. A 998 (2020) 121737.

    Args:
        r: distance [fm].
        spin: S, 0 or 1.
        isospin: I, 0 or 1.
        time: t/a of the fit, 11 to 13.

    Raises:
        InputError: for another time, spin or isospin.
    """
    if spin not in (0, 1) or isospin not in (0, 1):
        raise InputError("a channel of N-Xi", got=f"S = {spin}, I = {isospin}", expected="0 or 1 each")
    fit = _fit(N_XI_FITS, time)
    spins, isospins = (-3.0 if value == 0 else 1.0 for value in (spin, isospin))
    parts = [
        gaussians(r, tuple(zip(strengths, fit.ranges, strict=True)))
        for strengths in (fit.central, fit.spin, fit.isospin, fit.both)
    ]
    central = parts[0] + fit.two_pion * yukawa_shape(r, N_XI_PION_MASS, cut=fit.two_pion_cut) ** 2
    both = parts[3] + fit.one_pion * yukawa_shape(r, N_XI_PION_MASS, cut=fit.one_pion_cut)
    return central + spins * parts[1] + isospins * parts[2] + spins * isospins * both


def _fit(fits: Mapping[int, Fit], time: int) -> Fit:
    if time not in fits:
        raise InputError("no fit was published at this time", got=str(time), expected=f"{min(fits)} to {max(fits)}")
    return fits[time]


def cornell(r: Radii, *, coulomb: float, tension: float, constant: float = 0.0) -> Energies:
    """-coulomb hbar c / r + tension r / hbar c + constant, for two heavy quarks.

    Args:
        r: distance [fm].
        coulomb: 4/3 alpha_s.
        tension: string tension [MeV^2].
        constant: [MeV].
    """
    return -coulomb * HBAR_C / r + tension * r / HBAR_C + constant


def malfliet_tjon(r: Radii, *, triplet: bool) -> Energies:
    """Nucleon-nucleon S-waves as two Yukawa terms, I for the singlet and III for the triplet, with (hbar c)^2 / m_N =
    41.47 MeV fm^2.

    Source: R. A. Malfliet and J. A. Tjon, Nucl. Phys. A 127 (1969) 161, with the parameters of G. L. Payne et al.,
    Phys. Rev. C 22 (1980) 823.

    Args:
        r: distance [fm].
        triplet: 3S1, which binds a deuteron at 2.23 MeV, in place of 1S0.
    """
    attraction = -626.885 if triplet else -513.968
    return (1438.720 * jnp.exp(-3.11 * r) + attraction * jnp.exp(-1.55 * r)) / r


def reid_soft_core(r: Radii) -> Energies:
    """Nucleon-nucleon in 1S0, with (hbar c)^2 / m_N = 41.47 MeV fm^2: a = -17.1 fm in the sign of this package.

    Source: R. V. Reid, Ann. Phys. 50 (1968) 411.

    Args:
        r: distance [fm].
    """
    x = 0.7 * r
    return (-10.463 * jnp.exp(-x) - 1650.6 * jnp.exp(-4 * x) + 6484.2 * jnp.exp(-7 * x)) / x


def square_well(r: Radii, *, depth: float, radius: float) -> Energies:
    """-depth inside the radius.

    Args:
        r: distance [fm].
        depth: [MeV].
        radius: [fm].
    """
    return jnp.where(r < radius, -depth, 0.0)


def poeschl_teller(r: Radii, *, strength: float, slope: float, reduced_mass: float) -> Energies:
    """-(hbar c)^2 / 2 mu strength (strength - 1) slope^2 / cosh^2(slope r).

    Args:
        r: distance [fm].
        strength: lambda; there are bound states of odd parity at kappa = slope (lambda - 2), (lambda - 4), ...
        slope: a [fm^-1].
        reduced_mass: mu [MeV].
    """
    depth = HBAR_C**2 / 2 / reduced_mass * strength * (strength - 1) * slope**2
    return -depth / jnp.cosh(slope * r) ** 2


def yamaguchi(r: Radii, other: Radii, *, cut: float, pole: float, reduced_mass: float) -> Energies:
    """The separable U(r, r') [MeV/fm] of the s-wave, of form factor 1 / (p^2 + cut^2), with one pole at k = i pole.

    Source: Y. Yamaguchi, Phys. Rev. 95 (1954) 1628.

    Args:
        r: distance [fm].
        other: r' [fm].
        cut: b [fm^-1].
        pole: kappa [fm^-1], negative for a virtual state.
        reduced_mass: mu [MeV].
    """
    strength = HBAR_C**2 / reduced_mass * cut * (cut + pole) ** 2
    return -strength * jnp.exp(-cut * (r + other))
