"""Each warning sign becomes a finding with its severity, in words, and is absent where all is well."""

import numpy as np
import pytest

from retrodict.inference.basins import Basins
from retrodict.inference.constrained_hmc import Trajectories as Reversible
from retrodict.inference.findings.chains import ChainFigures, Convergence, SignChanges, convergence, sign_changes
from retrodict.inference.findings.draws import DrawCount, DrawMeans, Validity, draw_means, validity
from retrodict.inference.findings.fit import FitQuality
from retrodict.inference.findings.information import Information
from retrodict.inference.findings.notes import ProblemNotes
from retrodict.inference.findings.particles import Population
from retrodict.inference.findings.searches import Searches
from retrodict.inference.findings.weights import Evidence, ImportanceWeights, weigh
from retrodict.inference.identifiability import narrowing, shrinkage
from retrodict.inference.nuts import Trajectories
from retrodict.inference.verdict import assess
from retrodict.problem.target import Quantity
from retrodict.run.diagnostic import to_json

QUANTITIES = (Quantity("radius", "km"), Quantity("pressure", grid=(1.0, 2.0, 3.0), grid_name="n", grid_unit="fm^-3"))


def chains(*, rhat=1.001, ess_bulk=2000.0, ess_tail=1500.0, latent_rhat=1.0) -> Convergence:
    rows = {"radius": ChainFigures(ess_bulk, ess_tail, rhat), "pressure": ChainFigures(5000.0, 5000.0, 1.0)}
    return Convergence(rows, rows, latent_rhat)


def learnt(radius=0.6, pressure=(0.5, 0.5, 0.5)) -> Information:
    return Information(5, 3.0, 0.0, {"radius": np.array(radius), "pressure": np.array(pressure)}, QUANTITIES)


def divergent(number: int, of: int = 1000) -> Trajectories:
    return Trajectories(0.1, np.arange(of).reshape(4, -1) < number)


def reversible(share: float) -> Reversible:
    return Reversible(0.1, 0, np.arange(100).reshape(4, 25) < 100 * share)


GOOD = [
    DrawCount("exact", 4, 1000),
    chains(),
    SignChanges({"M": 300}, {"M": 1.0}, 4),
    divergent(0),
    reversible(0.9),
    Population(1000.0, True, 1.0),
    ImportanceWeights(0.1, 1000.0),
    Evidence(-3.0, 0.1),
    Basins(1, 0.0),
    Searches(np.ones((1, 8), bool)),
    Validity(0.0, {}),
    DrawMeans({"acceptance": 0.8}),
    FitQuality(12.0, 13.0, 0.53),
    learnt(),
]
BAD = [
    (chains(rhat=1.02), "WARN", "chains do not agree"),
    (chains(rhat=1.2), "FAIL", "chains do not agree"),
    (chains(rhat=float("nan")), "FAIL", "chains do not agree"),
    (chains(ess_bulk=399.0), "WARN", "centre of radius"),
    (chains(ess_tail=50.0), "FAIL", "tails of radius"),
    (SignChanges({"M": 0}, {"M": 1.0}, 4), "WARN", "the sign of M never flipped"),
    (
        SignChanges({"M": 3}, {"M": 1.2}, 4),
        "WARN",
        "the sign of M flipped 3 times in 4 chains, whose shares of the two",
    ),
    (divergent(3), "WARN", "3 divergent"),
    (divergent(100), "FAIL", "100 divergent"),
    (reversible(0.4), "WARN", "60% of the trajectories were not reversible"),
    (Population(30.0, True), "WARN", "few draws of the prior: 30"),
    (Population(3.0, True), "FAIL", "few draws of the prior: 3"),
    (Population(1000.0, False), "FAIL", "did not converge"),
    (Basins(2, 0.3), "WARN", "2 separate valleys (30%"),
    (ImportanceWeights(0.8), "WARN", "Pareto k = 0.80"),
    (ImportanceWeights(1.3), "FAIL", "Pareto k = 1.30"),
    (ImportanceWeights(1.3, exact=False), "WARN", "Pareto k = 1.30"),
    (ImportanceWeights(0.1, 200.0), "WARN", "200 effective draws"),
    (ImportanceWeights(0.1, 20.0), "FAIL", "20 effective draws"),
    (ImportanceWeights(0.1, 20.0, exact=False), "WARN", "20 effective draws"),
    (Validity(0.05, {}), "WARN", "5.00% of the draws are invalid"),
    (Validity(0.5, {}), "FAIL", "50.00% of the draws are invalid"),
    (Validity(0.0, {"radius": 0.6}), "WARN", "radius does not exist in 60.0% of the draws"),
    (Searches(np.arange(10)[None] > 0), "WARN", "10.0% of the searches did not converge"),
    (Searches(np.asarray(False)), "FAIL", "did not converge"),
    (DrawCount("point", 1, 1), "WARN", "point estimate"),
    (DrawCount("approximate", 4, 100), "WARN", "not a calibrated posterior"),
    (DrawCount("approximate", 4, 100, means=True), "WARN", "its means are biased"),
    (FitQuality(40.0, 13.0, 1e-4), "WARN", "does not describe the data"),
    (FitQuality(80.0, 13.0, 1e-11), "FAIL", "does not describe the data"),
    (FitQuality(0.1, 13.0, 1.0), "WARN", "suspiciously good"),
    (FitQuality(float("inf"), 13.0, 0.0), "FAIL", "not finite"),
    (learnt(radius=0.03), "WARN", "the data say almost nothing"),
]


def test_records_of_a_good_run_have_no_reasons():
    assert assess(GOOD).status == "OK"
    assert assess(GOOD).reasons == ()
    assert assess(GOOD).notes == ()


@pytest.mark.parametrize(("record", "status", "words"), BAD)
def test_each_warning_sign_turns_the_verdict_says_why_and_what_to_do(record, status, words):
    verdict = assess([*(good for good in GOOD if type(good) is not type(record)), record])
    assert verdict.status == status
    assert words in " ".join(verdict.reasons)
    assert all(remedy for _, remedy in verdict.with_remedies())


def test_every_record_dumps_figures_of_its_own():
    """But for two that several methods have, of which a run meets one."""
    names = [name for record in GOOD for name in record.to_json()]
    assert {name for name in names if names.count(name) > 1} == {"step_size", "unconverged_fraction"}
    assert set(to_json(GOOD)) == set(names)


def test_a_few_invalid_draws_are_a_note():
    verdict = assess([Validity(0.002, {})])
    assert verdict.status == "OK"
    assert "0.20% of the draws are invalid" in verdict.notes[0]


def test_latents_that_have_not_mixed_are_a_note_unless_the_chains_disagree_anyway():
    assert "latents have not mixed" in assess([chains(latent_rhat=1.3)]).notes[0]
    assert assess([chains(latent_rhat=1.3, rhat=1.3)]).notes == ()


def test_prior_dominated_regions_are_named_with_their_range():
    verdict = assess([learnt(pressure=(0.5, 0.05, 0.02))])
    assert verdict.status == "OK"
    assert "pressure is prior-dominated for n in 2 ... 3 fm^-3" in verdict.notes


def test_what_the_problem_notes_is_repeated_without_turning_the_verdict():
    verdict = assess([*GOOD, ProblemNotes(("40 samples for 12 points",))])
    assert verdict.status == "OK"
    assert "40 samples for 12 points" in verdict.notes


def test_an_approximate_method_is_never_ok_however_good_its_figures():
    assert assess([DrawCount("approximate", 4, 100), ImportanceWeights(0.1, 1e4, exact=False)]).status == "WARN"


def test_chains_of_white_noise_converge_and_chains_apart_do_not():
    noise = np.random.default_rng(0).standard_normal((4, 500, 1))
    good, bad = (convergence({"a": noise + s * np.arange(4)[:, None, None]}, ("a",), {}) for s in (0.0, 1.0))
    assert good.findings() == ()
    assert "a" in bad.findings()[0].text
    assert good.to_json()["rhat_worst"] == "a"


def test_only_decisive_quantities_are_judged_but_all_are_listed():
    noise = np.random.default_rng(0).standard_normal((4, 500, 1))
    found = convergence({"a": noise, "b": noise + np.arange(4)[:, None, None]}, ("a",), {})
    assert found.findings() == ()
    assert found.to_json()["per_quantity"]["b"]["rhat"] > 1.5


def test_changes_of_sign_are_counted_from_draw_to_draw():
    values = np.array([[1.0, -1.0, -1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])[..., None]
    assert sign_changes({"M": values}, ("M",)).number == {"M": 2}


def test_a_zero_has_no_sign_exact_negative_or_with_rounding():
    rng = np.random.default_rng(0)
    zeros = np.where(rng.random((6, 50)) < 0.5, 0.0, -0.0)
    rounding = 1e-14 * rng.standard_normal((6, 50))
    for still in (zeros, zeros + rounding):
        values = np.concatenate([still, np.full((1, 50), 1.0), np.full((1, 50), -1.0)])[..., None]
        found = sign_changes({"Q": values}, ("Q",))
        assert found.number == {"Q": 0}
        assert found.frozen == ("Q",)
        assert "Q never changed in any chain" in found.findings()[0].text
    steps = np.array([[1.0, 0.0, 1.0, 0.0, -1.0, -0.0, 0.0, 1.0], [0.0, -0.0, 0.0, 1.0, 1.0, 0.0, 2.0, 0.0]])
    assert sign_changes({"Q": steps[..., None]}, ("Q",)).number == {"Q": 2}


@pytest.mark.parametrize("rounding", [0.0, 1e-15])
def test_chains_frozen_at_different_values_have_no_rhat(rounding):
    values = np.array([0.0, 0.0, 1.0, 0.0])[:, None, None] * np.ones((4, 100, 1))
    values = values + rounding * np.random.default_rng(1).standard_normal(values.shape)
    found = convergence({"Q2": values}, ("Q2",), {})
    figures = found.to_json()
    assert figures["rhat"] is None
    assert figures["per_quantity"]["Q2"]["rhat"] is None
    assert figures["rhat_undefined"] == ["Q2"]
    assert "do not agree in Q2, and no half of one varies: R-hat is not defined" in found.findings()[0].text
    assert "e+" not in found.findings()[0].text
    values[0, 30:] = 1.0  # one chain moves: there is a variance to compare with
    assert np.isfinite(convergence({"Q2": values}, ("Q2",), {}).to_json()["rhat"])


def test_narrow_modes_far_apart_are_not_the_prior():
    rng = np.random.default_rng(2)
    prior, equal = rng.standard_normal(2000), np.full(2000, 1 / 2000)
    modes = np.where(rng.random(2000) < 0.575, 0.861, -1.161) + 0.025 * rng.standard_normal(2000)

    def found(x):
        y = 0.3 * rng.standard_normal(2000)
        draws, before = {"x": x, "y": y}, {"x": prior, "y": prior}
        widths, spreads = (
            {name: f(draws[name], equal, before[name], equal) for name in draws} for f in (narrowing, shrinkage)
        )
        return Information(2, 2.0, 0.0, spreads, (Quantity("x"), Quantity("y")), widths).findings()

    notes = [finding.text for finding in found(modes)]
    assert len(notes) == 1
    assert notes[0].startswith("separate narrow ranges: x")
    assert found(rng.standard_normal(2000))[0].text.startswith("prior-dominated")
    assert found(0.4 * modes) == ()  # narrower by its spread alone


def test_draws_without_weight_are_not_counted():
    log_weight = np.array([[0.0, 0.0, -np.inf, 0.0]])
    found = validity(log_weight, np.array([True, True, False, False]), {"a": np.array([1.0, np.nan, np.nan, 1.0])})
    assert found.invalid_fraction == pytest.approx(1 / 3)
    assert found.undefined_fraction == {"a": pytest.approx(1 / 2)}
    statistics = {"energy": np.array([[1.0, 2.0, 100.0, 3.0]]), "flag": np.ones((1, 4), bool)}
    assert draw_means(log_weight, statistics).to_json() == {"mean_energy": 2.0}


def test_a_method_that_has_seen_the_raw_weights_knows_their_tail_best():
    smoothed = np.log(np.random.default_rng(1).uniform(0.5, 1.0, 1000))
    own = weigh(ImportanceWeights(0.9, importance_ess=990.0), smoothed, exact=True)
    assert own.pareto_k == 0.9
    assert own.weight_ess == pytest.approx(960, abs=20)
    assert weigh(None, smoothed, exact=True).pareto_k < 0.5
