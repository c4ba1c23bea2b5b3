"""A response curve: what a system answers to a source, with errors; and the two mock curves."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from retrodict.base.columns import find, note_unused, read_columns, take, unused
from retrodict.base.description import quoted, value_range
from retrodict.base.errors import InputError
from retrodict.base.files import JSON, PathLike
from retrodict.base.shapes import Float
from retrodict.base.units import NUMBER
from retrodict.hadron.holography.bulk import BOUNDARY
from retrodict.hadron.holography.columns import (
    CONDENSATE,
    CONDENSATE_NAMES,
    ERROR_NAMES,
    MASS,
    QUARK_MASS_NAMES,
    RESPONSE_NAMES,
    SOURCE_NAMES,
)

LEAST_POINTS: Final = 4
LARGEST_MASS: Final = 0.5  # GeV, of a quark whose condensate is that of chiral symmetry breaking
LARGEST_CONDENSATE: Final = 1.0  # GeV^3
LATTICE: Final = (  # quark mass [GeV], condensate [GeV^3]: the input of PRD 98, 106014 (2018); the origin is trivial
    (0.000673563, 0.006323923),
    (0.001347125, 0.0115084),
    (0.00269425, 0.021364605),
    (0.0053885, 0.037943538),
    (0.010777, 0.067569123),
    (0.021554, 0.102948908),
)
Values = Float[np.ndarray, " points"]


@dataclass(frozen=True, eq=False)
class ResponseCurve:
    """Responses with errors at ascending sources."""

    source: Float[np.ndarray, " points"]  # pure numbers, or GeV
    response: Float[np.ndarray, " points"]  # pure numbers, or GeV^3
    error: Float[np.ndarray, " points"]  # one standard deviation
    in_gev: bool  # a condensate over a quark mass
    notes: tuple[str, ...] = ()


def read_curve(path: PathLike, columns: str = "") -> ResponseCurve:
    """The curve in a table `source, response, error` or `quark_mass [GeV], condensate [GeV^3], error`.

    Args:
        path: of the file.
        columns: names and units of the columns of a table without a header.

    Raises:
        InputError: for missing columns, too few points, sources that do not ascend, values out of range.
    """
    table = read_columns(path, columns or None)
    in_gev = find(table, QUARK_MASS_NAMES) is not None
    names = (QUARK_MASS_NAMES, CONDENSATE_NAMES) if in_gev else (SOURCE_NAMES, RESPONSE_NAMES)
    units = (MASS, CONDENSATE) if in_gev else (NUMBER, NUMBER)
    for name, unit in zip(names, units, strict=True):
        found = find(table, name)
        if in_gev and found is not None and not table.unit(found):
            fix = f"{found} [{next(iter(unit))}]"
            raise InputError(f"the column {found} has no unit", where=table.where(name=found), fix=fix)
    source, response = (take(table, name, unit) for name, unit in zip(names, units, strict=True))
    if find(table, ERROR_NAMES) is None:
        fix = "add a column error with one standard deviation of each response"
        raise InputError("the responses have no errors", where=table.source.path, fix=fix)
    column = find(table, names[1]) or ""
    error = take(table, ERROR_NAMES, units[1], unit=table.unit(column) or None)
    where = table.source.path
    zero = source == 0
    notes = ("the response to no source vanishes by symmetry, and is left out",) if zero.any() else ()
    source, response, error = source[~zero], response[~zero], error[~zero]
    if len(source) < LEAST_POINTS:
        got, expected = f"{len(source)} points with a source", f"at least {LEAST_POINTS}"
        raise InputError("too few points for a response curve", where=where, got=got, expected=expected)
    if (error <= 0).any():
        raise InputError("an error is not positive", where=where, got=f"{error.min():g}")
    if (source < 0).any() or (np.diff(source) <= 0).any():
        fix = "sort the rows; of a curve that is odd keep the half with positive sources"
        raise InputError("sources are not positive and ascending", where=where, got=f"from {source[0]:g}", fix=fix)
    if in_gev and (source.max() > LARGEST_MASS or np.abs(response).max() > LARGEST_CONDENSATE):
        got = f"masses up to {source.max():g} GeV, condensates up to {np.abs(response).max():g} GeV^3"
        expected = f"up to {LARGEST_MASS:g} GeV and {LARGEST_CONDENSATE:g} GeV^3"
        raise InputError(
            "no quark masses and condensates", where=where, got=got, expected=expected, fix="check the units"
        )
    if not in_gev and (source.max() > 20 or np.abs(response).max() > 200):
        got, why = f"sources up to {source.max():g}", "the field at the boundary is a number of order one"
        raise InputError("sources far from those of a field", where=where, got=got, why=why, fix="scale the columns")
    used = (*(find(table, name) for name in names), find(table, ERROR_NAMES))
    return ResponseCurve(source, response, error, in_gev, (*notes, *note_unused(unused(table, used))))


def describe(path: PathLike, columns: str = "") -> dict[str, JSON]:
    """What is in such a file, for `retrodict inspect`.

    Args:
        path: of the file.
        columns: names and units of the columns of a table without a header.

    Raises:
        InputError: as `read_curve`.
    """
    curve = read_curve(path, columns)
    named = f"\n    columns: {quoted(columns)}" if columns else ""
    return {
        "kind": "response_curve",
        "points": len(curve.source),
        "source": value_range(curve.source, "GeV" if curve.in_gev else ""),
        "response": value_range(curve.response, "GeV^3" if curve.in_gev else ""),
        "relative_error": float(np.median(curve.error / np.maximum(np.abs(curve.response), 1e-12))),
        "warnings": list(curve.notes),
        "config": f"problem:\n  data: {quoted(str(path))}\n  analysis:\n    kind: Holography{named}",
    }


def black_hole(eta: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """h of the planar black hole in four dimensions, 3 coth(3 eta).

    Args:
        eta: places in the bulk.
    """
    return 3 / np.tanh(3 * eta)


def black_hole_curve(error: float, *, seed: int | None = 0, points: int = 24) -> ResponseCurve:
    """The response of a field with m^2 = -1, lambda = 1 around the planar black hole, by an adaptive integrator.

    Args:
        error: relative errors.
        seed: of the noise; None: no noise.
        points: of the curve.
    """
    from scipy.integrate import solve_ivp

    centre, start = np.linspace(0.1, 1.2, points), 1e-3
    bend = 0.25 * (centre**3 - centre) * start**2

    def rate(eta: float, state: np.ndarray) -> np.ndarray:
        phi, pi = state.reshape(2, -1)
        return np.concatenate([pi, -black_hole(np.asarray(eta)) * pi - phi + phi**3])

    first = np.concatenate([centre + bend, 2 * bend / start])
    found = solve_ivp(rate, (start, BOUNDARY), first, method="DOP853", rtol=1e-12, atol=1e-14)
    source, response = found.y[:, -1].reshape(2, -1)
    scale = error * np.maximum(np.abs(response), 0.05)
    noise = 0.0 if seed is None else np.random.default_rng(seed).normal(size=points) * scale
    return ResponseCurve(source, response + noise, scale, False)


def condensate_curve(error: float) -> ResponseCurve:
    """The chiral condensate of the lattice over the quark mass.

    Args:
        error: relative errors that its points get, since none were published with them.
    """
    mass, condensate = np.array(LATTICE).T
    notes = (f"the points were published without errors: {100 * error:g} % are assumed",)
    return ResponseCurve(mass, condensate, error * condensate, True, notes)
