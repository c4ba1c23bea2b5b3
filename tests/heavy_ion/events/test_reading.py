"""Particle lists: each format and version gives back the events that its own grammar was fed with."""

import gzip
from dataclasses import replace
from functools import partial

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from retrodict.base.errors import InputError
from retrodict.base.recognition import FileHead, Strength
from retrodict.heavy_ion.events import collect
from retrodict.heavy_ion.events.kinds import READERS
from retrodict.heavy_ion.events.reading import describe, read_any, read_events
from retrodict.heavy_ion.events.species import charge
from retrodict.heavy_ion.events.urqmd_species import CODES, pdg_of
from tests.heavy_ion.events import grammars

SMASH = ("1.5", "1.7", "2.0", "2.1", "3.1", "3.2", "3.3")
FORMS = {
    "oscar-1997": grammars.oscar_1997,
    "oscar-1999-smash": grammars.oscar_1999_smash,
    "oscar-1999-ensembles": partial(grammars.oscar_1999_smash, ensembles=True),
    "oscar-1999-times": partial(grammars.oscar_1999_smash, intermediate=True),
    "oscar-1999-urqmd": grammars.oscar_1999_urqmd,
    **{f"oscar-2013-{v}": partial(grammars.oscar_2013, version=f"SMASH-{v}") for v in SMASH},
    **{f"oscar-2013-times-{v}": partial(grammars.oscar_2013, version=f"SMASH-{v}", times=True) for v in SMASH},
    **{f"extended-{n}": partial(grammars.extended, count=n) for n in (20, 21, 22)},
    "urqmd-f14": grammars.urqmd,
    "urqmd-f14-legacy": partial(grammars.urqmd, version=20030),
    "urqmd-f14-19-columns": partial(grammars.urqmd, more=4),
    "urqmd-f14-times": partial(grammars.urqmd, times=3),
    "urqmd-f13": partial(grammars.urqmd, file=13),
    "urqmd-f13-24-columns": partial(grammars.urqmd, file=13, more=1),
    "jetscape-v1": partial(grammars.jetscape, version="v1"),
    "jetscape-v2": grammars.jetscape,
    "jetscape-v2-converter": partial(grammars.jetscape, version="converter"),
    "jetscape-v3": partial(grammars.jetscape, version="v3"),
}


def written(folder, text, name="events.dat"):
    path = folder / name
    path.write_text(text)
    return path


def claim(path):
    return READERS[0].claim(FileHead(path))


@pytest.mark.parametrize("form", FORMS)
def test_every_format_gives_back_its_events(form, tmp_path):
    """Codes and charges exactly, momenta to the digits of the file, events without particles in their places."""
    given = grammars.events((3, 0, 4, 1, 0))
    path = written(tmp_path, FORMS[form](given))
    table = read_events(path)
    assert claim(path).strength == Strength.EXACT
    assert_array_equal(np.diff(table.offsets), [3, 0, 4, 1, 0])
    codes = np.concatenate([event.pdg for event in given])
    assert_array_equal(table.pdg, codes)
    assert_array_equal(table.charge, [charge(int(code)) for code in codes])
    momenta = np.concatenate([event.p for event in given])
    tolerance = 1e-5 if form.startswith("jetscape") else 1e-8
    assert_allclose(np.stack([table.px, table.py, table.pz], 1), momenta, rtol=tolerance, atol=tolerance)
    masses = np.array([grammars.mass(int(code)) for code in codes])
    assert_allclose(table.E, np.sqrt(masses**2 + np.sum(momenta**2, axis=1)), rtol=tolerance)
    if form.startswith("jetscape"):
        assert np.isnan(table.impact).all()
        assert "impact parameter" in table.missing
    else:
        assert_allclose(table.impact, [1.5, 2.5, 3.5, 4.5, 5.5])


@pytest.mark.parametrize("version", ["1.5", "1.6"])
def test_old_versions_of_smash_have_impact_parameters(version, tmp_path):
    """`impact   6.500` ends the line in SMASH 1.5 and 1.6: a reader by position gives 0 there."""
    table = read_events(written(tmp_path, grammars.oscar_2013(grammars.events(), version=f"SMASH-{version}")))
    assert_allclose(table.impact, [1.5, 2.5, 3.5])


@pytest.mark.parametrize(("version", "notes"), [("1.8", 1), ("2.1", 1), ("3.2", 1)])
def test_empty_and_scattering_have_opposite_senses(version, notes, tmp_path):
    """`empty yes` and `scattering_projectile_target no` are the same event: one without a collision, which is kept."""
    given = grammars.events((3, 0, 2))
    table = read_events(written(tmp_path, grammars.oscar_2013(given, version=f"SMASH-{version}", quiet=[1])))
    assert table.events == 3
    assert [note for note in table.notes if note.startswith("1 events without a collision")]


def test_columns_of_smash_are_read_by_their_names(tmp_path):
    """Any order, any choice: a list without energies has them from the masses."""
    given = grammars.events()
    wanted = read_events(written(tmp_path, grammars.oscar_2013(given)))
    for columns in (["pdg", "pz", "ncoll", "py", "px", "p0"], ["charge", "mass", "px", "pdg", "py", "t", "pz"]):
        text = grammars.oscar_2013(given, columns=columns, kind="ASCII", version="SMASH-3.2")
        table = read_events(written(tmp_path, text))
        assert_array_equal(table.pdg, wanted.pdg)
        for name in ("px", "py", "pz", "E"):
            assert_allclose(getattr(table, name), getattr(wanted, name), rtol=1e-6, err_msg=name)


def test_initial_conditions_of_smash_are_read_with_and_without_counts(tmp_path):
    given, found = grammars.events((2, 3)), []
    old = grammars.oscar_2013(given, content="SMASH_IC").replace("out", "in")
    new = grammars.oscar_2013(given, content="SMASH_IC", version="SMASH-3.2")
    for size in (2, 3):
        new = new.replace(f"out {size}", "start")
    new = "\n".join(line.split(" end ")[0] + " end" if " end " in line else line for line in new.splitlines()) + "\n"
    for text in (old, new):
        table = read_events(written(tmp_path, text))
        assert any("not the final state" in note for note in table.notes)
        found.append(table)
    assert_array_equal(found[0].pdg, found[1].pdg)
    assert np.isnan(found[1].impact).all()


def test_spectators_of_urqmd_stand_beyond_the_count(tmp_path):
    table = read_events(written(tmp_path, grammars.urqmd(grammars.events((3, 2)), spectators=4)))
    assert_array_equal(np.diff(table.offsets), [7, 6])
    assert_array_equal(table.pdg[:4], 2212)
    with pytest.raises(InputError, match="count of particles"):
        read_events(written(tmp_path, grammars.urqmd(grammars.events((3, 2))).replace(" 3 200\n", " 2 200\n")))


def test_species_of_urqmd_agree_with_their_charges(tmp_path):
    """Every code of the table has the charge that Gell-Mann and Nishijima give: Q = I3 + (B + S)/2."""
    strange = {27: -1, 28: -1, 40: -1, 41: -1, 49: -2, 50: -2, 55: -3, 106: 1, 108: 1}
    for ityp, codes in CODES.items():
        for place, code in enumerate(codes):
            iso3 = 2 * place - len(codes) + 1
            baryon, s = int(ityp < 100), strange.get(ityp)
            expected = charge(code)
            if s is not None or ityp <= 26 or ityp in (101, 104):
                assert expected == 0.5 * (iso3 + baryon + (s or 0)), (ityp, iso3)
            found, wrong = pdg_of(*(np.array([float(x)]) for x in (ityp, iso3, expected)))
            assert len(wrong) == 0
            assert found[0] == code
    antikaon, wrong = pdg_of(np.array([-106.0, -106.0]), np.array([-1.0, 1.0]), np.array([-1.0, 0.0]))
    assert_array_equal(antikaon, [-321, -311])
    assert len(wrong) == 0
    assert len(pdg_of(np.array([-101.0]), np.array([2.0]), np.array([1.0]))[1]) == 1
    table = read_events(written(tmp_path, grammars.urqmd(grammars.events(), shifted=True)))
    assert_array_equal(table.pdg, np.concatenate([event.pdg for event in grammars.events()]))


def test_charges_follow_from_the_digits():
    """Resonances with eight digits, nuclei, quarks and mesons whose lighter quark comes first."""
    known = {19922119: 0, 19932219: 1, -2224: -2, 1114: -1, 1000020040: 2, -1000010020: -1, 130: 0, 310: 0, 431: 1}
    known |= {521: 1, 511: 0, -3334: 1, 4122: 1, 9010221: 0, 22: 0, -11: 1, 2: 2 / 3, 5332: -1, 203312: -1}
    for code, value in known.items():
        assert charge(code) == pytest.approx(value), code
    assert [charge(code) for code in (0, 7, 99, 100, 110, 990, 9902210, 2210, 1100010020, 1000030020)] == [None] * 10


def test_gzip_and_small_blocks_change_nothing(tmp_path, monkeypatch):
    """Events are cut by blocks of the file and by the rows that wait: the table is the same."""
    given = grammars.events((40, 0, 75, 3), seed=5)
    path = written(tmp_path, grammars.oscar_2013(given, version="SMASH-3.2", times=True))
    packed = tmp_path / "events.dat.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()[:3000]) + gzip.compress(path.read_bytes()[3000:]))
    wanted = read_events(path)
    monkeypatch.setattr("retrodict.heavy_ion.events.lines.BLOCK", 97)
    monkeypatch.setattr(collect, "FLUSH", 500)
    for each in (path, packed):
        table = read_events(each)
        for name in ("offsets", "pdg", "px", "pz", "E", "charge", "impact"):
            assert_array_equal(getattr(table, name), getattr(wanted, name), err_msg=name)
    assert claim(packed).strength == Strength.EXACT


def test_what_inspect_says(tmp_path):
    """The surface that scripts call; system and energy where they are said, and what is not."""
    path = written(tmp_path, grammars.oscar_1997(grammars.events((30, 0, 50))))
    found = describe(path)
    assert (found["kind"], found["format"], found["events"], found["particles"]) == ("events", "OSCAR1997A", 3, 80)
    assert sum(found["species"].values()) == 80
    assert found["species"]["pi+"] == sum(int(np.sum(e.pdg == 211)) for e in grammars.events((30, 0, 50)))
    assert found["energy"] == {"value": 200.0, "unit": "GeV"}
    assert found["system"] == "(197,79)+(197,79)"
    assert found["events_without_particles"] == 1
    assert found["missing"] == []
    urqmd = describe(written(tmp_path, grammars.urqmd(grammars.events())))
    assert (urqmd["energy"]["value"], urqmd["energy_is"], urqmd["writer"]) == (200.0, "sqrt(s_NN)", "UrQMD 30400")
    assert describe(written(tmp_path, grammars.oscar_2013(grammars.events())))["missing"] == [
        "beam energy",
        "colliding nuclei",
    ]
    holes = describe(written(tmp_path, grammars.jetscape(grammars.events(), status=-1)))
    assert holes["holes"] == 7
    weighted = read_events(written(tmp_path, grammars.jetscape(grammars.events(), weights=[0.5, 2.0, 1.5])))
    assert_array_equal(weighted.weight, [0.5, 2.0, 1.5])


def test_initial_conditions_of_trento(tmp_path):
    """The table with and without ncoll, one text grid, and HDF5 whose names sort as event_10 before event_2."""
    for ncoll in (False, True):
        found = read_any(written(tmp_path, grammars.trento_table(ncoll=ncoll)))
        assert found.events == 12
        assert ("ncoll" in found.columns) is ncoll
        assert_allclose(found.columns["mult"], 0.5 * found.columns["npart"], rtol=1e-9)
    grid = describe(written(tmp_path, grammars.trento_grid()))
    assert (grid["kind"], grid["events"], grid["particles"], grid["grid"]) == ("events", 1, 0, "5x5")
    path = tmp_path / "trento.h5"
    with h5py.File(path, "w") as file:
        for i in range(12):
            dataset = file.create_dataset(f"event_{i}", data=np.ones((4, 4)), compression="gzip", chunks=(4, 4))
            numbers = {"b": 0.5 * i, "mult": 10.0 + i, "e2": 0.1, "e3": 0.2, "e4": 0.3, "e5": 0.4}
            dataset.attrs.update({**numbers, "npart": np.int32(2 + i)})
    found = read_any(path)
    assert_allclose(found.columns["b"], 0.5 * np.arange(12))
    assert claim(path).strength == Strength.EXACT
    assert describe(path)["npart"]["largest"] == 13.0
    with pytest.raises(InputError, match="no particles"):
        read_events(path)


def test_rows_with_fermi_momenta_are_kept_and_counted(tmp_path):
    """A few particles off their mass shell are UrQMD's spectators with Fermi momenta, not another unit."""
    given = grammars.events((30,))
    text = grammars.oscar_2013(given)
    row = grammars.text(grammars.rows(given[0])[4], grammars.STANDARD)
    moved = replace_cell(row, 8, "3.5")
    table = read_events(written(tmp_path, text.replace(row, moved)))
    assert any(note.startswith("1 of 30 particles are not on their mass shell") for note in table.notes)
    assert replace(table, notes=()).particles == 30


def test_nuclei_with_fermi_momenta_are_read(tmp_path):
    """A peripheral event of UrQMD: most particles are nucleons whose energies do not know their Fermi momenta."""
    rng, n = np.random.default_rng(0), 60
    pdg = np.concatenate([rng.choice([2212, 2112], n), [211, -211, 111]])
    momenta = np.concatenate([np.tile([0.0, 0.0, 5.0], (n, 1)), rng.normal(0, 0.4, (3, 3))])
    text = grammars.urqmd([grammars.Event(pdg, momenta, 12.0)])
    lines = text.splitlines()
    for i in range(19, 19 + n):
        lines[i] = replace_cell(lines[i], 7, f"{5.0 + rng.normal(0, 0.15):.16E}")
    table = read_events(written(tmp_path, "\n".join(lines) + "\n"))
    assert table.particles == n + 3
    assert any("Fermi momenta" in note for note in table.notes)


def replace_cell(row, place, value):
    cells = row.split()
    cells[place] = value
    return " ".join(cells)
