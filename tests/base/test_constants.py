"""Constants and units against the tables of SciPy and conversions written out once more."""

import pytest
from scipy import constants as codata

from retrodict.base import constants
from retrodict.base.tables import finite
from retrodict.base.units import factor
from retrodict.neutron_star import units as of_stars
from retrodict.spectral import units as of_correlators

MEV, FM = 1e6 * codata.e, 1e-15
DENSITY = MEV / FM**3  # J m^-3 = Pa of 1 MeV fm^-3
HBAR_C = codata.hbar * codata.c / MEV / FM  # MeV fm
SUN = 1.3271244e20  # G M_sun, m^3 s^-2: IAU 2015, Resolution B3


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (constants.SPEED_OF_LIGHT, codata.c),
        (constants.GRAVITATIONAL_CONSTANT, codata.G),
        (constants.MEV_IN_JOULE, MEV),
        (constants.HBAR_C, HBAR_C),
        (constants.FINE_STRUCTURE_CONSTANT, codata.alpha),
        (constants.NEUTRON_MASS, codata.value("neutron mass energy equivalent in MeV")),
        (constants.PROTON_MASS, codata.value("proton mass energy equivalent in MeV")),
        (constants.ATOMIC_MASS_UNIT, codata.value("atomic mass constant energy equivalent in MeV")),
        (constants.ATOMIC_MASS_UNIT_IN_GRAM, 1e3 * codata.value("atomic mass constant")),
        (constants.SOLAR_MASS_PARAMETER, SUN),
        (constants.SOLAR_MASS_IN_KM, SUN / codata.c**2 / 1e3),
        (constants.MEV_FM3_IN_INVERSE_KM2, codata.G / codata.c**4 * DENSITY * 1e6),
        (constants.MEV_FM3_IN_GRAM_CM3, DENSITY / codata.c**2 * 1e-3),
        (constants.MEV_FM3_IN_DYN_CM2, DENSITY * 10),
    ],
)
def test_constants_are_those_of_codata(found, wanted):
    assert found == pytest.approx(wanted, rel=1e-8, abs=0)


def test_the_saturation_density_is_the_one_of_the_documentation():
    assert constants.SATURATION_DENSITY == 0.16


ENERGY_DENSITY = {  # of 1 MeV fm^-3
    "MeV/fm3": 1.0,
    "GeV/fm^3": 1e-3,
    "fm^-4": 1 / HBAR_C,
    "MeV^4": HBAR_C**3,
    "GeV^4": HBAR_C**3 * 1e-12,
    "g/cm^3": DENSITY / codata.c**2 * 1e-3,
    "kg m^-3": DENSITY / codata.c**2,
    "dyn/cm2": DENSITY * 10,
    "erg/cm^3": DENSITY * 10,
    "Pa": DENSITY,
    "J m^-3": DENSITY,
    "km^-2": codata.G / codata.c**4 * DENSITY * 1e6,
    "m^-2": codata.G / codata.c**4 * DENSITY,
    "Msun km^-3": DENSITY / codata.c**2 * 1e9 / (SUN / codata.G),
}


def test_energy_densities_and_pressures_in_every_unit():
    for table in (of_stars.ENERGY_DENSITY, of_stars.PRESSURE):
        assert len(table) == len(ENERGY_DENSITY)
        for unit, worth in ENERGY_DENSITY.items():
            assert factor(unit, table, "") == pytest.approx(1 / worth, rel=1e-6, abs=0), unit


def test_densities_lengths_times_and_momenta_in_every_unit():
    for unit, worth in {"fm^-3": 1.0, "1/cm^3": 1e-39, "m^-3": 1e-45}.items():
        assert factor(unit, of_stars.NUMBER_DENSITY, "") == pytest.approx(worth, rel=1e-6, abs=0)
    for unit, worth in {"km": 1.0, "m": 1e-3, "cm": 1e-5}.items():
        assert factor(unit, of_stars.LENGTH, "") == pytest.approx(worth, rel=1e-6, abs=0)
    for unit, worth in {"1/GeV": 1.0, "MeV^-1": 1e3, "fm": 1e3 / HBAR_C}.items():
        assert factor(unit, of_correlators.EUCLIDEAN_TIME, "") == pytest.approx(worth, rel=1e-6, abs=0)
    for unit, worth in {"GeV": 1.0, "MeV": 1e-3, "1/fm": 1e-3 * HBAR_C}.items():
        assert factor(unit, of_correlators.MOMENTUM, "") == pytest.approx(worth, rel=1e-6, abs=0)


def test_exponents_of_fortran_have_their_sign():
    written = {"1.5D3": 1500.0, "1.5d3": 1500.0, "1.5d-3": 0.0015, "-2.5D+02": -250.0, "1e-3": 0.001}
    assert {cell: finite(cell, "") for cell in written} == written
