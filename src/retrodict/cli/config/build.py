"""The recursive builder: a YAML value and a type in, an object and its fully written-out config out.

All errors are collected, each with the place of its key; an object is made only when all that it is made of is right.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

from retrodict.base.domains import did_you_mean
from retrodict.base.errors import InputError, InputErrors
from retrodict.base.files import JSON
from retrodict.cli.config.document import Document, Field, dotted, shown
from retrodict.cli.config.leaf import RUN, Mismatch, leaf
from retrodict.cli.config.signature import (
    Annotation,
    Parameter,
    Unread,
    expectation,
    is_array,
    is_class,
    options,
    parameters,
    shape_fits,
)
from retrodict.cli.config.written import NOT_WRITTEN, written


@dataclass(frozen=True)
class Built:
    """An object, and the config that makes it with nothing left to defaults."""

    value: Any  # the object
    resolved: JSON  # its config


@dataclass
class Session:
    """One pass over a document: where things stand, what went wrong, which files were named."""

    document: Document
    errors: list[tuple[Field, InputError]] = field(default_factory=list)  # in the order of finding
    inputs: list[Path] = field(default_factory=list)  # files that the config names
    passed: list[Field] = field(default_factory=list)  # fields that an outline could not check

    def refuse(self, at: Field, what: str, **details: str) -> None:
        """Note an error at a field."""
        self.errors.append((at, InputError(what, where=self.document.where(at), **details)))

    def sorted_errors(self) -> list[InputError]:
        """In the order of the file."""
        return [error for at, error in sorted(self.errors, key=lambda pair: self.document.line(pair[0]))]


def build(session: Session, annotation: Annotation, value: JSON, at: Field) -> Built | None:
    """A value of a config as a type asks for it.

    Args:
        session: notes what goes wrong.
        annotation: the type.
        value: from the config.
        at: the field of the config.

    Returns:
        The object with its written-out config; None if it cannot be made.
    """
    if annotation is Unread:
        session.passed.append(at)
        return Built(None, NOT_WRITTEN)
    candidates = [option for option in options(annotation) if shape_fits(option, value)]
    classes = [option for option in candidates if is_class(option)]
    if classes and isinstance(value, dict):
        return _build_kind(session, classes, value, at)
    if classes and value in [option.__name__ for option in classes]:
        return _build_kind(session, classes, {"kind": value}, at)
    plain = [option for option in candidates if not is_class(option)]
    if not plain:
        fix = did_you_mean(value, [option.__name__ for option in classes]) if isinstance(value, str) else ""
        return session.refuse(at, "wrong type", got=shown(value), expected=_words(annotation), fix=fix)
    return _first_that_fits(session, plain, value, at)


def build_call(session: Session, callable_: Callable[..., Any], value: JSON, at: Field) -> dict[str, Built] | None:
    """The arguments of a call, built from a mapping.

    Args:
        session: notes what goes wrong.
        callable_: the class or function, whose signature says what is wanted.
        value: the mapping.
        at: the field of the config.

    Returns:
        The arguments by name; None after an error.
    """
    if not isinstance(value, dict):
        return session.refuse(at, "wrong type", got=shown(value), expected="a mapping")
    if callable_ is Unread:
        session.passed.append(at)
        return {}
    known, before = parameters(callable_), len(session.errors)
    for name in value:
        if name not in known:
            fix = did_you_mean(str(name), list(known))
            session.refuse((*at, name), f"unknown key {name!r}", expected=f"one of {', '.join(known)}", fix=fix)
    arguments = {name: _argument(session, known[name], value, (*at, name)) for name in known}
    return None if len(session.errors) > before else {name: item for name, item in arguments.items() if item}


def construct(session: Session, callable_: Callable[..., Any], arguments: dict[str, Built], at: Field) -> Any:
    """Call a class or function; what it refuses is an error at this field.

    Args:
        session: notes what goes wrong.
        callable_: what is called.
        arguments: by name.
        at: the field of the config.
    """
    try:
        return callable_(**{name: item.value for name, item in arguments.items()})
    except InputError as error:
        session.errors.append((at, located(error, session.document.where(at))))
        return None


def located(error: InputError, where: str) -> InputError:
    """The same error with the place in the config, unless it already names a file."""
    if error.where or isinstance(error, InputErrors):
        return error
    details = {name: getattr(error, name) for name in ("got", "expected", "why", "fix")}
    return InputError(error.what, where=where, **details)


def _argument(session: Session, parameter: Parameter, mapping: dict[str, JSON], at: Field) -> Built | None:
    if parameter.name in mapping:
        return build(session, parameter.annotation, mapping[parameter.name], at)
    if parameter.required:
        expected = f"{parameter.name}: {expectation(parameter.annotation)}"
        fix = f"--set {dotted(at)}=..." if session.document.overridden(at[:-1]) else ""
        return session.refuse(at, "missing key", expected=expected, fix=fix)
    return Built(parameter.default, written(parameter.annotation, parameter.default))


def _build_kind(session: Session, classes: list[type], value: dict[str, JSON], at: Field) -> Built | None:
    """A mapping picks its class by `kind:`, which may be left out where there is only one."""
    by_name = {option.__name__: option for option in classes}
    kind = value.get("kind", classes[0].__name__ if len(classes) == 1 else None)
    if kind not in by_name:
        place = (*at, "kind") if "kind" in value else at
        fix = did_you_mean(str(kind), list(by_name)) if kind else f"kind: {classes[0].__name__}"
        what = "missing key 'kind'" if kind is None else f"there is no kind {kind!r} here"
        return session.refuse(place, what, expected=f"one of {', '.join(by_name)}", fix=fix)
    rest = {name: item for name, item in value.items() if name != "kind"}
    arguments = build_call(session, by_name[kind], rest, at)
    if arguments is None:
        return None
    made = construct(session, by_name[kind], arguments, at)
    return None if made is None else Built(made, {"kind": kind, **resolved(arguments)})


def resolved(arguments: dict[str, Built]) -> dict[str, JSON]:
    """The written-out config of a call."""
    return {name: item.resolved for name, item in arguments.items() if item.resolved is not NOT_WRITTEN}


def _first_that_fits(session: Session, candidates: list[Annotation], value: JSON, at: Field) -> Built | None:
    """With one candidate its own errors are told; with several, only that none fits."""
    if len(candidates) == 1:
        return _build_plain(session, candidates[0], value, at)
    misfits: list[InputError] = []
    for option in sorted(candidates, key=_eagerness):
        attempt = Session(session.document, inputs=session.inputs)
        built = _build_plain(attempt, option, value, at)
        if built is not None:
            return built
        misfits += attempt.sorted_errors()
    fixes = [error.fix for error in misfits if error.fix]
    expected = " or ".join(dict.fromkeys(error.expected for error in misfits))
    return session.refuse(at, misfits[0].what, got=shown(value), expected=expected, fix="".join(fixes[:1]))


def _build_plain(session: Session, option: Annotation, value: JSON, at: Field) -> Built | None:
    if isinstance(value, dict):
        return _build_mapping(session, option, value, at)
    if isinstance(value, list) and not is_array(option):
        return _build_list(session, option, value, at)
    try:
        made = leaf(option, value, session.document.path.parent)
    except Mismatch as misfit:
        return session.refuse(at, "wrong value", got=shown(value), expected=misfit.expected, fix=misfit.fix)
    if isinstance(made, Path):
        session.inputs.append(made / RUN if made.is_dir() else made)
        return Built(made, str(made))
    return Built(made, made if isinstance(made, str | int | float | None) else value)


def _build_mapping(session: Session, option: Annotation, value: dict[str, JSON], at: Field) -> Built | None:
    inner = get_args(option)[1]
    items = {name: build(session, inner, item, (*at, name)) for name, item in value.items()}
    made = {name: item for name, item in items.items() if item is not None}
    if len(made) < len(items):
        return None
    return Built({n: item.value for n, item in made.items()}, {n: item.resolved for n, item in made.items()})


def _build_list(session: Session, option: Annotation, value: list[JSON], at: Field) -> Built | None:
    inner = get_args(option)
    fixed = get_origin(option) is tuple and Ellipsis not in inner
    if fixed and len(inner) != len(value):
        return session.refuse(at, "wrong length", got=f"{len(value)} entries", expected=f"{len(inner)} entries")
    types = inner if fixed else (inner[0],) * len(value)
    items = [
        build(session, kind, item, (*at, index)) for index, (kind, item) in enumerate(zip(types, value, strict=True))
    ]
    made = [item for item in items if item is not None]
    if len(made) < len(items):
        return None
    values = [item.value for item in made]
    return Built(values if get_origin(option) is list else tuple(values), [item.resolved for item in made])


def _eagerness(option: Annotation) -> int:
    """Where several leaves fit a word: first a listed word, then an existing file, plain text last."""
    return {"str": 3, "PosixPath": 2, "Path": 2, "float": 1}.get(getattr(option, "__name__", ""), 0)


def _words(annotation: Annotation) -> str:
    kinds = [option.__name__ for option in options(annotation) if is_class(option)]
    others = [expectation(option) for option in options(annotation) if not is_class(option)]
    return " or ".join([*others, *([f"a mapping with kind: {', '.join(kinds)}"] if kinds else [])])
