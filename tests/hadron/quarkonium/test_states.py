"""The table of masses and widths: what is read, and a corpus of bad files, each with one clear error."""

import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.base.recognition import FileHead, Strength
from retrodict.hadron.quarkonium.analysis import Quarkonium
from retrodict.hadron.quarkonium.kinds import READER
from retrodict.hadron.quarkonium.states import State, describe, read_states

HEAD = "T [MeV], state, mass [MeV], mass_error [MeV], width [MeV], width_error [MeV]\n"
ROWS = "151, 1S, 9430, 2, 25, 4\n151, 2S, 9965, 8, 97, 12\n334, 1S, 9425, 2, 84, 5\n"
GOOD = HEAD + ROWS


def file(tmp_path, text):
    path = tmp_path / "states.csv"
    path.write_text(text)
    return path


def test_a_table_is_read_in_mev(tmp_path):
    found = read_states(file(tmp_path, GOOD))
    np.testing.assert_array_equal(found.temperature, [151, 151, 334])
    np.testing.assert_array_equal(found.mass, [9430, 9965, 9425])
    np.testing.assert_array_equal(found.width_error, [4, 12, 5])
    assert found.states == (State(1, 0), State(2, 0))
    assert found.notes == ()


def test_gev_and_names_of_particles_mean_the_same(tmp_path):
    text = (
        "T [GeV], state, mass [GeV], mass_error, width [MeV], width_error\n"
        "0.151, Y(1S), 9.430, 0.002, 25, 4\n0.151, Upsilon(2S), 9.965, 0.008, 97, 12\n"
        "0.334, (1S), 9.425, 0.002, 84, 5\n"
    )
    found, expected = read_states(file(tmp_path, text)), read_states(file(tmp_path, GOOD))
    np.testing.assert_allclose(found.mass, expected.mass, rtol=1e-14)
    np.testing.assert_allclose(found.mass_error, expected.mass_error, rtol=1e-14)
    np.testing.assert_allclose(found.temperature, expected.temperature, rtol=1e-14)
    assert found.state == expected.state


@pytest.mark.parametrize("cell", ["nan", "-", "n/a"])
def test_a_width_may_be_missing(tmp_path, cell):
    found = read_states(file(tmp_path, GOOD + f"334, 1P, 9846, 5, {cell}, {cell}\n"))
    np.testing.assert_array_equal(found.has_width, [True, True, True, False])
    np.testing.assert_array_equal(found.width[:3], [25, 97, 84])
    assert "1 of 4 widths are missing" in found.notes[0]


def test_all_widths_may_be_missing(tmp_path):
    found = read_states(file(tmp_path, "T [MeV], state, mass [MeV], mass_error\n151, 1S, 9430, 2\n"))
    assert not found.has_width.any()


def test_a_mass_may_have_its_error_in_brackets(tmp_path):
    text = "T [MeV], state, mass [MeV], width [MeV]\n151, 1S, 9430(2), 25(4)\n334, 1S, 9425(3), 84(5)\n"
    found = read_states(file(tmp_path, text))
    np.testing.assert_array_equal(found.mass_error, [2, 3])
    np.testing.assert_array_equal(found.width_error, [4, 5])


def test_a_table_is_claimed_by_names_and_units(tmp_path):
    assert READER.claim(FileHead(file(tmp_path, GOOD))).strength == Strength.EXACT
    stars = "mass [Msun], radius [km]\n1.4, 12\n"
    assert READER.claim(FileHead(file(tmp_path, stars))).strength == Strength.NONE


def test_a_description_has_ranges_and_units(tmp_path):
    found = describe(file(tmp_path, GOOD + "334, 1P, 9846, 5, nan, nan\n"))
    assert found["kind"] == "quarkonium_states"
    assert found["rows"] == 4
    assert found["widths"] == 3
    assert found["temperatures"] == {"values": [151.0, 334.0], "unit": "MeV"}
    assert found["states"] == ["1S", "2S", "1P"]
    assert found["columns"]["mass"]["largest"] == 9965.0
    assert found["columns"]["width"] == {"least": 25.0, "median": 84.0, "largest": 97.0, "unit": "MeV"}


BAD = {
    "masses in GeV under MeV": (HEAD + "151, 1S, 9.43, 0.002, 25, 4\n", "none in its unit"),
    "T in GeV under MeV": (HEAD + "0.151, 1S, 9430, 2, 25, 4\n", "none in its unit"),
    "T in MeV under GeV": (GOOD.replace("T [MeV]", "T [GeV]"), "none in its unit"),
    "masses in MeV under GeV": (GOOD.replace("mass [MeV]", "mass [GeV]"), "none in its unit"),
    "differences of masses": (HEAD + "151, 1S, -12, 2, 25, 4\n", "none in its unit"),
    "a negative error": (HEAD + "151, 1S, 9430, -2, 25, 4\n", "none in its unit"),
    "no error at all": (HEAD + "151, 1S, 9430, 0, 25, 4\n", "none in its unit"),
    "a negative width": (HEAD + "151, 1S, 9430, 2, -25, 4\n", "a width is negative"),
    "widths in GeV under MeV": (HEAD + "151, 1S, 9430, 2, 0.025, 0.004\n", "none in its unit"),
    "widths in MeV under GeV": (GOOD.replace("width [MeV]", "width [GeV]"), "none in its unit"),
    "a width without error": (HEAD + "151, 1S, 9430, 2, 25, nan\n", "a width without its error"),
    "an infinite width": (HEAD + "151, 1S, 9430, 2, inf, 4\n", "missing or not finite"),
    "no width errors": ("T [MeV], state, mass [MeV], mass_error, width [MeV]\n151, 1S, 9430, 2, 25\n", "no errors"),
    "two equal rows": (GOOD + "151, 1S, 9431, 2, 25, 4\n", "two rows of one state"),
    "an unknown state": (GOOD + "151, 1G, 9430, 2, 25, 4\n", "an unknown state"),
    "a state far up": (GOOD + "151, 7S, 9430, 2, 25, 4\n", "an unknown state"),
    "a particle of spin": (GOOD + "151, eta_b, 9430, 2, 25, 4\n", "an unknown state"),
    "no state": ("T [MeV], mass [MeV], mass_error\n151, 9430, 2\n", "column state is missing"),
    "no unit of T": ("T, state, mass [MeV], mass_error\n151, 1S, 9430, 2\n", "no unit"),
    "no unit of the mass": ("T [MeV], state, mass, mass_error\n151, 1S, 9430, 2\n", "no unit"),
    "no unit of the width": (GOOD.replace("width [MeV]", "width").replace("width_error [MeV]", "x"), "no unit"),
    "a length for a mass": (GOOD.replace("mass [MeV]", "mass [fm]"), "unknown unit"),
    "no mass": ("T [MeV], state, width [MeV], width_error\n151, 1S, 25, 4\n", "column mass is missing"),
    "a missing mass": (HEAD + "151, 1S, nan, 2, 25, 4\n", "missing or not finite"),
    "empty cells at the end": (HEAD + "151, 1S, 9430, 2, 25, 4\n151, 2S, 9965, 8, ,\n", "wrong number of cells"),
    "no names": ("151, 1S, 9430, 2, 25, 4\n", "columns have no names"),
    "no rows": (HEAD, "no rows"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_refused_in_words(name, tmp_path):
    text, expected = BAD[name]
    with pytest.raises(InputError, match=expected):
        read_states(file(tmp_path, text))


def test_masses_that_are_not_those_of_two_quarks_are_refused(tmp_path):
    with pytest.raises(InputError, match="two quarks of this mass"):
        Quarkonium(quark_mass=1500.0).posterior(file(tmp_path, GOOD))
