"""`retrodict compare`: the numbers of several runs, side by side; or one run beside the methods of the literature."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrodict.base.errors import InputError
from retrodict.base.files import JSON
from retrodict.base.printable import printable
from retrodict.cli.options import AsJson, print_json

if TYPE_CHECKING:
    from retrodict.base.section import Cell, Table

EXAMPLE = "Example: retrodict compare runs/network runs/polytropes"


def command(
    directories: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Run directories.", show_default=False)],
    methods: Annotated[
        bool, typer.Option("--methods", help="Invert the data of one run by the other methods that its domain knows.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Set runs side by side: numbers, fits, verdicts.

    `tension` is the distance from the first run, in standard deviations of both together. With --methods one run is
    set beside the methods of the literature on its own data; the figure goes to DIR/figures.
    """
    if methods:
        _beside_methods(directories, as_json=as_json)
        return
    if len(directories) < 2:
        raise InputError("nothing to compare with", got="one run directory", fix=EXAMPLE.removeprefix("Example: "))
    from retrodict.run.result import Result

    runs = {str(directory): Result.load(directory).to_json() for directory in directories}
    table = comparison(runs)
    if as_json:
        print_json(table)
        return
    for line in lines(table):
        typer.echo(printable(line))


def _beside_methods(directories: list[Path], *, as_json: bool) -> None:
    """The data of one run by the other methods of its domain: a table, and figures in the run directory."""
    from retrodict.base.domains import domain as named_domain
    from retrodict.base.section import Run
    from retrodict.cli.domains import load as load_hook
    from retrodict.cli.running import record_pages, resolved_config
    from retrodict.report.write import write_figures
    from retrodict.run.directory import RunDirectory
    from retrodict.run.plain import plain
    from retrodict.run.result import Result

    if len(directories) != 1:
        raise InputError("--methods is for one run", got=f"{len(directories)}", fix="retrodict compare DIR --methods")
    directory = directories[0]
    result, config = Result.load(directory), resolved_config(directory)
    domain = named_domain(config.domain)
    if not domain.report.baselines:
        raise InputError(f"the domain {config.domain} knows no other methods", fix="retrodict compare DIR DIR")
    section = load_hook(domain.report.baselines, domain)(result, config.problem, run=Run(directory, config.arguments))
    with RunDirectory(directory).amend() as run:
        write_figures(directory, section.figures)
        record_pages(run)
    if as_json:
        print_json(plain(section.table.records()))
        return
    for line in columns(section.table):
        typer.echo(line)
    for figure in section.figures:
        typer.echo(f"{directory / 'figures' / figure.name}.png")


def columns(table: "Table") -> list[str]:
    """A table for a terminal: the first and the last column to the left, numbers to the right."""
    rows = [table.head, *([_text(cell) for cell in row] for row in table.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.head))]
    last = len(widths) - 1
    return [
        "  ".join(
            f"{c:<{w}}" if i in (0, last) else f"{c:>{w}}" for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _text(cell: "Cell") -> str:
    if cell is None:
        return "-"
    return cell if isinstance(cell, str) else f"{cell:.3g}"


def comparison(runs: dict[str, dict[str, JSON]]) -> dict[str, JSON]:
    """Of each run method, verdict, fit and evidence; of each quantity the numbers, and the tension with the first."""
    about = {name: _about(run) for name, run in runs.items()}
    names = dict.fromkeys(quantity for run in runs.values() for quantity in run["quantities"])
    return {"runs": about, "quantities": {name: _beside(name, runs) for name in names}}


def lines(table: dict[str, JSON]) -> list[str]:
    """The comparison for a terminal, one block a quantity."""
    from retrodict.base.format import estimate

    out = []
    for name, about in table["runs"].items():
        fit = about["fit"]
        chi2 = f", chi2/dof = {fit['chi2']:.1f}/{fit['dof']:.1f}" if fit else ""
        evidence = f", log Z = {about['log_evidence']:.2f}" if about["log_evidence"] is not None else ""
        out.append(f"{name}: {about['verdict']}, {about['method']}{chi2}{evidence}")
    width = max(len(name) for name in table["runs"])
    for name, rows in table["quantities"].items():
        out += ["", name]
        for run, row in rows.items():
            known = None not in (row["median"], row["q16"], row["q84"])
            value = estimate(row["median"], row["q16"], row["q84"]) if known else f"{row['median']} (error unknown)"
            apart = f"  tension {row['tension']:.1f}" if row["tension"] is not None else ""
            out.append(f"  {run:<{width}}  {value} {row['unit']}{apart}".rstrip())
    return out


def _about(run: dict[str, JSON]) -> dict[str, JSON]:
    shared = {name: run[name] for name in ("target", "method", "seed", "fit")}
    return {**shared, "verdict": run["verdict"]["status"], "log_evidence": run["diagnostics"].get("log_evidence")}


def _beside(name: str, runs: dict[str, dict[str, JSON]]) -> dict[str, JSON]:
    known = {run: content["quantities"][name] for run, content in runs.items() if name in content["quantities"]}
    first = next(iter(known.values()))
    units = {row["unit"] for row in known.values()}
    if len(units) > 1:
        raise InputError(f"{name} has different units in these runs", got=", ".join(sorted(units)))
    return {run: {**row, "tension": None if row is first else _tension(first, row)} for run, row in known.items()}


def _tension(first: dict[str, JSON], other: dict[str, JSON]) -> float | None:
    """|difference of medians| / sqrt(sum of variances); None where neither has a spread."""
    if None in (first["median"], other["median"], first["sd"], other["sd"]):
        return None
    spread = (first["sd"] ** 2 + other["sd"] ** 2) ** 0.5
    return abs(first["median"] - other["median"]) / spread if spread > 0 else None
