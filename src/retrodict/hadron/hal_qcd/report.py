"""What the report of a run shows: potential and phase shift, the data, fits of Gaussians, the energy in the box."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.base.figure import Figure, Guide, Panel, Points, band_of
from retrodict.base.section import Cell, Run, Section, Table
from retrodict.base.shapes import Float
from retrodict.hadron.hal_qcd.analysis import HalQcd, Setting
from retrodict.hadron.hal_qcd.box import levels
from retrodict.hadron.hal_qcd.derived import LocalPotentialDerived
from retrodict.hadron.hal_qcd.gaussian_fit import GaussianFit, fit_gaussians
from retrodict.hadron.hal_qcd.leading_order import leading_order_terms
from retrodict.hadron.hal_qcd.mock import on_wedge

if TYPE_CHECKING:
    from retrodict.problem.posterior import Posterior
    from retrodict.run.result import Result  # imports xarray, which a check of a config does not need

SHOWN_POINTS = 400  # of the wedge, the nearest ones
BOX_DRAWS = 40
NUMBERS = {
    "scattering_length": "$a_0$ [fm]",
    "effective_range": r"$r_\mathrm{eff}$ [fm]",
    "binding_energy": "$B$ [MeV]",
}


def figures(result: "Result") -> Sequence[Figure]:
    """The potential with its prior, and the phase shift.

    Args:
        result: of a run.
    """
    return (_potential(result), _phase_shift(result))


def _potential(result: "Result", layers: tuple[Points, ...] = (), name: str = "potential", caption: str = "") -> Figure:
    caption = caption or (
        "The potential: 68 and 95 % bands of the posterior over those of the prior. Where the two coincide the data "
        "say nothing."
    )
    band, prior = result.band("potential"), result.prior_band("potential")
    below = (band_of(prior, label="prior", role="prior"),) if prior and not layers else ()
    drawn = (*below, Guide(0.0), band_of(band, label="posterior"), *layers)
    attraction = float(np.nanmin(band["q2_5"]))
    depth = max(-attraction, 0.02 * float(np.nanmax(band["q97_5"])))
    axes = ("$r$", "$V$", drawn, "fm", "MeV")
    top = 1.2 * float(np.nanmax(band["q97_5"]))
    whole = Panel(*axes, y_limits=(min(1.5 * attraction, -0.05 * top), top))
    zoomed = Panel(*axes, y_limits=(-1.6 * depth, 2.0 * depth), title="attraction")
    return Figure(name, "Potential", caption, (whole, zoomed))


def _phase_shift(result: "Result") -> Figure:
    caption = (
        "The S-wave phase shift of the potential over the energy in the centre of mass. It starts at 180 degrees times "
        "the number of bound states (Levinson's theorem)."
    )
    band, prior = result.band("phase_shift"), result.prior_band("phase_shift")
    below = (band_of(prior, label="prior", role="prior"),) if prior else ()
    panel = Panel("$E$", r"$\delta$", (*below, band_of(band, label="posterior")), "MeV", "deg")
    return Figure("phase_shift", "Phase shift", caption, (panel,))


def sections(result: "Result", target: "Posterior", *, run: Run | None = None) -> Sequence[Section]:
    """The potential on its data with its three terms, and the energy in the box.

    Args:
        result: of a run.
        target: the problem.
        run: its directory and arguments.
    """
    if run is None:
        return ()
    setting = _setting(run)
    return (_data(result, setting), _box(result, setting))


def _setting(run: Run) -> Setting:
    analysis, data = run.arguments["analysis"], run.arguments["data"]
    if not isinstance(analysis, HalQcd):
        raise InputError("not a run of R-correlators", got=type(analysis).__name__)
    return analysis.setting(None if data == "mock" else data)


def _data(result: "Result", setting: Setting) -> Section:
    time = setting.times[0]
    terms = leading_order_terms(setting.correlator, time, **setting.scale)
    r = setting.scale["lattice_spacing"] * setting.correlator.wedge.distance
    near = np.argsort(r, kind="stable")[:SHOWN_POINTS]
    caption = (
        f"V = (D R)/R at the points of the lattice at t = {time} with jackknife errors, and the fit in the continuum."
    )
    fit = _potential(result, (_points(r, terms.total, near, "$V$ on the lattice"),), "potential_data", caption)
    names = (r"$\nabla^2 R/(2\mu R)$", r"$-\partial_t R/R$", r"$\partial_t^2 R/R$ term")
    layers = [_points(r, term, near, name) for term, name in zip(terms, names, strict=True)]
    panels = tuple(Panel("$r$", "", (Guide(0.0), layer), "fm", "MeV", title=layer.label) for layer in layers)
    text = "the Laplacian, and the first and second derivative in time, of which the potential is the sum"
    three = Figure("terms", "The three terms", f"At t = {time}: {text}.", panels, columns=3)
    text = (
        "The points of one lattice distance that lie apart by more than their errors, such as (0, 0, 3) and (1, 2, 2), "
        "show the breaking of rotations by the lattice, an error of second order in a that no band here contains."
    )
    return Section("potential-on-its-data", "The potential on its data", text, figures=(fit, three))


def _points(r: Float[np.ndarray, " points"], samples: np.ndarray, near: np.ndarray, label: str) -> Points:
    error = np.sqrt(len(samples) - 1.0) * samples.std(axis=0)
    return Points(r[near], samples.mean(axis=0)[near], y_error=error[near], label=label)


def _box(result: "Result", setting: Setting) -> Section:
    """The lowest level of the potential in the box of the lattice beside the decay of R itself."""
    spacing, wedge = setting.scale["lattice_spacing"], setting.correlator.wedge
    unit, mu = HBAR_C / spacing, setting.reduced_mass * spacing / HBAR_C
    draws = result.tree["posterior"].dataset["potential"].values  # equally weighted, whatever the method
    draws = draws.reshape(-1, draws.shape[-1])
    chosen = draws[np.linspace(0, len(draws) - 1, BOX_DRAWS).astype(int)]
    x = result.band("potential")["x"]
    found = []
    for values in chosen:
        ground = levels(on_wedge(lambda r, v=values: np.interp(r, x, v, right=0.0), wedge, spacing), wedge, mu, 1)
        found.append(unit * _relativistic(float(ground.energy[0]), setting))
    rows = [("lowest level of the potential", float(np.mean(found)), float(np.std(found)))]
    correlator, at_rest = setting.correlator, setting.correlator.values @ wedge.multiplicity
    for time in setting.times:
        place = correlator.place_of(time)
        each = 0.5 * unit * np.log(at_rest[place - 1] / at_rest[place + 1])
        error = float(np.sqrt(len(each) - 1.0) * each.std())
        rows.append((f"decay of R between t = {time - 1} and {time + 1}", float(each.mean()), error))
    text = (
        "The energy of two hadrons in the box, relative to both at rest. The potential holds for every state below the "
        "inelastic threshold, the decay of R is that of the lowest level only after all others have died out: a "
        "difference shows excited states in R, not an error of the potential."
    )
    return Section(
        "energy-in-the-box", "The energy in the box", text, Table(("", "$\\Delta E$ [MeV]", "error"), tuple(rows))
    )


def _relativistic(energy: float, setting: Setting) -> float:
    """sqrt(m1^2 + k^2) + sqrt(m2^2 + k^2) - m1 - m2 with k^2 = 2 mu E, in lattice units."""
    mass, other = setting.scale["mass"], setting.scale["other_mass"] or setting.scale["mass"]
    k2 = 2.0 * mass * other / (mass + other) * energy
    return float(np.sqrt(mass**2 + k2) + np.sqrt(other**2 + k2) - mass - other)


def baselines(result: "Result", target: "Posterior", *, run: Run | None = None) -> Section:
    """Sums of Gaussians fitted to each jackknife sample at this time and its neighbours.

    Args:
        result: of a run.
        target: the problem.
        run: its directory and arguments.

    Raises:
        InputError: without a run.
    """
    if run is None:
        raise InputError("the classical fit needs the data of the run")
    setting = _setting(run)
    derive, numbers = target.derive, result.quantities()
    if not isinstance(derive, LocalPotentialDerived):
        raise InputError("not the posterior of a potential", got=type(derive).__name__)
    rows: list[tuple[Cell, ...]] = [
        ("posterior", *(_value(numbers[n]["median"], numbers[n]["sd"]) for n in NUMBERS), None)
    ]
    times = [t for t in setting.correlator.inner_times if min(abs(t - s) for s in setting.times) <= 1]
    for time in times:
        fit = fit_gaussians(setting.correlator, int(time), derive, **setting.scale)
        rows.append((f"four Gaussians, t = {time}", *(_of_fit(fit, n) for n in NUMBERS), fit.chi2_per_point))
    text = (
        "The classical way: a sum of four Gaussians through the potential of each jackknife sample, with the errors of "
        "the points and without their correlations."
    )
    table = Table(("", *NUMBERS.values(), r"$\chi^2$/point"), tuple(rows))
    return Section("baselines", "Beside fits of Gaussians", text, table)


def _value(value: float, error: float) -> str:
    return f"{value:.3f} ± {error:.3f}" if np.isfinite(value) else "none"


def _of_fit(fit: GaussianFit, name: str) -> str:
    return _value(float(fit.central[name]), float(fit.error[name]))
