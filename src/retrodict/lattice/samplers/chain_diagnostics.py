"""What Markov chains of configurations say about themselves: dependence on the start, acceptance, energy violation."""

from typing import NamedTuple

from retrodict.base.types import JSON
from retrodict.run.diagnostic import Finding, Severity

ACCEPTANCE, EXP_DH, STEP_SIZE = "acceptance_of_", "exp_dH_of_", "step_size_of_"


class Thermalised(NamedTuple):
    """Whether the slow observables still depend on where the chains started."""

    thermalised: bool  # early and late parts agree, ordered (cold) and disordered (hot) starts agree
    shortest_chain: float  # autocorrelation times of the slowest observable

    def findings(self) -> tuple[Finding, ...]:
        """A failure if they do."""
        if self.thermalised:
            return ()
        text = f"the chains still depend on their start: the shortest is {float(self.shortest_chain):.0f}"
        text = f"{text} autocorrelation times long, or early and late, hot and cold disagree"
        remedy = "more warm-up and draws, or updates that decorrelate faster: clusters, winding"
        return (Finding(Severity.FAIL, text, remedy),)

    def to_json(self) -> dict[str, JSON]:
        """`thermalised` and `shortest_chain`."""
        return {"thermalised": bool(self.thermalised), "shortest_chain": float(self.shortest_chain)}


class Started(NamedTuple):
    """Where chains have started, if not from disorder and order."""

    started_from: str  # the file or the run

    def findings(self) -> tuple[Finding, ...]:
        """A note: no two kinds of starts had to meet."""
        text = f"all chains start from {self.started_from}: thermalisation was not tested from opposite starts"
        return (Finding(Severity.NOTE, text),)

    def to_json(self) -> dict[str, JSON]:
        """`started_from`."""
        return self._asdict()


class UpdateFigures(NamedTuple):
    """How one update of a chain has worked after the warm-up."""

    update: str  # the name of its class
    acceptance: float  # mean acceptance probability
    exp_dh: float | None = None  # <exp(-dH)>, which should be 1; None for updates that violate no energy
    exp_dh_error: float | None = None
    step_size: float | None = None  # None for updates without a tuned step

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: a report lists these figures."""
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`acceptance_of_UPDATE`, `exp_dH_of_UPDATE` with its error, `step_size_of_UPDATE`."""
        figures = {
            f"{ACCEPTANCE}{self.update}": self.acceptance,
            f"{EXP_DH}{self.update}": self.exp_dh,
            f"{EXP_DH}{self.update}_error": self.exp_dh_error,
            f"{STEP_SIZE}{self.update}": self.step_size,
        }
        return {name: float(value) for name, value in figures.items() if value is not None}


def updates_from_json(figures: dict[str, JSON]) -> tuple[UpdateFigures, ...]:
    """The figures of all updates of a run.

    Args:
        figures: `result.diagnostics`.
    """
    names = [name.removeprefix(ACCEPTANCE) for name in figures if name.startswith(ACCEPTANCE)]
    rest = (EXP_DH, ""), (EXP_DH, "_error"), (STEP_SIZE, "")
    return tuple(
        UpdateFigures(name, figures[ACCEPTANCE + name], *(figures.get(f"{begin}{name}{end}") for begin, end in rest))
        for name in names
    )
