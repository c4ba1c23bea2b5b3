"""`retrodict list`: what a config can name, and the fields of each."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from retrodict.base.files import JSON
from retrodict.cli.options import AsJson, print_json

if TYPE_CHECKING:
    from retrodict.cli.catalogue import Entry

EXAMPLE = "Example: retrodict list IndependenceMetropolis"
LONGEST_DEFAULT = 60  # characters; a longer one is shown by its kind


def command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A domain, method, ansatz, ...; none lists all.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what a config can name, or the fields of one of these.

    Domains, problems, ansaetze, theories, methods, models, baselines, with what each serves, those of other packages
    included. With a name: its fields with type, default and meaning.
    """
    from retrodict.base.domains import usable
    from retrodict.cli.catalogue import PART, catalogue, find

    found = usable()
    for broken in found.broken:
        typer.echo(f"note: {broken}", err=True)
    entries = catalogue(list(found.domains.values()))
    if name is None:
        listed = [entry for entry in entries if entry.noun != PART]
        print_json(_groups(listed)) if as_json else typer.echo("\n".join(_lines(listed)))
        return
    told = [_description(entry) for entry in find(name, entries)]
    if as_json:
        print_json(told)
        return
    typer.echo("\n\n".join("\n".join(_page(one)) for one in told))


def _groups(entries: "list[Entry]") -> dict[str, JSON]:
    from retrodict.cli.catalogue import plural

    groups: dict[str, JSON] = {}
    for entry in entries:
        about = {"name": entry.name, "summary": entry.summary, "serves": list(entry.serves)}
        groups.setdefault(plural(entry.noun), []).append(about)
    return groups


def _lines(entries: "list[Entry]") -> list[str]:
    """A block for each group; names, what they serve (where that is not the name itself) and summaries in columns."""
    lines: list[str] = []
    for title, group in _groups(entries).items():
        served = [", ".join(name for name in about["serves"] if name != about["name"]) for about in group]
        rows = [[about["name"], text, about["summary"]] for about, text in zip(group, served, strict=True)]
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        columns = [[f"{row[column]:<{width}}" for column, width in enumerate(widths) if width] for row in rows]
        lines += [title, *("  ".join(["", *cells, row[2]]) for cells, row in zip(columns, rows, strict=True)), ""]
    return [*lines, "retrodict list NAME: the fields of any of these, with type, default and meaning"]


def _description(entry: "Entry") -> dict[str, JSON]:
    import inspect

    from retrodict.cli.catalogue import BASELINE, fields

    text = inspect.cleandoc(entry.thing.__doc__ or "").partition("\nArgs:\n")[0].strip()
    about = {"name": entry.name, "noun": entry.noun, "summary": entry.summary, "serves": list(entry.serves)}
    return {**about, "text": text, "fields": fields(entry.thing) if entry.noun != BASELINE else []}


def _page(about: dict[str, JSON]) -> list[str]:
    """A description for a terminal."""
    served = f" of {', '.join(about['serves'])}" if about["serves"] else ""
    text = [about["text"]] if about["text"].startswith(about["summary"]) else [about["summary"], "", about["text"]]
    head = [f"{about['name']}: {about['noun'].replace('_', ' ')}{served}", "", *text, ""]
    lines = [str(line) for part in head for line in part.split("\n")]
    for field in about["fields"]:
        given = "required" if field.get("required") else f"default {_short(field['default'])}"
        lines.append(f"  {field['name']}: {field['type']}; {given}")
        lines += [f"      {field['meaning']}"] if field["meaning"] else []
    return lines if about["fields"] else [*lines, "  no fields of a config"]


def _short(default: JSON) -> str:
    text = json.dumps(default)
    if len(text) <= LONGEST_DEFAULT:
        return text
    return f"{default['kind']} {{...}}" if isinstance(default, dict) else f"a list of {len(default)}"
