"""Numbers in files and tables for other programs, by value: CSV, NetCDF, `compare`, `plan`."""

import csv
import io

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from tests import published

from retrodict.cli.compare import comparison, lines
from retrodict.cli.cost import Cost, Part, estimate
from retrodict.cli.export import csv_files, equal_draws
from retrodict.cli.netcdf import netcdf
from retrodict.cli.plan import content, some_draws
from retrodict.cli.plan import lines as plan_lines
from retrodict.inference.nuts import NUTS
from retrodict.inference.plan import plan

TRUTHS = {"radius": published.radius(), "mass": published.mass()}


@pytest.fixture(scope="module")
def result():
    return published.skewed(500)


@pytest.fixture(scope="module")
def files(result):
    return csv_files(result, {})


def table(content: bytes) -> tuple[list[str], list[list[str]]]:
    head, *rows = csv.reader(io.StringIO(content.decode()))
    return head, rows


def test_the_table_of_numbers_has_each_under_its_name(files):
    head, rows = table(files["quantities.csv"])
    found = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert found["radius"]["unit"] == "km"
    for name, truth in TRUTHS.items():
        published.check_statistics(found[name], truth)


def test_the_table_of_a_function_has_each_statistic_in_its_column(files):
    head, rows = table(files["pressure.csv"])
    assert head[0] == "x [n_sat]"
    names = [column.removesuffix(" [MeV fm^-3]") for column in head[1:]]
    assert names == ["mean", "median", "q2_5", "q16", "q84", "q97_5"]
    for x, row in zip(published.GRID, rows, strict=True):
        truth, found = published.pressure(x), dict(zip(names, row[1:], strict=True))
        assert float(row[0]) == x
        published.check_statistics({**found, "sd": truth.sd}, truth)


def test_exported_draws_are_equally_weighted(files):
    """Each tenth of the probability of the posterior holds a tenth of the rows, to a half per cent; of the bank, as it
    was drawn, some would hold twice as many."""
    head, rows = table(files["pressure_draws.csv"])
    assert head[1] == "pressure(1 n_sat) [MeV fm^-3]"
    values = np.array(rows, dtype=float)
    assert len(values) == 1000
    for column, x in zip(values.T, published.GRID, strict=True):
        counts, _ = np.histogram(published.pressure(x).probability(column), bins=10, range=(0, 1))
        assert abs(np.log(column).mean() - x * 0.4) < 0.05 * x * 0.5
        assert abs(np.log(column).std() / (x * 0.5) - 1) < 0.04
        assert np.all(np.abs(counts - 100) < 35)


def test_resampled_draws_keep_quantities_together(result):
    radius, latents = equal_draws(result, "radius", 200), equal_draws(result, "z", 200)
    assert_allclose(radius, published.RADIUS * np.exp(published.WIDTH * latents[:, 0]))


def opened(result, tmp_path, group):
    path = tmp_path / "export.nc"
    path.write_bytes(netcdf(result, {}))
    return xr.load_dataset(path, group=group, engine="h5netcdf")


def test_netcdf_names_each_statistic(result, tmp_path):
    bands = opened(result, tmp_path, "bands")
    for name, truth in TRUTHS.items():
        found = {str(key): float(bands[name].sel(statistic=key)) for key in bands["statistic"].values}
        published.check_statistics({**found, "sd": truth.sd}, truth)
    for i, x in enumerate(published.GRID):
        found = {str(key): bands["pressure"].sel(statistic=key).values[i] for key in bands["statistic"].values}
        published.check_statistics({**found, "sd": published.pressure(x).sd}, published.pressure(x))
    assert_allclose(bands["density"], published.GRID)


def test_netcdf_draws_carry_their_weights(result, tmp_path):
    draws = opened(result, tmp_path, "draws")
    weight = draws["weight"].values
    assert_allclose(weight.sum(), 1)
    for name, truth in TRUTHS.items():
        mean = np.sum(weight * np.log(draws[name].values))
        assert_allclose(mean, truth.location, atol=2e-3)
        assert_allclose(np.sqrt(np.sum(weight * (np.log(draws[name].values) - mean) ** 2)), truth.scale, rtol=0.01)


def numbers(median, sd, **about):
    return {"unit": "km", "median": median, "sd": sd, "q16": median - 2 * sd, "q84": median + sd, **about}


def run(**quantities):
    return {
        "target": "",
        "method": "NUTS",
        "seed": 0,
        "verdict": {"status": "OK"},
        "diagnostics": {"log_evidence": -12.345},
        "fit": {"chi2": 7.12, "dof": 3.26},
        "quantities": quantities,
    }


def test_tension_is_the_difference_over_the_joint_standard_deviation():
    """|12.0 - 13.5| / sqrt(0.3^2 + 0.4^2) = 3."""
    one = run(radius=numbers(12.0, 0.3, mean=11.0), only=numbers(1.0, 1.0))
    other, third = run(radius=numbers(13.5, 0.4, mean=17.0)), run(radius=numbers(12.0, 0.0))
    table = comparison({"a": one, "b": other, "c": third})
    assert table["quantities"]["radius"]["b"]["tension"] == pytest.approx(3.0)
    assert table["quantities"]["radius"]["c"]["tension"] == 0.0
    assert table["quantities"]["radius"]["a"]["tension"] is None
    assert list(table["quantities"]["only"]) == ["a"]
    text = "\n".join(lines(table))
    assert "a: OK, NUTS, chi2/dof = 7.1/3.3, log Z = -12.35" in text
    assert "b  13.50 +0.40 -0.80 km  tension 3.0" in text


def test_compared_runs_show_their_intervals(result):
    text = "\n".join(lines(comparison({"a": result.to_json(), "b": result.to_json()})))
    assert text.count("0.82 +0.82 -0.41 Msun") == 2
    assert "tension 0.0" in text


# --- plan -------------------------------------------------------------------------------------------------------------


def linearised(scale: float, z: np.ndarray) -> dict[str, np.ndarray]:
    """Errors of all quantities at `z` by the covariance of the latents, the data `scale` times as precise."""
    whitened = published.OPERATOR / published.ERROR[:, None]
    covariance = np.linalg.inv(np.eye(2) + scale * whitened.T @ whitened)
    x, grid = np.exp(z[0]), np.asarray(published.GRID)
    radius = published.RADIUS * x**published.WIDTH * published.WIDTH
    first, second = np.sqrt(np.diag(covariance))
    return {"radius": radius * first, "mass": np.exp(z[1]) * second, "pressure": grid * x**grid * first}


@pytest.fixture(scope="module")
def planned(result):
    points = some_draws(result)
    return points, plan(published.problem(), points)


def test_the_errors_of_a_plan_are_those_of_the_linearised_posterior(planned):
    points, found = planned
    for scenario, scale in ((found.prior, 0), (found.now, 1), (found.noise_halved, 4), (found.points_doubled, 2)):
        each = [linearised(scale, z) for z in points]
        for name, spread in scenario.spread.items():
            assert_allclose(spread, np.median([row[name] for row in each], axis=0), rtol=1e-6)
        square = scale * published.fit().singular_values ** 2
        assert_allclose(scenario.effective_rank, np.sum(square / (1 + square)), rtol=1e-6)


def test_a_plan_is_made_around_draws_of_the_posterior(planned):
    """Sixteen draws in the middle of sixteenths of the weight: their mean is that of the posterior, not of the bank."""
    points, _ = planned
    assert 12 <= len(points) <= 16
    for column, (mean, sd) in zip(points.T, published.POSTERIOR, strict=True):
        assert abs(column.mean() - mean) < 3 * sd / np.sqrt(len(points))
        assert 0.5 < column.std() / sd < 1.5


def test_the_table_of_a_plan_has_these_errors_in_its_columns(result, planned):
    points, found = planned
    told = content(result, found, "twice")
    row, each = told["errors"]["radius"], {s: [linearised(s, z) for z in points] for s in (0, 1, 2, 4)}
    wanted = {name: np.median([z["radius"] for z in each[s]]) for name, s in SCALES.items()}
    assert_allclose([row[name] for name in SCALES], list(wanted.values()), rtol=1e-6)
    assert_allclose(row["draws"], published.radius().sd, rtol=5e-3)
    ratio = {s: np.median([z["pressure"] for z in each[s]], axis=0) for s in each}
    shrunk = [np.median(1 - ratio[s] / ratio[0]) for s in SCALES.values()]
    assert_allclose([told["shrinkage"]["pressure"][name] for name in SCALES], shrunk, rtol=1e-6)
    (line,) = (line for line in plan_lines(told) if line.startswith("radius"))
    printed = [float(word) for word in line.split()[1:5]]
    assert_allclose(printed, [row["draws"], *wanted.values()], rtol=5e-3)
    assert "not Gaussian" in line  # 4.9 km of the draws against half of it
    assert "shrinkage (1: the data decide" in "\n".join(plan_lines(told))


def test_a_plan_tells_the_median_shrinkage_along_a_function(result, planned):
    found = planned[1]
    spread = {**found.prior.spread, "pressure": np.ones(4)}
    now = {**spread, "pressure": np.array([0.9, 0.5, 0.3, 0.1])}
    told = content(
        result, found._replace(prior=found.prior._replace(spread=spread), now=found.now._replace(spread=now)), ""
    )
    assert told["shrinkage"]["pressure"]["now"] == pytest.approx(0.6)


SCALES = {"now": 1, "noise_halved": 4, "points_doubled": 2}


# --- cost -------------------------------------------------------------------------------------------------------------


def test_the_cost_is_repeats_times_width_times_operations():
    """1000 steps of 50 chains, 3e6 operations each, at 3e9 a second: 50 s, four times as many with gradients."""
    plain = Part("", 1000, 50, 3e6, 1e5, gradient=False)
    steep = Part("", 1000, 50, 3e6, 1e5, gradient=True)
    assert [plain.seconds, steep.seconds] == pytest.approx([50.0, 200.0])
    assert [plain.memory, steep.memory] == pytest.approx([0.0, 8 * 50 * 1e5])
    both = Cost(1000, (plain, steep))
    assert both.seconds == pytest.approx(250.0)
    assert "4 minutes on one core" in str(both)


def test_the_cost_of_chains_is_that_of_all_of_them():
    """All steps of all chains, with gradients: three chains cost three times as much as one."""
    target = published.problem()
    cost = estimate(target, NUTS(chains=3, warmup=10, draws=20))
    (part,) = cost.parts
    assert (part.repeats, part.width, part.gradient) == (30, 3, True)
    fewer = estimate(target, NUTS(chains=1, warmup=10, draws=20))
    assert cost.seconds == pytest.approx(3 * fewer.seconds)
