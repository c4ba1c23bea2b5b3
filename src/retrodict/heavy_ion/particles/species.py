"""The light hadrons that leave a collision: masses and degeneracies.

Source: Particle Data Group, Phys. Rev. D 110 (2024) 030001.
"""

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float

from retrodict.base.constants import HADRON_MASSES, HBAR_C
from retrodict.base.errors import InputError

__all__ = ["HADRONS", "Species", "hadron_gas"]


class Species(NamedTuple):
    """A hadron, with all members of it that share a spectrum.

    Args:
        name: of it.
        mass: GeV.
        degeneracy: states of spin, charge and antiparticles that are counted together.
        boson: whether it follows Bose's statistics.
    """

    name: str
    mass: float
    degeneracy: int
    boson: bool


def _named(name: str, mass: float, degeneracy: int, boson: bool) -> tuple[str, Species]:
    return name, Species(name, mass, degeneracy, boson)


HADRONS: Final = dict(
    (
        _named("pion", HADRON_MASSES["pion"] * 1e-3, 1, True),
        _named("kaon", HADRON_MASSES["kaon"] * 1e-3, 1, True),
        _named("proton", HADRON_MASSES["proton"] * 1e-3, 2, False),
        _named("eta", 0.5479, 1, True),
        _named("rho", 0.7753, 3, True),
        _named("omega", 0.7827, 3, True),
        _named("K*", 0.8917, 3, True),
        _named("Delta", 1.232, 4, False),
    )
)

_MULTIPLICITIES: Final = {  # charge states and antiparticles of each
    "pion": 3, "kaon": 4, "proton": 4, "eta": 1, "rho": 3, "omega": 1, "K*": 4, "Delta": 8,
}  # fmt: skip


def hadron_gas(temperature: float) -> tuple[float, float, Float[np.ndarray, " 2"]]:
    """The gas of all these hadrons: e and P [GeV fm^-3], and the coefficients of the bulk correction.

    Args:
        temperature: T, GeV.

    Returns:
        e, P, and c0, c2 [fm^3 GeV^-3] with which f (1 +- f) Pi (c0 m^2 + c2 (u p)^2) holds no energy and the pressure
        Pi.

    Raises:
        InputError: for a temperature outside 0.05 to 0.3 GeV.
    """
    if not 0.05 <= temperature <= 0.3:
        raise InputError("a gas of hadrons has a temperature of 0.05 to 0.3 GeV", got=f"{temperature} GeV")
    nodes, weights = np.polynomial.legendre.leggauss(200)
    p = 0.5 * (nodes + 1.0) * 40.0 * temperature
    measure = 0.5 * weights * 40.0 * temperature * p**2 / (2.0 * np.pi**2 * (HBAR_C * 1e-3) ** 3)
    energy = pressure = 0.0
    system = np.zeros((2, 2))
    for name, species in HADRONS.items():
        E = np.sqrt(p**2 + species.mass**2)
        sign = -1.0 if species.boson else 1.0
        f = 1.0 / (np.exp(E / temperature) + sign)
        g = species.degeneracy * _MULTIPLICITIES[name]
        energy += g * np.sum(measure * E * f)
        pressure += g * np.sum(measure * p**2 / (3.0 * E) * f)
        spread = g * measure * f * (1.0 - sign * f) / E
        for row, moment in enumerate((E**2, p**2 / 3.0)):
            system[row] += [np.sum(spread * moment * species.mass**2), np.sum(spread * moment * E**2)]
    return float(energy), float(pressure), np.linalg.solve(system, [0.0, 1.0])
