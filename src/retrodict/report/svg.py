"""From matplotlib's SVG to an element of a page: ids that do not clash, colours of the theme, the size of its box."""

import re

from retrodict.report.style import VARIABLES
from retrodict.report.text import escape

_COLOR = re.compile(r"#[0-9a-f]{6}\b")
_PREAMBLE = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_DROPPED = re.compile(r"<metadata>.*?</metadata>|<style\b[^>]*>.*?</style>|<!--.*?-->", re.DOTALL)
_OPENING = re.compile(r"<svg\b[^>]*>")
_VIEW_BOX = re.compile(r'viewBox="[\d. -]+ ([\d.]+) ([\d.]+)"')


def themed(svg: str, prefix: str, alt: str) -> str:
    """The drawing as an inline `<svg>`: responsive, labelled `alt`, its ids begin with `prefix`."""
    body = _DROPPED.sub("", _PREAMBLE.sub("", svg))
    body = re.sub(r'\bid="', f'id="{prefix}-', body)
    body = re.sub(r'(href="|url\()#', rf"\1#{prefix}-", body)
    body = _COLOR.sub(_variable, body)
    body = re.sub(r">\s+<", "><", body)
    return _OPENING.sub(_opening(body, alt), body, count=1)


def _variable(match: re.Match[str]) -> str:
    name = VARIABLES.get(match[0])
    return f"var(--{name})" if name else match[0]


def _opening(body: str, alt: str) -> str:
    size = _VIEW_BOX.search(body)
    if size is None:
        raise ValueError("this SVG has no viewBox")
    width, height = float(size[1]), float(size[2])
    view = f'viewBox="0 0 {width:g} {height:g}"'
    # matplotlib counts in points, 4/3 CSS pixels each; a quarter more lets a lone panel fill its place.
    label = escape(alt).replace("\\", "&#92;")  # a backslash means something to re.sub
    return f'<svg {view} style="max-width:{width * 5 / 3:.0f}px" role="img" aria-label="{label}">'
