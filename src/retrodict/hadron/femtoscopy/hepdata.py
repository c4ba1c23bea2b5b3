"""Tables of HEPData, CSV or YAML, as plain columns of a correlation function."""

import csv
import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from retrodict.base.columns import from_arrays
from retrodict.base.errors import InputError
from retrodict.base.files import JSON, Source, parse_yaml
from retrodict.base.table_rows import Columns
from retrodict.base.tables import parse_table

_UNIT: Final = re.compile(r"(MeV|GeV|fm)", re.IGNORECASE)
_SIDE: Final = re.compile(r"\s*(?:\[[^\]]*\]|\([^)]*\))?\s*(LOW|HIGH)\s*$")
_ERROR: Final = re.compile(r"(stat|sys|error|total|unc)\w*.*?([+-])?\s*$", re.IGNORECASE)


def is_hepdata(text: str) -> bool:
    """Whether a text is a table of HEPData.

    Args:
        text: the beginning of the file.
    """
    return text.startswith("#: ") or "dependent_variables:" in text


def parse_hepdata(text: str, source: Source) -> Columns:
    """The columns k, k_low, k_high, c, and stat, sys (half the distance between both signs), as far as there are any.

    Args:
        text: the whole file.
        source: where it comes from.

    Raises:
        InputError: for several tables or several dependent variables in one file, and for what cannot be read.
    """
    return _from_csv(text, source) if text.startswith("#: ") else _from_yaml(text, source)


def _from_csv(text: str, source: Source) -> Columns:
    lines = text.splitlines()
    heads = [i for i, line in enumerate(lines) if line.strip() and not line.startswith("#") and _is_head(line)]
    if not heads:
        expected = "k* [MeV], C(k*), stat +, stat -"
        raise InputError("a table of HEPData without names of columns", where=source.path, expected=expected)
    if len(heads) > 1:
        fix = "cut the file at the empty line: one table a file"
        got = f"names of columns in the lines {', '.join(str(i + 1) for i in heads[:6])}"
        raise InputError("several tables in one file", where=source.path, got=got, fix=fix)
    names = [_csv_name(name, f"{source.path}:{heads[0] + 1}") for name in next(csv.reader([lines[heads[0]]]))]
    rows = "\n".join([*[""] * (heads[0] + 1), *lines[heads[0] + 1 :], ""])
    return _joined(parse_table(rows.encode(), source, names))


def _is_head(line: str) -> bool:
    first = next(csv.reader([line]), [""])[0].strip()
    try:
        float(first)
    except ValueError:
        return True
    return False


def _csv_name(name: str, where: str) -> str:
    """The name by which a column is known here."""
    plain = _plain(name)
    side = _SIDE.search(plain)
    if side or _UNIT.search(plain):
        unit = _unit_of(plain, where) if _UNIT.search(plain) else "MeV"
        return f"k{'_' + side[1].lower() if side else ''} [{unit}]"
    error = _ERROR.match(plain)
    if error:
        kind = "sys" if error[1].lower() == "sys" else "stat"
        return f"{kind}{ {'+': '_plus', '-': '_minus', None: ''}[error[2]] }"
    return "c"


def _plain(text: str) -> str:
    return re.sub(r"[${}\\\"']|mathrm|rm ", "", text).strip()


def _unit_of(text: str, where: str) -> str:
    match = _UNIT.search(text)
    if match is None or match[1].lower() == "fm":
        raise InputError(
            "the unit of the momentum", where=where, got=text[:60], expected="MeV or GeV (or MeV/c, GeV/c)"
        )
    return {"mev": "MeV", "gev": "GeV"}[match[1].lower()]


def _joined(table: Columns) -> Columns:
    """Errors up and down as one: half their distance."""
    arrays = {
        f"{name} [{unit}]" if unit else name: table[name] for name, unit in zip(table.names, table.units, strict=True)
    }
    for kind in ("stat", "sys"):
        plus, minus = arrays.pop(f"{kind}_plus", None), arrays.pop(f"{kind}_minus", None)
        if plus is not None and minus is not None:
            arrays[kind] = 0.5 * np.abs(plus - minus)
        elif plus is not None:
            arrays[kind] = plus
    return from_arrays(arrays, table.source, "hepdata")


def _from_yaml(text: str, source: Source) -> Columns:
    document, _ = parse_yaml(text, source.path)
    if not isinstance(document, Mapping):
        raise InputError(
            "no table of HEPData", where=source.path, expected="independent_variables, dependent_variables"
        )
    momenta = _only(document.get("independent_variables"), "independent_variables", source.path)
    values = _only(document.get("dependent_variables"), "dependent_variables", source.path)
    header = momenta.get("header") or {}
    unit = _unit_of(_plain(str(header.get("units") or header.get("name"))), f"{source.path}, independent_variables")
    places, entries = momenta.get("values") or [], values.get("values") or []
    if len(places) != len(entries) or not places:
        got = f"{len(places)} momenta, {len(entries)} values"
        raise InputError("the columns have different lengths", where=source.path, got=got)
    rows = [
        _yaml_row(place, entry, f"{source.path}, value {i + 1}")
        for i, (place, entry) in enumerate(zip(places, entries, strict=True))
    ]
    names = list(rows[0])
    if any(list(row) != names for row in rows):
        raise InputError("not all rows have the same errors", where=source.path, got=", ".join(names))
    head = {name: f"{name} [{unit}]" if name.startswith("k") else name for name in names}
    return from_arrays({head[name]: np.array([row[name] for row in rows]) for name in names}, source, "hepdata")


def _only(variables: JSON, what: str, path: str) -> Mapping[str, JSON]:
    found = [one for one in variables or () if isinstance(one, Mapping)] if isinstance(variables, Sequence) else []
    if len(found) != 1:
        names = "; ".join(str((one.get("header") or {}).get("name"))[:40] for one in found[:6])
        expected = "one: a file for each correlation function"
        raise InputError(f"{len(found)} {what} in a table", where=path, got=names or "none", expected=expected)
    return found[0]


def _yaml_row(place: JSON, entry: JSON, where: str) -> dict[str, float]:
    """Momentum, value and errors of a row."""
    if not isinstance(place, Mapping) or not isinstance(entry, Mapping):
        raise InputError("a row of HEPData that is no mapping", where=where, expected="{value: 1.0, errors: [...]}")
    row = {}
    if "low" in place and "high" in place:
        row = {"k_low": _number(place["low"], where), "k_high": _number(place["high"], where)}
    middle = place.get("value", 0.5 * sum(row.values()) if row else None)
    row = {"k": _number(middle, where), **row, "c": _number(entry.get("value"), where)}
    for error in entry.get("errors") or ():
        kind = "sys" if str(error.get("label", "stat")).lower().startswith("sys") else "stat"
        ends = error.get("asymerror")
        size = (
            0.5 * abs(_number(ends["plus"], where) - _number(ends["minus"], where))
            if isinstance(ends, Mapping)
            else _number(error.get("symerror"), where)
        )
        row[kind] = float(np.hypot(row.get(kind, 0.0), size))
    return row


def _number(value: JSON, where: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError("not a number", where=where, got=repr(value)[:60], expected="a number") from error
