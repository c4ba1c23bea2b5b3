"""`retrodict analyse`: numbers with errors straight from files, without a fit: a Monte Carlo history, events."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrodict.base.errors import InputError
from retrodict.base.printable import printable
from retrodict.cli.options import AsJson, print_json, said_of_files

if TYPE_CHECKING:
    from retrodict.base.domain import Analysed
    from retrodict.base.files import JSON
    from retrodict.cli.recognise import Candidate

EXAMPLE = "Example: retrodict analyse run1.dat run2.dat --discard 200"


def command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Tables of a history, one a replicum; or a list of particles.", show_default=False
        ),
    ],
    discard: Annotated[int, typer.Option("--discard", min=0, help="First trajectories to leave out of each.")] = 0,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Say how, for events: eta=0.8, pt_min=0.2, pt_max=3, gap=0.8.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Numbers with errors straight from files, without a fit.

    A Monte Carlo history is a table with a column of trajectory numbers, which may have gaps, and one for each
    quantity; several files are replica of one run. Errors are those of the Gamma method. What speaks against them is
    said: the beginning differs from the rest, replica disagree or never move, the run is short. Nothing is left out but
    by --discard. Of a list of particles: yields, spectra, flow by cumulants and charge correlators, with errors of the
    means.
    """
    from retrodict.cli.recognise import reader_that_analyses

    best = reader_that_analyses(files[0])
    analysed = _by_reader(best, files, overrides or [], discard) if best else _history(files, overrides or [], discard)
    if as_json:
        print_json(analysed.found)
        return
    from retrodict.run.summary import align

    for line in analysed.heading:
        typer.echo(printable(line))
    typer.echo("")
    for line in align([tuple(row) for row in analysed.table]):
        typer.echo(printable(line))
    for warning in analysed.found["warnings"]:
        typer.echo(printable(f"warning: {warning}"))


def _by_reader(best: "Candidate", files: Sequence[Path], overrides: list[str], discard: int) -> "Analysed":
    """What the domain makes of files of its own. Raises `InputError` for an option that they do not have."""
    from retrodict.base.domains import did_you_mean
    from retrodict.cli.domains import load
    from retrodict.cli.recognise import reading_options

    if discard:
        raise InputError(f"{best} has no trajectories", where="--discard", expected="a Monte Carlo history")
    hook, said = load(best.reader.analyse, best.domain), said_of_files(overrides, None)
    known = reading_options(hook)
    _refuse_unknown(said, known, str(best), did_you_mean(next(iter(set(said) - set(known)), ""), known))
    return hook(files, **said)


def _history(files: Sequence[Path], overrides: list[str], discard: int) -> "Analysed":
    """Means of a history."""
    from retrodict.base.domain import Analysed
    from retrodict.inference.history import analyse_history, table
    from retrodict.inference.history_files import read_history

    _refuse_unknown(said_of_files(overrides, None), (), "a Monte Carlo history", "")
    found = analyse_history(read_history(files), discard)
    heading = []
    for one in found["replica"]:
        gaps = f", {one['missing']} missing" if "missing" in one else ""
        gaps = f", {one['irregular']}" if "irregular" in one else gaps
        span = f"{found['counted_in']} {one['first']} ... {one['last']}, step {one['step']}{gaps}"
        heading.append(f"{one['name']}: {one['entries']} entries, {span}")
    return Analysed(found, heading, table(found))


def _refuse_unknown(said: "dict[str, JSON]", known: Sequence[str], what: str, fix: str) -> None:
    for name in said:
        if name not in known:
            expected = f"one of {', '.join(known) or 'nothing'}"
            raise InputError(f"{what} is not analysed by {name!r}", where="--set", expected=expected, fix=fix)
