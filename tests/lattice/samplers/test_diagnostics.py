"""What chains and proposals say about themselves: each fault is found, and a report reads back what was dumped."""

import json

import numpy as np
import pytest

from retrodict.inference.verdict import assess
from retrodict.lattice.samplers.chain_diagnostics import Thermalised, UpdateFigures, updates_from_json
from retrodict.lattice.samplers.proposal_diagnostics import (
    Coverage,
    EffectiveShare,
    LossHistory,
    ModelDensity,
    TrainingData,
    Uncorrected,
    histories_from_json,
    uncorrected_from_json,
)
from retrodict.problem.target import Estimated, Quantity
from retrodict.run.diagnostic import from_json, to_json
from retrodict.run.plain import plain

ESTIMATES = (Estimated(Quantity("M"), np.array(0.1), np.array(0.2), tau=3.0, tau_error=0.5),)
COVERED = Coverage(0.0, 96, 0.6)
GOOD = [
    Thermalised(True, 50.0),
    UpdateFigures("Trajectory", 0.9, 1.01, 0.02, 0.3),
    UpdateFigures("ClusterSweep", 1.0),
    EffectiveShare(0.6, 0.4),
    ModelDensity("exact", 1e-4, 0.6, 100, COVERED),
    Uncorrected(ESTIMATES, {"M": 0.01}, 0.8),
    TrainingData(ESTIMATES, (Thermalised(True, 40.0),)),
    LossHistory("fit", np.array([3.0, 2.0]), np.array([3.1, 2.1])),
]
BAD = [
    (Thermalised(False, 5.0), "FAIL", "still depend on their start: the shortest is 5 autocorrelation times"),
    (ModelDensity("exact", 0.1, 0.6, 100, COVERED), "WARN", "differ by 0.1 in log q"),
    (ModelDensity("exact", 1.0, 0.6, 100, COVERED), "FAIL", "differ by 1 in log q"),
    (ModelDensity("exact", 0.0, 0.6, 100, Coverage(0.005, 200, 0.6)), "WARN", "0.50% of 200 configurations held out"),
    (ModelDensity("exact", 0.0, 0.6, 100, Coverage(0.05, 200, 0.6)), "FAIL", "5.00% of 200 configurations held out"),
    (ModelDensity("exact", 0.0, 0.6, 100, Coverage(0.0, 200, 0.3)), "WARN", "60% are effective by their own weights"),
    (Uncorrected(ESTIMATES, {"M": 0.5}, 9.0), "WARN", "one sign more often"),
]


def test_a_good_run_has_no_reasons():
    assert assess(GOOD).status == "OK"
    assert any("both signs alike" in note for note in assess(GOOD).notes)


@pytest.mark.parametrize(("record", "status", "words"), BAD)
def test_each_fault_turns_the_verdict_with_a_remedy(record, status, words):
    verdict = assess([*(good for good in GOOD if type(good) is not type(record)), record])
    assert verdict.status == status
    assert words in " ".join(verdict.reasons)
    assert all(remedy for _, remedy in verdict.with_remedies())


def test_training_data_that_depend_on_their_start_are_a_note():
    verdict = assess([TrainingData((), (Thermalised(False, 5.0),))])
    assert verdict.status == "OK"
    assert "still depended on its start" in verdict.notes[0]


def test_without_held_out_configurations_the_coverage_is_unknown_and_not_good():
    assert "mode coverage was not checked" in assess([ModelDensity("path-space", 0.0, 0.6, 100)]).notes[0]


def test_a_report_reads_back_what_a_run_has_dumped():
    figures = json.loads(json.dumps(plain(to_json(GOOD))))
    assert from_json(Thermalised, figures) == GOOD[0]
    assert updates_from_json(figures) == (GOOD[1], GOOD[2])
    assert from_json(EffectiveShare, figures) == GOOD[3]
    assert from_json(Coverage, figures) == COVERED
    model = from_json(ModelDensity, figures)
    assert model is not None
    assert model.steps_in_all == 100
    assert uncorrected_from_json(figures, "M") == (0.1, 0.2)
    (history,) = histories_from_json(figures, ("fit", "reverse_kl"))
    assert history.validation.tolist() == [3.1, 2.1]
    assert figures["data_M_tau"] == 3.0
    assert figures["data_thermalised"] is True
    assert "raw_M_tau" not in figures


def test_a_run_without_such_a_record_has_none():
    assert from_json(ModelDensity, {"ess": 1.0}) is None
    assert updates_from_json({}) == ()
