"""The overrides of the command line, `--set NAME=VALUE`, put on top of a config.

A name is that of a field, in full (`method.chains`), without its `problem.` (`theory.kind`), or by its last words
(`kappa`) where only one field of the config ends with them. A field whose `kind` is changed keeps the settings that
the new kind has, too; those that it lacks are left out, unless an override has given them.
"""

import dataclasses
from collections.abc import Iterable, Sequence

from retrodict.base.domains import nearest
from retrodict.base.errors import InputError
from retrodict.base.files import JSON, parse_yaml
from retrodict.cli.config.document import KEYS, OVERRIDE, Document, Field, dotted, shown
from retrodict.cli.config.fields import Fields, fields_of
from retrodict.cli.config.signature import is_class, kind_of, options, shape_fits

MOST_NAMED = 8  # fields that a message lists


@dataclasses.dataclass(frozen=True)
class Override:
    """One `--set NAME=VALUE`."""

    name: Field  # as it was written, a number for the place in a list
    value: JSON
    place: str  # how messages call it


def with_overrides(document: Document, texts: Sequence[str]) -> Document:
    """Put overrides on top of a config.

    They are put there in turn, save that a name which the config does not have yet waits for the others: the `beta` of
    `--set beta=1 --set theory.kind=XY`. What is wrong with their names is kept as errors of the document, to be told
    with all others.

    Args:
        document: the config.
        texts: `NAME=VALUE`.

    Raises:
        InputError: for what is no `NAME=VALUE`, or no YAML.
    """
    if not texts:
        return document
    waiting, changed, given = [parsed(text) for text in texts], {}, []
    while waiting:
        document, later = _one_round(document, waiting, changed, given)
        if len(later) == len(waiting):
            break
        waiting = later
    fields = fields_of(document.value)
    errors = tuple((override.name, _no_single_field(override, fields)) for override in waiting)
    document = _without_leftovers(document, fields, changed, given)
    places = {**document.places, **{override.name: override.place for override in waiting}}
    return dataclasses.replace(document, places=places, errors=(*document.errors, *errors))


def parsed(text: str) -> Override:
    """One `NAME=VALUE`. Raises `InputError`."""
    name, equals, value = text.partition("=")
    place = f"{OVERRIDE} {text}"
    words = name.replace("[", ".").replace("]", "").split(".")
    if not equals or not all(words):
        raise InputError("an override is NAME=VALUE", where=place, fix="--set method.chains=4")
    return Override(tuple(int(word) if word.isdigit() else word for word in words), parse_yaml(value, place)[0], place)


def _one_round(
    document: Document, overrides: list[Override], changed: dict[Field, str], given: list[Field]
) -> tuple[Document, list[Override]]:
    """Put on top what finds its field, noting the kinds that change and the fields that are set; return the others."""
    later = []
    for override in overrides:
        fields = fields_of(document.value)
        found = candidates(override.name, fields)
        if len(found) != 1:
            later.append(override)
            continue
        (field,) = found
        if field[-1] == "kind" and field in fields and fields[field].value != override.value:
            changed[field[:-1]] = override.place
        value = _spelled_out(document.value, field, fields)
        places = {known: place for known, place in document.places.items() if known[: len(field)] != field}
        value = _replaced(value, field, override.value, override.place)
        document = dataclasses.replace(document, value=value, places={**places, field: override.place})
        given.append(field)
    return document, later


def candidates(name: Field, fields: Fields) -> list[Field]:
    """The fields that the name of an override may mean.

    A name that begins like a field in full is taken at its word: the builder knows best what is wrong with the rest.
    """
    if name[0] in KEYS:
        return [name]
    of_problem, several = ("problem", *name), len(name) > 1
    ending = [field for field in fields if field[-len(name) :] == name]
    if several and of_problem in fields:
        return [of_problem]
    if ending:
        return ending
    if several and nearest(str(name[0]), KEYS):
        return [name]
    problem_is_known = any(field[0] == "problem" and len(field) > 1 for field in fields)
    return [of_problem] if not problem_is_known or (several and of_problem[:2] in fields) else []


def _no_single_field(override: Override, fields: Fields) -> InputError:
    """Why an override finds no field, or several."""
    name = dotted(override.name)
    found = [dotted(field) for field in candidates(override.name, fields)]
    if found:
        fix = " or ".join(f"--set {field}=..." for field in found[:MOST_NAMED])
        return InputError(f"{name} may mean several fields", where=override.place, got=", ".join(found), fix=fix)
    by_ending = {dotted(field[start:]): dotted(field) for field in fields for start in range(len(field))}
    near = nearest(name, by_ending)
    expected = "the name of a field, in full or its last words"
    fix = f"did you mean {by_ending[near]}?" if near else "retrodict list NAME shows the fields of a kind"
    return InputError(f"no field of this config is called {name}", where=override.place, expected=expected, fix=fix)


def _spelled_out(value: JSON, field: Field, fields: Fields) -> JSON:
    """The config in which all that the field belongs to is a mapping: a bare name of a kind, a default left unsaid."""
    for end in range(1, len(field)):
        whole = field[:end]
        kind = fields.get((*whole, "kind"))
        present = _at(value, whole)
        if kind is not None and isinstance(present, str):
            value = _replaced(value, whole, {"kind": kind.value}, "")
        elif kind is not None and kind.value and present is None and field != (*whole, "kind"):
            value = _replaced(value, whole, fields[whole].value, "")
    return value


def _at(value: JSON, field: Field) -> JSON:
    for name in field:
        if isinstance(value, list) and isinstance(name, int) and name < len(value):
            value = value[name]
        elif isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return value


def _replaced(value: JSON, field: Field, new: JSON, place: str) -> JSON:
    """A copy of `value` with `field` set to `new`; mappings on the way are made where they are missing."""
    if not field:
        return new
    head, rest = field[0], field[1:]
    if isinstance(value, list) and isinstance(head, int) and head < len(value):
        return [*value[:head], _replaced(value[head], rest, new, place), *value[head + 1 :]]
    if value is None or isinstance(value, dict):
        return {**(value or {}), head: _replaced((value or {}).get(head), rest, new, place)}
    raise InputError(f"there is no field {head!r} to set", where=place, got=shown(value), expected="a mapping")


def _without_leftovers(
    document: Document, fields: Fields, changed: dict[Field, str], given: Iterable[Field]
) -> Document:
    """The config without the settings of former kinds, which are noted; what overrides have given stays."""
    kept_whole = [field[:end] for field in given for end in range(1, len(field) + 1)]
    value, notes, places = document.value, [], dict(document.places)
    for at, place in changed.items():
        kind = fields.get((*at, "kind"))
        present = _at(value, at)
        if kind is None or kind.value is None or not isinstance(present, dict):
            continue
        left = [n for n in present if n != "kind" and (*at, n) not in kept_whole and not _has_room((*at, n), fields)]
        value = _replaced(value, at, {name: item for name, item in present.items() if name not in left}, place)
        written = [dotted((*at, name)) for name in left if (*at, name) in places]
        if written:
            notes.append(f"{place} leaves out what {kind.value} does not have: {', '.join(written)}")
        places[at] = place
    return dataclasses.replace(document, value=value, places=places, notes=(*document.notes, *notes))


def _has_room(field: Field, fields: Fields) -> bool:
    """Whether the kind that it stands in has this field, for a value such as this: a mapping of one of its kinds."""
    if field not in fields:
        return False
    annotation, value = fields[field]
    classes = [option for option in options(annotation) if is_class(option)]
    if isinstance(value, dict) and classes:
        return kind_of(annotation, value) is not None
    return any(shape_fits(option, value) for option in options(annotation))
