"""A correlator from the command line: inspect, new, check, run, export; and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.cli.config import load_config
from retrodict.cli.config.load import to_yaml
from retrodict.cli.main import execute
from retrodict.inference.least_squares import minimise
from retrodict.spectral.ansatz import PeaksAndContinuum, SmoothSpectrum
from retrodict.spectral.kernels import KallenLehmann
from retrodict.spectral.problems import MOCK, Range, problem
from retrodict.spectral.shapes import DOUBLE, l2_relative
from retrodict.spectral.templates import DEMOS, TEMPLATE

STATISTICS = ("mean", "median", "q2_5", "q16", "q84", "q97_5")
MOMENTA = np.linspace(0.001, 19.199, 25)


@pytest.fixture
def propagator(tmp_path):
    """The double peak, p, D, sigma in a table."""
    exact = np.asarray(DOUBLE.closed_form(KallenLehmann(), MOMENTA))
    data = exact * (1 + 1e-3 * np.random.default_rng(0).standard_normal(25))
    path = tmp_path / "propagator.csv"
    table = np.column_stack([MOMENTA, data, 1e-3 * exact])
    np.savetxt(path, table, delimiter=",", header="p [GeV],D,sigma", comments="")
    return path


@pytest.mark.parametrize("text", [TEMPLATE, *DEMOS.values()], ids=["template", *DEMOS])
def test_every_shipped_config_builds_and_its_resolved_form_is_a_fixed_point(text, tmp_path):
    path, again = tmp_path / "config.yaml", tmp_path / "config.resolved.yaml"
    path.write_text(text)
    loaded = load_config(path)
    again.write_text(to_yaml(loaded.resolved))
    assert load_config(again).resolved == loaded.resolved


def test_from_a_table_to_a_spectral_function_as_csv(propagator, tmp_path):
    study, run = tmp_path / "study", tmp_path / "study" / "run"
    fields = ["--set", "problem.kernel=kallen-lehmann", "--set", "method={kind: Laplace, draws: 50, starts: 4}"]
    assert execute(["new", "spectral", str(study), "--data", str(propagator), *fields]) == 0
    assert execute(["check", str(study / "config.yaml")]) == 0
    assert execute(["run", str(study / "config.yaml"), "--out", str(run), "--quiet"]) == 0
    numbers = json.loads((run / "result.json").read_text())
    assert numbers["fit"]["chi2"] / numbers["fit"]["dof"] < 3
    assert numbers["quantities"]["peak_position"]["unit"] == "GeV"
    assert execute(["export", str(run), "--to", "csv"]) == 0
    table = next(run.rglob("spectral_function.csv")).read_text().splitlines()
    assert table[0].split(",")[0] == "omega [GeV]"
    assert [n.split(" ")[0] for n in table[0].split(",")] == ["omega", *STATISTICS]
    rows = np.array([row.split(",") for row in table[1:]], dtype=float)
    assert np.all(np.diff(rows[:, 0]) > 0)
    assert np.all(rows[:, 3] <= rows[:, 6])
    assert (run / "report.html").exists()


def test_a_field_of_the_problem_may_be_set_by_its_name_alone(propagator, tmp_path, capsys):
    written = tmp_path / "study" / "config.yaml"
    command = ["new", "spectral", str(tmp_path / "study"), "--data", str(propagator), "--set"]
    assert execute([*command, "kernl=kallen-lehmann"]) == 2
    assert "did you mean problem.kernel" in capsys.readouterr().err
    assert not written.exists()
    assert execute([*command, "kernel=bosonic"]) == 2  # of Matsubara frequencies
    assert execute([*command, "kernel=kallen-lehmann"]) == 0
    assert load_config(written).arguments["kernel"] == "kallen-lehmann"
    assert load_config(written, ("upper=10",)).arguments["upper"] == 10.0


def test_the_shipped_correlator_is_recognised_with_the_lines_to_paste(capsys):
    assert execute(["inspect", str(MOCK), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kind"] == "correlator"
    assert found["measurements"] == 200
    assert "time_extent: 48" in found["config"]


WRONG = {
    "a kernel of momenta for times": ("kernel: thermal", "kernel: kallen-lehmann", "takes a function of momentum"),
    "no temperature": ("time_extent: 48", "time_extent: null", "needs its temperature"),
    "a lattice shorter than the times": ("temperature: null", "temperature: 0.1", "beyond the extent"),
    "a range without points": ("lower: null", "lower: 40", "too few points"),
    "a kernel that does not exist": ("kernel: thermal", "kernel: cosh", "kernel"),
    "a misspelt ansatz": ("kind: PeaksAndContinuum", "kind: PeaksAndContinua", "PeaksAndContinuum"),
}


@pytest.mark.parametrize(("old", "new", "words"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_refused_with_exit_code_2_and_nothing_written(old, new, words, tmp_path, capsys):
    assert old in TEMPLATE
    path = tmp_path / "config.yaml"
    path.write_text(TEMPLATE.replace(old, new))
    assert execute(["run", str(path), "--out", str(tmp_path / "run")]) == 2
    assert words in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config.yaml"]


def test_check_and_the_verdict_repeat_what_was_done_about_the_data(tmp_path, capsys):
    """Few configurations and their remedy; the same words in the verdict of a run."""
    path = tmp_path / "config.yaml"
    path.write_text(TEMPLATE)
    assert execute(["check", str(path), "--set", "method={kind: Laplace, draws: 20}"]) == 0
    told = capsys.readouterr().out
    assert "note: 100 samples for" in told
    notes = load_config(path).problem.notes
    assert any("shrunk" in remark for remark in notes)
    assert all(f"note: {remark}" in told for remark in notes)


def test_too_few_frequency_nodes_for_precise_data_are_told_with_the_field_to_change(propagator):
    """Errors of 1e-3 are far above the quadrature error of any plausible line; those of 1e-6 are not."""
    assert not any("quadrature" in remark for remark in problem(propagator, kernel="kallen-lehmann").notes)
    table = np.loadtxt(propagator, delimiter=",", skiprows=1) * [1, 1, 1e-3]
    np.savetxt(propagator, table, delimiter=",", header="p [GeV],D,sigma", comments="")
    (remark,) = (r for r in problem(propagator, kernel="kallen-lehmann").notes if "quadrature" in r)
    assert "step: 0.009" in remark
    finer = problem(propagator, kernel="kallen-lehmann", step=0.0045)
    assert not any("quadrature" in remark for remark in finer.notes)


@pytest.fixture
def times(tmp_path):
    """A periodic correlator of 16 time slices in lattice units, tau, G, sigma."""
    tau = np.arange(1.0, 16.0)
    exact = np.exp(-0.4 * tau) + np.exp(-0.4 * (16 - tau))
    path = tmp_path / "times.csv"
    table = np.column_stack([tau, exact, 1e-3 * exact])
    np.savetxt(path, table, delimiter=",", header="tau [a],G,sigma", comments="")
    return path


def test_with_a_lattice_spacing_the_same_answer_comes_out_in_gev(times):
    """a = 0.1 fm is 1/(1.973 GeV): the same latents are the same function, at frequencies 1.973 GeV times as high."""
    settings = {"kernel": "thermal", "time_extent": 16.0, "lower": 2.0}
    plain, physical = problem(times, **settings), problem(times, **settings, lattice_spacing=0.1)
    inverse = 1.973269804
    by_name = [{q.name: q for q in target.quantities} for target in (plain, physical)]
    assert [names["peak_position"].unit for names in by_name] == ["1/a", "GeV"]
    assert [names["correlator"].grid_unit for names in by_name] == ["a", "GeV^-1"]
    np.testing.assert_allclose(by_name[1]["correlator"].x * inverse, by_name[0]["correlator"].x, rtol=1e-9)
    z = np.linspace(-1, 1, plain.dim)
    values = [target.derived(z) for target in (plain, physical)]
    np.testing.assert_allclose(values[1]["peak_position"], inverse * values[0]["peak_position"], rtol=1e-6)
    np.testing.assert_allclose(values[1]["correlator"], values[0]["correlator"], rtol=1e-6)
    np.testing.assert_allclose(physical.log_density(z), plain.log_density(z), rtol=1e-6)


def test_a_lattice_spacing_for_data_in_gev_is_refused(propagator):
    with pytest.raises(InputError, match="physical units"):
        problem(propagator, kernel="kallen-lehmann", lattice_spacing=0.1)


def test_a_fermionic_kernel_takes_an_even_spectral_function_from_the_imaginary_part(tmp_path):
    """-Im G of two Lorentzians: the search finds them, and rho does not vanish at zero."""
    frequency = np.pi * 0.1 * np.arange(1.0, 60.0, 2.0)
    mass, width = 1.0, 0.5
    exact = (frequency + width) / (mass**2 + (frequency + width) ** 2)
    table = np.column_stack([frequency, exact, 1e-4 * exact])
    np.savetxt(tmp_path / "g.csv", table, delimiter=",", header="omega_n [GeV],G,sigma", comments="")
    target = problem(tmp_path / "g.csv", kernel="fermionic")
    names = {q.name: q for q in target.quantities}
    assert "slope_at_zero" not in names
    best = minimise(target, np.zeros(target.dim), iterations=80, temperature=1e6).position
    found, omega = target.derived(best), names["spectral_function"].x
    truth = sum(width / ((omega - sign * mass) ** 2 + width**2) for sign in (1, -1))
    assert l2_relative(np.asarray(found["spectral_function"]), truth, omega) < 0.05
    assert found["value_at_zero"] == pytest.approx(2 * width / (mass**2 + width**2), rel=0.3)


def test_a_correlator_of_the_wrong_sign_is_refused_unless_the_spectral_function_may_be_negative(propagator):
    table = np.loadtxt(propagator, delimiter=",", skiprows=1) * [1, -1, 1]
    np.savetxt(propagator, table, delimiter=",", header="p [GeV],D,sigma", comments="")
    with pytest.raises(InputError, match="negative throughout"):
        problem(propagator, kernel="kallen-lehmann")
    assert problem(propagator, kernel="kallen-lehmann", ansatz=PeaksAndContinuum(positive=False)).dim > 0


def test_paths_may_be_strings_and_the_reported_range_is_the_one_given(propagator, tmp_path):
    covariance, default = tmp_path / "covariance.txt", tmp_path / "default.csv"
    rows = np.genfromtxt(propagator, delimiter=",", skip_header=1)
    np.savetxt(covariance, np.diag(rows[:, 2] ** 2))
    omega = np.geomspace(0.1, 40.0, 30)
    table = np.column_stack([omega, omega / (1 + omega**4)])
    np.savetxt(default, table, delimiter=",", header="omega,rho", comments="")
    np.savetxt(propagator, rows[:, :2], delimiter=",", header="p [GeV],D", comments="")
    files = {"data": propagator, "covariance": covariance, "default_model": default}
    settings = {"kernel": "kallen-lehmann", "reported": Range(0.5, 8.0), "ansatz": SmoothSpectrum(20), "step": 0.05}
    paths, strings = (problem(**{k: kind(f) for k, f in files.items()}, **settings) for kind in (Path, str))
    np.testing.assert_array_equal(strings.forward.operator, paths.forward.operator)
    np.testing.assert_array_equal(strings.derive.grid.default, paths.derive.grid.default)
    x = next(q.x for q in strings.quantities if q.name == "spectral_function")
    np.testing.assert_allclose([x[0], x[-1]], [0.5, 8.0], rtol=1e-12)
