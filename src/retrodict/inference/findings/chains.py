"""Convergence of Markov chains: R-hat, effective sample sizes, and how often signs change that a symmetry leaves open.

Source of figures and limits: Vehtari et al., Bayesian Analysis 16 (2021) 667.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from retrodict.base.types import JSON, Float
from retrodict.inference.diagnostics import rhat_and_bulk_ess, tail_ess, without_rounding
from retrodict.run.diagnostic import Finding, Limits, Severity

R_HAT = Limits(1.01, 1.05)
ZERO = 1e-9  # of the largest value: what is smaller is a zero with rounding
SAMPLE_SIZE = Limits(400.0, 100.0)

Values = Float[np.ndarray, "chain draw point"]


class ChainFigures(NamedTuple):
    """The worst figures of one quantity over the points of its grid."""

    ess_bulk: float  # effective draws for the centre of its distribution
    ess_tail: float  # effective draws for its tails
    rhat: float | None = None  # None for a population, which has no chains to compare

    @property
    def without_variation(self) -> bool:
        """Whether no chain varies, while the chains differ: R-hat is not defined."""
        return self.rhat is not None and bool(np.isinf(self.rhat))

    def to_json(self) -> dict[str, JSON]:
        """The figures by name; an R-hat that is not defined is None."""
        figures = {name: value for name, value in self._asdict().items() if value is not None}
        return figures | ({"rhat": None} if self.without_variation else {})


class Convergence(NamedTuple):
    """Figures of each quantity, of chains or of a population of particles, and the worst of those that decide."""

    per_quantity: dict[str, ChainFigures]  # of derived quantities; empty where only latents were looked at
    decisive: dict[str, ChainFigures]  # of those by which convergence is judged
    latent_rhat: float | None = None  # of the worst latent; None where latents were not looked at

    def findings(self) -> tuple[Finding, ...]:
        """Chains that disagree, samples that are too small, latents that have not mixed."""
        found = []
        rhat = self._worst(lambda figures: figures.rhat, max)
        if rhat is not None and (severity := R_HAT.above(rhat[1])):
            text = f"the chains do not agree: R-hat = {rhat[1]:.3f} for {rhat[0]} (should be <= {R_HAT.warn})"
            if np.isinf(rhat[1]):
                text = f"the chains do not agree in {rhat[0]}, and no half of one varies: R-hat is not defined"
            remedy = "more warm-up and draws; if it stays, several modes are likely: SequentialMonteCarlo"
            found.append(Finding(severity, text, remedy))
        for where, size in (("centre", self._bulk), ("tails", self._tail)):
            if size is not None and (severity := SAMPLE_SIZE.below(size[1])):
                text = f"too few effective draws for the {where} of {size[0]}: {size[1]:.0f}"
                text = f"{text} (should be >= {SAMPLE_SIZE.warn:.0f})"
                found.append(Finding(severity, text, "more draws"))
        agree = rhat is None or not R_HAT.above(rhat[1] or 1.0)
        if self.latent_rhat is not None and R_HAT.above(self.latent_rhat) and agree:
            text = f"the latents have not mixed (R-hat = {self.latent_rhat:.2f}) although the derived quantities have"
            found.append(Finding(Severity.NOTE, text, "trust the derived quantities, not single latents"))
        return tuple(found)

    def to_json(self) -> dict[str, JSON]:
        """`per_quantity`, and `rhat`, `ess_bulk`, `ess_tail` of the worst quantity with its name as `..._worst`.

        An R-hat that is not defined is null, and its quantities are listed as `rhat_undefined`: no chain varies.
        """
        figures: dict[str, JSON] = {"per_quantity": {name: row.to_json() for name, row in self.per_quantity.items()}}
        worst = {
            "rhat": self._worst(lambda figures: figures.rhat, max),
            "ess_bulk": self._bulk,
            "ess_tail": self._tail,
        }
        for name, pair in worst.items():
            if pair is not None:
                figures |= {name: pair[1] if np.isfinite(pair[1]) else None, f"{name}_worst": pair[0]}
        if undefined := [name for name, row in (self.per_quantity or self.decisive).items() if row.without_variation]:
            figures["rhat_undefined"] = undefined
        return figures | ({} if self.latent_rhat is None else {"latent_rhat": self.latent_rhat})

    @property
    def _bulk(self) -> tuple[str, float] | None:
        return self._worst(lambda figures: figures.ess_bulk, min)

    @property
    def _tail(self) -> tuple[str, float] | None:
        return self._worst(lambda figures: figures.ess_tail, min)

    def _worst(
        self, figure: Callable[[ChainFigures], float | None], worst: Callable[..., str]
    ) -> tuple[str, float] | None:
        """Name and value of the worst figure; None where there is none."""
        known = {name: value for name, row in self.decisive.items() if (value := figure(row)) is not None}
        if not known:
            return None
        name = worst(known, key=lambda name: known[name])
        return name, known[name]


class SignChanges(NamedTuple):
    """How often quantities that an exact symmetry turns into their negative have changed their sign.

    The two halves of the space have equal weight. Quantities that do not depend on the sign are right all the same, so
    that this is a warning at most.
    """

    number: dict[str, int]  # changes from one draw to the next, in all chains together
    rhat: dict[str, float]  # of the same quantities
    chains: int  # their number
    frozen: tuple[str, ...] = ()  # those of which no chain varies

    @property
    def undecided(self) -> tuple[str, ...]:
        """Quantities whose sign changes so seldom that the share of each sign is unknown."""
        return tuple(name for name, count in self.number.items() if not count or self.rhat[name] > R_HAT.fail)

    def findings(self) -> tuple[Finding, ...]:
        """A warning for each undecided sign."""
        found = []
        for name in self.undecided:
            count = self.number[name]
            seen = "never flipped: mode coverage was not checked"
            if name in self.frozen:
                seen = f"is not known, as {name} never changed in any chain"
            elif count:
                often = f"flipped {count} times in {self.chains} chains"
                seen = f"{often}, whose shares of the two signs still differ: R-hat = {self.rhat[name]:.3f}"
            text = f"the sign of {name} {seen}; trust only what does not depend on it"
            found.append(
                Finding(Severity.WARN, text, "longer chains, or updates that change the sign, such as clusters")
            )
        return tuple(found)

    def to_json(self) -> dict[str, JSON]:
        """`sign_changes`."""
        return {"sign_changes": self.number}


def convergence(values: dict[str, Values], decisive: tuple[str, ...], latents: dict[str, Values]) -> Convergence:
    """R-hat and effective sample sizes of each derived quantity, or of the latents where there is none.

    Args:
        values: derived quantities by name, shape (chain, draw, point).
        decisive: names of those by which the target wants to be judged.
        latents: the latents in the same form; empty where a position is made of several arrays.
    """
    figures = {name: chain_figures(column) for name, column in (values or latents).items() if column.size}
    judged = {name: row for name, row in figures.items() if name in decisive} if values else figures
    rhat = [chain_figures(column).rhat or np.nan for column in latents.values()] if values else []
    return Convergence(figures if values else {}, judged, max(rhat) if rhat else None)


def chain_figures(values: Values) -> ChainFigures:
    """The worst figures over the points of a grid.

    Args:
        values: draws of one quantity, shape (chain, draw, point).
    """
    rhat, bulk = rhat_and_bulk_ess(values)
    return ChainFigures(float(np.min(bulk)), float(np.min(tail_ess(values))), float(np.max(rhat)))


def sign_changes(values: dict[str, Values], odd: tuple[str, ...]) -> SignChanges:
    """Count the changes of sign. A zero has none: Q = 1, 0, 1 is no change and 1, 0, -1 is one.

    Args:
        values: derived quantities by name, shape (chain, draw, point).
        odd: names of those that a symmetry turns into their negative.
    """
    exact = {name: without_rounding(values[name]) for name in odd}
    number = {name: _sign_changes(exact[name]) for name in odd}
    rhat = {name: chain_figures(values[name]).rhat or np.nan for name in odd}
    frozen = tuple(name for name in odd if not np.any(np.ptp(exact[name], axis=1)))
    return SignChanges(number, rhat, len(values[odd[0]]) if odd else 0, frozen)


def _sign_changes(values: Values) -> int:
    """Changes from one sign to the other along each chain; a zero, whatever its own sign, has the sign before it."""
    tiny = ZERO * np.max(np.abs(values), initial=0.0)
    signs = np.where(np.abs(values) > tiny, np.sign(values), 0.0)
    last = np.maximum.accumulate(np.where(signs != 0, np.arange(signs.shape[1])[:, None], -1), axis=1)
    carried = np.where(last >= 0, np.take_along_axis(signs, np.maximum(last, 0), axis=1), 0.0)
    return int(np.sum(carried[:, 1:] * carried[:, :-1] < 0))
