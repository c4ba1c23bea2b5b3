"""A calibration as a table for the terminal: verdict, tests by quantity, the closures' errors beside their misfits."""

from typing import TYPE_CHECKING

import numpy as np

from retrodict.inference.uniformity import BANDS, coverage_limits

if TYPE_CHECKING:
    from retrodict.inference.validate import Calibration

CLOSURES_SHOWN = 5


def render(calibration: "Calibration") -> str:
    """The whole table, lines joined."""
    parts = [_verdict(calibration), _tests(calibration), _closures(calibration)]
    return "\n\n".join("\n".join(lines) for lines in parts)


def columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows of cells as lines, the columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _verdict(calibration: "Calibration") -> list[str]:
    verdict = calibration.verdict
    reasons = [f"  - {reason}" for reason in verdict.reasons]
    head = f"{verdict.status}: {calibration.method} on {calibration.data_sets} data sets with truths from the prior"
    return [head, *reasons, *(f"  note: {note}" for note in verdict.notes)]


def _tests(calibration: "Calibration") -> list[str]:
    """One line a quantity; `!` marks what is significant after the correction for the number of tests."""
    limits = [coverage_limits(calibration.data_sets, level) for level in BANDS.values()]
    bands = [f"{band} ({low}-{high})" for band, (low, high) in zip(BANDS, limits, strict=True)]
    rows: list[tuple[str, ...]] = [("quantity", "scatter (1)", "p", "offset (0)", "p", "ranks p", *bands)]
    names = list(dict.fromkeys(test.quantity for test in calibration.tests))
    for name in names:
        found = {test.name: test for test in calibration.tests if test.quantity == name}
        width, location, ranks = found["width"], found["location"], found["ranks"]
        marks = {key: "!" if test.adjusted < 0.01 else "" for key, test in found.items()}
        row = [name, f"{width.statistic:.3f}", f"{width.p:.2g}{marks['width']}"]
        row += [f"{location.statistic:+.3f}", f"{location.p:.2g}{marks['location']}", f"{ranks.p:.2g}{marks['ranks']}"]
        rows.append((*row, *(f"{found[band].statistic:.0f}{marks[band]}" for band in BANDS)))
    return columns(rows)


def _closures(calibration: "Calibration") -> list[str]:
    """Misfit and truth error side by side: the best fits, then the worst."""
    misfit, error = np.asarray(calibration.closures.misfit), calibration.truth_error
    order = np.argsort(np.where(calibration.closures.valid, misfit, np.nan))[: calibration.data_sets]
    some = [*order[:CLOSURES_SHOWN], *order[CLOSURES_SHOWN:][-CLOSURES_SHOWN:]]
    rows = [("closure", "misfit (chi2 a datum)", "truth error (prior sd)")]
    rows += [(str(index), f"{misfit[index]:.3f}", f"{error[index]:.3f}") for index in some]
    return [*columns(rows), f"correlation of misfit and truth error: {calibration.misfit_ranks_error:.2f}"]
