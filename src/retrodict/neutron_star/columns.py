"""What the columns of this domain's files are called; lower-case, the first name is the one that messages recommend."""

from typing import Final

MASS_NAMES: Final = ("mass", "m", "gravitational_mass", "m_msun", "mass_msun")
RADIUS_NAMES: Final = ("radius", "r", "equatorial_radius", "req", "r_eq", "r_km", "radius_km")
BARYON_NAMES: Final = (
    "baryon_density",
    "baryon_number_density",
    "number_density",
    "rest_mass_density",
    "n",
    "nb",
    "n_b",
)
ENERGY_NAMES: Final = ("energy_density", "mass_energy_density", "mass_density", "epsilon", "eps", "e", "edens")
PRESSURE_NAMES: Final = ("pressure", "press", "p")
COMPONENT_LAMBDA: Final = (("lambda_1", "lambda1"), ("lambda_2", "lambda2"))
COMBINED_LAMBDA: Final = ("lambda_tilde", "lambdat", "lambda_t", "lambdatilde")
