r"""Is the posterior what it says it is? Closure and simulation-based calibration of one set-up: target and method.

Truths drawn from the prior make the transforms $u$ uniform. Two tests with power go before the histogram: with normal
scores $q = \Phi^{-1}(u)$, the *width* $\sum q^2 \sim \chi^2_N$ and the *location* $\bar q\sqrt N \sim N(0, 1)$. With
N = 1000 they see bands that are a tenth too narrow and a bias of a tenth of a standard deviation, where a
Kolmogorov-Smirnov test at N = 100 sees errors of 20 % hardly ever. All p-values together are corrected by Holm's method
(Scand. J. Statist. 6 (1979) 65).
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.stats import rankdata

from retrodict.base.atomic import write_text
from retrodict.base.errors import InputError
from retrodict.base.types import JSON, Float
from retrodict.inference.calibration_table import render
from retrodict.inference.closure import Closures, bank_of, close, close_by_bank
from retrodict.inference.importance import Importance
from retrodict.inference.uniformity import BANDS, coverage_test, holm, location_test, rank_test, width_test
from retrodict.inference.verdict import STATUSES
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget, Quantity
from retrodict.run.method import Method
from retrodict.run.result import Verdict, plain

SIGNIFICANCE: Final = 0.01  # of all tests together
POINTS: Final = 5  # of a function's grid that are tested; more would only cost power
ENOUGH: Final = 1000  # data sets below which smaller faults go unseen
FEWEST: Final = 20
RANKING: Final = 0.5  # correlation below which a better fit is no sign of a better answer
INVALID: Final = 0.02  # fraction of failed closures that turns the verdict


@dataclass(frozen=True)
class Check:
    """One test of one quantity."""

    quantity: str
    name: str  # width, location, ranks, 68 % or 95 %
    statistic: float  # scatter of the scores; their mean; chi2; number covered
    p: float
    adjusted: float  # p after Holm's correction


@dataclass(frozen=True)
class Calibration:
    """The outcome of `validate`. `str(calibration)` is the table."""

    closures: Closures
    quantities: tuple[Quantity, ...]
    method: str
    tests: tuple[Check, ...]

    @property
    def data_sets(self) -> int:
        """Closures that count: those with a valid truth and a finite answer."""
        return int(np.sum(self.closures.valid))

    @property
    def truth_error(self) -> Float[np.ndarray, " sets"]:
        """Distance of the posterior mean from the truth in prior standard deviations, r.m.s. over what is tested."""
        columns = [
            _tested(quantity, np.asarray(self.closures.mean[quantity.name] - self.closures.truth[quantity.name]))
            / np.nanstd(_tested(quantity, np.asarray(self.closures.truth[quantity.name])), axis=0)
            for quantity in self.quantities
        ]
        return np.sqrt(np.nanmean(np.concatenate(columns, axis=1) ** 2, axis=1))

    @property
    def misfit_ranks_error(self) -> float:
        """Spearman's correlation of misfit and truth error over the closures: near zero for an ill-posed problem."""
        keep = self.closures.valid & np.isfinite(self.truth_error)
        ranks = [rankdata(values[keep]) for values in (self.closures.misfit, self.truth_error)]
        return float(np.corrcoef(*ranks)[0, 1])

    @property
    def verdict(self) -> Verdict:
        """FAIL if any test is significant after the correction, with the reason in words."""
        reasons = _in_words([test for test in self.tests if test.adjusted < SIGNIFICANCE], self.data_sets)
        failed = 1 - self.data_sets / len(self.closures.valid)
        status = 2 if reasons else 1 if failed > INVALID else 0
        if failed > INVALID:
            reasons.append(f"{failed:.1%} of the closures have no valid truth or no finite answer")
        return Verdict(STATUSES[status], tuple(reasons), tuple(self._notes()))

    def _notes(self) -> Iterator[str]:
        if self.data_sets < ENOUGH:
            seen = 3.5 / math.sqrt(2 * self.data_sets)
            yield f"{self.data_sets} data sets see only bands that are wrong by more than about {seen:.0%}"
        if abs(self.misfit_ranks_error) < RANKING:
            correlation = f"rank correlation with the truth error {self.misfit_ranks_error:.2f}"
            yield f"misfit does not rank these reconstructions ({correlation})"

    def table(self) -> str:
        """Verdict, tests by quantity, and the closures' errors beside their misfits."""
        return render(self)

    def __str__(self) -> str:
        return self.table()

    def coverage(self, quantity: str, level: float) -> tuple[int, int]:
        """How many truths of a number the central `level` band covered, of how many."""
        u = np.asarray(self.closures.pit[quantity])[self.closures.valid]
        return int(np.sum(np.abs(u - 0.5) < 0.5 * level)), len(u)

    def to_json(self) -> dict[str, JSON]:
        """Verdict, all tests, and the error and misfit of each closure."""
        verdict = self.verdict
        return {
            "method": self.method,
            "data_sets": self.data_sets,
            "verdict": plain({"status": verdict.status, "reasons": verdict.reasons, "notes": verdict.notes}),
            "tests": [plain(vars(test)) for test in self.tests],
            "closures": plain({"truth_error": self.truth_error, "misfit": self.closures.misfit}),
            "misfit_ranks_error": plain(self.misfit_ranks_error),
        }

    def save(self, directory: str | Path) -> None:
        """Write `calibration.json`, atomically."""
        write_text(Path(directory) / "calibration.json", json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n")


def validate(
    target: AbstractTarget,
    method: Method,
    *,
    data_sets: int = 1000,
    seed: int = 0,
    draws: int = 100,
    batch: int = 50,
) -> Calibration:
    """Simulate `data_sets` experiments on truths drawn from the prior, invert each with `method`, and test the answers.

    `batch` data sets are vmapped at a time; at most `draws` draws of each answer are looked at. `Importance` uses one
    bank of prior draws for all data sets, which is thousands of times cheaper. The result depends on the seed only,
    not on `batch`. Raises `InputError` for a target without a prior and mock data, or with nothing to test.
    """
    method.check(target)
    testable = require_testable(target, data_sets)
    indices = range(data_sets)
    if isinstance(method, Importance) and isinstance(testable, Posterior):
        bank = bank_of(testable, seed=seed, draws=method.draws)
        closures = close_by_bank(testable, seed=seed, indices=indices, bank=bank)
    else:
        closures = close(testable, method, seed=seed, indices=indices, draws=draws, batch=min(batch, data_sets))
    return calibrate(closures, testable.quantities, type(method).__name__)


def calibrate(closures: Closures, quantities: tuple[Quantity, ...], method: str) -> Calibration:
    """Test closures that were computed before, in one go or in tasks."""
    found = [test for quantity in quantities for test in _tests_of(quantity, closures)]
    adjusted = holm(np.array([test.p for test in found]))
    tests = [Check(t.quantity, t.name, t.statistic, t.p, float(p)) for t, p in zip(found, adjusted, strict=True)]
    return Calibration(closures, quantities, method, tuple(tests))


def tested_names(quantity: Quantity) -> list[str]:
    """The names of what is tested: a number, or a function at `POINTS` points of its grid."""
    return (
        [f"{quantity.name}({quantity.x[i]:.4g})" for i in _points(quantity)]
        if quantity.is_function
        else [quantity.name]
    )


def _points(quantity: Quantity) -> np.ndarray:
    return np.unique(np.linspace(0, len(quantity.grid) - 1, POINTS).round().astype(int))


def _tested(quantity: Quantity, values: Float[np.ndarray, "sets ..."]) -> Float[np.ndarray, "sets tested"]:
    return values[:, _points(quantity)] if quantity.is_function else values[:, None]


def _tests_of(quantity: Quantity, closures: Closures) -> Iterator[Check]:
    columns = _tested(quantity, np.asarray(closures.pit[quantity.name])[closures.valid]).T
    for name, u in zip(tested_names(quantity), columns, strict=True):
        if len(u) < FEWEST:
            continue
        yield Check(name, "width", *width_test(u), 1.0)
        yield Check(name, "location", *location_test(u), 1.0)
        yield Check(name, "ranks", *rank_test(u), 1.0)
        for band, level in BANDS.items():
            yield Check(name, band, *coverage_test(u, level), 1.0)


def _in_words(failed: list[Check], data_sets: int) -> list[str]:
    """One reason a kind of fault, the quantities behind it."""
    kinds = {
        "bands too narrow (scatter of the truth in claimed widths)": [t for t in failed if _is(t, "width", 1)],
        "bands too wide (scatter of the truth in claimed widths)": [t for t in failed if _is(t, "width", -1)],
        "biased (offset of the truth in claimed standard deviations)": [t for t in failed if t.name == "location"],
        "ranks of the truth not uniform (chi2)": [t for t in failed if t.name == "ranks"],
        **{f"wrong coverage of the {band} band": [t for t in failed if t.name == band] for band in BANDS},
    }
    return [f"{kind}: {_listed(tests, data_sets)}" for kind, tests in kinds.items() if tests]


def _is(test: Check, name: str, sign: int) -> bool:
    return test.name == name and (test.statistic - 1) * sign > 0


def _listed(tests: list[Check], data_sets: int) -> str:
    worst = min(test.p for test in tests)
    counted = tests[0].name in BANDS
    each = [
        f"{t.quantity} {t.statistic / data_sets:.1%}" if counted else f"{t.quantity} {t.statistic:.2f}" for t in tests
    ]
    return f"{', '.join(each)} (p down to {worst:.1g})"


def require_testable(target: AbstractTarget, data_sets: int) -> AbstractLeastSquares:
    """`target`, if it has a prior, mock data and quantities to test; else `InputError`."""
    if not isinstance(target, AbstractLeastSquares):
        raise InputError(
            "validation needs a target with a prior and mock data",
            got=type(target).__name__,
            expected="an AbstractLeastSquares, such as a Posterior",
        )
    if not target.quantities:
        raise InputError("there is nothing to validate", why="the target reports no derived quantities")
    if data_sets < FEWEST:
        raise InputError("too few data sets", got=str(data_sets), expected=f"at least {FEWEST}, better {ENOUGH}")
    return target
