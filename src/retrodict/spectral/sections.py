"""Sections of the report of a spectral run: data over fit, resolution of the data, other methods."""

from typing import TYPE_CHECKING, Final

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from retrodict.base.figure import Figure, Guide, Line, Panel, Points, Role, band_of, divided
from retrodict.base.section import Run, Section, Table
from retrodict.problem.posterior import Posterior
from retrodict.spectral.comparison import methods
from retrodict.spectral.derived import derivation_of, times_energy
from retrodict.spectral.discretisation import visible_range
from retrodict.spectral.resolution import (
    AveragingKernel,
    LinearView,
    averaging_kernel,
    data_part,
    data_share,
    determined_directions,
    kernel_singular_values,
    null_space,
    prior_part,
    resolution,
)

if TYPE_CHECKING:
    from retrodict.run.result import Result

PLACES: Final = 4  # frequencies whose averaging kernels are shown
UNSEEN: Final = 3  # null-space modes drawn
ROLES: Final[tuple[Role, ...]] = ("posterior", "second", "third", "fourth")
TEXT: Final = (
    "The posterior linearised at the best fit. A row of the resolution matrix holds the weights with which the truth"
    " enters the posterior mean at one frequency; its area is the share that the data determine (the rest comes from"
    " the prior), its width is in e-folds of frequency. One minus the share is also the response of ln rho to the scale"
    " of the prior, its default model. A singular value is the number of standard deviations by which the data move"
    " when the unknown moves by one of the prior; for the kernel alone, when rho changes by 100 % over one e-fold."
)


def sections(result: "Result", target: Posterior, *, run: Run | None = None) -> tuple[Section, ...]:
    """Data over fit, resolution, and the comparison with the classical methods.

    Args:
        result: of the run.
        target: its posterior.
        run: where the files of the run lie; not needed.
    """
    return (ratio_section(result, target), resolution_section(result, target), methods(result, target))


def ratio_section(result: "Result", target: Posterior) -> Section:
    """Data and posterior over the median of the posterior, since a logarithmic axis hides the errors.

    Args:
        result: of the run.
        target: its posterior.
    """
    derive = derivation_of(target)
    attributes, band = result.tree["posterior"]["correlator"].attrs, result.band("correlator")
    error = np.asarray(derive.likelihood.covariance.error)
    data = np.asarray(derive.likelihood.mean)
    median = band["median"]
    layers = (
        band_of(divided(band, median), label="posterior"),
        Points(band["x"], data / median, y_error=np.abs(error / median), label="data"),
    )
    panel = Panel(attributes["grid_name"], "$G$ / median", layers, attributes["grid_unit"])
    caption = (
        "Data and posterior (68 and 95 %) over its median. Errors of neighbours may be correlated: the pulls are those"
        " of the modes of their covariance."
    )
    return Section("ratio", "Data over fit", "", None, (Figure("ratio", "Data over fit", caption, (panel,)),))


def resolution_section(result: "Result", target: Posterior) -> Section:
    """Averaging kernels, the split between data and prior, singular values and null space, at the best fit.

    Args:
        result: of the run.
        target: its posterior.
    """
    view = resolution(target, jnp.asarray(result.tree["fit"].dataset["best"].values))
    derive = derivation_of(target)
    energy = result.tree["posterior"]["spectral_function"].attrs["grid_unit"]
    places = np.geomspace(*visible_range(derive.kernel, np.asarray(derive.x)), PLACES)
    kernels = [averaging_kernel(view, float(place)) for place in places]
    limits = (derive.low, derive.high)
    rows = tuple((f"{kernel.at:.3g} {energy}", kernel.area, kernel.width) for kernel in kernels)
    table = Table((r"$\omega_*$", "determined by the data", "width (e-folds)"), rows)
    power = derive.grid.growth or 0.0
    figures = (
        _kernels(kernels, energy, limits),
        _split(view, power, result.unit("spectral_function"), energy, limits),
        _modes(view, energy, limits),
    )
    return Section("resolution", "What the data resolve", TEXT, table, figures)


def _kernels(kernels: list[AveragingKernel], energy: str, limits: tuple[float, float]) -> Figure:
    inside = _inside(kernels[0].omega, limits)
    layers = [
        layer
        for kernel, role in zip(kernels, ROLES, strict=True)
        for layer in (
            Guide(kernel.at, vertical=True, role=role),
            Line(kernel.omega[inside], kernel.density[inside], f"{kernel.at:.2g} {energy}", role=role),
        )
    ]
    panel = Panel(r"$\omega$", r"$A(\omega_*, \omega)$ per e-fold", tuple(layers), energy, x_log=True, x_limits=limits)
    caption = (
        "How the posterior mean of ln rho at the marked frequency responds to the true ln rho at others: sharp at"
        " its mark, a measurement; broad or displaced, an average."
    )
    return Figure("resolution", "Averaging kernels", caption, (panel,))


def _split(view: LinearView, power: float, unit: str, energy: str, limits: tuple[float, float]) -> Figure:
    inside = _inside(view.omega, limits)
    x = view.omega[inside]
    curves: tuple[tuple[str, Float[np.ndarray, " nodes"], Role], ...] = (
        ("best fit", view.rho, "reference"),
        ("data", data_part(view), "posterior"),
        ("prior", prior_part(view), "second"),
    )
    lines = tuple(Line(x, values[inside] / x**power, name, role) for name, values, role in curves)
    label = rf"$\rho/\omega^{{{power:g}}}$" if power else r"$\rho$"
    unit = times_energy(unit, energy, -power)
    share = (Guide(0.0), Guide(1.0), Line(x, data_share(view)[inside], role="posterior"))
    panels = (
        Panel(r"$\omega$", label, lines, energy, unit, x_log=True, x_limits=limits),
        Panel(r"$\omega$", "share of the data", share, energy, x_log=True, x_limits=limits),
    )
    caption = (
        "The best fit as the sum of the part from the data and the part from the prior, and the share of the data"
        " (beyond 0 to 1: by extrapolation)."
    )
    return Figure("data_and_prior", "Driven by the data, driven by the prior", caption, panels)


def _modes(view: LinearView, energy: str, limits: tuple[float, float]) -> Figure:
    inside = _inside(view.omega, limits)
    noise = np.geomspace(1e-3, 1e3, 61)
    values, bare = view.singular_values, kernel_singular_values(view)
    spectrum = (
        Guide(1.0, label="noise"),
        Points(np.arange(1, len(bare) + 1), bare, label="kernel alone", role="second"),
        Points(np.arange(1, len(values) + 1), values, label="with the prior", role="posterior"),
    )
    seen = (
        Guide(1.0, vertical=True, label="this run"),
        Line(noise, determined_directions(values, noise), role="posterior"),
    )
    unseen = null_space(view)[:UNSEEN]
    shapes = tuple(
        Line(view.omega[inside], (mode / view.rho)[inside], f"unseen {i}", role=role)
        for i, (mode, role) in enumerate(zip(unseen, ROLES, strict=False), 1)
    )
    panels = [
        Panel("mode", "singular value", spectrum, y_log=True),
        Panel("noise / that of the data", "directions determined", seen, x_log=True),
    ]
    if shapes:
        panels.append(Panel(r"$\omega$", r"$\delta\rho/\rho$", shapes, energy, x_log=True, x_limits=limits))
    caption = (
        "Singular values in units of the noise; directions determined with more or less of it; changes of rho by one"
        " prior standard deviation that the data do not see."
    )
    return Figure("ill_posedness", "Why the inversion is ill-posed", caption, tuple(panels))


def _inside(omega: Float[np.ndarray, " nodes"], limits: tuple[float, float]) -> Bool[np.ndarray, " nodes"]:
    return (omega >= limits[0]) & (omega <= limits[1])
