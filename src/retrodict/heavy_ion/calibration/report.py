"""What the report of a calibration shows: viscosities over their prior, what is left open, the data, the emulator."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from jaxtyping import Float

from retrodict.base.density import density_of, histogram_of, marginal_of
from retrodict.base.errors import InputError
from retrodict.base.figure import Band, Bars, Figure, Guide, Line, Panel, Points, band_of
from retrodict.base.section import Run, Section, Table
from retrodict.heavy_ion.calibration.analysis import PREDICTED, Derived, EmulatedSimulator, UniformBox
from retrodict.heavy_ion.calibration.emulators import AbstractEmulator
from retrodict.heavy_ion.calibration.parametrisation import FUNCTIONS
from retrodict.heavy_ion.calibration.training import Accuracy, Record, left_out
from retrodict.problem.posterior import Posterior

if TYPE_CHECKING:
    from retrodict.run.result import Result  # imports xarray, which a check of a config does not need

UNTOUCHED, PARTLY = 0.9, 0.6  # posterior sd over prior sd: above, a parameter came back as its prior; partly learnt
SHOWN: Final = 5  # parameters of the corner plot
QUANTILES: Final = {"q2_5": 1.959964, "q16": 1.0, "q84": 1.0, "q97_5": 1.959964}  # standard deviations
NORMAL: Final = np.linspace(-4.0, 4.0, 121)


class Parts(NamedTuple):
    """What a report needs of a posterior."""

    names: tuple[str, ...]
    record: Record
    emulator: AbstractEmulator
    low: Float[np.ndarray, " parameters"]
    high: Float[np.ndarray, " parameters"]


def parts_of(target: Posterior) -> Parts:
    """The parts of a posterior of this analysis.

    Args:
        target: the posterior.

    Raises:
        InputError: for the posterior of something else.
    """
    ansatz, forward, derive = target.ansatz, target.forward, target.derive
    if not (isinstance(ansatz, UniformBox) and isinstance(forward, EmulatedSimulator) and isinstance(derive, Derived)):
        raise InputError("this is not the posterior of a calibration", got=type(forward).__name__)
    return Parts(derive.names, derive.record, forward.emulator, np.asarray(ansatz.low), np.asarray(ansatz.high))


def figures(result: "Result") -> Sequence[Figure]:
    """Viscosities over their prior, and the corner plot of the parameters that the data say most about.

    Args:
        result: of a run.
    """
    panels = []
    for name, label in FUNCTIONS.items():
        if name not in result.functions:
            continue
        band, prior = result.band(name), result.prior_band(name)
        below = (band_of(prior, label="prior", role="prior"),) if prior else ()
        is_sound = name == "sound_speed_squared"
        x, unit = ("$e$", "GeV fm^-3") if is_sound else ("$T$", "GeV")
        panels.append(Panel(x, label, (*below, band_of(band, label="posterior")), unit, x_log=is_sound))
    caption = "68 and 95 % bands over those of the prior: where the two coincide, the data say nothing."
    found = [Figure("viscosities", "What the medium is like", caption, tuple(panels))] if panels else []
    return (*found, _corner(result))


def widths(result: "Result") -> dict[str, tuple[float, float]]:
    """Standard deviation of each parameter before and after the data.

    Args:
        result: of a run.
    """
    found = {}
    for name in result.scalars:
        before, weight = result.prior_draws(name)
        mean = np.average(before, weights=weight)
        prior = float(np.sqrt(np.average((before - mean) ** 2, weights=weight)))
        found[name] = (prior, float(result.quantities()[name]["sd"]))
    return found


def _corner(result: "Result") -> Figure:
    """Marginals and joint regions of the parameters that shrank most."""
    ratio = {name: after / before for name, (before, after) in widths(result).items()}
    chosen = sorted(ratio, key=lambda name: ratio[name])[:SHOWN]
    names = [name for name in result.scalars if name in chosen]
    panels: list[Panel | None] = []
    for row in names:
        for column in names:
            values, weight = result.draws(column)
            unit, own = result.unit(column), marginal_of(values, weight, role="posterior")
            limits = float(own.x[0]), float(own.x[-1])
            if names.index(column) > names.index(row):
                panels.append(None)
            elif row == column:
                prior = marginal_of(*result.prior_draws(column), at=own.x, role="prior", dashed=True)
                panels.append(Panel(result.label(column), "Density", (prior, own), unit, x_limits=limits))
            else:
                others, _ = result.draws(row)
                joint = density_of(values, others, weight)
                panel = Panel(result.label(column), result.label(row), (joint,), unit, result.unit(row))
                panels.append(replace(panel, x_limits=limits))
    caption = (
        f"The {len(names)} parameters that the data say most about: marginal densities (prior dashed) and the joint 68"
        " and 95 % regions of highest density."
    )
    return Figure("corner", "Parameters", caption, tuple(panels), "correlations", columns=len(names), joined=True)


def sections(result: "Result", target: Posterior, *, run: Run | None = None) -> Sequence[Section]:
    """What the data left open, observables with their bands, and how good the emulator is.

    Args:
        result: of a run.
        target: its posterior.
        run: where the files of the run lie; not needed.
    """
    parts = parts_of(target)
    return (_left_open(result), _observables(result, parts), _emulator(parts))


def _left_open(result: "Result") -> Section:
    """Each parameter's width before and after the data."""
    rows = []
    for name, (before, after) in widths(result).items():
        numbers = result.quantities()[name]
        ratio = after / before
        verdict = "came back as the prior" if ratio > UNTOUCHED else "partly" if ratio > PARTLY else "from the data"
        title = f"{name} [{result.unit(name)}]" if result.unit(name) else name
        rows.append((title, numbers["median"], numbers["q2_5"], numbers["q97_5"], ratio, verdict))
    untouched = [row[0] for row in rows if row[5] == "came back as the prior"]
    told = (
        f"The data never touched {len(untouched)} of {len(rows)} parameters: {', '.join(untouched)}. Their intervals"
        " are those of the prior, and no measurement."
        if untouched
        else "Every parameter is narrower than its prior."
    )
    head = ("Parameter", "Median", "2.5 %", "97.5 %", "sd / prior sd", "Whence it is known")
    ratios = np.array([row[4] for row in rows])
    bars = Bars(tuple(str(row[0]) for row in rows), ratios, label="posterior sd / prior sd")
    panel = Panel(
        "posterior sd / prior sd", "", (Guide(1.0, vertical=True), bars), x_limits=(0.0, max(1.05, ratios.max()))
    )
    figure = Figure("left_open", "Learnt, or left open", "At one the data say nothing.", (panel,))
    return Section("left-open", "What the data did not say", told, Table(head, tuple(rows)), (figure,))


def widened(band: dict[str, np.ndarray], sd: Float[np.ndarray, " bins"]) -> dict[str, np.ndarray]:
    """Quantiles of a band after an independent normal error is added: half widths in quadrature.

    Args:
        band: of a result.
        sd: of the error.
    """
    middle = band["median"]
    wide = {
        name: middle + np.sign(band[name] - middle) * np.hypot(band[name] - middle, z * sd)
        for name, z in QUANTILES.items()
    }
    return {**band, **wide}


def _observables(result: "Result", parts: Parts) -> Section:
    """Each observable over centrality: data, posterior and prior predictive bands."""
    sd = np.sqrt(np.diag(np.asarray(parts.emulator.covariance)))
    posterior, prior = widened(result.band(PREDICTED), sd), result.prior_band(PREDICTED)
    record, panels, rows = parts.record, [], []
    for name in dict.fromkeys(one.observable for one in record.bins):
        mine = np.array([one.observable == name for one in record.bins])
        order = np.flatnonzero(mine)[np.argsort([record.bins[i].low for i in np.flatnonzero(mine)])]
        middle = np.array([0.5 * (record.bins[i].low + record.bins[i].high) for i in order])
        layers = [_strip(prior, order, middle, "prior")] if prior else []
        layers.append(_strip(posterior, order, middle, "posterior"))
        half = np.array([0.5 * (record.bins[i].high - record.bins[i].low) for i in order])
        points = Points(middle, record.value[order], half, record.error[order], label="data")
        panels.append(Panel("centrality", name, (*layers, points), "%"))
        total = np.hypot(record.error[order], sd[order])
        away = (posterior["median"][order] - record.value[order]) / np.hypot(total, result.band(PREDICTED)["sd"][order])
        share = np.mean(sd[order] ** 2 / total**2)
        rows.append(
            (name, float(len(order)), float(np.sqrt(np.mean(away**2))), float(np.abs(away).max()), float(share))
        )
    head = ("Observable", "Bins", "rms distance / error", "largest", "share of the emulator")
    text = (
        "Posterior predictive bands (68 and 95 %, with the error of the emulator) over those of the prior, and the data"
        " with all their errors. Distances are those of the median, in units of all errors together; the share of the"
        " emulator is that of its variance beside the experimental one."
    )
    caption = "Observables over centrality."
    figure = Figure("observables", "Observables", caption, tuple(panels), section="fit", columns=3)
    return Section("observables", "Observables", text, Table(head, tuple(rows)), (figure,))


def _strip(band: dict[str, np.ndarray], order: np.ndarray, middle: np.ndarray, role: str) -> Band:
    """The part of a band that belongs to one observable."""
    found = {name: values[order] for name, values in band.items() if name != "x"}
    return band_of({**found, "x": middle}, label=role, role="prior" if role == "prior" else "posterior")


def _emulator(parts: Parts) -> Section:
    """How the emulator does at points that it has not seen."""
    record = parts.record
    found = left_out(parts.emulator, record.outputs)
    rows = []
    for name in dict.fromkeys(one.observable for one in record.bins):
        mine = np.array([one.observable == name for one in record.bins])
        error = found.error[mine]
        rows.append((name, float(np.sqrt(np.mean(error**2))), float(error.max())))
    flagged = [f"{record.index[i]} ({found.pull[i]:.1f})" for i in np.flatnonzero(found.flagged)]
    told = f" Points that fit no smooth function of the parameters: {', '.join(flagged)}." if flagged else ""
    text = (
        f"Each of the {len(record.index)} points of the design is predicted from all others. Errors are in units of the"
        f" spread of an output over the design; {np.sqrt(np.mean(found.error**2)):.3f} over all outputs. Pulls are"
        f" {found.width:.2f} wide (1 if the errors of the emulator are right).{told}"
    )
    head = ("Observable", "RMSE / spread", "worst bin")
    figure = Figure("emulator", "Emulator against runs that it has not seen", *_emulator_panels(parts, found))
    return Section("emulator", "The emulator", text, Table(head, tuple(rows)), (figure,))


def _emulator_panels(parts: Parts, found: Accuracy) -> tuple[str, tuple[Panel, ...]]:
    record, left = parts.record, parts.emulator.leave_one_out
    mean, sd = np.asarray(left.mean), np.asarray(left.sd)
    spread = record.outputs.std(axis=0)
    centre = record.outputs.mean(axis=0)
    chosen = np.unique(np.linspace(0, len(record.bins) - 1, 12).round().astype(int))
    truth = ((record.outputs - centre) / spread)[:, chosen].ravel()
    guess = ((mean - centre) / spread)[:, chosen].ravel()
    ends = np.array([min(truth.min(), guess.min()), max(truth.max(), guess.max())])
    pulls = np.clip(((mean - record.outputs) / sd).ravel(), -3.99, 3.99)
    histogram = histogram_of(pulls, edges=np.linspace(-4.0, 4.0, 33), label="points left out")
    normal = Line(NORMAL, np.exp(-0.5 * NORMAL**2) / np.sqrt(2.0 * np.pi), label="standard normal")
    caption = (
        f"Predicted against simulated, in units of the spread ({len(chosen)} of {len(record.bins)} outputs); pulls of"
        " all outputs; joint pull of every point (root mean square over its outputs)."
    )
    index = np.array(record.index, dtype=float)
    return caption, (
        Panel("simulated", "predicted", (Line(ends, ends), Points(truth, guess, role="posterior"))),
        Panel("pull", "density", (histogram, normal)),
        Panel("point of the design", "joint pull", (Guide(1.0), Points(index, found.pull, role="posterior"))),
    )
