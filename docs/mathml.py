"""Equations as MathML, written when the site is built: browsers typeset it themselves, so a page asks the network for
nothing."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator


def written(latex: str, display: str = "inline") -> str:
    """MathML, with the thin space that TeX puts between a function and its argument."""
    return convert(re.sub(r"\\(ln|log|exp|det)(?=\s*[a-zA-Z\\])", r"\\\1\\,", latex), display=display)


def inline(self: HTML5Translator, node: nodes.math) -> None:
    """$...$ in a line of text."""
    self.body.append(self.starttag(node, "span", "", CLASS="math") + written(node.astext()) + "</span>")
    raise nodes.SkipNode


def display(self: HTML5Translator, node: nodes.math_block) -> None:
    """$$...$$, with its number if it has one."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})</span>')
    self.body.append(written(node.astext(), "block") + "</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx extension: `html_math_renderer` chooses it."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
