"""The JSON of pyerrors (`.json.gz`): values, and the deviations of every configuration of every replicum from them.

A structure is a `Corr`, `List` or `Array`; it is called by its key where the file holds a dictionary, and else by its
place, and an element of a matrix of correlators has the name `0[1,1]`: the first structure, operators 1 and 1. A file
of single `Obs` is one correlator. Deviations of several ensembles are independent, those of replica of one ensemble
belong to one chain each; `cdata` are covariances of external inputs, which go to the correlator by their gradients.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import ARRAY_LIMIT, JSON, Source
from retrodict.base.shapes import Float, Int
from retrodict.spectral.readers.candidates import Candidate, choose
from retrodict.spectral.samples import UNEVEN, CorrelatorSamples, is_irregular

MAX_STRUCTURES = 1000
MAX_DEPTH = 8  # of a dictionary in a dictionary
_PLACEHOLDER = re.compile(r"DICTOBS(\d{1,6})", re.ASCII)


def is_pyerrors(value: JSON) -> bool:
    """Whether a JSON document is what pyerrors writes."""
    return isinstance(value, dict) and isinstance(value.get("obsdata"), list)


def read_pyerrors(value: JSON, source: Source, dataset: str = "") -> CorrelatorSamples:
    """Read one correlator of a pyerrors document; the grid is 0, 1, 2, ... in lattice units.

    Args:
        value: the JSON document.
        source: where it comes from.
        dataset: name of the correlator; "" for the only one.

    Raises:
        UnknownKind: if there is no correlator in the document.
        InputError: for a document that violates its format, or if several correlators match.
    """
    structures = value["obsdata"][:MAX_STRUCTURES]
    names = _names(value.get("description"))
    several = _joined(structures, source.path) if _are_single(structures) else None
    structures = [several] if several else structures
    places = {
        name: place
        for i, structure in enumerate(structures)
        for name, place in _places(names.get(i, str(i)), i, structure, source.path)
    }
    if not places:
        raise UnknownKind("no correlator in the pyerrors file", where=source.path, expected="a Corr, List or Array")
    candidates = [
        Candidate(name, (_measurements(structures[i], source.path), len(take))) for name, (i, take) in places.items()
    ]
    index, take = places[choose(candidates, dataset, source.path).name]
    samples = _samples(structures[index], take, f"{source.path}:obsdata[{index}]", source)
    if several:
        note = f"{len(take)} single Obs, taken for one correlator at tau = 0, 1, 2, ... in the order of the file"
        return replace(samples, notes=(note, *samples.notes))
    return samples


def _names(description: JSON) -> dict[int, str]:
    """The names that `dump_dict_to_json` gave to the structures: `DICTOBS3` stands in its dictionary for the fourth."""
    names: dict[int, str] = {}

    def walk(item: JSON, path: tuple[str, ...]) -> None:
        if isinstance(item, str) and (match := _PLACEHOLDER.fullmatch(item)):
            names[int(match[1])] = "/".join(path)
        pairs = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        for key, inner in pairs if len(path) < MAX_DEPTH else ():
            walk(inner, (*path, str(key)[:80]))

    walk(description.get("OBSDICT") if isinstance(description, dict) else None, ())
    return names if len(set(names.values())) == len(names) else {}


def _are_single(structures: Sequence[JSON]) -> bool:
    """Whether the file is a list of single numbers, as `dump_to_json([Obs, Obs, ...])` writes it."""
    return len(structures) > 1 and all(isinstance(one, dict) and one.get("type") == "Obs" for one in structures)


def _joined(structures: Sequence[dict[str, JSON]], path: str) -> dict[str, JSON]:
    """One structure of several single numbers; all must come from the same measurements."""
    first = [(ensemble, str(part.get("name")), _column(part, 0)) for ensemble, part in _replica(structures[0], path)]
    columns: list[list[list[JSON]]] = [[] for _ in first]
    for number, structure in enumerate(structures):
        where = f"{path}:obsdata[{number}]"
        parts = list(_replica(structure, where))
        same = [(ensemble, str(part.get("name")), _column(part, 0)) for ensemble, part in parts]
        if same != first or structure.get("cdata") or not isinstance(structure.get("value"), list):
            why = "several Obs are one correlator only if they come from the same configurations of the same replica"
            fix = "store them as one: pyerrors.Corr([...]) or a List"
            raise InputError("the Obs of the file do not belong together", where=where, why=why, fix=fix)
        for column, (_, part) in zip(columns, parts, strict=True):
            column.append(_column(part, 1))
    data: dict[str, list[JSON]] = {}
    for (ensemble, name, configurations), column in zip(first, columns, strict=True):
        rows = [list(row) for row in zip(configurations, *column, strict=True)]
        data.setdefault(ensemble, []).append({"name": name, "deltas": rows})
    value = [structure["value"][0] for structure in structures]
    whole = [{"id": ensemble, "replica": replica} for ensemble, replica in data.items()]
    return {"type": "List", "layout": str(len(value)), "value": value, "data": whole}


def _column(replicum: dict[str, JSON], place: int) -> list[JSON]:
    return [row[place] if isinstance(row, list) and len(row) == 2 else None for row in replicum["deltas"]]


def _places(
    name: str, index: int, structure: JSON, path: str
) -> Iterator[tuple[str, tuple[int, Int[np.ndarray, " times"]]]]:
    """Names of the correlators in a structure, and where in the flat list of values each stands."""
    where = f"{path}:obsdata[{index}]"
    if not isinstance(structure, dict) or not isinstance(structure.get("value"), list):
        raise InputError("the structure has no values", where=where, expected="type, layout, value, data")
    layout = _layout(structure, where)
    if structure.get("type") == "Obs" or layout[0] < 2:
        return
    flat = np.arange(int(np.prod(layout))).reshape(layout[0], -1)
    if flat.shape[1] == 1:
        yield name, (index, flat[:, 0])
        return
    for column in range(flat.shape[1]):
        element = ",".join(str(int(i)) for i in np.unravel_index(column, layout[1:]))
        yield f"{name}[{element}]", (index, flat[:, column])


def _layout(structure: dict[str, JSON], where: str) -> tuple[int, ...]:
    text, count = structure.get("layout", "1"), len(structure["value"])
    parts = [part.strip() for part in text.split(",") if part.strip()] if isinstance(text, str) else []
    layout = tuple(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 8)
    if not layout or len(layout) != len(parts) or np.prod(layout, dtype=float) != count:
        got, expected = f"layout {str(text)[:60]!r} for {count} values", "a layout such as '64, 1'"
        raise InputError("the layout does not fit the values", where=where, got=got, expected=expected)
    return layout


def _measurements(structure: dict[str, JSON], path: str) -> int:
    return sum(len(replicum["deltas"]) for _, replicum in _replica(structure, path))


def _samples(
    structure: dict[str, JSON], take: Int[np.ndarray, " times"], where: str, source: Source
) -> CorrelatorSamples:
    values = _numbers([structure["value"]], len(structure["value"]), f"{where}.value")[0][take]
    keep = np.flatnonzero(~np.isnan(values))  # pyerrors writes NaN for time slices that were left undefined
    if len(keep) < 2:
        raise InputError("fewer than two time slices are defined", where=where, expected="a correlator")
    take, central = take[keep], values[keep]
    ensembles: dict[str, list[Float[np.ndarray, "measurements times"]]] = {}
    stamps: dict[str, list[Int[np.ndarray, " measurements"]]] = {}
    seen: set[tuple[str, str]] = set()
    notes = [f"{len(values) - len(keep)} undefined time slices were left out"] if len(keep) < len(values) else []
    for ensemble, replicum in _replica(structure, where):
        place, name = f"{where}.{str(replicum.get('name'))[:60]}", (ensemble, str(replicum.get("name")))
        if name in seen:
            why = "its measurements would count twice, with errors too small"
            raise InputError("a replicum appears twice", where=place, why=why, fix="remove or rename one of them")
        seen.add(name)
        table = _numbers(replicum["deltas"], 1 + len(structure["value"]), place)
        stamps.setdefault(ensemble, []).append(_configurations(table[:, 0], place))
        ensembles.setdefault(ensemble, []).append(central + table[:, 1 + take])
    if not ensembles:
        raise InputError("the structure has no measurements", where=where, fix="export Obs with their deltas")
    further = _external(structure, take, where)
    chains = tuple(tuple(replica) for replica in ensembles.values())
    grid = keep.astype(float)
    times = tuple(tuple(numbers) for numbers in stamps.values())
    irregular = any(is_irregular(numbers) for replica in times for numbers in replica)
    notes += [UNEVEN] if irregular else []
    more = {"central": central, "further": further, "times": times if irregular else None}
    return CorrelatorSamples(grid, chains, "tau", "a", "", tuple(notes), source, **more)


def _replica(structure: dict[str, JSON], where: str) -> Iterator[tuple[str, dict[str, JSON]]]:
    """Every replicum with the name of its ensemble."""
    data = structure.get("data", [])
    for entry in data if isinstance(data, list) else [None]:
        ensemble = entry if isinstance(entry, dict) else {}
        replica = ensemble.get("replica")
        for replicum in replica if isinstance(replica, list) else [None]:
            if not isinstance(replicum, dict) or not isinstance(replicum.get("deltas"), list) or not replicum["deltas"]:
                expected = "data: [{id, replica: [{name, deltas: [[config, delta, ...], ...]}]}]"
                raise InputError("the measurements could not be read", where=where, expected=expected)
            yield str(ensemble.get("id")), replicum


def _numbers(rows: Sequence[JSON], width: int, where: str) -> Float[np.ndarray, "rows {width}"]:
    """Rows of `width` numbers; NaN is allowed here, and refused where the numbers are used."""
    if len(rows) * width * 8 > ARRAY_LIMIT:
        raise InputError("too many numbers", where=where, got=f"{len(rows)} x {width}")
    for i, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != width or not all(type(cell) in (int, float) for cell in row):
            got = f"{len(row)} cells" if isinstance(row, list) else type(row).__name__
            raise InputError(
                "a row is not numbers", where=f"{where}, row {i + 1}", got=got, expected=f"{width} numbers"
            )
    try:
        return np.array(rows, dtype=np.float64).reshape(len(rows), width)
    except OverflowError as error:
        raise InputError("a number is too large", where=where, expected="numbers that fit a double") from error


def _configurations(column: Float[np.ndarray, " measurements"], where: str) -> Int[np.ndarray, " measurements"]:
    """The numbers of the configurations, which must be whole and rise."""
    if not np.isfinite(column).all() or (column != np.floor(column)).any() or (np.diff(column) <= 0.0).any():
        raise InputError("configurations are not in order", where=where, expected="whole numbers that rise")
    return column.astype(np.int64)


def _external(
    structure: dict[str, JSON], take: Int[np.ndarray, " times"], where: str
) -> Float[np.ndarray, "times times"] | None:
    """Sum of grad^T cov grad over the covariances of external inputs; None without any."""
    sources, count = structure.get("cdata", []), len(structure["value"])
    total = None
    for entry in sources if isinstance(sources, list) else []:
        gradient, entries = (entry.get("grad"), entry.get("cov")) if isinstance(entry, dict) else (None, None)
        if not isinstance(gradient, list) or not isinstance(entries, list) or len(entries) != len(gradient) ** 2:
            raise InputError("an external covariance could not be read", where=f"{where}.cdata", expected="cov, grad")
        size = len(gradient)
        matrix = _numbers([entries], size**2, f"{where}.cdata")[0].reshape(size, size)
        slope = _numbers(gradient, count, f"{where}.cdata")[:, take]
        total = slope.T @ matrix @ slope + (0.0 if total is None else total)
    return total
