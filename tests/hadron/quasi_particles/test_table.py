"""Tables of the equation of state: units, claims, and what is refused."""

import json

import numpy as np
import pytest

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.base.recognition import FileHead
from retrodict.hadron.manifest import DOMAIN
from retrodict.hadron.placing import place_data
from retrodict.hadron.quasi_particles.table import describe, read_table
from retrodict.neutron_star.manifest import DOMAIN as STARS

T = np.array([130.0, 150, 170, 200, 240, 300, 400])
S = np.array([2.77, 4.70, 7.32, 10.5, 13.0, 15.25, 17.12])
P = np.array([0.439, 0.651, 0.994, 1.613, 2.328, 3.072, 3.782])


def written(path, header, *columns):
    rows = [", ".join(f"{x:.9g}" for x in row) for row in zip(*columns, strict=True)]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def claims(path, domain):
    head = FileHead(path)
    return max((reader.claim(head).order, reader.kind) for reader in domain.readers)


def test_a_table_is_read_in_powers_of_the_temperature(tmp_path):
    path = written(tmp_path / "eos.csv", "T [MeV], s/T^3, error", T, S, 0.01 * S)
    table = read_table(path)
    np.testing.assert_array_equal(table.value["entropy_density"], S)
    found = describe(path)
    assert found["kind"] == "lattice_equation_of_state"
    assert found["temperature"] == {"least": 130.0, "median": 200.0, "largest": 400.0, "unit": "MeV"}
    assert found["relative_error"]["entropy_density"] == pytest.approx(0.01)
    json.dumps(found)


def test_densities_with_units_and_temperatures_in_gev_are_the_same_table(tmp_path):
    p, e = P * T**4 / HBAR_C**3, (S - P) * T**4 / HBAR_C**3
    header = "temperature [GeV], pressure [MeV fm^-3], pressure_error, energy_density [MeV fm^-3], energy_density_error"
    table = read_table(written(tmp_path / "densities.csv", header, T / 1e3, p, 0.02 * p, e, 0.02 * e))
    np.testing.assert_allclose(table.value["pressure"], P, rtol=1e-8)
    np.testing.assert_allclose(table.value["energy_density"], S - P, rtol=1e-8)
    np.testing.assert_allclose(table.error["pressure"], 0.02 * P, rtol=1e-8)


def test_tables_with_temperatures_are_hadrons_and_those_without_are_stars(tmp_path):
    p, e = P * T**4 / HBAR_C**3, (S - P) * T**4 / HBAR_C**3
    hot = written(
        tmp_path / "hot.csv",
        "T [MeV], pressure [MeV fm^-3], pressure_error, energy_density [MeV fm^-3], energy_density_error",
        *(T, p, 0.02 * p, e, 0.02 * e),
    )
    cold = written(tmp_path / "cold.csv", "pressure [MeV fm^-3], energy_density [MeV fm^-3]", p, e)
    assert claims(hot, DOMAIN) > claims(hot, STARS)
    assert claims(cold, STARS) > claims(cold, DOMAIN)
    assert claims(cold, STARS)[1] == "equation_of_state"
    placed = place_data([str(hot)])
    assert placed.fields["problem.data"] == str(hot)
    assert "kind: QuasiParticles" in placed.template


BAD = {
    "GeV under a MeV header": ("T [MeV], s/T^3, error", (T / 1e3, S, 0.01 * S), "no temperature"),
    "no errors": ("T [MeV], s/T^3", (T, S), "has no errors"),
    "zero error": ("T [MeV], s/T^3, error", (T, S, 0 * S), "not positive"),
    "s in MeV^3 as a ratio": ("T [MeV], s/T^3, error", (T, S * T**3, 0.01 * S * T**3), "does not have"),
    "descending": ("T [MeV], s/T^3, error", (T[::-1], S[::-1], 0.01 * S), "do not ascend"),
    "twice the same": ("T [MeV], s/T^3, error", (np.r_[T[:1], T[:-1]], S, 0.01 * S), "do not ascend"),
    "few rows": ("T [MeV], s/T^3, error", (T[:3], S[:3], 0.01 * S[:3]), "too few"),
    "no temperature": ("s/T^3, error", (S, 0.01 * S), "is missing"),
    "no quantity": ("T [MeV], error", (T, 0.01 * S), "no column"),
    "negative pressure": ("T [MeV], p/T^4, error", (T, -P, 0.01 * P), "does not have"),
    "swapped columns": (
        "T [MeV], s/T^3, s/T^3_error, p/T^4, p/T^4_error, e/T^4, e/T^4_error",
        (T, 0.8 * S, 0.01 * S, P, 0.01 * P, 0.8 * (S - P) + P, 0.01 * S),
        "contradict",
    ),
    "density without unit": ("T [MeV], pressure, pressure_error", (T, P, 0.01 * P), "has no unit"),
    "unknown unit": ("T [K], s/T^3, error", (T, S, 0.01 * S), "unknown unit"),
    "not a number": ("T [MeV], s/T^3, error", (T, np.where(T == 200, np.nan, S), 0.01 * S), "nan|finite|number"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_one_error_with_words(tmp_path, name):
    header, columns, words = BAD[name]
    with pytest.raises(InputError, match=words):
        read_table(written(tmp_path / "bad.csv", header, *columns))
