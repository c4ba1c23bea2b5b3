"""The entry point: nothing heavy is imported before a verb runs, and every failure ends in one message and one code."""

import errno
import os
import sys
import tempfile
import threading
import traceback
from types import TracebackType
from typing import cast

import typer

from retrodict.base.errors import INTERRUPTED, InputError, InputErrors, RetrodictError
from retrodict.base.printable import printable
from retrodict.cli import analyse, check, cite, compare, demo, doctor, export, inspect, new, plan, report, run, validate
from retrodict.cli import list as listing
from retrodict.cli.environment import DEBUG, Program, cache_folder

# typer does not export it, and moved it from click into a copy of its own
UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])

app = typer.Typer(
    name="retrodict",
    help="Physics-driven inverse problems: from noisy data back to the cause, with honest uncertainty.",
    epilog="Start with: retrodict demo",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (demo, listing, inspect, analyse, new, check, run, report, validate, plan, compare, export, cite, doctor):
    app.command(verb.__name__.rpartition(".")[2], epilog=verb.EXAMPLE)(verb.command)


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
    debug: bool = typer.Option(False, DEBUG, help="Show the traceback of an error; works anywhere on the line."),
) -> None:
    """Physics-driven inverse problems: from noisy data back to the cause, with honest uncertainty."""
    if version:
        from retrodict import __version__

        typer.echo(f"retrodict {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """The program `retrodict`."""
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folder()))  # a second run need not compile again
    # Neither what takes no second to compile: `check` does hundreds of such, and they are most of its time.
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.01")
    Program.ours = True
    try:
        code = execute(sys.argv[1:])
        if code and threading.active_count() > 1:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # a thread that compiles would be waited for
        sys.exit(code)
    finally:
        sys.excepthook = report_bug  # only now: typer puts its own there when it starts


def execute(arguments: list[str]) -> int:
    """Run one command line; the exit code. Errors of the user go to standard error, bugs are raised."""
    debug = DEBUG in arguments
    arguments = [word for word in arguments if word != DEBUG]
    try:
        code = app(arguments, prog_name="retrodict", standalone_mode=False)
        sys.stdout.flush()  # what is still held back would fail after all is over, where the reader has left
        return code if isinstance(code, int) else 0
    except RetrodictError as error:
        return _tell(error, debug=debug)
    except UsageError as error:
        message = error.format_message().rstrip(".")
        return _tell(InputError(message[:1].lower() + message[1:], fix=f"{_path(error)} --help"), debug=debug)
    except (KeyboardInterrupt, typer.Abort):
        print("error: interrupted; nothing is lost that a checkpoint holds", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return _left_alone()
    except SystemExit as leaving:
        if not isinstance(leaving.__context__, BrokenPipeError):  # for which typer leaves with 1
            raise
        return _left_alone()
    except OSError as error:
        if error.errno not in _STORAGE:
            raise
        from retrodict.base.atomic import storage_error

        return _tell(storage_error(error.filename or "", error), debug=debug)


def _left_alone() -> int:
    """Whoever read us has left, as in `retrodict inspect FILE | head -1`: no complaint, now or at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return 0


_STORAGE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}


def report_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Report an error that is no `RetrodictError`, and keep the traceback. Python then exits with 1.

    Args:
        kind: class of the error.
        error: the error.
        trace: where it was raised.
    """
    text = "".join(traceback.format_exception(kind, error, trace))
    if DEBUG in sys.argv:
        print(text, file=sys.stderr)
    with tempfile.NamedTemporaryFile(
        "w", prefix="retrodict-bug-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"{sys.argv}\n{text}")
    print(
        f"error: {kind.__name__}: {printable(str(error)[:500])}\n"
        "  why:      a bug in retrodict, not in your input\n"
        f"  fix:      report it with the traceback, which is in {file.name} (or run again with {DEBUG})",
        file=sys.stderr,
    )


def _path(error: typer.BadParameter) -> str:
    return error.ctx.command_path if error.ctx else "retrodict"


def _tell(error: RetrodictError, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    for each in error.errors if isinstance(error, InputErrors) else [error]:
        print(f"error: {each}", file=sys.stderr)
    return error.exit_code
