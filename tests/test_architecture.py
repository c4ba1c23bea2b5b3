"""The house rules, read from the source: imports point down only and never in a circle, no name is left without use,
small files and functions, all documented."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import retrodict
from retrodict.base.lazy import public_names

PACKAGE = Path(retrodict.__file__).parent
ROOT = PACKAGE.parents[1]
FLOORS = {"cli": 7, "report": 6, "generate": 4, "inference": 4, "run": 3, "problem": 2, "num": 1, "base": 0}
DOMAINS = {"neutron_star", "spectral", "hadron", "heavy_ion", "lattice", "optics"}
FLOORS |= dict.fromkeys(DOMAINS, 5)
FORBIDDEN_MODULES = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
FORBIDDEN_CALLS = {"eval", "exec"}
LONGEST_FILE, LONGEST_FUNCTION = 360, 80
FOREIGN_CODE = {"base/domains.py"}  # runs the code of other packages, which may raise anything

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


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def broken(rule: Callable[[Path], object]) -> dict[str, object]:
    """What a rule finds in each file that breaks it. One test for all files: a test for each is half a minute of CI."""
    return {name_of(path): found for path in SOURCES if (found := rule(path))}


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


def test_imports_point_down_only():
    assert {room_of(path) for path in SOURCES} - {""} <= set(FLOORS)
    assert not broken(lambda path: room_of(path) and upward_imports(room_of(path), parse(path)))


def test_an_upward_import_and_a_foreign_domain_are_noticed():
    """The rule has teeth."""
    upward = "from retrodict.inference.infer import infer"
    hidden = "def f():\n    import retrodict.spectral.forward"
    sideways = "from retrodict import spectral"
    assert upward_imports("run", ast.parse(upward))
    assert upward_imports("inference", ast.parse(hidden))
    assert upward_imports("neutron_star", ast.parse(sideways))
    assert not upward_imports("neutron_star", ast.parse(upward))


def test_matplotlib_lives_in_the_report_alone():
    def matplotlib(path: Path) -> list[int]:
        return [line for module, line in imported(parse(path)) if module.split(".")[0] == "matplotlib"]

    assert set(broken(matplotlib)) == {
        name_of(path) for path in SOURCES if room_of(path) == "report" and matplotlib(path)
    }


def ways_to_run_code(path: Path) -> list[str]:
    tree = parse(path)
    found = [module for module, _ in imported(tree) if module.split(".")[0] in FORBIDDEN_MODULES]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [call.func.id for call in calls if isinstance(call.func, ast.Name)]
    allowed = [word.value for call in calls for word in call.keywords if word.arg == "allow_pickle"]
    pickles = [ast.dump(one) for one in allowed if not (isinstance(one, ast.Constant) and one.value is False)]
    return [*found, *(name for name in names if name in FORBIDDEN_CALLS), *pickles]


def test_no_file_can_run_the_code_of_a_user():
    assert not broken(ways_to_run_code)


def too_long(path: Path) -> list[str]:
    functions = [node for node in ast.walk(parse(path)) if isinstance(node, ast.FunctionDef)]
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION]
    return long + ["the file"] * (path.read_text(encoding="utf-8").count("\n") > LONGEST_FILE)


def test_files_and_functions_stay_small():
    assert not broken(too_long)


def undocumented(path: Path) -> list[str]:
    tree = parse(path)
    public = [node for node, shown in definitions(tree) if shown]
    missing = [node for node in public if not ast.get_docstring(node) and not inherited(node, tree)]
    module = ["the module"] * bool(tree.body and not ast.get_docstring(tree))
    return module + [f"line {node.lineno}: {node.name}" for node in missing]


def test_every_public_object_is_documented():
    assert not broken(undocumented)


def swallowed_exceptions(path: Path) -> list[int]:
    handlers = [node for node in ast.walk(parse(path)) if isinstance(node, ast.ExceptHandler)]
    wide = {"Exception", "BaseException"} if name_of(path) not in FOREIGN_CODE else set()
    return [
        node.lineno
        for node in handlers
        if node.type is None or (isinstance(node.type, ast.Name) and node.type.id in wide)
    ]


def test_no_exception_is_swallowed_wholesale():
    assert not broken(swallowed_exceptions)


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (ways_to_run_code, '"""d"""\nimport pickle'),
        (ways_to_run_code, '"""d"""\nx = eval("1")'),
        (ways_to_run_code, '"""d"""\nx = load(f, allow_pickle=yes)'),
        (too_long, '"""d"""\ndef f():\n' + "    x = 1\n" * LONGEST_FUNCTION),
        (too_long, "\n" * (LONGEST_FILE + 1)),
        (undocumented, "x = 1"),
        (undocumented, '"""d"""\nclass A:\n    """d"""\n    def f(self): ...'),
        (swallowed_exceptions, "try:\n    f()\nexcept Exception:\n    pass"),
        (swallowed_exceptions, "try:\n    f()\nexcept:\n    pass"),
    ],
)
def test_a_rule_notices_what_breaks_it(rule, source, tmp_path, monkeypatch):
    path = tmp_path / "base" / "file.py"
    path.parent.mkdir()
    path.write_text(source)
    monkeypatch.setattr("tests.test_architecture.PACKAGE", tmp_path)
    assert rule(path)


# --- circles of imports -----------------------------------------------------------------------------------------------


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """For each module the modules that it imports: at the top, in functions, or for type checkers.

    The block in which a package re-exports its public names is no import of the package: a name that is imported from
    a package leads to the module that defines it.
    """
    exported = {module: public_names(text) for module, text in sources.items() if "lazy_names(__name__" in text}

    def targets(module: str) -> Iterator[str]:
        for node in ast.walk(ast.parse(sources[module])):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                homes = exported.get(node.module, {})
                for name in (alias.name for alias in node.names):
                    inner = f"{node.module}.{name}"
                    yield inner if inner in sources else homes.get(name, node.module)

    imports = {module: set(targets(module)) & (set(sources) - {module}) for module in sources if module not in exported}
    return imports | {module: set() for module in exported}


def circles(graph: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """The sets of modules, of more than one each, that lead to each other."""

    def reachable(start: str) -> set[str]:
        reached: set[str] = set()
        waiting = [start]
        while waiting:
            ahead = set(graph[waiting.pop()]) - reached
            reached |= ahead
            waiting.extend(ahead)
        return reached

    reach = {module: reachable(module) for module in graph}
    rings = {frozenset(other for other in reach[module] if module in reach[other]) for module in graph}
    return sorted((set(ring) for ring in rings if len(ring) > 1), key=sorted)


def test_no_circle_of_imports():
    graph = import_graph({module_of(path): path.read_text(encoding="utf-8") for path in SOURCES})
    assert not [sorted(ring) for ring in circles(graph)]


@pytest.mark.parametrize(
    "back", ["from a.x import X", "def f():\n    import a.x", "if TYPE_CHECKING:\n    from a import X"]
)
def test_a_circle_of_any_kind_is_noticed(back):
    """A twin of the rule: an import at the top, in a function, or through a package for type checkers only."""
    door = "if TYPE_CHECKING:\n    from a.x import X as X\nelse:\n    get = lazy_names(__name__, __file__)"
    open_chain = {"a": door, "a.x": "from a.y import Y", "a.y": "from a.z import Z", "a.z": "import os", "a.w": back}
    assert not circles(import_graph(open_chain))
    assert circles(import_graph(open_chain | {"a.z": back})) == [{"a.x", "a.y", "a.z"}]


# --- names without use ------------------------------------------------------------------------------------------------


def texts() -> Iterator[str]:
    """Everything that may use a name: sources, tests, documentation, benchmarks, examples."""
    for folder in ("src", "tests", "docs", "benchmarks", "examples"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".md", ".rst") and "_build" not in path.parts:
                yield path.read_text(encoding="utf-8")
    yield from ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "pyproject.toml"))


def defined_names(tree: ast.Module) -> Iterator[str]:
    """Functions and classes, save those that a decorator hands on, and constants and fields."""
    for node in ast.walk(tree):
        if isinstance(node, Definition) and not node.decorator_list:
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def unused_names(source: str, words: Mapping[str, int]) -> list[str]:
    """Names that `source` defines and that stand nowhere else."""
    return [name for name in defined_names(ast.parse(source)) if words[name] == 1 and not name.startswith("__")]


def words_of(text: Iterable[str]) -> Counter[str]:
    return Counter(word for part in text for word in re.findall(r"\w+", part))


def test_no_name_is_without_use():
    words = words_of(texts())
    unused = {name_of(path): unused_names(path.read_text(encoding="utf-8"), words) for path in SOURCES}
    assert not {path: names for path, names in unused.items() if names}


def test_a_name_without_use_is_noticed():
    source = "LIMIT = 3\n\ndef used(): ...\n\ndef forgotten():\n    return used()"
    assert unused_names(source, words_of([source])) == ["LIMIT", "forgotten"]
