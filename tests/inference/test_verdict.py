"""Each warning sign turns the verdict, is said in words, and is absent where all is well."""

import numpy as np
import pytest

from retrodict.inference.verdict import assess
from retrodict.problem.target import Quantity

GOOD = {
    "kind": "exact",
    "rhat": 1.001,
    "rhat_worst": "radius",
    "ess_bulk": 2000.0,
    "ess_bulk_worst": "radius",
    "ess_tail": 1500.0,
    "ess_tail_worst": "radius",
    "divergences": 0,
    "divergent_fraction": 0.0,
    "invalid_fraction": 0.0,
}
FIT = {"chi2": 12.0, "dof": 13.0, "p": 0.53}
QUANTITIES = (Quantity("radius", "km"), Quantity("pressure", grid=(1.0, 2.0, 3.0), grid_name="n", grid_unit="fm^-3"))
LEARNT = {"radius": np.array(0.6), "pressure": np.array([0.5, 0.5, 0.5])}


def verdict(facts=None, fit=None, learnt=None):
    return assess({**GOOD, **(facts or {})}, {**FIT, **(fit or {})}, {**LEARNT, **(learnt or {})}, QUANTITIES)


def test_a_good_run_is_ok_without_reasons():
    assert verdict().status == "OK"
    assert verdict().reasons == ()


CASES = [
    ({"rhat": 1.02}, {}, "WARN", "chains do not agree"),
    ({"rhat": 1.2}, {}, "FAIL", "chains do not agree"),
    ({"rhat": float("nan")}, {}, "FAIL", "chains do not agree"),
    ({"ess_bulk": 399.0}, {}, "WARN", "centre of radius"),
    ({"ess_tail": 50.0}, {}, "FAIL", "tails of radius"),
    ({"divergences": 3, "divergent_fraction": 0.001}, {}, "WARN", "3 divergent"),
    ({"divergences": 300, "divergent_fraction": 0.1}, {}, "FAIL", "300 divergent"),
    ({"ancestors": 30.0}, {}, "WARN", "few draws of the prior: 30"),
    ({"ancestors": 3.0}, {}, "FAIL", "few draws of the prior: 3"),
    ({"basins": 2, "outside_main_basin": 0.3}, {}, "WARN", "2 separate valleys (30%"),
    ({"pareto_k": 0.8}, {}, "WARN", "Pareto k = 0.80"),
    ({"pareto_k": 1.3}, {}, "FAIL", "Pareto k = 1.30"),
    ({"weight_ess": 200.0}, {}, "WARN", "200 effective draws"),
    ({"weight_ess": 20.0}, {}, "FAIL", "20 effective draws"),
    ({"invalid_fraction": 0.05}, {}, "WARN", "5.00% of the draws are invalid"),
    ({"unconverged_fraction": 0.1}, {}, "WARN", "did not converge"),
    ({"unconverged_fraction": 1.0}, {}, "FAIL", "did not converge"),
    ({"kind": "point"}, {}, "WARN", "point estimate"),
    ({"kind": "approximate"}, {}, "WARN", "not a calibrated posterior"),
    ({}, {"chi2": 40.0, "p": 1e-4}, "WARN", "does not describe the data"),
    ({}, {"chi2": 80.0, "p": 1e-11}, "FAIL", "does not describe the data"),
    ({}, {"chi2": 0.1, "p": 1.0}, "WARN", "suspiciously good"),
    ({}, {"chi2": float("inf"), "p": 0.0}, "FAIL", "not finite"),
]


@pytest.mark.parametrize(("facts", "fit", "status", "words"), CASES)
def test_each_warning_sign_turns_the_verdict_and_says_why(facts, fit, status, words):
    found = verdict(facts, fit)
    assert found.status == status
    assert words in " ".join(found.reasons)


def test_a_few_invalid_draws_are_told_but_do_not_turn_the_verdict():
    found = verdict({"invalid_fraction": 0.002})
    assert found.status == "OK"
    assert "0.20% of the draws are invalid" in found.notes[0]


def test_prior_dominated_regions_are_named_with_their_range():
    found = verdict(learnt={"pressure": np.array([0.5, 0.05, 0.02])})
    assert found.status == "OK"
    assert "pressure is prior-dominated for n in 2 ... 3 fm^-3" in found.notes


def test_nothing_learnt_at_all_is_a_warning():
    found = verdict(learnt={"radius": np.array(0.03)})
    assert found.status == "WARN"
    assert "the data say almost nothing" in found.reasons[0]


def test_what_the_problem_remarks_is_repeated_without_turning_the_verdict():
    found = assess(GOOD, FIT, LEARNT, QUANTITIES, ("40 samples for 12 points",))
    assert found.status == "OK"
    assert "40 samples for 12 points" in found.notes


def test_an_approximate_method_is_never_ok_however_good_its_figures():
    assert verdict({"kind": "approximate", "pareto_k": 0.1, "weight_ess": 1e4}).status == "WARN"
