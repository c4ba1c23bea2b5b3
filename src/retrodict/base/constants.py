"""Physical constants and unit conversions: the only place where one is typed in.

Sources: CODATA 2018 (c, G, elementary charge, hbar c, alpha, masses), IAU 2015 Resolution B3 (nominal solar mass
parameter), PDG 2024 (agrees to the digits given).
"""

from typing import Final

SPEED_OF_LIGHT: Final = 2.99792458e8  # m s^-1, exact
GRAVITATIONAL_CONSTANT: Final = 6.67430e-11  # m^3 kg^-1 s^-2
MEV_IN_JOULE: Final = 1.602176634e-13  # exact
HBAR_C: Final = 197.3269804  # MeV fm
FINE_STRUCTURE_CONSTANT: Final = 7.2973525693e-3

NEUTRON_MASS: Final = 939.56542052  # MeV
PROTON_MASS: Final = 938.27208816  # MeV
ATOMIC_MASS_UNIT: Final = 931.49410242  # MeV
ATOMIC_MASS_UNIT_IN_GRAM: Final = 1.66053906660e-24

SOLAR_MASS_PARAMETER: Final = 1.3271244e20  # G M_sun, m^3 s^-2, exact by convention
SOLAR_MASS_IN_KM: Final = SOLAR_MASS_PARAMETER / SPEED_OF_LIGHT**2 * 1e-3  # G M_sun / c^2, about 1.4766 km

# An energy density or a pressure of 1 MeV fm^-3: as a curvature G eps / c^4 [km^-2], as a mass density eps / c^2
# [g cm^-3], and in cgs [dyn cm^-2].
MEV_FM3_IN_INVERSE_KM2: Final = GRAVITATIONAL_CONSTANT / SPEED_OF_LIGHT**4 * MEV_IN_JOULE * 1e45 * 1e6
MEV_FM3_IN_GRAM_CM3: Final = MEV_IN_JOULE * 1e45 / SPEED_OF_LIGHT**2 * 1e-3
MEV_FM3_IN_DYN_CM2: Final = MEV_IN_JOULE * 1e46

SATURATION_DENSITY: Final = 0.16  # n_sat [fm^-3], the convention of this package

HADRON_MASSES: Final = {  # MeV, PDG 2024
    "proton": PROTON_MASS,
    "neutron": NEUTRON_MASS,
    "pion": 139.57039,  # charged
    "kaon": 493.677,  # charged
    "phi": 1019.461,
    "Lambda": 1115.683,
    "Sigma+": 1189.37,
    "Sigma0": 1192.642,
    "Sigma-": 1197.449,
    "Xi0": 1314.86,
    "Xi-": 1321.71,
    "Omega": 1672.45,
    "deuteron": 1875.61294,
    "D0": 1864.84,
    "D+": 1869.66,
}
