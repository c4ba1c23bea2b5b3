"""A result can be printed, saved, loaded, trusted or refused; its files are deterministic."""

import hashlib
import json
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.base.format import estimate, value_with_error, value_with_sides
from retrodict.inference.infer import infer
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
        *("posterior", "prior", "sample_stats", "fit", "identifiability", "observed_data"),
    }
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
