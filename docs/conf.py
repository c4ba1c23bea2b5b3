"""Sphinx configuration: `make docs` builds the site with warnings as errors and runs every page of the gallery."""

import importlib
import os
import re
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from sphinx.util import logging

import retrodict

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("JAX_PLATFORMS", "cpu")  # quiet, and the same everywhere
# Compilation is most of what the gallery takes: a third less with this flag (an unknown one would end the process), and
# pages and tests share compiled programs.
if metadata.version("jaxlib").startswith("0.10."):
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(tempfile.gettempdir()) / "retrodict-jax-cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.3")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

project = "Retrodict"
author = "The Retrodict developers"
project_copyright = "2026, The Retrodict developers"
release = version = retrodict.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "mathml",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
exclude_patterns = [
    "_build",
    "gallery/**/*.ipynb",
    "gallery/**/*.py",
    "**/sg_execution_times.rst",
    "sg_execution_times.rst",
    "tutorials",
    "howto_scripts",
    "questions",
]
suppress_warnings = ["config.cache"]

default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True, "undoc-members": False, "show-inheritance": False}
napoleon_google_docstring = True

sphinx_gallery_conf = {
    "examples_dirs": ["tutorials", "howto_scripts", "questions"],
    "gallery_dirs": ["gallery/tutorials", "gallery/howto", "gallery/questions"],
    "filename_pattern": os.environ.get("RETRODICT_PAGES", "/plot_"),  # which pages are run
    "download_all_examples": False,
    "remove_config_comments": True,
    "min_reported_time": 1e9,
    "show_memory": False,
    "abort_on_example_error": True,
}

html_theme = "furo"
html_title = "Retrodict"
html_static_path = ["_static"]
html_css_files = ["math.css"]
html_math_renderer = "mathml"  # nothing is fetched from the network
html_show_sourcelink = False


def _typeset(app, what, name, obj, options, lines) -> None:
    """Docstrings are written with $...$ and $$...$$, which a reader of the source can read; Sphinx wants its own form."""
    text = "\n\n".join(map(_escape, "\n".join(lines).split("\n\n")))
    text = re.sub(r"\$\$(.+?)\$\$", _display, text, flags=re.DOTALL)
    lines[:] = re.sub(r"\$([^$\n]+(?:\n[^$\n]+)?)\$", lambda m: f":math:`{' '.join(m[1].split())}`", text).split("\n")


def _escape(paragraph: str) -> str:
    """|M| and *lattice are plain text in our docstrings, substitutions and emphasis in Sphinx; math and examples stay."""
    if ">>> " in paragraph:
        return paragraph
    parts = re.split(r"(\$\$.+?\$\$|\$[^$]+\$|`[^`]+`)", paragraph, flags=re.DOTALL)
    special = r"(?<!\\)\||(?<![\\*])\*(?=\w)(?![\w -]+\*)"  # a bar, a star that no other star closes
    return "".join(part if part[:1] in ("$", "`") else re.sub(special, r"\\\g<0>", part) for part in parts)


def _display(match: re.Match) -> str:
    return "\n\n.. math::\n\n   " + " ".join(match[1].split()) + "\n\n"


def _report_missing(app, env) -> None:
    """Warn of public names without an entry in the reference, so that `make docs` fails."""
    there = {entry[0] for entry in env.get_domain("py").get_objects()}
    for package in ("retrodict", *(f"retrodict.{room}" for room in PACKAGES)):
        names = (name for name in dir(importlib.import_module(package)) if name[0] != "_" and name not in PACKAGES)
        for name in names:
            if f"{package}.{name}" not in there:
                logging.getLogger(__name__).warning("%s.%s is public, but not in docs/api", package, name)


PACKAGES = ("generate", "hadron", "heavy_ion", "lattice", "neutron_star", "spectral")


def setup(app) -> None:
    app.connect("autodoc-process-docstring", _typeset)
    app.connect("env-check-consistency", _report_missing)
