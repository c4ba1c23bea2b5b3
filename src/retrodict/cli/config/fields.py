"""The fields that a config has, written in it or left to their defaults: read off the signatures, nothing is built."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

from retrodict.base.domains import domain as named_domain
from retrodict.base.errors import InputError
from retrodict.base.files import JSON
from retrodict.cli import domains
from retrodict.cli.config.document import KEYS, Field
from retrodict.cli.config.signature import Annotation, entry_of, is_class, kind_of, options, parameters
from retrodict.cli.config.written import written


class Known(NamedTuple):
    """What a config says at a field."""

    annotation: Annotation  # the type of its value
    value: JSON  # as written, or its default written out


Fields: TypeAlias = dict[Field, Known]


def fields_of(config: JSON) -> Fields:
    """Every field of a config with its present value.

    A part of the config whose domain, method or kind nobody knows has no fields: the builder says what is wrong.

    Args:
        config: the value of the whole config, right or wrong.
    """
    config = config if isinstance(config, dict) else {}
    fields: Fields = {(key,): Known(Any, config.get(key)) for key in KEYS}
    try:
        domain = named_domain(config["domain"])
        problem = domains.load(domain.problem, domain)
    except (InputError, KeyError, TypeError):
        return fields
    fields |= dict(_of_call(problem, config.get("problem"), ("problem",)))
    method = config.get("method")
    method = {"kind": method} if isinstance(method, str) else method
    kind = method.get("kind") if isinstance(method, dict) else None
    if isinstance(kind, str) and kind in domains.methods_of(domain):
        fields["method", "kind"] = Known(str, kind)
        fields |= dict(_of_call(domains.method(kind, domain), method, ("method",)))
    return fields


def _of_call(callable_: Callable[..., Any], given: JSON, at: Field) -> Iterator[tuple[Field, Known]]:
    given = given if isinstance(given, dict) else {}
    for name, parameter in parameters(callable_).items():
        default = None if parameter.required else written(parameter.annotation, parameter.default)
        yield from _inside(parameter.annotation, given.get(name, default), (*at, name))


def _inside(annotation: Annotation, value: JSON, at: Field) -> Iterator[tuple[Field, Known]]:
    """A field with all that its value holds."""
    yield at, Known(annotation, value)
    kind = kind_of(annotation, value)
    if kind is not None or (value is None and any(is_class(option) for option in options(annotation))):
        yield (*at, "kind"), Known(str, kind and kind.__name__)
    if kind is not None:
        yield from _of_call(kind, value, at)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _inside(entry_of(annotation), item, (*at, index))
