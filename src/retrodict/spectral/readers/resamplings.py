"""Tables of resamplings: one row a time, one column a jackknife or bootstrap replicate, `jk_0, ...` or `boot_0, ...`.

A replicate is the mean with one bin left out, or the mean of bins drawn with replacement; the errors follow from how
these scatter, not as those of measurements.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from retrodict.base.columns import note_unused
from retrodict.base.table_rows import Columns
from retrodict.spectral.columns import REPLICATE, REPLICATES
from retrodict.spectral.readers.arrays import in_own_units, roles
from retrodict.spectral.samples import CorrelatorSamples, Rows

LEAST_REPLICATES: Final = 4


def replicates(names: Sequence[str]) -> tuple[Rows, list[str]] | None:
    """The kind of the replicates in a table and their columns in the order of their numbers; None where there are none.

    Args:
        names: of all columns, lower-case.

    Example:
        >>> replicates(["tau", "jk_1", "jk_0", "jk_2", "jk_3"])
        ('jackknife', ['jk_0', 'jk_1', 'jk_2', 'jk_3'])
    """
    found = [match for name in names if (match := REPLICATE.fullmatch(name))]
    if len(found) < LEAST_REPLICATES or len({match[1] for match in found}) > 1:
        return None
    ordered = sorted(found, key=lambda match: int(match[2]))
    return REPLICATES[found[0][1]], [match[0] for match in ordered]


def from_replicates(table: Columns, kind: Rows, columns: Sequence[str]) -> CorrelatorSamples:
    """The replicates of a table as rows, with the mean of the measurements where it has a column.

    Args:
        table: columns with names and units.
        kind: `jackknife` or `bootstrap`.
        columns: names of the replicates.

    Raises:
        InputError: for two grids, or a grid in a unit that it cannot have.
    """
    others = tuple(name for name in table.names if name not in columns)
    part = roles(others, table.source.path)
    chain = np.stack([table[name] for name in columns])
    notes = (f"{len(columns)} columns {columns[0]} to {columns[-1]}: {kind} replicates of the mean",)
    grid, unit, argument = np.arange(float(chain.shape[1])), "a", "tau"
    if part.grid:
        argument = part.argument
        grid, unit, more = in_own_units(table[part.grid], table.unit(part.grid), argument, table.source.path)
        notes = (*notes, *more)
    left = [name for name in others if name not in (part.grid, part.mean)]
    notes = (*table.notes, *notes, *note_unused(left))
    central = table[part.mean] if part.mean else None
    return CorrelatorSamples(grid, ((chain,),), argument, unit, "", notes, table.source, central=central, rows=kind)
