"""The section of the report on a trained sampler: its training, its weights, and the bias of its uncorrected draws."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from retrodict.base.figure import Figure, Line, Panel
from retrodict.base.format import value_with_error
from retrodict.base.section import Cell, Section, Table
from retrodict.base.types import JSON
from retrodict.inference.findings.weights import Evidence, ImportanceWeights
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.samplers.proposal_diagnostics import (
    Coverage,
    EffectiveShare,
    ModelDensity,
    histories_from_json,
    uncorrected_from_json,
)
from retrodict.run.diagnostic import from_json

if TYPE_CHECKING:
    from retrodict.run.result import Result

STAGES: Final = {"fit": "Training on configurations", "reverse_kl": "Training on the action"}


def learning(result: "Result", target: AbstractAction) -> Section | None:
    """Losses, weights, and the bias that the correction has removed.

    Args:
        result: the result of a run.
        target: its action.

    Returns:
        The section; None for a run without a model.
    """
    figures = result.diagnostics
    model = from_json(ModelDensity, figures)
    if model is None:
        return None
    numbers = result.quantities()
    names = (*target.slow, *(function.name for function in target.mean_functions), *target.odd)
    rows = tuple(_row(result.label(name), numbers[name], *uncorrected_from_json(figures, name)) for name in names)
    head = ("Observable", "Corrected", "Uncorrected: biased", "Bias in standard errors")
    return Section(
        "learning", "The model and its correction", _in_words(model, figures), Table(head, rows), _training(figures)
    )


def _row(label: str, number: dict[str, Any], raw: float, raw_error: float) -> tuple[Cell, ...]:
    away = (raw - number["mean"]) / np.hypot(raw_error, number["error"])
    corrected, uncorrected = value_with_error(number["mean"], number["error"]), value_with_error(raw, raw_error)
    return label, corrected, uncorrected, f"{away:+.1f}"


def _in_words(model: ModelDensity, figures: dict[str, JSON]) -> str:
    share, weights = from_json(EffectiveShare, figures), from_json(ImportanceWeights, figures)
    evidence, covered = from_json(Evidence, figures), from_json(Coverage, figures)
    assert share is not None
    assert weights is not None
    assert evidence is not None
    ln_z = value_with_error(float(evidence.log_evidence), float(evidence.log_evidence_error or 0.0))
    by_data = f" ({covered.ess_of_data:.1%} by the configurations held out)" if covered is not None else ""
    sentences = [
        f"The density of the model's draws is {model.model_density}, and independence Metropolis accepts"
        f" {figures['mean_acceptance']:.0%} of them: the chains are exact in the limit of long ones, provided that the"
        " model draws wherever the theory has configurations (the verdict lists what was checked).",
        f"Of its draws, {share.ess:.1%} are effective{by_data}; var ln w ="
        f" {share.log_weight_variance:.2f}, Pareto k = {float(weights.pareto_k):.2f}, ln Z = {ln_z}.",
        "The uncorrected column is the mean over the draws as they come: biased, by more than its error.",
    ]
    if (imbalance := figures.get("raw_imbalance")) is not None:
        balance = f"The two signs share the draws evenly to {imbalance:.1f} standard errors."
        sentences.append(
            f"{balance} Modes that no symmetry relates are checked by the held-out configurations and ln Z only."
        )
    return " ".join(sentences)


def _training(figures: dict[str, JSON]) -> tuple[Figure, ...]:
    panels = []
    for history in histories_from_json(figures, tuple(STAGES)):
        step = np.arange(1, len(history.loss) + 1)
        loss = Line(step, history.loss, "loss", "second")
        validation = Line(step, history.validation, "best validation so far", "posterior")
        panels.append(Panel("Validation", "Loss", (loss, validation), title=STAGES[history.stage]))
    caption = (
        "Mean loss between two validations. Training on the action follows the divergence up to ln Z; its validation is"
        " half the variance of ln w."
    )
    return (Figure("training", "Training", caption, tuple(panels)),) if panels else ()
