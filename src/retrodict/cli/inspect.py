"""`retrodict inspect`: what is in this file, and what to write into a config."""

from pathlib import Path
from typing import Annotated, Any

import typer

from retrodict.base.errors import InputError, InputErrors
from retrodict.cli.options import AsJson, print_json

EXAMPLE = "Example: retrodict inspect sly.csv --json"


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Data, a table, a config or a run.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Say what a file holds.

    Its format, its numbers with units, and the config lines to paste. The content decides, not the name.
    """
    found = look(file)
    if as_json:
        print_json(found)
        return
    for line in lines(found):
        typer.echo(line)


def look(path: Path) -> dict[str, Any]:
    """The description of a file, by its content. Raises `InputError`."""
    if path.is_dir() and not any(path.glob("*.nb")):  # a folder is a run, or a table of several files (CompOSE)
        return _run(path)
    if path.suffix in (".yaml", ".yml"):
        return _config(path)
    return _data(path)


def lines(found: Any, indent: str = "") -> list[str]:
    """A description for people: `name: value unit`, nested ones indented."""
    out = []
    for name, value in found.items():
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
        else:
            out.append(f"{indent}{name}: {_shown(value)}")
    return out


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "none"
    return f"{value:.6g}" if isinstance(value, float) else "none" if value is None else str(value)


def _run(path: Path) -> dict[str, Any]:
    from retrodict.run.result import Result

    return {"kind": "run", **Result.load(path).to_json()}


def _config(path: Path) -> dict[str, Any]:
    from retrodict.cli.config import load

    return {"kind": "config", **load(path).resolved}


def _data(path: Path) -> dict[str, Any]:
    """The first domain that knows the format; a file must be readable before anyone is asked."""
    from retrodict.base.files import read_head
    from retrodict.cli import domains

    if not path.is_dir():
        read_head(path)
    refusals = []
    for name in domains.DOMAINS:
        try:
            return domains.domain(name).inspect(path)
        except InputError as error:
            refusals.append(error)
    raise refusals[0] if len(refusals) == 1 else InputErrors(refusals)
