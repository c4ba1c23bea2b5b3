"""Writing a report: the page, its figures with their data, and the citations, into the run directory."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from retrodict.base.atomic import storage_error, write_bytes, write_text
from retrodict.base.errors import InputError
from retrodict.base.figure import Figure
from retrodict.base.section import Section
from retrodict.report import cite, draw, generic
from retrodict.report.calibration import coverage_figure
from retrodict.report.draws import scalars
from retrodict.report.files import read_run
from retrodict.report.html import Safe, figure_element, page
from retrodict.report.sections import Content, header, page_title, parts
from retrodict.report.sensitivity import alternatives_figure, leans
from retrodict.run.result import Result

REPORT = "report.html"
CITATION = "CITATION.bib"
FIGURES = "figures"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def write_report(
    directory: str | Path,
    result: Result | None = None,
    figures: Sequence[Figure] = (),
    *,
    alternatives: Mapping[str, Result] | None = None,
    references: Sequence[str] = (),
    sections: Sequence[Section] = (),
    subject: str = "",
) -> Path:
    """Write `report.html`, `figures/*.{png,pdf,csv}` and `CITATION.bib` into a run directory.

    Args:
        directory: of the run.
        result: read from `directory` if it is not given.
        figures: the domain's own; those that any result supports are added, unless one of the same name is given.
        alternatives: results of the same data under other choices, by a label that says which.
        references: BibTeX keys beside those that the result names.
        sections: the domain's own parts of the page.
        subject: one line below the title: what the run is of, such as couplings and volume.

    Returns:
        The path of the page.

    Raises:
        InputError: if there is no valid result, or if a figure's name cannot be a file's.
        StorageError: if writing fails.
    """
    directory = Path(directory)
    result = Result.load(directory) if result is None else result
    others = dict(alternatives or {})
    run = read_run(directory)
    extra = [coverage_figure(run.validation, scalars(result)), alternatives_figure(result, others)]
    own = _check_names([*figures, *generic.figures(result, figures), *(figure for figure in extra if figure)])
    of_sections = [_check_names([*section.figures]) for section in sections]
    own_drawn = [draw.drawn(figure) for figure in own]
    sections_drawn = [[draw.drawn(figure) for figure in figures] for figures in of_sections]
    content = Content(
        result,
        run,
        [(drawn.figure, _element(drawn)) for drawn in own_drawn],
        leans(result),
        others,
        references,
        [(section, [*map(_element, some)]) for section, some in zip(sections, sections_drawn, strict=True)],
        subject,
    )
    title = f"{result.verdict.status}: {page_title(content)}"
    html = page(title, header(content), parts(content))
    _write({drawn.figure.name: drawn.files for drawn in chain(own_drawn, *sections_drawn)}, directory)
    write_text(directory / CITATION, cite.citations(result, references))
    write_text(directory / REPORT, html)
    return directory / REPORT


def _check_names(figures: list[Figure]) -> list[Figure]:
    for figure in figures:
        if not _NAME.fullmatch(figure.name):
            expected = "letters, digits, '_', '-', '.', at most 100"
            raise InputError("this name of a figure cannot be a file's name", got=repr(figure.name), expected=expected)
    return figures


def _element(drawn: draw.Drawn) -> Safe:
    return figure_element(drawn.figure, drawn.images)


def write_figures(directory: Path, figures: Sequence[Figure]) -> None:
    """PNG, PDF and CSV of each figure, in the folder `figures` of a run. Raises `StorageError`."""
    _write({figure.name: draw.files(figure) for figure in figures}, directory)


def _write(files: Mapping[str, Mapping[str, bytes]], directory: Path) -> None:
    """Files of figures: name of the figure -> suffix -> content."""
    folder = directory / FIGURES
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(folder, error) from error
    for name, contents in files.items():
        for suffix, data in contents.items():
            write_bytes(folder / f"{name}.{suffix}", data)
