"""The parts of the page, top to bottom, each from what a result and its run directory hold."""

import math
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from retrodict.base.figure import Figure
from retrodict.base.format import NOWHERE, value_with_error
from retrodict.base.section import Section
from retrodict.base.types import JSON
from retrodict.inference.findings.weights import Evidence
from retrodict.report import cite, tables
from retrodict.report.calibration import calibration_content
from retrodict.report.diagnostics import convergence_table, diagnostics_tables
from retrodict.report.files import RunFiles
from retrodict.report.html import Safe, details, join, label, prose, table, tag, verdict_box
from retrodict.report.sensitivity import POWERS, Lean
from retrodict.report.text import signs, unit_html
from retrodict.run.diagnostic import from_json
from retrodict.run.result import Result

Part = tuple[str, str, Safe]  # id, title, content
CARDS = 4  # headline numbers shown large; all are in the table
_MEANING = {
    "OK": "no warning sign was found",
    "WARN": "usable with care, for these reasons",
    "FAIL": "do not use these numbers",
}


@dataclass(frozen=True)
class Content:
    """Everything that goes into a page."""

    result: Result  # of this run
    run: RunFiles  # the other files of the run directory
    drawn: Sequence[tuple[Figure, Safe]]  # each figure with its finished HTML
    leans: Sequence[Lean] = ()  # dependence of each number on the prior
    alternatives: Mapping[str, Result] = field(default_factory=dict)  # other results of the same data, by label
    references: Sequence[str] = ()  # BibTeX keys beside those that the result names
    sections: Sequence[tuple[Section, Sequence[Safe]]] = ()  # each with its drawn figures
    subject: str = ""  # what the run is of, in one line

    def figures(self, section: str) -> list[Safe]:
        """The figures of one section, in their order."""
        return [html for figure, html in self.drawn if figure.section == section]


def header(content: Content) -> Safe:
    """Title, subject and verdict."""
    attributes = content.result.tree.attrs
    title = tag("h1", page_title(content))
    seconds = content.run.seconds
    time = f", {seconds:.0f} s of computing" if seconds is not None else ""
    target = [] if page_title(content) == attributes["target"] else [attributes["target"]]
    run = [*target, attributes["method"], f"seed {attributes['seed']}"]
    about = ", ".join(map(str, [*run, f"Retrodict {attributes['retrodict_version']}"])) + time
    verdict = content.result.verdict
    box = verdict_box(verdict, _MEANING[verdict.status])
    subject = tag("p", label(content.subject), class_="subject") if content.subject else None
    return tag("header", title, subject, tag("p", about, class_="subtitle"), box)


def page_title(content: Content) -> str:
    """The domain that the config names; the target where there is no config."""
    named = re.search(r"^domain:\s*([A-Za-z_][A-Za-z0-9_]*)\s*$", content.run.config, re.MULTILINE)
    return named[1].replace("_", " ").capitalize() if named else str(content.result.tree.attrs["target"])


def parts(content: Content) -> list[Part]:
    """All sections that have something to say."""
    own = [(section.name, section.title, _section(section, drawn)) for section, drawn in content.sections]
    candidates: list[tuple[str, str, list[Safe | None]]] = [
        ("numbers", "Numbers", _numbers(content)),
        (
            "functions",
            "Functions" if content.result.estimated else "What the data say",
            [*content.figures("functions")],
        ),
        ("fit", "Data against fit", _fit(content)),
        *own,
        ("correlations", "Correlations", [*content.figures("correlations")]),
        ("convergence", "Convergence", _convergence(content)),
        ("identifiability", "Identifiability", _identifiability(content)),
        ("sensitivity", "Sensitivity", _sensitivity(content)),
        ("calibration", "Calibration", _calibration(content)),
        ("reproduce", "Reproduce", _reproduce(content)),
        ("cite", "Cite", _cite(content)),
    ]
    return [(name, title, join(pieces)) for name, title, pieces in candidates if any(pieces)]


def _numbers(content: Content) -> list[Safe | None]:
    result = content.result
    headlines = list(result.quantities().items())[:CARDS]
    if not headlines:
        return []
    cards = [_card(result.label(name), numbers) for name, numbers in headlines]
    return [tag("div", *cards, _evidence_card(result), class_="cards"), tables.quantities_table(result)]


def _evidence_card(result: Result) -> Safe | None:
    """ln Z, where the method has found it."""
    evidence = from_json(Evidence, result.diagnostics)
    if evidence is None:
        return None
    value = signs(value_with_error(float(evidence.log_evidence), float(evidence.log_evidence_error or 0.0)))
    meaning = "log partition function" if result.estimated else "log evidence"
    return tag(
        "div",
        tag("div", label("$\\ln Z$"), class_="name"),
        tag("div", tag("span", value), class_="value"),
        tag("div", meaning, class_="interval"),
        class_="card",
    )


def _card(name: str, numbers: Mapping[str, JSON]) -> Safe:
    estimate = tables.estimate_html(numbers)
    shown = numbers["unit"] and estimate != NOWHERE
    unit = tag("span", Safe(f" {unit_html(numbers['unit'])}"), class_="unit") if shown else None
    low, high = float(numbers["q2_5"]), float(numbers["q97_5"])
    wide = tag("div", f"95 %: {tables.interval(numbers)}", class_="interval") if low < high else None
    value = tag("div", tag("span", estimate), unit, class_="value")
    return tag("div", tag("div", label(name), class_="name"), value, wide, class_="card")


def _fit(content: Content) -> list[Safe | None]:
    makers = (tables.fit_table, tables.terms_table, tables.pulls_table)
    measured = tag("div", *(make(content.result) for make in makers), class_="pair") if content.result.fit else None
    return [measured, *content.figures("fit")]


def _section(section: Section, drawn: Sequence[Safe]) -> list[Safe | None]:
    """What the domain adds: its figures between the text and the table."""
    listed = tables.plain_table(section.table, section.title) if section.table else None
    text = tag("p", prose(section.text), class_="muted") if section.text else None
    return [text, *drawn, listed]


def _convergence(content: Content) -> list[Safe | None]:
    explained = tag(
        "p",
        "R-hat compares the chains with each other (1 when they agree); ESS is the number of independent draws that"
        " would give the same error. A triangle marks what is out of its limit.",
        class_="muted",
    )
    each = convergence_table(content.result)
    diagnostics = [figure for figure in content.drawn if figure[0].section == "diagnostics"]
    chains = [html for figure, html in diagnostics if figure.name not in _OF_IDENTIFIABILITY]
    return [explained if each else None, tag("div", each, diagnostics_tables(content.result), class_="groups"), *chains]


_OF_IDENTIFIABILITY = ("singular_values", "shrinkage")


def _identifiability(content: Content) -> list[Safe | None]:
    if "identifiability" not in content.result.tree.children:
        return []
    rank, latents = (content.result.diagnostics.get(name) for name in ("effective_rank", "latents"))
    text = f"The data determine {rank:.1f} of {latents} latent directions." if rank is not None else ""
    modes = tables.singular_values_table(content.result)
    figures = [html for figure, html in content.drawn if figure.name in _OF_IDENTIFIABILITY]
    folded = details("Singular values", modes) if modes else None
    return [tag("p", text) if text else None, tables.shrinkage_table(content.result), *figures, folded]


def _sensitivity(content: Content) -> list[Safe | None]:
    out: list[Safe | None] = []
    if content.leans:
        out += [tag("p", _of_powers(content.leans), class_="muted"), tables.lean_table(content.leans)]
    if content.alternatives:
        out += [tables.alternatives_table(content.result, content.alternatives)]
    return [*out, *content.figures("sensitivity")]


def _of_powers(leans: Sequence[Lean]) -> Safe:
    """What a column headed by a power of the prior tells, and which number leans most on the prior."""
    weak, strong = (tables.power("prior", power) for power in POWERS)
    sentences: list[object] = [
        weak,
        " is a prior a little weaker than the one that was chosen (its density to that power), ",
        strong,
        " one a little stronger; likewise the likelihood. Each column gives how far that moves the medians, in units of"
        " their posterior standard deviations σ, by reweighting the draws. A number that hardly moves with the prior is"
        " measured by the data; one that moves with the prior as much as with the likelihood is as much an assumption"
        " as a measurement. A dash: too few draws remain.",
    ]
    known = [lean for lean in leans if math.isfinite(lean.most)]
    if known:
        worst = max(known, key=lambda lean: lean.most)
        sentences += [" Most of all moves ", label(worst.variable.label), f", by {worst.most:.2f} σ."]
    return join(sentences)


def _calibration(content: Content) -> list[Safe | None]:
    figures = content.figures("calibration")
    if content.result.estimated:
        return []  # means, whose errors follow from the chains: there is no prior to draw truths from
    measured = calibration_content(content.run.validation, tables.scalars(content.result))
    if measured is None and not figures:
        text = (
            "Not measured for this run. To simulate data sets of this very set-up and count how often the bands cover:"
        )
        command = f"retrodict validate {shlex.quote(str(content.run.directory))} -n 200"
        return [tag("p", text, class_="muted"), tag("pre", command)]
    return [measured, *figures]


def _reproduce(content: Content) -> list[Safe | None]:
    run = content.run
    manifest = run.manifest
    command = manifest.get("argv") or manifest.get("command")
    environment = manifest.get("environment", manifest)
    return [
        _warnings(run.problems),
        tag("p", "The command of this run:") if command else None,
        tag("pre", _command(command)) if command else None,
        _hashes("Input", manifest.get("inputs")),
        _hashes("Output", manifest.get("outputs")),
        _versions(environment if isinstance(environment, dict) else {}),
        details("Configuration, with all defaults filled in", tag("pre", run.config)) if run.config else None,
        details("Settings of the method", _provenance(content.result)),
    ]


def _warnings(problems: Iterable[str]) -> Safe | None:
    problems = list(problems)
    return tag("ul", *(tag("li", f"could not be read: {problem}") for problem in problems)) if problems else None


def _command(argv: JSON) -> str:
    """One line to paste; the program's path is reduced to its name."""
    if not isinstance(argv, list):
        return str(argv)
    words = [str(word) for word in argv]
    program = words[0].rsplit("/", 1)[-1] if words else ""
    return shlex.join([program, *words[1:]])


def _hashes(title: str, files: JSON) -> Safe | None:
    if not isinstance(files, dict) or not files:
        return None
    rows = [[name, tag("span", _digest(entry), class_="hash")] for name, entry in files.items()]
    return table([f"{title} file", "SHA-256"], rows, numeric=False, name=f"{title} files")


def _digest(entry: JSON) -> str:
    return str(entry.get("sha256", "")) if isinstance(entry, dict) else str(entry)


def _versions(environment: Mapping[str, JSON]) -> Safe | None:
    versions = environment.get("versions")
    if not isinstance(versions, dict):
        return None
    rows = [[name, value] for name, value in versions.items()]
    devices = environment.get("devices")
    if isinstance(devices, dict):
        rows.append(["devices", ", ".join(f"{key} {value}" for key, value in devices.items())])
    return details("Versions", table(["Software", "Version"], rows, numeric=False, name="Versions"))


def _provenance(result: Result) -> Safe:
    rows = [[key, value] for key, value in _flat(result.provenance)]
    return table(["Setting", "Value"], rows, numeric=False, name="Settings of the method")


def _flat(value: JSON, name: str = "", depth: int = 0) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict) and depth < 6:
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}".lstrip("."), depth + 1)
    else:
        yield name, str(value)


def _cite(content: Content) -> list[Safe | None]:
    return [
        tag("p", "A paragraph for a methods section:"),
        tag("blockquote", cite.methods_paragraph(content.result)),
        cite.references_list(content.result, content.references),
        details("BibTeX", tag("pre", cite.citations(content.result, content.references))),
    ]
