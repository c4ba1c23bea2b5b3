"""The house rules, read from the source: imports point down only, small files and functions, all documented."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import retrodict

PACKAGE = Path(retrodict.__file__).parent
FLOORS = {"cli": 7, "report": 6, "generate": 4, "inference": 4, "run": 3, "problem": 2, "nn": 1, "num": 1, "base": 0}
DOMAINS = {"neutron_star", "spectral", "hadron", "heavy_ion", "lattice", "optics"}
FLOORS |= dict.fromkeys(DOMAINS, 5)
FORBIDDEN_MODULES = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
FORBIDDEN_CALLS = {"eval", "exec"}
LONGEST_FILE, LONGEST_FUNCTION = 800, 80

SOURCES = sorted(PACKAGE.rglob("*.py"))
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def room_of(path: Path) -> str:
    """The package below retrodict/ that a file belongs to; empty for retrodict itself."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """All modules that a file imports, also inside functions, with the line; relative imports are not used here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            yield node.module or "", node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def rooms_imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The rooms of this house among them."""
    for module, line in imported(tree):
        parts = module.split(".")
        if parts[0] == "retrodict" and len(parts) > 1 and parts[1] in FLOORS:
            yield parts[1], line


def upward_imports(room: str, tree: ast.Module) -> list[str]:
    """What a file of `room` imports from a higher floor, or a domain from another domain."""
    found = []
    for other, line in rooms_imported(tree):
        if FLOORS[other] > FLOORS[room] or (FLOORS[other] == FLOORS[room] == 5 and other != room):
            found.append(f"line {line}: {room} imports {other}")
    return found


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def definitions(tree: ast.Module) -> Iterator[tuple[Definition, bool]]:
    """Functions and classes with whether they are public: not private themselves, nor inside a private class or a
    function."""

    def walk(body: list[ast.stmt], public: bool) -> Iterator[tuple[Definition, bool]]:
        for node in body:
            if isinstance(node, Definition):
                shown = public and not node.name.startswith("_")
                yield node, shown
                yield from walk(node.body, shown and isinstance(node, ast.ClassDef))

    yield from walk(tree.body, True)


def inherited(node: Definition, tree: ast.Module) -> bool:
    """Whether a method implements what a base class or a protocol documents: a class with bases, or a method's verb."""
    parents = [c for c in ast.walk(tree) if isinstance(c, ast.ClassDef) and node in c.body]
    return any(parent.bases for parent in parents)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_point_down_only(path):
    room = room_of(path)
    if room:
        assert room in FLOORS, f"{room} has no floor"
        assert not upward_imports(room, parse(path))


def test_an_upward_import_and_a_foreign_domain_are_noticed():
    """The rule has teeth."""
    upward = "from retrodict.inference.infer import infer"
    hidden = "def f():\n    import retrodict.spectral.forward"
    sideways = "from retrodict import spectral"
    assert upward_imports("run", ast.parse(upward))
    assert upward_imports("inference", ast.parse(hidden))
    assert upward_imports("neutron_star", ast.parse(sideways))
    assert not upward_imports("neutron_star", ast.parse(upward))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_matplotlib_lives_in_the_report_alone(path):
    if room_of(path) != "report":
        assert not [line for module, line in imported(parse(path)) if module.split(".")[0] == "matplotlib"]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_file_can_run_the_code_of_a_user(path):
    tree = parse(path)
    assert not [module for module, _ in imported(tree) if module.split(".")[0] in FORBIDDEN_MODULES]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id in FORBIDDEN_CALLS]
    allowed = [word for call in calls for word in call.keywords if word.arg == "allow_pickle"]
    assert all(isinstance(word.value, ast.Constant) and word.value.value is False for word in allowed)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_stay_small(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    long = {node.name: node.end_lineno - node.lineno + 1 for node in functions}
    assert not {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_public_object_is_documented(path):
    tree = parse(path)
    if tree.body:
        assert ast.get_docstring(tree), "the module has no docstring"
    public = [node for node, shown in definitions(tree) if shown]
    missing = [node for node in public if not ast.get_docstring(node) and not inherited(node, tree)]
    assert not [f"line {node.lineno}: {node.name}" for node in missing]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_exception_is_swallowed_wholesale(path):
    handlers = [node for node in ast.walk(parse(path)) if isinstance(node, ast.ExceptHandler)]
    names = [node.type.id if isinstance(node.type, ast.Name) else "" for node in handlers if node.type is not None]
    assert not [node.lineno for node in handlers if node.type is None]
    assert not {"Exception", "BaseException"} & set(names)
