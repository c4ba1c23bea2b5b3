"""`retrodict report`: figures and page once more, from the numbers of a run."""

import typer

from retrodict.cli.options import Directory

EXAMPLE = "Example: retrodict report runs/stars"


def command(directory: Directory) -> None:
    """Make figures and report.html once more.

    From the numbers of the run: nothing is sampled anew.
    """
    from retrodict.cli.running import config_of, domain_of, write_pages
    from retrodict.run.directory import RunDirectory
    from retrodict.run.result import Result

    result, domain = Result.load(directory), domain_of(directory)
    run, config = RunDirectory(directory), config_of(directory)
    with run.amend():
        write_pages(domain, run, result, config)
    typer.echo(str(directory / "report.html"))
