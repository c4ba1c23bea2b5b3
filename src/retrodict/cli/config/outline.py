"""Signatures read from source text, so that a config that is wrong by its structure is refused without importing JAX.

An outline is a dataclass with the name, the parameters and the types of a class or function, made from the syntax trees
of the modules that define it; nothing of them is executed. The builder takes it in place of the original. What is not
understood here becomes `Unread`, which any value fits: an outline finds fewer errors than the original, never others.
"""

import ast
import builtins
import dataclasses
import functools
import importlib
import importlib.util
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from retrodict.base.domain import ImportPath
from retrodict.base.files import JSON
from retrodict.cli.config.signature import MISSING, Annotation, Unread

LIGHT = ("typing", "pathlib", "os", "collections.abc")  # modules whose names are imported as they are
ARRAYS = ("Float", "Int", "Bool", "Shaped")  # of jaxtyping
FOREIGN = ("equinox", "jax", "jaxlib", "numpy", "optax", "diffrax", "lineax", "optimistix", "blackjax", "scipy")
BUILTIN = ("int", "float", "str", "bool", "tuple", "list", "dict")
PLAIN_BASES = ("Generic", "Protocol", "ABC")
NOT_SAID = object()  # a default that has not been evaluated


class _Unreadable(Exception):
    """This is not understood here."""


class _Field(NamedTuple):
    annotation: Annotation
    default: object  # MISSING or NOT_SAID


def outline(path: ImportPath) -> type:
    """The outline of a class or function; `Unread` for what cannot be read.

    Args:
        path: `package.module:name`.

    Example:
        >>> outline("retrodict.inference.schedule:Cosine").__name__
        'Cosine'
    """
    module, _, name = path.partition(":")
    try:
        place, node = _definition(_scope(module), name)
        return _of_class(place, node) if isinstance(node, ast.ClassDef) else _of_function(place, node)
    except _Unreadable:
        return Unread


class _Scope:
    """The names of a module, each with the statement that defines it."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self.module = module
        self.defined: dict[str, ast.expr | ast.ClassDef | ast.FunctionDef] = {}
        self.imported: dict[str, tuple[str, str]] = {}  # name -> module, name in it; empty for the module itself
        for node in _statements(tree.body):
            self._take(node)

    def _take(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            self.defined[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            self.defined[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            self.defined[node.target.id] = node.value
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            self.imported |= {one.asname or one.name: (node.module, one.name) for one in node.names}
        elif isinstance(node, ast.Import):
            self.imported |= {one.asname or one.name: (one.name, "") for one in node.names}


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Of a module, with those below its `if TYPE_CHECKING:`."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _statements(node.body)


@functools.cache
def _scope(module: str) -> _Scope:
    """A module by its source; no package above it is imported."""
    root, *rest = module.split(".")
    try:
        spec = None if root in FOREIGN else importlib.util.find_spec(root)
        places = list(spec.submodule_search_locations or ()) if spec else []
        path = Path(places[0] if places else (spec and spec.origin) or "", *rest)
        path = path / "__init__.py" if path.is_dir() else path if path.is_file() else path.with_suffix(".py")
        return _Scope(module, ast.parse(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ImportError, SyntaxError) as error:
        raise _Unreadable from error


def _definition(scope: _Scope, name: str) -> tuple[_Scope, ast.expr | ast.ClassDef | ast.FunctionDef]:
    """What a name stands for, followed through imports."""
    if name in scope.defined:
        return scope, scope.defined[name]
    module, original = scope.imported.get(name, ("", ""))
    if not original:
        raise _Unreadable
    return _definition(_scope(module), original)


def _of_function(scope: _Scope, node: ast.AST) -> type:
    if not isinstance(node, ast.FunctionDef):
        raise _Unreadable
    positional, named = [*node.args.posonlyargs, *node.args.args], node.args.kwonlyargs
    given = [None] * (len(positional) - len(node.args.defaults)) + [*node.args.defaults, *node.args.kw_defaults]
    fields = {
        one.arg: _field(scope, one.annotation, default is not None) if one.annotation else _Field(typing.Any, NOT_SAID)
        for one, default in zip([*positional, *named], given, strict=True)
    }
    return _made(node.name, fields)


def _of_class(scope: _Scope, node: ast.ClassDef) -> type:
    return _class_outline(scope.module, node.name)


@functools.cache
def _class_outline(module: str, name: str) -> type:
    scope, node = _definition(_scope(module), name)
    lineage = list(_lineage(scope, node))
    marked = [one for one in lineage if one is None or _is_marked(one[1])]
    own = [one for one in reversed(lineage) if one is not None]
    if not marked or (None not in lineage and not _is_marked(own[-1][1])) or _is_abstract([one for _, one in own]):
        return Unread  # no dataclass, or none that could be made
    fields: dict[str, _Field] = {}
    for place, one in own:
        if any(isinstance(item, ast.FunctionDef) and item.name == "__init__" for item in one.body):
            return Unread
        fields |= dict(_fields(place, one))
    return _made(name, fields)


def _lineage(scope: _Scope, node: ast.AST) -> Iterator[tuple[_Scope, ast.ClassDef] | None]:
    """A class with those that it inherits from, itself first; None stands for `equinox.Module`."""
    if not isinstance(node, ast.ClassDef):
        raise _Unreadable
    yield scope, node
    for base in node.bases:
        base = base.value if isinstance(base, ast.Subscript) else base
        words = ast.unparse(base).split(".")
        module, original = scope.imported.get(words[0], ("", ""))
        if (module, original or words[-1]) == ("equinox", "Module"):
            yield None
        elif words[-1] not in PLAIN_BASES:
            if len(words) > 1:
                raise _Unreadable
            yield from _lineage(*_definition(scope, words[0]))


def _is_marked(node: ast.ClassDef) -> bool:
    """Whether it is decorated as a dataclass."""
    return any(ast.unparse(one).partition("(")[0].rpartition(".")[2] == "dataclass" for one in node.decorator_list)


def _is_abstract(classes: list[ast.ClassDef]) -> bool:
    """Whether a class with these, the highest first, leaves a method open."""
    is_open: set[str] = set()
    for item in (item for one in classes for item in one.body):
        if isinstance(item, ast.FunctionDef):
            abstract = any("abstract" in ast.unparse(mark) for mark in item.decorator_list)
            is_open = is_open | {item.name} if abstract else is_open - {item.name}
        elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            abstract = ast.unparse(item.annotation).startswith(("AbstractVar", "AbstractClassVar", "eqx.Abstract"))
            is_open = is_open | {item.target.id} if abstract else is_open - {item.target.id}
        elif isinstance(item, ast.Assign):
            is_open -= {target.id for target in item.targets if isinstance(target, ast.Name)}
    return bool(is_open)


def _fields(scope: _Scope, node: ast.ClassDef) -> Iterator[tuple[str, _Field]]:
    """Those that a constructor takes."""
    for item in node.body:
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
            continue
        if ast.unparse(item.annotation).strip("'\"").startswith(("ClassVar", "AbstractVar", "AbstractClassVar")):
            continue
        has_default, said = item.value is not None, {}
        if isinstance(item.value, ast.Call) and ast.unparse(item.value.func).rpartition(".")[2] == "field":
            said = {word.arg: ast.unparse(word.value) for word in item.value.keywords}
            has_default = "default" in said or "default_factory" in said
        if said.get("init") != "False":
            yield item.target.id, _field(scope, item.annotation, has_default)


def _field(scope: _Scope, annotation: ast.expr, has_default: bool) -> _Field:
    """What is not understood is never missed."""
    try:
        read = _type(scope, annotation)
    except _Unreadable:
        return _Field(Unread, NOT_SAID)
    return _Field(read, NOT_SAID if has_default else MISSING)


def _made(name: str, fields: dict[str, _Field]) -> type:
    described = [
        (key, one.annotation) if one.default is MISSING else (key, one.annotation, dataclasses.field(default=NOT_SAID))
        for key, one in fields.items()
    ]
    return dataclasses.make_dataclass(name, described, kw_only=True)


def _type(scope: _Scope, node: ast.expr) -> Annotation:
    """The type that an expression means, with outlines in place of classes."""
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str)):
        return None if node.value is None else _type(scope, ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return typing.Union[_type(scope, node.left), _type(scope, node.right)]  # noqa: UP007  (of values)
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _subscript(scope, node.value, inner)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return _imported(scope.imported.get(node.value.id, ("", ""))[0], node.attr)
    if isinstance(node, ast.Name):
        return _named(scope, node.id)
    raise _Unreadable


def _named(scope: _Scope, name: str) -> Annotation:
    if name in scope.defined:
        found = scope.defined[name]
        made = _of_class(scope, found) if isinstance(found, ast.ClassDef) else None
        if made is Unread or isinstance(found, ast.FunctionDef):
            raise _Unreadable
        return made or _type(scope, typing.cast("ast.expr", found))
    if name in scope.imported:
        return _imported(*scope.imported[name])
    if name in BUILTIN:
        return getattr(builtins, name)
    raise _Unreadable


def _imported(module: str, name: str) -> Annotation:
    if module in LIGHT or (module == "jaxtyping" and name in ARRAYS):
        return getattr(importlib.import_module(module), name)
    if not module or not name or module == "jaxtyping":
        raise _Unreadable
    return _named(_scope(module), name)


def _subscript(scope: _Scope, whole: ast.expr, inner: list[ast.expr]) -> Annotation:
    kind = _type(scope, whole)
    if kind is typing.Literal:
        return typing.Literal[tuple(ast.literal_eval(one) for one in inner)]
    if kind is typing.Annotated:
        return typing.Annotated[(_type(scope, inner[0]), *(_metadata(scope, one) for one in inner[1:]))]
    if getattr(kind, "__module__", "").startswith("jaxtyping"):
        import numpy as np

        return kind[np.ndarray, ast.literal_eval(inner[-1])]
    if dataclasses.is_dataclass(kind):
        raise _Unreadable  # a generic class with its argument is no class that a config could name
    parts = [... if isinstance(one, ast.Constant) and one.value is ... else _type(scope, one) for one in inner]
    return kind[tuple(parts)] if len(parts) > 1 else kind[parts[0]]


def _metadata(scope: _Scope, node: ast.expr) -> JSON:
    """A word, or the bounds of a number."""
    if isinstance(node, ast.Call):
        word, _, attribute = ast.unparse(node.func).partition(".")
        module, name = scope.imported.get(word, ("", ""))
        if (module, name or attribute) != ("pydantic", "Field") or node.args:
            raise _Unreadable
        import pydantic

        return pydantic.Field(**{str(word.arg): _constant(scope, word.value) for word in node.keywords})
    return _constant(scope, node)


def _constant(scope: _Scope, node: ast.expr) -> JSON:
    if isinstance(node, ast.Name):
        place, found = _definition(scope, node.id)
        if not isinstance(found, ast.expr):
            raise _Unreadable
        return _constant(place, found)
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise _Unreadable from error
