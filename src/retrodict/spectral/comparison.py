"""The classical reconstructions beside a posterior of the same data: one table, one figure."""

from typing import TYPE_CHECKING, Any

import numpy as np

from retrodict.base.figure import Figure, Layer, Line, Panel, Points, band_of, divided
from retrodict.base.section import Run, Section, Table
from retrodict.problem.posterior import Posterior
from retrodict.spectral.ansatz.trend import centre_of
from retrodict.spectral.classical.compare import ESTIMATES, SMEARED, Method, compare_methods
from retrodict.spectral.classical.problem import LinearProblem, Reconstruction, linear_problem
from retrodict.spectral.derived import times_energy
from retrodict.spectral.discretisation import visible_range
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
FAMILIES = (  # what is drawn together, by how the names begin
    ("maximum entropy,",),
    ("maximum entropy of", "Burnier"),
    ("Tikhonov", "Gaussian"),
    ("Hansen", "Backus"),
)
SHORTER = {  # for legends
    "maximum entropy": "MEM",
    "Burnier-Rothkopf": "BR",
    "Gaussian process": "GP",
    "Hansen-Lupo-Tantalo": "HLT",
    "averaged over alpha with its evidence": "averaged",
    "greatest evidence": "classic",
    "kink of chi2(alpha)": "kink",
    "order 1, positive, ": "",
}
SMEARED_POINTS = 24


def methods(
    result: "Result", target: Posterior, chosen: tuple[Method, ...] = ESTIMATES + SMEARED, *, run: Run | None = None
) -> Section:
    """Run the classical `chosen` on the data of `target`, and show them beside the posterior `result`."""
    problem = linear_problem_of(target)
    found = compare_methods(problem, chosen)
    power, _ = _shape(target)
    band = result.band("spectral_function")
    band = divided(band, band["x"] ** power)
    rows = tuple(_row(each, band, power) for each in found)
    head = ("Method", "chi2", "alpha", "Distance", "Inside", "Remark")
    text = TEXT.format(shape=f"rho/omega^{power:g}" if power else "rho")
    figure = _figure(result, target, found, band)
    return Section("methods", "Other methods", text, Table(head, rows), (figure,))


def linear_problem_of(target: Posterior) -> LinearProblem:
    """What the classical methods are given: the data, kernel and nodes of a spectral posterior, its prior's centre."""
    derive: Any = target.derive
    grid, likelihood = derive.grid, derive.likelihood
    centre = np.asarray(centre_of(grid))
    return linear_problem(
        derive.kernel,
        derive.x,
        np.asarray(target.likelihood.data),
        likelihood.covariance,
        Grid(grid.omega, grid.weight),
        default=lambda omega: np.interp(omega, np.asarray(grid.omega), centre),
        window=(0.0, derive.high),
        scale=2.5 * grid.unit,
    )


def _shape(target: Posterior) -> tuple[float, str]:
    """What is compared: rho, or rho/omega^g where it grows with a known power."""
    derive: Any = target.derive
    growth = derive.grid.growth
    return (growth, rf"$\rho/\omega^{{{growth:g}}}$") if growth else (0.0, r"$\rho$")


def _row(found: Reconstruction, band: dict[str, np.ndarray], power: float) -> tuple[Any, ...]:
    x = band["x"]
    value = found.at(x) / x**power
    inside = np.mean((value > band["q2_5"]) & (value < band["q97_5"]))
    chi2, alpha = (None if np.isnan(number) else float(number) for number in (found.chi2, found.regulator))
    how, _, remark = found.description.partition("; ")  # how alpha was chosen is in the name, too
    return found.name, chi2, alpha, l2_relative(value, band["median"], x), f"{inside:.0%}", remark or how


def _figure(
    result: "Result", target: Posterior, found: tuple[Reconstruction, ...], band: dict[str, np.ndarray]
) -> Figure:
    """The band, and around it one panel a family of methods."""
    groups = [[each for each in found if each.name.startswith(names)] for names in FAMILIES]
    caption = (
        "Posterior bands and the methods of the table: MEM is maximum entropy, BR Burnier-Rothkopf, GP a linear"
        " Gaussian process, HLT Hansen-Lupo-Tantalo."
    )
    panels = tuple(_panel(result, target, group, band) for group in groups if group)
    return Figure("methods", "Other methods", caption, panels)


def _panel(result: "Result", target: Posterior, group: list[Reconstruction], band: dict[str, np.ndarray]) -> Panel:
    power, shape = _shape(target)
    energy = result.tree["posterior"]["spectral_function"].attrs["grid_unit"]
    unit = times_energy(result.unit("spectral_function"), energy, -power)
    layers: list[Layer] = [band_of(band, label="posterior")]
    layers += [_drawn(each, band["x"], power, role) for each, role in zip(group, ROLES, strict=False)]
    derive: Any = target.derive
    seen = band["x"] >= visible_range(derive.kernel, np.asarray(derive.x))[0]
    top, low = 1.5 * float(np.max(band["q97_5"][seen])), min(0.0, 1.3 * float(np.min(band["q2_5"])))
    return Panel(r"$\omega$", shape, tuple(layers), energy, unit, x_log=True, y_limits=(low, top))


def _drawn(found: Reconstruction, x: np.ndarray, power: float, role: Any) -> Layer:
    """A curve; smeared densities, which are values at energies of one's choice, as points with their errors."""
    name = found.name
    for long, short in SHORTER.items():
        name = name.replace(long, short)
    if np.isfinite(found.chi2) or found.error is None:
        return Line(x, found.at(x) / x**power, name, role=role)
    at = np.geomspace(x[0], x[-1], SMEARED_POINTS)
    error = np.interp(at, found.omega, found.error)
    return Points(at, found.at(at) / at**power, y_error=error / at**power, label=name, role=role)
