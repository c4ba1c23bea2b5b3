"""Building HTML: what is not marked as markup is escaped, and the page may load nothing.

`tag` escapes every child and attribute that is not `Safe`. The page forbids itself, by its content security policy, to
load or run anything: all that it shows is inside it.
"""

from collections.abc import Iterable, Sequence
from importlib import resources

from retrodict.base.figure import Figure
from retrodict.report.text import LONGEST_CAPTION, escape, label_html, unit_html
from retrodict.run.verdict import Verdict

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_SIGNS = {"OK": "✓", "WARN": "!", "FAIL": "✕"}
_VOID = frozenset({"meta", "link", "br", "hr"})


class Safe(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Safe:
    """An element. `class_` stands for `class`, `_` in a name for `-`; an attribute that is None is left out."""
    pairs = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    opening = f"<{name}{pairs}>"
    return Safe(opening if name in _VOID else f"{opening}{join(children)}</{name}>")


def join(children: Iterable[object]) -> Safe:
    """Children one after the other, escaped unless `Safe`; None is nothing."""
    return Safe("".join(child if isinstance(child, Safe) else escape(child) for child in children if child is not None))


def label(text: str) -> Safe:
    """A label, its mathematics set."""
    return Safe(label_html(text))


def prose(text: str) -> Safe:
    """A sentence with `code` between backticks and the exponents of its units raised."""
    parts = text.split("`")
    odd = len(parts) % 2 == 1  # backticks in pairs
    return join(tag("code", part) if odd and i % 2 else Safe(unit_html(part)) for i, part in enumerate(parts))


def table(head: Sequence[object], rows: Iterable[Sequence[object]], *, numeric: bool = True, name: str = "") -> Safe:
    """A table that scrolls inside its own box.

    Args:
        head: headings of the columns.
        rows: cells; the first of each row is its name.
        numeric: whether the other cells are set as numbers.
        name: of the table, for screen readers.
    """
    heading = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    style = "numbers" if numeric else None
    content = tag("table", tag("thead", heading), tag("tbody", *body), class_=style)
    return tag("div", content, class_="scroll", tabindex="0", role="region", aria_label=name or "table")


def details(summary: str, *children: object) -> Safe:
    """A part that is folded away until asked for."""
    return tag("details", tag("summary", summary), *children)


def figure_element(figure: Figure, drawings: Sequence[str]) -> Safe:
    """A drawn figure with its caption and links to its files, which lie in the folder beside the page."""
    box = "sheet" if figure.joined else "panels"
    drawn = [Safe(drawing) for drawing in drawings]
    files = [tag("a", suffix.upper(), href=f"figures/{figure.name}.{suffix}") for suffix in ("pdf", "png", "csv")]
    links = tag("span", *(part for file in files for part in (Safe(" "), file)), class_="files")
    caption_text = Safe(label_html(figure.caption, LONGEST_CAPTION))
    caption = tag("figcaption", tag("b", label(figure.title), "."), Safe(" "), caption_text, links)
    content = tag("div", *drawn, class_=f"{box} n{len(drawn)}")
    return tag("figure", content, caption, id=f"figure-{figure.name}", class_="single" if len(drawn) == 1 else None)


def verdict_box(verdict: Verdict, meaning: str) -> Safe:
    """OK, WARN or FAIL, what that means, and why."""
    words = tag("span", f"{_SIGNS[verdict.status]} {verdict.status}", class_="word")
    heading = tag("p", words, Safe(" "), tag("span", meaning, class_="meaning"), class_="status")
    reasons = tag("ul", *(_reason(*pair) for pair in verdict.with_remedies())) if verdict.reasons else None
    notes = tag("ul", *(tag("li", prose(note)) for note in verdict.notes), class_="notes") if verdict.notes else None
    return tag("div", heading, reasons, notes, class_=f"verdict {verdict.status.lower()}")


def _reason(text: str, remedy: str) -> Safe:
    """A reason with its remedy on a line of its own."""
    advice = tag("div", "Remedy: ", prose(remedy), class_="muted") if remedy else None
    return tag("li", prose(text), advice)


def section(name: str, title: str, *children: object) -> Safe:
    """A part of the page that the contents link to."""
    return tag("section", tag("h2", title), *children, id=name)


def page(title: str, header: Safe, sections: Sequence[tuple[str, str, Safe]]) -> str:
    """The whole document.

    Args:
        title: of the browser's window.
        header: title and verdict, on top.
        sections: (id, title, content) of each part, in their order.
    """
    style = resources.files("retrodict.report").joinpath("page.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", Safe(style)),
    )
    links = [tag("a", heading, href=f"#{name}") for name, heading, _ in sections]
    contents = tag("nav", *links, aria_label="Contents")
    body = tag("body", header, contents, tag("main", *(section(*part) for part in sections)), _footer())
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _footer() -> Safe:
    text = "Written by Retrodict. This page is one file: it loads nothing, and runs nothing."
    return tag("footer", tag("p", text))


def _attribute(name: str, value: object) -> str:
    return f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
