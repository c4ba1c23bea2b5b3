"""What a type checker sees of the public API: types of results, and misspelt names and settings as errors.

All is asked in one run of pyright on a small file, as somebody writes it who has installed the package.
"""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import retrodict

SOURCES = Path(retrodict.__file__).parents[1]
PACKAGES = (
    "retrodict",
    *(f"retrodict.{room}" for room in ("generate", "hadron", "heavy_ion", "lattice", "neutron_star", "spectral")),
)

CODE = """
import retrodict as rd

target = rd.neutron_star.problem()
reveal_type(target)  # Posterior
reveal_type(rd.infer(target, rd.NUTS()))  # Result
reveal_type(rd.load("run"))  # Result
reveal_type(rd.load_config("config.yaml"))  # Config
reveal_type(rd.lattice.Wilson)  # type[Wilson]
reveal_type(rd.Method)  # type[Method[Unknown, Unknown]]
rd.NUTS(chains=4)
rd.NUTS(chainz=4)  # error: chainz
rd.infer(target, rd.NUTS(), sed=0)  # error: sed
rd.NoSuchThing  # error: NoSuchThing
rd.lattice.NoSuchTheory  # error: NoSuchTheory
rd.infer(target, "NUTS")  # error: Literal['NUTS']
"""


def names_to_import() -> str:
    """One import a public name, as completion would offer it."""
    return "".join(
        f"from {package} import {name} as {package.split('.')[-1]}_{name}\n"
        for package in PACKAGES
        for name in importlib.import_module(package).__all__
    )


def answers(folder: Path, code: str) -> dict[int, str]:
    """What pyright says, by line, with `error` or `information` in front; the interpreter's path leads to the sources
    under test, so that they are an installed package to it."""
    (folder / "snippet.py").write_text(code)
    (folder / "pyrightconfig.json").write_text(json.dumps({"include": ["snippet.py"], "typeCheckingMode": "standard"}))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(SOURCES)})
    said = json.loads(run.stdout)["generalDiagnostics"]
    lines: dict[int, str] = {}
    for message in said:
        number = message["range"]["start"]["line"]
        lines[number] = f"{lines.get(number, '')}{message['severity']}: {message['message']}\n"
    return lines


def expectations(code: str) -> dict[int, tuple[str, str]]:
    """The comments of the snippet: for each line with one, what kind of answer is due and a
    pattern that it must hold: the text of an error, or a type with any parameters."""
    due = {}
    for number, line in enumerate(code.split("\n")):
        comment = re.search(r"  # (error: )?(.*)$", line)
        if comment:
            text = re.escape(comment[2])
            due[number] = ("error", text) if comment[1] else ("information", rf'"{text}(\[[^"]*\])?"')
    return due


@pytest.fixture(scope="module")
def pyright(tmp_path_factory):
    pytest.importorskip("pyright", reason="pyright is not installed")
    return answers(tmp_path_factory.mktemp("snippet"), CODE + names_to_import())


def test_results_have_types_and_misspelt_settings_and_names_are_errors(pyright):
    for number, (severity, text) in expectations(CODE).items():
        assert pyright.get(number, "").startswith(severity), (CODE.split("\n")[number], pyright.get(number))
        assert re.search(text, pyright[number]), pyright[number]


def test_nothing_else_is_an_error_so_that_every_public_name_is_seen(pyright):
    """Each name has been imported by a line of its own."""
    assert names_to_import().count("\n") > 150
    unexpected = {number: said for number, said in pyright.items() if number not in expectations(CODE)}
    assert not unexpected
