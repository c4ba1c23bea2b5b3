"""What the report of a run shows: the potential at each temperature, what the medium does, masses and widths."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from retrodict.base.figure import Figure, Guide, Layer, Line, Panel, Points, Role, band_of
from retrodict.base.section import Run, Section, Table
from retrodict.hadron.quarkonium.analysis import probed
from retrodict.hadron.quarkonium.setup import setup_of
from retrodict.problem.posterior import Posterior

if TYPE_CHECKING:
    from retrodict.run.result import Result  # imports xarray, which a check of a config does not need

PANELS: Final = 6  # temperatures that are drawn
ROLES: Final[tuple[Role, ...]] = ("posterior", "second")
REAL, IMAGINARY = "potential_real_", "potential_imaginary_"


def figures(result: "Result") -> Sequence[Figure]:
    """The potential at each temperature, and what the medium does to it.

    Args:
        result: of a run.
    """
    what = "68 and 95 % bands over those of the prior; where the two coincide, no state probes the potential."
    return (
        _potential(result, REAL, "Real part of the potential", f"The real part: {what}", "$V_R$"),
        _potential(result, IMAGINARY, "Imaginary part of the potential", f"Minus the imaginary part: {what}", "$V_I$"),
        _medium(result),
    )


def temperatures_of(result: "Result") -> list[str]:
    """The temperatures of a result as its names have them, at most six, spread over all.

    Args:
        result: of a run.
    """
    names = sorted((name.removeprefix(REAL) for name in result.functions if name.startswith(REAL)), key=float)
    return [names[i] for i in np.unique(np.linspace(0, len(names) - 1, PANELS).round().astype(int))]


def _potential(result: "Result", prefix: str, title: str, caption: str, label: str) -> Figure:
    """One panel a temperature; the axes follow the posterior where states probe it."""
    panels = []
    for name in temperatures_of(result):
        band, prior = result.band(prefix + name), result.prior_band(prefix + name)
        below = (band_of(prior, label="prior", role="prior"),) if prior else ()
        shown = (band["x"] >= 0.1) & (band["x"] <= 1.5)
        low, top = float(np.min(band["q2_5"][shown])), float(np.max(band["q97_5"][shown]))
        layers = (*below, band_of(band, label="posterior"))
        margin = 0.08 * (top - low)
        limits = (low - margin, top + margin)
        panels.append(Panel("$r$", label, layers, "fm", "MeV", y_limits=limits, title=f"$T$ = {name} MeV"))
    return Figure(prefix.rstrip("_"), title, caption, tuple(panels), columns=3)


def _medium(result: "Result") -> Figure:
    """The two numbers of every temperature."""
    panels = []
    for name, label in (
        ("work_half_to_one_fm", r"$V_R(1\,\mathrm{fm}) - V_R(0.5\,\mathrm{fm})$"),
        ("imaginary_half_fm", r"$V_I(0.5\,\mathrm{fm})$"),
    ):
        panels.append(Panel("$T$", label, (band_of(result.band(name), label="posterior"),), "MeV", "MeV"))
    caption = "What the string does between half and one fermi, and the loss at half a fermi: 68 and 95 % bands."
    return Figure("medium", "The potential over the temperature", caption, tuple(panels))


def sections(result: "Result", target: Posterior, *, run: Run | None = None) -> Sequence[Section]:
    """Masses and widths with the data, and where the states probe the potential.

    Args:
        result: of a run.
        target: its posterior.
        run: where the files of the run lie; not needed.
    """
    return (_spectrum(result, target), _reach(result, target))


def _spectrum(result: "Result", target: Posterior) -> Section:
    """M and Gamma over T, one panel a state, with the data."""
    data = setup_of(target).data
    panels = []
    for quantity, label in (("mass", "M"), ("width", r"\Gamma")):
        value, error = getattr(data, quantity), getattr(data, f"{quantity}_error")
        for state in data.states:
            mine = np.array([other == state for other in data.state]) & np.isfinite(value)
            points = (Points(data.temperature[mine], value[mine], y_error=error[mine], label="data"),)
            layers = (band_of(result.band(f"{quantity}_{state}"), label="posterior"), *(points if mine.any() else ()))
            panels.append(Panel("$T$", f"${label}$({state})", layers, "MeV", "MeV"))
    caption = "Masses and widths of the posterior (68 and 95 % bands) with the data."
    figure = Figure("spectrum", "Masses and widths", caption, tuple(panels), section="fit", columns=3)
    return Section("spectrum", "Masses and widths", "", None, (figure,))


def _reach(result: "Result", target: Posterior) -> Section:
    """How far the posterior is narrower than the prior, over r."""
    setup = setup_of(target)
    low, high = probed(setup.data, setup.forward.mesh, setup.forward.quark_mass)
    panels = []
    for prefix, label in ((REAL, "$V_R$"), (IMAGINARY, "$V_I$")):
        layers: list[Layer] = []
        names = temperatures_of(result)
        for name, role in zip((names[0], names[-1]), ROLES, strict=True):
            band = result.band(prefix + name)
            half = 0.5 * (band["q84"] - band["q16"])
            layers.append(Line(band["x"], half, f"{name} MeV", role=role))
        guides = (Guide(low, vertical=True), Guide(high, vertical=True, label="the states live between"))
        panels.append(Panel("$r$", f"error of {label}", (*guides, *layers), "fm", "MeV", y_log=True))
    rows = []
    for name in temperatures_of(result):
        cells = [name]
        for prefix in (REAL, IMAGINARY):
            band = result.band(prefix + name)
            half = 0.5 * (band["q84"] - band["q16"])
            cells += [float(np.interp(r, band["x"], half)) for r in (0.2, 0.5, 1.0)]
        rows.append(tuple(cells))
    head = ("T [MeV]", *(f"{part}({r} fm)" for part in ("$V_R$", "$V_I$") for r in (0.2, 0.5, 1.0)))
    text = (
        f"The states live between {low:.2g} and {high:.2g} fm, all but 5 % at either end. Errors of the potential"
        " [MeV], half the width of the 68 % band:"
    )
    caption = "Half width of the 68 % band at the lowest and the highest temperature."
    figure = Figure("reach", "Where the potential is known", caption, tuple(panels))
    return Section("reach", "Where the potential is known", text, Table(head, tuple(rows)), (figure,))
