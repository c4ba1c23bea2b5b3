"""One report for all tests that only look at it."""

from pathlib import Path

import pytest

from retrodict.report import write_report
from tests.report import fake


@pytest.fixture(scope="session")
def result():
    return fake.make_result()


@pytest.fixture(scope="session")
def page(result, tmp_path_factory) -> Path:
    """`report.html` of a run with everything: domain figures, alternatives, a validation."""
    directory = fake.make_run(tmp_path_factory.mktemp("run"), result)
    fake.make_validation(directory)
    others = {"five polytropes": fake.make_result(seed=3)}
    figures = fake.domain_figures(result)
    more = {"alternatives": others, "references": ("soma2023",), "sections": (fake.make_chapter(),)}
    return write_report(directory, figures=figures, **more)
