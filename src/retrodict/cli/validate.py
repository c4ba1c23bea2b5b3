"""`retrodict validate`: does the posterior of this set-up mean what it says?"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrodict.base.files import JSON
from retrodict.cli.options import AsJson, Dask, Directory, Quiet, Strict, print_json

if TYPE_CHECKING:
    from retrodict.cli.config import Config
    from retrodict.inference.validate import Calibration

EXAMPLE = "Example: retrodict validate runs/stars -n 200"
FOLDER, NUMBERS = "validation", "validation.json"


def command(
    directory: Directory,
    data_sets: Annotated[
        int, typer.Option("-n", metavar="N", help="Simulated data sets; 1000 see errors of 10 %.")
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Of the simulated data.")] = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
    strict: Strict = False,
    dask: Dask = None,
) -> int:
    """Closure and calibration of this very set-up.

    Truths are drawn from the prior, data simulated, and inverted as DIR did; then it is tested whether the bands cover.
    What is done is kept: run it again with a larger N, or after an interruption, and only the rest is computed.
    """
    from retrodict.cli.running import resolved_config, write_pages
    from retrodict.run.directory import RunDirectory
    from retrodict.run.result import Result

    result, config = Result.load(directory), resolved_config(directory)
    found = calibration(config, directory, data_sets, seed, dask=dask, progress=not (quiet or as_json))
    content = numbers(found)
    with RunDirectory(directory).amend() as run:
        run.write_json(NUMBERS, content)
        write_pages(config.domain, run, result, config)
    if as_json:
        print_json(content)
    else:
        typer.echo(found.verdict.status if quiet else f"{found}\n\n{found.verdict.status}  {directory / 'report.html'}")
    return 3 if strict and found.verdict.status == "FAIL" else 0


def calibration(
    config: "Config", directory: Path, data_sets: int, seed: int, *, dask: str | None, progress: bool
) -> "Calibration":
    """Close the loop in tasks, filed in DIR/validation, and test what comes out.

    Args:
        config: of the run.
        directory: of the run.
        data_sets: number of simulated data sets.
        seed: of the series.
        dask: address of a scheduler, or local; one process if None.
        progress: show a progress line.

    Raises:
        InputError: if the problem or the method cannot be tested.
    """
    from retrodict.cli import tasks
    from retrodict.inference.validate import calibrate, require_testable
    from retrodict.run.directory import RunDirectory
    from retrodict.run.ledger import run_tasks
    from retrodict.run.manifest import cpu_count
    from retrodict.run.method import name_of

    target = require_testable(config.problem, data_sets)
    config.method.check(target)
    how = {"seed": seed, "dask": dask or "", "workers": cpu_count() if dask == "local" else 1, "progress": progress}
    with RunDirectory(directory / FOLDER).claim(resume=True) as folder:
        count = -(-data_sets // tasks.CLOSURES)
        asked = {"config": config.resolved, "seed": seed}
        blocks = run_tasks(tasks.closure_block, asked, count, directory=folder, inputs=config.inputs, **how)
    return calibrate(tasks.closures_of(blocks, data_sets), target.quantities, name_of(config.method))


def numbers(found: "Calibration") -> dict[str, JSON]:
    """The content of `validation.json`: everything measured, and the tests by quantity for the report."""
    content = found.to_json()
    each: dict[str, dict[str, JSON]] = {}
    for test in content["tests"]:
        each.setdefault(test["quantity"], {})[test["name"]] = {"statistic": test["statistic"], "p": test["p"]}
    return json.loads(json.dumps({**content, "quantities": each}))
