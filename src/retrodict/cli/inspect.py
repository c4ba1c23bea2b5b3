"""`retrodict inspect`: what is in this file, and what to write into a config."""

from pathlib import Path
from typing import Annotated, Any

import typer

from retrodict.base.errors import InputErrors, UnknownKind
from retrodict.cli.options import AsJson, print_json

DATA_SUFFIXES = ("nb", "h5", "hdf5")
LONGEST_LINE = 100  # characters of a list that stays on its line
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
    if path.is_dir() and not _is_data_folder(path):
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
        elif isinstance(value, list) and len(_shown(value)) > LONGEST_LINE:
            out += [f"{indent}{name}:", *(f"{indent}  {_shown(item)}" for item in value)]
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
    from retrodict.cli.config import load_config

    return {"kind": "config", **load_config(path).resolved}


def _is_data_folder(path: Path) -> bool:
    """A folder is a run, or data in several files: a CompOSE table, Hadrons files of many configurations."""
    return not (path / "result.json").exists() and any(any(path.glob(f"*.{suffix}")) for suffix in DATA_SUFFIXES)


def _data(path: Path) -> dict[str, Any]:
    """The first domain that knows the kind; what it says of a broken file of its own kind is the answer.

    A file must be readable before anyone is asked. Refusals of domains that do not know the kind are shown only if
    nobody does, and the same words once.
    """
    from retrodict.base.files import read_head
    from retrodict.cli import domains

    if not path.is_dir() and "*" not in path.name:
        read_head(path)
    refusals = {}
    for reader in domains.readers():
        try:
            return reader.inspect(path)
        except UnknownKind as error:
            refusals[str(error)] = error
    raise next(iter(refusals.values())) if len(refusals) == 1 else InputErrors(list(refusals.values()))
