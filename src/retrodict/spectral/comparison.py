"""The classical reconstructions beside a posterior of the same data: one table, one figure."""

from typing import TYPE_CHECKING, Any

import numpy as np

from retrodict.base.chapter import Chapter, Table
from retrodict.base.figure import Figure, Layer, Line, Panel, band_of
from retrodict.problem.posterior import Posterior
from retrodict.spectral.ansatz.frame import Frame
from retrodict.spectral.ansatz.smooth import SLOPE
from retrodict.spectral.classical.compare import ESTIMATES, SMEARED, Method, compare_methods
from retrodict.spectral.classical.problem import LinearProblem, Reconstruction, linear_problem
from retrodict.spectral.kernels import Grid
from retrodict.spectral.shapes import l2_relative

if TYPE_CHECKING:
    from retrodict.run.result import Result

TEXT = (
    "The same data, inverted by the methods of the literature. The default model of all of them is the centre of the"
    " prior of this run, scaled to the data. Their spread is the least that the choice of a method costs; the band is"
    " the posterior. Distance: the integral of the squared difference to the posterior median over that of the median"
    " squared, of {shape}. Inside: the part of the range where the method lies in the 95 % band. Smeared densities are"
    " not estimates of rho, and have no chi-squared."
)
ROLES = ("second", "third", "fourth", "reference")


def methods(result: "Result", target: Posterior, chosen: tuple[Method, ...] = ESTIMATES + SMEARED) -> Chapter:
    """Run the classical `chosen` on the data of `target`, and show them beside the posterior `result`."""
    problem = linear_problem_of(target)
    found = compare_methods(problem, chosen)
    power, shape = _shape(target)
    band = _divided(result.band("spectral_function"), power)
    rows = tuple(_row(each, band, power) for each in found)
    head = ("Method", "chi2", "alpha", "Distance", "Inside", "What was done")
    text = TEXT.format(shape=shape.replace("$", ""))
    figure = _figure(result, found, band, power, shape)
    return Chapter("methods", "Other methods", text, Table(head, rows), (figure,))


def linear_problem_of(target: Posterior) -> LinearProblem:
    """What the classical methods are given: the data, kernel and nodes of a spectral posterior, its prior's centre."""
    derive: Any = target.derive
    frame, likelihood = derive.frame, derive.likelihood
    centre = default_of(frame)
    return linear_problem(
        derive.kernel,
        derive.x,
        np.asarray(target.likelihood.data),
        likelihood.covariance,
        Grid(frame.omega, frame.weight),
        default=lambda omega: np.interp(omega, np.asarray(frame.omega), centre),
        window=(0.0, derive.high),
        scale=2.5 * frame.unit,
    )


def default_of(frame: Frame) -> np.ndarray:
    """The default model on the nodes, or the smooth spectrum around which the prior is centred."""
    if frame.default is not None or frame.growth is not None:
        return np.asarray(frame.envelope)
    return np.asarray(frame.envelope * (1 + frame.x**2) ** SLOPE.mean)


def _shape(target: Posterior) -> tuple[float, str]:
    """What is compared: rho, or rho/omega^g where it grows with a known power."""
    derive: Any = target.derive
    growth = derive.frame.growth
    return (growth, rf"$\rho/\omega^{{{growth:g}}}$") if growth else (0.0, r"$\rho$")


def _divided(band: dict[str, np.ndarray], power: float) -> dict[str, np.ndarray]:
    return {name: value if name == "x" else value / band["x"] ** power for name, value in band.items()}


def _row(found: Reconstruction, band: dict[str, np.ndarray], power: float) -> tuple[Any, ...]:
    x = band["x"]
    value = found.at(x) / x**power
    inside = np.mean((value > band["q2_5"]) & (value < band["q97_5"]))
    chi2, alpha = (None if np.isnan(number) else float(number) for number in (found.chi2, found.regulator))
    done = found.description.removeprefix(found.name).lstrip(",:; ")
    return found.name, chi2, alpha, l2_relative(value, band["median"], x), f"{inside:.0%}", done


def _figure(
    result: "Result", found: tuple[Reconstruction, ...], band: dict[str, np.ndarray], power: float, shape: str
) -> Figure:
    """The band, and the estimates of rho in panels of a few."""
    groups = [found[i : i + len(ROLES)] for i in range(0, len(found), len(ROLES))]
    caption = "The posterior (median, 68 and 95 % bands) and the classical reconstructions of the same data."
    panels = tuple(_panel(result, group, band, power, shape) for group in groups)
    return Figure("methods", "Other methods", caption, panels)


def _panel(
    result: "Result", group: tuple[Reconstruction, ...], band: dict[str, np.ndarray], power: float, shape: str
) -> Panel:
    energy = result.tree["posterior"]["spectral_function"].attrs["grid_unit"]
    unit = " ".join(filter(None, [result.unit("spectral_function"), f"{energy}^-{power:g}" if power else ""]))
    x = band["x"]
    layers: list[Layer] = [band_of(band, label="posterior")]
    layers += [Line(x, each.at(x) / x**power, each.name, role=role) for each, role in zip(group, ROLES, strict=False)]
    top, low = 1.6 * float(np.max(band["q97_5"])), min(0.0, 1.3 * float(np.min(band["q2_5"])))
    return Panel(r"$\omega$", shape, tuple(layers), energy, unit, x_log=True, y_limits=(low, top))
