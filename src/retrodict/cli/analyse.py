"""`retrodict analyse`: means and errors of a Monte Carlo history that another program has written."""

from pathlib import Path
from typing import Annotated

import typer

from retrodict.base.printable import printable
from retrodict.cli.options import AsJson, print_json

EXAMPLE = "Example: retrodict analyse run1.dat run2.dat --discard 200"


def command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Tables of a history, one a replicum.", show_default=False)
    ],
    discard: Annotated[int, typer.Option("--discard", min=0, help="First trajectories to leave out of each.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Means with errors of a Monte Carlo history.

    A table has a column of trajectory numbers, which may have gaps, and one for each quantity; several files are
    replica of one run. Errors are those of the Gamma method. What speaks against them is said: the beginning differs
    from the rest, replica disagree or never move, the run is short. Nothing is left out but by --discard.
    """
    from retrodict.inference.history import analyse_history, table
    from retrodict.inference.history_files import read_history
    from retrodict.run.summary import align

    found = analyse_history(read_history(files), discard)
    if as_json:
        print_json(found)
        return
    for one in found["replica"]:
        gaps = f", {one['missing']} missing" if "missing" in one else ""
        gaps = f", {one['irregular']}" if "irregular" in one else gaps
        span = f"{found['counted_in']} {one['first']} ... {one['last']}, step {one['step']}{gaps}"
        typer.echo(printable(f"{one['name']}: {one['entries']} entries, {span}"))
    typer.echo("")
    for line in align(table(found)):
        typer.echo(printable(line))
    for warning in found["warnings"]:
        typer.echo(printable(f"warning: {warning}"))
