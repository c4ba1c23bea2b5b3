"""What `run` and `demo` share: a checked config is carried out in a run directory, then its report is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from retrodict.base.atomic import write_text
from retrodict.base.domain import Domain
from retrodict.base.domains import domain as named_domain
from retrodict.base.errors import InputError, Interrupted, StorageError
from retrodict.base.files import JSON, hash_data, read_yaml
from retrodict.base.format import NOWHERE, estimate
from retrodict.base.printable import printable
from retrodict.base.section import Run
from retrodict.cli.config.load import Config, to_yaml
from retrodict.cli.domains import load as load_hook
from retrodict.cli.stopping import answered
from retrodict.run.directory import RunDirectory, read_json
from retrodict.run.manifest import cpu_count, record_environment, record_inputs, record_outputs
from retrodict.run.phases import Phases
from retrodict.run.result_files import NUMBERS_FILE, TREE_FILE

if TYPE_CHECKING:
    from retrodict.run.result import Result

INPUT, RESOLVED = "config.input.yaml", "config.resolved.yaml"
HEADLINES = 3
_PAGES = {".html", ".png", ".svg", ".pdf", ".csv", ".bib"}


@dataclass(frozen=True)
class Options:
    """How to run; what to run is the config's business."""

    resume: bool = False  # go on with an interrupted run
    force: bool = False  # discard what an earlier run has left
    progress: bool = True  # show a progress line
    max_time: float | None = None  # seconds, after which to stop with a checkpoint
    dask: str | None = None  # address of a scheduler, or local
    again: str = ""  # the command that resumes this run


def carry_out(config: Config, out: Path, options: Options) -> "Result":
    """Build the problem, claim the directory, infer, report.

    Args:
        config: what to run.
        out: the run directory.
        options: how to run it.

    Raises:
        InputError: before anything is written.
        Interrupted: naming the command that goes on.
    """
    directory = RunDirectory(out)
    directory.check(resume=options.resume, force=options.force)
    lost = next((path for path in config.inputs if options.force and directory.discards(path)), None)
    if lost is not None:
        why, fix = "the config reads it, and --force would remove it first", "another --out"
        raise InputError("the run would discard what it starts from", where=str(lost), why=why, fix=fix)
    known = options.resume and (out / RESOLVED).is_file()
    if known:
        _check_same(config.resolved, out / RESOLVED)
    target = config.problem
    config.method.check(target)
    if options.dask:
        _check_spreadable(config)
    with _told(options), directory.claim(resume=options.resume, force=options.force):
        if not known:  # what a resumed run was started with stays on record
            record_inputs(directory, config.inputs)
            write_text(out / INPUT, config.text)
            write_text(out / RESOLVED, to_yaml(config.resolved))
        with answered(directory, again=options.again, max_time=options.max_time):
            result = _infer(config, directory, options)
            with Phases(directory, wanted=options.progress)("drawing the report"):
                write_pages(config.domain, directory, result, config)
    return result


@contextmanager
def _told(options: Options) -> Iterator[None]:
    """Where the disk fails, the command that goes on once it has space."""
    try:
        yield
    except StorageError as error:
        fix = f"free some space, then {options.again}" if options.again and "full" in error.what else error.fix
        raise StorageError(error.what, where=error.where, got=error.got, why=error.why, fix=fix) from error


def _check_same(resolved: dict[str, JSON], path: Path) -> None:
    """A run that goes on must be the run that was started."""
    changed = list(_differences(read_yaml(path).value, resolved))
    if changed:
        raise InputError(
            "the run was started with another config",
            where=str(path),
            got=", ".join(changed[:8]),
            expected="the same config and the same --set and --seed",
            fix="give them as they were, or start anew in another directory",
        )


def _differences(old: JSON, new: JSON, name: str = "") -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _differences(old.get(key), new.get(key), f"{name}.{key}".lstrip("."))
    elif old != new:
        yield f"{name}: {old} -> {new}"


def announce(result: "Result", out: Path, *, table: bool = True) -> None:
    """Print the table, and in the last line the verdict, the first numbers and the report.

    Args:
        result: of the run.
        out: the run directory.
        table: whether to print more than the last line.
    """
    if table:
        typer.echo(printable(f"{result}\n"))
    numbers = ", ".join(_headline(name, about) for name, about in list(result.quantities().items())[:HEADLINES])
    last = "  ".join(part for part in (result.verdict.status, numbers, str(out / "report.html")) if part)
    typer.echo(printable(last))


def write_pages(domain: str, directory: RunDirectory, result: "Result", config: Config | None = None) -> None:
    """Write figures, report and citations, by the caller's claim on the directory.

    Args:
        domain: name of the domain.
        directory: of the run.
        result: of the run.
        config: of the run, whose problem the domain's own sections need; without them if None.
    """
    from retrodict.report import write_report

    description = named_domain(domain)
    hooks, sections, subject = description.report, (), ""
    if hooks.sections and config is not None:
        run = Run(directory.path, config.arguments)
        sections = load_hook(hooks.sections, description)(result, config.problem, run=run)
    if hooks.subject and config is not None:
        subject = load_hook(hooks.subject, description)(config.problem)
    figures = load_hook(hooks.figures, description)(result)
    more = {"references": description.references, "sections": sections, "subject": subject}
    write_report(directory.path, result, figures, **more)
    record_pages(directory)


def record_pages(directory: RunDirectory) -> None:
    """Everything to look at, with its hash, into the manifest."""
    files = [path for path in sorted(directory.path.rglob("*")) if path.is_file() and path.suffix in _PAGES]
    record_outputs(directory, [str(path.relative_to(directory.path)) for path in files])


def config_of(directory: Path) -> Config | None:
    """The config of a run with its problem built; None, said on standard error, where its data are gone."""
    try:
        config = resolved_config(directory)
        if named_domain(config.domain).report.sections:
            _ = config.problem  # reads the data
    except InputError as error:
        note = f"note: the report goes without what needs the data: {error.what} ({error.where})"
        typer.echo(printable(note), err=True)
        return None
    return config


def resolved_config(directory: Path) -> Config:
    """The config that a run was made with. Raises `InputError`, also for a run made from Python."""
    from retrodict.cli.config.load import load_config

    config = load_config(_resolved(directory))
    _check_unchanged(directory, config)
    return config


def _check_unchanged(directory: Path, config: Config) -> None:
    """The files that a run was made from are what they were when it was started."""
    recorded = read_json(RunDirectory(directory).manifest).get("inputs", {})
    for path in config.inputs:
        was = recorded.get(str(path)) if isinstance(recorded, dict) else None
        if was and Path(path).exists() and (now := hash_data(path)) != was:
            raise InputError(
                "the data have changed since the run",
                where=str(path),
                got=f"sha256 {now[:12]}...",
                expected=f"sha256 {str(was)[:12]}..., as {RunDirectory(directory).manifest.name} says",
                why="what follows would compare the run's draws with other data than it was made from",
                fix="restore the file, or run again in another directory",
            )


def _resolved(directory: Path) -> Path:
    path = directory / RESOLVED
    if not path.is_file() and (directory / TREE_FILE).is_file():
        raise InputError(
            "this run has no config",
            where=str(path),
            why="it was made from Python: its problem cannot be built from files",
            fix="retrodict report works on it; for the rest make a config (retrodict new), or call the library",
        )
    return path


def domain_of(directory: Path) -> str:
    """The domain of a run, from its config. Raises `InputError`."""
    name = read_yaml(_resolved(directory)).value
    if not isinstance(name, dict) or not isinstance(name.get("domain"), str):
        raise InputError("the run's config names no domain", where=str(directory / RESOLVED))
    return name["domain"]


def references_of(directory: Path) -> tuple[str, ...]:
    """BibTeX keys of the domain of a run."""
    return description_of(directory).references


def description_of(directory: Path) -> Domain:
    """The description of the domain of a run. Raises `InputError`."""
    return named_domain(domain_of(directory))


def _infer(config: Config, directory: RunDirectory, options: Options) -> "Result":
    from retrodict.inference.infer import infer

    how = {"resume": options.resume, "progress": options.progress, "max_time": options.max_time}
    try:
        if options.dask:
            return _infer_in_tasks(config, directory, options)
        return infer(config.problem, config.method, seed=config.seed, path=directory, **how)
    except Interrupted as stop:
        raise Interrupted(stop.what, where=stop.where, why=stop.why, fix=options.again or stop.fix) from stop


def _check_spreadable(config: Config) -> None:
    from retrodict.cli.tasks import ensemble_tasks

    ensemble_tasks(config.method)


def _infer_in_tasks(config: Config, directory: RunDirectory, options: Options) -> "Result":
    """The members of an ensemble on a cluster; then everything as on one machine."""
    from retrodict.cli import tasks
    from retrodict.inference.infer import conclude
    from retrodict.run.ledger import run_tasks

    count, workers = tasks.ensemble_tasks(config.method), cpu_count()
    record_environment(directory, seed=config.seed, resume=options.resume)
    how = {"seed": config.seed, "dask": options.dask or "", "workers": workers, "progress": options.progress}
    blocks = run_tasks(tasks.ensemble_block, config.resolved, count, directory=directory, inputs=config.inputs, **how)
    state = tasks.ensemble_state(config, blocks)
    draws = config.method.finish(config.problem, state, None)
    result = conclude(config.problem, config.method, draws, seed=config.seed)
    result.save(directory.path)
    record_outputs(directory, [TREE_FILE, NUMBERS_FILE])
    directory.update(verdict=result.verdict.status)
    return result


def _headline(name: str, about: dict) -> str:
    value = estimate(about["median"], about["q16"], about["q84"])
    return f"{name} = {value} {about['unit'] if value != NOWHERE else ''}".rstrip()
