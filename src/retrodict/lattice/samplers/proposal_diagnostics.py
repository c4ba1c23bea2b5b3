"""What the draws of a model say before they are corrected: their weights, their bias, and where they do not come.

A model may be learned. Weights of its own draws cannot show what it never draws: configurations of the theory that were
held out from training do.
"""

from typing import NamedTuple

import numpy as np

from retrodict.base.types import JSON, Float
from retrodict.inference.estimates import estimate_figures
from retrodict.lattice.samplers.chain_diagnostics import Thermalised
from retrodict.problem.target import Estimated
from retrodict.run.diagnostic import Diagnostic, Finding, Limits, Severity, pick, to_json

IMBALANCE = Limits(4.0, np.inf)  # standard errors of the number of draws of one sign against the other
MISMATCH = Limits(0.01, 0.5)  # of the logarithm of a density
UNCOVERED = Limits(0.0, 0.01)  # share of the configurations held out
OVERESTIMATED = 0.7  # effective share by configurations held out over that by the draws themselves


class EffectiveShare(NamedTuple):
    """How many of independent draws are effective, and how much their weights scatter."""

    ess: float  # effective number over number of draws
    log_weight_variance: float

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: limits are those of the importance weights."""
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`ess` and `log_weight_variance`."""
        return {name: float(value) for name, value in self._asdict().items()}


class Coverage(NamedTuple):
    """What configurations that the model has not seen say of where it draws."""

    uncovered: float  # share of them with a weight beyond that of every draw
    held_out: int  # their number
    ess_of_data: float  # effective share of the draws, by the weights of the configurations held out

    def findings(self) -> tuple[Finding, ...]:
        """Configurations that the model hardly ever draws."""
        if self.uncovered > 0:
            text = f"{self.uncovered:.2%} of {self.held_out} configurations held out lie where the model hardly ever"
            text = f"{text} draws: the corrected answers lack their share"
            remedy = "more training data or a longer training, or a Markov chain that needs no model"
            return (Finding(UNCOVERED.above(self.uncovered), text, remedy),)
        text = f"none of {self.held_out} configurations held out lies where the model hardly draws"
        return (Finding(Severity.NOTE, text),)

    def to_json(self) -> dict[str, JSON]:
        """`uncovered`, `held_out` and `ess_of_data`."""
        return self._asdict()


class ModelDensity(NamedTuple):
    """The density of the model, and whether its draws cover the theory."""

    model_density: str  # "exact" or "path-space"
    density_mismatch: float  # largest difference of log q of a draw, computed in two ways
    ess: float  # effective share of the draws, by their own weights
    steps_in_all: int  # of all stages of the run
    coverage: Coverage | None = None  # None without configurations, or without a density to compare with

    def findings(self) -> tuple[Finding, ...]:
        """A density that is not accurate, modes that are not covered, weights that are too good to be true."""
        found = []
        if severity := MISMATCH.above(self.density_mismatch):
            text = f"two ways to the density of the model's draws differ by {self.density_mismatch:.2g} in log q"
            found.append(Finding(severity, f"{text} (should be <= {MISMATCH.warn})", "more integration steps"))
        if self.coverage is None:
            text = "mode coverage was not checked: no configurations, or no density, to compare with"
            return (*found, Finding(Severity.NOTE, text))
        found += self.coverage.findings()
        share = self.coverage.ess_of_data
        if share < OVERESTIMATED * self.ess:
            text = f"of the draws {self.ess:.0%} are effective by their own weights, {share:.0%} by those of the"
            text = f"{text} held-out: there are heavier weights, which they missed, and the errors are too small"
            found.append(Finding(Severity.WARN, text, "more draws, or a longer training"))
        return tuple(found)

    def to_json(self) -> dict[str, JSON]:
        """`model_density`, `density_mismatch`, `steps_in_all`, and the figures of the coverage where it is known."""
        figures = {name: getattr(self, name) for name in ("model_density", "density_mismatch", "steps_in_all")}
        return figures | ({} if self.coverage is None else self.coverage.to_json())


class Uncorrected(NamedTuple):
    """What the proposals say without correction: biased."""

    estimates: tuple[Estimated, ...]
    signs: dict[str, float]  # mean sign of each quantity that a symmetry turns into its negative
    imbalance: float | None  # of the worst sign, in standard errors; None where there is none

    def findings(self) -> tuple[Finding, ...]:
        """Whether both signs are drawn alike."""
        if self.imbalance is None:
            return ()
        if severity := IMBALANCE.above(self.imbalance):
            text = f"the model draws one sign more often than the other, by {self.imbalance:.1f} standard errors"
            remedy = "a model that has the symmetry built in, or training data with both signs"
            return (Finding(severity, f"{text}: it does not cover both modes alike", remedy),)
        text = f"the model draws both signs alike, within {self.imbalance:.1f} standard errors"
        return (Finding(Severity.NOTE, text),)

    def to_json(self) -> dict[str, JSON]:
        """`raw_NAME` and `raw_NAME_error`, `raw_sign_NAME`, and `raw_imbalance`."""
        figures = {f"raw_{name}": v for name, v in estimate_figures(self.estimates).items() if "_tau" not in name}
        figures |= {f"raw_sign_{name}": value for name, value in self.signs.items()}
        return figures | ({} if self.imbalance is None else {"raw_imbalance": self.imbalance})


class TrainingData(NamedTuple):
    """The chain that produced the training data."""

    estimates: tuple[Estimated, ...]
    chain: tuple[Diagnostic, ...]  # its own records

    def findings(self) -> tuple[Finding, ...]:
        """A note if the chain had not thermalised: the corrected draws do not depend on it."""
        thermalised = pick(Thermalised, self.chain)
        if thermalised is None or thermalised.thermalised:
            return ()
        text = "the chain that produced the training data still depended on its start"
        text = f"{text}: the model is the worse for it, the corrected draws are not"
        return (Finding(Severity.NOTE, text, "more `data.warmup`"),)

    def to_json(self) -> dict[str, JSON]:
        """All figures of the chain with `data_` before their names."""
        return {
            f"data_{name}": value for name, value in (to_json(self.chain) | estimate_figures(self.estimates)).items()
        }


class LossHistory(NamedTuple):
    """Losses of one stage of the training."""

    stage: str  # "fit" on configurations, "reverse_kl" on the action
    loss: Float[np.ndarray, " validation"]  # means between two validations
    validation: Float[np.ndarray, " validation"]  # the best so far

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: a report draws the histories."""
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`STAGE_loss_history` and `STAGE_validation_history`."""
        histories = {"loss": self.loss, "validation": self.validation}
        return {f"{self.stage}_{name}_history": np.asarray(values).tolist() for name, values in histories.items()}


def uncorrected_from_json(figures: dict[str, JSON], name: str) -> tuple[float, float]:
    """Value and error of an uncorrected estimate.

    Args:
        figures: `result.diagnostics`.
        name: of the estimate.
    """
    return figures[f"raw_{name}"], figures[f"raw_{name}_error"]


def histories_from_json(figures: dict[str, JSON], stages: tuple[str, ...]) -> tuple[LossHistory, ...]:
    """The losses of those stages of a run that took place.

    Args:
        figures: `result.diagnostics`.
        stages: names of the stages.
    """
    return tuple(
        LossHistory(stage, *(np.asarray(figures[f"{stage}_{name}_history"]) for name in ("loss", "validation")))
        for stage in stages
        if f"{stage}_loss_history" in figures
    )
