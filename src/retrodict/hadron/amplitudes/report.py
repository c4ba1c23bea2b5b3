"""What the report of a run shows: data with the band, and the poles of the draws on each sheet."""

from typing import TYPE_CHECKING

import numpy as np

from retrodict.base.figure import Figure, Layer, Line, Panel, Points, band_of
from retrodict.base.section import Run, Section, Table

if TYPE_CHECKING:
    from retrodict.hadron.amplitudes.verdict import Verdict
    from retrodict.problem.posterior import Posterior
    from retrodict.run.result import Result  # imports xarray, which a check of a config does not need

DRAWS = 400  # of a pole map
KINDS = ("bound", "virtual", "resonance")


def figures(result: "Result") -> tuple[Figure, ...]:
    """The curve with its data, and the pole map, of a run's `result`."""
    return (_curve(result), _pole_map(result))


def _curve(result: "Result") -> Figure:
    name = "line_shape" if "line_shape" in result.functions else "phase_shift"
    attributes = result.tree["posterior"][name].attrs
    band = result.band(name)
    layers: list[Layer] = [band_of(band, label="posterior")]
    observed = result.tree.children.get("observed_data")
    if observed is not None and name == "line_shape" and "data" in observed.dataset:
        layers.append(Points(band["x"], observed.dataset["data"].values, label="data"))
    label, title = (r"$\delta$", "Phase shift") if name == "phase_shift" else ("intensity", "Line shape")
    panel = Panel(attributes["grid_name"], label, tuple(layers), attributes["grid_unit"], result.unit(name))
    return Figure(name, title, f"{title} of the posterior, 68 and 95 % bands.", (panel,))


def _pole_map(result: "Result") -> Figure:
    panels = []
    for sheet in sheets_of(result):
        x, y = sheet_draws(result, sheet)
        share = float(np.mean(np.isfinite(x)))
        keep = np.flatnonzero(np.isfinite(x))[:DRAWS]
        layers = (
            Line(
                np.zeros(2), np.array([min(-1.0, float(np.min(y[keep], initial=0.0))), 0.0]), "threshold", dashed=True
            ),
        )
        layers += (Points(x[keep], y[keep], label="draws", role="posterior"),)
        axes = ("Re E - threshold", "Im E", layers, "MeV", "MeV")
        panels.append(Panel(*axes, title=f"sheet {sheet} (in {100 * share:.0f} % of the draws)"))
    caption = (
        "The pole of each draw that is nearest to the threshold, on every sheet that has one within twice the range of "
        "the data. Sheet 1 is the physical one."
    )
    return Figure("pole_map", "Poles on each sheet", caption, tuple(panels))


def sheets_of(result: "Result") -> tuple[int, ...]:
    """The sheets on which any draw has a pole.

    Args:
        result: of a run.
    """
    found = np.any(np.isfinite(result.draws("pole_real_by_sheet")[0]), axis=0)
    return tuple(int(n) + 1 for n in np.flatnonzero(found))


def sheet_draws(result: "Result", sheet: int) -> tuple[np.ndarray, np.ndarray]:
    """Re E - threshold and Im E [MeV] of each draw, NaN where it has no pole on this sheet.

    Args:
        result: of a run.
        sheet: its number.
    """
    real, imaginary = (result.draws(f"pole_{part}_by_sheet")[0] for part in ("real", "imaginary"))
    return real[:, sheet - 1], imaginary[:, sheet - 1]


def class_probabilities(result: "Result") -> dict[str, float]:
    """Probability of each kind on each sheet, `virtual, sheet 4`, the most probable first.

    Args:
        result: of a run.
    """
    weights = result.weights()
    sheet = result.draws("pole_sheet")[0]
    found = {}
    for kind in KINDS:
        is_kind = result.draws(kind)[0] > 0.5
        for number in np.unique(sheet):
            share = float(np.sum(weights * (is_kind & (sheet == number))))
            if share > 0:
                found[f"{kind}, sheet {number:.0f}"] = share
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def sections(result: "Result", target: "Posterior", *, run: Run | None = None) -> tuple[Section, ...]:
    """Kinds with their probabilities, and the poles by their sheet.

    Args:
        result: of a run.
        target: the problem.
        run: its directory and arguments.
    """
    rows = tuple((name, share) for name, share in class_probabilities(result).items())
    text = (
        "The pole nearest to the threshold: what it is, and the sheet on which it lies, with the share of the draws. "
        "Of two channels bound and virtual say where the pole is when the channels are decoupled."
    )
    kinds = Section("pole-kinds", "Bound, virtual or resonance", text, Table(("Kind", "Probability"), rows))
    return (kinds, _poles(result), _classifier(result, target))


def _classifier(result: "Result", target: "Posterior") -> Section:
    """The verdict of the classifier beside that of the fit."""
    from retrodict.hadron.amplitudes.verdict import judge

    verdict = judge(target)
    if verdict is None:
        text = (
            "No classifier that ships was trained on such data. For a spectrum of two channels `retrodict compare DIR "
            "--methods` trains one for these bins."
        )
        return Section("classifier", "A classifier beside the fit", text)
    return classifier_section(result, verdict)


def classifier_section(result: "Result", verdict: "Verdict") -> Section:
    """A table of both verdicts, whether they agree, and the bins that decided.

    Args:
        result: of the run.
        verdict: of the classifier.
    """
    fitted = class_probabilities(result)
    merged = {name: sum(p for full, p in fitted.items() if full.startswith(name)) for name in verdict.probabilities}
    rows = tuple((name, merged[name], p) for name, p in verdict.probabilities.items())
    best = [max(table, key=lambda name: table[name]) for table in (merged, verdict.probabilities)]
    said = (
        f"Both say {best[0]}."
        if best[0] == best[1]
        else f"They disagree: the fit says {best[0]}, the network {best[1]}."
    )
    if verdict.inside < 0.5:
        said = "The data are unlike all amplitudes of the training set: the answer of the network is rejected."
    text = (
        f"A network trained on unitary amplitudes of known poles, averaged over copies of the data with their errors; "
        f"{100 * verdict.inside:.0f} % of these are like its training set. {said}"
    )
    zero = Line(verdict.x[[0, -1]], np.zeros(2), dashed=True)
    panel = Panel(verdict.axis, "importance", (zero, Points(verdict.x, verdict.importance, role="posterior")), "MeV")
    caption = "Gradient times deviation from the mean of the training set: what decided for the class."
    figure = Figure("importance", "Which points decided", caption, (panel,))
    return Section(
        "classifier", "A classifier beside the fit", text, Table(("Kind", "Fit", "Network"), rows), (figure,)
    )


def baselines(result: "Result", target: "Posterior", *, run: Run | None = None) -> Section:
    """The classifier for these data; for a spectrum of two channels it is trained now, which takes half a minute.

    Args:
        result: of a run.
        target: the problem.
        run: its directory and arguments.
    """
    from retrodict.hadron.amplitudes.forward import SpectrumForward
    from retrodict.hadron.amplitudes.sheets import TwoChannels
    from retrodict.hadron.amplitudes.verdict import judge_spectrum, train_for

    if isinstance(target.forward, SpectrumForward) and isinstance(target.forward.channels, TwoChannels):
        return classifier_section(result, judge_spectrum(target, train_for(target)))
    return _classifier(result, target)


def _poles(result: "Result") -> Section:
    rows = []
    for sheet in sheets_of(result):
        x, y = sheet_draws(result, sheet)
        keep = np.isfinite(x)
        cells = [_interval(values[keep]) for values in (x, y)]
        rows.append((f"{sheet}", float(np.mean(keep)), *cells))
    head = ("Sheet", "Share of the draws", "Re E - threshold [MeV]", "Im E [MeV]")
    text = "Medians with central 68 % intervals over the draws that have such a pole."
    return Section("poles", "Poles by their sheet", text, Table(head, tuple(rows)))


def _interval(values: np.ndarray) -> str:
    low, middle, high = np.quantile(values, [0.16, 0.5, 0.84])
    return f"{middle:.3g} (+{high - middle:.2g}, -{middle - low:.2g})"
