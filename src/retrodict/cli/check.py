"""`retrodict check`: read everything, run nothing."""

import gc

import typer

from retrodict.base.printable import printable
from retrodict.cli.options import AsJson, ConfigFile, Overrides, print_json, tell_notes

EXAMPLE = "Example: retrodict check stars/config.yaml"


def command(config: ConfigFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Read a config and its files; run nothing.

    Every error is printed at once, with its line; if there is none, what the run would cost and what should be known
    about the data.
    """
    gc.disable()  # imports and tracing make much and drop nothing: collecting it would be an eighth of the time
    try:
        _check(config, overrides, as_json)
    finally:
        gc.enable()


def _check(config: ConfigFile, overrides: Overrides, as_json: bool) -> None:
    from retrodict.cli.config import load_config

    loaded = load_config(config, tuple(overrides or ()))
    from retrodict.cli.cost import estimate, latents  # JAX, which a config that is refused does not wait for

    tell_notes(loaded)
    target = loaded.problem
    loaded.method.check(target)
    cost, notes = estimate(target, loaded.method), target.notes
    if as_json:
        numbers = {"steps": cost.steps, "seconds": cost.seconds, "memory": cost.memory}
        found = {"config": loaded.resolved, "latents": latents(target), "cost": numbers, "notes": list(notes)}
        print_json(found)
        return
    typer.echo(f"{config}: ok")
    method = type(loaded.method).__name__
    rows = {
        "files": ", ".join(str(path) for path in loaded.inputs) or "none but those that ship",
        "latents": str(latents(target)),
        "reported": ", ".join(quantity.name for quantity in target.quantities),
        "method": f"{method}, seed {loaded.seed}",
        "cost": str(cost),
    }
    for name, text in rows.items():
        typer.echo(f"  {name + ':':<11}{printable(text)}")
    for remark in notes:
        typer.echo(f"  note: {printable(remark)}")
