"""The classical methods beside a posterior of the same data: from one command, and in the report."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.cli.config import load_config
from retrodict.cli.main import execute
from retrodict.run.result import Result
from retrodict.spectral.classical.entropy import maximum_entropy
from retrodict.spectral.classical.tikhonov import tikhonov
from retrodict.spectral.comparison import linear_problem_of, methods
from retrodict.spectral.kernels import KallenLehmann
from retrodict.spectral.sections import ratio_section, resolution_section
from retrodict.spectral.shapes import SINGLE, correlator_of, relative_noise

MOMENTA = np.linspace(0.001, 19.2, 12)
CONFIG = """\
domain: spectral
problem: {data: data.csv, kernel: kallen-lehmann, ansatz: {kind: SmoothSpectrum, modes: 30}}
method: {kind: Laplace, draws: 100, starts: 1, steps: 40}
seed: 1
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on a single Breit-Wigner peak, without its page."""
    folder = tmp_path_factory.mktemp("peak")
    mean = correlator_of(KallenLehmann(), MOMENTA, SINGLE)
    rows = zip(MOMENTA, mean, relative_noise(mean, 1e-3), strict=True)
    lines = ["p [GeV], D, sigma", *(f"{p!r}, {d!r}, {s!r}" for p, d, s in np.array([*rows]).tolist())]
    (folder / "data.csv").write_text("\n".join(lines) + "\n")
    (folder / "config.yaml").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("retrodict.cli.running.write_pages", lambda *about: None)
        assert execute(["run", str(folder / "config.yaml"), "--out", str(folder / "run"), "--quiet"]) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def problem(run):
    return load_config(run / "config.resolved.yaml").problem


def test_the_classical_methods_are_given_the_very_problem_of_the_posterior(problem):
    """The truth has the same chi-squared in both, and so has any other spectral function."""
    linear = linear_problem_of(problem)
    for rho in (np.asarray(SINGLE(linear.omega)), linear.default):
        prediction, _ = problem.forward(rho)
        chi2 = float(np.sum(np.asarray(problem.likelihood.pulls(prediction)) ** 2))
        assert linear.chi2(rho) == pytest.approx(chi2, rel=1e-6, abs=1e-3)  # of modes that the prior does not move


def test_a_row_is_what_the_method_finds_and_how_far_that_is_from_the_median(run, problem):
    result = Result.load(run)
    section = methods(result, problem, (maximum_entropy, tikhonov))
    direct = maximum_entropy(linear_problem_of(problem))
    row = section.table.records()[0]
    assert row["Method"] == direct.name
    assert row["chi2"] == pytest.approx(direct.chi2)
    band = result.band("spectral_function")
    x, apart = band["x"], direct.at(band["x"]) - band["median"]
    expected = np.trapezoid(apart**2, x) / np.trapezoid(band["median"] ** 2, x)
    assert row["Distance"] == pytest.approx(expected)
    drawn = [layer for panel in section.figures[0].panels for layer in panel.layers]
    assert [layer.label for layer in drawn].count("posterior") == len(section.figures[0].panels) == 2


def test_one_command_compares_all_methods(run, capsys):
    assert execute(["compare", str(run), "--methods", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 12
    assert all(0 < row["chi2"] < 60 for row in rows if row["chi2"] is not None)
    assert {"figures/methods.png", "figures/methods.csv"} <= set(
        json.loads((run / "manifest.json").read_text())["outputs"]
    )


def test_a_plan_doubles_the_points_through_the_kernel(run, capsys):
    assert execute(["plan", str(run), "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["points_doubled"] == "a point between any two"
    now, halved, doubled = (table["errors"]["weight"][name] for name in ("now", "noise_halved", "points_doubled"))
    assert halved < now
    assert doubled < now
    assert table["directions"]["now"] < table["directions"]["points_doubled"]


def test_the_report_says_what_the_data_resolve(run, problem):
    result = Result.load(run)
    section = resolution_section(result, problem)
    shares = [row[1] for row in section.table.rows]
    assert min(shares) > 0.5  # a thousandth of noise decides most between the lowest and the highest momentum
    split = next(figure for figure in section.figures if figure.name == "data_and_prior").panels[0].layers
    total, data, prior = (layer.y for layer in split)
    assert_allclose(data + prior, total, atol=1e-9 * np.abs(total).max())


def test_data_over_fit_has_the_errors_of_the_data(run, problem):
    (figure,) = ratio_section(Result.load(run), problem).figures
    band, points = figure.panels[0].layers
    assert_allclose(points.y_error[0] / points.y, 1e-3, rtol=1e-8)
    assert_allclose(band.median, 1)
