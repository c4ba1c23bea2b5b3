"""Correlators: read with their units and errors whatever the form, and folded, cut and scaled without losing any."""

import gzip
import json
import subprocess
import sys

import h5py
import numpy as np
import pytest

from retrodict.base import domains
from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import Source, parse_yaml
from retrodict.cli.inspect import lines, look
from retrodict.spectral.correlator import Correlator, check, check_sign, check_symmetry
from retrodict.spectral.data import Errors, read_correlator, read_samples
from retrodict.spectral.estimation import estimate
from retrodict.spectral.inspect import inspect
from retrodict.spectral.mock import MockCorrelator
from tests.neutron_star.readers import corpus as stars
from tests.spectral.readers import corpus

FERMI = 1e3 / HBAR_C  # GeV^-1


def write(folder, text, name="d.csv"):
    (folder / name).write_text(text)
    return folder / name


def lattice(count: int = 12, **changes) -> Correlator:
    """A periodic correlator in lattice units, exact values with the covariance of 100 measurements."""
    t = np.arange(float(count))
    one = MockCorrelator(t, np.cosh(0.3 * (t - count / 2)), 50.0, 0.05, 2.0, time_extent=float(count))
    values = {"grid": t, "mean": one.exact, "covariance": one.covariance(100), "unit": "a^-3", **changes}
    source = Source("lattice", "", 0)
    return check(Correlator(argument="tau", grid_unit="a", samples=None, method="", notes=(), file=source, **values))


# --- means with errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", ["p, D, sigma", "tau, G, sigma", "t, C, C_error", "momentum, propagator, err", "p, D(p), sigma_D"]
)
@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
def test_columns_are_known_by_their_names_in_any_order(header, order, tmp_path):
    names, rows = header.split(", "), [(0.0, 1.0, 0.1), (1.0, 0.5, 0.2), (2.0, 0.3, 0.3)]
    lines = [", ".join(names[i] for i in order), *(", ".join(str(row[i]) for i in order) for row in rows)]
    read = read_correlator(write(tmp_path, "\n".join(lines)))
    np.testing.assert_array_equal(np.stack([read.grid, read.mean, read.error], axis=1), rows)
    assert (read.samples, read.unit) == (None, "")
    assert read.argument == ("momentum" if header[0] in "pm" else "tau")


@pytest.mark.parametrize(
    ("header", "unit", "scale"),
    [
        ("tau [fm]", "GeV^-1", FERMI),
        ("tau [GeV^-1]", "GeV^-1", 1.0),
        ("tau [1/MeV]", "GeV^-1", 1e3),
        ("tau [a]", "a", 1.0),
        ("p [MeV]", "GeV", 1e-3),
        ("p [1/fm]", "GeV", 1.0 / FERMI),
        ("omega_n [GeV]", "GeV", 1.0),
        ("p [1/a]", "1/a", 1.0),
    ],
)
def test_units_of_the_header_are_obeyed(header, unit, scale, tmp_path):
    read = read_correlator(write(tmp_path, f"{header}, G [GeV^2], sigma [GeV^2]\n1, 1, .1\n2, .5, .1\n"))
    np.testing.assert_allclose(read.grid, [scale, 2.0 * scale], rtol=1e-14)
    assert (read.grid_unit, read.unit, read.notes) == (unit, "GeV^2", ())


def test_a_grid_without_a_unit_is_taken_in_lattice_units_and_a_note_says_so(tmp_path):
    read = read_correlator(write(tmp_path, "tau, G, sigma\n1, 1, .1\n2, .5, .1\n"))
    assert read.grid_unit == "a"
    assert "lattice units are assumed" in read.notes[0]
    named = read_correlator(tmp_path / "d.csv", columns="tau [GeV^-1], G, sigma")
    assert (named.grid_unit, named.notes) == ("GeV^-1", ())


def test_an_unsorted_grid_is_sorted_with_its_covariance_and_a_note(tmp_path):
    good, order = corpus.correlated(), np.random.default_rng(0).permutation(8)
    mixed = {key: good[key][order] for key in ("grid", "mean")} | {"covariance": good["covariance"][order][:, order]}
    corpus.write_npz(tmp_path / "g.npz", mixed)
    read = read_correlator(tmp_path / "g.npz")
    np.testing.assert_array_equal(read.grid, good["grid"])
    np.testing.assert_array_equal(read.covariance, good["covariance"])
    assert "sorted" in read.notes[-1]


@pytest.mark.parametrize("name", ["cov.txt", "cov.npy", "cov.npz"])
def test_a_covariance_may_stand_in_a_second_file(name, tmp_path):
    good = corpus.correlated()
    corpus.write_npz(tmp_path / "g.npz", {key: good[key] for key in ("grid", "mean")})
    save = {"cov.txt": np.savetxt, "cov.npy": np.save, "cov.npz": np.savez}[name]
    save(tmp_path / name, good["covariance"])
    read = read_correlator(tmp_path / "g.npz", covariance=tmp_path / name)
    np.testing.assert_allclose(read.covariance, good["covariance"], rtol=1e-15)
    corpus.write_npz(tmp_path / "both.npz", good)
    with pytest.raises(InputError, match="given twice"):
        read_correlator(tmp_path / "both.npz", covariance=tmp_path / name)


def test_a_covariance_that_is_not_positive_is_mended_on_request_only(tmp_path):
    corpus.write_npz(tmp_path / "g.npz", corpus.rank_deficient(corpus.correlated()))
    with pytest.raises(InputError, match=r"not positive definite[\s\S]*svd_cut"):
        read_correlator(tmp_path / "g.npz")
    read = read_correlator(tmp_path / "g.npz", errors=Errors(svd_cut=1e-3))
    value = np.linalg.eigvalsh(read.covariance / np.outer(read.error, read.error))
    assert value[0] > 1e-4 * value[-1]
    assert "raised" in read.method


# --- measurements -----------------------------------------------------------------------------------------------------


def test_every_form_of_the_same_measurements_gives_the_same_correlator(tmp_path):
    found = []
    for form in corpus.FORMS:
        if form.name.startswith("samples"):
            form.write(tmp_path / form.file, form.make())
            found.append(read_correlator(tmp_path / form.file))
    assert len(found) == 9
    for other in found[1:]:
        np.testing.assert_allclose(other.mean, found[0].mean, rtol=1e-12)
        np.testing.assert_allclose(other.covariance, found[0].covariance, rtol=1e-8)


def test_a_tag_is_chosen_among_several_and_the_choice_is_asked_for(tmp_path):
    rows = corpus.measured()["samples"]
    lines = [f"one {' '.join(map(str, row))}\ntwo {' '.join(map(str, 2.0 * row))}" for row in rows]
    path = write(tmp_path, "\n".join(lines), "g.txt")
    with pytest.raises(InputError, match=r"one \(60, 8\), two \(60, 8\)[\s\S]*dataset: one"):
        read_correlator(path)
    np.testing.assert_allclose(read_correlator(path, dataset="two").mean, 2.0 * rows.mean(axis=0), rtol=1e-14)


def test_an_array_of_an_hdf5_file_has_its_grid_beside_it_and_its_imaginary_part_noted(tmp_path):
    samples = corpus.measured()["samples"]
    with h5py.File(tmp_path / "g.h5", "w") as file:
        file["a/corr"], file["a/tau"] = samples * (1.0 + 0.5j), 0.25 * corpus.TIMES
        file["a/tau"].attrs["units"] = np.bytes_("fm")
        file["b/corr"] = samples
    with pytest.raises(InputError, match="dataset: a/corr"):
        read_correlator(tmp_path / "g.h5")
    read = read_correlator(tmp_path / "g.h5", dataset="/a/corr")
    np.testing.assert_allclose(read.grid, 0.25 * FERMI * corpus.TIMES, rtol=1e-14)
    np.testing.assert_allclose(read.mean, samples.mean(axis=0), rtol=1e-13)
    assert "imaginary part is 0.5" in read.notes[0]


def test_a_group_may_hold_a_grid_with_samples_and_their_mean(tmp_path):
    """Without errors beside it, a mean says less than the samples, which then give both."""
    samples = corpus.measured()["samples"]
    with h5py.File(tmp_path / "g.h5", "w") as file:
        file["tau"], file["mean"], file["samples"] = corpus.TIMES, samples.mean(axis=0), samples
        file["T"] = 0.15  # a scalar of another meaning, not a grid
    assert read_correlator(tmp_path / "g.h5").samples == 60


def test_configurations_of_hadrons_are_ordered_by_number_and_chosen_by_pattern(tmp_path):
    """10, 20, ..., 100: the order of the names would be another one; Monte Carlo order matters for autocorrelation."""
    corpus.write_hadrons(tmp_path, corpus.measured())
    read = read_samples(tmp_path)
    np.testing.assert_array_equal(read.chains[0][0], corpus.measured()["samples"])
    corpus._replace(tmp_path / "other.7.h5", (5,))
    with pytest.raises(InputError, match="several sets"):
        read_samples(tmp_path)
    chosen = read_samples(tmp_path / "pt_ll.*.h5", dataset="meson/meson_0")
    np.testing.assert_array_equal(chosen.chains[0][0], read.chains[0][0])
    (tmp_path / "pt_ll.600.h5").unlink()
    (tmp_path / "pt_ll.550.h5").unlink()
    assert any("not evenly spaced" in note for note in read_samples(tmp_path / "pt_ll.*.h5").notes)


def replica(samples, name):
    return {"name": name, "deltas": [[i + 1, *row] for i, row in enumerate(samples.tolist())]}


def test_replica_ensembles_and_external_inputs_of_pyerrors_are_kept_apart(tmp_path):
    """C = sum of the ensembles' covariances + grad^T cov grad, each ensemble from all its replica."""
    rng, mean = np.random.default_rng(4), np.array([3.0, 2.0, 1.0])
    first, second, other = (rng.normal(size=(n, 3)) for n in (40, 30, 50))
    document = corpus.pyerrors_document(np.ones((2, 3)))
    (one,) = document["obsdata"]
    pair = [replica(first, "A|r1"), replica(second, "A|r2")]
    one["data"] = [{"id": "A", "replica": pair}, {"id": "B", "replica": [replica(other, "B")]}]
    one["cdata"] = [{"id": "Z", "layout": "1, 1", "cov": [0.04], "grad": [[1.0, 2.0, 3.0]]}]
    one["value"] = mean.tolist()
    (tmp_path / "x.json.gz").write_bytes(gzip.compress(json.dumps(document).encode()))
    read = read_correlator(tmp_path / "x.json.gz", errors=Errors(bin_size=1, shrinkage=0.0))
    both = np.concatenate([first, second])
    slope = np.array([1.0, 2.0, 3.0])
    expected = np.cov(both.T) / 70 + np.cov(other.T) / 50 + 0.04 * np.outer(slope, slope)
    np.testing.assert_allclose(read.covariance, expected, rtol=1e-10)
    np.testing.assert_array_equal(read.mean, mean)


def test_an_element_of_a_matrix_of_correlators_is_chosen_and_undefined_times_are_left_out(tmp_path):
    rng = np.random.default_rng(5)
    samples = rng.normal(size=(30, 5, 2, 2)) + np.arange(20.0).reshape(5, 2, 2)
    document = corpus.pyerrors_document(samples.reshape(30, 20))
    document["obsdata"][0]["layout"] = "5, 2, 2"
    document["obsdata"][0]["value"][:4] = [float("nan")] * 4
    (tmp_path / "x.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"0\[0,0\]"):
        read_correlator(tmp_path / "x.json")
    read = read_correlator(tmp_path / "x.json", dataset="0[1,0]")
    np.testing.assert_allclose(read.mean, samples[:, 1:, 1, 0].mean(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(read.grid, [1.0, 2.0, 3.0, 4.0])
    assert "undefined" in read.notes[0]


# --- folding, ranges, units -------------------------------------------------------------------------------------------


def test_folding_averages_what_mirrors_and_keeps_the_correlations():
    """Var[(x + y)/2] = (Cxx + Cyy + 2 Cxy)/4; tau = 0 and T/2 have no partner."""
    whole = lattice()
    half = whole.fold(12.0)
    np.testing.assert_array_equal(half.grid, np.arange(7.0))
    np.testing.assert_allclose(half.mean, whole.mean[:7], rtol=1e-12)
    c = whole.covariance
    for t in range(1, 6):
        expected = 0.25 * (c[t, t] + c[12 - t, 12 - t] + 2.0 * c[t, 12 - t])
        assert half.covariance[t, t] == pytest.approx(expected, rel=1e-12)
    assert half.covariance[0, 6] == pytest.approx(c[0, 6], rel=1e-12)
    assert np.linalg.eigvalsh(half.covariance)[0] > 0.0


def test_folding_measurements_first_is_folding_the_correlator_where_nothing_is_shrunk():
    t = np.arange(12.0)
    one = MockCorrelator(t, np.cosh(0.3 * (t - 6.0)), 50.0, 0.05, 2.0, time_extent=12.0)
    samples, plain = one.samples(np.random.default_rng(2), 80), Errors(bin_size=1, shrinkage=0.0)
    before, after = estimate(samples.fold(12.0), plain), estimate(samples, plain).fold(12.0)
    np.testing.assert_allclose(before.mean, after.mean, rtol=1e-12)
    np.testing.assert_allclose(before.covariance, after.covariance, rtol=1e-9, atol=1e-18)


def test_a_file_is_folded_and_cut_before_its_covariance_is_estimated(tmp_path):
    """Fewer points for as many samples; the means are those of the whole, folded and cut afterwards."""
    t = np.arange(12.0)
    one = MockCorrelator(t, np.cosh(0.3 * (t - 6.0)), 50.0, 0.05, 2.0, time_extent=12.0)
    corpus.write_npy(tmp_path / "s.npy", {"samples": one.draw(np.random.default_rng(3), 40)})
    whole = read_correlator(tmp_path / "s.npy")
    half = read_correlator(tmp_path / "s.npy", time_extent=12.0, lower=1.0, upper=5.0)
    np.testing.assert_array_equal(half.grid, np.arange(1.0, 6.0))
    np.testing.assert_allclose(half.mean, whole.fold(12.0).in_range(1.0, 5.0).mean, rtol=1e-12)
    assert any("40 samples for 12 points" in note for note in whole.notes)
    assert "folded about T/2 with T = 12 a" in half.notes


@pytest.mark.parametrize("what", ["correlator", "measurements"])
def test_an_antisymmetric_correlator_is_not_folded(what):
    t = np.arange(12.0)
    odd = np.sinh(0.3 * (t - 6.1))  # a little off, so that no value and hence no error vanishes
    drawn = MockCorrelator(t, odd, 50.0).samples(np.random.default_rng(2), 80)
    data = lattice(mean=odd) if what == "correlator" else drawn
    with pytest.raises(InputError, match=r"not symmetric[\s\S]*antisymmetric"):
        data.fold(12.0)


def test_symmetry_is_judged_by_the_error_of_the_difference():
    """Fully correlated noise does not excuse a difference; a difference of one error passes."""
    whole = lattice()
    assert check_symmetry(whole, 12.0) < 1e-6
    c = whole.covariance
    spread = np.sqrt(c[3, 3] + c[9, 9] - 2.0 * c[3, 9])
    for shift in (1.0, 4.0):
        moved = whole.mean + shift * spread * (np.arange(12) == 3)
        assert check_symmetry(lattice(mean=moved), 12.0) == pytest.approx(shift, rel=1e-6)
    with pytest.raises(InputError, match="differ by 6 errors"):
        check_symmetry(lattice(mean=whole.mean + 6.0 * spread * (np.arange(12) == 3)), 12.0)


@pytest.mark.parametrize(
    ("extent", "message"), [(10.0, "too small"), (11.0, "not symmetric"), (30.0, "mirror"), (float("nan"), "too small")]
)
def test_a_wrong_time_extent_is_noticed(extent, message):
    with pytest.raises(InputError, match=message):
        lattice().fold(extent)


def test_a_range_keeps_its_ends_and_the_covariance_of_what_remains():
    whole = lattice()
    part = whole.in_range(2.0, 5.0)
    np.testing.assert_array_equal(part.grid, [2.0, 3.0, 4.0, 5.0])
    np.testing.assert_array_equal(part.covariance, whole.covariance[2:6, 2:6])
    with pytest.raises(InputError, match="too few points"):
        whole.in_range(5.5, 6.5)


def test_a_lattice_spacing_gives_times_and_values_in_gev():
    """a = 0.1 fm: tau in a is 0.5068 GeV^-1 each; a value in a^-3 gains GeV^3; relative errors stay."""
    whole, spacing = lattice(), 0.1 * FERMI
    physical = whole.in_units(lattice_spacing=0.1)
    np.testing.assert_allclose(physical.grid, whole.grid * 0.506773, rtol=1e-6)
    np.testing.assert_allclose(physical.mean, whole.mean / spacing**3, rtol=1e-14)
    np.testing.assert_allclose(physical.error / physical.mean, whole.error / whole.mean, rtol=1e-12)
    assert (physical.grid_unit, physical.unit) == ("GeV^-1", "GeV^3")
    again = whole.in_units(lattice_spacing=spacing, unit="GeV^-1")
    np.testing.assert_allclose(again.grid, physical.grid, rtol=1e-14)
    with pytest.raises(InputError, match="physical units"):
        physical.in_units(lattice_spacing=0.1)


def test_momenta_scale_with_the_inverse_spacing(tmp_path):
    read = read_correlator(write(tmp_path, "p [1/a], D, sigma\n1, 1, .1\n2, .5, .1\n"))
    physical = read.in_units(lattice_spacing=0.1)
    np.testing.assert_allclose(physical.grid, [1.973269804, 3.946539608], rtol=1e-9)
    np.testing.assert_array_equal(physical.mean, read.mean)
    with pytest.raises(InputError, match="not positive"):
        read.in_units(lattice_spacing=-0.1)


def test_a_negative_correlator_is_refused_for_a_positive_kernel_and_noise_is_not():
    whole = lattice()
    check_sign(whole)
    noisy = whole.mean * 1.0
    noisy[6] = -3.0 * whole.error[6]
    check_sign(lattice(mean=noisy))
    with pytest.raises(InputError, match=r"negative throughout[\s\S]*multiply the values by -1"):
        check_sign(lattice(mean=-whole.mean))
    noisy[6] = -8.0 * whole.error[6]
    with pytest.raises(InputError, match=r"tau = 6 a[\s\S]*free sign"):
        check_sign(lattice(mean=noisy))


# --- inspect ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", corpus.FORMS, ids=lambda form: form.name)
def test_inspect_describes_every_form_for_machines_and_gives_lines_to_paste(form, tmp_path):
    form.write(tmp_path / form.file, form.make())
    found = inspect(tmp_path / form.file)
    assert json.loads(json.dumps(found)) == found
    assert found["kind"] == "correlator"
    assert found["points"] in (8, 9)
    assert (found["tau_int"] is not None) == form.name.startswith("samples")
    config, _ = parse_yaml(found["config"], "config")
    assert config["problem"]["data"] == str(tmp_path / form.file)


def test_inspect_measures_what_a_fit_would_meet(tmp_path):
    """Condition number and errors of a covariance known exactly; the periodic halves are noticed."""
    whole = lattice()
    np.savez(tmp_path / "g.npz", **{"tau [a]": whole.grid, "G": whole.mean, "covariance": whole.covariance})
    found = inspect(tmp_path / "g.npz")
    value = np.linalg.eigvalsh(whole.correlation)
    assert found["condition_number_of_correlations"] == pytest.approx(value[-1] / value[0], rel=1e-9)
    assert found["smallest_relative_error"] == pytest.approx((whole.error / whole.mean).min(), rel=1e-12)
    assert found["symmetric"]
    assert found["time_extent"] == {"value": 12.0, "unit": "a"}
    assert "time_extent: 12" in found["config"]


def test_inspect_lists_the_correlators_of_a_file_that_holds_several(tmp_path):
    with h5py.File(tmp_path / "g.h5", "w") as file:
        file["pion/corr"], file["kaon/corr"] = np.ones((5, 4)), np.ones((5, 6))
    found = inspect(tmp_path / "g.h5")
    assert found["kind"] == "correlators"
    assert {one["path"]: one["shape"] for one in found["datasets"]} == {"pion/corr": [5, 4], "kaon/corr": [5, 6]}


def test_every_warning_stands_on_a_line_of_its_own_for_people(tmp_path):
    corpus.write_npy(tmp_path / "s.npy", {"samples": corpus.measured()["samples"][:9]})
    found = inspect(tmp_path / "s.npy")
    shown = lines(found)
    assert len(found["warnings"]) > 1
    assert all(f"  {warning}" in shown for warning in found["warnings"])


@pytest.fixture(params=[("neutron_star", "spectral"), ("spectral", "neutron_star")])
def two_domains(request, monkeypatch):
    """Both domains, asked in either order."""
    monkeypatch.setattr(domains, "HOUSE", {name: f"retrodict.{name}.manifest:DOMAIN" for name in request.param})
    domains.installed.cache_clear()
    yield
    domains.installed.cache_clear()


BROKEN = {
    "tau, G, sigma\n0, 1, .1\n1, nan, .1\n": "not finite",
    "p, D, sigma\n0, 1, .1\n1, 1, -.1\n": "an error is not positive",
    "pion 1 2 3\npion 1 2\n": "another length",
    "mass [Msun], radius [km]\n1.4, 12\n": "too few posterior samples",
    "mass, mass_error, radius, radius_error\n1.4, .1, 12, nan\n": "not finite",
    "energy_density [MeV fm^-3], pressure [MeV fm^-3]\n100, -1\n200, 2\n": "",
    '{"obsdata": [7]}': "no values",
}


@pytest.mark.parametrize("text", list(BROKEN))
def test_a_broken_file_is_refused_once_by_the_domain_that_knows_its_kind(text, two_domains, tmp_path):
    with pytest.raises(InputError) as caught:
        look(write(tmp_path, text))
    assert not isinstance(caught.value, UnknownKind)
    assert str(caught.value).count("where:") == 1
    assert BROKEN[text] in str(caught.value)


NAMED = [form for form in stars.FORMS if form.name != "samples-npy"]  # an array without names may be anything


@pytest.mark.parametrize("form", [*corpus.FORMS, *NAMED], ids=lambda form: form.name)
def test_a_good_file_is_described_by_its_own_domain_in_either_order(form, two_domains, tmp_path, monkeypatch):
    monkeypatch.setattr("retrodict.neutron_star.readers.inspect.solve_stars", lambda table, crust: ({}, []))
    form.write(tmp_path / form.file, form.make())
    ours = form in corpus.FORMS
    bare = form.name == "samples-bare"  # numbers without names
    kind = look(tmp_path / form.file)["kind"]
    assert kind == "table_without_names" if bare else (kind == "correlator") == ours


def test_damage_that_hides_the_kind_is_told_once(two_domains, tmp_path):
    corpus.write_npz(tmp_path / "g.npz", corpus.correlated())
    data = (tmp_path / "g.npz").read_bytes()
    (tmp_path / "g.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError) as caught:
        look(tmp_path / "g.npz")
    assert str(caught.value).count("where:") == 1


# --- the door ---------------------------------------------------------------------------------------------------------


def test_reading_and_inspecting_wait_for_no_jax(tmp_path):
    corpus.write_hdf5(tmp_path / "g.h5", corpus.measured())
    code = (
        "import sys; from retrodict.spectral import read_correlator; from retrodict.spectral.inspect import inspect;"
        f"path = {str(tmp_path / 'g.h5')!r}; read_correlator(path); inspect(path); assert 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_table_of_names_holds_what_it_says():
    import retrodict.spectral as domain

    assert all(getattr(domain, name) is not None for name in dir(domain))
