"""What is in a file: recognised by its content, described with units and ranges, and the lines to paste into a config.

An equation of state is also put into stars: the maximum mass, and every stable star of 1.4 Msun.
"""

import json
import math
import os
import re
from typing import TYPE_CHECKING

import numpy as np

from retrodict.base.columns import find, read_columns
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import JSON, PathLike, Source, form_of, read_head, read_text
from retrodict.base.recognition import FileHead
from retrodict.base.shapes import Float, Int
from retrodict.base.tables import ColumnNames, Columns, parse_numbers
from retrodict.neutron_star.columns import (
    BARYON_NAMES,
    COMBINED_LAMBDA,
    COMPONENT_LAMBDA,
    ENERGY_NAMES,
    MASS_ERROR_NAMES,
    PRESSURE_NAMES,
    RADIUS_ERROR_NAMES,
)
from retrodict.neutron_star.readers.compose import is_compose
from retrodict.neutron_star.readers.data import (
    MEDIAN_MASS_RANGE,
    MEDIAN_RADIUS_RANGE,
    WORDS,
    MassRadiusObservations,
    MassRadiusSamples,
    observations_from_columns,
    samples_from_columns,
)
from retrodict.neutron_star.readers.eos_tables import (
    EquationOfStateTable,
    read_equation_of_state,
    superluminal_from,
    table_from_columns,
    transitions,
)
from retrodict.neutron_star.readers.kinds import READERS
from retrodict.neutron_star.readers.tidal_samples import TidalSamples, tides_from_columns

if TYPE_CHECKING:
    from retrodict.neutron_star.stars.sequence import Star, StellarSequence

CANONICAL_MASS = 1.4  # Msun
HEAVIEST_PULSAR = 1.9  # Msun, as the published reconstructions ask
LEAST_CENTRAL_DENSITY = 0.08  # fm^-3
MOST_CENTRES = 200
MOST_TWINS = 4
_STAR_UNITS = {"radius": "km", "tidal_deformability": "", "central_density": "fm^-3"}
KINDS = "an equation of state, mass-radius observations, mass-radius samples, or tidal samples"


def inspect(path: PathLike, columns: ColumnNames | None = None) -> dict[str, JSON]:
    """Describe a data file of this domain, JSON-ready.

    Args:
        path: file or folder.
        columns: names and units of the columns of a table that has no header.

    Returns:
        `kind` is `equation_of_state`, `mass_radius_observations`, `mass_radius_samples`, `tidal_samples`, or
        `table_without_names` for numbers whose meaning the file does not state; the other entries depend on it.

    Raises:
        UnknownKind: if the file is none of these.
        InputError: if it is one of them and violates its rules.
    """
    if columns is None and is_compose(path):
        return _equation_of_state(read_equation_of_state(path), "compose")
    try:
        table = read_columns(path, columns, words=WORDS)
    except InputError as error:
        if error.what == "the columns have no names" and form_of(read_head(path)) == "text":
            return _unnamed(path)
        if columns is None and not _is_ours(FileHead(path).columns):
            raise UnknownKind.of(error) from error
        raise
    return _named(table)


def _is_ours(columns: tuple[tuple[str, str], ...]) -> bool:
    """Whether columns, pairs of name and unit, belong to this domain, completely or nearly."""
    return any(layout.claim(columns).strength for reader in READERS for layout in reader.layouts if columns)


def _named(table: Columns) -> dict[str, JSON]:
    """By the names of the columns; a table that is nearly of a kind is read as that kind: the error says what lacks."""
    if not _is_ours(tuple(zip(table.names, table.units, strict=True))):
        got = ", ".join(table.names[:12])
        raise UnknownKind("the columns are of no known kind", where=table.source.path, got=got, expected=KINDS)
    if any(find(table, names) for names in (PRESSURE_NAMES, ENERGY_NAMES, BARYON_NAMES)):
        return _equation_of_state(table_from_columns(table), table.form)
    if any(find(table, names) for names in (COMBINED_LAMBDA, *COMPONENT_LAMBDA)):
        return _tides(tides_from_columns(table), table)
    errors = (*MASS_ERROR_NAMES, *RADIUS_ERROR_NAMES)
    if any(name in errors or name.startswith(("mass_error", "radius_error")) for name in table.names):
        return _observations(observations_from_columns(table), table)
    return _samples(samples_from_columns(table), table)


def _header(kind: str, form: str, source: Source, rows: int) -> dict[str, JSON]:
    """What every description begins with."""
    whole = {"kind": kind, "file": source.path, "format": form, "rows": rows, "sha256": source.sha256}
    return {**whole, "size": {"value": source.size, "unit": "bytes"}}


def _ranges(**quantities: tuple[Float[np.ndarray, " rows"], str]) -> dict[str, JSON]:
    return {
        name: {
            "least": float(values.min()),
            "median": float(np.median(values)),
            "largest": float(values.max()),
            "unit": unit,
        }
        for name, (values, unit) in quantities.items()
    }


def _observations(stars: MassRadiusObservations, table: Columns) -> dict[str, JSON]:
    columns = _ranges(
        mass=(stars.mass, "Msun"),
        mass_error=(stars.mass_error, "Msun"),
        radius=(stars.radius, "km"),
        radius_error=(stars.radius_error, "km"),
    )
    symmetric = bool(np.array_equal(stars.radius_error_minus, stars.radius_error_plus))
    symmetric &= bool(np.array_equal(stars.mass_error_minus, stars.mass_error_plus))
    return {
        **_header("mass_radius_observations", table.form, stars.file, len(stars)),
        "columns": columns,
        "names": list(stars.names),
        "errors": "symmetric" if symmetric else "asymmetric",
        "warnings": [],
        "config": f"problem:\n  data: {_quoted(stars.file.path)}",
    }


def _samples(samples: MassRadiusSamples, table: Columns) -> dict[str, JSON]:
    effective = 1.0 / float(np.sum(samples.weight**2))
    few = [f"only {effective:.0f} effective samples: a density estimate will be rough"] if effective < 500.0 else []
    return {
        **_header("mass_radius_samples", table.form, samples.file, len(samples)),
        "columns": _ranges(mass=(samples.mass, "Msun"), radius=(samples.radius, "km")),
        "effective_samples": effective,
        "correlation": float(np.corrcoef(samples.mass, samples.radius)[0, 1]),
        "warnings": few,
        "config": f"problem:\n  samples: [{_quoted(samples.file.path)}]",
    }


def _tides(samples: TidalSamples, table: Columns) -> dict[str, JSON]:
    columns = _ranges(
        mass_1=(samples.mass_1, "Msun"),
        mass_2=(samples.mass_2, "Msun"),
        chirp_mass=(samples.chirp_mass, "Msun"),
        lambda_tilde=(samples.lambda_tilde, ""),
    )
    plain = [] if "m1" not in table else ["m1 and m2 are taken as source-frame masses"]
    return {
        **_header("tidal_samples", table.form, samples.file, len(samples)),
        "columns": columns,
        "effective_samples": 1.0 / float(np.sum(samples.weight**2)),
        "warnings": plain,
        "config": f"problem:\n  tides: [{_quoted(samples.file.path)}]",
    }


def _equation_of_state(table: EquationOfStateTable, form: str) -> dict[str, JSON]:
    columns = _ranges(
        baryon_density=(table.baryon_density, "fm^-3"),
        energy_density=(table.energy_density, "MeV fm^-3"),
        pressure=(table.pressure, "MeV fm^-3"),
    )
    onset = superluminal_from(table)
    stars, warnings = solve_stars(table)
    return {
        **_header("equation_of_state", form, table.file, len(table)),
        **stars,
        "columns": columns,
        "transitions": [dict(jump) for jump in transitions(table)],
        "superluminal_from": _quantity(onset, "fm^-3"),
        "warnings": [*(line for line in table.warnings if not line.startswith("superluminal")), *warnings],
    }


def solve_stars(table: EquationOfStateTable) -> tuple[dict[str, JSON], list[str]]:
    """The heaviest star and all stable stars of 1.4 Msun of a table.

    Args:
        table: equation of state.

    Returns:
        The stars, `radius_1.4` and `tidal_deformability_1.4` being those of the star of lowest density where there are
        several, and warnings about their limits.
    """
    stars, sequence = _stars(table)
    heaviest, same_mass = stars
    twins = _twins(sequence, same_mass)
    first = twins[0] if twins else {key: _quantity(None, unit) for key, unit in _STAR_UNITS.items()}
    found = {
        "maximum_mass": _quantity(float(heaviest.mass), "Msun"),
        "radius_of_maximum_mass": _quantity(float(heaviest.radius), "km"),
        "central_density_of_maximum_mass": _quantity(float(heaviest.central_density), "fm^-3"),
        "radius_1.4": first["radius"],
        "tidal_deformability_1.4": first["tidal_deformability"],
        "stars_1.4": twins,
    }
    return found, [*_star_warnings(sequence, heaviest, twins), *_superluminal_warning(table, sequence, heaviest)]


def _stars(table: EquationOfStateTable) -> tuple[tuple["Star", "Star"], "StellarSequence"]:
    """The heaviest star and those of 1.4 Msun, and the sequence that they belong to."""
    import equinox as eqx  # JAX is needed for stars alone, and takes a second to import

    from retrodict.neutron_star.eos.equation_of_state import EquationOfState, from_table
    from retrodict.neutron_star.stars.tov import maximum_mass, solve, stars_at_mass

    @eqx.filter_jit
    def all_stars(matter: EquationOfState) -> tuple[tuple["Star", "Star"], "StellarSequence"]:
        sequence = solve(matter, nodes)
        return (maximum_mass(sequence), stars_at_mass(sequence, CANONICAL_MASS, branches=MOST_TWINS)), sequence

    arrays = (table.baryon_density, table.energy_density, table.pressure)
    try:
        matter = from_table(*arrays)
    except ValueError as error:
        raise InputError("no star can be built on the table", where=table.file.path, got=str(error)) from error
    nodes = _centres(np.asarray(matter.density))
    return all_stars(matter)


def _centres(density: Float[np.ndarray, " nodes"]) -> Int[np.ndarray, " stars"]:
    """Nodes that are centres of neutron stars: above half of saturation density, thinned, the last one kept."""
    core = np.flatnonzero(density > LEAST_CENTRAL_DENSITY)
    core = core[core > 0]
    return core[:: -max(1, -(-len(core) // MOST_CENTRES))][::-1]


def _twins(sequence: "StellarSequence", stars: "Star") -> list[dict[str, JSON]]:
    """Every stable star of 1.4 Msun, causal or not, in order of central density."""
    mass, stable = np.asarray(sequence.mass), np.asarray(sequence.stable)
    crossing = (mass[:-1] <= CANONICAL_MASS) & (mass[1:] > CANONICAL_MASS) & stable[1:]
    count = min(int(crossing.sum()), MOST_TWINS)
    return [
        {name: _quantity(float(getattr(stars, name)[k]), unit) for name, unit in _STAR_UNITS.items()}
        for k in range(count)
    ]


def _star_warnings(sequence: "StellarSequence", heaviest: "Star", twins: list[dict[str, JSON]]) -> list[str]:
    mass = np.asarray(sequence.mass)
    found = []
    if int(np.nanargmax(mass)) == len(mass) - 1:
        found.append("the mass still rises where the table ends: the maximum mass is larger than the value given")
    if not twins:
        found.append(f"no stable star of {CANONICAL_MASS} Msun")
    if len(twins) > 1:
        found.append(f"{len(twins)} stable stars of {CANONICAL_MASS} Msun (twin stars): see stars_1.4")
    if float(heaviest.mass) < HEAVIEST_PULSAR:
        found.append(f"the maximum mass is below {HEAVIEST_PULSAR} Msun: pulsars of two solar masses exclude it")
    return found


def _superluminal_warning(table: EquationOfStateTable, sequence: "StellarSequence", heaviest: "Star") -> list[str]:
    onset = superluminal_from(table)
    if onset is None:
        return []
    start = f"superluminal (dp / d eps > 1) above a baryon density of {onset:.4g} fm^-3"
    pressure = float(np.exp(np.interp(np.log(onset), np.log(table.baryon_density), _log(table.pressure))))
    best = int(np.nanargmax(np.asarray(sequence.mass)))
    centre, mass = _log(np.asarray(sequence.central_pressure)[: best + 1]), np.asarray(sequence.mass)[: best + 1]
    if pressure >= float(heaviest.central_pressure):
        return [
            f"{start}, beyond the centre of the heaviest star ({float(heaviest.mass):.4g} Msun): no star is affected"
        ]
    return [f"{start}: the centres of stars heavier than {np.interp(np.log(pressure), centre, mass):.4g} Msun"]


def _log(values: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
    return np.log(np.maximum(values, 1e-300))


def _quantity(value: float | None, unit: str) -> dict[str, JSON]:
    known = value is not None and math.isfinite(value)
    return {"value": float(value) if known and value is not None else None, "unit": unit}


def _quoted(path: str) -> str:
    """A path as YAML reads it back: in quotes where it holds more than plain characters."""
    return path if re.fullmatch(r"[\w./-]+", path) and not path.startswith("-") else json.dumps(path)


def _unnamed(path: PathLike) -> dict[str, JSON]:
    """Numbers without names: their ranges, and what they may be; the readers will not guess, the user must say."""
    text, source = read_text(path)
    try:
        rows = [row for _, row in parse_numbers(text.replace(",", " "), path)]
    except InputError as error:
        raise UnknownKind.of(error) from error
    rows = rows[1:] if len(rows) > 1 and len(rows[0]) == 1 < len(rows[1]) else rows
    if len({len(row) for row in rows}) != 1:
        raise InputError("rows have different numbers of cells", where=os.fspath(path), expected="a table")
    matrix = np.asarray(rows)
    names = _guess(matrix)
    described = _ranges(**{f"column_{i + 1}": (column, "") for i, column in enumerate(matrix.T)})
    return {
        **_header("table_without_names", "text", source, len(matrix)),
        "columns": described,
        "warnings": ["the columns have no names: add a header line; nothing is read by position alone"],
        "header_to_add": names or "name [unit], name [unit], ...",
    }


def _guess(matrix: Float[np.ndarray, "rows columns"]) -> str:
    """A header for two columns whose medians look like a mass and a radius."""
    medians = np.median(matrix, axis=0)
    is_mass = [MEDIAN_MASS_RANGE[0] <= x <= MEDIAN_MASS_RANGE[1] for x in medians]
    is_radius = [MEDIAN_RADIUS_RANGE[0] <= x <= MEDIAN_RADIUS_RANGE[1] for x in medians]
    if len(medians) != 2 or sum(is_mass) != 1 or sum(is_radius) != 1:
        return ""
    return "mass [Msun], radius [km]" if is_mass[0] else "radius [km], mass [Msun]"
