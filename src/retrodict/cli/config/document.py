"""A config file as plain data with the place of each field, and the overrides of the command line on top."""

from dataclasses import dataclass
from pathlib import Path

from retrodict.base.domains import did_you_mean
from retrodict.base.errors import InputError
from retrodict.base.files import CONFIG_LIMIT, JSON, parse_yaml, read_text

Field = tuple[str | int, ...]

KEYS = ("domain", "problem", "method", "seed")  # of a config


@dataclass(frozen=True)
class Document:
    """The value of a config and, for messages, where each field came from."""

    value: JSON
    path: Path  # of the file; relative paths in it start in its folder
    places: dict[Field, str]  # field -> "config.yaml:12:5" or "--set a.b=3"
    text: str  # the file as it was read

    def where(self, field: Field) -> str:
        """`config.yaml:12:5 (problem.ansatz.width)`: the nearest parent's place if the field is not written."""
        near = field
        while near and near not in self.places:
            near = near[:-1]
        place = self.places.get(near, str(self.path))
        return f"{place} ({dotted(field)})" if field else place

    def line(self, field: Field) -> tuple[int, ...]:
        """Sorts errors in the order of the file; overrides come last."""
        place = self.where(field).split(" (")[0].rsplit(":", 2)[1:]
        return tuple(int(number) for number in place) if all(n.isdigit() for n in place) and place else (10**9,)


def read_document(path: Path, overrides: tuple[str, ...] = ()) -> Document:
    """Read a YAML file and put `a.b=value` overrides on top. Raises `InputError`."""
    return parse_document(read_text(path, CONFIG_LIMIT)[0], path, overrides)


def parse_document(text: str, path: Path, overrides: tuple[str, ...] = ()) -> Document:
    """Parse the text of a config.

    Args:
        text: YAML.
        path: where it stands, or will stand.
        overrides: `a.b=value`, put on top in turn.

    Raises:
        InputError: if it is no YAML, or no mapping.
    """
    value, positions = parse_yaml(text, path)
    if not isinstance(value, dict):
        expected = "domain: ..., problem: ..., method: ..."
        raise InputError("a config is a mapping", where=f"{path}:1:1", got=shown(value), expected=expected)
    places = {field: f"{path}:{line}:{column}" for field, (line, column) in positions.items()}
    for override in overrides:
        value = _overridden(value, override, places)
    return Document(value, path, places, text)


def named_field(name: str) -> tuple[str, ...]:
    """The field that `--set NAME=...` means: `method.chains`; a first word that is no key of a config, nor a slip for
    one, is the problem's: `kernel`, `theory.shape`."""
    field = tuple(name.split("."))
    known = field[0] in KEYS or (len(field) > 1 and did_you_mean(field[0], list(KEYS)))
    return field if known else ("problem", *field)


def dotted(field: Field) -> str:
    """`problem.stars[2].mass`."""
    return "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in field).removeprefix(".")


def shown(value: JSON) -> str:
    """A value as a message quotes it: short, and with its kind where that is the point."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return f"a {'mapping' if isinstance(value, dict) else 'list'} of {len(value)}"
    text = repr(value)
    return f"the text {text[:60]}" if isinstance(value, str) else text[:60]


def _overridden(value: JSON, override: str, places: dict[Field, str]) -> JSON:
    name, equals, text = override.partition("=")
    place = f"--set {override}"
    if not equals or not all(name.split(".")):
        raise InputError("an override is NAME=VALUE", where=place, fix="--set method.chains=4")
    parsed, _ = parse_yaml(text, place)
    field = named_field(name)
    for known in [known for known in places if known[: len(field)] == field]:
        del places[known]
    places[field] = place
    return _replaced(value, field, parsed, place)


def _replaced(value: JSON, field: Field, new: JSON, place: str) -> JSON:
    """A copy of `value` with `field` set to `new`; mappings on the way are made where they are missing."""
    if not field:
        return new
    head, rest = field[0], field[1:]
    if isinstance(value, list) and str(head).isdigit() and int(head) < len(value):
        index = int(head)
        return [*value[:index], _replaced(value[index], rest, new, place), *value[index + 1 :]]
    if value is None or isinstance(value, dict):
        return {**(value or {}), head: _replaced((value or {}).get(head), rest, new, place)}
    raise InputError(f"there is no field {head!r} to set", where=place, got=shown(value), expected="a mapping")
