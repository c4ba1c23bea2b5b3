"""`retrodict report`: figures and page once more, from the numbers of a run."""

import typer

from retrodict.cli.options import Directory

EXAMPLE = "Example: retrodict report runs/stars"


def command(directory: Directory) -> None:
    """Make figures and report.html once more.

    From the numbers of the run: nothing is sampled anew. A run made from Python, which has no config, gets the figures
    that every result supports; those of its domain go to `retrodict.report.write_report`.
    """
    from retrodict.cli.running import RESOLVED, config_of, domain_of, record_pages, write_pages
    from retrodict.report import write_report
    from retrodict.run.directory import RunDirectory
    from retrodict.run.result import Result

    result, run = Result.load(directory), RunDirectory(directory)
    if not (directory / RESOLVED).is_file():
        typer.echo("note: a run without a config, made from Python: the report has no figures of a domain", err=True)
        with run.amend():
            write_report(directory, result)
            record_pages(run)
    else:
        domain, config = domain_of(directory), config_of(directory)
        with run.amend():
            write_pages(domain, run, result, config)
    typer.echo(str(directory / "report.html"))
