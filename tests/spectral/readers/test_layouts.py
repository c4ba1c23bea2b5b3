"""Correlators as programs and people store them: read to the numbers that they hold, or the choice is offered."""

import gzip
import json

import h5py
import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.cli.inspect import look
from retrodict.spectral import read_correlator, read_samples
from retrodict.spectral.readers.candidates import SeveralCorrelators
from retrodict.spectral.readers.opening import open_correlator
from tests.spectral.readers import corpus

TIMES = 8
MEASURED = np.exp(-0.4 * np.arange(TIMES)) * (1 + 0.02 * np.random.default_rng(0).normal(size=(40, TIMES)))


def lines(rows, sep=" "):
    return "".join(sep.join(map(repr, row)) + "\n" for row in np.asarray(rows).tolist())


@pytest.mark.parametrize(
    ("above", "sep"),
    [
        ("", " "),
        ("", ","),
        ("", "\t"),
        ("# saved by a script\n", "  "),
        (",".join(f"t{i}" for i in range(TIMES)) + "\n", ","),
        (" ".join(f"C_{i + 1}" for i in range(TIMES)) + "\n", " "),
        (",".join(map(str, range(TIMES))) + "\n", ","),
        ("# " + " ".join(f"c{i}" for i in range(TIMES)) + "\n", " "),
    ],
)
def test_rows_of_measurements_are_measurements(above, sep, tmp_path):
    (tmp_path / "m").write_text(above + lines(MEASURED, sep))
    found = look(tmp_path / "m")
    assert (found["kind"], found["measurements"], found["points"]) == ("correlator", 40, TIMES)
    np.testing.assert_array_equal(read_samples(tmp_path / "m").chains[0][0], MEASURED)
    assert any("measurements, (configurations, times)" in line for line in found["warnings"])


def test_rows_that_rise_are_no_measurements(tmp_path):
    rising = np.sort(MEASURED, axis=0)
    (tmp_path / "m").write_text(lines(rising))
    assert look(tmp_path / "m")["kind"] == "table_without_names"


def test_three_columns_without_names_get_a_header_that_works(tmp_path):
    rows = np.stack([np.arange(1.0, 9.0), MEASURED.mean(axis=0), np.full(TIMES, 0.01)], axis=1)
    (tmp_path / "c.dat").write_text(lines(rows))
    found = look(tmp_path / "c.dat")
    assert found["could_be"] == [{"header": "tau [a], G, sigma", "domain": "spectral"}]
    again = look(tmp_path / "c.dat", said={"columns": found["header_to_add"]})
    assert again["kind"] == "correlator"
    assert "columns: " in again["config"]
    np.testing.assert_array_equal(read_correlator(tmp_path / "c.dat", columns="tau [a], G, sigma").mean, rows[:, 1])


@pytest.mark.parametrize(
    ("cell", "value", "error"),
    [
        ("1.0489(11)", 1.0489, 0.0011),
        ("0.5(0.02)", 0.5, 0.02),
        ("1.25(3)(4)", 1.25, 0.05),
        ("12(3)e-3", 0.012, 0.003),
        ("-2.50(10)", -2.5, 0.1),
        ("3.0(1)E+1", 30.0, 1.0),
    ],
)
def test_a_value_with_its_error_in_brackets_is_both(cell, value, error, tmp_path):
    (tmp_path / "c").write_text(f"t C\n0 {cell}\n1 0.9(1)\n2 0.7(1)\n")
    correlator = open_correlator(tmp_path / "c")[0]
    assert correlator.mean[0] == pytest.approx(value, rel=1e-14)
    assert np.sqrt(correlator.covariance[0, 0]) == pytest.approx(error, rel=1e-14)


def test_a_row_without_the_bracket_is_refused(tmp_path):
    (tmp_path / "c").write_text("t C\n0 1.0(1)\n1 0.9\n")
    with pytest.raises(InputError, match="error in brackets is missing"):
        read_correlator(tmp_path / "c")


def test_a_matrix_in_gvar_text_is_offered_and_not_flattened(tmp_path):
    rows = ["[" + ", ".join(map(repr, row)) + "]" for row in MEASURED.tolist()]
    doubled = ["[" + ", ".join(map(repr, row)) + "]" for row in (2 * MEASURED).tolist()]
    (tmp_path / "g").write_text("".join(f"pi [{a}, {b}]\n" for a, b in zip(rows, doubled, strict=True)))
    with pytest.raises(SeveralCorrelators) as several:
        read_samples(tmp_path / "g")
    assert [one.name for one in several.value.candidates] == ["pi[0]", "pi[1]"]
    np.testing.assert_array_equal(read_samples(tmp_path / "g", dataset="pi[1]").chains[0][0], 2 * MEASURED)
    columns = ["[" + ", ".join(f"[{a!r}, {2 * a!r}]" for a in row) + "]" for row in MEASURED.tolist()]
    (tmp_path / "h").write_text("".join(f"pi {row}\n" for row in columns))
    np.testing.assert_array_equal(read_samples(tmp_path / "h", dataset="pi[:,1]").chains[0][0], 2 * MEASURED)


def test_brackets_that_make_no_matrix_are_refused(tmp_path):
    for text in ("pi [[1, 2], [1]]\n", "pi [[[1, 2]], [[3, 4]]]\n"):
        (tmp_path / "g").write_text(text * 5)
        with pytest.raises(InputError, match="no matrix"):
            read_samples(tmp_path / "g")


@pytest.mark.parametrize("tag", ["2pt_pi,p=0", "pi.p000", "m_1", "D(s)->K"])
def test_any_tag_of_gvar_is_a_tag(tag, tmp_path):
    (tmp_path / "g").write_text("".join(f"{tag} {line}" for line in lines(MEASURED).splitlines(keepends=True)))
    assert look(tmp_path / "g")["kind"] == "correlator"
    np.testing.assert_array_equal(read_samples(tmp_path / "g", dataset=tag).chains[0][0], MEASURED)


# --- pyerrors ---------------------------------------------------------------------------------------------------------


def structure(measured, kind="Corr", layout=None, configurations=None):
    value = measured.mean(axis=0)
    configurations = range(1, len(measured) + 1) if configurations is None else configurations
    deltas = [[c, *row] for c, row in zip(configurations, (measured - value).tolist(), strict=True)]
    data = [{"id": "A", "replica": [{"name": "A|r1", "deltas": deltas}]}]
    return {"type": kind, "layout": layout or f"{measured.shape[1]}, 1", "value": value.tolist(), "data": data}


def store(path, structures, **more):
    path.write_bytes(gzip.compress(json.dumps({"program": "pyerrors", "obsdata": structures, **more}).encode()))
    return path


def test_the_names_of_a_dictionary_of_pyerrors_name_its_correlators(tmp_path):
    described = {"OBSDICT": {"P5P5": "DICTOBS0", "more": {"A0P5": "DICTOBS1"}}, "description": ""}
    path = store(tmp_path / "d.json.gz", [structure(MEASURED), structure(2 * MEASURED)], description=described)
    found = look(path)
    assert [one["path"] for one in found["datasets"]] == ["P5P5", "more/A0P5"]
    samples = read_samples(path, dataset="more/A0P5")
    np.testing.assert_allclose(samples.chains[0][0], 2 * MEASURED, rtol=1e-12)


def test_a_dataset_that_is_a_number_is_quoted_in_the_lines_to_paste(tmp_path):
    path = store(tmp_path / "d.json.gz", [structure(MEASURED), structure(2 * MEASURED)])
    assert 'dataset: "0"' in look(path)["config"]
    assert look(path, said={"dataset": 1})["kind"] == "correlator"


def test_single_numbers_of_one_ensemble_are_one_correlator_and_of_two_are_not(tmp_path):
    single = [structure(MEASURED[:, [t]], "Obs", "1") for t in range(TIMES)]
    path = store(tmp_path / "o.json.gz", single)
    samples = read_samples(path)
    np.testing.assert_allclose(samples.chains[0][0], MEASURED, rtol=1e-12)
    assert "single Obs" in samples.notes[0]
    single[3] = structure(MEASURED[:, [3]], "Obs", "1", configurations=range(2, len(MEASURED) + 2))
    with pytest.raises(InputError, match="do not belong together"):
        read_samples(store(tmp_path / "p.json.gz", single))


# --- Hadrons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", [".", "_"])
def test_hadrons_folders_list_their_mesons_in_order_with_the_gamma_matrices(between, tmp_path):
    complex_type = np.dtype([("re", "f8"), ("im", "f8")])
    for configuration, row in enumerate(MEASURED):
        with h5py.File(tmp_path / f"pt_ll{between}{1000 + 10 * configuration}.h5", "w") as file:
            for meson in (10, 2, 1):
                group = file.create_group(f"meson/meson_{meson}")
                group.attrs["gamma_snk"] = [f"Gamma{meson}"]
                group["corr"] = np.array([(meson * x, 0.0) for x in row], dtype=complex_type)
    found = look(tmp_path)
    assert [one["path"] for one in found["datasets"]] == [f"meson/meson_{k}/corr" for k in (1, 2, 10)]
    assert [one["holds"] for one in found["datasets"]] == [f"gamma_snk Gamma{k}" for k in (1, 2, 10)]
    np.testing.assert_array_equal(read_samples(tmp_path, dataset="meson/meson_2").chains[0][0], 2 * MEASURED)


# --- several correlators, several errors ------------------------------------------------------------------------------

TAU = np.arange(1.0, TIMES + 1)
MEAN = MEASURED.mean(axis=0)


def table(names, *columns):
    return names + "\n" + lines(np.stack(columns, axis=1), ",")


@pytest.mark.parametrize(
    ("names", "what", "option"),
    [
        ("t,C,sigma_C,G,sigma_G", "the values", "t, _, _, g, sigma_g"),
        ("t,corr,corr_err,corr2,corr2_err", "the values", "t, corr, corr_err, _, _"),
        ("tau,G,dG,G2,dG2", "the values", "tau, g, dg, _, _"),
        ("t,C,err,sys_err,_", "the errors", "t, c, err, _"),
        ("tau [GeV^-1],G,sigma,error,more", "the errors", "tau [GeV^-1], g, sigma, _, _"),
    ],
)
def test_of_two_correlators_in_a_table_none_is_taken_and_the_option_given_takes_one(names, what, option, tmp_path):
    (tmp_path / "c").write_text(table(names, TAU, MEAN, 0.01 * MEAN, 2 * MEAN, 0.04 * MEAN))
    with pytest.raises(InputError, match=f"several columns could be {what}") as refusal:
        look(tmp_path / "c")
    assert f'--columns "{option}"' in refusal.value.fix
    if not names.endswith("_"):
        assert look(tmp_path / "c", said={"columns": option})["kind"] == "correlator"


def test_of_two_correlators_in_an_archive_none_is_taken(tmp_path):
    arrays = {"tau": TAU, "mean": MEAN, "sigma": 0.01 * MEAN}
    np.savez(tmp_path / "two.npz", **arrays, G=2 * MEAN, sigma_G=MEAN)
    (tmp_path / "two.json").write_text(json.dumps({k: v.tolist() for k, v in {**arrays, "G": MEAN}.items()}))
    with h5py.File(tmp_path / "two.h5", "w") as file:
        for key, values in {**arrays, "G": MEAN}.items():
            file[key] = values
    for name in ("two.npz", "two.json", "two.h5"):
        with pytest.raises(InputError, match="several columns could be the values"):
            look(tmp_path / name)
    np.savez(tmp_path / "matrix.npz", **arrays, corr_matrix=np.eye(TIMES))
    with pytest.raises(InputError, match="a matrix that may matter"):
        look(tmp_path / "matrix.npz")


def test_columns_that_are_not_used_are_named(tmp_path):
    (tmp_path / "c").write_text(table("t,C,err,m_eff,m_eff_err", TAU, MEAN, 0.01 * MEAN, MEAN, MEAN))
    assert any("columns not used: m_eff, m_eff_err" in line for line in look(tmp_path / "c")["warnings"])


def test_columns_that_count_configurations_are_no_times(tmp_path):
    (tmp_path / "c").write_text(",".join(f"cfg_{i}" for i in range(40)) + "\n" + lines(MEASURED.T, ","))
    with pytest.raises(InputError, match="columns of configurations, not of times"):
        look(tmp_path / "c")


@pytest.mark.parametrize(("word", "with_grid"), [("jk_", True), ("jackknife", False), ("boot", True), ("bs_", False)])
def test_columns_of_replicates_have_the_errors_of_the_mean(word, with_grid, tmp_path):
    """Jackknife: sum (x_j - mean)^2 (n - 1) / n is the squared error of the mean; bootstrap: the variance."""
    count, mean = len(MEASURED), MEASURED.mean(axis=0)
    error = MEASURED.std(axis=0, ddof=1) / np.sqrt(count)
    if word.startswith("j"):
        rows = (MEASURED.sum(axis=0) - MEASURED) / (count - 1)
    else:
        chosen = np.random.default_rng(1).integers(count, size=(4000, count))
        rows = MEASURED[chosen].mean(axis=1)
    names = [f"{word}{i}" for i in range(len(rows))]
    grid = [TAU, mean] if with_grid else []
    header = ",".join([*(["tau", "mean"] if with_grid else []), *names])
    (tmp_path / "c").write_text(header + "\n" + lines(np.stack([*grid, *rows], axis=1), ","))
    found = look(tmp_path / "c")
    assert found["replicates"] == len(rows)
    correlator = read_correlator(tmp_path / "c")
    np.testing.assert_allclose(correlator.mean, mean, rtol=1e-3 if word == "bs_" else 1e-12)
    np.testing.assert_allclose(correlator.error, error, rtol=0.05 if word.startswith("b") else 1e-9)


def test_the_unit_of_a_grid_may_stand_below_its_name(tmp_path):
    (tmp_path / "c").write_text("tau,G,sigma\nfm,,\n" + lines(np.stack([0.1 * TAU, MEAN, 0.01 * MEAN], axis=1), ","))
    (tmp_path / "d").write_text(table("tau [fm],G,sigma", 0.1 * TAU, MEAN, 0.01 * MEAN))
    np.testing.assert_array_equal(read_correlator(tmp_path / "c").grid, read_correlator(tmp_path / "d").grid)
    assert look(tmp_path / "c")["argument"] == "tau"


def test_a_replicum_that_stands_twice_in_a_pyerrors_file_does_not_count_twice(tmp_path):
    document = corpus.pyerrors_document(MEASURED)
    replica = document["obsdata"][0]["data"][0]["replica"]
    replica.append(replica[0])
    (tmp_path / "p.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="a replicum appears twice"):
        read_samples(tmp_path / "p.json")


def test_two_correlators_side_by_side_without_names_get_a_header_that_takes_the_first(tmp_path):
    rows = np.stack([TAU, MEAN, 0.01 * MEAN, 2 * MEAN, 0.04 * MEAN], axis=1)
    (tmp_path / "c.dat").write_text(lines(rows))
    found = look(tmp_path / "c.dat")
    assert found["header_to_add"] == "tau [a], G, sigma, _, _"
    assert look(tmp_path / "c.dat", said={"columns": found["header_to_add"]})["kind"] == "correlator"
