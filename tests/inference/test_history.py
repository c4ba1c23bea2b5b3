"""Histories of other programs: read with gaps and in several replica, their errors, and what speaks against them."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.cli.main import execute
from retrodict.inference.history import analyse_history
from retrodict.inference.history_files import MonteCarloHistory, Replicum, read_history
from retrodict.num.autocorrelation import gamma_method
from tests.num.test_autocorrelation import MANY, RHO, TAU, autoregressive


def written(path, numbers, columns, header="# trajectory plaquette acceptance", line="{:d} {:.12f} {:g}"):
    rows = (line.format(int(n), *values) for n, *values in zip(numbers, *columns, strict=True))
    path.write_text("\n".join([header, *rows, ""]) if header else "\n".join([*rows, ""]))
    return path


@pytest.fixture
def replica(tmp_path):
    accepted = np.random.default_rng(0).random((3, 2000)) < 0.8
    return [
        written(tmp_path / f"r{i}.dat", range(10, 20010, 10), (0.5 + 0.01 * MANY[i], accepted[i])) for i in range(3)
    ]


def in_memory(chains, times=None):
    times = times or [np.arange(len(chain)) for chain in chains]
    members = (Replicum(f"r{i}", t, np.asarray(x)[:, None]) for i, (t, x) in enumerate(zip(times, chains, strict=True)))
    return MonteCarloHistory(("x",), ("",), tuple(members))


def test_replica_in_several_files_give_the_error_of_the_gamma_method_with_tau_in_trajectories(replica):
    found = analyse_history(read_history(replica))
    row, exact = found["quantities"]["plaquette"], gamma_method(0.5 + 0.01 * MANY[:3])
    assert_allclose(row["mean"], exact.value, rtol=1e-10)
    assert_allclose(row["error"], exact.error, rtol=1e-8)
    assert_allclose(row["tau_int"], 10 * exact.tau, rtol=1e-8)
    assert abs(row["tau_int"] - 10 * TAU) < 4 * row["tau_int_error"]
    assert row["agreement_q"] > 0.01
    assert row["thermalised_after"] == 0
    assert found["warnings"] == []
    assert found["replica"][0] == {"name": str(replica[0]), "entries": 2000, "first": 10, "last": 20000, "step": 10}
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("header", "line", "names"),
    [
        ("# trajectory plaquette acceptance", "{:d} {:.12f} {:g}", ["plaquette", "acceptance"]),
        ("traj,plaquette,acceptance", "{:d},{:.12f},{:g}", ["plaquette", "acceptance"]),
        ("# cfg\tplaq\tdH", "{:d}\t{:.12E}\t{:g}", ["plaq", "dh"]),
        ("", "{:d} {:.12f} {:g}", ["column_2", "column_3"]),
    ],
)
def test_tables_of_any_layout_are_read(header, line, names, tmp_path):
    path = written(tmp_path / "h", range(1, 2001), (MANY[0], MANY[1]), header, line)
    found = read_history([path])
    assert list(found.names) == names
    assert_allclose(found.of(names[0])[0], MANY[0], atol=1e-11)
    assert any("without names" in note for note in found.notes) == (not header)


def test_missing_trajectories_are_counted_and_do_not_spoil_the_error(tmp_path):
    keep = np.r_[0:500, 700:2000:2]
    path = written(tmp_path / "h", keep + 1, (MANY[0][keep], MANY[1][keep]))
    found = analyse_history(read_history([path]))
    assert found["replica"][0]["step"] == 2
    assert found["replica"][0]["irregular"] == "steps of 1 to 201"
    assert_allclose(found["quantities"]["plaquette"]["error"], gamma_method(MANY[0][keep], times=[keep]).error)
    path = written(tmp_path / "g", np.r_[1:900, 1000:2001], (MANY[0][:1900], MANY[1][:1900]))
    assert analyse_history(read_history([path]))["replica"][0]["missing"] == 100


def test_the_beginning_of_a_run_from_afar_is_to_be_discarded():
    """An excess of 10 standard deviations that decays with time 40 is below half a one after 120 trajectories."""
    slow = [chain + 10 * np.exp(-np.arange(2000) / 40) for chain in MANY[:60]]
    cuts = [analyse_history(in_memory([chain]))["quantities"]["x"]["thermalised_after"] for chain in slow]
    assert min(cuts) > 0
    assert 60 <= np.mean(cuts) <= 200
    found = analyse_history(in_memory(slow[:3]))
    assert "the beginning differs from the rest in x: use --discard" in found["warnings"][-1]
    kept = analyse_history(in_memory(slow[:3]), discard=250)["quantities"]["x"]
    assert abs(kept["mean"]) < 4 * kept["error"]
    assert found["quantities"]["x"]["mean"] > 4 * kept["error"]  # the twin: with the beginning the mean is wrong


def test_hot_and_cold_starts_do_not_cancel():
    decay = 10 * np.exp(-np.arange(2000) / 40)
    found = analyse_history(in_memory([MANY[0] + decay, MANY[1] - decay]))
    assert found["quantities"]["x"]["thermalised_after"] > 40


def test_runs_in_equilibrium_are_left_whole():
    cuts = [
        analyse_history(in_memory(MANY[2 * i : 2 * i + 2]))["quantities"]["x"]["thermalised_after"] for i in range(100)
    ]
    assert np.mean([cut != 0 for cut in cuts]) <= 0.04


def test_a_drift_through_the_whole_history_is_no_thermalisation():
    found = analyse_history(in_memory([MANY[0] + np.linspace(0, 10, 2000)]))
    assert found["quantities"]["x"]["thermalised_after"] is None
    assert any("not thermalised: x" in warning for warning in found["warnings"])


def test_replica_that_disagree_or_never_move_are_told():
    found = analyse_history(in_memory([MANY[0], MANY[1] + 1, MANY[2]]))
    assert any("the replica disagree in x: Q =" in warning for warning in found["warnings"])
    found = analyse_history(in_memory([MANY[0], np.zeros(2000)]))
    assert any("x never changed in r1, but in the other replica" in warning for warning in found["warnings"])
    found = analyse_history(in_memory([np.zeros(100), np.ones(100)]))
    assert found["quantities"]["x"]["error"] is None
    assert found["warnings"] == ["x never changed in any replicum, and the replica differ: no error is known"]


def test_a_run_of_few_autocorrelation_times_has_a_lower_bound():
    found = analyse_history(in_memory(autoregressive(300, rho=0.98, seed=4)))
    assert any("its error is a lower bound" in warning for warning in found["warnings"])


def test_one_file_may_hold_several_replica_and_rows_that_stand_twice(tmp_path):
    numbers = np.r_[1:401, 1:401]
    path = written(tmp_path / "two", numbers, (MANY[0][:800], MANY[1][:800]))
    found = read_history([path])
    assert [len(one.times) for one in found.replica] == [400, 400]
    assert "begin anew" in found.notes[0]
    labels = np.repeat([0, 1], 400)
    path = written(tmp_path / "label", numbers, (MANY[0][:800], labels), "trajectory plaquette replica")
    assert [len(one.times) for one in read_history([path]).replica] == [400, 400]
    row = np.r_[0:400, 399]
    path = written(tmp_path / "again", row + 1, (MANY[0][row], MANY[1][row]))
    found = read_history([path])
    assert len(found.replica[0].times) == 400
    assert "stand twice" in found.notes[0]


def test_what_is_no_history_is_refused_with_a_remedy(tmp_path):
    half = written(tmp_path / "half", np.arange(0, 200), (MANY[0][:200], MANY[1][:200]))
    other = written(tmp_path / "other", np.arange(200), (MANY[0][:200], MANY[1][:200]), "traj wilson acceptance")
    with pytest.raises(InputError, match="different columns"):
        read_history([half, other])
    with pytest.raises(InputError, match="--discard 196 or less"):
        analyse_history(read_history([half]), discard=198)
    (tmp_path / "off").write_text("trajectory x\n1 0.1\n2 0.2\n2.4 0.3\n3 0.4\n5 0.4\n")
    with pytest.raises(InputError, match="lie on no grid"):
        read_history([tmp_path / "off"])
    (tmp_path / "restart").write_text("trajectory x\n1 0.1\n2 0.2\n3 0.3\n4 0.4\n3 0.7\n4 0.9\n5 0.3\n6 0.1\n")
    with pytest.raises(InputError, match="stands twice"):
        read_history([tmp_path / "restart"])


def test_columns_of_words_are_left_out_and_said_but_a_word_among_numbers_is_refused(tmp_path):
    rows = "".join(f"{i} {MANY[0][i]} {'yes' if i % 3 else 'no'}\n" for i in range(400))
    (tmp_path / "words").write_text("trajectory x accepted\n" + rows)
    found = read_history([tmp_path / "words"])
    assert found.names == ("x",)
    assert "columns of words are left out: accepted" in found.notes
    (tmp_path / "word").write_text("trajectory x accepted\n" + rows.replace(f" {MANY[0][7]} ", " seven "))
    with pytest.raises(InputError, match="not a number"):
        read_history([tmp_path / "word"])


def test_molecular_dynamics_time_is_counted_in_its_smallest_step(tmp_path):
    (tmp_path / "h").write_text("mdtime x\n" + "".join(f"{0.5 * i} {MANY[0][i]}\n" for i in range(400)))
    found = read_history([tmp_path / "h"])
    assert found.replica[0].times[-1] == 399
    assert found.counted_in == "0.5 mdtime"


def test_the_verbs_tell_the_same(replica, capsys):
    assert execute(["analyse", *map(str, replica), "--json"]) == 0
    analysed = json.loads(capsys.readouterr().out)
    assert execute(["inspect", *map(str, replica), "--json"]) == 0
    (inspected,) = json.loads(capsys.readouterr().out)["files"]
    assert inspected["quantities"] == analysed["quantities"]
    assert execute(["inspect", str(replica[0])]) == 0
    assert "kind: monte_carlo_history" in capsys.readouterr().out
    assert execute(["analyse", *map(str, replica), "--discard", "500"]) == 0
    out = capsys.readouterr().out
    assert "trajectory 510 ... 20000, step 10" in out
    row = next(line for line in out.splitlines() if line.startswith("plaquette"))
    assert len(row.split()) == 6


def test_the_closed_form_of_the_process_behind_these_tests():
    assert pytest.approx(0.5 + sum(RHO**t for t in range(1, 400))) == TAU
