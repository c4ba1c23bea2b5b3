"""Reported quantities of an equation of state: numbers that observers quote, and functions on fixed grids."""

import jax.numpy as jnp
import numpy as np

from retrodict.base.constants import SATURATION_DENSITY
from retrodict.base.types import Array, Float
from retrodict.neutron_star.eos.equation_of_state import EquationOfState
from retrodict.neutron_star.forward import Prediction
from retrodict.neutron_star.stars.sequence import Star, mass_radius_curve, star_at_mass
from retrodict.problem.target import Quantity

DENSITY = tuple(np.round(np.concatenate([np.linspace(0.6, 3.0, 25), np.linspace(3.2, 8.0, 25)]), 3).tolist())  # n_sat
ENERGY = tuple(np.geomspace(100.0, 1600.0, 49).round(2).tolist())  # MeV fm^-3
MASS = tuple(np.linspace(1.0, 2.8, 37).round(3).tolist())  # Msun
MULTIPLES = (2, 3, 4, 5)  # of n_sat, at which the pressure is quoted
PULSAR_A = 1.338  # Msun, PSR J0737-3039A, whose moment of inertia will be measured
INERTIA = 1e38  # kg m^2 = 10^45 g cm^2

QUANTITIES: tuple[Quantity, ...] = (
    Quantity("maximum_mass", "Msun", r"$M_\mathrm{max}$"),
    Quantity("radius_1.4", "km", r"$R_{1.4}$"),
    Quantity("tidal_deformability_1.4", "", r"$\Lambda_{1.4}$"),
    Quantity("radius_2.0", "km", r"$R_{2.0}$"),
    Quantity("central_density", "fm^-3", r"$n_c(M_\mathrm{max})$"),
    Quantity("moment_of_inertia_J0737", "1e45 g cm^2", r"$I_{1.338}$"),
    *(Quantity(f"pressure_{k}nsat", "MeV fm^-3", rf"$p({k}\,n_\mathrm{{sat}})$") for k in MULTIPLES),
    Quantity("crust_core_density", "fm^-3", r"$n_\mathrm{join}$"),
    Quantity("pressure", "MeV fm^-3", "$p$", DENSITY, "baryon density", "n_sat"),
    Quantity("pressure_of_energy", "MeV fm^-3", "$p$", ENERGY, "energy density", "MeV fm^-3"),
    Quantity("sound_speed_squared", "c^2", "$c_s^2$", DENSITY, "baryon density", "n_sat"),
    Quantity("radius", "km", "$R$", MASS, "mass", "Msun"),
    Quantity("tidal_deformability", "", r"$\Lambda$", MASS, "mass", "Msun"),
)


def derive(unknown: EquationOfState, prediction: Prediction) -> dict[str, Float[Array, "..."]]:
    """Everything in `QUANTITIES`; NaN for a star that does not exist, as of 2 Msun beyond the maximum mass.

    Args:
        unknown: equation of state, crust included.
        prediction: its stars.
    """
    sequence, heaviest = prediction.sequence, prediction.heaviest
    canonical, massive, pulsar = (star_at_mass(sequence, mass) for mass in (1.4, 2.0, PULSAR_A))
    curve = mass_radius_curve(sequence, jnp.asarray(MASS))
    matter = unknown(jnp.log(jnp.asarray(DENSITY) * SATURATION_DENSITY))
    quoted = unknown(jnp.log(jnp.asarray(MULTIPLES) * SATURATION_DENSITY)).pressure
    return {
        "maximum_mass": heaviest.mass,
        "radius_1.4": _of(canonical, canonical.radius),
        "tidal_deformability_1.4": _of(canonical, canonical.tidal_deformability),
        "radius_2.0": _of(massive, massive.radius),
        "central_density": heaviest.central_density,
        "moment_of_inertia_J0737": _of(pulsar, pulsar.moment_of_inertia) / INERTIA,
        **{f"pressure_{k}nsat": quoted[i] for i, k in enumerate(MULTIPLES)},
        "crust_core_density": unknown.density[unknown.core_start],
        "pressure": matter.pressure,
        "pressure_of_energy": pressure_of_energy(unknown, jnp.asarray(ENERGY)),
        "sound_speed_squared": matter.sound_speed_squared,
        "radius": _of(curve, curve.radius),
        "tidal_deformability": _of(curve, curve.tidal_deformability),
    }


def pressure_of_energy(eos: EquationOfState, energy_density: Float[Array, " points"]) -> Float[Array, " points"]:
    """p [MeV fm^-3] as a function of energy density: interpolation, then one Newton step along dp = c_s^2 d eps.

    Args:
        eos: equation of state.
        energy_density: eps [MeV fm^-3], shape (points,).
    """
    nodes = eos.node_energy_density
    near = eos(jnp.interp(jnp.log(energy_density), jnp.log(nodes), eos.log_density))
    return near.pressure + near.sound_speed_squared * (energy_density - near.energy_density)


def _of(star: Star, value: Float[Array, "..."]) -> Float[Array, "..."]:
    return jnp.where(star.valid, value, jnp.nan)
