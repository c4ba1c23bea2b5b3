"""What a class or function can be built from: its parameters with types and defaults, read off its signature."""

import dataclasses
import functools
import inspect
import operator
import os
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args, get_origin

from retrodict.base.domain import Kinds
from retrodict.base.files import JSON

Annotation: TypeAlias = Any  # a type, a union, an `Annotated`: what may stand behind the colon of a parameter
LEAVES = (bool, int, float, str, Path)
LISTS = (list, tuple, Sequence)
MISSING = inspect.Parameter.empty


class Unread:
    """The type of a parameter that an outline has not understood: any value fits (see `config/outline.py`)."""


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One key that a mapping in the config may have."""

    name: str  # the key
    annotation: Annotation  # the type of its value
    default: Any  # MISSING where one must be given

    @property
    def required(self) -> bool:
        """Whether the config must name it."""
        return self.default is MISSING


def parameters(callable_: Callable[..., Any]) -> dict[str, Parameter]:
    """The parameters that a config can give, by name, in the order of the signature.

    A parameter whose type has no written form (a function, an abstract class) is left to its default.
    """
    hints = _hints(callable_)
    found = {}
    for name, parameter in inspect.signature(callable_).parameters.items():
        annotation = hints.get(name, Any)
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or not buildable(annotation):
            continue
        found[name] = Parameter(name, annotation, _default(callable_, parameter))
    return found


def options(annotation: Annotation) -> tuple[Annotation, ...]:
    """The members of a union, nested ones flattened; a lone type is its own only member.

    An abstract class has the classes that its `Kinds` name; where the Python API takes a path in any form
    (`PathLike`), a config takes the path of a file.
    """
    annotation = plain(annotation)
    if get_origin(annotation) in (typing.Union, types.UnionType):
        members = tuple(option for member in get_args(annotation) for option in options(member))
        is_path = any(_is_path(member) for member in members)
        return tuple(_leaf_of_path(member) for member in members if not (is_path and member is str))
    kinds = [item for item in getattr(annotation, "__metadata__", ()) if isinstance(item, Kinds)]
    return tuple(option for item in kinds for option in item.classes()) or (annotation,)


def _is_path(annotation: Annotation) -> bool:
    bare = get_args(annotation)[0] if get_origin(annotation) is typing.Annotated else annotation
    return get_origin(bare) is os.PathLike


def _leaf_of_path(annotation: Annotation) -> Annotation:
    if not _is_path(annotation):
        return annotation
    return typing.Annotated[Path, *annotation.__metadata__] if hasattr(annotation, "__metadata__") else Path


def plain(annotation: Annotation) -> Annotation:
    """`annotation` without the type variable defaults and names around it."""
    return annotation.__supertype__ if isinstance(annotation, typing.NewType) else annotation


def is_class(annotation: Annotation) -> bool:
    """Whether it is a concrete dataclass (an Equinox module is one): a mapping of its parameters builds it."""
    return isinstance(annotation, type) and dataclasses.is_dataclass(annotation) and not inspect.isabstract(annotation)


def kind_of(annotation: Annotation, value: JSON) -> type | None:
    """The class that a value of a config is to become: by its `kind`, by its bare name, or as the only one there is."""
    by_name = {option.__name__: option for option in options(annotation) if is_class(option)}
    if isinstance(value, dict):
        value = value.get("kind", next(iter(by_name)) if len(by_name) == 1 else None)
    return by_name.get(value) if isinstance(value, str) else None


def entry_of(annotation: Annotation) -> Annotation:
    """The union of what the entries of a list of this type may be."""
    lists = [option for option in options(annotation) if get_origin(option) in LISTS]
    inner = [kind for option in lists for kind in get_args(option) if kind is not Ellipsis]
    return functools.reduce(operator.or_, inner) if inner else annotation


def shape_fits(option: Annotation, value: JSON) -> bool:
    """Whether a value of this JSON shape could be of the type at all; classes also go by their bare name."""
    if inspect.isabstract(option):
        return False
    origin = get_origin(option)
    if isinstance(value, dict):
        return is_class(option) or origin in (dict, Mapping)
    if isinstance(value, list):
        return origin in LISTS or is_array(option)
    return origin not in (*LISTS, dict, Mapping) and (not is_class(option) or isinstance(value, str))


def is_array(annotation: Annotation) -> bool:
    """Whether it is a jaxtyping array such as `Float[Array, " points"]`."""
    arrays = sys.modules.get("jaxtyping")  # if nobody has imported it, nothing is of its types
    return arrays is not None and isinstance(annotation, type) and issubclass(annotation, arrays.AbstractArray)


def buildable(annotation: Annotation) -> bool:
    """Whether YAML can say a value of this type."""
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        named = any(isinstance(item, Kinds) for item in annotation.__metadata__)
        return named or buildable(get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return any(buildable(option) for option in options(annotation) if option is not types.NoneType)
    if origin in (*LISTS, dict, Mapping):
        return all(buildable(inner) for inner in get_args(annotation) if inner is not Ellipsis)
    return annotation in (*LEAVES, Unread) or origin is Literal or is_array(annotation) or is_class(annotation)


def expectation(annotation: Annotation) -> str:
    """A type in words, for messages."""
    annotation = plain(annotation)
    words = {bool: "true or false", int: "an integer", float: "a number", str: "text", Path: "the path of a file"}
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation in words:
        return words[annotation]
    if annotation in (None, types.NoneType):
        return "null"
    if options(annotation) != (annotation,):
        return " or ".join(dict.fromkeys(expectation(option) for option in options(annotation)))
    if origin is typing.Annotated:
        return expectation(inner[0])
    if origin is Literal:
        return "one of " + ", ".join(str(word) for word in inner)
    if is_class(annotation):
        return f"a mapping of {annotation.__name__}"
    if origin in LISTS:
        return f"a list, each entry {expectation(inner[0])}" if inner else "a list"
    return "a mapping" if origin in (dict, Mapping) else "numbers"


def _hints(callable_: Callable[..., Any]) -> dict[str, Any]:
    if not isinstance(callable_, type):
        return typing.get_type_hints(callable_, include_extras=True)
    of_fields = typing.get_type_hints(callable_, include_extras=True)
    of_init = typing.get_type_hints(callable_.__init__, include_extras=True)
    # A field with a converter is `Any` in the generated constructor; its own annotation says more.
    return {name: of_fields.get(name, hint) if hint is Any else hint for name, hint in of_init.items()}


def _default(callable_: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    if isinstance(callable_, type) and dataclasses.is_dataclass(callable_):
        for field in dataclasses.fields(callable_):
            if field.name == parameter.name and field.default_factory is not dataclasses.MISSING:
                return field.default_factory()
    return parameter.default
