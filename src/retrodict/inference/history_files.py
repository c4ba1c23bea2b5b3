"""Monte Carlo histories as other programs write them: tables of what was measured on each trajectory.

A table has a column of trajectory numbers (`trajectory`, `traj`, `sweep`, ...) and one column for each quantity. The
numbers may have gaps and start anywhere. A replicum is a file, or a part of one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from retrodict.base.columns import read_columns
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import PathLike, Source, read_text
from retrodict.base.tables import ColumnNames, Columns
from retrodict.num.autocorrelation import SHORTEST

TELLING: Final = (
    "trajectory",
    "traj",
    "trj",
    "traj_no",
    "trajectories",
    "sweep",
    "sweeps",
    "mdtime",
    "md_time",
    "mdtu",
)
TIMES: Final = (*TELLING, "mc_time", "mc_step", "cfg", "conf", "config", "configuration", "iteration", "update", "step")
REPLICA: Final = ("replica", "replicum", "rep", "stream", "chain")  # a column that tells the replica of one file apart

MULTIPLE: Final = 1e-3  # of a step: how far off a grid a time may be written

_NUMERIC: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?")


class Replicum(NamedTuple):
    """One Markov chain.

    Args:
        name: its file, and its number in a file that holds several.
        times: the number of each entry, ascending.
        values: what was measured.
    """

    name: str
    times: Int[np.ndarray, " time"]
    values: Float[np.ndarray, "time quantity"]

    def after(self, discard: int) -> "Replicum":
        """Without the entries of its first `discard` trajectories."""
        keep = self.times >= self.times[0] + discard
        return Replicum(self.name, self.times[keep], self.values[keep])


@dataclass(frozen=True, eq=False)
class MonteCarloHistory:
    """What was measured along one or several Markov chains.

    Args:
        names: of the quantities.
        units: of the quantities, empty where none is stated.
        replica: the chains.
        counted_in: the name of the column of trajectory numbers; `entry` where there is none.
        sources: the files.
        notes: what was assumed when they were read.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    replica: tuple[Replicum, ...]
    counted_in: str = "trajectory"
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, name: str) -> list[Float[np.ndarray, " _"]]:
        """The history of one quantity in each replicum."""
        return [one.values[:, self.names.index(name)] for one in self.replica]

    @property
    def times(self) -> list[Int[np.ndarray, " _"]]:
        """The trajectory numbers of each replicum."""
        return [one.times for one in self.replica]

    def after(self, discard: int) -> "MonteCarloHistory":
        """Without the first trajectories of each replicum.

        Args:
            discard: how many trajectories, counted from the first number of each replicum.

        Raises:
            InputError: if fewer than four entries of a replicum remain.
        """
        kept = tuple(one.after(discard) for one in self.replica)
        short = next((one for one in kept if len(one.times) < SHORTEST), None)
        if short is not None:
            longest = min(
                int(one.times[-SHORTEST] - one.times[0]) for one in self.replica if len(one.times) >= SHORTEST
            )
            got = f"{len(short.times)} entries after the first {discard} of {short.name}"
            fix = f"--discard {longest} or less"
            raise InputError("too few entries remain", got=got, expected=f"at least {SHORTEST}", fix=fix)
        return MonteCarloHistory(self.names, self.units, kept, self.counted_in, self.sources, self.notes)


def read_history(paths: Sequence[PathLike], columns: ColumnNames | None = None) -> MonteCarloHistory:
    """Read the histories of one or several replica.

    A file may hold several: told apart by a column `replica`, or by trajectory numbers that begin anew.

    Args:
        paths: tables with the same columns; CSV or white space, also `.npz`, `.npy`, HDF5 or JSON.
        columns: names of all columns, for tables that do not name them.

    Raises:
        InputError: for files that cannot be read or have different columns, and for trajectory numbers that are no
            whole numbers or stand twice with different values.
    """
    if not paths:
        raise InputError("no history", expected="one file or more")
    notes: list[str] = []
    tables = [_table(path, columns, notes) for path in paths]
    names, first = tables[0].names, tables[0].source.path
    for table in tables[1:]:
        if set(table.names) != set(names):
            got, expected = ", ".join(table.names), f"{', '.join(names)}, as in {first}"
            raise InputError("the replica have different columns", where=table.source.path, got=got, expected=expected)
    counter = next((name for name in TIMES if name in names), "")
    label = next((name for name in REPLICA if name in names), "")
    quantities = [name for name in names if name not in (counter, label)]
    if not quantities:
        expected = "a column for each quantity beside the number of the trajectory"
        raise UnknownKind("the table has no quantity", where=first, got=", ".join(names), expected=expected)
    if not counter:
        notes.append("no column of trajectory numbers: the entries are taken as evenly spaced")
    unit = _unit_of_time(tables, counter)
    replica = [one for table in tables for one in _replica(table, counter, label, quantities, unit, notes)]
    if unit != 1:
        notes.append(f"{counter} is no whole number: it is counted in steps of {unit:g}")
        counter = f"{unit:g} {counter}"
    units = tuple(tables[0].unit(name) for name in quantities)
    sources = tuple(table.source for table in tables)
    return MonteCarloHistory(
        tuple(quantities), units, tuple(replica), counter or "entry", sources, tuple(dict.fromkeys(notes))
    )


def column_names(path: PathLike) -> tuple[str, ...]:
    """The sorted names of the columns of a table: those of replica agree."""
    return tuple(sorted(_table(path, None, []).names))


def _table(path: PathLike, columns: ColumnNames | None, notes: list[str]) -> Columns:
    """The columns of a file; of a text without names the first one counts trajectories, if it can."""
    try:
        return _without_words(path, columns, notes)
    except InputError as error:
        if error.what != "the columns have no names" or columns is not None:
            raise
    text, _ = read_text(path)
    lines = (line.split("#")[0].replace(",", " ").split() for line in text.splitlines())
    width = len(next((cells for cells in lines if cells and _NUMERIC.fullmatch(cells[0])), []))
    named = read_columns(path, [f"column_{i + 1}" for i in range(width)])
    first = named.values[:, 0]
    counts = width > 1 and np.all(first == np.round(first)) and np.all(np.diff(first) > 0)
    names = ["trajectory", *named.names[1:]] if counts else list(named.names)
    notes.append(f"a table without names: {', '.join(names)}")
    return read_columns(path, names)


def _without_words(path: PathLike, columns: ColumnNames | None, notes: list[str]) -> Columns:
    """The columns of numbers; those of words alone (`yes`, a date) are left out, and that is noted."""
    words: list[str] = []
    refused: InputError | None = None
    while True:
        try:
            found = read_columns(path, columns, words=words)
        except InputError as error:
            name = error.where.rpartition(", column ")[2]
            if error.what != "a cell is not a number" or name in words:
                raise
            words.append(name)
            refused = error
            continue
        if refused and any(_NUMERIC.fullmatch(cell) for cells in found.words.values() for cell in cells):
            raise refused  # a column of numbers with a cell that is none
        if words:
            notes.append(f"columns of words are left out: {', '.join(words)}")
        return found


def _replica(
    table: Columns, counter: str, label: str, quantities: Sequence[str], unit: float, notes: list[str]
) -> list[Replicum]:
    """The replica in one table."""
    values = np.stack([table[name] for name in quantities], axis=1)
    rows = np.arange(len(values))
    times = table[counter] / unit if counter else rows.astype(float)
    off = np.abs(times - np.round(times)) > MULTIPLE
    if np.any(off) or np.any(np.abs(times) > 2**53):
        row = int(np.argmax(off))
        where, expected = table.where(row, counter), "whole numbers, or multiples of the smallest step"
        got = f"{times[row] * unit:g}"
        raise InputError("the numbers of the trajectories lie on no grid", where=where, got=got, expected=expected)
    times = np.round(times)
    if label:
        parts = [rows[table[label] == value] for value in np.unique(table[label])]
    else:
        parts = np.split(rows, np.flatnonzero(times[1:] <= times[0]) + 1) if counter else [rows]
        parts = _joined(parts, times, values)
    if len(parts) > 1 and not label:
        notes.append(f"{table.source.path} holds {len(parts)} replica: the numbers of its trajectories begin anew")
    named = [
        (f"{table.source.path}[{i}]" if len(parts) > 1 else table.source.path, part) for i, part in enumerate(parts)
    ]
    return [_replicum(name, part, times, values, table, counter, notes) for name, part in named]


def _unit_of_time(tables: Sequence[Columns], counter: str) -> float:
    """1 where trajectories have whole numbers; else the smallest step, as of molecular-dynamics time."""
    numbers = [table[counter] for table in tables] if counter else []
    if all(np.all(times == np.round(times)) for times in numbers):
        return 1.0
    steps = np.concatenate([np.abs(np.diff(times)) for times in numbers])
    return float(steps[steps > 0].min())


def _joined(parts: Sequence[np.ndarray], times: np.ndarray, values: np.ndarray) -> list[np.ndarray]:
    """Parts of one table that begin with another first row; a first row written twice begins no replicum."""
    joined: list[np.ndarray] = []
    for part in parts:
        if joined and len(part) == 1 and np.array_equal(values[part[0]], values[joined[-1][0]]):
            joined[-1] = np.concatenate([joined[-1], part])
        elif len(part):
            joined.append(part)
    return joined


def _replicum(
    name: str,
    rows: np.ndarray,
    times: np.ndarray,
    values: np.ndarray,
    table: Columns,
    counter: str,
    notes: list[str],
) -> Replicum:
    order = rows[np.argsort(times[rows], kind="stable")]
    if not np.array_equal(order, rows):
        notes.append(f"{name}: the rows are not in the order of their numbers; they were sorted")
    again = np.flatnonzero(np.diff(times[order]) == 0)
    for i in again:
        if not np.array_equal(values[order[i]], values[order[i + 1]]):
            raise InputError(
                "a trajectory stands twice with different values",
                where=table.where(int(order[i + 1]), counter),
                got=f"{counter} {times[order[i]]:.0f}",
                expected="one row a trajectory",
                why="a run that was restarted has written it again",
                fix="remove the rows of the interrupted part, or give each part a file of its own",
            )
    if len(again):
        notes.append(f"{name}: {len(again)} rows stand twice; one of each is used")
        order = np.delete(order, again + 1)
    if len(order) < SHORTEST:
        raise InputError("the history is too short", where=name, got=f"{len(order)} rows", expected=f">= {SHORTEST}")
    return Replicum(name, times[order].astype(np.int64), values[order])
