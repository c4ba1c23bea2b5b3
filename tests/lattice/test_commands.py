"""A lattice theory from the command line: new, check, run, inspect, export, compare; and what is refused."""

import json

import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.base.section import Run
from retrodict.cli.config import load_config
from retrodict.cli.config.load import to_yaml
from retrodict.cli.main import execute
from retrodict.lattice.core.action import require_memory
from retrodict.lattice.io.files import Configurations, read_configurations, read_gauge_field, write_configurations
from retrodict.lattice.io.gauge_field import compute_layout
from retrodict.lattice.io.saved_configurations import FILE, export_configurations, saved_configurations
from retrodict.lattice.problems import problem
from retrodict.lattice.report.baselines import baselines, run_for
from retrodict.lattice.report.pictures import pictures
from retrodict.lattice.report.sections import step_seconds
from retrodict.lattice.samplers.methods import HMC
from retrodict.lattice.templates import DEMOS, TEMPLATE
from retrodict.lattice.theories.groups import SU3, U1
from retrodict.lattice.theories.paths import FeynmanPath
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.reference import harmonic_x2
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.result import Result
from tests.lattice.io.encoders import random_links
from tests.refusals import fingerprint

TINY = "method={kind: HMC, chains: 8, warmup: 20, draws: 120}"


@pytest.mark.parametrize("text", [TEMPLATE, *DEMOS.values()], ids=["template", *DEMOS])
def test_every_shipped_config_builds_and_its_resolved_form_is_a_fixed_point(text, tmp_path):
    path, again = tmp_path / "config.yaml", tmp_path / "config.resolved.yaml"
    path.write_text(text)
    loaded = load_config(path)
    loaded.method.check(loaded.problem)
    again.write_text(to_yaml(loaded.resolved))
    assert load_config(again).resolved == loaded.resolved
    assert load_config(again).method == loaded.method


THEORIES = {
    "{kind: ContinuumPhi4, shape: [4, 4, 4], mass_squared: -1.0, coupling: 3.0}": "ContinuumPhi4",
    "{kind: XY, shape: [6, 4], beta: 1.1, precision: 32}": "XY",
    "{kind: Wilson, group: U1, shape: [6, 6], beta: 2.0, loops: 2}": "Wilson",
    "{kind: Wilson, group: SU2, shape: [4, 4, 4, 4], beta: 2.4}": "Wilson",
    "{kind: Wilson, group: SU3, shape: [4, 4], beta: 6.0}": "Wilson",
    "{kind: FeynmanPath, sites: 20, spacing: 0.1, coefficients: {kind: Harmonic}}": "FeynmanPath",
    "{kind: FeynmanPath, sites: 9, spacing: 0.1, coefficients: {kind: DoubleWell, minimum_squared: 2}}": "FeynmanPath",
    "{kind: FeynmanPath, sites: 20, spacing: 0.1, coefficients: [0.0, 0.5, 0.1]}": "FeynmanPath",
}


@pytest.mark.parametrize(("theory", "kind"), THEORIES.items())
def test_a_config_names_each_theory(theory, kind, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(TEMPLATE)
    assert type(load_config(path, (f"theory={theory}",)).problem).__name__ == kind


# --- the whole way ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A project made by `new` and run once, with its report; a second run of another seed without one."""
    folder = tmp_path_factory.mktemp("lattice") / "study"
    path = FeynmanPath(8, 0.25, (0.0, 0.5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "retrodict.lattice.report.sections.baselines", lambda *about: {"HMC again": HMC(chains=8, warmup=100)}
        )
        words = ["--set", "theory={kind: FeynmanPath, sites: 8, spacing: 0.25, coefficients: {kind: Harmonic}}"]
        assert execute(["new", "lattice", str(folder), *words, "--set", "baselines=0.5"]) == 0
        config = str(folder / "config.yaml")
        assert execute(["check", config]) == 0
        assert execute(["run", config, "--out", str(folder / "run"), "--set", TINY, "--quiet"]) == 0
        patch.setattr("retrodict.cli.running.write_pages", lambda *about: None)
        words = ["--set", TINY, "--seed", "1", "--quiet"]
        assert execute(["run", config, "--out", str(folder / "other"), *words]) == 0
    assert load_config(folder / "run" / "config.resolved.yaml").problem.coefficients == path.coefficients
    return folder


def test_the_result_is_a_mean_with_its_error_and_the_exact_answer_beside_it(study):
    numbers = json.loads((study / "run" / "result.json").read_text())["quantities"]["x2"]
    assert {"mean", "error", "tau_int", "tau_int_error", "effective_size", "exact", "deviation", "unit"} <= set(numbers)
    assert abs(numbers["deviation"]) < 4


def test_the_last_configurations_are_kept_listed_and_inspected(study, capsys):
    manifest = json.loads((study / "run" / "manifest.json").read_text())
    assert FILE in manifest["outputs"]
    assert execute(["inspect", str(study / "run" / FILE), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["theory"], found["configurations"]) == ("scalar_configurations", "FeynmanPath", 8)
    assert found["dimensions"] == [8]
    kept = read_configurations(study / "run" / FILE).fields
    assert len({one.tobytes() for one in kept}) == 8


def test_export_and_compare_speak_of_errors(study, capsys):
    run = study / "run"
    assert execute(["export", str(run), "--to", "csv"]) == 0
    head, first = (line.split(",") for line in (run / "export" / "quantities.csv").read_text().splitlines()[:2])
    row = dict(zip(head, first, strict=True))
    assert row["quantity"] == "x2"
    assert float(row["error"]) == float(row["sd"])
    assert float(row["tau_int"]) > 0
    assert execute(["export", str(run), "--to", "netcdf"]) == 0
    assert execute(["export", str(run), "--to", "ildg"]) == 2
    assert "SU(3) links in four dimensions" in capsys.readouterr().err
    assert execute(["compare", str(run), str(study / "other"), "--json"]) == 0
    tension = json.loads(capsys.readouterr().out)["quantities"]["x2"][str(study / "other")]["tension"]
    assert tension < 4


def test_the_report_shows_configurations_distributions_autocorrelation_and_baselines(study):
    page = (study / "run" / "report.html").read_text()
    for name in ("configurations", "distributions", "sampling", "methods"):
        assert f'<section id="{name}">' in page
    assert "HMC again" in page
    assert "thermalised: the shortest chain is" in page
    assert "Calibration" not in page
    for name in ("configurations", "distributions", "methods", "traces", "correlator"):
        assert {p.suffix for p in (study / "run" / "figures").glob(f"{name}.*")} == {".png", ".pdf", ".csv"}
    assert 0 < step_seconds(study / "run") < 1


def test_other_methods_are_compared_on_demand_and_can_be_switched_off(study, monkeypatch, capsys):
    monkeypatch.setattr(
        "retrodict.lattice.report.sections.baselines", lambda *about: {"again": HMC(chains=8, warmup=100)}
    )
    assert execute(["compare", str(study / "run"), "--methods", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["Sampler"] for row in rows] == ["this run", "again"]
    assert rows[1]["CPU ms for one"] > 0

    def never(*about):
        raise AssertionError("baselines run_for although they were switched off")

    from retrodict.lattice.report.sections import sections

    monkeypatch.setattr("retrodict.lattice.report.sections.run_for", never)
    config = load_config(study / "run" / "config.resolved.yaml")
    told = sections(Result.load(study / "run"), config.problem, run=Run(study / "run", {"baselines": 0.0}))
    assert [section.name for section in told] == ["configurations", "distributions", "sampling"]


def test_the_bottom_of_an_action_is_a_point_without_errors(study, tmp_path, capsys):
    """MAP finds x = 0 for the harmonic path: a report without means, and nothing to set beside other samplers."""
    words = ["run", str(study / "config.yaml"), "--out", str(tmp_path / "run"), "--quiet"]
    assert execute([*words, "--set", "method={kind: MAP, starts: 2, steps: 100, solver: LBFGS}"]) == 0
    numbers = json.loads((tmp_path / "run" / "result.json").read_text())["quantities"]["x2"]
    assert numbers["median"] < 1e-6
    assert "error" not in numbers
    assert execute(["compare", str(tmp_path / "run"), "--methods"]) == 2
    assert "sampled nothing" in capsys.readouterr().err


def test_the_cost_of_a_step_leaves_out_compilation_and_warm_up(tmp_path):
    """Chunks of a run that was resumed once: 90 s to compile and 8 s of warm-up do not count, 4 steps of .5 s do."""
    events = [("started", 0, 0), ("chunk", 1, 60.0), ("chunk", 3, 8.0), ("chunk", 5, 1.0)]
    events += [("resumed", 0, 0), ("chunk", 6, 30.0), ("chunk", 8, 1.0)]
    lines = [json.dumps({"event": kind, "step": step, "cpu": cpu}) for kind, step, cpu in events]
    (tmp_path / "events.jsonl").write_text("\n".join(lines))
    assert step_seconds(tmp_path, warmup=3) == pytest.approx(0.5)


def test_an_interrupted_run_resumes_to_the_same_result(study, tmp_path, monkeypatch):
    monkeypatch.setattr("retrodict.cli.running.write_pages", lambda *about: None)
    words = ["run", str(study / "config.yaml"), "--out", str(tmp_path / "run"), "--set", TINY, "--quiet"]
    assert execute([*words, "--max-time", "0.001"]) == 75
    assert execute([*words, "--resume"]) == 0
    for name in ("result.json", FILE):
        assert (tmp_path / "run" / name).read_bytes() == (study / "run" / name).read_bytes()


# --- configurations ---------------------------------------------------------------------------------------------------

LINKS = Wilson(SU3(), (4, 2, 2, 6), 6.0, loops=1)


def test_links_are_kept_and_exported_bit_by_bit(tmp_path):
    """Two configurations through the run directory, then to each format and back by its own reader."""
    links = np.stack([compute_layout(random_links(seed)) for seed in (0, 1)])
    (tmp_path / FILE).write_bytes(LINKS.files(links)[FILE])
    np.testing.assert_array_equal(saved_configurations(tmp_path, LINKS), links)
    for form in ("npz", "nersc", "ildg"):
        for number, (name, data) in enumerate(export_configurations(tmp_path, LINKS, form).items()):
            path = tmp_path / name.replace("/", "-")
            path.write_bytes(data)
            np.testing.assert_array_equal(compute_layout(read_gauge_field(path).links), links[number])
    with pytest.raises(InputError, match="another action"):
        saved_configurations(tmp_path, Wilson(SU3(), (4, 2, 2, 6), 5.9, loops=1))


def test_a_picture_of_links_shows_their_flux():
    """The angles of all plaquettes of the uniform flux are 2 pi / V; a field is drawn as it is; one scale for all."""
    from retrodict.lattice.samplers.winding import uniform_flux

    action = Wilson(U1(), (4, 6), 1.0)
    figure = pictures(action, np.stack([uniform_flux((4, 6)), 0 * uniform_flux((4, 6))]))
    first, second = (panel.layers[0] for panel in figure.panels)
    np.testing.assert_allclose(first.values, 2 * np.pi / 24, atol=1e-12)
    assert first.values.shape == (6, 4)
    assert first.limit == second.limit
    field = np.arange(12.0).reshape(1, 3, 4)
    assert pictures(Phi4((3, 4), 0.2, 0.02), field).panels[0].layers[0].values[3, 1] == field[0, 1, 3]
    assert pictures(XY((3, 4), 1.0), field).panels[0].layers[0].period == pytest.approx(2 * np.pi)


def test_a_rival_finds_the_exact_answer_at_a_cost():
    """The harmonic path in two seconds; in none it does not come far enough, and says nothing."""
    action, method = FeynmanPath(8, 0.25, (0.0, 0.5)), HMC(chains=8, warmup=100)
    found = run_for(action, "HMC", method, seconds=2.0)
    x2 = found.numbers()["x2"]
    assert x2.exact == pytest.approx(harmonic_x2(8, 0.25))
    assert abs(x2.deviation) < 3.5
    assert 0 < found.cost("x2") < 1
    assert run_for(action, "HMC", method, seconds=0.0).estimates == ()


def test_the_method_of_the_run_is_no_rival_of_itself():
    action = Wilson(U1(), (4, 4), 1.0)
    assert "HMC and winding" in baselines(action, "HMC", {"winding": False})
    assert "HMC" not in baselines(action, "HMC", {"winding": False})
    assert baselines(Ising((4, 4), 0.4), "Cluster", {"trajectory": False}) == {}


# --- what is refused --------------------------------------------------------------------------------------------------

PHI4 = "kind: Phi4, shape: [8, 8], kappa: 0.2, lam: 0.02"
PAIRS = {
    "clusters for links": ("{kind: Wilson, group: SU2, shape: [4, 4], beta: 2.0}", "{kind: Cluster}", "HMC"),
    "clusters alone for phi^4": (f"{{{PHI4}}}", "{kind: Cluster}", "trajectory: true"),
    "clusters for an antiferromagnet": ("{kind: Ising, shape: [4, 4], coupling: -0.3}", "{kind: Cluster}", "HMC"),
    "trajectories for spins": ("{kind: Ising, shape: [4, 4], coupling: 0.4}", "{kind: HMC}", "Cluster"),
    "particles for spins": ("{kind: Ising, shape: [4, 4], coupling: 0.4}", "{kind: LatticeSMC}", "Cluster"),
    "heat bath for a field": (f"{{{PHI4}}}", "{kind: HeatBath}", "HMC"),
    "heat bath on odd extents": ("{kind: Wilson, group: SU2, shape: [3, 4], beta: 2.0}", "{kind: HeatBath}", "HMC"),
    "heat bath without a coupling": ("{kind: Wilson, group: SU2, shape: [4, 4], beta: 0.0}", "{kind: HeatBath}", "HMC"),
    "winding of a field": (f"{{{PHI4}}}", "{kind: HMC, winding: true}", "winding: false"),
    "straight lines for links": ("{kind: Wilson, group: SU3, shape: [4, 4], beta: 6.0}", "{kind: NUTS}", "HMC"),
    "straight lines for spins": ("{kind: Ising, shape: [4, 4], coupling: 0.4}", "{kind: NUTS}", "Cluster"),
    "a method for data": (f"{{{PHI4}}}", "{kind: ConstrainedHMC}", "HMC"),
}
CONFIGS = {
    "no theory": ("{}", "kind"),
    "a misspelt theory": ("{kind: Phi5, shape: [8, 8], kappa: 0.2, lam: 0.02}", "did you mean Phi4"),
    "a coupling of another theory": ("{kind: XY, shape: [8, 8], kappa: 0.2}", "unknown key 'kappa'"),
    "a missing coupling": ("{kind: Phi4, shape: [8, 8], kappa: 0.2}", "missing key"),
    "a group that is none": ("{kind: Wilson, group: SO3, shape: [4, 4], beta: 1.0}", "U1"),
    "a negative extent": ("{kind: Phi4, shape: [8, -8], kappa: 0.2, lam: 0.02}", "not the shape of a lattice"),
    "an extent of zero": ("{kind: XY, shape: [0, 8], beta: 1.0}", "not the shape of a lattice"),
    "an extent of one": ("{kind: XY, shape: [1, 8], beta: 1.0}", "two sites"),
    "half a site": ("{kind: Phi4, shape: [8.5, 8], kappa: 0.2, lam: 0.02}", "integer"),
    "no direction": ("{kind: Phi4, shape: [], kappa: 0.2, lam: 0.02}", "not the shape of a lattice"),
    "links in one dimension": ("{kind: Wilson, group: U1, shape: [8], beta: 1.0}", "not the shape of a lattice"),
    "a loop that does not fit": ("{kind: Wilson, group: U1, shape: [4, 4], beta: 1.0, loops: 9}", "does not fit"),
    "an absurd volume": ("{kind: Phi4, shape: [1000000, 1000000, 1000000], kappa: 0.2, lam: 0.02}", "too large"),
    "an absurd dimension": ("{kind: Phi4, shape: [2, 2, 2, 2, 2, 2, 2, 2, 2], kappa: 0.2, lam: 0.02}", "too large"),
    "a precision that is none": ("{kind: XY, shape: [8, 8], beta: 1.0, precision: 16}", "32, 64"),
    "a bottomless potential": ("{kind: Phi4, shape: [8, 8], kappa: 0.2, lam: -0.02}", "normalised"),
    "a free field without a mass": ("{kind: Phi4, shape: [8, 8], kappa: 0.25, lam: 0.0}", "normalised"),
    "a continuum without a mass": (
        "{kind: ContinuumPhi4, shape: [8, 8], mass_squared: 0.0, coupling: 0.0}",
        "normalised",
    ),
    "a path downhill": ("{kind: FeynmanPath, sites: 8, spacing: 0.1, coefficients: [0.0, 1.0, -1.0]}", "normalised"),
    "a path without a potential": ("{kind: FeynmanPath, sites: 8, spacing: 0.1, coefficients: [1.0]}", "normalised"),
    "a path backwards": ("{kind: FeynmanPath, sites: 8, spacing: -0.1, coefficients: {kind: Harmonic}}", "normalised"),
    "a coupling that is no number": ("{kind: XY, shape: [8, 8], beta: .nan}", "finite"),
    "a coupling in words": ("{kind: XY, shape: [8, 8], beta: strong}", "a number"),
}
METHODS = {
    "no chains": ("{kind: HMC, chains: 0}", "an integer greater than or equal to 1"),
    "a share above one": ("{kind: HMC, cold: 1.5}", "a number less than or equal to 1"),
    "chains beyond memory": ("{kind: HMC, chains: 2000000000}", "GiB"),
    "a history beyond memory": ("{kind: HMC, draws: 2000000000}", "GiB"),
    "particles beyond memory": ("{kind: LatticeSMC, particles: 2000000000}", "GiB"),
    "a misspelt option": ("{kind: HMC, drws: 10}", "did you mean draws"),
    "an integrator that is none": ("{kind: HMC, integrator: Euler}", "Omelyan"),
}
REFUSED = {
    **{name: ([f"theory={theory}", f"method={method}"], fix) for name, (theory, method, fix) in PAIRS.items()},
    **{name: ([f"theory={theory}"], words) for name, (theory, words) in CONFIGS.items()},
    **{name: ([f"method={method}"], words) for name, (method, words) in METHODS.items()},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_with_exit_code_2_and_nothing_written(name, tmp_path, capsys):
    overrides, words = REFUSED[name]
    config = tmp_path / "config.yaml"
    config.write_text(TEMPLATE)
    before = fingerprint(tmp_path)
    sets = [word for override in overrides for word in ("--set", override)]
    assert execute(["run", str(config), "--out", str(tmp_path / "run"), *sets]) == 2
    told = capsys.readouterr().err
    assert words in told
    if name in PAIRS:
        assert "fix:" in told
    assert fingerprint(tmp_path) == before


def test_a_lattice_takes_no_data(tmp_path, capsys):
    (tmp_path / "data.csv").write_text("x\n1\n")
    assert execute(["new", "lattice", str(tmp_path / "study"), "--data", str(tmp_path / "data.csv")]) == 2
    assert "takes no data" in capsys.readouterr().err
    assert not (tmp_path / "study").exists()


def test_memory_is_reckoned_before_it_is_taken():
    """64 chains of SU(3) on 32^4 fit; 64 000 do not."""
    action = Wilson(SU3(), (32, 32, 32, 32), 6.0, loops=1, precision=32)
    require_memory(action, 8, 1000, "HMC")
    with pytest.raises(InputError, match="GiB"):
        require_memory(action, 64_000, 1000, "HMC")


def test_a_problem_is_its_action():
    action = Phi4((4, 4), 0.2, 0.02)
    assert problem(action) is action


@pytest.mark.parametrize("body", [b"\x00" * 8, b"\xff\xfe\x7f\x40" * 2], ids=["zero bytes", "no text at all"])
def test_no_other_domain_claims_a_stream_of_configurations(body, tmp_path, capsys):
    """The first lines are text and the rest is not: whoever reads text must pass it on."""
    fields = np.frombuffer(body * 4, dtype=np.float64).reshape(1, 4).copy()
    write_configurations(tmp_path / FILE, Configurations(fields, "FeynmanPath", {}))
    assert execute(["inspect", str(tmp_path / FILE), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["theory"] == "FeynmanPath"
