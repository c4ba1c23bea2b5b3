"""From runs and measurements to parameters: curves, features, coverage, what is flagged, what is written."""

import json
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

import retrodict as rd
from retrodict.base.errors import InputError
from retrodict.cli.main import execute
from retrodict.heavy_ion.calibration.analysis import MOCK_BULK, Calibration, Discrepancy
from retrodict.heavy_ion.calibration.comparison import baselines, linear_calibration
from retrodict.heavy_ion.calibration.emulators import PolynomialChaos
from retrodict.heavy_ion.calibration.mock import (
    CORRELATION_LENGTH,
    PARAMETERS,
    mock_design,
    mock_measurements,
    mock_outputs,
    simulate,
    truth,
)
from retrodict.heavy_ion.calibration.model import likelihood_of, posterior_of, symmetric_whitening
from retrodict.heavy_ion.calibration.parametrisation import (
    JetscapeViscosity,
    PrattSoundSpeed,
    curves_of,
    sound_speed_squared,
)
from retrodict.heavy_ion.calibration.readers.measurements import ErrorSource, Measurements
from retrodict.heavy_ion.calibration.readers.runs import Bin, join
from retrodict.heavy_ion.calibration.readers.sims import write_outputs
from retrodict.heavy_ion.calibration.report import figures, sections, widened, widths
from retrodict.heavy_ion.calibration.training import Record, accuracy, features_of, inputs_of, trained
from retrodict.heavy_ion.viscosity import BULK, SHEAR, bulk_viscosity, shear_viscosity

RECIPE = PolynomialChaos(degree=2, components=6)
POINTS = 80


@pytest.fixture(scope="module")
def analysis():
    return Calibration(viscosity=MOCK_BULK, emulator=RECIPE, correlation_length=CORRELATION_LENGTH)


@pytest.fixture(scope="module")
def setup(analysis):
    design = mock_design(POINTS)
    return analysis.setup_of(join(design, mock_outputs(design)), mock_measurements())


@pytest.fixture(scope="module")
def target(setup):
    return posterior_of(setup)


@pytest.fixture(scope="module")
def result(target):
    return rd.infer(target, rd.Laplace(draws=400, starts=2, steps=60), seed=0)


def test_the_speed_of_sound_joins_the_hadron_gas_and_rises_to_a_third():
    at = {"low": 0.33, "hadron_gas": 0.15}
    found = sound_speed_squared(jnp.array([0.33, 1.0, 1e9]), jnp.asarray(1.5), jnp.asarray(0.4), **at)
    x = np.log(1.0 / 0.33)
    rise = 1.5 * 0.4 * np.sqrt(12 * 0.15) * x + x**2
    assert_allclose(found[:2], [0.15, 0.15 + (1 / 3 - 0.15) * rise / (rise + 1.5**2)], rtol=1e-12)
    assert abs(found[2] - 1 / 3) < 2e-3
    low = sound_speed_squared(jnp.geomspace(0.33, 50, 200), jnp.asarray(1.0), jnp.asarray(-0.9), **at)
    assert low.min() > 0.0


def test_curves_are_found_by_the_names_of_public_designs():
    names = (
        "norm",
        "eta_over_s_T_kink_in_GeV",
        "eta_over_s_low_T_slope_in_GeV",
        "eta_over_s_high_T_slope_in_GeV",
        "eta_over_s_at_kink",
        "zeta_over_s_max",
        "zeta_over_s_T_peak_in_GeV",
        "zeta_over_s_width_in_GeV",
        "zeta_over_s_lambda_asymm",
        "x_prime",
        "pratt_r",
    )
    published = jnp.array([14.2, 0.223, -0.78, 0.37, 0.096, 0.13, 0.12, 0.072, -0.12, 2.0, 0.3])
    curves = curves_of(names, JetscapeViscosity(), PrattSoundSpeed(), np.asarray(published)[None])
    found = curves.reported(published)
    assert_allclose(found["eta_over_s"][0], 0.096 + 0.78 * (0.223 - 0.13))
    assert_allclose(found["zeta_over_s"][0], 0.13 / (1 + (0.01 / (0.072 * 0.88)) ** 2))
    assert curves.used == set(range(1, 9))
    assert found["sound_speed_squared"].shape == (25,)


def test_a_column_of_another_name_or_a_number_can_stand_for_a_parameter():
    said = JetscapeViscosity("Tk", 0.0, 0.5, "k")
    curves = curves_of(("Tk", "k"), said, None, np.array([[0.2, 0.1]]))
    assert_allclose(curves.reported(jnp.array([0.2, 0.1]))["eta_over_s"][-1], 0.1 + 0.5 * 0.2)
    assert curves.bulk is None


def test_features_are_plain_parameters_and_viscosities_on_ten_temperatures():
    design = mock_design(40)
    curves = curves_of(design.names, MOCK_BULK, None, design.values)
    features = features_of(curves, design.values)
    found = inputs_of(features, design.values)
    assert found.shape == (40, 3 + 20)
    assert_allclose(found.mean(axis=0), 0.0, atol=1e-12)
    assert_allclose(found.std(axis=0), 1.0)
    point = design.values[3]
    shear = shear_viscosity(jnp.array([0.4]), dict(zip(SHEAR, jnp.asarray(point[2:6]), strict=True)))
    bulk = dict(zip(BULK, jnp.array([point[6], point[7], 0.07, 0.0]), strict=True))
    raw = found[3] * features.scale + features.centre
    assert_allclose(raw[:3], point[[0, 1, 8]])
    assert_allclose(raw[12], shear[0])
    assert_allclose(raw[22], bulk_viscosity(jnp.array([0.4]), bulk)[0])


def linear_errors(covariance, assumed, draws=2000):
    """Estimate minus truth in units of the predicted error, of a linear simulator with two parameters."""
    rng = np.random.default_rng(1)
    bins = tuple(Bin("dNch_deta", 5 * i, 5 * i + 5) for i in range(8))
    slope = rng.standard_normal((8, 2))
    error = ErrorSource("error", "statistical", np.full(8, 0.5))
    likelihood = likelihood_of(Measurements(bins, np.zeros(8), (error,), "here"), None, assumed)
    whitened = np.stack([likelihood.residual(jnp.asarray(column)) for column in slope.T], axis=1)
    precision = np.eye(2) + whitened.T @ whitened
    root = np.linalg.cholesky(covariance + 0.25 * np.eye(8))
    truths = rng.standard_normal((draws, 2))
    data = truths @ slope.T + rng.standard_normal((draws, 8)) @ root.T
    residual = np.asarray(jax.vmap(likelihood.residual)(jnp.asarray(data)))
    found = np.linalg.solve(precision, whitened.T @ residual.T).T
    return (found - truths) / np.sqrt(np.diag(np.linalg.inv(precision)))


@pytest.mark.parametrize("known", [True, False])
def test_intervals_cover_the_truth_only_with_the_covariance_of_the_emulator(known):
    """68 % hold 68 +- 3 %; without the emulator's errors they are 1.4 times too narrow, or worse."""
    root = np.random.default_rng(2).standard_normal((8, 8))
    emulator = 0.15 * root @ root.T
    pulls = linear_errors(emulator, emulator if known else np.zeros((8, 8)))
    assert (abs(np.mean(np.abs(pulls) < 1.0) - 0.683) < 0.03) == known
    assert (pulls.std() > 1.4) != known


def test_each_pull_belongs_to_its_datum():
    root = np.random.default_rng(0).standard_normal((6, 6))
    matrix = root @ root.T + 3.0 * np.eye(6)
    found = symmetric_whitening(matrix)
    whitener, colour = np.asarray(found.whitener), np.asarray(found.root)
    assert_allclose(whitener @ matrix @ whitener.T, np.eye(6), atol=1e-12)
    assert_allclose(whitener @ colour, np.eye(6), atol=1e-12)
    assert_allclose(found.log_determinant, np.linalg.slogdet(matrix)[1])
    between = whitener @ matrix / np.sqrt(np.diag(matrix))  # correlation of pulls and data
    assert np.array_equal(np.argmax(np.abs(between), axis=1), np.arange(6))
    assert_allclose(between, between.T, atol=1e-12)


def test_the_prior_is_uniform_over_the_box(target):
    assert_allclose(target.unknown(jnp.zeros(target.dim)), 0.5 * (target.ansatz.low + target.ansatz.high))
    at = target.unknown(jnp.full(target.dim, 0.6744897501960817))
    assert_allclose(at, target.ansatz.low + 0.75 * (target.ansatz.high - target.ansatz.low))


def test_the_likelihood_is_the_gaussian_of_all_errors_together(setup, target):
    z = jnp.linspace(-0.5, 0.5, target.dim)
    prediction = np.asarray(target.forward_pass(z).prediction)
    total = setup.measured.covariance(CORRELATION_LENGTH) + np.asarray(setup.emulator.covariance)
    away = prediction - setup.measured.value
    sign, determinant = np.linalg.slogdet(2 * np.pi * total)
    assert_allclose(target.log_likelihood(z), -0.5 * (away @ np.linalg.solve(total, away) + determinant), rtol=1e-9)
    assert sign == 1.0


def test_gradients_go_through_emulator_and_curves(target):
    z = jnp.linspace(-0.4, 0.7, target.dim)
    slope = jax.grad(target.log_likelihood)(z)
    step = 1e-5 * jnp.ones_like(z).at[::2].set(-1e-5)
    difference = target.log_likelihood(z + step) - target.log_likelihood(z - step)
    assert_allclose(2 * step @ slope, difference, rtol=1e-5)


def test_the_truth_is_found_and_what_the_data_never_touched_is_said(result, target):
    for name, value in zip(PARAMETERS, truth(), strict=True):
        found = result.quantities()[name]
        assert abs(found["median"] - value) < 3.5 * found["sd"], name
    ratio = {name: after / before for name, (before, after) in widths(result).items()}
    assert ratio["norm"] < 0.5
    open_part, *_ = sections(result, target)
    rows = {row[0].partition(" ")[0]: row for row in open_part.table.rows}
    assert_allclose(rows["norm"][4], ratio["norm"])
    for name, row in rows.items():
        assert (row[5] == "came back as the prior") == (ratio[name] > 0.9)
        assert (name in open_part.text) == (ratio[name] > 0.9)


def test_the_report_shows_observables_emulator_and_viscosities(result, target, setup):
    assert [figure.name for figure in figures(result)] == ["viscosities", "corner"]
    by_name = {section.name: section for section in sections(result, target)}
    panels = by_name["observables"].figures[0].panels
    assert [panel.y_label for panel in panels] == [
        "dNch_deta",
        "mean_pT_pion",
        "mean_pT_kaon",
        "mean_pT_proton",
        "v22",
        "v32",
    ]
    points = panels[0].layers[-1]
    assert_allclose(points.y, setup.measured.value[:6])
    assert_allclose(points.y_error[0], setup.measured.error[:6])
    errors = np.array([row[1] for row in by_name["emulator"].table.rows])
    left = np.asarray(setup.emulator.leave_one_out.mean) - setup.runs.outputs.values
    expected = np.sqrt(np.mean(left**2, axis=0)) / setup.runs.outputs.values.std(axis=0)
    assert_allclose(errors[0], np.sqrt(np.mean(expected[:6] ** 2)))
    band = {
        "median": np.zeros(1),
        **dict(zip(("q2_5", "q16", "q84", "q97_5"), np.array([[-2], [-1], [1], [2.0]]), strict=True)),
    }
    assert_allclose(widened(band, np.array([1.0]))["q84"], np.sqrt(2.0))


def test_a_linear_simulator_is_solved_exactly_by_the_linear_way():
    rng = np.random.default_rng(3)
    design, slope = rng.uniform(-1, 1, (200, 2)), rng.standard_normal((2, 5))
    outputs = design @ slope + 1e-3 * rng.standard_normal((200, 5))
    truth = np.array([0.3, -0.2])
    record = Record(design, outputs, truth @ slope, np.full(5, 0.01), tuple(range(200)), ())
    found = linear_calibration(record, -np.ones(2), np.ones(2), 1e-4 * np.eye(5))
    expected = np.linalg.inv(3.0 * np.eye(2) + slope @ slope.T / (1e-4 + 1e-6))  # a range of two has variance 1/3
    assert_allclose(found.sd, np.sqrt(np.diag(expected)), rtol=0.02)
    assert_allclose(found.mean, truth, atol=0.01)


def test_other_methods_stand_beside_the_run(result, target):
    found = baselines(result, target)
    rows = {row[0].partition(" ")[0]: row for row in found.table.rows}
    assert abs(rows["norm"][3] - 14.0) < 3.0 * rows["norm"][4]
    assert_allclose(rows["norm"][5], (rows["norm"][3] - rows["norm"][1]) / rows["norm"][2])


def test_a_corrupt_run_is_named(analysis):
    design = mock_design(POINTS)
    outputs = mock_outputs(design)
    outputs.values[17] *= 2.0
    spoilt = posterior_of(analysis.setup_of(join(design, outputs), mock_measurements()))
    assert any("drop: [17]" in note for note in spoilt.notes)
    values = np.random.default_rng(0).standard_normal((50, 9))
    values[3] += 30.0
    found = accuracy(np.zeros((50, 9)), np.ones((50, 9)), values)
    assert np.flatnonzero(found.flagged).tolist() == [3]


def test_a_trained_emulator_is_kept_and_a_damaged_file_is_not_trusted(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("retrodict.run.kept.LONG", -1.0)
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((30, 2))
    outputs = np.stack([inputs[:, 0], inputs[:, 1] ** 2, inputs[:, 0] - inputs[:, 1]], axis=1)
    first = trained(PolynomialChaos(2, 2), inputs, outputs)
    (file,) = tmp_path.rglob("*.npz")
    with monkeypatch.context() as patch:
        patch.setattr(PolynomialChaos, "fit", lambda *_: pytest.fail("trained again"))
        again = trained(PolynomialChaos(2, 2), inputs, outputs)
    assert eqx.tree_equal(first, again)
    file.write_bytes(file.read_bytes()[:-20])
    assert eqx.tree_equal(first, trained(PolynomialChaos(2, 2), inputs, outputs))


def test_the_mock_simulator_has_the_dependences_that_it_promises():
    """More viscous: less flow, more particles; hotter switch: harder pions."""
    middle = truth()
    names = list(PARAMETERS)
    base = simulate(middle[None])[0]
    for name, step, larger, smaller in (
        ("eta_over_s_at_kink", 0.05, slice(0, 6), slice(24, 36)),
        ("zeta_over_s_max", 0.05, slice(0, 6), slice(24, 36)),
        ("norm", 1.0, slice(0, 6), slice(0, 0)),
        ("T_switch", 0.01, slice(6, 12), slice(0, 0)),
    ):
        point = middle.copy()
        point[names.index(name)] += step
        moved = simulate(point[None])[0]
        assert (moved[larger] > base[larger]).all(), name
        assert (moved[smaller] < base[smaller]).all(), name


def files(folder):
    design = mock_design(POINTS)
    units = [f"{name} [{unit}]" if unit else name for name, unit in zip(design.names, design.units, strict=True)]
    rows = [",".join(map(repr, [i, *row])) for i, row in enumerate(design.values.tolist())]
    (folder / "design.csv").write_text("\n".join([",".join(["index", *units]), *rows]) + "\n")
    write_outputs(folder / "outputs.csv", mock_outputs(design))
    measured = mock_measurements()
    columns = zip(measured.bins, measured.value, *(source.size for source in measured.sources), strict=True)
    head = "observable,centrality_low [%],centrality_high [%],value,stat_error,sys_correlated_error"
    lines = [f"{b.observable},{b.low},{b.high},{v},{s},{c}" for b, v, s, c in columns]
    (folder / "measurements.csv").write_text("\n".join([head, *lines]) + "\n")
    ends = [f"{name},{low},{high}" for name, (_, low, high, _) in PARAMETERS.items()]
    (folder / "ranges.csv").write_text("\n".join(["param,min,max", *ends]) + "\n")


def test_files_become_a_study_a_result_and_tables(tmp_path, monkeypatch, capsys):
    files(tmp_path)
    monkeypatch.chdir(tmp_path)
    said = [f"{name}={name}.csv" for name in ("design", "outputs", "ranges")]
    said += ["viscosity={kind: JetscapeViscosity, bulk_width: 0.07, bulk_asymmetry: 0.0}", "correlation_length=40"]
    said += ["emulator={kind: PolynomialChaos, components: 6}", "drop=[3]"]
    overrides = [word for one in said for word in ("--set", one)]
    assert execute(["new", "heavy_ion", "study", "--data", "measurements.csv", *overrides]) == 0
    assert sorted(file.name for file in (tmp_path / "study" / "data").iterdir()) == [
        "design.csv",
        "measurements.csv",
        "outputs.csv",
        "ranges.csv",
    ]
    quick = ["method.kind=Laplace", "method.draws=400", "method.starts=2"]
    words = [word for one in quick for word in ("--set", one)]
    assert execute(["run", "study/config.yaml", "--out", "study/run", "--quiet", *words]) == 0
    stored = json.loads((tmp_path / "study" / "run" / "result.json").read_text())
    assert set(PARAMETERS) <= set(stored["quantities"])
    band = stored["functions"]["eta_over_s"]
    assert (band["grid_unit"], band["x"][0], len(band["median"])) == ("GeV", 0.13, 28)
    assert set(stored["functions"]) == {"eta_over_s", "zeta_over_s", "predicted_observables"}
    assert execute(["export", "study/run", "--to", "csv", "--out", "tables"]) == 0
    first = (tmp_path / "tables" / "zeta_over_s.csv").read_text().splitlines()[0]
    assert first.startswith("T [GeV],mean,median")
    capsys.readouterr()
    for name, kind in (("design", "design"), ("outputs", "outputs"), ("ranges", "ranges"), ("measurements",) * 2):
        assert execute(["inspect", f"{name}.csv", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["kind"] == kind
    page = (tmp_path / "study" / "run" / "report.html").read_text()
    assert "What the data did not say" in page


def test_data_without_a_design_are_refused_and_nothing_is_written(tmp_path, monkeypatch):
    files(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert execute(["new", "heavy_ion", "study", "--data", "measurements.csv"]) == 2
    assert not (tmp_path / "study").exists()
    with pytest.raises(InputError, match="outputs of the simulator is missing"):
        Calibration(design="design.csv").posterior(None)


def test_a_discrepancy_of_the_simulator_is_a_process_in_centrality(setup, analysis):
    own = replace(analysis, discrepancy=Discrepancy(0.05, 20.0))._with_discrepancy(setup.measured)
    more = own.covariance(CORRELATION_LENGTH) - setup.measured.covariance(CORRELATION_LENGTH)
    value = setup.measured.value
    assert_allclose(np.diag(more), (0.05 * value) ** 2)
    assert_allclose(more[0, 2], 0.05**2 * value[0] * value[2] * np.exp(-0.5 * ((15.0 - 2.5) / 20.0) ** 2))
    assert_allclose(more[0, 6:], 0.0, atol=1e-9)
    assert any("5.0% of each value" in note for note in own.notes)


def test_validation_points_are_predicted_and_corrupt_ones_named(tmp_path, setup, analysis):
    files(tmp_path)
    other = mock_design(30, seed=5)
    outputs = mock_outputs(other)
    outputs.values[4] *= 2.0
    write_outputs(tmp_path / "more.csv", outputs)
    rows = [",".join(map(repr, [i, *row])) for i, row in enumerate(other.values.tolist())]
    (tmp_path / "points.csv").write_text("\n".join([",".join(["index", *other.names]), *rows]) + "\n")
    own = replace(analysis, validation_design=tmp_path / "points.csv", validation_outputs=tmp_path / "more.csv")
    told = own.setup_of(setup.runs, setup.measured).validation
    assert "30 validation points" in told
    assert ", 4 (" in told
    rest = np.arange(30) != 4
    truth = mock_outputs(other).values[rest]
    guess = np.stack([np.asarray(setup.emulator.mean(setup.features(jnp.asarray(p)))) for p in other.values[rest]])
    error = np.sqrt(np.mean(np.mean((guess - truth) ** 2, axis=0) / truth.var(axis=0)))
    assert f"to {error:.3f}, with pulls" in told


def test_a_design_without_data_is_a_closure_test(tmp_path):
    files(tmp_path)
    own = Calibration(
        design=tmp_path / "design.csv", outputs=tmp_path / "outputs.csv", viscosity=MOCK_BULK, emulator=RECIPE
    )
    found = own.setup(None)
    assert len(found.runs.design.index) == POINTS - 1
    row = int(found.measured.path.removeprefix("point "))
    assert row not in found.runs.design.index
    exact = mock_outputs(mock_design(POINTS)).values[row]
    assert abs(np.mean((found.measured.value / exact - 1.0) / 0.05)) < 0.6
