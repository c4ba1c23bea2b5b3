"""Named columns from a file of any form: text, .npy, .npz, HDF5 or JSON, chosen by content and never by the suffix."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from retrodict.base.arrays import npz_names, read_npy, read_npz
from retrodict.base.column_names import IGNORED, WEIGHT_NAMES, ColumnNames, parse_names, parsed_name
from retrodict.base.errors import InputError
from retrodict.base.files import (
    JSON,
    TABLE_LIMIT,
    TEXT_LIMIT,
    PathLike,
    Source,
    decode,
    form_of,
    parse_json,
    read_head,
)
from retrodict.base.gzipped import read_unpacked
from retrodict.base.table_rows import Columns
from retrodict.base.tables import header_columns, parse_table
from retrodict.base.units import factor

NO_POSTERIOR = re.compile(r"prior|nested_samples|live_points", re.IGNORECASE)  # tables that are read if named alone


def read_columns(
    path: PathLike, columns: ColumnNames | None = None, *, words: Sequence[str] = (), group: str | None = None
) -> Columns:
    """The columns of `path`, finite float64, with names, units as the file states them, and provenance.

    `columns` names the columns of a table that has no header, or of a two-dimensional `.npy`; `words` are text columns
    that may be present; `group` picks a table in an HDF5 file that holds several. Raises `InputError`.
    """
    form = form_of(read_head(path))
    if form == "npy":
        return _from_matrix(*read_npy(path), columns)
    if form == "zip":
        archive = read_npz(path)
        return replace(from_arrays(archive.arrays, archive.source, "npz", columns), notes=left_out(archive.left))
    if form == "hdf5":
        return _from_hdf5(path, columns, group)
    data, source = read_unpacked(path, TEXT_LIMIT if form == "json" else TABLE_LIMIT)
    if form_of(data[:4096]) == "json":
        value = parse_json(decode(data, path), path)
        return from_arrays(_json_table(value, source), source, "json", columns)
    return parse_table(data, source, columns, words)


def left_out(members: Sequence[str]) -> tuple[str, ...]:
    """A note on the members of an archive that hold no numbers; nothing where there are none."""
    named = ", ".join(members[:8])
    return (f"left out, since they hold no numbers (objects are never unpickled): {named}",) if members else ()


def unused(table: Columns, used: Iterable[str | None]) -> tuple[str, ...]:
    """The columns of a table that a reader did not use.

    Args:
        table: the columns of a file.
        used: names of those that it did; None is skipped.
    """
    taken = set(used)
    return tuple(name for name in table.names if name not in taken)


def note_unused(left: Sequence[str]) -> tuple[str, ...]:
    """A note that names what is not used, nothing where there is nothing.

    Args:
        left: names of columns or arrays.
    """
    more = f", and {len(left) - 12} more" if len(left) > 12 else ""
    return (f"columns not used: {', '.join(left[:12])}{more}",) if left else ()


def named_columns(form: str, first: bytes, path: PathLike, document: JSON = None) -> tuple[tuple[str, str], ...]:
    """Name and unit that a file gives to each of its columns, however broken its numbers are.

    Args:
        form: what the file is, as `form_of` says.
        first: the first bytes, in which a text has its header.
        path: of the file; an archive or an HDF5 file is opened for its names.
        document: the content of a JSON file.

    Returns:
        Lower-case names with their units, empty units where none is stated; nothing where the file names no columns.

    Raises:
        InputError: for an archive, an HDF5 file or a name that cannot be read.
    """
    if form == "zip":
        return _pairs(npz_names(path))
    if form == "json":
        return _pairs(list(_json_table(document, Source(os.fspath(path), "", 0))))
    if form == "hdf5":
        return _hdf5_pairs(path)
    return header_columns(first.decode("utf-8-sig", errors="replace")) if form == "text" else ()


def _pairs(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple(zip(*parse_names(names), strict=True)) if names else ()


def _hdf5_pairs(path: PathLike) -> tuple[tuple[str, str], ...]:
    from retrodict.base.hdf5 import list_hdf5

    datasets = list_hdf5(path)[0].items()
    leaves = (
        (leaf.lower(), dataset.unit) if dataset.unit else parsed_name(leaf)
        for name, dataset in datasets
        for leaf in (name.rpartition("/")[2], *dataset.fields)
    )
    return tuple(dict.fromkeys(leaves))


def find(table: Columns, names: Sequence[str]) -> str | None:
    """The first of `names` that is a column of the table."""
    return next((name for name in names if name in table), None)


def take(table: Columns, names: Sequence[str], units: Mapping[str, float], *, unit: str | None = None) -> np.ndarray:
    """The column that goes by one of several names, in the first of several units.

    Args:
        table: the columns of a file.
        names: what the column may be called; the first is recommended in messages.
        units: unit -> its value in the first of them.
        unit: the unit that is taken where the file names none; the first of `units` if None.

    Raises:
        InputError: if there is no such column, its unit is unknown, or a value is not finite.
    """
    name = find(table, names)
    if name is None:
        wanted = f"{names[0]} [{next(iter(units))}]".removesuffix(" []")
        fix = f"name it {wanted}; columns in this file: {', '.join(table.names[:20])}"
        raise InputError(f"the column {names[0]} is missing", where=table.source.path, fix=fix)
    stated = table.unit(name) or (next(iter(units)) if unit is None else unit)
    return table[name] * factor(stated, units, table.where(name=name))


def weights(table: Columns) -> np.ndarray:
    """The weights of samples, summing to one; equal where the file has none."""
    name = find(table, WEIGHT_NAMES)
    values = table[name] if name else np.ones(len(table.values))
    if (values < 0.0).any():
        row = int(np.argmax(values < 0.0))
        raise InputError("a weight is negative", where=table.where(row, name or ""), got=repr(float(values[row])))
    largest = values.max()
    if largest == 0.0:
        raise InputError("all weights are zero", where=table.where(name=name or ""))
    scaled = values / largest
    return scaled / scaled.sum()


def from_arrays(
    arrays: dict[str, np.ndarray], source: Source, form: str, columns: ColumnNames | None = None
) -> Columns:
    """Columns from one-dimensional arrays of equal length.

    Args:
        arrays: by name, `mass` or `mass [Msun]`; arrays of other ranks are left out.
        source: the file that they come from.
        form: of that file, such as `npz`.
        columns: names and units of the columns that are wanted; all if None.

    Raises:
        InputError: if the arrays are of different lengths, or there are none.
    """
    flat = {name: values for name, values in arrays.items() if values.ndim == 1}
    lengths = {len(values) for values in flat.values()}
    if not flat or len(lengths) != 1 or lengths == {0}:
        got = ", ".join(f"{name}{values.shape}" for name, values in list(arrays.items())[:8]) or "nothing"
        expected = "one-dimensional arrays of equal length, one a quantity"
        raise InputError("the arrays do not form a table", where=source.path, got=got[:300], expected=expected)
    names, units = parse_names(list(flat), source.path)
    table = Columns(names, units, np.stack(list(flat.values()), axis=1), source, form, np.empty(0, np.int64), {})
    return _selected(table, columns)


def _from_matrix(matrix: np.ndarray, source: Source, columns: ColumnNames | None) -> Columns:
    if columns is None:
        fix = 'name them: columns="mass [Msun], radius [km]"'
        raise InputError("the columns have no names", where=source.path, got=f"an array {matrix.shape}", fix=fix)
    names, units = parse_names(columns)
    if matrix.ndim != 2 or matrix.shape[1] != len(names) or not len(matrix):
        got, expected = f"an array {matrix.shape}", f"(rows, {len(names)})"
        what = "the array has another shape than the columns named"
        raise InputError(what, where=source.path, got=got, expected=expected)
    keep = [i for i, name in enumerate(names) if name not in IGNORED]
    chosen = tuple(names[i] for i in keep), tuple(units[i] for i in keep)
    return Columns(*chosen, matrix[:, keep], source, "npy", np.empty(0, np.int64), {})


def _from_hdf5(path: PathLike, columns: ColumnNames | None, group: str | None) -> Columns:
    from retrodict.base.hdf5 import list_hdf5, read_hdf5

    datasets, _ = list_hdf5(path)
    tables: dict[str, dict[str, str]] = {}  # table -> column -> name to read it by
    units: dict[str, str] = {}
    for name, dataset in datasets.items():
        parent, _, leaf = name.rpartition("/")
        for field in dataset.fields:
            tables.setdefault(name, {})[field] = f"{name}.{field}"
        if dataset.numeric and len(dataset.shape) == 1:
            tables.setdefault(parent, {})[leaf] = name
            units[name] = dataset.unit
    wanted = parse_names(columns)[0] if columns is not None else ()
    chosen = _choose_table(tables, group, wanted, os.fspath(path))
    arrays, source = read_hdf5(path, list(tables[chosen].values()))
    found = {column + _bracket(units.get(name)): arrays[name] for column, name in tables[chosen].items()}
    left = ", ".join([name for name in tables if _is_prior(name, group)][:8])
    notes = (f"left out, since they are no posterior: {left}",) if left else ()
    return replace(from_arrays(found, source, "hdf5", columns), notes=notes)


def _bracket(unit: str | None) -> str:
    return f" [{unit}]" if unit else ""


def _alike(columns: Mapping[str, str], others: Mapping[str, str]) -> bool:
    """Whether most columns of one table are in the other, so that it holds the same of another analysis."""
    return 2 * len(columns.keys() & others.keys()) > len(columns)


def _is_prior(name: str, group: str | None) -> bool:
    """Whether a table holds samples of a prior, or of nested sampling before the weights, and was not asked for."""
    return bool(NO_POSTERIOR.search(name)) and not NO_POSTERIOR.search(group or "")


def _choose_table(tables: dict[str, dict[str, str]], group: str | None, wanted: tuple[str, ...], where: str) -> str:
    matching = [name for name in tables if group is None or name == group or name.startswith(f"{group}/")]
    if matching and all(_is_prior(name, group) for name in matching):
        why = "samples of a prior, or those before the weighting, are no posterior"
        fix = f"if these are meant: --set group={matching[0]}   (in a config: group: {matching[0]})"
        got = ", ".join(matching[:8])
        raise InputError("the HDF5 file holds no posterior samples", where=where, got=got[:400], why=why, fix=fix)
    matching = [name for name in matching if not _is_prior(name, group)]
    matching = [
        name for name in matching if all(column in {parsed_name(c)[0] for c in tables[name]} for column in wanted)
    ]
    largest = max(matching, key=lambda name: len(tables[name]), default="")
    best = [name for name in matching if _alike(tables[name], tables[largest])]
    if len(best) == 1:
        return best[0]
    shown = "; ".join(f"{name or '/'}: {', '.join(list(columns)[:4])}" for name, columns in list(tables.items())[:8])
    what = "the HDF5 file holds several tables" if best else "the HDF5 file holds no such table"
    fix = f"pick one: --set group={best[0]}   (in a config: group: {best[0]})" if best else ""
    raise InputError(what, where=where, got=shown[:400] or "no columns of numbers", fix=fix)


def _json_table(value: JSON, source: Source) -> dict[str, np.ndarray]:
    """`{name: [numbers]}`, also as Bilby writes it: `{"posterior": {"content": {name: [numbers]}}}`."""
    for key in ("posterior", "content"):
        value = value[key] if isinstance(value, dict) and isinstance(value.get(key), dict) else value
    lists = value.items() if isinstance(value, dict) else ()
    arrays = {name: _json_array(cells) for name, cells in lists if len(name) <= 200}
    found = {name: cells for name, cells in arrays.items() if cells is not None}
    if not found:
        expected = '{"mass": [...], "radius": [...]} or a Bilby result'
        raise InputError("the JSON file holds no table", where=source.path, expected=expected)
    return found


def _json_array(cells: JSON) -> np.ndarray | None:
    cells = cells.get("content") if isinstance(cells, dict) else cells
    if not isinstance(cells, list) or not all(type(cell) in (int, float) for cell in cells):
        return None
    try:
        return np.asarray(cells, dtype=np.float64)
    except OverflowError:
        return np.full(len(cells), np.inf)


def _selected(table: Columns, columns: ColumnNames | None) -> Columns:
    if columns is None:
        return table
    names, units = parse_names(columns)
    missing = [name for name in names if name not in table and name not in IGNORED]
    if missing:
        fix = "columns in this file: " + ", ".join(table.names[:20])
        raise InputError("a column is missing", where=table.source.path, got=", ".join(missing), fix=fix)
    wanted = [(name, unit) for name, unit in zip(names, units, strict=True) if name not in IGNORED]
    chosen = [table.names.index(name) for name, _ in wanted]
    units = tuple(unit or table.unit(name) for name, unit in wanted)
    kept = tuple(name for name, _ in wanted)
    return replace(table, names=kept, units=units, values=table.values[:, chosen])
