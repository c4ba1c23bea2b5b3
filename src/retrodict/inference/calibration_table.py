"""A calibration as a table for the terminal: verdict, tests by quantity, errors of closures beside their misfits."""

from collections.abc import Sequence

import numpy as np

from retrodict.base.types import Float
from retrodict.inference.closure import Closures
from retrodict.inference.uniformity import BANDS, Check, coverage_limits
from retrodict.run.summary import align
from retrodict.run.verdict import Verdict

CLOSURES_SHOWN = 5


def render(
    heading: str,
    verdict: Verdict,
    tests: Sequence[Check],
    closures: Closures,
    truth_error: Float[np.ndarray, " sets"],
    correlation: float,
) -> str:
    """The whole table, lines joined.

    Args:
        heading: what was calibrated.
        verdict: the outcome.
        tests: all tests of all quantities.
        closures: what is kept of each data set.
        truth_error: distance of each answer from its truth, in standard deviations of the prior.
        correlation: rank correlation of misfit and truth error.
    """
    data_sets = int(np.sum(closures.valid))
    first = [f"{verdict.status}: {heading}", *verdict.lines()[1:]]
    parts = [first, _tests(tests, data_sets), _closures(closures, truth_error, data_sets, correlation)]
    return "\n\n".join("\n".join(lines) for lines in parts)


def _tests(tests: Sequence[Check], data_sets: int) -> list[str]:
    """One line a quantity; `!` marks what is significant after the correction for the number of tests."""
    limits = [coverage_limits(data_sets, level) for level in BANDS.values()]
    bands = [f"{band} ({low}-{high})" for band, (low, high) in zip(BANDS, limits, strict=True)]
    rows: list[tuple[str, ...]] = [("quantity", "scatter (1)", "p", "offset (0)", "p", "ranks p", *bands)]
    for name in dict.fromkeys(test.quantity for test in tests):
        of_quantity = {test.name: test for test in tests if test.quantity == name}
        width, location, ranks = of_quantity["width"], of_quantity["location"], of_quantity["ranks"]
        marks = {key: "!" if test.adjusted < 0.01 else "" for key, test in of_quantity.items()}
        row = [name, f"{width.statistic:.3f}", f"{width.p:.2g}{marks['width']}"]
        row += [f"{location.statistic:+.3f}", f"{location.p:.2g}{marks['location']}", f"{ranks.p:.2g}{marks['ranks']}"]
        rows.append((*row, *(f"{of_quantity[band].statistic:.0f}{marks[band]}" for band in BANDS)))
    return align(rows)


def _closures(
    closures: Closures, truth_error: Float[np.ndarray, " sets"], data_sets: int, correlation: float
) -> list[str]:
    """Misfit and truth error side by side: the best fits, then the worst."""
    misfit = np.asarray(closures.misfit)
    order = np.argsort(np.where(closures.valid, misfit, np.nan))[:data_sets]
    some = [*order[:CLOSURES_SHOWN], *order[CLOSURES_SHOWN:][-CLOSURES_SHOWN:]]
    rows = [("closure", "misfit (chi2 a datum)", "truth error (prior sd)")]
    rows += [(str(index), f"{misfit[index]:.3f}", f"{truth_error[index]:.3f}") for index in some]
    return [*align(rows), f"correlation of misfit and truth error: {correlation:.2f}"]
