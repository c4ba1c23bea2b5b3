"""`retrodict export`: results in formats that other programs read."""

import csv
import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retrodict.base.errors import InputError
from retrodict.cli.options import Directory, Force
from retrodict.cli.tables import STATISTICS, Tables, grid_unit

if TYPE_CHECKING:
    import numpy as np

    from retrodict.run.result import Result

EXAMPLE = "Example: retrodict export runs/stars --to csv --out tables"
GENERAL = ("csv", "netcdf")  # formats of every result
TABLES = 100  # draws of which the domain makes tables
DRAWS = 1000  # draws of a function that are written
ESTIMATED = ("error", "tau_int", "tau_int_error", "effective_size", "exact", "deviation")  # of means


def command(
    directory: Directory,
    to: Annotated[
        str,
        typer.Option("--to", metavar="FORMAT", help="csv, netcdf, or one of the domain (links: npz, nersc, ildg)."),
    ] = "csv",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to; DIR/export if not given.", show_default=False)
    ] = None,
    force: Force = False,
) -> None:
    """Write results as CSV or NetCDF, or in a format of the domain: saved configurations of links as NPZ, NERSC, ILDG.

    CSV: quantities.csv; for each function NAME.csv (x, mean, median, q2_5, q16, q84, q97_5, with units) and
    NAME_draws.csv; tables of the domain, one a draw, such as equation_of_state/000.csv and stars/000.csv. NetCDF: the
    same in export.nc, with all draws and their weights in its group "draws".
    """
    from retrodict.cli.netcdf import netcdf
    from retrodict.run.result import Result

    result, folder = Result.load(directory), out or directory / "export"
    if to in GENERAL:
        tables = _domain_tables(directory, result)
        files = csv_files(result, tables) if to == "csv" else {"export.nc": netcdf(result, tables)}
    else:
        files = _in_format(directory, to)
    _check_free([folder / name for name in files], force=force)
    _write(folder, files)
    for name in sorted({name.split("/")[0] for name in files}):
        typer.echo(str(folder / name))


def _in_format(directory: Path, to: str) -> dict[str, bytes]:
    """What the domain exports in one of its own formats. Raises `InputError` for a format that it does not have."""
    from retrodict.base.domains import did_you_mean
    from retrodict.cli.domains import load as load_hook
    from retrodict.cli.running import description_of, resolved_config

    domain = description_of(directory)
    formats = [*GENERAL, *domain.exports]
    if to not in domain.exports:
        what, fix = f"results of {domain.name} have no format {to!r}", did_you_mean(to, formats) or "--to csv"
        raise InputError(what, where="--to", expected=f"one of {', '.join(formats)}", fix=fix)
    return load_hook(domain.exports[to], domain)(directory, resolved_config(directory).problem, to)


def csv_files(result: "Result", tables: Tables) -> dict[str, bytes]:
    """File name -> content: the numbers, each function's band and draws, and what the domain adds."""
    files = {"quantities.csv": _scalars(result)}
    for name in result.functions:
        files[f"{name}.csv"] = _band(result, name)
        files[f"{name}_draws.csv"] = _draws(result, name)
    for name, columns in tables.items():
        header = [_titled(column, unit) for column, (_, unit) in columns.items()]
        for draw, rows in enumerate(zip(*(values for values, _ in columns.values()), strict=True)):
            present = (row for row in zip(*rows, strict=True) if not any(map(math.isnan, row)))
            files[f"{name}/{draw:03d}.csv"] = _table(header, present, digits=17)
    return {name: text.encode() for name, text in files.items()}


def equal_draws(result: "Result", name: str, count: int) -> "np.ndarray":
    """Equally weighted draws, by systematic resampling; the same ones for every quantity.

    Args:
        result: of a run.
        name: of the quantity.
        count: most draws that are returned.
    """
    import numpy as np

    values, _ = result.draws(name)
    weights = result.weights()
    count = min(count, int(np.sum(weights > 0)))
    index = np.searchsorted(np.cumsum(weights), (np.arange(count) + 0.5) / max(count, 1))
    return values[np.minimum(index, len(values) - 1)]


def _domain_tables(directory: Path, result: "Result") -> Tables:
    """What the domain makes of single draws; it needs the problem once more, hence its data."""
    from retrodict.cli.domains import load as load_hook
    from retrodict.cli.running import description_of, resolved_config

    domain = description_of(directory)
    if not domain.report.tables:
        return {}
    make = load_hook(domain.report.tables, domain)
    return make(resolved_config(directory).problem, equal_draws(result, "z", TABLES))


def _scalars(result: "Result") -> str:
    header = ["quantity", "unit", "median", "mean", "sd", "q2_5", "q16", "q84", "q97_5"]
    found = result.quantities()
    header += [name for name in ESTIMATED if any(name in numbers for numbers in found.values())]
    rows = [[name, *(numbers.get(key, "") for key in header[1:])] for name, numbers in found.items()]
    return _table(header, rows)


def _band(result: "Result", name: str) -> str:
    band, unit = result.band(name), result.unit(name)
    column = result.tree["posterior"][name].attrs.get("column", "x")  # results of older versions do not name it
    header = [_titled(column, grid_unit(result, name)), *(_titled(statistic, unit) for statistic in STATISTICS)]
    return _table(header, zip(band["x"], *(band[statistic] for statistic in STATISTICS), strict=True))


def _draws(result: "Result", name: str) -> str:
    """One row a draw, one column a grid point: `pressure(2 n_sat) [MeV fm^-3]`."""
    of_x, unit = grid_unit(result, name), result.unit(name)
    header = [_titled(f"{name}({f'{x:.6g} {of_x}'.strip()})", unit) for x in result.band(name)["x"]]
    return _table(header, equal_draws(result, name, DRAWS))


def _table(header: Iterable[str], rows: Iterable[Iterable[Any]], digits: int = 10) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell if isinstance(cell, str) else f"{float(cell):.{digits}g}" for cell in row] for row in rows)
    return stream.getvalue()


def _titled(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name


def _check_free(paths: list[Path], *, force: bool) -> None:
    taken = [path for path in paths if path.exists()]
    if taken and not force:
        fix = "--force to replace it, or --out another directory"
        raise InputError("the file exists", where=str(taken[0]), why="nothing of yours is overwritten unasked", fix=fix)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    from retrodict.base.atomic import storage_error, write_bytes

    try:
        for parent in {(folder / name).parent for name in files}:
            parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(folder, error) from error
    for name, content in files.items():
        write_bytes(folder / name, content)
