"""The public names: type checkers and editors see what the run time resolves, and nothing heavy is imported early."""

import ast
import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import retrodict
from retrodict.base.lazy import lazy_names, public_names

PACKAGES = (
    "retrodict",
    *(
        f"retrodict.{room}"
        for room in ("generate", "hadron", "heavy_ion", "lattice", "neutron_star", "report", "spectral")
    ),
)
LONGEST_IMPORT = 0.1  # seconds of CPU

ALONE = """
import sys, time
start = time.process_time()
import retrodict
print(time.process_time() - start)
print(sorted({"jax", "numpy", "matplotlib"} & set(sys.modules)))
"""


def source(package: str) -> str:
    return Path(str(importlib.import_module(package).__file__)).read_text(encoding="utf-8")


def reexports(text: str) -> dict[str, str]:
    """The names that a type checker takes for re-exported: `from module import Name as Name`, read independently."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    return {a.asname: str(node.module) for node in nodes for a in node.names if a.asname == a.name}


def disagreements(package: str) -> list[str]:
    """Names that tools and the run time do not share, or that stand for different objects."""
    module, static = importlib.import_module(package), reexports(source(package))
    wrong = sorted(set(static) ^ set(module.__all__)) + sorted(set(static) ^ set(dir(module)))
    for name, home in static.items():
        within = importlib.import_module(home)
        expected = importlib.import_module(f"{package}.{name}") if home == package else getattr(within, name, None)
        if expected is None or getattr(module, name, None) is not expected:
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("package", PACKAGES)
def test_tools_and_the_run_time_see_the_same_names_and_objects(package):
    assert importlib.import_module(package).__all__
    assert not disagreements(package)


def test_a_name_that_hides_its_module_or_is_not_there_is_noticed(tmp_path, monkeypatch):
    """The comparison has teeth: `twin` is a function in a module of the same name, `absent` is nowhere, and `single`
    lacks the `as` that makes it public for a type checker."""
    folder = tmp_path / "planted"
    folder.mkdir()
    (folder / "twin.py").write_text("def twin(): ...\n\ndef other(): ...\n\ndef single(): ...\n")
    (folder / "__init__.py").write_text(
        "from typing import TYPE_CHECKING\n\nfrom retrodict.base.lazy import lazy_names\n\nif TYPE_CHECKING:\n"
        "    from planted.twin import absent as absent\n    from planted.twin import other as other\n"
        "    from planted.twin import single\n    from planted.twin import twin as twin\n"
        "else:\n    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert sorted(set(disagreements("planted"))) == ["absent", "single", "twin"]
    finally:
        for name in ("planted", "planted.twin"):
            sys.modules.pop(name, None)


def test_an_unknown_name_is_an_attribute_error():
    for package in PACKAGES:
        with pytest.raises(AttributeError, match="no attribute 'NoSuchThing'"):
            _ = importlib.import_module(package).NoSuchThing
    get, _, _ = lazy_names("retrodict", str(retrodict.__file__))
    assert get("lattice") is importlib.import_module("retrodict.lattice")


def test_only_the_block_for_type_checkers_is_public():
    text = (
        "from a import hidden\nif TYPE_CHECKING:\n    from a.b import shown as shown\nif other:\n    from a import no"
    )
    assert public_names(text) == {"shown": "a.b"}


def test_the_version_is_written_once_and_cited_as_it_is():
    """pyproject.toml reads it from the package; the citation names the same."""
    root = Path(str(retrodict.__file__)).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert "version" not in project["project"]
    assert root / project["tool"]["hatch"]["version"]["path"] == Path(str(retrodict.__file__))
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {retrodict.__version__}\n" in citation


def test_importing_the_package_alone_is_quick_and_leaves_jax_aside():
    """At most 0.1 s of CPU, the best of three."""
    runs = [
        subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True).stdout.split("\n")
        for _ in range(3)
    ]
    assert {run[1] for run in runs} == {"[]"}
    assert min(float(run[0]) for run in runs) <= LONGEST_IMPORT
