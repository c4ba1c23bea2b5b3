"""Two hundred tables that differ in names, units, separators and headers, and hold the same numbers."""

from itertools import product

import numpy as np
import pytest

from retrodict.base.recognition import FileHead
from retrodict.cli.recognise import candidates
from retrodict.neutron_star.manifest import DOMAIN
from retrodict.neutron_star.readers import data
from retrodict.neutron_star.readers.tidal_samples import read_tidal_samples
from retrodict.neutron_star.units import ENERGY_DENSITY
from retrodict.spectral.manifest import DOMAIN as SPECTRAL
from tests.neutron_star.readers import corpus

SLY = corpus.sly()
MATTER = [SLY[name] for name in ("baryon_density", "energy_density", "pressure")]
STARS = corpus.stars()
SEPARATORS = {"comma": ",", "blank": " ", "tab": "\t", "wide": "    "}


def bracketed(name, unit):
    return f"{name} [{unit}]" if unit else name


def in_round_brackets(name, unit):
    return f"{name} ({unit})" if unit else name


def suffixed(name, unit):
    return "_".join([name, *unit.replace("^", "").split()]) if unit else name


HEADERS = {"square": bracketed, "round": in_round_brackets, "suffix": suffixed}
UNITS = [  # of n, eps and p
    ("fm^-3", "MeV fm^-3", "MeV fm^-3"),
    ("cm^-3", "g cm^-3", "dyn cm^-2"),
    ("m^-3", "J m^-3", "Pa"),
    ("fm^-3", "erg cm^-3", "erg cm^-3"),
    ("fm^-3", "GeV fm^-3", "MeV fm^-3"),
]
DENSITY = {"fm^-3": 1.0, "cm^-3": 1e-39, "m^-3": 1e-45}
NAMES = [("n_B", "eps", "P"), ("baryon_density", "energy_density", "pressure")]


def write(path, header, columns, separator, comment=False):
    rows = "".join(separator.join(map(repr, row)) + "\n" for row in np.stack(columns, axis=1).tolist())
    path.write_text(("# " if comment else "") + separator.join(header) + "\n" + rows)
    return path


def kind_of(path):
    best = candidates(FileHead(path), [DOMAIN, SPECTRAL])[0]
    return best.domain.name, best.reader.kind


@pytest.mark.parametrize("names", NAMES, ids="-".join)
@pytest.mark.parametrize("units", UNITS, ids="-".join)
@pytest.mark.parametrize("style", HEADERS)
def test_an_equation_of_state_in_any_dress(style, units, names, tmp_path):
    """4 separators x header or comment: 8 files for each of 30 cases."""
    values = [
        MATTER[0] / DENSITY[units[0]],
        MATTER[1] / ENERGY_DENSITY[units[1]],
        MATTER[2] / ENERGY_DENSITY[units[2]],
    ]
    header = [HEADERS[style](name, unit) for name, unit in zip(names, units, strict=True)]
    order = [1, 2, 0]
    for separator, comment in product(SEPARATORS.values(), (False, True)):
        path = tmp_path / "eos"
        write(path, [header[i] for i in order], [values[i] for i in order], separator, comment)
        assert kind_of(path) == ("neutron_star", "equation_of_state")
        table = data.read_equation_of_state(path)
        for got, true in zip((table.baryon_density, table.energy_density, table.pressure), MATTER, strict=True):
            np.testing.assert_allclose(got, true, rtol=1e-9)


ERRORS = [
    *(("mass_error", "radius_error"), ("mass_err", "radius_err"), ("sigma_M", "sigma_R"), ("M_err", "R_err")),
    *(("dM", "dR"), ("e_M", "e_R"), ("mass_unc", "radius_unc"), ("M_error", "R_error")),
]


@pytest.mark.parametrize("errors", ERRORS, ids="-".join)
def test_measured_stars_whatever_their_errors_are_called(errors, tmp_path):
    columns = [STARS[name] for name in ("mass", "mass_error", "radius", "radius_error")]
    for separator, (mass, radius) in product(SEPARATORS.values(), [("M", "R"), ("mass", "radius"), ("Mass", "Radius")]):
        path = write(tmp_path / "stars", [mass, errors[0], radius, errors[1]], columns, separator)
        assert kind_of(path) == ("neutron_star", "mass_radius_observations")
        stars = data.read_observations(path)
        np.testing.assert_array_equal(stars.mass_error, STARS["mass_error"])
        np.testing.assert_array_equal(stars.radius, STARS["radius"])


@pytest.mark.parametrize(
    ("mass", "radius"), [("M (Msun)", "R (km)"), ("mass_Msun", "radius_km"), ("Mass", "Radius"), ("m", "r")]
)
def test_posterior_samples_in_either_order(mass, radius, tmp_path):
    arrays = corpus.samples()
    for separator, comment, turned in product((",", "\t"), (False, True), (False, True)):
        header, columns = [mass, radius], [arrays["mass"], arrays["radius"]]
        if turned:
            header, columns = header[::-1], columns[::-1]
        path = write(tmp_path / "samples", header, columns, separator, comment)
        assert kind_of(path) == ("neutron_star", "mass_radius_samples")
        np.testing.assert_array_equal(data.read_mass_radius_samples(path).radius, arrays["radius"])


MASSES = [
    ("mass_1_source", "mass_2_source"),
    ("m1_source", "m2_source"),
    ("m1", "m2"),
    ("m1_source_frame_Msun", "m2_source_frame_Msun"),
]


@pytest.mark.parametrize("masses", MASSES, ids="-".join)
@pytest.mark.parametrize(
    "tides", [("lambda_1", "lambda_2"), ("lambda1", "lambda2"), ("Lambda_1", "Lambda_2")], ids="-".join
)
def test_samples_of_a_merger_by_any_usual_name(masses, tides, tmp_path):
    rng = np.random.default_rng(0)
    columns = [rng.uniform(1.4, 1.7, 80), rng.uniform(1.1, 1.35, 80), *rng.uniform(100.0, 900.0, (2, 80))]
    for separator in SEPARATORS.values():
        path = write(tmp_path / "gw", [*masses, *tides], columns, separator)
        assert kind_of(path) == ("neutron_star", "tidal_samples")
        samples = read_tidal_samples(path)
        np.testing.assert_array_equal(samples.mass_1, columns[0])
        assert samples.lambda_2 is not None
        np.testing.assert_array_equal(samples.lambda_2, columns[3])
