"""The rooms of lattice/, read from the source: imports point down, there is no circle, and no theory is asked by name.

Imports inside functions and under TYPE_CHECKING count as well.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from retrodict.lattice import theories
from retrodict.lattice.theories import kinds
from retrodict.lattice.theories.groups import SU2, SU3, U1

NAME = "retrodict.lattice"
FOLDER = Path(theories.__file__).parent.parent
ROOMS = {"core": 0, "theories": 1, "io": 2, "samplers": 3, "models": 4, "report": 5}
TOP = 6  # lattice/__init__.py and lattice/problems.py
BY_NAME = {kind.__name__ for kind in (*kinds(), U1, SU2, SU3)}

Trees = Mapping[str, ast.Module]


def module_of(path: Path) -> str:
    parts = path.relative_to(FOLDER).with_suffix("").parts
    return ".".join((NAME, *(part for part in parts if part != "__init__")))


TREES: Trees = {module_of(path): ast.parse(path.read_text()) for path in sorted(FOLDER.rglob("*.py"))}


def room_of(module: str) -> int:
    """The height of a module."""
    parts = module.removeprefix(f"{NAME}.").split(".")
    return ROOMS.get(parts[0], TOP)


def imported(tree: ast.Module, modules: Trees) -> set[str]:
    """The modules of lattice/ that a file imports, wherever the import stands."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in modules else node.module or "" for name in members}
    return {name for name in names if name in modules}


def circles(trees: Trees) -> list[tuple[str, ...]]:
    """Sets of modules each of which imports all others of its set, directly or not."""
    graph = {module: imported(tree, trees) - {module} for module, tree in trees.items()}
    reached = {module: set(direct) for module, direct in graph.items()}
    for middle in trees:
        for first in trees:
            if middle in reached[first]:
                reached[first] |= reached[middle]
    mutual = ((a, *sorted(b for b in reached[a] if a in reached[b] and b != a)) for a in trees if a in reached[a])
    return sorted({tuple(sorted(circle)) for circle in mutual})


def upward(trees: Trees) -> list[str]:
    """Imports of a higher room, or of another room of the same height."""
    edges = [(module, other) for module, tree in trees.items() for other in imported(tree, trees)]
    return [f"{module} -> {other}" for module, other in edges if not _is_downward(module, other)]


def _is_downward(module: str, other: str) -> bool:
    same_room = module.split(".")[2:3] == other.split(".")[2:3]
    return same_room or room_of(other) < room_of(module) or room_of(module) == TOP


def asked_by_name(trees: Trees) -> Iterator[str]:
    """`isinstance` tests of a concrete theory or gauge group in another file than its own."""
    for module, tree in trees.items():
        own = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
                words = {word.id for word in ast.walk(node.args[1]) if isinstance(word, ast.Name)}
                words |= {word.attr for word in ast.walk(node.args[1]) if isinstance(word, ast.Attribute)}
                yield from (f"{module}, line {node.lineno}: {name}" for name in sorted(words & BY_NAME - own))


def test_no_module_imports_itself_by_way_of_others():
    assert circles(TREES) == []


def test_imports_point_down():
    """core <- theories <- io <- samplers <- models <- report."""
    assert upward(TREES) == []


def test_no_theory_and_no_group_is_asked_by_name():
    assert {"Phi4", "XY", "Wilson", "U1", "SU3"} <= BY_NAME
    assert list(asked_by_name(TREES)) == []


FAULTS = {
    "at the top": "from retrodict.lattice.io.files import inspect",
    "in a function": "def f():\n    from retrodict.lattice.io import saved_configurations",
    "for types alone": "if TYPE_CHECKING:\n    import retrodict.lattice.report.pictures",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_import_of_a_higher_room_is_noticed_and_so_is_the_circle_that_it_makes(fault):
    """The twin of the two tests above: the base class imports what imports it."""
    faulty = {**TREES, f"{NAME}.core.action": ast.parse(FAULTS[fault])}
    assert len(upward(faulty)) == 1
    there = imported(faulty[f"{NAME}.core.action"], faulty)
    back = ast.parse("import retrodict.lattice.core.action")
    faulty |= dict.fromkeys(there, back)
    assert circles(faulty) == [tuple(sorted((f"{NAME}.core.action", *there)))]


@pytest.mark.parametrize("words", ["XY", "Phi4 | XY", "(Phi4, groups.U1)"])
def test_a_question_for_a_name_is_noticed(words):
    """The twin: in a sampler it is a fault, in the theory's own file it is none."""
    text = f"def f(action):\n    return isinstance(action, {words})"
    assert list(asked_by_name({f"{NAME}.samplers.cluster": ast.parse(text)}))
    own = "class XY: ...\nclass Phi4: ...\nclass U1: ...\n" + text
    assert not list(asked_by_name({f"{NAME}.theories.spins": ast.parse(own)}))
