"""What `retrodict validate` measured, if it was run: `validation.json` as a verdict, a table and a figure."""

from collections.abc import Iterable, Mapping

from retrodict.base.figure import Bars, Figure, Guide, Layer, Panel, Role
from retrodict.base.types import JSON
from retrodict.report.draws import Variable
from retrodict.report.html import Safe, join, label, table, tag, verdict_box
from retrodict.report.text import signs
from retrodict.run.verdict import Verdict

DASH = "–"
SIGNIFICANT = 0.01  # of all tests together
_ROLES: tuple[Role, ...] = ("posterior", "second")
BANDS = {"68 %": 0.68, "95 %": 0.95}


def calibration_content(validation: Mapping[str, JSON], quantities: Iterable[Variable]) -> Safe | None:
    """Verdict and tests, one row a quantity; None if nothing was measured.

    Args:
        validation: content of `validation.json`.
        quantities: for their labels.
    """
    tests = tests_of(validation)
    if not tests:
        return None
    labels = {variable.name: label(variable.label) for variable in quantities}
    count = int(validation.get("data_sets") or 0)
    head = ["Quantity", *(f"in the {band} band" for band in BANDS), "scatter (1)", "offset (0)", "p of the ranks"]
    rows = [[labels.get(name, name), *_cells(row, count)] for name, row in tests.items()]
    text = (
        f"Truths were drawn from the prior, {count} data sets were simulated and inverted like the real one. Scatter"
        " and offset are those of the truths in units of the bands; a triangle marks what chance does not explain"
        f" (p < {SIGNIFICANT:g} after Holm's correction)."
    )
    return join([_verdict(validation), tag("p", text, class_="muted"), table(head, rows, name="Calibration")])


def coverage_figure(validation: Mapping[str, JSON], quantities: Iterable[Variable]) -> Figure | None:
    """The share of truths inside each band, beside the probability that the band promises.

    Args:
        validation: content of `validation.json`.
        quantities: for their labels.
    """
    tests, count = tests_of(validation), int(validation.get("data_sets") or 0)
    tested = {name: row for name, row in tests.items() if all(band in row for band in BANDS)}
    if not tested or count < 1:
        return None
    labels = {variable.name: variable.label for variable in quantities}
    names = tuple(labels.get(name, name) for name in tested)
    layers: list[Layer] = [Guide(level, vertical=True) for level in BANDS.values()]
    for (band, level), role in zip(BANDS.items(), _ROLES, strict=True):
        share = [row[band]["statistic"] / count for row in tested.values()]
        error = (level * (1 - level) / count) ** 0.5
        layers.append(Bars(names, share, error, f"{band} band", role))
    panel = Panel("Fraction of truths inside", "", tuple(layers), x_limits=(0.0, 1.0))
    caption = f"Coverage over {count} simulated data sets, with its binomial error; dashed, what the bands promise."
    return Figure("coverage", "Coverage", caption, (panel,), "calibration")


def tests_of(validation: Mapping[str, JSON]) -> dict[str, dict[str, dict[str, float]]]:
    """quantity -> test -> its numbers, from the list of tests; what has not that form is left out."""
    grouped: dict[str, dict[str, dict[str, float]]] = {}
    tests = validation.get("tests")
    for test in tests if isinstance(tests, list) else []:
        if isinstance(test, dict) and isinstance(test.get("statistic"), int | float):
            numbers = {key: float(value) for key, value in test.items() if isinstance(value, int | float)}
            grouped.setdefault(str(test.get("quantity")), {})[str(test.get("name"))] = numbers
    return grouped


def _cells(row: Mapping[str, Mapping[str, float]], count: int) -> Iterable[str]:
    for band in BANDS:
        test = row.get(band)
        yield f"{test['statistic'] / count:.1%}{_mark(test)}" if test and count else DASH
    for name, form in (("width", ".2f"), ("location", "+.2f")):
        test = row.get(name)
        yield signs(format(test["statistic"], form)) + _mark(test) if test else DASH
    ranks = row.get("ranks")
    yield signs(format(ranks.get("p", float("nan")), ".2g")) + _mark(ranks) if ranks else DASH


def _mark(test: Mapping[str, float]) -> str:
    return " ▲" if test.get("adjusted", 1.0) < SIGNIFICANT else ""


def _verdict(validation: Mapping[str, JSON]) -> Safe | None:
    stored = validation.get("verdict")
    if not isinstance(stored, dict) or stored.get("status") not in ("OK", "WARN", "FAIL"):
        return None
    reasons, notes = (tuple(map(str, stored.get(name) or ())) for name in ("reasons", "notes"))
    meanings = {"OK": "the bands cover what they promise", "WARN": "with reservations", "FAIL": "the bands mislead"}
    return verdict_box(Verdict(stored["status"], reasons, notes), meanings[stored["status"]])
