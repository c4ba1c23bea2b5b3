"""Moments and quantiles of weighted draws; the first axis is the draw, all others are treated in one go."""

from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Real

Weights = Float[np.ndarray, " draw"]
Draws = Real[np.ndarray, "draw *point"]
Statistic = Float[np.ndarray, "*point"]
Estimated = Real[np.ndarray, "*point"] | float

TWO_SIDED_95: Final = 1.959963984540054  # standard deviations of a normal variable
LEVELS: Final = {"median": 0.5, "q2_5": 0.025, "q16": 0.16, "q84": 0.84, "q97_5": 0.975}


def normalised_weights(log_weights: Weights, usable: Bool[np.ndarray, " draw"]) -> Weights:
    """Weights that sum to one, zero where a draw is not usable; all zero if none is.

    Args:
        log_weights: logarithms of the weights, up to a common constant, shape (draw,).
        usable: which draws count, shape (draw,).
    """
    usable = usable & (log_weights > -np.inf)
    top = np.max(log_weights, where=usable, initial=-np.inf)
    weights = np.where(usable, np.exp(np.where(usable, log_weights - top, 0.0)), 0.0)
    return weights / max(np.sum(weights), np.finfo(float).tiny)


def weighted_mean(values: Draws, weights: Weights) -> Statistic:
    """Mean of `values`, shape (draw, ...), over the first axis; `weights` need not be normalised."""
    return np.asarray(np.tensordot(weights / np.sum(weights), np.asarray(values, dtype=float), axes=1))


def weighted_sd(values: Draws, weights: Weights) -> Statistic:
    """Standard deviation of `values`, shape (draw, ...), over the first axis: of the weighted distribution itself."""
    centred = np.asarray(values, dtype=float) - weighted_mean(values, weights)
    return np.asarray(np.sqrt(weighted_mean(centred**2, weights)))


def weighted_quantile(
    values: Draws, probabilities: Float[np.ndarray, " p"], weights: Weights
) -> Float[np.ndarray, "p *point"]:
    """Quantiles over the first axis: the inverse of the weighted step function, joined at its half steps.

    Draws without weight do not count, however large they are. Equal weights give the quantiles of Hazen.

    Args:
        values: shape (draw, ...).
        probabilities: between 0 and 1, shape (p,).
        weights: not negative, not necessarily normalised, shape (draw,).
    """
    values, weights = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    values, weights = values[weights > 0], weights[weights > 0]
    columns = values.reshape(len(values), -1)
    order = np.argsort(columns, axis=0, kind="stable")
    weight = weights[order] / np.sum(weights)
    position = np.cumsum(weight, axis=0) - 0.5 * weight
    ordered = np.take_along_axis(columns, order, axis=0)
    pairs = zip(position.T, ordered.T, strict=True)
    result = np.stack([np.interp(probabilities, where, column) for where, column in pairs], axis=-1)
    return result.reshape(len(np.atleast_1d(probabilities)), *values.shape[1:])


def weighted_statistics(values: Draws, weights: Weights) -> dict[str, Statistic]:
    """median, mean, sd and the ends of the 68 % and 95 % intervals over the first axis.

    A NaN among `values` is left out at its own grid point (a radius at a mass that this star does not reach); where
    nothing is left the statistics are NaN.

    Args:
        values: shape (draw, ...).
        weights: not negative, not necessarily normalised, shape (draw,).
    """
    names = ["median", "mean", "sd", *(name for name in LEVELS if name != "median")]
    values, weights = values[weights > 0], weights[weights > 0]
    columns = values.reshape(len(values), int(np.prod(values.shape[1:])))
    finite = np.isfinite(columns)
    if np.all(finite) and len(values):
        statistics = _statistics(columns, weights)
    else:
        points = [
            _statistics(column[keep, None], weights[keep]) for column, keep in zip(columns.T, finite.T, strict=True)
        ]
        statistics = {name: np.concatenate([point[name] for point in points]) for name in names}
    return {name: statistics[name].reshape(values.shape[1:]) for name in names}


def normal_statistics(value: Estimated, error: Estimated) -> dict[str, Statistic]:
    """The statistics of `weighted_statistics` for a value with a standard error: the 68 % interval is value -+ error.

    Args:
        value: an estimate of any shape.
        error: its standard error, of the same shape.
    """
    value, error = np.asarray(value, dtype=float), np.asarray(error, dtype=float)
    wide = TWO_SIDED_95 * error
    ends = {"q2_5": value - wide, "q16": value - error, "q84": value + error, "q97_5": value + wide}
    return {"median": value, "mean": value, "sd": error} | {name: np.asarray(end) for name, end in ends.items()}


def _statistics(values: Real[np.ndarray, "draw column"], weights: Weights) -> dict[str, Float[np.ndarray, " column"]]:
    if not len(values):
        return dict.fromkeys(["mean", "sd", *LEVELS], np.full(values.shape[1:], np.nan))
    quantiles = weighted_quantile(values, np.array(list(LEVELS.values())), weights)
    moments = {"mean": weighted_mean(values, weights), "sd": weighted_sd(values, weights)}
    return moments | dict(zip(LEVELS, quantiles, strict=True))
