"""Everything that a config can name, with what it serves: read off the manifests and the signatures they lead to.

Domains, methods and baselines stand in the manifests. What a problem or a method can be made of (ansaetze, theories,
models) stands in its signature alone, which a config is checked against: there is no second list that could disagree.
So the catalogue imports the problems, and with them JAX, which is one to two seconds.
"""

from collections.abc import Callable, Iterator, Sequence
from types import NoneType
from typing import Any, Final, NamedTuple, get_origin

from pydantic.fields import FieldInfo

from retrodict.base.domain import Domain
from retrodict.base.domains import nearest
from retrodict.base.errors import InputError
from retrodict.base.files import JSON
from retrodict.cli import domains
from retrodict.cli.config.meaning import meanings, summary
from retrodict.cli.config.signature import (
    LISTS,
    Annotation,
    buildable,
    entry_of,
    expectation,
    is_class,
    options,
    parameters,
)
from retrodict.cli.config.written import NOT_WRITTEN, written
from retrodict.inference import METHODS

EVERY: Final = "every domain"
BASELINE: Final = "baseline"  # has no fields in a config: reports run it as it is
PART: Final = "part"  # what is a choice of nothing, such as the grid of an ansatz: found by its name only
FIRST: Final = ("domain", "problem", "ansatz", "theory", "method", "model", BASELINE)  # of the groups
PLURALS: Final = {"ansatz": "ansaetze", "theory": "theories"}


class Entry(NamedTuple):
    """One thing with a name."""

    noun: str  # what it is: domain, problem, method, baseline, or the field that it may stand in, such as ansatz
    name: str
    summary: str  # in a line
    serves: tuple[str, ...]  # domains, or methods
    thing: Callable[..., Any]  # whose signature says what its fields are


def catalogue(found: Sequence[Domain]) -> list[Entry]:
    """All entries, those of a noun together, in the order of `FIRST`.

    Args:
        found: the domains, all of them usable.
    """
    problems = {domain.name: domains.load(domain.problem, domain) for domain in found}
    entries = [Entry("domain", domain.name, domain.title, (), problems[domain.name]) for domain in found]
    entries += [Entry("problem", name, summary(problem), (name,), problem) for name, problem in problems.items()]
    methods = _methods(found)
    known = {method.thing for method in methods}
    for name, problem in problems.items():
        entries += _choices(problem, name, known)
    entries += methods
    for method in methods:
        entries += _choices(method.thing, method.name, known)
    for domain in found:
        entries += _baselines(domain)
    return _merged([*entries, *_parts(entries)])


def find(name: str, entries: list[Entry]) -> list[Entry]:
    """The entries of a name; of two that describe the same thing the first.

    Args:
        name: as a config writes it.
        entries: of the catalogue.

    Raises:
        InputError: if nothing has this name, with the nearest one.
    """
    found = {id(entry.thing): entry for entry in reversed(entries) if entry.name == name}
    if found:
        return list(found.values())[::-1]
    near = nearest(name, [entry.name for entry in entries])
    expected = "the name of a domain, an ansatz, a theory, a method, a model, ..."
    fix = f"did you mean {near}?" if near else "retrodict list"
    raise InputError(f"nothing is called {name!r}", expected=expected, fix=fix)


def fields(thing: Callable[..., Any]) -> list[dict[str, JSON]]:
    """The fields of a class or function that a config can write: name, type, default, meaning.

    Args:
        thing: the class or function.

    Returns:
        A mapping for each field; `required` instead of a `default` where there is none.
    """
    said = meanings(thing)
    rows = []
    for name, parameter in parameters(thing).items():
        row = {"name": name, "type": in_words(parameter.annotation)}
        default = None if parameter.required else written(parameter.annotation, parameter.default)
        row |= {"required": True} if parameter.required else {"default": None if default is NOT_WRITTEN else default}
        rows.append(
            {**row, "kinds": [kind.__name__ for kind in _kinds(parameter.annotation)], "meaning": said.get(name)}
        )
    return rows


def in_words(annotation: Annotation) -> str:
    """A type for people: the kinds that may stand there by their names alone."""
    kinds = " | ".join(option.__name__ for option in options(annotation) if is_class(option))
    plain = [option for option in options(annotation) if not is_class(option)]
    others = [expectation(option) + _bounds(option) for option in plain if option is NoneType or buildable(option)]
    return " or ".join([*([kinds] if kinds else []), *others])


def _bounds(annotation: Annotation) -> str:
    """The limits of a number: ` >= 1, < 5`."""
    found = [item for item in getattr(annotation, "__metadata__", ()) if isinstance(item, FieldInfo)]
    limits = [limit for item in found for limit in item.metadata]
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    said = [
        f"{sign} {getattr(limit, name):g}" for limit in limits for name, sign in signs.items() if hasattr(limit, name)
    ]
    return f" {', '.join(said)}" if said else ""


def plural(noun: str) -> str:
    """The heading of a group."""
    return PLURALS.get(noun, f"{noun}s").replace("_", " ")


def _methods(found: Sequence[Domain]) -> list[Entry]:
    everywhere = [(name, (EVERY,), domains.load(path)) for name, path in METHODS.items()]
    own = [(name, (d.name,), domains.load(path, d)) for d in found for name, path in d.methods.items()]
    return [Entry("method", name, summary(thing), serves, thing) for name, serves, thing in [*everywhere, *own]]


def _choices(thing: Callable[..., Any], owner: str, known: set[Callable[..., Any]]) -> Iterator[Entry]:
    """The kinds of fields where there are several to choose from, or that are an ansatz, a theory or a model.

    Those that are `known` are listed elsewhere.
    """
    for name, parameter in parameters(thing).items():
        kinds = _kinds(parameter.annotation)
        for kind in kinds if len(kinds) > 1 or name in FIRST else ():
            if kind not in known:
                yield Entry(name, kind.__name__, summary(kind), (owner,), kind)


def _parts(entries: list[Entry]) -> Iterator[Entry]:
    """What entries are made of, down to the last; each once."""
    seen, waiting = {entry.thing for entry in entries}, [(entry.name, entry.thing) for entry in entries]
    while waiting:
        label, owner = waiting.pop(0)
        for name, parameter in parameters(owner).items():
            for kind in _kinds(parameter.annotation):
                if kind not in seen:
                    seen.add(kind)
                    waiting.append((kind.__name__, kind))
                    yield Entry(PART, kind.__name__, summary(kind), (f"{label}.{name}",), kind)


def _baselines(domain: Domain) -> list[Entry]:
    path = domain.report.baseline_methods
    named = domains.load(path, domain)() if path else {}
    return [Entry(BASELINE, name, summary(thing), (domain.name,), thing) for name, thing in named.items()]


def _kinds(annotation: Annotation) -> list[type]:
    """The classes that a field may hold, itself or in a list."""
    found = [option for option in options(annotation) if is_class(option)]
    if any(get_origin(option) in LISTS for option in options(annotation)):
        found += [option for option in options(entry_of(annotation)) if is_class(option)]
    return found


def _merged(entries: list[Entry]) -> list[Entry]:
    """One entry for what serves several, group by group."""
    merged: dict[tuple[str, str, int], Entry] = {}
    for entry in entries:
        key = (entry.noun, entry.name, id(entry.thing))
        served = merged[key].serves if key in merged else ()
        merged[key] = entry._replace(serves=tuple(dict.fromkeys((*served, *entry.serves))))
    nouns = list(dict.fromkeys((*FIRST, *(entry.noun for entry in merged.values()))))
    return sorted(merged.values(), key=lambda entry: nouns.index(entry.noun))
