"""`retrodict new`: a commented config that runs as it is, beside a copy of the data."""

import io
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from retrodict.base.errors import InputError
from retrodict.cli import domains
from retrodict.cli.options import Overrides

EXAMPLE = "Example: retrodict new neutron_star stars --data masses_radii.csv"
CONFIG, DATA = "config.yaml", "data"


def command(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="Such as neutron_star.", show_default=False)],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write config.yaml.", show_default=False)],
    data: Annotated[
        list[Path] | None,
        typer.Option(
            "--data", metavar="FILE", help="Your data, copied to DIR/data; may be repeated.", show_default=False
        ),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Write a commented config that runs as it is.

    Your data are read once (what is wrong with them is said before anything is written) and copied to DIR/data.
    """
    path, files = directory / CONFIG, data or []
    copies = {file.resolve(): f"{DATA}/{file.name}" for file in files}
    _refuse_overwriting(path, files)
    template = domains.domain(domain).TEMPLATE
    fields = {**_placed(domain, list(copies)), **_overridden(overrides or [])}
    _check(path, _filled(template, fields))
    _write(path, _filled(template, _renamed(fields, {str(file): name for file, name in copies.items()})), copies)
    typer.echo(f"{path}\nnext: retrodict check {path}\n      retrodict run {path} --out {directory / 'run'}")


def _refuse_overwriting(path: Path, data: list[Path]) -> None:
    """Nothing of the user's is replaced; two data files of one name would replace each other."""
    copies = {path.parent / DATA / file.name: file for file in data}
    for target in [path, *(copy for copy, file in copies.items() if copy.resolve() != file.resolve())]:
        if target.exists():
            fix = "choose another directory, or move it away"
            raise InputError("the file exists", where=str(target), why="nothing of yours is overwritten", fix=fix)
    if len(copies) < len(data):
        names = ", ".join(str(file) for file in data)
        raise InputError("two data files have the same name", got=names, fix="rename one of them")


def _placed(name: str, data: list[Path]) -> dict[str, Any]:
    """Which fields of the config the data files go to: the domain knows, else `problem.data`."""
    from retrodict.base.files import read_head

    for file in data:
        read_head(file)
    names = [str(file) for file in data]
    place = vars(domains.domain(name)).get("place_data")
    if not names:
        return {}
    if place is not None:
        return place(names)
    return {"problem.data": names[0] if len(names) == 1 else names}


def _overridden(overrides: list[str]) -> dict[str, Any]:
    from retrodict.base.files import parse_yaml
    from retrodict.cli.config.document import dotted, named_field

    pairs = [override.partition("=") for override in overrides]
    return {dotted(named_field(name)): parse_yaml(text, f"--set {name}={text}")[0] for name, _, text in pairs}


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """The same fields with the copies' names in place of the originals'."""
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _check(path: Path, text: str) -> None:
    """Build the problem on the files where they are: what is wrong with them is said before anything is written."""
    from retrodict.cli.config.document import parse_document
    from retrodict.cli.config.load import from_document

    loaded = from_document(parse_document(text, path))
    loaded.method.check(loaded.problem)


def _filled(template: str, fields: dict[str, Any]) -> str:
    """The template with fields set in it; its comments stay."""
    from ruamel.yaml import YAML

    yaml, stream = YAML(typ="rt", pure=True), io.StringIO()
    yaml.width, yaml.preserve_quotes = 4096, True
    document = yaml.load(template)
    for name, value in fields.items():
        _set(document, name, value)
    yaml.dump(document, stream)
    return stream.getvalue()


def _set(document: Any, name: str, value: Any) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        if not isinstance(document.get(parent), dict):
            document[parent] = {}
        document = document[parent]
    document[last] = value


def _write(path: Path, text: str, copies: dict[Path, str]) -> None:
    from retrodict.base.atomic import storage_error, write_text

    try:
        (path.parent / DATA if copies else path.parent).mkdir(parents=True, exist_ok=True)
        for file, name in copies.items():
            if (path.parent / name).resolve() != file:
                shutil.copyfile(file, path.parent / name)
    except OSError as error:
        raise storage_error(path, error) from error
    write_text(path, text)
