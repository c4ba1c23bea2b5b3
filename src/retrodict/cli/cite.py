"""`retrodict cite`: what a paper that uses this run owes."""

import typer

from retrodict.cli.options import Directory

EXAMPLE = "Example: retrodict cite runs/stars > stars.bib"


def command(directory: Directory) -> None:
    """Print the BibTeX of what a run has used.

    Program, method, data and the software underneath.
    """
    from retrodict.cli.running import RESOLVED, references_of
    from retrodict.report.cite import citations
    from retrodict.run.result import Result

    of_domain = references_of(directory) if (directory / RESOLVED).is_file() else ()  # a run made from Python has none
    typer.echo(citations(Result.load(directory), of_domain), nl=False)
