"""Nambu-Bethe-Salpeter wave functions in a table: k, r, phi, error."""

from typing import NamedTuple

import numpy as np

from retrodict.base.columns import find, note_unused, read_columns, take, unused
from retrodict.base.description import quoted, value_range
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import JSON, PathLike
from retrodict.base.shapes import Float
from retrodict.base.units import NUMBER
from retrodict.hadron.wave_functions.columns import DISTANCE, ERROR, MOMENTUM, PHI, K, R

CONFIG = "  analysis:\n    kind: WaveFunctions\n    reduced_mass: null   # MeV"
LARGEST_MOMENTUM, LARGEST_DISTANCE = 3000.0, 100.0  # MeV, fm


class WaveTable(NamedTuple):
    """Wave functions of some momenta at some distances."""

    momentum: Float[np.ndarray, " values"]  # MeV
    distance: Float[np.ndarray, " values"]  # fm
    wave: Float[np.ndarray, " values"]  # phi, which goes to sin(kr + delta)/(kr)
    error: Float[np.ndarray, " values"]
    notes: tuple[str, ...] = ()
    path: str = ""


def read_waves(path: PathLike, columns: str = "") -> WaveTable:
    """The wave functions in a table, with momenta in MeV and distances in fm.

    Args:
        path: a table with the columns k [MeV], r [fm], phi, error.
        columns: names and units of the columns of a table without a header.

    Raises:
        UnknownKind: for a readable file that is no table of wave functions.
        InputError: for one that breaks the rules.
    """
    table = read_columns(path, columns or None)
    names = [find(table, known) for known in (K, R, PHI, ERROR)]
    if names[0] is None or names[2] is None:
        got = ", ".join(table.names)[:300]
        raise UnknownKind("no wave functions", where=table.source.path, got=got, expected="k [MeV], r [fm], phi, error")
    momentum, distance = take(table, K, MOMENTUM), take(table, R, DISTANCE)
    wave, error = take(table, PHI, NUMBER), take(table, ERROR, NUMBER)
    where = table.source.path
    for what, values, unit, largest in (
        ("momenta", momentum, "MeV", LARGEST_MOMENTUM),
        ("distances", distance, "fm", LARGEST_DISTANCE),
    ):
        if not (values.min() > 0.0 and values.max() < largest):
            got, expected = f"{values.min():.4g} to {values.max():.4g} {unit}", f"0 < value < {largest:g} {unit}"
            raise InputError(f"{what} out of range", where=where, got=got, expected=expected, fix="check the unit")
    if momentum.max() < 5.0:
        why = "momenta in GeV under a header of MeV look like this"
        raise InputError("momenta too small", where=where, got=f"up to {momentum.max():.3g} MeV", why=why)
    if not error.min() > 0.0:
        row = int(np.argmin(error)) + 1
        raise InputError("an error is not positive", where=where, got=f"{error.min():g} in row {row} of the numbers")
    if np.abs(wave).max() > 50.0:
        why = "phi goes to sin(kr + delta)/(kr); u = r phi, or another normalisation, is none"
        raise InputError("these are no wave functions", where=where, got=f"|phi| = {np.abs(wave).max():.3g}", why=why)
    return WaveTable(momentum, distance, wave, error, note_unused(unused(table, names)), where)


def inspect(path: PathLike, columns: str = "") -> dict[str, JSON]:
    """Describe a table of wave functions.

    Args:
        path: the file.
        columns: names and units of the columns of a table without a header.

    Returns:
        A mapping that JSON can hold, of kind `wave_functions`.

    Raises:
        InputError: as `read_waves`.
    """
    found = read_waves(path, columns)
    momenta = np.unique(found.momentum)
    return {
        "kind": "wave_functions",
        "file": found.path,
        "points": len(found.wave),
        "momenta": {"values": momenta.tolist(), "unit": "MeV"},
        "r": value_range(found.distance, "fm"),
        "phi": value_range(found.wave, ""),
        "warnings": list(found.notes),
        "config": f"problem:\n  data: {quoted(found.path)}\n{CONFIG}",
    }
