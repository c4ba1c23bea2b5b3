"""How much of the interface is written down: arguments in docstrings, shapes of arrays, types that say nothing.

Shares of the whole package, read from its source; each rule is shown to see a fault.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import retrodict

PACKAGE = Path(retrodict.__file__).parent
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
MANY = 3  # arguments from which on a function must name them
DTYPES = {"Bool", "Complex", "Float", "Inexact", "Int", "Num", "Shaped", "UInt32", "UInt64"}
WITH_SHAPE = {"Scalar", "Vector", "Flag", "Keys"}  # aliases

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions(tree: ast.Module) -> Iterator[tuple[Function, str]]:
    """Functions and methods with the docstring that explains their arguments; `__init__` has that of its class."""

    def walk(body: list[ast.stmt], owner: str) -> Iterator[tuple[Function, str]]:
        for node in body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield from walk(node.body, ast.get_docstring(node) or "")
            elif isinstance(node, Function):
                own = ast.get_docstring(node) or ""
                if node.name == "__init__":
                    yield node, own or owner
                elif own and not node.name.startswith("_"):
                    yield node, own

    yield from walk(tree.body, "")


def arguments(function: Function) -> list[str]:
    """Names of the arguments, without self; none of a verb of the command line, whose options have their own help."""
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
    names = [name for name in names if name not in ("self", "cls")]
    return [] if function.name == "command" or len(names) < MANY else names


def undocumented(tree: ast.Module) -> tuple[list[str], int]:
    """Arguments that no docstring names, and the number of all."""
    missing, count = [], 0
    for function, text in public_functions(tree):
        names = arguments(function)
        count += len(names)
        missing += [f"{function.name}({name})" for name in names if not re.search(rf"\b{re.escape(name)}\b", text)]
    return missing, count


def annotations(tree: ast.Module) -> Iterator[ast.expr]:
    """Of arguments, results and fields; those in quotes parsed."""
    for node in ast.walk(tree):
        nodes = [getattr(node, name, None) for name in ("annotation", "returns")]
        for annotation in (item for item in nodes if isinstance(item, ast.expr)):
            quoted = isinstance(annotation, ast.Constant) and isinstance(annotation.value, str)
            yield ast.parse(annotation.value, mode="eval").body if quoted else annotation


def arrays(annotation: ast.expr) -> tuple[int, int]:
    """How many arrays with a shape, and how many without, an annotation names."""
    if isinstance(annotation, ast.Subscript) and getattr(annotation.value, "id", "") in DTYPES:
        return 1, 0
    name = getattr(annotation, "id", getattr(annotation, "attr", ""))
    own = (1, 0) if name in WITH_SHAPE else (0, 1) if name in ("Array", "ndarray") else (0, 0)
    inner = [arrays(child) for child in ast.iter_child_nodes(annotation) if isinstance(child, ast.expr)]
    return own[0] + sum(pair[0] for pair in inner), own[1] + sum(pair[1] for pair in inner)


def anys(tree: ast.Module) -> int:
    """`Any` in arguments and results."""
    items = [getattr(node, "annotation", None) for node in ast.walk(tree) if isinstance(node, ast.arg)]
    items += [node.returns for node in ast.walk(tree) if isinstance(node, Function)]
    names = [inner for item in items if item is not None for inner in ast.walk(item)]
    return sum(isinstance(name, ast.Name) and name.id == "Any" for name in names)


def test_nine_of_ten_arguments_are_named_in_the_docstring():
    missing, count = zip(*(undocumented(tree) for tree in TREES.values()), strict=True)
    flat = [name for names in missing for name in names]
    assert len(flat) < 0.1 * sum(count), flat


def test_most_array_annotations_have_a_shape():
    pairs = [arrays(annotation) for tree in TREES.values() for annotation in annotations(tree)]
    shaped, bare = (sum(pair[index] for pair in pairs) for index in (0, 1))
    assert shaped > 0.85 * (shaped + bare), (shaped, bare)


def test_few_annotations_say_nothing():
    assert sum(map(anys, TREES.values())) < 100


def test_the_rules_see_what_is_missing():
    """Each has teeth."""
    code = "def f(a: Any, b: Array, c: 'Float[Array, \" n\"]') -> Any:\n    'Add a and b.'\n"
    tree = ast.parse(code)
    assert undocumented(tree) == (["f(c)"], 3)
    pairs = [arrays(annotation) for annotation in annotations(tree)]
    assert sorted(pairs) == [(0, 0), (0, 0), (0, 1), (1, 0)]
    assert anys(tree) == 2
