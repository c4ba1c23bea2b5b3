"""The columns of an equation of state of hot matter, by name and unit."""

from typing import Final

from retrodict.base.constants import HBAR_C
from retrodict.base.recognition import Column, Layout
from retrodict.base.units import NUMBER

TEMPERATURE: Final = {"MeV": 1.0, "GeV": 1e3}
DENSITY: Final = {"MeV^4": 1.0, "GeV^4": 1e12, "MeV fm^-3": HBAR_C**3, "GeV fm^-3": 1e3 * HBAR_C**3}  # in MeV^4
ENTROPY: Final = {"MeV^3": 1.0, "GeV^3": 1e9, "fm^-3": HBAR_C**3}  # in MeV^3
TEMPERATURE_NAMES: Final = ("t", "temperature", "temp")
QUANTITIES: Final = {
    "entropy_density": ("s/t^3", "s/t3", "s_t3", "s_over_t3", "entropy_density/t^3"),
    "trace_anomaly": (
        "trace_anomaly",
        "i/t^4",
        "i/t4",
        "delta/t^4",
        "delta/t4",
        "theta/t^4",
        "e-3p/t^4",
        "interaction_measure",
    ),
    "pressure": ("p/t^4", "p/t4", "p_t4", "p_over_t4", "pressure/t^4"),
    "energy_density": ("e/t^4", "e/t4", "e_t4", "e_over_t4", "eps/t^4", "eps/t4", "epsilon/t^4", "energy_density/t^4"),
    "baryon_susceptibility": ("chi2_b", "chi_2^b", "chi2b", "chi_b2", "chi2b/t^2"),
    "strangeness_susceptibility": ("chi2_s", "chi_2^s", "chi2s", "chi_s2", "chi2s/t^2"),
}
FROM_DENSITIES: Final = {  # columns that are divided by a power of T, and the units that they may have
    "entropy_density": (("entropy_density", "entropy", "s"), ENTROPY, 3),
    "pressure": (("pressure", "p"), DENSITY, 4),
    "energy_density": (("energy_density", "epsilon", "eps", "e"), DENSITY, 4),
}
SYMBOLS: Final = {
    "entropy_density": "s/T^3",
    "trace_anomaly": "trace_anomaly",
    "pressure": "p/T^4",
    "energy_density": "e/T^4",
    "baryon_susceptibility": "chi2_B",
    "strangeness_susceptibility": "chi2_S",
}
ERROR: Final = "error"  # of a table with one quantity

_T = Column(TEMPERATURE_NAMES, TEMPERATURE)
_RATIOS = tuple(Column(names, NUMBER) for names in QUANTITIES.values())
_REST = (Column((ERROR, "*error", "*_err", "sigma*", "cs2", "c_s^2")), *_RATIOS)
LAYOUTS: Final = (
    *(Layout((_T, column), _REST) for column in _RATIOS),
    *(
        Layout((_T, Column(names, units)), (*_REST, *(Column(n, u) for n, u, _ in FROM_DENSITIES.values())))
        for names, units, _ in FROM_DENSITIES.values()
    ),
)


def error_names(name: str) -> tuple[str, ...]:
    """What the column with the errors of `name` may be called."""
    return (f"{name}_error", f"{name}_err", f"error_{name}", f"sigma_{name}")
