"""Nothing in the package can run code that a data file brings: no pickle, no eval, no exec on any source line."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import retrodict

ROOT = Path(retrodict.__file__).parent
MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "code", "gvar"}
CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
UNSAFE_YAML = {"unsafe", "full"}
LOADERS = {
    "torch": {"load"},
    "np": {"load"},
    "numpy": {"load"},
    "jnp": {"load"},
    "os": {"system", "popen"},
}


def faults(source: str) -> Iterator[str]:
    """What could run a stranger's code, line by line."""
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import):
            yield from (f"{line}: import {a.name}" for a in node.names if a.name.split(".")[0] in {*MODULES, "yaml"})
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] in MODULES:
            yield f"{line}: from {node.module} import ..."
        elif isinstance(node, ast.Call):
            yield from (f"{line}: {fault}" for fault in _call_faults(node))


def _call_faults(call: ast.Call) -> Iterator[str]:
    function = call.func
    if isinstance(function, ast.Name) and function.id in CALLS:
        yield function.id
    safe = any(keyword.arg == "allow_pickle" and _is_false(keyword.value) for keyword in call.keywords)
    owner = function.value.id if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) else ""
    if isinstance(function, ast.Attribute) and function.attr in LOADERS.get(owner, ()) and not safe:
        yield f"{owner}.{function.attr}"
    for keyword in call.keywords:
        if keyword.arg == "typ" and isinstance(keyword.value, ast.Constant) and keyword.value.value in UNSAFE_YAML:
            yield "an unsafe YAML loader"
        if keyword.arg in ("allow_pickle", "shell") and not _is_false(keyword.value):
            yield f"{keyword.arg}=True"


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_no_source_line_can_run_a_file_as_code():
    found = {str(path.relative_to(ROOT)): list(faults(path.read_text("utf-8"))) for path in ROOT.rglob("*.py")}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from dill import loads",
        "eval(text)",
        "exec(compile(text, 'x', 'exec'))",
        "np.load(path)",
        "np.lib.npyio.NpzFile(path, allow_pickle=True)",
        "import yaml",
        "YAML(typ='unsafe').load(text)",
        "torch.load(path)",
        "subprocess.run(line, shell=True)",
        "os.system(line)",
    ],
)
def test_the_search_finds_a_planted_fault(source):
    assert list(faults(source))


def test_the_search_lets_innocent_code_pass():
    assert not list(faults("re.compile('x')\nyaml = YAML(typ='safe')\nyaml.load(x)\nnp.load(x, allow_pickle=False)\n"))
