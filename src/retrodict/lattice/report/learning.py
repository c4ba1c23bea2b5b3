"""The section of the report on a trained sampler: its training, its weights, and the bias of its uncorrected draws."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from retrodict.base.figure import Figure, Line, Panel
from retrodict.base.format import value_with_error
from retrodict.base.section import Cell, Section, Table
from retrodict.lattice.core.action import AbstractAction

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
    facts = result.diagnostics
    if "model_density" not in facts:
        return None
    numbers = result.quantities()
    names = (*target.slow, *(function.name for function in target.mean_functions), *target.odd)
    rows = tuple(_row(result.label(name), numbers[name], facts, name) for name in names)
    head = ("Observable", "Corrected", "Uncorrected: biased", "Bias in standard errors")
    return Section("learning", "The model and its correction", _in_words(facts), Table(head, rows), _training(facts))


def _row(label: str, number: dict[str, Any], facts: dict[str, Any], name: str) -> tuple[Cell, ...]:
    raw, raw_error = facts[f"raw_{name}"], facts[f"raw_{name}_error"]
    away = (raw - number["mean"]) / np.hypot(raw_error, number["error"])
    corrected, uncorrected = value_with_error(number["mean"], number["error"]), value_with_error(raw, raw_error)
    return label, corrected, uncorrected, f"{away:+.1f}"


def _in_words(facts: dict[str, Any]) -> str:
    evidence = value_with_error(facts["log_evidence"], facts["log_evidence_error"])
    by_data = f" ({facts['ess_of_data']:.1%} by the configurations held out)" if "ess_of_data" in facts else ""
    sentences = [
        f"The density of the model's draws is {facts['model_density']}, and independence Metropolis accepts"
        f" {facts['mean_acceptance']:.0%} of them: the chains are exact in the limit of long ones, provided that the"
        " model draws wherever the theory has configurations (the verdict lists what was checked).",
        f"Of its draws, {facts['ess']:.1%} are effective{by_data}; var ln w ="
        f" {facts['log_weight_variance']:.2f}, Pareto k = {facts['pareto_k']:.2f}, ln Z = {evidence}.",
        "The uncorrected column is the mean over the draws as they come: biased, by more than its error.",
    ]
    if "raw_imbalance" in facts:
        balance = f"The two signs share the draws evenly to {facts['raw_imbalance']:.1f} standard errors."
        sentences.append(
            f"{balance} Modes that no symmetry relates are checked by the held-out configurations and ln Z only."
        )
    return " ".join(sentences)


def _training(facts: dict[str, Any]) -> tuple[Figure, ...]:
    panels = []
    for stage, title in STAGES.items():
        if f"{stage}_loss_history" in facts:
            loss, held_out = (np.asarray(facts[f"{stage}_{name}_history"]) for name in ("loss", "validation"))
            step = np.arange(1, len(loss) + 1)
            lines = (Line(step, loss, "loss", "second"), Line(step, held_out, "best validation so far", "posterior"))
            panels.append(Panel("Validation", "Loss", lines, title=title))
    caption = (
        "Mean loss between two validations. Training on the action follows the divergence up to ln Z; its validation is"
        " half the variance of ln w."
    )
    return (Figure("training", "Training", caption, tuple(panels)),) if panels else ()
