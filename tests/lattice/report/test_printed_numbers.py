"""What the report of a lattice run prints and draws, by value."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from retrodict.base.figure import Guide, Histogram, Line, Points
from retrodict.base.section import Run
from retrodict.cli.export import csv_files
from retrodict.lattice.report.baselines import SamplerRun
from retrodict.lattice.report.distributions import distributions
from retrodict.lattice.report.figures import figures
from retrodict.lattice.report.learning import _row
from retrodict.lattice.report.sections import _own_cost, sampling, step_seconds
from retrodict.lattice.theories.groups import U1
from retrodict.lattice.theories.spins import Ising
from retrodict.lattice.theories.wilson import Wilson
from retrodict.problem.target import Estimated, Quantity
from retrodict.report import tables
from retrodict.run.summary import estimate_table
from tests.report.test_drawn_numbers import cells

ROW = {"mean": 1.234, "error": 0.056, "unit": "a", "tau_int": 2.5, "tau_int_error": 0.25, "effective_size": 812.4}
ROW |= {"exact": 1.15, "deviation": 1.5, "median": 1.234, "sd": 0.056}


class Stand:
    """A result of some numbers and of chains."""

    estimated = ("abs_M", "energy")
    scalars = ("M", "abs_M", "energy")
    functions = ("correlator",)
    diagnostics = {"draws": 200}  # noqa: RUF012

    def __init__(self, rows, values):
        self.rows, self.values = rows, values
        about = {"grid_name": "t", "grid_unit": "a"}
        data = {"correlator": (("chain", "draw"), np.zeros(values["energy"].shape), about)}
        data |= {name: (("chain", "draw"), draws) for name, draws in values.items()}
        self.bank = xr.Dataset(data)
        self.tree = xr.DataTree.from_dict({"/posterior": self.bank})
        self.provenance = {"method": {"cold": 0.5, "warmup": 10}}

    def quantities(self):
        return self.rows

    def draws(self, name):
        flat = self.values[name].ravel()
        weights = np.arange(1.0, flat.size + 1)
        return flat, weights / weights.sum()

    def band(self, name):
        return {"x": np.arange(3.0), "mean": np.array([3.0, 2.0, 1.0]), "sd": np.array([0.1, 0.2, 0.3])}

    def label(self, name):
        return name

    def unit(self, name):
        return ""


@pytest.fixture(scope="module")
def stand():
    rng = np.random.default_rng(0)
    values = {name: rng.standard_normal((4, 50)) for name in ("abs_M", "energy", "M", "Q")}
    values["Q"] = np.round(values["Q"])
    other = {**ROW, "mean": -0.7, "error": 0.01, "tau_int": 7.0, "effective_size": 100.0}
    return Stand({"abs_M": ROW, "energy": other, "M": {"mean": 0.0}, "chi": ROW, "binder": ROW, "xi": ROW}, values)


def test_the_table_of_estimates_prints_each_number_in_its_column():
    class One:
        estimated = ("xi",)

        def quantities(self):
            return {"xi": ROW}

        def label(self, name):
            return name

    rows = cells(tables.quantities_table(One()))
    assert rows["xi [a]"] == ["1.234(56)", "2.50(25)", "812", "1.15", "+1.5"]
    line = estimate_table({"xi": ROW})[1].split()
    assert line == ["xi", "[a]", "1.234(56)", "2.50(25)", "812", "1.15", "+1.5"]


def test_the_cost_is_that_of_an_effective_sample(stand, tmp_path):
    """200 steps of 20 ms for 812 effective samples: 4.92 ms each; of the slowest observable 40 ms."""
    events = ['{"event": "started"}', '{"event": "chunk", "step": 5, "cpu": 9.0}']
    events += ['{"event": "chunk", "step": 10, "cpu": 3.0}']
    events += [f'{{"event": "chunk", "step": {10 + 50 * i}, "cpu": 1.0}}' for i in (1, 2, 3, 4)]
    (tmp_path / "events.jsonl").write_text("\n".join(events) + "\n")
    assert step_seconds(tmp_path, 10) == pytest.approx(0.02)
    run = Run(tmp_path)
    section = sampling(stand, Ising((3, 3), 0.3), run)
    rows = {row[0]: row[1:] for row in section.table.rows}
    assert rows["abs_M"][:3] == ("1.234(56)", "2.50(25)", "812")
    assert rows["abs_M"][3] == pytest.approx(1000 * 200 * 0.02 / 812.4)
    assert rows["energy"][0] == "-0.700(10)"

    class Judged(Stand):
        verdict = type("V", (), {"status": "OK"})()

    tau, cost, verdict = _own_cost(Judged(stand.rows, stand.values), Ising((3, 3), 0.3), run)
    assert (tau, verdict) == ("7.00(25)", "verdict OK")
    assert cost == pytest.approx(1000 * 200 * 0.02 / 100)
    numbers = (Estimated(Quantity("x"), np.asarray(1.0), np.asarray(0.1), effective_size=50.0),)
    assert SamplerRun("HMC", numbers, (), 5.0).cost("x") == pytest.approx(0.1)


def test_the_bias_of_a_model_is_in_joint_standard_errors():
    """(1.0 - 0.5) / sqrt(0.3^2 + 0.4^2) = 1."""
    assert _row("M", {"mean": 0.5, "error": 0.4}, 1.0, 0.3) == ("M", "0.50(40)", "1.00(30)", "+1.0")


def test_histories_and_correlators_are_drawn_as_they_are(stand):
    correlator, histories = figures(stand)
    (points,) = correlator.panels[0].layers
    assert_allclose(points.y, [3.0, 2.0, 1.0])
    assert_allclose(points.y_error, [[0.1, 0.2, 0.3]] * 2)
    disordered, ordered, mean = histories.panels[0].layers
    assert_allclose(ordered.y, stand.values["abs_M"][:2])
    assert_allclose(disordered.y, stand.values["abs_M"][2:])
    assert (ordered.label, disordered.label) == ("ordered start", "disordered start")
    assert mean.value == 1.234


def test_distributions_carry_their_weights_and_stand_beside_the_exact_ones(stand):
    (figure,) = distributions(stand, Ising((3, 3), 0.3), None)
    panels = {panel.x_label: panel.layers for panel in figure.panels}
    histogram, mirror = panels["M"][:2]
    values, weights = stand.draws("M")
    heights, _ = np.histogram(values, histogram.edges, weights=weights)
    assert_allclose(histogram.height, heights / np.diff(histogram.edges))
    assert isinstance(mirror, Line)
    assert_allclose(mirror.y, histogram.height[::-1])
    (guide,) = (layer for layer in panels["abs_M"] if isinstance(layer, Guide))
    assert guide.value == 1.15


def test_charges_are_drawn_beside_their_exact_probabilities(stand):
    action = Wilson(U1(), (4, 4), 2.0)

    class Charged(Stand):
        scalars = ("plaquette", "Q", "Q2")

    values = {**stand.values, "plaquette": stand.values["energy"], "Q2": stand.values["Q"] ** 2}
    charged = Charged({**stand.rows, "plaquette": ROW, "Q2": ROW}, values)
    panel = distributions(charged, action, None)[0].panels[0]
    histogram, points = panel.layers
    q, weights = charged.draws("Q")
    assert isinstance(histogram, Histogram)
    assert isinstance(points, Points)
    for charge, height in zip(points.x, histogram.height, strict=True):
        assert height == pytest.approx(np.sum(weights[q == charge]))
    p = action.exact_charges(3)
    assert_allclose(points.y, p[np.abs(points.x).astype(int)])


def test_estimates_are_exported_with_their_errors_times_and_exact_values():
    class One:
        functions = ()

        def quantities(self):
            numbers = {"q2_5": 1.12, "q16": 1.178, "q84": 1.29, "q97_5": 1.344}
            return {"xi": {**ROW, **numbers}, "other": {**ROW, **numbers, "unit": ""}}

    head, first, _ = (line.split(",") for line in csv_files(One(), {})["quantities.csv"].decode().splitlines())
    found = dict(zip(head, first, strict=True))
    assert (found["quantity"], found["unit"]) == ("xi", "a")
    wanted = {**{key: ROW[key] for key in ("mean", "error", "tau_int", "tau_int_error", "effective_size", "exact")}}
    wanted |= {"deviation": 1.5, "q2_5": 1.12, "q16": 1.178, "q84": 1.29, "q97_5": 1.344, "sd": 0.056, "median": 1.234}
    assert {key: float(found[key]) for key in wanted} == pytest.approx(wanted)
