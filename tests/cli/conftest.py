"""The straight-line domain joins the table of names for the tests of this folder."""

import textwrap

import pytest
from straight_line import SHIPPED, line_among_the_domains


@pytest.fixture(autouse=True)
def line_domain():
    with line_among_the_domains():
        yield


@pytest.fixture
def config(tmp_path):
    """Write a config (dedented) and a data file beside it; the path of the config."""

    def write(text: str):
        (tmp_path / "points.csv").write_text(SHIPPED)
        path = tmp_path / "config.yaml"
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    return write
