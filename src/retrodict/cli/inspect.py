"""`retrodict inspect`: what is in this file, and what to write into a config."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from retrodict.base.errors import InputError, InputErrors
from retrodict.base.files import JSON
from retrodict.base.printable import printable
from retrodict.cli.options import AsJson, ColumnsOption, print_json, said_of_files

FAILURES = 5  # files that the last message names
LONGEST_LINE = 100  # characters of a list that stays on its line
EXAMPLE = "Example: retrodict inspect sly.csv --json"


def command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Data, tables, configs, runs, folders.", show_default=False),
    ],
    domain: Annotated[
        str | None,
        typer.Option("--domain", metavar="DOMAIN", help="The only domain to ask.", show_default=False),
    ] = None,
    columns: ColumnsOption = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Say how to read it: dataset=..., group=..., redshift=..., crust=false.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a file holds.

    Its format, its numbers with units, and the config lines to paste. The content decides, not the name: the names and
    units of the columns, or the signature of a format. Where two kinds fit as well, say --domain. Of several files each
    is described; gauge configurations, also those in a folder, are checked together as one ensemble.
    """
    errors: list[InputError] = []
    said = said_of_files(overrides or [], columns)
    several = len(files) > 1
    descriptions = look_at_all(files, errors, domain, said) if several else [look(files[0], domain, said)]
    if as_json:
        print_json(descriptions[0] if len(files) == 1 else {"files": descriptions, "errors": list(map(str, errors))})
    else:
        shown = ["\n".join(lines(description)) for description in descriptions]
        typer.echo(printable("\n\n".join(shown)))
    errors += [_failures(description) for description in descriptions if description.get("failures")]
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)


def look_at_all(
    paths: Sequence[Path],
    errors: list[InputError],
    domain: str | None = None,
    said: Mapping[str, JSON] | None = None,
) -> list[dict[str, JSON]]:
    """The descriptions of several files: first those that a reader takes together, then the others in their order.

    Args:
        paths: the files.
        errors: takes the errors of the files that cannot be described.
        domain: the only domain to ask; all if None.
        said: what the user says of the files that are described one by one.
    """
    from retrodict.base.domain import resolve
    from retrodict.cli.recognise import reader_of_several

    shared: dict[str, list[Path]] = {}
    owners, descriptions = {}, []
    alone: list[Path] = []
    for path in paths:
        try:
            best = None if path.is_dir() or path.suffix in (".yaml", ".yml") else reader_of_several(path, domain)
        except InputError:
            best = None  # said below
        if best is None:
            alone.append(path)
        else:
            shared.setdefault(best.reader.together, []).append(path)
            owners[best.reader.together] = best.domain.name
    for together, members in shared.items():
        several = resolve(together)(members) if len(members) > 1 else [look(members[0], domain)]
        descriptions += [{"kind": each["kind"], "domain": owners[together], **each} for each in several]
    for path in alone:
        try:
            descriptions.append({"file": str(path), **look(path, domain, said)})
        except InputError as error:
            errors += error.errors if isinstance(error, InputErrors) else [error]
    return descriptions


def _failures(description: Mapping[str, JSON]) -> InputError:
    """The error with which a call ends that has described files of which some fail."""
    failures = description["failures"]
    got = "; ".join(f"{each['file']}: {each['error']}" for each in failures[:FAILURES])
    more = f"; and {len(failures) - FAILURES} more" if len(failures) > FAILURES else ""
    what = f"{len(failures)} of {description.get('files', len(failures))} files fail their checks"
    return InputError(what, where=str(description.get("path", "")), got=got + more)


def look(path: Path, domain: str | None = None, said: Mapping[str, JSON] | None = None) -> dict[str, JSON]:
    """The description of a file, by its content.

    Args:
        path: a data file, a folder or a pattern of data files, a config, or a run directory.
        domain: the only domain to ask; all if None.
        said: what the user says of the file, such as `columns` or `group`.

    Raises:
        InputError: for a file that no domain knows, that breaks the rules of its kind, or that two kinds fit as well.
    """
    if path.is_dir() and (path / "result.json").exists():
        return _run(path)
    from retrodict.cli.recognise import describe, is_certain

    if path.suffix in (".yaml", ".yml") and not is_certain(path):
        return _config(path)

    return describe(path, domain, said)


def lines(description: Any, indent: str = "") -> list[str]:
    """A description for people: `name: value unit`, nested ones indented."""
    out = []
    for name, value in description.items():
        if isinstance(value, dict) and set(value) == {"value", "unit"}:
            unit = "" if value["value"] is None else value["unit"]
            out.append(f"{indent}{name}: {_shown(value['value'])} {unit}".rstrip())
        elif (
            isinstance(value, dict) and "unit" in value and not any(isinstance(x, dict | list) for x in value.values())
        ):
            numbers = ", ".join(f"{key} {_shown(item)}" for key, item in value.items() if key != "unit")
            out.append(f"{indent}{name}: {numbers} {value['unit']}".rstrip())
        elif isinstance(value, dict):
            out += [f"{indent}{name}:", *lines(value, indent + "  ")]
        elif isinstance(value, str) and "\n" in value:
            out += [f"{indent}{name}:", *(f"{indent}  {line}" for line in value.splitlines())]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            blocks = [[f"{indent}{name}[{number}]:", *lines(item, indent + "  ")] for number, item in enumerate(value)]
            out += [line for block in blocks for line in block]
        elif isinstance(value, list) and len(_shown(value)) > LONGEST_LINE:
            out += [f"{indent}{name}:", *(f"{indent}  {_shown(item)}" for item in value)]
        else:
            out.append(f"{indent}{name}: {_shown(value)}")
    return out


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "none"
    return f"{value:.6g}" if isinstance(value, float) else "none" if value is None else str(value)


def _run(path: Path) -> dict[str, JSON]:
    from retrodict.run.result import Result

    return {"kind": "run", **Result.load(path).to_json()}


def _config(path: Path) -> dict[str, JSON]:
    from retrodict.cli.config import load_config

    return {"kind": "config", **load_config(path).resolved}
