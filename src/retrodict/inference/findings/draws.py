"""How many draws there are, and what draws of this kind can be trusted for."""

from typing import NamedTuple

import numpy as np

from retrodict.base.types import JSON, Bool, Float, Shaped
from retrodict.num.weighted import normalised_weights
from retrodict.run.diagnostic import Finding, Limits, Severity
from retrodict.run.method import Kind

INVALID = Limits(0.01, 0.2)  # share of the draws without a likelihood
RARE, FREQUENT = 5e-4, 0.5  # share of the draws in which a quantity does not exist: below no note, above a warning


class DrawCount(NamedTuple):
    """Kind and number of the draws."""

    kind: Kind  # what the method promises
    chains: int  # number of chains
    draws: int  # of each chain
    idle_draws: int = 0  # draws of negligible weight that were left out
    means: bool = False  # whether the answer is a mean over the draws, not their distribution

    def findings(self) -> tuple[Finding, ...]:
        """A warning for everything that is not a sample of the target."""
        if self.kind == "point":
            remedy = "use a sampler for numbers that you publish"
            return (Finding(Severity.WARN, "a point estimate: it says nothing about the uncertainty", remedy),)
        if self.kind == "approximate" and self.means:
            text = "an approximate method: its means are biased, and their errors do not show it"
            return (Finding(Severity.WARN, text, "a method that is exact, such as HMC"),)
        if self.kind == "approximate":
            text = "an approximate method: its spread is not a calibrated posterior; measure it with `validate`"
            remedy = "`validate`, or compare with NUTS, ConstrainedHMC or Importance"
            return (Finding(Severity.WARN, text, remedy),)
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`kind`, `chains`, `draws` and, where some were left out, `idle_draws`."""
        figures: dict[str, JSON] = {"kind": self.kind, "chains": self.chains, "draws": self.draws}
        return figures | ({"idle_draws": self.idle_draws} if self.idle_draws else {})


class Validity(NamedTuple):
    """Draws for which the physics has no answer."""

    invalid_fraction: float  # of the draws that carry weight
    undefined_fraction: dict[str, float]  # quantity: weight of the draws that do not have it

    def findings(self) -> tuple[Finding, ...]:
        """Invalid draws, and quantities that do not exist in some of the valid ones."""
        found = []
        if self.invalid_fraction > 0:
            text = f"{self.invalid_fraction:.2%} of the draws are invalid (no likelihood); they carry no weight"
            remedy = "a prior that gives less weight to parameters without a solution"
            found.append(Finding(INVALID.above(self.invalid_fraction), text, remedy))
        # A star of two solar masses need not exist: that is an answer, not a fault, but the numbers depend on it.
        for name, fraction in self.undefined_fraction.items():
            if fraction >= 1.0:
                found.append(Finding(Severity.NOTE, f"{name} exists in no draw", ""))
            elif fraction >= RARE:
                severity = Severity.WARN if fraction > FREQUENT else Severity.NOTE
                text = f"{name} does not exist in {fraction:.1%} of the draws; its numbers are of the others"
                found.append(Finding(severity, text, "quote the numbers together with this fraction"))
        return tuple(found)

    def to_json(self) -> dict[str, JSON]:
        """`invalid_fraction` and `undefined_fraction`."""
        return self._asdict()


class DrawMeans(NamedTuple):
    """Means over the draws of what a method has recorded for each of them."""

    means: dict[str, float]  # by the names of the recorded numbers

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: these figures have no limits of their own."""
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`mean_NAME` for each recorded number."""
        return {f"mean_{name}": value for name, value in self.means.items()}


def validity(
    log_weight: Float[np.ndarray, "chain draw"],
    valid: Bool[np.ndarray, " all"],
    derived: dict[str, Float[np.ndarray, "all ..."]],
) -> Validity:
    """Count draws without a likelihood, and those that lack a quantity.

    Args:
        log_weight: logarithms of the weights, shape (chain, draw).
        valid: whether the physics has an answer, shape (chain * draw,).
        derived: derived quantities by name, draws first; NaN where a draw does not have the quantity.
    """
    counted = np.ravel(log_weight) > -np.inf
    invalid = float(np.mean(~valid[counted])) if np.any(counted) else 1.0
    weights = normalised_weights(np.ravel(log_weight), valid)
    undefined = {}
    for name, values in derived.items():
        finite = np.any(np.isfinite(values.reshape(len(values), -1)), axis=1)
        if (missing := float(np.sum(weights[~finite]))) > 0:
            undefined[name] = missing
    return Validity(invalid, undefined)


def draw_means(
    log_weight: Float[np.ndarray, "chain draw"], statistics: dict[str, Shaped[np.ndarray, "chain draw"]]
) -> DrawMeans:
    """Means of the recorded numbers over the draws that carry weight; flags and single draws have none.

    Args:
        log_weight: logarithms of the weights, shape (chain, draw).
        statistics: what a method has recorded, by name, each of shape (chain, draw).
    """
    counted = log_weight > -np.inf
    numbers = {
        name: np.asarray(values)[counted]
        for name, values in statistics.items()
        if np.issubdtype(np.asarray(values).dtype, np.number)
    }
    return DrawMeans({name: float(np.mean(values)) for name, values in numbers.items() if values.size > 1})
