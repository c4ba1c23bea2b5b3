"""What the columns of this domain's files are called; lower-case, the first name is the one that messages recommend."""

from typing import Final

MASS_NAMES: Final = ("mass", "m", "gravitational_mass", "m_msun", "mass_msun")
RADIUS_NAMES: Final = ("radius", "r", "equatorial_radius", "req", "r_eq", "r_km", "radius_km")
MASS_ERROR_NAMES: Final = (
    *("mass_error", "mass_err", "mass_unc", "mass_sigma", "mass_std", "sigma_mass", "err_mass", "e_mass"),
    *("m_error", "m_err", "m_unc", "sigma_m", "err_m", "e_m", "dm", "d_m"),
)
RADIUS_ERROR_NAMES: Final = (
    *("radius_error", "radius_err", "radius_unc", "radius_sigma", "radius_std", "sigma_radius", "err_radius"),
    *("e_radius", "r_error", "r_err", "r_unc", "sigma_r", "err_r", "e_r", "dr", "d_r"),
)
_PLUS: Final = ("plus", "up", "upper", "hi", "high", "pos")
_MINUS: Final = ("minus", "down", "dn", "lower", "lo", "low", "neg")


def _one_sided(quantities: tuple[str, str], sides: tuple[str, ...], short: str) -> tuple[str, ...]:
    """`mass_error_plus`, `m_err_up`, `mass_upper_err`, `mass_uerr`, ...: the error on one side."""
    behind = [f"{word}_{side}" for side in sides for word in ("error", "err", "unc", "sigma")]
    before = [f"{side}_{word}" for side in sides for word in ("error", "err", "unc")]
    return tuple(f"{quantity}_{form}" for quantity in quantities for form in (*behind, *before, short))


MASS_ERROR_PLUS: Final = _one_sided(("mass", "m"), _PLUS, "uerr")
MASS_ERROR_MINUS: Final = _one_sided(("mass", "m"), _MINUS, "lerr")
RADIUS_ERROR_PLUS: Final = _one_sided(("radius", "r"), _PLUS, "uerr")
RADIUS_ERROR_MINUS: Final = _one_sided(("radius", "r"), _MINUS, "lerr")
ERRORS_OF_STARS: Final = (
    *(*MASS_ERROR_NAMES, *MASS_ERROR_PLUS, *MASS_ERROR_MINUS),
    *(*RADIUS_ERROR_NAMES, *RADIUS_ERROR_PLUS, *RADIUS_ERROR_MINUS),
)
BARYON_NAMES: Final = (
    *("baryon_density", "baryon_number_density", "number_density", "rest_mass_density", "n", "nb", "n_b"),
    *("n_baryon", "baryon_number"),
)
ENERGY_NAMES: Final = (
    "energy_density",
    "total_energy_density",
    "mass_energy_density",
    "mass_density",
    "epsilon",
    "varepsilon",
    "eps",
    "e",
    "edens",
    "energy",
)
AMBIGUOUS_NAMES: Final = ("rho", "density")  # eps / c^2 where the baryon density stands beside it
PRESSURE_NAMES: Final = ("pressure", "total_pressure", "press", "p")
LAMBDA_NAMES: Final = ("tidal_deformability", "lambda", "lam", "tidal", "lambda_dimensionless")
COMPONENT_LAMBDA: Final = (("lambda_1", "lambda1"), ("lambda_2", "lambda2"))
COMBINED_LAMBDA: Final = ("lambda_tilde", "lambdat", "lambda_t", "lambdatilde")
