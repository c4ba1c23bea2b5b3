"""Options that several verbs share, each described once."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retrodict.base.errors import InputError
from retrodict.base.files import JSON
from retrodict.base.printable import printable

if TYPE_CHECKING:
    from retrodict.cli.config import Config

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="A config file (YAML).", show_default=False)]
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="A run directory.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Override a field of the config; may be repeated.", show_default=False
    ),
]
ColumnsOption = Annotated[
    str | None,
    typer.Option(
        "--columns", metavar="NAMES", help='Names of the columns: "mass [Msun], radius [km]".', show_default=False
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Override the seed of the config.", show_default=False)]
MaxTime = Annotated[
    str | None,
    typer.Option(
        "--max-time", metavar="TIME", help="Stop with a checkpoint after 90s, 55m, 2h ...", show_default=False
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table: only the last line.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 3 if the verdict is FAIL.")]
Force = Annotated[bool, typer.Option("--force", help="Discard what an earlier run has left there.")]
Dask = Annotated[
    str | None,
    typer.Option(
        "--dask", metavar="SCHEDULER", help="Spread over a Dask cluster: its address, or local.", show_default=False
    ),
]

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}


def seconds(text: str | None) -> float | None:
    """`55m`, `1h30m`, `90s` or `90` in seconds. Raises `InputError`."""
    if text is None:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text.replace(" ", ""):
        raise InputError(
            "not a time", where=f"--max-time {text}", expected="such as 90s, 55m, 1h30m", fix="--max-time 55m"
        )
    total = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if total <= 0:
        raise InputError("not a time", where=f"--max-time {text}", expected="more than nothing", fix="--max-time 55m")
    return total


def said_of_files(overrides: list[str], columns: str | None) -> dict[str, JSON]:
    """What the user says of a file, by the last word of each name: `problem.dataset=pion` is `dataset=pion`.

    Args:
        overrides: `NAME=VALUE`.
        columns: of `--columns`.

    Raises:
        InputError: for what is no `NAME=VALUE`, or no YAML.
    """
    from retrodict.cli.config.overrides import parsed

    each = [parsed(text) for text in overrides]
    said = {str(override.name[-1]): override.value for override in each}
    return said if columns is None else {**said, "columns": columns}


def print_json(value: Any) -> None:
    """A JSON document on standard output."""
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def tell_notes(config: "Config") -> None:
    """What overrides have left out of a config, on standard error."""
    for note in config.notes:
        typer.echo(printable(f"note: {note}"), err=True)
