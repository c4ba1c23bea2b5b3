r"""The same runs and measurements with an emulator that is linear in the parameters, and a Gaussian posterior.

With parameters $u$ scaled to their ranges and outputs $y = a + J u + \epsilon$ by least squares over the design,
$\Sigma = (12 + J^T C^{-1} J)^{-1}$: a uniform range has the variance 1/12. It is what the data say at first order, in
milliseconds; ranges with edges, kinks and peaks are beyond it.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from jaxtyping import Float

from retrodict.base.errors import InputError
from retrodict.base.figure import Bars, Figure, Panel
from retrodict.base.section import Run, Section, Table
from retrodict.heavy_ion.calibration.report import parts_of
from retrodict.heavy_ion.calibration.training import Record, left_out
from retrodict.problem.labelled import Labelled
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior

if TYPE_CHECKING:
    from retrodict.run.result import Result

UNIFORM: Final = 12.0  # inverse variance of a number that is uniform between 0 and 1


class LinearCalibration(NamedTuple):
    """A Gaussian posterior of an emulator that is linear in the parameters."""

    mean: Float[np.ndarray, " parameters"]
    sd: Float[np.ndarray, " parameters"]
    error: Float[np.ndarray, " bins"]  # of points left out, root mean square over the spread of the outputs
    chi2: float  # at the mean


def linear_calibration(
    record: Record,
    low: Float[np.ndarray, " parameters"],
    high: Float[np.ndarray, " parameters"],
    experimental: Float[np.ndarray, "bins bins"],
) -> LinearCalibration:
    """The parameters at first order.

    Args:
        record: runs and measurements.
        low: lower ends of the prior.
        high: upper ends.
        experimental: covariance of the measurements alone.
    """
    scaled = (record.design - low) / (high - low) - 0.5
    columns = np.hstack([np.ones((len(scaled), 1)), scaled])
    left, _, _ = np.linalg.svd(columns, full_matrices=False)
    leverage = np.sum(left**2, axis=1)
    weight = np.linalg.lstsq(columns, record.outputs, rcond=None)[0]
    away = (record.outputs - columns @ weight) / (1.0 - leverage)[:, None]  # of each point from the fit to the others
    total = experimental + away.T @ away / len(away)
    slope = np.linalg.solve(total, weight[1:].T)
    precision = UNIFORM * np.eye(len(low)) + weight[1:] @ slope
    covariance = np.linalg.inv(precision)
    step = covariance @ (slope.T @ (record.value - weight[0]))
    rest = record.value - weight[0] - step @ weight[1:]
    error = np.sqrt(np.mean(away**2, axis=0)) / record.outputs.std(axis=0)
    mean, sd = low + (high - low) * (0.5 + step), (high - low) * np.sqrt(np.diag(covariance))
    return LinearCalibration(mean, sd, error, float(rest @ np.linalg.solve(total, rest)))


def baselines(result: "Result", target: Posterior, *, run: Run | None = None) -> Section:
    """Compare a run with the linear emulator on the same runs and measurements.

    Args:
        result: of a run.
        target: its posterior.
        run: where the files of the run lie; not needed.

    Raises:
        InputError: for the posterior of something else.
    """
    parts = parts_of(target)
    labelled = target.likelihood
    gaussian = labelled.likelihood if isinstance(labelled, Labelled) else labelled
    if not isinstance(gaussian, Gaussian):
        raise InputError("this is not the posterior of a calibration", got=type(gaussian).__name__)
    experimental = np.asarray(gaussian.covariance.matrix()) - np.asarray(parts.emulator.covariance)
    found = linear_calibration(parts.record, parts.low, parts.high, experimental)
    numbers, rows = result.quantities(), []
    for name, mean, sd in zip(parts.names, found.mean, found.sd, strict=True):
        own = numbers[name]
        title = f"{name} [{own['unit']}]" if own["unit"] else name
        rows.append(
            (title, own["median"], own["sd"], float(mean), float(sd), float((mean - own["median"]) / own["sd"]))
        )
    head = ("Parameter", "this run", "sd", "linear", "sd ", "distance / sd")
    own_error = float(np.sqrt(np.mean(left_out(parts.emulator, parts.record.outputs).error ** 2)))
    linear_error = float(np.sqrt(np.mean(found.error**2)))
    text = (
        "An emulator that is linear in the parameters, with its own errors from points left out, and a Gaussian in place"
        f" of the uniform prior: points left out are given back to {linear_error:.3f} of the spread of the outputs"
        f" ({own_error:.3f} by the emulator of this run); chi2 {found.chi2:.1f} for {len(parts.record.value)} numbers."
    )
    own_sd = np.array([numbers[name]["sd"] for name in parts.names])
    width = (parts.high - parts.low) / np.sqrt(UNIFORM)
    bars = (
        Bars(parts.names, own_sd / width, label="this run"),
        Bars(parts.names, found.sd / width, label="linear emulator", role="second"),
    )
    figure = Figure(
        "methods", "Widths", "Posterior over prior standard deviation.", (Panel("posterior sd / prior sd", "", bars),)
    )
    return Section("methods", "A linear emulator", text, Table(head, tuple(rows)), (figure,))
