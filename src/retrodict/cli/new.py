"""`retrodict new`: a commented config that runs as it is, beside a copy of the data."""

import io
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retrodict.base.domain import Placed
from retrodict.base.errors import InputError
from retrodict.base.files import JSON
from retrodict.cli.options import ColumnsOption, Overrides, said_of_files

if TYPE_CHECKING:
    from retrodict.base.domain import Domain

EXAMPLE = "Example: retrodict new neutron_star stars --data masses_radii.csv"
CONFIG, DATA = "config.yaml", "data"
NAMES_OF_FILES = ("file", "path")  # of fields of kinds that another override chooses


def command(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="Such as neutron_star.", show_default=False)],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write config.yaml.", show_default=False)],
    data: Annotated[
        list[Path] | None,
        typer.Option(
            "--data", metavar="FILE", help="Your data, copied to DIR/data; may be repeated.", show_default=False
        ),
    ] = None,
    columns: ColumnsOption = None,
    overrides: Overrides = None,
) -> None:
    """Write a commented config that runs as it is.

    Your data are read once (what is wrong with them is said before anything is written) and copied to DIR/data, with
    the files that --set names. What --set says of the data, such as dataset=pion or redshift=0.01, decides how they are
    read.
    """
    from retrodict.base.domains import domain as named_domain

    path, files = directory / CONFIG, data or []
    _refuse_overwriting(path, files)
    description = named_domain(domain)
    given = [*(overrides or []), *([] if columns is None else [f"columns={json.dumps(columns)}"])]
    placed, rest, beside = _placed(description, files, given)
    template = _with_fields(placed.template or description.template, placed.fields)
    named, rest = _files_named(path, template, rest)
    copies = {file.resolve(): f"{DATA}/{file.name}" for file in (*files, *beside, *named) if file.exists()}
    _refuse_overwriting(path, list(copies))
    config = _checked(path, template, rest)
    _write(path, _with_value(template, _renamed(config, {str(file): name for file, name in copies.items()})), copies)
    for note in placed.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"{path}\nnext: retrodict check {path}\n      retrodict run {path} --out {directory / 'run'}")


def _is_file(name: str) -> bool:
    try:
        return "\0" not in name and len(name) < 4096 and Path(name).is_file()
    except OSError:
        return False


def _full(value: JSON) -> JSON:
    return str(Path(value).resolve()) if isinstance(value, str) and _is_file(value) else value


def _files_named(path: Path, template: str, overrides: list[str]) -> tuple[list[Path], list[str]]:
    """The files that overrides name, and the overrides with their full paths: a relative one starts where the user
    is, and not in the folder that is made."""
    from retrodict.cli.config.document import parse_document
    from retrodict.cli.config.fields import fields_of
    from retrodict.cli.config.overrides import candidates, parsed
    from retrodict.cli.config.signature import options

    fields = fields_of(parse_document(template, path).value)
    files, texts = [], []
    for text in overrides:
        one = parsed(text)
        found = candidates(one.name, fields)
        of_files = [field for field in found if field in fields and Path in options(fields[field].annotation)]
        if isinstance(one.value, str) and _is_file(one.value) and (of_files or one.name[-1] in NAMES_OF_FILES):
            files.append(Path(one.value))
            text = f"{text.partition('=')[0]}={json.dumps(_full(one.value))}"
        texts.append(text)
    return files, texts


def _refuse_overwriting(path: Path, data: list[Path]) -> None:
    """Nothing of the user's is replaced; two data files of one name would replace each other."""
    copies = {path.parent / DATA / file.name: file for file in data}
    for target in [path, *(copy for copy, file in copies.items() if copy.resolve() != file.resolve())]:
        if target.exists():
            fix = "choose another directory, or move it away"
            raise InputError("the file exists", where=str(target), why="nothing of yours is overwritten", fix=fix)
    if len(copies) < len({file.resolve() for file in data}):
        names = ", ".join(str(file) for file in data)
        raise InputError("two data files have the same name", got=names, fix="rename one of them")


def _placed(domain: "Domain", files: list[Path], overrides: list[str]) -> tuple[Placed, list[str], list[Path]]:
    """The fields of the config to which the data files go, by a hook of the domain or by the kind of each file; the
    overrides that say nothing of how these are read; and the files that the others name."""
    from retrodict.base.files import read_head
    from retrodict.cli.config.signature import options, parameters
    from retrodict.cli.domains import load as load_hook
    from retrodict.cli.recognise import reading_options

    for file in files:
        if not (file.is_dir() or "*" in file.name):
            read_head(file)
    names = [str(file.resolve()) for file in files]
    if not names:
        return Placed({}), overrides, []
    if not domain.takes_data:
        fix = "retrodict inspect FILE says what is in a file"
        raise InputError(f"a problem of {domain.name} takes no data", got=", ".join(names), fix=fix)
    if not domain.place_data:
        return _by_kind(domain, [Path(name) for name in names]), overrides, []
    hook = load_hook(domain.place_data, domain)
    known = reading_options(hook)
    of_files = [name for name, one in parameters(hook).items() if Path in options(one.annotation)]
    said = {name: value for name, value in said_of_files(overrides, None).items() if name in known}
    beside = [Path(said[name]) for name in of_files if isinstance(said.get(name), str) and _is_file(said[name])]
    full = {name: _full(value) if name in of_files else value for name, value in said.items()}
    rest = [text for text in overrides if text.partition("=")[0].rpartition(".")[2] not in known]
    return hook(names, **full), rest, beside


def _by_kind(domain: "Domain", files: list[Path]) -> Placed:
    from retrodict.cli.recognise import describe

    readers = {reader.kind: reader for reader in domain.readers}
    placed = [reader for reader in domain.readers if reader.field]
    fields: dict[str, JSON] = {reader.field: [] if reader.several else None for reader in placed}
    notes: list[str] = []
    for file in files:
        description = describe(file, domain.name)
        kind = description["kind"]
        reader = readers.get(kind)
        if reader is None or not reader.field:
            expected = ", or ".join(one.title for one in domain.readers if one.field)
            raise InputError(f"this file is no observation but {kind}", where=str(file), expected=expected)
        if reader.several:
            fields[reader.field].append(str(file))
        elif fields[reader.field] is not None:
            got = f"{fields[reader.field]}, {file}"
            raise InputError(f"two files of {reader.title}", got=got, fix="put all into one")
        else:
            fields[reader.field] = str(file)
        notes += [f"{file}: {note}" for note in description.get("warnings", [])]
    return Placed({name: value for name, value in fields.items() if value != []}, notes)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """The same fields with the copies' names in place of the originals'."""
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _checked(path: Path, text: str, overrides: list[str]) -> JSON:
    """The config with its overrides; built on the files where they are, so that what is wrong with them is said before
    anything is written."""
    from retrodict.cli.config.document import parse_document
    from retrodict.cli.config.load import from_document
    from retrodict.cli.config.overrides import with_overrides

    document = with_overrides(parse_document(text, path), overrides)
    loaded = from_document(document)
    loaded.method.check(loaded.problem)
    return document.value


def _with_fields(template: str, fields: Mapping[str, JSON]) -> str:
    """The template with some fields set in it."""

    def set_all(document: Any) -> None:
        for name, value in fields.items():
            *parents, last = name.split(".")
            whole = document
            for parent in parents:
                whole = whole[parent]
            whole[last] = value

    return _edited(template, set_all)


def _with_value(template: str, value: JSON) -> str:
    """The template turned into a config of this value."""
    return _edited(template, lambda document: _turn(document, value))


def _edited(template: str, edit: Callable[[Any], None]) -> str:
    """The text of a template after a change of its content; its comments stay."""
    from ruamel.yaml import YAML

    yaml, stream = YAML(typ="rt", pure=True), io.StringIO()
    yaml.width, yaml.preserve_quotes = 4096, True
    document = yaml.load(template)
    edit(document)
    yaml.dump(document, stream)
    return stream.getvalue()


def _turn(whole: Any, value: JSON) -> None:
    """Make a mapping, or a list of the same length, equal to `value`, and leave alone what is equal already."""
    if isinstance(whole, dict):
        for name in [name for name in whole if name not in value]:
            del whole[name]
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        old = whole[name] if isinstance(whole, list) else whole.get(name)
        both_lists = isinstance(item, list) and isinstance(old, list) and len(item) == len(old)
        if both_lists or (isinstance(item, dict) and isinstance(old, dict)):
            _turn(old, item)
        elif old != item or (isinstance(whole, dict) and name not in whole):
            whole[name] = _on_one_line(item) if isinstance(item, list) else item


def _on_one_line(items: list[JSON]) -> Any:
    """A list that is written in brackets."""
    from ruamel.yaml.comments import CommentedSeq

    written = CommentedSeq(items)
    written.fa.set_flow_style()
    return written


def _write(path: Path, text: str, copies: dict[Path, str]) -> None:
    from retrodict.base.atomic import storage_error, write_text

    try:
        (path.parent / DATA if copies else path.parent).mkdir(parents=True, exist_ok=True)
        for file, name in copies.items():
            if (path.parent / name).resolve() != file:
                copy = shutil.copytree if file.is_dir() else shutil.copyfile
                copy(file, path.parent / name)
    except OSError as error:
        raise storage_error(path, error) from error
    write_text(path, text)
