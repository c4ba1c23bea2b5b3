"""`retrodict run`: a config becomes a run directory with its result and its report."""

import shlex
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from retrodict.base.errors import InputError
from retrodict.cli.options import (
    AsJson,
    ConfigFile,
    Dask,
    Force,
    MaxTime,
    Overrides,
    Quiet,
    Seed,
    Strict,
    print_json,
    seconds,
    tell_notes,
)

EXAMPLE = "Example: retrodict run stars/config.yaml --out runs/stars --max-time 55m"


def command(
    config: ConfigFile,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The run directory; runs/NAME-DATE if not given.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run, bit-identically.")] = False,
    force: Force = False,
    seed: Seed = None,
    overrides: Overrides = None,
    max_time: MaxTime = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    strict: Strict = False,
    dask: Dask = None,
) -> int:
    """Carry out a config: result, verdict, report.

    Exit codes: 0 done; 2 bad input, nothing written; 3 the verdict is FAIL (with --strict) or a number was not finite;
    5 the disk failed; 75 stopped with a checkpoint, go on with --resume.
    """
    limit = seconds(max_time)
    if resume and out is None:
        raise InputError("--resume needs to know which run", fix=f"retrodict run {config} --out DIR --resume")
    directory = out or _fresh(config)
    from retrodict.cli.config import load_config

    loaded = load_config(config, tuple(overrides or ()), seed=seed)
    from retrodict.cli.running import (
        Options,
        announce,
        carry_out,
    )  # JAX, for which a config that is refused does not wait

    tell_notes(loaded)
    again = _again(config, directory, seed, overrides, max_time, dask)
    show = not (quiet or as_json)
    options = Options(resume=resume, force=force, progress=show, max_time=limit, dask=dask, again=again)
    result = carry_out(loaded, directory, options)
    if as_json:
        print_json({**result.to_json(), "directory": str(directory)})
    else:
        announce(result, directory, table=show)
    return 3 if strict and result.verdict.status == "FAIL" else 0


def _fresh(config: Path) -> Path:
    """A directory that does not exist: named after the config, or after its folder if that is all the name says."""
    name = config.resolve().parent.name if config.stem == "config" else config.stem
    return fresh_directory(name or "run")


def fresh_directory(name: str) -> Path:
    """`runs/NAME-DATE`, with a number where two start within the same second."""
    stem = Path("runs") / f"{name}-{datetime.now().strftime('%Y%m%d-%H%M%S')}"
    candidates = [stem, *(stem.with_name(f"{stem.name}-{number}") for number in range(2, 1000))]
    return next(path for path in candidates if not path.exists())


def _again(
    config: Path, out: Path, seed: int | None, overrides: list[str] | None, max_time: str | None, dask: str | None
) -> str:
    """The command line that goes on with this run."""
    words = ["retrodict", "run", str(config), "--out", str(out), "--resume"]
    words += [] if seed is None else ["--seed", str(seed)]
    words += [word for override in overrides or () for word in ("--set", override)]
    words += ["--max-time", max_time] if max_time else []
    words += ["--dask", dask] if dask else []
    return shlex.join(words)
