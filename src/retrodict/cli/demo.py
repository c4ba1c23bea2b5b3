"""`retrodict demo`: a problem on shipped data, from config to report, in a minute."""

from pathlib import Path
from typing import Annotated

import typer

from retrodict.base.errors import InputError
from retrodict.cli.options import Force, Overrides, Quiet, Seed, tell_notes

EXAMPLE = "Example: retrodict demo neutron_star"


def command(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Which; none lists them.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The run directory; runs/demo-NAME-DATE if not given.")
    ] = None,
    force: Force = False,
    seed: Seed = None,
    overrides: Overrides = None,
    quiet: Quiet = False,
) -> None:
    """List the demos, or run one on shipped data.

    The last line says where its report is.
    """
    found = demos()
    if name is None:
        for demo, (domain, text) in found.items():
            typer.echo(f"{demo:<24}{domain}: {_title(text)}")
        return
    domain, text = _chosen(found, name)
    _run(name, text, out, force=force, seed=seed, overrides=overrides or [], quiet=quiet)
    if not quiet:
        typer.echo(f"next: retrodict new {domain} DIR{' --data FILE' if _takes_data(domain) else ''}")


def demos() -> dict[str, tuple[str, str]]:
    """Name -> (domain, config text), of all domains."""
    from retrodict.base.domains import installed

    domains = installed().domains.values()
    return {name: (domain.name, text) for domain in domains for name, text in domain.demos.items()}


def _takes_data(name: str) -> bool:
    from retrodict.base.domains import domain

    return domain(name).takes_data


def _chosen(found: dict[str, tuple[str, str]], name: str) -> tuple[str, str]:
    from retrodict.base.domains import did_you_mean

    if name in found:
        return found[name]
    raise InputError(
        f"there is no demo {name!r}", expected=f"one of {', '.join(found)}", fix=did_you_mean(name, list(found))
    )


def _title(text: str) -> str:
    """The first comment of the config says what it shows."""
    first = text.lstrip().split("\n", 1)[0]
    return first.lstrip("# ") if first.startswith("#") else ""


def _run(
    name: str, text: str, out: Path | None, *, force: bool, seed: int | None, overrides: list[str], quiet: bool
) -> None:
    from retrodict.cli.config.document import parse_document
    from retrodict.cli.config.load import from_document
    from retrodict.cli.config.overrides import with_overrides
    from retrodict.cli.run import fresh_directory
    from retrodict.cli.running import INPUT, Options, announce, carry_out

    directory = out or fresh_directory(f"demo-{name}")
    extra = [] if seed is None else [f"seed={seed}"]
    loaded = from_document(with_overrides(parse_document(text, directory / INPUT), (*overrides, *extra)))
    tell_notes(loaded)
    again = f"retrodict run {directory / 'config.resolved.yaml'} --out {directory} --resume"
    result = carry_out(loaded, directory, Options(force=force, progress=not quiet, again=again))
    announce(result, directory, table=not quiet)
