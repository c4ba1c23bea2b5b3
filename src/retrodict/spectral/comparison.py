"""The classical reconstructions and a posterior of the same data: one table, one figure."""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import Float

from retrodict.base.figure import Figure, Layer, Line, Panel, Points, Role, band_of, divided
from retrodict.base.section import Cell, Run, Section, Table
from retrodict.problem.posterior import Posterior
from retrodict.spectral.ansatz.trend import centre_of
from retrodict.spectral.classical.compare import ESTIMATES, SMEARED, Method, compare_methods
from retrodict.spectral.classical.problem import LinearProblem, Reconstruction, linear_problem
from retrodict.spectral.derived import derivation_of, times_energy
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
Band: TypeAlias = dict[str, Float[np.ndarray, " frequencies"]]
ROLES: tuple[Role, ...] = ("second", "third", "fourth", "reference")
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
    """Run classical methods on the data of a posterior, and compare them with its result.

    Args:
        result: of the run.
        target: its posterior.
        chosen: the classical methods.
        run: where the files of the run lie; not needed.
    """
    problem = linear_problem_of(target)
    reconstructions = compare_methods(problem, chosen)
    power, _ = _shape(target)
    band = result.band("spectral_function")
    band = divided(band, band["x"] ** power)
    rows = tuple(_row(reconstruction, band, power) for reconstruction in reconstructions)
    head = ("Method", "chi2", "alpha", "Distance", "Inside", "Note")
    text = TEXT.format(shape=f"rho/omega^{power:g}" if power else "rho")
    figure = _figure(result, target, reconstructions, band)
    return Section("methods", "Other methods", text, Table(head, rows), (figure,))


def linear_problem_of(target: Posterior) -> LinearProblem:
    """The input of the classical methods: data, kernel and nodes of a posterior, and the centre of its prior.

    Args:
        target: the posterior of a spectral function.

    Raises:
        InputError: for the posterior of another domain.
    """
    derive = derivation_of(target)
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
    """The function that is compared: rho, or rho/omega^g where it grows with a known power."""
    growth = derivation_of(target).grid.growth
    return (growth, rf"$\rho/\omega^{{{growth:g}}}$") if growth else (0.0, r"$\rho$")


def _row(reconstruction: Reconstruction, band: Band, power: float) -> tuple[Cell, ...]:
    x = band["x"]
    value = reconstruction.at(x) / x**power
    inside = np.mean((value > band["q2_5"]) & (value < band["q97_5"]))
    chi2, alpha = (
        None if np.isnan(number) else float(number) for number in (reconstruction.chi2, reconstruction.regulator)
    )
    how, _, note = reconstruction.description.partition("; ")  # how alpha was chosen is in the name, too
    return reconstruction.name, chi2, alpha, l2_relative(value, band["median"], x), f"{inside:.0%}", note or how


def _figure(result: "Result", target: Posterior, reconstructions: tuple[Reconstruction, ...], band: Band) -> Figure:
    """One panel for each family of methods, with the band of the posterior."""
    groups = [[r for r in reconstructions if r.name.startswith(names)] for names in FAMILIES]
    caption = (
        "Posterior bands and the methods of the table: MEM is maximum entropy, BR Burnier-Rothkopf, GP a linear"
        " Gaussian process, HLT Hansen-Lupo-Tantalo."
    )
    panels = tuple(_panel(result, target, group, band) for group in groups if group)
    return Figure("methods", "Other methods", caption, panels)


def _panel(result: "Result", target: Posterior, group: list[Reconstruction], band: Band) -> Panel:
    power, shape = _shape(target)
    energy = result.tree["posterior"]["spectral_function"].attrs["grid_unit"]
    unit = times_energy(result.unit("spectral_function"), energy, -power)
    layers: list[Layer] = [band_of(band, label="posterior")]
    layers += [
        _layer(reconstruction, band["x"], power, role) for reconstruction, role in zip(group, ROLES, strict=False)
    ]
    derive = derivation_of(target)
    visible = band["x"] >= visible_range(derive.kernel, np.asarray(derive.x))[0]
    top, low = 1.5 * float(np.max(band["q97_5"][visible])), min(0.0, 1.3 * float(np.min(band["q2_5"])))
    return Panel(r"$\omega$", shape, tuple(layers), energy, unit, x_log=True, y_limits=(low, top))


def _layer(reconstruction: Reconstruction, x: Float[np.ndarray, " frequencies"], power: float, role: Role) -> Layer:
    """A curve; for smeared densities, which are values at chosen energies, points with their errors."""
    name = reconstruction.name
    for long, short in SHORTER.items():
        name = name.replace(long, short)
    if np.isfinite(reconstruction.chi2) or reconstruction.error is None:
        return Line(x, reconstruction.at(x) / x**power, name, role=role)
    at = np.geomspace(x[0], x[-1], SMEARED_POINTS)
    error = np.interp(at, reconstruction.omega, reconstruction.error)
    return Points(at, reconstruction.at(at) / at**power, y_error=error / at**power, label=name, role=role)
