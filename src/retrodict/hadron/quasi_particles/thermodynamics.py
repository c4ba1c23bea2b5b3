r"""Hot matter of quasi-particles whose masses depend on the temperature, consistent exactly.

The entropy density is that of ideal gases, $s(T) = \sum_i s_i(T, m_i(T))$. The pressure is its integral,
$P(T) = P(T_0) + \int_{T_0}^T s\,dT'$, so that $s = dP/dT$ holds whatever the masses; the bag function
$B = \sum_i P_i - P$ then obeys $dB/dT = \sum_i (\partial P_i/\partial m_i)\,dm_i/dT$ (Gorenstein, Yang, PRD 52, 5206
(1995)). The shear viscosity is that of the relaxation-time approximation with the times of Li, Lu, Pang, Qin, PLB 844,
138088 (2023). The susceptibilities hold for masses that depend on the chemical potentials in any smooth way.
"""

from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Scalar
from retrodict.hadron.quasi_particles.gas import SPECIES, Gas, entropy, shear, susceptibility
from retrodict.hadron.quasi_particles.gas import pressure as ideal_pressure
from retrodict.hadron.quasi_particles.temperatures import Temperatures

COLOURS: Final = 3
FLAVOURS: Final = 3
SCREENING: Final = 15.5  # k of the relaxation times, ln(2k/g^2)
LEAST_LOGARITHM: Final = 0.05  # of ln(2k/g^2): the times have no meaning for g^2 near 2k
COUPLING_SHARE: Final = (COLOURS + FLAVOURS / 2) / 6 + (COLOURS**2 - 1) / (8 * COLOURS)  # (m_g^2 + m_ud^2) / (g T)^2


class Masses(NamedTuple):
    """The unknown: three masses as functions of the temperature, and a constant of integration."""

    log_mass: Float[Array, "species nodes"]  # ln(m/MeV) of gluons, light and strange quarks at the nodes
    pressure: Scalar  # P/T^4 at the lowest temperature


class Matter(NamedTuple):
    """Hot matter at some temperatures, in powers of them."""

    mass: Float[Array, "species points"]  # MeV, of gluons, light and strange quarks
    entropy_density: Float[Array, " points"]  # s/T^3
    pressure: Float[Array, " points"]  # P/T^4
    energy_density: Float[Array, " points"]  # e/T^4
    trace_anomaly: Float[Array, " points"]  # (e - 3P)/T^4
    bag: Float[Array, " points"]  # B/T^4
    sound_speed_squared: Float[Array, " points"]  # dP/de
    baryon_susceptibility: Float[Array, " points"]  # d^2 (P/T^4) / d(mu_B/T)^2
    strangeness_susceptibility: Float[Array, " points"]  # d^2 (P/T^4) / d(mu_S/T)^2


def matter(masses: Masses, at: Temperatures) -> Matter:
    """The equation of state at the points of a grid.

    Args:
        masses: at its nodes.
        at: nodes, and the points of interest.
    """
    node, point = at.node, at.point
    ratio = jnp.exp(masses.log_mass) / node
    density = node**3 * sum_over(entropy, ratio)  # MeV^3
    s = at.interpolation @ density
    p = masses.pressure * at.lowest**4 + at.integral @ density
    mass = jnp.exp(masses.log_mass @ at.interpolation.T)
    x = mass / point
    light, strange = (susceptibility(x[i], SPECIES[i]) for i in (1, 2))
    ideal = sum_over(ideal_pressure, x)
    return Matter(
        mass,
        s / point**3,
        p / point**4,
        s / point**3 - p / point**4,
        s / point**3 - 4 * p / point**4,
        ideal - p / point**4,
        s / (point * (at.slope @ density)),
        (light + strange) / 9,
        strange,
    )


def sum_over(function: Gas, ratio: Float[Array, "species temperatures"]) -> Float[Array, " temperatures"]:
    """The sum over gluons, light and strange quarks of a function of the gas.

    Args:
        function: such as `gas.entropy`.
        ratio: m/T of each species.
    """
    return jnp.sum(jnp.stack([function(x, species) for x, species in zip(ratio, SPECIES, strict=True)]), axis=0)


def coupling_squared(mass: Float[Array, "species points"], point: Float[Array, " points"]) -> Float[Array, " points"]:
    """g^2 from the masses of gluons and light quarks, as if they were those of high temperatures.

    Args:
        mass: of each species [MeV].
        point: temperatures [MeV].
    """
    return (mass[0] ** 2 + mass[1] ** 2) / (COUPLING_SHARE * point**2)


def viscosity(found: Matter, point: Float[Array, " points"]) -> Float[Array, " points"]:
    r"""eta/s with $\tau_q^{-1} = 2 C_F\, g^2 T \ln(2k/g^2) / 8\pi$, and $N_c$ for $C_F$ of gluons.

    The logarithm is kept above 0.05: where g^2 comes near 2k = 31 the formula has no answer.

    Args:
        found: matter at the points.
        point: temperatures [MeV].
    """
    square = coupling_squared(found.mass, point)
    floor = LEAST_LOGARITHM
    logarithm = floor * (1 + jax.nn.softplus(jnp.log(2 * SCREENING / square) / floor - 1))
    rate = square * logarithm / (8 * np.pi)  # in T
    ratio, casimir = found.mass / point, (COLOURS**2 - 1) / (2 * COLOURS)
    share = (1 / (2 * COLOURS), 1 / (2 * casimir), 1 / (2 * casimir))
    flow = [f * shear(x, species) for f, x, species in zip(share, ratio, SPECIES, strict=True)]
    return jnp.sum(jnp.stack(flow), axis=0) / rate / found.entropy_density
