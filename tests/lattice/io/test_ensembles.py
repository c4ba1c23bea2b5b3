"""A folder of configurations is checked as one ensemble: all of them are read, one at a time, and what is wrong with
any is told by its name."""

import json
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.cli.main import execute
from retrodict.lattice.io import ensemble, files
from tests.lattice.io import encoders
from tests.lattice.io.encoders import random_links, slow_plaquette

LINKS = [random_links(seed, (2, 2, 2, 4)) for seed in range(5)]


@pytest.fixture
def folder(tmp_path):
    for number, links in enumerate(LINKS):
        (tmp_path / f"conf.{10 * number}").write_bytes(encoders.ildg(links))
    (tmp_path / "notes.txt").write_text("beta = 0\n")
    return tmp_path


def test_an_ensemble_is_told_with_its_mean_plaquette_and_its_numbers(folder):
    found = ensemble.inspect_folder(folder)
    plaquettes = [slow_plaquette(links) for links in LINKS]
    assert (found["files"], found["read"], found["failures"]) == (5, 5, [])
    assert found["dimensions"] == {"x": 2, "y": 2, "z": 2, "t": 4}
    assert_allclose(found["plaquette"]["mean"], np.mean(plaquettes), rtol=1e-10)
    assert_allclose(found["plaquette"]["sd"], np.std(plaquettes, ddof=1), rtol=1e-10)
    assert found["plaquette"]["max_file"] == f"conf.{10 * int(np.argmax(plaquettes))}"
    assert found["numbers"] == "0 ... 40, step 10"
    assert found["ignored"] == "notes.txt"
    assert found["checks"]["checksum"] == {"passed": 5}


def test_damaged_doubled_missing_and_foreign_members_are_named(folder):
    (folder / "conf.30").unlink()
    (folder / "conf.50").write_bytes(encoders.ildg(LINKS[0]))
    (folder / "conf.60").write_bytes(encoders.ildg(random_links(9)))
    (folder / "conf.70").write_bytes(encoders.ildg(LINKS[1])[:9000])
    (folder / "conf.80").write_bytes(b"")
    found = ensemble.inspect_folder(folder)
    errors = {failure["file"].rpartition("/")[2]: failure["error"] for failure in found["failures"]}
    assert set(errors) == {"conf.60", "conf.70", "conf.80"}
    assert "4 x 2 x 2 x 6" in errors["conf.60"]
    assert "cut short" in errors["conf.70"]
    assert "an empty file" in errors["conf.80"]
    assert found["read"] == 5
    assert found["warnings"] == ["the same bytes: conf.0, conf.50"]
    assert found["numbers"].endswith("missing: 30")


def test_the_memory_does_not_grow_with_the_number_of_configurations(tmp_path):
    def peak(count):
        for number in range(count):
            files.write_ildg(tmp_path / f"{number}.lime", files.GaugeField(random_links(number, (4, 4, 4, 8))))
        tracemalloc.start()
        ensemble.inspect_folder(tmp_path)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(12) < 1.2 * peak(2)


def test_inspect_ends_with_2_after_it_has_told_all(folder, capsys):
    assert execute(["inspect", str(folder)]) == 0
    (folder / "conf.30").write_bytes(b"nothing")
    assert execute(["inspect", str(folder)]) == 2
    out, err = capsys.readouterr()
    assert "read: 4" in out
    assert "1 of 5 files fail" in err
    assert "conf.30" in err


def test_files_of_several_kinds_are_told_in_one_call(folder, capsys):
    table = folder / "correlator.csv"
    table.write_text("t,C,error\n0,1.0,0.01\n1,0.5,0.01\n2,0.3,0.01\n3,0.2,0.01\n")
    confs = [str(folder / "conf.0"), str(folder / "conf.10")]
    assert execute(["inspect", confs[0], str(table), confs[1], str(folder / "none"), "--json"]) == 2
    out, err = capsys.readouterr()
    kinds = [each["kind"] for each in json.loads(out)["files"]]
    assert kinds == ["gauge_ensemble", "correlator"]
    assert "no such file" in err


def test_lattices_of_several_sizes_named_by_hand_are_no_failure(tmp_path):
    (tmp_path / "a").write_bytes(encoders.ildg(LINKS[0]))
    (tmp_path / "b").write_bytes(encoders.ildg(random_links()))
    (found,) = ensemble.inspect_files([tmp_path / "a", tmp_path / "b"])
    assert found["failures"] == []
    assert found["warnings"] == ["2 x 2 x 2 x 4: 1 files", "4 x 2 x 2 x 6: 1 files"]
