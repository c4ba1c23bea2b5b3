r"""Closure and simulation-based calibration of one set-up, target and method: whether its bands cover as promised.

Truths drawn from the prior make the transforms $u$ uniform. Two tests with power go before the histogram: with normal
scores $q = \Phi^{-1}(u)$, the *width* $\sum q^2 \sim \chi^2_N$ and the *location* $\bar q\sqrt N \sim N(0, 1)$. With
N = 1000 they see bands that are a tenth too narrow and a bias of a tenth of a standard deviation, where a
Kolmogorov-Smirnov test at N = 100 sees errors of 20 % hardly ever. All p-values together are corrected by Holm's method
(Scand. J. Statist. 6 (1979) 65).
"""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
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
from retrodict.inference.uniformity import BANDS, Check, coverage_test, holm, location_test, rank_test, width_test
from retrodict.inference.verdict import assess
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget, Quantity
from retrodict.run.diagnostic import Finding, Severity
from retrodict.run.method import Method, name_of
from retrodict.run.plain import plain
from retrodict.run.verdict import Verdict

SIGNIFICANCE: Final = 0.01  # of all tests together
POINTS: Final = 5  # of a function's grid that are tested; more would only cost power
ENOUGH: Final = 1000  # data sets below which smaller faults go unseen
FEWEST: Final = 20
RANKING: Final = 0.5  # correlation below which a better fit is no sign of a better answer
INVALID: Final = 0.02  # fraction of failed closures that turns the verdict


@dataclass(frozen=True)
class Calibration:
    """The outcome of `validate`. `str(calibration)` is the table."""

    closures: Closures  # what is kept of each data set
    quantities: tuple[Quantity, ...]  # what was tested
    method: str  # its name
    tests: tuple[Check, ...]  # of all quantities

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
        return assess((self,))

    def findings(self) -> tuple[Finding, ...]:
        """Significant tests, closures that failed, and what these data sets cannot show."""
        found = _describe([test for test in self.tests if test.adjusted < SIGNIFICANCE], self.data_sets)
        failed = 1 - self.data_sets / len(self.closures.valid)
        if failed > INVALID:
            text = f"{failed:.1%} of the closures have no valid truth or no finite answer"
            remedy = "a prior that gives less weight to parameters without a solution"
            found.append(Finding(Severity.WARN, text, remedy))
        if self.data_sets < ENOUGH:
            least = 3.5 / math.sqrt(2 * self.data_sets)
            text = f"{self.data_sets} data sets see only bands that are wrong by more than about {least:.0%}"
            found.append(Finding(Severity.NOTE, text))
        if abs(self.misfit_ranks_error) < RANKING:
            correlation = f"rank correlation with the truth error {self.misfit_ranks_error:.2f}"
            text = f"misfit does not rank these reconstructions ({correlation})"
            found.append(Finding(Severity.NOTE, text))
        return tuple(found)

    def table(self) -> str:
        """Verdict, tests by quantity, and the errors of the closures beside their misfits."""
        heading = f"{self.method} on {self.data_sets} data sets with truths from the prior"
        return render(heading, self.verdict, self.tests, self.closures, self.truth_error, self.misfit_ranks_error)

    def __str__(self) -> str:
        return self.table()

    def coverage(self, quantity: str, level: float) -> tuple[int, int]:
        """Count the truths inside the central band.

        Args:
            quantity: name of a derived number.
            level: probability of the band.

        Returns:
            How many truths the band covered, and of how many.
        """
        u = np.asarray(self.closures.pit[quantity])[self.closures.valid]
        return int(np.sum(np.abs(u - 0.5) < 0.5 * level)), len(u)

    def to_json(self) -> dict[str, JSON]:
        """Verdict, all tests, and the error and misfit of each closure."""
        verdict = self.verdict
        return {
            "method": self.method,
            "data_sets": self.data_sets,
            "verdict": plain(asdict(verdict)),
            "tests": [plain(vars(test)) for test in self.tests],
            "closures": plain({"truth_error": self.truth_error, "misfit": self.closures.misfit}),
            "misfit_ranks_error": plain(self.misfit_ranks_error),
        }

    def save(self, directory: str | Path) -> None:
        """Write `calibration.json`, atomically.

        Args:
            directory: where to write.
        """
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
    """Simulate experiments on truths drawn from the prior, invert each, and test the answers.

    `Importance` uses one bank of prior draws for all data sets, which is thousands of times cheaper. The result depends
    on the seed only, not on `batch`.

    Args:
        target: the problem; its data do not matter.
        method: the method to test.
        data_sets: number of simulated experiments.
        seed: of truths, data and methods.
        draws: how many draws of each answer are looked at, at most.
        batch: data sets that are computed side by side.

    Raises:
        InputError: for a target without a prior and mock data, or with nothing to test.
    """
    method.check(target)
    testable = require_testable(target, data_sets)
    indices = range(data_sets)
    if isinstance(method, Importance) and isinstance(testable, Posterior):
        bank = bank_of(testable, seed=seed, draws=method.draws)
        closures = close_by_bank(testable, seed=seed, indices=indices, bank=bank)
    else:
        closures = close(testable, method, seed=seed, indices=indices, draws=draws, batch=min(batch, data_sets))
    return calibrate(closures, testable.quantities, name_of(method))


def calibrate(closures: Closures, quantities: tuple[Quantity, ...], method: str) -> Calibration:
    """Test closures that were computed before, in one go or in tasks.

    Args:
        closures: what is kept of each data set.
        quantities: the derived quantities to test.
        method: the name of the method.
    """
    tests = [test for quantity in quantities for test in _tests_of(quantity, closures)]
    adjusted = holm(np.array([test.p for test in tests]))
    tests = [replace(test, adjusted=float(p)) for test, p in zip(tests, adjusted, strict=True)]
    return Calibration(closures, quantities, method, tuple(tests))


def tested_names(quantity: Quantity) -> list[str]:
    """The names of what is tested: a number, or a function at `POINTS` points of its grid.

    Args:
        quantity: a derived quantity.
    """
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


def _describe(failed: list[Check], data_sets: int) -> list[Finding]:
    """One finding for each kind of fault, with the quantities that have it."""
    kinds = {
        "bands too narrow (scatter of the truth in claimed widths)": [t for t in failed if _width_off(t, 1)],
        "bands too wide (scatter of the truth in claimed widths)": [t for t in failed if _width_off(t, -1)],
        "biased (offset of the truth in claimed standard deviations)": [t for t in failed if t.name == "location"],
        "ranks of the truth not uniform (chi2)": [t for t in failed if t.name == "ranks"],
        **{f"wrong coverage of the {band} band": [t for t in failed if t.name == band] for band in BANDS},
    }
    return [
        Finding(Severity.FAIL, f"{kind}: {_list(tests, data_sets)}", "another method, or more draws and warm-up")
        for kind, tests in kinds.items()
        if tests
    ]


def _width_off(test: Check, sign: int) -> bool:
    return test.name == "width" and (test.statistic - 1) * sign > 0


def _list(tests: list[Check], data_sets: int) -> str:
    worst = min(test.p for test in tests)
    counted = tests[0].name in BANDS
    each = [
        f"{t.quantity} {t.statistic / data_sets:.1%}" if counted else f"{t.quantity} {t.statistic:.2f}" for t in tests
    ]
    return f"{', '.join(each)} (p down to {worst:.1g})"


def require_testable(target: AbstractTarget, data_sets: int) -> AbstractLeastSquares:
    """The target, if it has a prior, mock data and quantities to test.

    Args:
        target: any target.
        data_sets: number of experiments to simulate.

    Raises:
        InputError: if it has none of these, or if the data sets are too few for any test.
    """
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
