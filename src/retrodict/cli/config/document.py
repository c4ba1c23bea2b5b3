"""A config file as plain data with the place of each field, and the overrides of the command line on top."""

from dataclasses import dataclass
from pathlib import Path

from retrodict.base.errors import InputError
from retrodict.base.files import CONFIG_LIMIT, JSON, parse_yaml, read_text

Field = tuple[str | int, ...]

OVERRIDE = "--set"  # how the place of an override begins
KEYS = ("domain", "problem", "method", "seed")  # of a config


@dataclass(frozen=True)
class Document:
    """The value of a config and, for messages, where each field came from."""

    value: JSON
    path: Path  # of the file; relative paths in it start in its folder
    places: dict[Field, str]  # field -> "config.yaml:12:5" or "--set a.b=3"
    text: str  # the file as it was read
    errors: tuple[tuple[Field, InputError], ...] = ()  # of overrides, each with the field that it is about
    notes: tuple[str, ...] = ()  # what overrides have left out

    def where(self, field: Field) -> str:
        """`config.yaml:12:5 (problem.ansatz.width)`: the nearest parent's place if the field is not written."""
        near = field
        while near and near not in self.places:
            near = near[:-1]
        place = self.places.get(near, str(self.path))
        return f"{place} ({dotted(field)})" if field else place

    def overridden(self, field: Field) -> bool:
        """Whether an override has set this field or the whole that it belongs to."""
        return self.where(field).startswith(OVERRIDE)

    def line(self, field: Field) -> tuple[int, ...]:
        """Sorts errors in the order of the file; overrides come last."""
        place = self.where(field).split(" (")[0].rsplit(":", 2)[1:]
        return tuple(int(number) for number in place) if all(n.isdigit() for n in place) and place else (10**9,)


def read_document(path: Path) -> Document:
    """Read a YAML file. Raises `InputError`."""
    return parse_document(read_text(path, CONFIG_LIMIT)[0], path)


def parse_document(text: str, path: Path) -> Document:
    """Parse the text of a config.

    Args:
        text: YAML.
        path: where it stands, or will stand.

    Raises:
        InputError: if it is no YAML, or no mapping.
    """
    value, positions = parse_yaml(text, path)
    if not isinstance(value, dict):
        expected = "domain: ..., problem: ..., method: ..."
        raise InputError("a config is a mapping", where=f"{path}:1:1", got=shown(value), expected=expected)
    places = {field: f"{path}:{line}:{column}" for field, (line, column) in positions.items()}
    return Document(value, path, places, text)


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
