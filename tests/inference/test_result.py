"""A result can be printed, saved, loaded, trusted or refused; its files are deterministic."""

import errno
import hashlib
import json
import re

import jax.random as jr
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from retrodict.base import atomic
from retrodict.base.errors import InputError, StorageError
from retrodict.base.format import estimate, value_with_error, value_with_sides
from retrodict.inference.evaluate import evaluate
from retrodict.inference.infer import conclude, infer
from retrodict.num.weighted import weighted_statistics
from retrodict.run.method import Draws
from retrodict.run.result import Result
from tests.inference.exact import Exact, exact_moments, linear_problem

METHOD = Exact(steps=500)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    infer(linear_problem(), METHOD, path=path, progress=False)
    return path


@pytest.fixture(scope="module")
def result(directory):
    return Result.load(directory)


NUMBERS = [
    (1.234, 0.056, "1.234(56)"),
    (11.71, 2.48, "11.7(2.5)"),
    (1234.5, 67.8, "1234(68)"),
    (0.0, 0.0996, "0.00(10)"),
    (1.0, 0.999, "1.0(1.0)"),
    (2.0, 9.96, "2(10)"),
    (1.2e-19, 3e-20, "1.20(30)e-19"),
    (-0.0034, 1e-5, "-0.003400(10)"),
    (2.5, 0.0, "2.5"),
]


@pytest.mark.parametrize(("value", "error", "text"), NUMBERS)
def test_values_are_written_with_two_digits_of_their_error(value, error, text):
    assert value_with_error(value, error) == text


def test_asymmetric_intervals_keep_both_sides():
    assert value_with_sides(11.98, 0.29, 0.26) == "11.98 +0.29 -0.26"
    assert estimate(363.0, 313.0, 425.0) == "363 +62 -50" or estimate(363.0, 313.0, 425.0) == "363(56)"
    assert estimate(1.0, 0.9, 1.3) == "1.00 +0.30 -0.10"


def test_the_posterior_is_the_exact_one(result):
    """2000 independent draws: mean within four standard errors, sd within 7 %."""
    exact = exact_moments(linear_problem())
    total = result.quantities()["total"]
    sd = float(np.linalg.norm(np.sum(exact.root, axis=0)))
    assert_allclose(total["mean"], float(np.sum(exact.mean)), atol=4 * sd / np.sqrt(2000))
    assert_allclose(total["sd"], sd, rtol=0.07)
    assert total["unit"] == "MeV"


def test_bands_carry_their_grid_and_lie_in_order(result):
    band = result.band("line")
    assert_allclose(band["x"], np.linspace(0, 1, 5))
    levels = [band[name] for name in ("q2_5", "q16", "median", "q84", "q97_5")]
    assert np.all(np.diff(levels, axis=0) > 0)
    before = result.prior_band("line")
    assert np.all(before["q97_5"] - before["q2_5"] > band["q97_5"] - band["q2_5"])


def test_the_verdict_and_what_the_data_do_not_see_are_told(result):
    assert result.verdict.status == "OK"
    assert "prior-dominated (shrinkage < 0.1): unseen" in result.verdict.notes
    assert abs(result.shrinkage("unseen")) < 0.1
    assert result.fit["dof"] == pytest.approx(6 - result.diagnostics["effective_rank"])


def test_the_summary_begins_with_the_verdict_and_writes_values_with_errors(result):
    lines = str(result).splitlines()
    assert lines[0].startswith("OK")
    assert re.search(r"total \[MeV\] +-?\d+\.\d+\(\d+(\.\d+)?\)", str(result))
    assert re.search(r"chi2/dof = [\d.]+/[\d.]+ = [\d.]+, p = ", str(result))


def test_the_same_run_gives_the_same_bytes(directory, tmp_path):
    infer(linear_problem(), METHOD, path=tmp_path / "again", progress=False)
    for name in ("result.nc", "result.json"):
        assert (directory / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_the_json_holds_the_numbers_and_the_hash_of_the_arrays(directory, result):
    content = json.loads((directory / "result.json").read_text())
    assert set(content["quantities"]["total"]) == {"median", "mean", "sd", "q2_5", "q16", "q84", "q97_5", "unit"}
    assert content["verdict"]["status"] == "OK"
    assert set(content["fit"]) == {"chi2", "dof", "p"}
    assert content["schema_version"] == 1
    digest = hashlib.sha256((directory / "result.nc").read_bytes()).hexdigest()
    assert content["files"]["result.nc"]["sha256"] == digest


def test_groups_and_dimensions_are_named_as_arviz_expects(result):
    assert set(result.tree.children) == {
        *("posterior", "prior", "sample_stats", "log_likelihood", "fit", "identifiability", "observed_data"),
    }
    assert result.tree["log_likelihood"]["data"].dims == ("chain", "draw", "datum")
    assert result.tree["observed_data"]["data"].shape == (6,)
    assert {"lp", "valid", "total_log_likelihood"} <= set(result.tree["sample_stats"].data_vars)
    assert result.tree["posterior"]["line"].dims == ("chain", "draw", "line_grid")
    assert result.tree["posterior"]["z"].dims == ("chain", "draw", "latent")
    assert result.tree["posterior"]["line"].attrs["unit"] == "fm"


def test_every_flipped_bit_is_found(directory, tmp_path):
    """One hundred bits of result.nc, evenly spread: none is used in silence."""
    raw = (directory / "result.nc").read_bytes()
    (tmp_path / "result.json").write_bytes((directory / "result.json").read_bytes())
    for position in np.linspace(0, len(raw) - 1, 100).astype(int):
        damaged = bytearray(raw)
        damaged[position] ^= 1 << (position % 8)
        (tmp_path / "result.nc").write_bytes(bytes(damaged))
        with pytest.raises(InputError, match="damaged"):
            Result.load(tmp_path)


def test_a_result_of_a_newer_program_is_refused_with_a_fix(directory, tmp_path):
    content = json.loads((directory / "result.json").read_text())
    (tmp_path / "result.json").write_text(json.dumps({**content, "schema_version": 99}))
    with pytest.raises(InputError, match="newer program"):
        Result.load(tmp_path)


def test_a_function_without_a_value_at_a_point_is_averaged_where_it_has_one(result):
    tree = result.tree.copy(deep=True)
    values = tree["posterior"]["line"].values
    values[:, ::2, -1] = np.nan
    band = Result(tree).band("line")
    assert np.all(np.isfinite(band["median"]))
    assert_allclose(band["mean"][-1], np.nanmean(values[..., -1]))


@pytest.fixture(scope="module")
def weighted():
    """Draws of the prior, weighted by the likelihood, with what was recorded of each."""
    target = linear_problem(error=2.0)
    position = jr.normal(jr.key(1), (1, 2000, 4))
    log_weight = evaluate(target, position[0]).log_likelihood[None]
    recorded = {"divergent": np.zeros((1, 2000), dtype=bool), "acceptance": np.ones((1, 2000))}
    return conclude(target, METHOD, Draws(position, log_weight, "exact", recorded))


def test_the_posterior_of_weighted_draws_is_equally_weighted(weighted):
    """Whoever knows no weights finds our means and spreads; whoever took the weighted draws so would find the prior."""
    posterior, own = weighted.tree["posterior"], weighted.quantities()["total"]
    error = own["sd"] / np.sqrt(weighted.diagnostics["weight_ess"])
    assert abs(float(posterior["total"].mean()) - own["mean"]) < 0.1 * error
    assert float(posterior["total"].std()) == pytest.approx(own["sd"], rel=0.01)
    assert posterior.sizes["draw"] == round(weighted.diagnostics["weight_ess"])
    assert abs(float(weighted.tree["weighted_posterior"]["total"].mean()) - own["mean"]) > 2 * error
    assert "log_weight" not in weighted.tree["sample_stats"]


def test_the_weighted_draws_have_a_group_with_their_weights(weighted):
    """Our own numbers are theirs."""
    bank = weighted.tree["weighted_posterior"]
    weights = np.exp(bank["log_weight"].values[0])
    expected = weighted_statistics(bank["total"].values[0], weights / weights.sum())
    own = weighted.quantities()["total"]
    assert all(own[name] == pytest.approx(float(value), rel=1e-13) for name, value in expected.items())
    chosen = weighted.tree["sample_stats"]["bank_draw"].values[0]
    assert_allclose(weighted.tree["posterior"]["z"].values[0], bank["z"].values[0][chosen])
    assert_allclose(
        weighted.tree["sample_stats"]["lp"].values[0], weighted.tree["weighted_sample_stats"]["lp"].values[0][chosen]
    )


def test_what_a_method_records_has_the_names_that_arviz_looks_for(weighted):
    names = set(weighted.tree["sample_stats"].data_vars)
    assert {"diverging", "acceptance_rate", "lp"} <= names
    assert not {"divergent", "acceptance", "log_likelihood"} & names
    assert weighted.tree["sample_stats"]["diverging"].dtype == bool
    for group in ("posterior", "sample_stats", "log_likelihood", "weighted_posterior", "prior"):
        assert all(v.dims[:2] == ("chain", "draw") for v in weighted.tree[group].data_vars.values()), group
        assert {"chain", "draw"} <= set(weighted.tree[group].coords)


def test_independent_data_add_up_to_the_likelihood(weighted, result):
    for one in (weighted, result):
        pointwise = one.tree["log_likelihood"]["data"]
        assert list(pointwise["datum"].values) == [f"data[{i}]" for i in range(6)]
        assert_allclose(pointwise.sum("datum"), one.tree["sample_stats"]["total_log_likelihood"], rtol=1e-12)


def test_results_of_older_versions_give_the_same_numbers(weighted, tmp_path):
    """Until version 0.2 the weighted draws were the posterior, and their weights stood in sample_stats."""
    groups = {f"/{name}": node.to_dataset() for name, node in weighted.tree.children.items()}
    bank, statistics = groups.pop("/weighted_posterior"), groups.pop("/weighted_sample_stats")
    statistics = statistics.rename(total_log_likelihood="log_likelihood").assign(log_weight=bank["log_weight"])
    prior = groups["/prior"].assign(valid=(("chain", "draw"), np.ones((1, groups["/prior"].sizes["draw"]), dtype=bool)))
    groups |= {"/posterior": bank.drop_vars("log_weight"), "/sample_stats": statistics, "/prior": prior}
    del groups["/log_likelihood"]
    older = Result(xr.DataTree.from_dict({"/": xr.Dataset(attrs=weighted.tree.attrs), **groups}))
    older.save(tmp_path)
    older = Result.load(tmp_path)
    assert older.to_json() == weighted.to_json()
    assert str(older) == str(weighted)
    assert_allclose(older.bank_statistics["total_log_likelihood"], weighted.bank_statistics["total_log_likelihood"])


def test_a_full_disk_leaves_the_run_resumable_and_its_status_true(tmp_path, monkeypatch):
    """No new file fits, not even a status: result.nc is not there, the status says why, nothing temporary is left."""
    real, path = atomic.os.fsync, tmp_path / "run"

    def full(descriptor):
        written = [entry.name for entry in path.glob(".*.tmp")]
        if any(name.startswith(".result.nc") for name in written) or state["full"]:
            state["full"] = True
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    state = {"full": False}
    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(StorageError, match="disk is full") as error:
        infer(linear_problem(), METHOD, path=path, progress=False)
    monkeypatch.undo()
    assert error.value.exit_code == 5
    assert "--resume" in error.value.fix
    assert not (path / "result.nc").exists()
    assert not list(path.glob("**/.*.tmp"))
    status = json.loads((path / "status.json").read_text())
    assert (status["state"], status["exit_code"]) == ("failed", 5)
    infer(linear_problem(), METHOD, path=path, resume=True, progress=False)
    assert json.loads((path / "status.json").read_text())["state"] == "done"
