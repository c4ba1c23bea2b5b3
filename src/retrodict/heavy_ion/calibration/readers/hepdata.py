"""Tables of HEPData over centrality, CSV or YAML. The file is called by its observable: `dNch_deta.yaml`.

Errors are variations and keep the sign of their effect: `plus` may be negative and `minus` positive where a source
pulls a distribution the other way. Percentages are of the value. Source: the documentation of HEPData's submission.
"""

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import JSON, parse_yaml
from retrodict.heavy_ion.calibration.readers.measurements import ErrorSource, Kind, Measurements, from_sides
from retrodict.heavy_ion.calibration.readers.runs import Bin, bin_of

_CENTRALITY: Final = re.compile(r"centrality|cent\b", re.IGNORECASE)
_SIDE: Final = re.compile(r"\s(LOW|HIGH)\s*$")
_SIGN: Final = re.compile(r"\s*([+-])\s*$")
_PLAIN: Final = re.compile(r"[^A-Za-z0-9_]+")


def is_hepdata(text: str) -> bool:
    """Whether a text is a table of HEPData.

    Args:
        text: the beginning of the file.
    """
    return text.startswith("#: ") or "dependent_variables:" in text


def parse_hepdata(text: str, path: str) -> Measurements:
    """The measurements of a table: of one observable, called as the file, or of several, called by their headers.

    Args:
        text: the whole file.
        path: of the file.

    Raises:
        InputError: for a table over something else than centrality, several tables in one file, errors with swapped
            signs, a total beside its parts.
    """
    return _from_csv(text, path) if text.startswith("#: ") else _from_yaml(text, path)


def _from_yaml(text: str, path: str) -> Measurements:
    document, _ = parse_yaml(text, path)
    if not isinstance(document, Mapping) or not isinstance(document.get("dependent_variables"), list):
        raise InputError("no table of HEPData", where=path, expected="independent_variables, dependent_variables")
    independent = [one for one in document.get("independent_variables") or () if isinstance(one, Mapping)]
    found = [one for one in independent if _CENTRALITY.search(_name(one))]
    if len(found) != 1 or len(independent) != 1:
        got = "; ".join(_name(one) for one in independent) or "no independent variables"
        raise InputError("the table is not one over centrality", where=path, got=got[:200], expected="one variable")
    ends = [_ends(one, f"{path}, centrality {i + 1}") for i, one in enumerate(found[0].get("values") or ())]
    dependent = [one for one in document["dependent_variables"] if isinstance(one, Mapping)]
    bins: list[Bin] = []
    values: list[float] = []
    errors: list[dict[str, tuple[float, float]]] = []
    for one in dependent:
        name = _observable(_name(one), path, len(dependent))
        entries = one.get("values") or []
        if len(entries) != len(ends):
            got = f"{len(ends)} bins and {len(entries)} values of {name}"
            raise InputError("the columns have different lengths", where=path, got=got)
        for end, entry in zip(ends, entries, strict=True):
            where = f"{path}, {name} in {end[0]:g}-{end[1]:g} %"
            if not isinstance(entry, Mapping):
                raise InputError("a row of HEPData that is no mapping", where=where)
            if entry.get("value") in ("-", ""):
                continue  # no point
            value = _number(entry.get("value"), where)
            bins.append(_bin(name, *end, where))
            values.append(value)
            errors.append({label: sides for label, sides in _yaml_errors(entry, value, where)})
    return _assembled(bins, values, errors, path)


def _yaml_errors(entry: Mapping[str, JSON], value: float, where: str) -> list[tuple[str, tuple[float, float]]]:
    found: dict[str, tuple[float, float]] = {}
    for error in entry.get("errors") or ():
        if not isinstance(error, Mapping):
            raise InputError("an error that is no mapping", where=where, got=repr(error)[:60])
        label = str(error.get("label", "error"))
        if label in found:
            fix = "give each source a label of its own"
            raise InputError("two errors have the same label", where=where, got=label, fix=fix)
        both = error.get("asymerror")
        if isinstance(both, Mapping):
            sides = _size(both.get("plus"), value, where), _size(both.get("minus"), value, where)
        else:
            size = _size(error.get("symerror"), value, where)
            sides = size, -size
        found[label] = sides
    return list(found.items())


def _size(text: JSON, value: float, where: str) -> float:
    """A number, or a percentage of the value; nothing on a side that has none."""
    if text in ("", None):
        return 0.0
    if isinstance(text, str) and text.strip().endswith("%"):
        return 0.01 * _number(text.strip().removesuffix("%"), where) * abs(value)
    return _number(text, where)


def _from_csv(text: str, path: str) -> Measurements:
    lines = [(i + 1, line) for i, line in enumerate(text.splitlines()) if line.strip() and not line.startswith("#")]
    heads = [place for place, (_, line) in enumerate(lines) if not _is_numbers(line)]
    if len(heads) != 1 or heads[0] != 0:
        got = f"{len(heads)} headers in the file"
        fix = "cut the file at its empty lines: one table a file, called by its observable"
        raise InputError("one table a file", where=path, got=got, fix=fix)
    names = [name.strip() for name in next(csv.reader([lines[0][1]]))]
    sides = {match[1]: i for i, name in enumerate(names) if (match := _SIDE.search(name))}
    if not _CENTRALITY.search(names[0]) or set(sides) != {"LOW", "HIGH"} or len(names) < 4:
        expected = "Centrality [%], Centrality [%] LOW, Centrality [%] HIGH, observable, stat +, stat -"
        raise InputError(
            "the table is not one over centrality", where=path, got=", ".join(names[:5]), expected=expected
        )
    column = next(i for i in range(1, len(names)) if i not in sides.values())
    name = _observable(names[column], path, 1)
    bins, values, errors = [], [], []
    for number, line in lines[1:]:
        where = f"{path}:{number}"
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if len(cells) != len(names):
            raise InputError("a row has the wrong number of cells", where=where, got=str(len(cells)))
        low, high = (_number(cells[sides[side]], where) for side in ("LOW", "HIGH"))
        if cells[column] in ("-", ""):
            continue
        bins.append(_bin(name, low, high, where))
        values.append(_number(cells[column], where))
        errors.append(_csv_errors(names[column + 1 :], cells[column + 1 :], values[-1], where))
    return _assembled(bins, values, errors, path)


def _csv_errors(names: list[str], cells: list[str], value: float, where: str) -> dict[str, tuple[float, float]]:
    sides: dict[str, dict[str, float]] = {}
    for name, cell in zip(names, cells, strict=True):
        sign = _SIGN.search(name)
        if sign is None:
            what = "a column that is no error"
            raise InputError(what, where=where, got=name, expected="stat +, stat -", fix="one observable a file")
        label = _SIGN.sub("", name)
        if sign[1] in sides.setdefault(label, {}):
            raise InputError("two errors have the same label", where=where, got=label)
        sides[label][sign[1]] = _size(cell, value, where)
    for label, both in sides.items():
        if set(both) != {"+", "-"}:
            raise InputError("an error of one side", where=where, got=label, expected=f"{label} +, {label} -")
    return {label: (both["+"], both["-"]) for label, both in sides.items()}


def _assembled(
    bins: list[Bin], values: list[float], errors: list[dict[str, tuple[float, float]]], path: str
) -> Measurements:
    """Sources by observable and label; a total beside its parts is not counted again."""
    if not bins:
        raise InputError("the table has no values", where=path)
    labels = list(dict.fromkeys(label for row in errors for label in row))
    notes: list[str] = []
    sources = []
    parts = [label for label in labels if not _is_total(label)]
    totals = [label for label in labels if _is_total(label)] if parts else []
    for label in labels:
        plus = np.array([row.get(label, (0.0, 0.0))[0] for row in errors])
        minus = np.array([row.get(label, (0.0, 0.0))[1] for row in errors])
        size, kind, said = from_sides(plus, minus, _kind(label), f"{path}, {label}")
        sources.append(ErrorSource(label, kind, size))
        notes += said
    for total in totals:
        whole = next(source.size for source in sources if source.name == total)
        rest = np.sqrt(sum((one.size**2 for one in sources if one.name in parts), np.zeros(len(bins))))
        if not np.allclose(np.abs(whole), rest, rtol=0.02):
            got = f"{total} beside {', '.join(parts)}, which do not add up to it"
            fix = "keep the total, or its parts: together they would be counted twice"
            raise InputError("an error is counted twice", where=path, got=got, fix=fix)
        notes.append(f"{total} is the sum of the other errors in quadrature: not counted again")
    kept = tuple(source for source in sources if source.name not in totals)
    return Measurements(tuple(bins), np.array(values), kept, path, tuple(dict.fromkeys(notes)))


def _is_total(label: str) -> bool:
    return "total" in label.lower() or label.lower() in ("error", "tot")


def _kind(label: str) -> Kind:
    """What the label of an error says of its correlations."""
    word = label.lower()
    if "norm" in word or "lumi" in word or "scale" in word:
        return "normalisation"
    if "sys" in word or "corr" in word:
        return "correlated" if "corr" in word and "uncorr" not in word else "systematic"
    return "statistical"


def _observable(header: str, path: str, count: int) -> str:
    """The file's name without its suffix where it holds one observable, else the header without signs."""
    if count == 1:
        return Path(path).name.partition(".")[0]
    return _PLAIN.sub("_", header).strip("_")


def _bin(name: str, low: float, high: float, where: str) -> Bin:
    try:
        found = bin_of(name, f"{low!r} {high!r}")
    except InputError as error:
        raise InputError(error.what, where=where, got=f"{low:g} to {high:g}", expected=error.expected) from error
    if found is None:
        raise InputError("this is no range of centralities", where=where, got=f"{low} to {high}")
    return found


def _ends(place: JSON, where: str) -> tuple[float, float]:
    if not isinstance(place, Mapping) or "low" not in place or "high" not in place:
        fix = "a bin needs both ends: {low: 0, high: 5}"
        raise InputError("a centrality without its ends", where=where, got=repr(place)[:60], fix=fix)
    return _number(place["low"], where), _number(place["high"], where)


def _name(variable: Mapping[str, JSON]) -> str:
    header = variable.get("header")
    return str(header.get("name", "")) if isinstance(header, Mapping) else ""


def _is_numbers(line: str) -> bool:
    first = next(csv.reader([line]), [""])[0].strip()
    return bool(re.match(r"[+-]?[\d.]", first)) or first in ("-", "")


def _number(value: JSON, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InputError("not a number", where=where, got=repr(value)[:60], expected="a number") from error
    if not np.isfinite(number):
        raise InputError("a number is not finite", where=where, got=repr(value)[:60])
    return number
