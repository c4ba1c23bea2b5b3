"""Other ways to the source from the same data: Tikhonov's inversion, and sources of one parameter."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize_scalar

from retrodict.base.errors import InputError
from retrodict.base.figure import Figure, Line, Panel, Points, Role, band_of
from retrodict.base.section import Cell, Run, Section, Table
from retrodict.base.types import Array, Float
from retrodict.hadron.femtoscopy.model import TAIL, CorrelationForward, Derivation, PairAnsatz, Unknown, share_beyond
from retrodict.hadron.femtoscopy.sources import exponential, gaussian
from retrodict.hadron.femtoscopy.tikhonov import Inversion, LinearData, Radii, invert
from retrodict.problem.labelled import Labelled
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior

if TYPE_CHECKING:
    from retrodict.run.result import Result

Shape: TypeAlias = Callable[..., Array]  # r and one length -> 4 pi r^2 S
SIZES: Final = tuple(np.geomspace(0.2, 10.0, 21).tolist())  # fm, of the simple sources, where the search starts
TEXT: Final = (
    "The same data by the methods of the literature: Tikhonov's inversion (positive, normalised, second derivative,"
    " corner of the L-curve) and least squares with sources of one parameter. The numbers of the experiment"
    " (lambda, normalisation, baseline) and a fitted potential are held at the best fit of this run. Distance: the"
    " integral of |4 pi r^2 (S - S')| to the posterior median. Inside: the part of the distances where the method lies"
    " in the 95 % band."
)


class Problem(NamedTuple):
    """The parts of a posterior that this domain made."""

    ansatz: PairAnsatz
    forward: CorrelationForward
    derivation: Derivation
    best: Unknown  # at the best fit


def problem_of(target: Posterior, result: "Result") -> Problem:
    """The parts of the posterior of a correlation function, and its best fit.

    Args:
        target: the posterior.
        result: of its run.

    Raises:
        InputError: for the posterior of another analysis.
    """
    ansatz, forward, derivation = target.ansatz, target.forward, target.derive
    if not (
        isinstance(ansatz, PairAnsatz)
        and isinstance(forward, CorrelationForward)
        and isinstance(derivation, Derivation)
    ):
        raise InputError("not the posterior of a correlation function")
    best = ansatz(jnp.asarray(result.tree["fit"].dataset["best"].values))
    return Problem(ansatz, forward, derivation, best)


def linear_data(target: Posterior, problem: Problem) -> LinearData:
    """Whitened data as a linear function of the source, everything else as in the best fit.

    Args:
        target: the posterior.
        problem: its parts.
    """

    def value(source: Float[Array, " radii"]) -> Float[Array, " points"]:
        return problem.forward(problem.best._replace(source=source))[0]

    nothing = jnp.zeros(problem.derivation.setup.distances.points)
    likelihood = target.likelihood
    gaussian_ = likelihood.likelihood if isinstance(likelihood, Labelled) else likelihood
    if not isinstance(gaussian_, Gaussian):
        raise InputError("not the likelihood of a correlation function")
    covariance = gaussian_.covariance
    operator = np.asarray(covariance.whiten_columns(jax.jacrev(value)(nothing)))
    data = np.asarray(covariance.whiten(gaussian_.mean - value(nothing)))
    return LinearData(operator, data, problem.derivation.setup.distances.radius)


class Estimate(NamedTuple):
    """What another method says."""

    name: str
    source: Float[np.ndarray, " radii"]  # 4 pi r^2 S [fm^-1]
    chi2: float
    parameter: str  # by which it was regularised, or that was fitted


def estimates(problem: LinearData) -> tuple[tuple[Estimate, ...], Inversion]:
    """All other methods, and the L-curve of the first.

    Args:
        problem: the data and their operator.
    """
    inversion, radius = invert(problem), jnp.asarray(problem.radius)
    found = [Estimate("Tikhonov, L-curve", inversion.source, inversion.chi2, f"alpha = {inversion.alpha:.2g}")]
    for name, shape, symbol in (("Gaussian source", gaussian, "R"), ("exponential source", exponential, "L")):

        def chi2(size: float, shape: Shape = shape) -> float:
            return problem.chi2(np.asarray(shape(radius, size)))

        start = min(SIZES, key=chi2)
        ends = (0.8 * start, 1.25 * start)
        best = minimize_scalar(chi2, bounds=ends, method="bounded", options={"xatol": 1e-6})
        source = np.asarray(shape(radius, float(best.x)))
        found.append(Estimate(name, source, float(best.fun), f"{symbol} = {best.x:.4g} fm"))
    return tuple(found), inversion


def methods(result: "Result", target: Posterior, *, run: Run | None = None) -> Section:
    """The same data by other methods, beside the posterior.

    Args:
        result: of the run.
        target: its posterior.
        run: where the files of the run lie; not needed.
    """
    parts = problem_of(target, result)
    linear = linear_data(target, parts)
    others, inversion = estimates(linear)
    band, step = result.band("source"), parts.derivation.setup.distances.step
    numbers = result.quantities()
    own = result.fit.get("chi2")
    rows: list[tuple[Cell, ...]] = [
        (
            "this run, median",
            own,
            numbers["mean_distance"]["median"],
            numbers["tail_probability"]["median"],
            0.0,
            "",
            "",
        )
    ]
    rows += [_row(one, linear.radius, step, band) for one in others]
    head = ("Method", "chi2", "mean r [fm]", f"P(r > {TAIL:g} fm)", "Distance", "Inside", "Parameter")
    return Section(
        "methods", "Other methods", TEXT, Table(head, tuple(rows)), _figures(band, others, inversion, linear)
    )


def _row(one: Estimate, radius: Radii, step: float, band: Mapping[str, Radii]) -> tuple[Cell, ...]:
    at = np.interp(band["x"], radius, one.source)
    distance = float(np.sum(np.abs(at - band["median"])) * (band["x"][1] - band["x"][0]))
    inside = float(np.mean((at >= band["q2_5"]) & (at <= band["q97_5"])))
    mean = float(step * np.sum(radius * one.source))
    tail = float(share_beyond(jnp.asarray(one.source), step))
    return one.name, one.chi2, mean, tail, distance, f"{inside:.0%}", one.parameter


def _figures(
    band: Mapping[str, Radii], others: Sequence[Estimate], inversion: Inversion, linear: LinearData
) -> tuple[Figure, ...]:
    roles: tuple[Role, ...] = ("second", "third", "fourth")
    inside = linear.radius <= band["x"][-1]
    lines = [
        Line(linear.radius[inside], one.source[inside], one.name, role=role)
        for one, role in zip(others, roles, strict=True)
    ]
    top = 1.3 * float(np.max([np.max(one.source) for one in others] + [np.max(band["q97_5"])]))
    sources = Panel(
        "r", r"$4\pi r^2 S$", (band_of(band, label="posterior"), *lines), "fm", "fm^-1", y_limits=(0.0, top)
    )
    chosen = Points(
        np.array([inversion.misfit[inversion.corner]]),
        np.array([inversion.roughness[inversion.corner]]),
        label="corner",
        role="second",
    )
    curve = Line(inversion.misfit, inversion.roughness, "Tikhonov", role="reference")
    corner = Panel(r"$\chi^2$", "roughness", (curve, chosen), "", "fm^-5", x_log=True, y_log=True)
    caption = "The source by other methods over the posterior (68 and 95 %), and the L-curve of Tikhonov's inversion."
    return (Figure("methods", "Other methods", caption, (sources, corner)),)
