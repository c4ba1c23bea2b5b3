"""What is read of a design, of outputs and of measurements: names, bins, signs, percentages, covariances."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.heavy_ion.calibration.inspect import describe_measurements, describe_outputs
from retrodict.heavy_ion.calibration.mock import mock_design, mock_outputs
from retrodict.heavy_ion.calibration.readers.measured_files import read_measurements
from retrodict.heavy_ion.calibration.readers.measurements import ErrorSource, Measurements, from_sides
from retrodict.heavy_ion.calibration.readers.ranges import box
from retrodict.heavy_ion.calibration.readers.runs import Bin, join, read_design, read_outputs, select
from retrodict.heavy_ion.calibration.readers.sims import PB_PB_2760, read_sims_outputs, write_outputs
from tests.heavy_ion.calibration.test_bad_files import CSV, DESIGN, HEAD, OUTPUTS, PARAMETERS, YAML


def written(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def test_parameters_keep_their_names_and_units(tmp_path):
    found = read_design(written(tmp_path, "d.csv", DESIGN))
    assert found.names == ("norm", "nucleon_width", "Tswitch")
    assert found.units == ("", "fm", "GeV")
    assert_allclose(found.values, PARAMETERS)
    assert found.index.tolist() == list(range(12))


@pytest.mark.parametrize("separator", [";", "\t", " "])
def test_cells_may_stand_between_other_marks(separator, tmp_path):
    found = read_design(written(tmp_path, "d.txt", DESIGN.replace(",", separator)))
    assert_allclose(found.values, PARAMETERS)
    assert found.units == ("", "fm", "GeV")


def test_a_header_may_be_a_comment_and_a_table_an_archive(tmp_path):
    assert read_design(written(tmp_path, "d.csv", "# made today\n# " + DESIGN)).names[2] == "Tswitch"
    arrays = {name: column for name, column in zip(("norm", "w [fm]"), PARAMETERS.T, strict=False)}
    np.savez(tmp_path / "d.npz", **arrays)
    found = read_design(tmp_path / "d.npz")
    assert (found.names, found.units, found.indexed) == (("norm", "w"), ("", "fm"), False)
    assert_allclose(found.values, PARAMETERS[:, :2])


def test_outputs_are_matched_by_index_and_rows_dropped_by_name(tmp_path):
    lines = OUTPUTS.splitlines(keepends=True)
    shuffled = "".join([lines[0], *reversed(lines[1:5]), *lines[6:]])  # point 4 never ran
    runs = join(
        read_design(written(tmp_path, "d.csv", DESIGN)), read_outputs(written(tmp_path, "o.csv", shuffled)), (4, 7)
    )
    kept = [i for i in range(12) if i not in (4, 7)]
    assert runs.design.index.tolist() == kept
    assert_allclose(runs.outputs.values[:, 0], 1000 * PARAMETERS[kept, 0])
    assert_allclose(runs.outputs.values[:, 2], 0.03 * PARAMETERS[kept, 1])
    assert np.isnan(runs.outputs.error[:, 0]).all()
    assert_allclose(runs.outputs.error[:, 2], 0.001)


def test_failed_runs_are_left_out_and_named(tmp_path):
    text = OUTPUTS.replace(f"{1000 * PARAMETERS[5, 0]}", "nan")
    outputs = written(tmp_path, "o.csv", text)
    runs = join(read_design(written(tmp_path, "d.csv", DESIGN)), read_outputs(outputs))
    assert describe_outputs(outputs)["rows_without_numbers"] == [5]
    assert select(runs, [2]).design.index.tolist() == list(range(12))  # v22 of that run is there
    chosen = select(runs, [2, 0])
    assert 5 not in chosen.design.index
    assert "1 points, left out: 5" in chosen.notes[0]
    assert [str(one) for one in chosen.outputs.bins] == ["v22[0 5]", "dNch_deta[0 5]"]


def test_outputs_written_and_read_have_the_same_bits(tmp_path):
    made = mock_outputs(mock_design(10))
    write_outputs(tmp_path / "o.csv", made)
    found = read_outputs(tmp_path / "o.csv")
    assert found.bins == made.bins
    assert np.array_equal(found.values, made.values)
    assert np.array_equal(found.error, made.error)


def test_the_public_binary_has_four_models_of_means_and_errors(tmp_path):
    """A file by the same layout: number = 1e6 point + 1e4 model + place in the row."""
    count = sum(map(len, PB_PB_2760.values()))
    assert count == 123
    place = np.arange(2 * count)
    rows = 1e6 * np.arange(3)[:, None, None] + 1e4 * np.arange(4)[None, :, None] + place
    (tmp_path / "main.dat").write_bytes(rows.astype("<f8").tobytes())
    found = read_sims_outputs(tmp_path / "main.dat", "Chapman-Enskog")
    assert found.bins[0] == Bin("dNch_deta", 0.0, 5.0)
    assert found.bins[8] == Bin("dET_deta", 0.0, 2.5)
    assert str(found.bins[-1]) == "v42[40 50]"
    assert_allclose(found.values[2, :9], 2e6 + 1e4 + np.array([*range(8), 16]))  # eight errors stand between
    assert_allclose(found.error[2, :9], 2e6 + 1e4 + np.array([*range(8, 16), 38]))


def test_the_prior_is_that_of_a_table_and_says_where_it_extrapolates(tmp_path):
    path = written(tmp_path, "r.csv", "param,min,max\nTswitch,1,2\nnorm,0,2\nnucleon_width,1,2\n")
    found = box(("norm", "nucleon_width", "Tswitch"), PARAMETERS, path)
    assert_allclose(found.low, [0, 1, 1])
    assert any("norm (0 to 2" in note for note in found.notes)
    own = box(("a", "b", "c"), PARAMETERS, None)
    assert_allclose(own.high, PARAMETERS.max(axis=0))


@pytest.mark.parametrize(("name", "text"), [("v22.yaml", YAML), ("v22.csv", CSV)])
def test_a_table_of_hepdata_gives_signed_and_relative_errors(name, text, tmp_path):
    found = read_measurements(written(tmp_path, name, text))
    assert found.bins == (Bin("v22", 0.0, 5.0), Bin("v22", 5.0, 10.0))
    assert_allclose(found.value, [0.04, 0.05])
    statistical, systematic = found.sources
    assert (statistical.kind, systematic.kind) == ("statistical", "systematic")
    assert_allclose(statistical.size, [0.001, 0.001])  # 2 % of 0.05 in the YAML
    assert_allclose(systematic.size, np.sqrt(0.5 * (0.002**2 + 0.001**2)))
    assert any("root mean square" in note for note in found.notes)


def test_an_error_that_changes_its_sign_along_the_bins_is_common_to_them():
    """Its covariance has a negative entry, which absolute values would make positive."""
    size, kind, notes = from_sides(np.array([0.2, -0.2]), np.array([-0.2, 0.2]), "systematic", "here")
    bins = (Bin("v22", 0, 5), Bin("v22", 5, 10))
    made = Measurements(bins, np.ones(2), (ErrorSource("a", kind, size),), "here")
    assert_allclose(made.covariance(), [[0.04, -0.04], [-0.04, 0.04]])
    assert "with its signs" in notes[-1]


def test_a_folder_of_tables_keeps_the_sources_of_each_apart(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    written(folder, "v22.yaml", YAML)
    written(folder, "v32.csv", CSV)
    found = read_measurements(folder)
    assert found.observables == ("v22", "v32")
    assert len(found.sources) == 4
    assert_allclose(np.diag(found.covariance()), found.error**2)
    described = describe_measurements(folder)
    assert described["observables"]["v32"]["points"] == 2


def test_sources_have_their_own_correlations_in_centrality():
    bins = (Bin("dNch_deta", 0, 10), Bin("dNch_deta", 10, 20), Bin("v22", 0, 10))
    sizes = np.array([[3.0, 4.0, 1.0], [2.0, 1.0, 0.5], [1.0, 2.0, 0.1], [0.5, 0.7, 0.2]])
    kinds = ("statistical", "systematic", "correlated", "normalisation")
    sources = tuple(ErrorSource(kind, kind, size) for kind, size in zip(kinds, sizes, strict=True))
    made = Measurements(bins, np.ones(3), sources, "here")
    found = made.covariance(20.0)
    assert_allclose(np.diag(found), np.sum(sizes**2, axis=0))
    assert_allclose(found[0, 1], 1.0 * 2.0 * np.exp(-0.5 * (10 / 20) ** 2) + 0.5 * 0.7)
    assert_allclose(found[:2, 2], 0.0)
    with pytest.raises(InputError, match="length"):
        made.covariance()
    plain = Measurements(bins, np.ones(3), sources[:2], "here")
    assert_allclose(plain.covariance()[0, 1], 0.0)
    assert_allclose(plain.covariance(20.0)[0, 1], 2.0 * np.exp(-0.125))  # systematic errors, then


def test_errors_in_per_cent_and_with_two_sides(tmp_path):
    head = HEAD.replace("error", "stat_error [%],sys_error_plus,sys_error_minus")
    found = read_measurements(written(tmp_path, "m.csv", head + "v22,0,5,0.04,5,0.003,0.002\nv22,5,10,0.05,4,0,0\n"))
    assert_allclose(found.sources[0].size, [0.002, 0.002])
    assert_allclose(found.sources[1].size, [np.sqrt(0.5 * (0.003**2 + 0.002**2)), 0.0])
    total = HEAD.replace("error", "error,stat_error,sys_error")
    both = read_measurements(written(tmp_path, "t.csv", total + "v22,0,5,0.04,0.005,0.003,0.004\n"))
    assert_allclose(both.error, 0.005)
    assert any("not counted again" in note for note in both.notes)
