"""The command line does what it says: verbs, exit codes, messages, and nothing on disk where nothing was asked for."""

import contextlib
import csv
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from straight_line import SHIPPED, line_among_the_domains

from retrodict.cli.config import load_config
from retrodict.cli.main import app, execute
from retrodict.inference import METHODS
from retrodict.inference.importance import Importance
from retrodict.inference.infer import infer
from retrodict.run.loop import advance
from retrodict.run.result import Result
from retrodict.run.tasks import perform

HERE = Path(__file__).parent
VERBS = [
    "demo",
    "list",
    "inspect",
    "analyse",
    "new",
    "check",
    "run",
    "report",
    "validate",
    "plan",
    "compare",
    "export",
    "cite",
    "doctor",
]
DRIVER = f"""
import sys; sys.path.insert(0, {str(HERE)!r})
from retrodict.base import domains
from retrodict.cli import main
domains.HOUSE = {{"line": "straight_line:DOMAIN"}}
main.main()
"""


def program(*arguments, **options):
    """The program in a process of its own, with the straight line among its domains."""
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, *map(str, arguments)],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options},
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project made by `new` and run once."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "points.csv").write_text(SHIPPED)
    with line_among_the_domains():
        assert execute(["new", "line", str(folder / "line"), "--data", str(folder / "points.csv")]) == 0
        config, out = folder / "line" / "config.yaml", folder / "line" / "run"
        assert execute(["run", str(config), "--out", str(out), "--set", "method.starts=2", "--quiet"]) == 0
    return folder / "line"


@pytest.fixture(scope="module")
def bank(project):
    """A run that cannot end well: exit code, standard output and directory."""
    words = ["--set", "method={kind: Importance, draws: 50, batch: 50}", "--json", "--strict"]
    out, printed = project / "bank", io.StringIO()
    with line_among_the_domains(), pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr("retrodict.cli.running.write_pages", lambda *about: None)
        code = execute(["run", str(project / "config.yaml"), "--out", str(out), *words])
    return code, printed.getvalue(), out


@pytest.fixture
def pageless(monkeypatch):
    """Without the drawing, which costs seconds."""
    monkeypatch.setattr("retrodict.cli.running.write_pages", lambda *about: None)


def tree(folder):
    return sorted((str(path.relative_to(folder)), path.stat().st_mtime_ns) for path in folder.rglob("*"))


# --- start-up ---------------------------------------------------------------------------------------------------------


def test_help_takes_less_than_three_tenths_of_a_second():
    """Processor time, best of five: what else the machine does is not the program's fault."""
    command = [sys.executable, "-c", "from retrodict.cli.main import execute; execute(['--help'])"]
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert min(seconds) < 0.3


def test_help_imports_nothing_heavy():
    code = "from retrodict.cli.main import execute; import sys; execute(['run', '--help']); print([*sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    for module in ("jax", "numpy", "xarray", "equinox", "matplotlib", "ruamel"):
        assert f"'{module}'" not in loaded


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb, capsys):
    assert execute([verb, "--help"]) == 0
    assert f"Example: retrodict {verb}" in " ".join(capsys.readouterr().out.split())


def test_the_verbs_are_those_of_the_design():
    assert [command.name for command in app.registered_commands] == VERBS


def test_shell_completion_is_offered(tmp_path):
    environment = {
        **os.environ,
        "_RETRODICT_COMPLETE": "complete_bash",
        "COMP_WORDS": "retrodict ins",
        "COMP_CWORD": "1",
    }
    done = program(env=environment)
    assert "inspect" in done.communicate()[0]


# --- the whole way ----------------------------------------------------------------------------------------------------


def test_a_new_project_keeps_the_comments_and_holds_a_copy_of_the_data(project):
    text = (project / "config.yaml").read_text()
    assert "data: data/points.csv" in text
    assert "# prior standard deviation" in text
    assert (project / "data" / "points.csv").read_text() == SHIPPED


def test_a_run_directory_is_complete_and_its_hashes_are_right(project):
    run = project / "run"
    for name in (
        "config.input.yaml",
        "config.resolved.yaml",
        "result.json",
        "result.nc",
        "report.html",
        "CITATION.bib",
    ):
        assert (run / name).stat().st_size > 0
    assert (run / "config.input.yaml").read_bytes() == (project / "config.yaml").read_bytes()
    manifest = json.loads((run / "manifest.json").read_text())
    assert [Path(name).name for name in manifest["inputs"]] == ["points.csv"]
    assert {"result.nc", "result.json", "report.html"} <= set(manifest["outputs"])
    assert json.loads((run / "status.json").read_text())["state"] == "done"


def test_the_slope_is_the_one_that_least_squares_gives(project):
    """With a prior this wide, the most probable line is the fitted one to a part in a thousand."""
    numbers = json.loads((project / "run" / "result.json").read_text())["quantities"]["slope"]
    assert numbers["median"] == pytest.approx(1.9, rel=2e-3)


def test_the_resolved_config_runs_to_the_same_result(project, pageless, tmp_path):
    resolved = project / "run" / "config.resolved.yaml"
    assert execute(["run", str(resolved), "--out", str(tmp_path / "again"), "--quiet"]) == 0
    first, second = (json.loads((run / "result.json").read_text()) for run in (project / "run", tmp_path / "again"))
    assert first == second


def test_a_run_is_not_overwritten_unless_forced(project, capsys):
    before = tree(project)
    assert execute(["run", str(project / "config.yaml"), "--out", str(project / "run")]) == 2
    assert "--force" in capsys.readouterr().err
    assert tree(project) == before


def test_json_is_all_that_json_prints_and_strict_turns_a_failed_verdict_into_three(bank):
    """Fifty draws of a wide prior leave hardly one that fits: the verdict is FAIL."""
    code, printed, out = bank
    assert code == 3
    assert json.loads(printed)["verdict"]["status"] == "FAIL"
    assert json.loads(printed)["directory"] == str(out)


def test_check_tells_the_cost_and_writes_nothing(project, capsys):
    before = tree(project)
    assert execute(["check", str(project / "config.yaml"), "--set", "method.kind=NUTS"]) == 0
    out = capsys.readouterr().out
    assert "latents:   2" in out
    assert "after compilation" in out
    assert tree(project) == before


def test_export_writes_bands_with_units(project, tmp_path, capsys):
    assert execute(["export", str(project / "run"), "--to", "csv", "--out", str(tmp_path)]) == 0
    header, *values = csv.reader((tmp_path / "line.csv").read_text().splitlines())
    names = ["x", "mean", "median", "q2_5", "q16", "q84", "q97_5"]
    assert header == [f"{name} [m]" for name in names]
    assert (tmp_path / "line_draws.csv").read_text().startswith("line(0 m) [m],line(0.25 m) [m],")
    assert np.asarray(values, dtype=float).shape == (5, 7)
    assert execute(["export", str(project / "run"), "--to", "csv", "--out", str(tmp_path)]) == 2
    assert execute(["export", str(project / "run"), "--to", "netcdf", "--out", str(tmp_path)]) == 0
    with xr.open_dataset(tmp_path / "export.nc", group="bands", engine="h5netcdf") as data:
        assert data["line"].sel(statistic="median").values == pytest.approx([float(row[2]) for row in values])
        assert data["line"].attrs["units"] == data["x"].attrs["units"] == "m"


def test_exported_draws_and_weights_give_the_mean_of_the_result_again(bank, tmp_path):
    assert execute(["export", str(bank[2]), "--to", "netcdf", "--out", str(tmp_path)]) == 0
    numbers = json.loads((bank[2] / "result.json").read_text())["quantities"]
    with xr.open_dataset(tmp_path / "export.nc", group="draws", engine="h5netcdf") as data:
        assert data["weight"].sum() == pytest.approx(1.0)
        assert (data["weight"] @ data["slope"]).item() == pytest.approx(numbers["slope"]["mean"])
        assert data["line"].dims == ("draw", "x")


def test_cite_prints_bibtex(project, capsys):
    assert execute(["cite", str(project / "run")]) == 0
    assert "@" in capsys.readouterr().out


def test_a_run_has_no_tension_with_itself(project, capsys):
    assert execute(["compare", str(project / "run"), str(project / "run" / "."), "--json"]) == 0
    capsys.readouterr()
    assert execute(["compare", str(project / "run")]) == 2


def test_a_plan_is_what_the_normal_equations_say(project, capsys):
    """Three points of error .1 and a prior of width 3 on both coefficients: a straight line in closed form."""
    assert execute(["plan", str(project / "run"), "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    x = np.array([0.0, 0.5, 1.0])
    fisher = 900 * np.stack([np.ones(3), x]) @ np.stack([np.ones(3), x]).T
    for name, factor in (("now", 1), ("noise_halved", 4), ("points_doubled", 2)):
        covariance = 9 * np.linalg.inv(np.eye(2) + factor * fisher)
        assert table["errors"]["slope"][name] == pytest.approx(covariance[1, 1] ** 0.5, rel=1e-8)
        assert table["directions"][name] == pytest.approx(2 - np.trace(covariance) / 9, rel=1e-8)
    assert table["shrinkage"]["line"]["noise_halved"] > table["shrinkage"]["line"]["now"] > 0.9
    assert execute(["plan", str(project / "run")]) == 0
    assert "slope" in capsys.readouterr().out


def test_a_domain_without_other_methods_says_so(project, capsys):
    assert execute(["compare", str(project / "run"), "--methods"]) == 2
    assert "knows no other methods" in capsys.readouterr().err
    assert execute(["compare", str(project / "run"), str(project), "--methods"]) == 2


def test_report_is_made_again_from_the_numbers(project, capsys):
    page = project / "run" / "report.html"
    page.unlink()
    assert execute(["report", str(project / "run")]) == 0
    assert page.stat().st_size > 0
    assert json.loads((project / "run" / "status.json").read_text())["state"] == "done"


def test_data_that_changed_since_the_run_are_not_compared_with_its_draws(project, pageless, capsys):
    """What needs them refuses; the report goes without them and says so. As they were, all is well again."""
    data = project / "data" / "points.csv"
    before = data.read_text()
    data.write_text(before.replace("2.1", "2.7"))
    try:
        for verb in ("plan", "validate"):
            assert execute([verb, str(project / "run")]) == 2
            assert "the data have changed since the run" in capsys.readouterr().err
        assert execute(["report", str(project / "run")]) == 0
        assert "the data have changed since the run" in capsys.readouterr().err
    finally:
        data.write_text(before)
    assert execute(["plan", str(project / "run")]) == 0
    assert "changed" not in capsys.readouterr().err


def test_who_reads_may_leave_at_any_time(project):
    """As `head -1` does: no complaint, and no failure."""
    reader, writer = os.pipe()
    os.close(reader)
    words = [
        sys.executable,
        "-c",
        "from retrodict.cli.main import main; main()",
        "inspect",
        str(project / "run"),
        "--json",
    ]
    found = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, check=False, text=True)
    os.close(writer)
    assert (found.returncode, found.stderr) == (0, "")


def test_a_run_made_from_python_gets_a_report_and_the_other_verbs_say_what_they_lack(project, tmp_path, capsys):
    config = load_config(project / "config.yaml")
    infer(config.problem, Importance(draws=200), path=tmp_path / "run")
    assert execute(["report", str(tmp_path / "run")]) == 0
    assert "made from Python" in capsys.readouterr().err
    assert "slope" in (tmp_path / "run" / "report.html").read_text()
    assert execute(["cite", str(tmp_path / "run")]) == 0
    for verb in (["plan"], ["validate"], ["compare", "--methods"]):
        assert execute([*verb, str(tmp_path / "run")]) == 2
        assert "this run has no config" in capsys.readouterr().err


def test_inspect_describes_data_configs_and_runs(project, capsys):
    for path, kind in (
        (project / "data" / "points.csv", "points"),
        (project / "config.yaml", "config"),
        (project / "run", "run"),
    ):
        assert execute(["inspect", str(path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["kind"] == kind
    assert execute(["inspect", str(project / "data" / "points.csv")]) == 0
    assert "mean_y: 2 m" in capsys.readouterr().out


def test_demos_are_listed_and_run(pageless, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert execute(["demo"]) == 0
    assert "line: A straight line." in capsys.readouterr().out
    assert execute(["demo", "lime"]) == 2
    assert "did you mean line?" in capsys.readouterr().err
    assert execute(["demo", "line", "--quiet"]) == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert str(run.relative_to(tmp_path) / "report.html") in capsys.readouterr().out


def test_validation_is_kept_and_grows(bank, pageless, capsys):
    """Twenty closures, then sixty: the first are not computed again, and the report finds the numbers by quantity."""
    _, _, run = bank
    assert execute(["validate", str(run), "-n", "20", "--quiet"]) == 0
    (block,) = (run / "validation" / "tasks").glob("*.npz")
    before = block.stat().st_mtime_ns
    capsys.readouterr()
    assert execute(["validate", str(run), "-n", "60", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["quantities"]["slope"]) >= {"width", "location", "68 %", "95 %"}
    assert len(list((run / "validation" / "tasks").glob("*.npz"))) == 2
    assert block.stat().st_mtime_ns == before
    assert json.loads((run / "validation.json").read_text()) == told


def test_an_ensemble_cut_into_tasks_is_the_ensemble(project, pageless, tmp_path, monkeypatch):
    """70 members in two tasks, computed one after the other in place of a cluster: the same members to rounding."""

    def in_place(scheduler, text, missing, workers, done):
        for index in missing:
            done(perform(text, index))

    monkeypatch.setattr("retrodict.run.ledger.run_on_dask", in_place)
    override = "method={kind: Ensemble, members: 70, weighted: false}"
    words = ["--quiet", "--set", override, "--dask", "local"]
    assert execute(["run", str(project / "config.yaml"), "--out", str(tmp_path / "parts"), *words]) == 0
    assert len(list((tmp_path / "parts" / "tasks").glob("*.npz"))) == 2
    config = load_config(project / "config.yaml", (override,))
    whole = advance(config.problem, config.method, seed=config.seed).state.descent.position
    parts = Result.load(tmp_path / "parts").tree["posterior"]["z"].values[0]
    np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-9)


def test_what_is_no_ensemble_is_not_spread(project, tmp_path, capsys):
    assert execute(["run", str(project / "config.yaml"), "--out", str(tmp_path / "run"), "--dask", "local"]) == 2
    assert "method.kind=Ensemble" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_the_doctor_finds_this_machine_well(capsys):
    assert execute(["doctor", "--json"]) == 0
    found = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert found["precision"]["text"] == "float64"
    assert found["self-test"]["well"]


# --- bad input --------------------------------------------------------------------------------------------------------

BAD_DATA = {
    "unit": "x [cm], y [cm], error [cm]\n0, 1, 0.1\n",
    "error": "x [m], y [m], error [m]\n0, 1, -0.1\n",
}


@pytest.mark.parametrize("kind", BAD_DATA)
@pytest.mark.parametrize("verb", ["check", "run"])
def test_bad_data_are_refused_before_anything_is_written(kind, verb, config, capsys):
    path = config("domain: line\nproblem: {data: points.csv}\nmethod: MAP\n")
    (path.parent / "points.csv").write_text(BAD_DATA[kind])
    before = tree(path.parent)
    out = ["--out", str(path.parent / "run")] if verb == "run" else []
    assert execute([verb, str(path), *out]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert tree(path.parent) == before


def test_new_refuses_bad_data_and_existing_files(tmp_path, capsys):
    data = tmp_path / "points.csv"
    data.write_text(BAD_DATA["unit"])
    before = tree(tmp_path)
    assert execute(["new", "line", str(tmp_path / "line"), "--data", str(data)]) == 2
    assert f"{data}:1" in capsys.readouterr().err
    assert execute(["new", "line", str(tmp_path / "line"), "--data", str(tmp_path / "pionts.csv")]) == 2
    assert tree(tmp_path) == before
    data.write_text(SHIPPED)
    assert execute(["new", "line", str(tmp_path / "line"), "--data", str(data)]) == 0
    assert execute(["new", "line", str(tmp_path / "line"), "--data", str(data)]) == 2


def test_new_changes_the_kinds_of_its_template_and_check_tells_what_it_left_out(tmp_path, capsys):
    path = tmp_path / "lattice" / "config.yaml"
    assert execute(["new", "lattice", str(path.parent), "--set", "theory.kind=XY"]) == 2
    assert "fix:      --set problem.theory.beta=..." in capsys.readouterr().err
    assert execute(["new", "lattice", str(path.parent), "--set", "theory.kind=XY", "--set", "beta=0.5"]) == 0
    assert load_config(path).resolved["problem"]["theory"] == {
        "kind": "XY",
        "shape": [16, 16],
        "beta": 0.5,
        "precision": 64,
    }
    assert "# CPU seconds for other samplers" in path.read_text()
    assert capsys.readouterr().err == ""  # nobody has written what the template said
    assert execute(["check", str(path), "--set", "method.kind=LatticeSMC"]) == 0
    told = "LatticeSMC does not have: method.chains, method.warmup, method.draws, method.cold"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["runn"],
        ["--nonsense"],
        ["run", "nowhere.yaml"],
        ["run", "nowhere.yaml", "--max-time", "soon"],
        ["run", "nowhere.yaml", "--resume"],
        ["new", "lime", "somewhere"],
        ["inspect", "nowhere.csv"],
        ["report", "nowhere"],
        ["export", "nowhere"],
        ["cite", "nowhere"],
    ],
)
def test_wrong_usage_is_two_with_a_message_in_the_house_style(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert execute(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert "Traceback" not in captured.err
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_traceback_wherever_it_stands(config, capsys):
    path = config("domain: lime\n")
    assert execute(["check", str(path), "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


# --- the end of a process ---------------------------------------------------------------------------------------------


def test_a_bug_ends_with_one_and_keeps_its_traceback(config, tmp_path):
    config("domain: line\n")
    (tmp_path / "points.csv").write_text(
        "x [m], y [m], error [m]\nnot, a, number\n"
    )  # the little domain does not check
    process = program("inspect", tmp_path / "points.csv", env={**os.environ, "TMPDIR": str(tmp_path)})
    told = process.communicate()[1]
    assert process.returncode == 1
    assert "a bug in retrodict" in told
    assert "Traceback" not in told
    (kept,) = tmp_path.glob("retrodict-bug-*.txt")
    assert "ValueError" in kept.read_text()


def test_an_interrupted_run_names_the_command_that_goes_on_and_that_command_works(
    config, pageless, tmp_path, monkeypatch, capsys
):
    """SIGTERM after the first chunk: a checkpoint, exit 75; resumed, it ends like a run that nobody stopped."""
    path, out = config("domain: line\nproblem:\nmethod: {kind: Slow}\n"), tmp_path / "run"
    process = program("run", path, "--out", out)
    deadline = time.monotonic() + 60
    while '"chunk"' not in (out / "events.jsonl").read_text() if (out / "events.jsonl").exists() else True:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 75
    assert f"retrodict run {path} --out {out} --resume" in told
    assert json.loads((out / "status.json").read_text())["state"] == "stopped"
    before = tree(out)
    assert execute(["run", str(path), "--out", str(out), "--resume", "--seed", "1"]) == 2
    assert "seed: 0 -> 1" in capsys.readouterr().err
    assert tree(out) == before
    assert execute(["run", str(path), "--out", str(out), "--resume", "--quiet"]) == 0
    assert execute(["run", str(path), "--out", str(tmp_path / "whole"), "--quiet"]) == 0
    assert (out / "result.json").read_bytes() == (tmp_path / "whole" / "result.json").read_bytes()


def test_every_method_of_the_table_can_be_configured(config):
    for name in METHODS:
        loaded = load_config(config(f"domain: line\nproblem:\nmethod: {name}\n"))
        assert type(loaded.method).__name__ == loaded.resolved["method"]["kind"] == name
