"""R-correlators in files: the same numbers from NPZ, HDF5 and a table; one clear error for each that is broken."""

import json

import h5py
import numpy as np
import pytest

from retrodict import InputError
from retrodict.base.errors import UnknownKind
from retrodict.cli.main import execute
from retrodict.hadron.hal_qcd.inspect import inspect
from retrodict.hadron.hal_qcd.readers import read_r_correlator
from tests.hadron.hal_qcd.mocks import correlator


def arrays():
    found = correlator(samples=6, extent=6)
    return {"R": found.values, "t": found.times, "points": found.wedge.points, "extent": np.array(6)}


def npz(path, **changes):
    np.savez(path, **{name: value for name, value in (arrays() | changes).items() if value is not None})
    return path


def table(path, header="t,sample,x,y,z,R", rows=None):
    a = arrays()
    index = np.stack(np.meshgrid(*(np.arange(n) for n in a["R"].shape), indexing="ij"), axis=-1).reshape(-1, 3)
    every = [(a["t"][i], j, *a["points"][k], a["R"][i, j, k]) for i, j, k in index] if rows is None else rows
    path.write_text("\n".join([header, *(",".join(f"{x:.17g}" for x in row) for row in every)]) + "\n")
    return path


def hdf5(path):
    with h5py.File(path, "w") as file:
        group = file.create_group("xixi")
        for name, value in arrays().items():
            group[name] = value
    return path


@pytest.mark.parametrize(("make", "name"), [(npz, "r.npz"), (hdf5, "r.h5"), (table, "r.csv")])
def test_every_form_holds_the_same_numbers(tmp_path, make, name):
    found, made = read_r_correlator(make(tmp_path / name)), correlator(samples=6, extent=6)
    order = [found.wedge.index[tuple(point)] for point in made.wedge.points.tolist()]
    np.testing.assert_array_equal(found.values[:, :, order], made.values)
    np.testing.assert_array_equal(found.times, made.times)
    assert found.wedge.extent == 6


def test_inspect_says_what_is_in_the_file(tmp_path, capsys):
    assert execute(["inspect", str(npz(tmp_path / "r.npz")), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = {"kind": "r_correlator", "domain": "hadron", "samples": 6, "times": [8, 9, 10, 11], "extent": 6}
    assert expected.items() <= found.items()
    shift = [one["value"] for one in inspect(tmp_path / "r.npz")["effective_energy_shift"]]
    made = correlator(samples=6, extent=6)
    total = made.values.mean(axis=1) @ made.wedge.multiplicity
    np.testing.assert_allclose(shift, np.log(total[:-1] / total[1:]), rtol=1e-12)


BROKEN = {
    "no points": ({"points": None}, "lacks points"),
    "no extent": ({"extent": None}, "lacks extent"),
    "another extent": ({"extent": np.array(8)}, "cubic wedge"),
    "two extents": ({"extent": np.array([6, 8])}, "one extent"),
    "an extent of zero": ({"extent": np.array(0)}, "extent of the lattice"),
    "half a lattice spacing": ({"points": arrays()["points"] + 0.5}, "whole numbers in units"),
    "points in the plane": ({"points": arrays()["points"][:, :2]}, r"\(point, 3\)"),
    "a point twice": ({"points": arrays()["points"][[0, 0, *range(2, 20)]]}, "cubic wedge"),
    "two times": ({"t": np.array([8, 9]), "R": arrays()["R"][:2]}, "three consecutive times"),
    "a gap": ({"t": np.array([8, 9, 11, 12])}, "three consecutive times"),
    "a time twice": ({"t": np.array([8, 9, 9, 10])}, "three consecutive times"),
    "times that are no numbers of steps": ({"t": np.array([0.8, 0.9, 1.0, 1.1])}, "whole numbers in units"),
    "one sample": ({"R": arrays()["R"][:, :1]}, "one sample"),
    "no samples": ({"R": arrays()["R"][:, 0]}, "time, sample, point"),
    "transposed": ({"R": arrays()["R"].transpose(1, 0, 2)}, "time, sample, point"),
    "not a number": ({"R": np.where(arrays()["R"] > arrays()["R"].max() * 0.999, np.nan, arrays()["R"])}, "NaN"),
    "negative": ({"R": -arrays()["R"]}, "not positive"),
}


@pytest.mark.parametrize(("changes", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_correlator_is_one_clear_error(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        read_r_correlator(npz(tmp_path / "r.npz", **changes))


def test_a_table_with_a_row_twice_or_missing_is_refused(tmp_path):
    a = arrays()
    rows = [(8, 0, *a["points"][k], 1.0) for k in range(20)]
    with pytest.raises(InputError, match="one value at each point"):
        read_r_correlator(table(tmp_path / "r.csv", rows=[*rows, rows[0]]))
    with pytest.raises(UnknownKind):
        read_r_correlator(table(tmp_path / "other.csv", header="t,sample,a,b,c,R"))


def test_new_needs_the_scale_and_writes_a_config_that_is_checked(tmp_path, capsys):
    path = npz(tmp_path / "r.npz")

    def new(name, *more):
        code = execute(["new", "hadron", str(tmp_path / name), "--data", str(path), *more])
        return code, capsys.readouterr().err

    code, error = new("a")
    assert code == 2
    assert "lattice_spacing and mass must be given" in error
    assert not (tmp_path / "a").exists()
    spacing, mass = ("--set", "lattice_spacing=0.2"), ("--set", "mass=1.735")
    code, error = new("b", *spacing, *mass)
    assert code == 0, error
    written = (tmp_path / "b" / "config.yaml").read_text()
    assert "lattice_spacing: 0.2" in written
    assert "data: data/r.npz" in written
    code, error = new("c", *spacing, "--set", "mass=1712")
    assert code == 2
    assert "do not belong to a hadron" in error
    code, error = new("d", *spacing, *mass, "--set", "times=[8]")
    assert code == 2
    assert "no potential at this time" in error
