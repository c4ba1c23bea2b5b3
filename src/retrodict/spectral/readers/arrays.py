"""Named arrays: grid, means and errors or a covariance, or grid and samples; from CSV, .npz, JSON or an HDF5 group.

The name of an array says what it is (`p, D, sigma`; `tau, G, sigma`; `tau, mean, covariance`; `tau, samples`), with its
unit in brackets: `tau [GeV^-1]`. In a text table the covariance stands in the columns cov_0, cov_1, ...
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrodict.base.column_names import parse_names
from retrodict.base.columns import note_unused
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import Source
from retrodict.base.shapes import Float
from retrodict.base.table_rows import Columns
from retrodict.base.units import factor
from retrodict.spectral.columns import (
    COVARIANCE_NAMES,
    ERROR_NAMES,
    ERRORS_OF,
    GRID_NAMES,
    LATTICE_UNITS,
    MEAN_NAMES,
    SAMPLE_NAMES,
)
from retrodict.spectral.correlator import LATTICE_UNIT, PHYSICAL_UNIT, Correlator
from retrodict.spectral.samples import CorrelatorSamples
from retrodict.spectral.units import EUCLIDEAN_TIME, MOMENTUM

EXPECTED = "tau or p or omega_n; D, G or mean; and sigma or a covariance, or samples"
_AN_ERROR = re.compile(r"err|sigma|std|unc(ert|_|$)|(^|_)(stat|sys|syst)(_|$)")
_EFFECTIVE_MASS = re.compile(r"m_?eff|effective_mass")  # no values of a correlator, though with errors beside it
OTHERS_OUT = "leave the others out of the file"
_COVARIANCE_COLUMN = re.compile(r"cov_?(\d{1,4})", re.ASCII)


@dataclass(frozen=True)
class Roles:
    """The names of the arrays that make up a correlator; "" where there is none."""

    argument: str  # what the grid is: tau, momentum or matsubara
    grid: str  # points
    mean: str  # values at the points
    error: str  # one-sigma errors of the means
    covariance: str  # of the means
    samples: str  # measurements

    @property
    def only_samples(self) -> bool:
        """Whether the errors must come from samples."""
        return bool(self.samples) and not (self.mean and (self.error or self.covariance))

    @property
    def known(self) -> bool:
        """Whether this is a correlator, complete or not."""
        return bool(self.grid and (self.mean or self.samples))


def roles(names: tuple[str, ...], where: str) -> Roles:
    """Recognise the arrays of a correlator by their names.

    Args:
        names: of columns or arrays, in lower case.
        where: the file, for messages.

    Raises:
        InputError: for two grids.
    """
    grids = [(argument, name) for argument, known in GRID_NAMES.items() for name in names if name in known]
    if len(grids) > 1:
        got = ", ".join(name for _, name in grids)
        raise InputError("two columns could be the grid", where=where, got=got, fix="keep one of them")
    argument, grid = grids[0] if grids else ("", "")
    mean = _first(names, MEAN_NAMES)
    own = tuple(form.format(mean) for form in ERRORS_OF) if mean else ()
    error = _first(names, (*ERROR_NAMES, *own))
    return Roles(argument, grid, mean, error, _first(names, COVARIANCE_NAMES), _first(names, SAMPLE_NAMES))


def from_columns(table: Columns, covariance: Float[np.ndarray, "_ _"] | None = None) -> Correlator:
    """The unchecked correlator in a text table.

    Args:
        table: columns with names and units.
        covariance: of the means, from another file.

    Raises:
        UnknownKind: if the columns are not those of a correlator.
        InputError: for a correlator that is incomplete or contradicts itself.
    """
    part = _known(roles(table.names, table.source.path), table.names, table.source.path)
    if not part.mean:
        raise _missing("means", table.source.path, table.names)
    inside = _covariance_columns(table)
    if part.error:
        _check_errors(table, part.error)
    arrays = {name: table[name] for name in (part.grid, part.mean, part.error) if name}
    left = [name for name in table.names if name not in arrays and not _COVARIANCE_COLUMN.fullmatch(name)]
    refuse_second(part, left, table.source.path, _columns_option(table, arrays))
    units = {name: _unit(table.unit(name)) for name in arrays}
    given = covariance if covariance is not None else inside
    if covariance is not None and inside is not None:
        raise InputError("the covariance is given twice", where=table.source.path, fix="leave one of the two out")
    means = _means(part, arrays, units, given, table.source)
    return replace(means, notes=(*table.notes, *note_unused(left), *means.notes))


def from_arrays(
    named: Mapping[str, Float[np.ndarray, "..."]], source: Source, covariance: Float[np.ndarray, "_ _"] | None = None
) -> Correlator | CorrelatorSamples:
    """The unchecked correlator in arrays called `tau [GeV^-1]`, `G`, ...

    Args:
        named: the arrays by their names.
        source: where they come from.
        covariance: of the means, from another file.

    Raises:
        UnknownKind: if the arrays are not those of a correlator.
        InputError: for a correlator that is incomplete or contradicts itself.
    """
    names, units = parse_names(list(named), source.path)
    arrays, unit_of = dict(zip(names, named.values(), strict=True)), dict(zip(names, map(_unit, units), strict=True))
    part = _known(roles(names, source.path), names, source.path)
    taken = (part.grid, part.samples) if part.only_samples else (part.grid, part.mean, part.error, part.covariance)
    left = [name for name in names if name not in taken]
    if part.only_samples:
        samples = _samples(part, arrays, unit_of, source)
        return replace(samples, notes=(*note_unused(left), *samples.notes))
    refuse_second(part, left, source.path, OTHERS_OUT)
    if covariance is None and not part.covariance:
        refuse_matrix({name: arrays[name].shape for name in left}, source.path)
    given = covariance
    if part.covariance:
        if covariance is not None:
            raise InputError("the covariance is given twice", where=source.path, fix="leave one of the two out")
        given = arrays[part.covariance]
    means = _means(part, arrays, unit_of, given, source)
    return replace(means, notes=(*note_unused(left), *means.notes))


def in_own_units(
    grid: Float[np.ndarray, "*points"], unit: str, argument: str, where: str
) -> tuple[Float[np.ndarray, "*points"], str, tuple[str, ...]]:
    """Convert a grid to lattice units or GeV.

    Args:
        grid: the points, in `unit`, shape (points,).
        unit: as the file names it; "" for none.
        argument: what the grid is: tau, momentum or matsubara.
        where: the file, for messages.

    Returns:
        The grid, the name of its unit, and a note where the file names none.

    Raises:
        InputError: for a unit that this argument cannot have.
    """
    power = 1 if argument == "tau" else -1
    if not unit or LATTICE_UNITS.get(unit, 2) in (0, power):
        example = f"{argument if argument != 'momentum' else 'p'} [{PHYSICAL_UNIT[argument]}]"
        note = f"no unit in the file: lattice units are assumed; if it is in GeV, name it {example}"
        return grid, LATTICE_UNIT[argument], () if unit else (note,)
    units = EUCLIDEAN_TIME if argument == "tau" else MOMENTUM
    with np.errstate(over="ignore"):
        return grid * factor(unit, units, f"{where}, {argument}"), PHYSICAL_UNIT[argument], ()


def refuse_second(part: Roles, left: Sequence[str], where: str, fix: str) -> None:
    """Refuse values or errors besides those that would be taken: which are meant is not for the program to say.

    Args:
        part: the arrays that would be taken.
        left: names of all others.
        where: the file, for the message.
        fix: how to say which.

    Raises:
        InputError: if there are any.
    """
    kept = [name for name in left if not _EFFECTIVE_MASS.search(name)]
    errors = {form.format(name): name for name in kept for form in ERRORS_OF}
    second = [name for name in kept if name in MEAN_NAMES or re.fullmatch(rf"{re.escape(part.mean)}_?\d+", name)]
    second += [errors[name] for name in kept if name in errors]
    if second:
        got, what = ", ".join(dict.fromkeys((part.mean, *second))), "several columns could be the values"
        raise InputError(what, where=where, got=got[:200], expected="one correlator", fix=fix)
    more = [name for name in kept if name in ERROR_NAMES or _AN_ERROR.search(name)]
    if part.error and more:
        got, what = ", ".join((part.error, *more)), "several columns could be the errors"
        raise InputError(what, where=where, got=got[:200], expected="one error, of one sigma in all", fix=fix)


def refuse_matrix(left: Mapping[str, tuple[int, ...]], where: str) -> None:
    """Refuse a square matrix that is not used, where the errors would be taken as independent.

    Args:
        left: shapes of the arrays that are not used, by name.
        where: the file, for the message.

    Raises:
        InputError: for the first square matrix.
    """
    square = [name for name, shape in left.items() if len(shape) == 2 and len(set(shape)) == 1]
    if square:
        why = "the errors would be taken as independent, beside a matrix that may hold their correlations"
        fix = "give the covariance of the means under this name: covariance; or leave the matrix out"
        raise InputError("a matrix that may matter", where=where, got=square[0], why=why, fix=fix)


def _columns_option(table: Columns, taken: Mapping[str, object]) -> str:
    """The option that takes some columns of a text table and skips the others, to copy."""
    if table.form != "text" or any("brackets" in note for note in table.notes):
        return OTHERS_OUT
    units = [f"{name} [{unit}]" if unit else name for name, unit in zip(table.names, table.units, strict=True)]
    cells = [cell if name in taken else "_" for name, cell in zip(table.names, units, strict=True)]
    counted = ["_"] if any("counts the rows" in note for note in table.notes) else []
    return f'name those that are meant and skip the others: --columns "{", ".join([*counted, *cells])}"'


def _means(
    part: Roles,
    arrays: Mapping[str, Float[np.ndarray, "..."]],
    units: Mapping[str, str],
    covariance: Float[np.ndarray, "..."] | None,
    source: Source,
) -> Correlator:
    grid, mean, where = arrays[part.grid], arrays[part.mean], source.path
    error = arrays[part.error] if part.error else None
    for name, values in ((part.grid, grid), (part.mean, mean), (part.error, error)):
        if values is not None and values.shape != (grid.size,):
            got, expected = f"{name} {values.shape}", f"({grid.size},)"
            raise InputError("an array has the wrong shape", where=where, got=got, expected=expected)
    if part.error and units[part.error] not in ("", units[part.mean]):
        got = f"{part.mean} in {units[part.mean] or 'no unit'}, {part.error} in {units[part.error]}"
        raise InputError("mixed units", where=where, got=got, expected="the value and its error in one unit")
    matrix, method = _covariance(error, covariance, mean, where)
    grid, grid_unit, notes = in_own_units(grid, units[part.grid], part.argument, where)
    return Correlator(grid, mean, matrix, part.argument, grid_unit, units[part.mean], None, method, notes, source)


def _covariance(
    error: Float[np.ndarray, " points"] | None,
    covariance: Float[np.ndarray, "..."] | None,
    mean: Float[np.ndarray, " points"],
    where: str,
) -> tuple[Float[np.ndarray, "points points"], str]:
    """The covariance, or that of independent errors, with its origin in words; where both are given they must agree."""
    if covariance is None and error is None:
        raise _missing("errors", where, ())
    if covariance is None and error is not None:
        if (error <= 0.0).any():
            index = int(np.argmax(error <= 0.0))
            got, expected = f"{error[index]:g} in place {index + 1}", "one-sigma errors > 0"
            raise InputError("an error is not positive", where=where, got=got, expected=expected)
        with np.errstate(all="ignore"):
            return np.diag(error**2), "one-sigma errors as given, taken as independent"
    assert covariance is not None
    if covariance.shape != (mean.size, mean.size):
        got, expected = f"covariance {covariance.shape}", f"({mean.size}, {mean.size})"
        raise InputError("the covariance has the wrong shape", where=where, got=got, expected=expected)
    if error is not None and not np.allclose(np.sqrt(np.abs(np.diag(covariance))), error, rtol=1e-2, atol=0.0):
        index = int(np.argmax(np.abs(np.sqrt(np.abs(np.diag(covariance))) / error - 1.0)))
        got = f"{error[index]:g} and {np.sqrt(abs(covariance[index, index])):g} in place {index + 1}"
        fix = "leave the errors out, or give the covariance (not the correlations) of the means"
        raise InputError("errors and covariance contradict each other", where=where, got=got, fix=fix)
    return covariance, "covariance as given"


def _samples(
    part: Roles, arrays: Mapping[str, Float[np.ndarray, "..."]], units: Mapping[str, str], source: Source
) -> CorrelatorSamples:
    grid, unit, notes = in_own_units(arrays[part.grid], units[part.grid], part.argument, source.path)
    chain = arrays[part.samples]
    if chain.ndim != 2 or grid.ndim != 1 or chain.shape[1] != len(grid):
        got, expected = f"{part.samples} {chain.shape}", f"(measurements, {grid.size})"
        raise InputError("the samples do not fit the grid", where=source.path, got=got, expected=expected)
    return CorrelatorSamples(grid, ((chain,),), part.argument, unit, units[part.samples], notes, source)


def _covariance_columns(table: Columns) -> Float[np.ndarray, "points points"] | None:
    """The matrix in the columns cov_0, cov_1, ... or cov_1, cov_2, ..."""
    found = {int(match[1]): name for name in table.names if (match := _COVARIANCE_COLUMN.fullmatch(name))}
    if not found:
        return None
    numbers = sorted(found)
    if numbers != list(range(numbers[0], numbers[0] + len(table.values))):
        got, expected = (
            f"{len(found)} columns cov_{numbers[0]} ... cov_{numbers[-1]}",
            f"{len(table.values)}, one a row",
        )
        raise InputError("the covariance is not square", where=table.source.path, got=got, expected=expected)
    return np.stack([table[found[number]] for number in numbers], axis=1)


def _check_errors(table: Columns, name: str) -> None:
    bad = table[name] <= 0.0
    if bad.any():
        row = int(np.argmax(bad))
        got, fix = repr(float(table[name][row])), "remove the point, or give it the error that it has"
        raise InputError(
            "an error is not positive", where=table.where(row, name), got=got, expected="more than 0", fix=fix
        )


def _known(part: Roles, names: tuple[str, ...], where: str) -> Roles:
    if not part.known:
        got = ", ".join(names[:12])[:300]
        raise UnknownKind("not a correlator", where=where, got=got or "no names", expected=EXPECTED)
    return part


def _missing(what: str, where: str, names: tuple[str, ...]) -> InputError:
    fix = f"columns in this file: {', '.join(names[:20])}" if names else "add a column sigma, or a covariance"
    return InputError(f"the correlator has no {what}", where=where, expected=EXPECTED, fix=fix)


def _unit(text: str) -> str:
    """The unit in brackets; none where the brackets hold the argument, as in D(p)."""
    return "" if any(text.lower() in names for names in GRID_NAMES.values()) else text


def _first(names: tuple[str, ...], known: tuple[str, ...]) -> str:
    return next((name for name in known if name in names), "")
