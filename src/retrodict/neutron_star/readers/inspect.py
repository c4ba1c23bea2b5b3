"""What is in a file: recognised by its content, described with units and ranges, with lines for a config."""

import json
from dataclasses import dataclass

import numpy as np

from retrodict.base.column_names import ColumnNames
from retrodict.base.columns import find, read_columns
from retrodict.base.description import quoted, value_range
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import JSON, PathLike, Source
from retrodict.base.recognition import FileHead
from retrodict.base.shapes import Float
from retrodict.base.table_rows import Columns
from retrodict.neutron_star.columns import (
    BARYON_NAMES,
    ENERGY_NAMES,
    ERRORS_OF_STARS,
    LAMBDA_NAMES,
    PRESSURE_NAMES,
)
from retrodict.neutron_star.readers.canonical import CANONICAL_MASS, quantity, solve_stars
from retrodict.neutron_star.readers.compose import is_compose
from retrodict.neutron_star.readers.curve import MassRadiusCurve, curve_from_columns, follows_a_curve
from retrodict.neutron_star.readers.data import (
    MassRadiusObservations,
    MassRadiusSamples,
    observations_from_columns,
    samples_from_columns,
)
from retrodict.neutron_star.readers.eos_table import EquationOfStateTable, superluminal_from, transitions
from retrodict.neutron_star.readers.eos_tables import (
    WORDS,
    read_eos_columns,
    read_equation_of_state,
    table_from_columns,
)
from retrodict.neutron_star.readers.kinds import READERS
from retrodict.neutron_star.readers.tidal_samples import TidalSamples, is_merger, tides_from_columns

DATA, SAMPLES, TIDES = ("columns",), ("columns", "group"), ("columns", "group", "redshift")  # what their entries say
KINDS = "an equation of state, mass-radius observations or samples, a mass-radius curve, or tidal samples"


def inspect(
    path: PathLike,
    columns: ColumnNames | None = None,
    group: str = "",
    redshift: float | None = None,
    crust: bool | None = None,
) -> dict[str, JSON]:
    """Describe a data file of this domain, JSON-ready.

    Args:
        path: file or folder.
        columns: names and units of the columns of a table that has no header.
        group: the analysis in an HDF5 file that holds several.
        redshift: z of a merger whose masses are in the detector frame.
        crust: whether the stars of an equation of state get the crust that ships below its first row; None: where that
            row is too dense to be a surface.

    Returns:
        `kind` is `equation_of_state`, `mass_radius_observations`, `mass_radius_samples`, `mass_radius_curve` or
        `tidal_samples`; the other entries depend on it.

    Raises:
        UnknownKind: if the file is none of these.
        InputError: if it is one of them and violates its rules.
    """
    if columns is None and is_compose(path):
        return _equation_of_state(read_equation_of_state(path), "compose", crust)
    try:
        table = read_columns(path, columns, words=WORDS, group=group) if group else read_eos_columns(path, columns)
    except InputError as error:
        if columns is None and not group and not _is_ours(FileHead(path).columns):
            raise UnknownKind.of(error) from error
        raise
    return _named(table, Reading(columns, group, redshift), crust)


@dataclass(frozen=True)
class Reading:
    """How the user told a file to be read: what a config must say as well."""

    columns: ColumnNames | None
    group: str
    redshift: float | None

    def value(self, path: str, names: tuple[str, ...]) -> str | dict[str, JSON]:
        """The file as a config names it: its path, or a mapping where more had to be said."""
        columns = self.columns if isinstance(self.columns, str | None) else ", ".join(self.columns)
        said = {"columns": columns, "group": self.group, "redshift": self.redshift}
        given = {name: said[name] for name in names if said[name] not in (None, "")}
        return {"file": path, **given} if given else path

    def entry(self, path: str, names: tuple[str, ...]) -> str:
        """The same as text."""
        value = self.value(path, names)
        if isinstance(value, str):
            return quoted(value)
        return f"{{{', '.join(f'{name}: {json.dumps(item)}' for name, item in value.items())}}}"


def _is_ours(columns: tuple[tuple[str, str], ...]) -> bool:
    """Whether columns, pairs of name and unit, belong to this domain, completely or nearly."""
    return any(layout.claim(columns).strength for reader in READERS for layout in reader.layouts if columns)


def _named(table: Columns, reading: Reading, crust: bool | None) -> dict[str, JSON]:
    """By the names of the columns; a table that is nearly of a kind is read as that kind: the error says what lacks."""
    if not _is_ours(tuple(zip(table.names, table.units, strict=True))):
        got = ", ".join(table.names[:12])
        raise UnknownKind("the columns are of no known kind", where=table.source.path, got=got, expected=KINDS)
    if any(find(table, names) for names in (PRESSURE_NAMES, ENERGY_NAMES, BARYON_NAMES)):
        return _equation_of_state(table_from_columns(table), table.form, crust)
    if is_merger(table):
        return _tides(tides_from_columns(table, reading.redshift), table, reading)
    if any(name in ERRORS_OF_STARS or name.startswith(("mass_error", "radius_error")) for name in table.names):
        return _observations(observations_from_columns(table), table, reading)
    if find(table, LAMBDA_NAMES) or follows_a_curve(table):
        return _curve(curve_from_columns(table), table)
    return _samples(samples_from_columns(table), table, reading)


def _header(kind: str, form: str, source: Source, rows: int) -> dict[str, JSON]:
    """What every description begins with."""
    whole = {"kind": kind, "file": source.path, "format": form, "rows": rows, "sha256": source.sha256}
    return {**whole, "size": {"value": source.size, "unit": "bytes"}}


def _ranges(**quantities: tuple[Float[np.ndarray, " rows"], str]) -> dict[str, JSON]:
    return {name: value_range(values, unit) for name, (values, unit) in quantities.items()}


def _observations(stars: MassRadiusObservations, table: Columns, reading: Reading) -> dict[str, JSON]:
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
        "warnings": list(stars.notes),
        "config": f"problem:\n  data: {reading.entry(stars.file.path, DATA)}",
    }


def _samples(samples: MassRadiusSamples, table: Columns, reading: Reading) -> dict[str, JSON]:
    effective = 1.0 / float(np.sum(samples.weight**2))
    few = [f"only {effective:.0f} effective samples: a density estimate will be rough"] if effective < 500.0 else []
    return {
        **_header("mass_radius_samples", table.form, samples.file, len(samples)),
        "columns": _ranges(mass=(samples.mass, "Msun"), radius=(samples.radius, "km")),
        "effective_samples": effective,
        "correlation": float(np.corrcoef(samples.mass, samples.radius)[0, 1]),
        "warnings": [*samples.notes, *few],
        "config": f"problem:\n  samples: [{reading.entry(samples.file.path, SAMPLES)}]",
    }


def _curve(curve: MassRadiusCurve, table: Columns) -> dict[str, JSON]:
    """Stars of one equation of state: what they predict, and that they are no data."""
    names = {"mass": (curve.mass, "Msun"), "radius": (curve.radius, "km")}
    if curve.tidal_deformability is not None:
        names["tidal_deformability"] = (curve.tidal_deformability, "")
    canonical = {name: curve.at_mass(CANONICAL_MASS, name) for name in names if name != "mass"}
    return {
        **_header("mass_radius_curve", table.form, curve.file, len(curve)),
        "maximum_mass": quantity(float(curve.mass.max()), "Msun"),
        **{f"{name}_1.4": quantity(value, names[name][1]) for name, value in canonical.items()},
        "columns": _ranges(**names),
        "warnings": [
            *curve.notes,
            "the stars of one equation of state are a prediction, not data: no config takes them",
        ],
    }


def _tides(samples: TidalSamples, table: Columns, reading: Reading) -> dict[str, JSON]:
    columns = _ranges(
        mass_1=(samples.mass_1, "Msun"),
        mass_2=(samples.mass_2, "Msun"),
        chirp_mass=(samples.chirp_mass, "Msun"),
        lambda_tilde=(samples.lambda_tilde, ""),
    )
    return {
        **_header("tidal_samples", table.form, samples.file, len(samples)),
        "columns": columns,
        "effective_samples": 1.0 / float(np.sum(samples.weight**2)),
        "warnings": list(samples.notes),
        "config": f"problem:\n  tides: [{reading.entry(samples.file.path, TIDES)}]",
    }


def _equation_of_state(table: EquationOfStateTable, form: str, crust: bool | None) -> dict[str, JSON]:
    columns = _ranges(
        baryon_density=(table.baryon_density, "fm^-3"),
        energy_density=(table.energy_density, "MeV fm^-3"),
        pressure=(table.pressure, "MeV fm^-3"),
    )
    onset = superluminal_from(table)
    stars, warnings = solve_stars(table, crust)
    return {
        **_header("equation_of_state", form, table.file, len(table)),
        **stars,
        "columns": columns,
        "transitions": [dict(jump) for jump in transitions(table)],
        "superluminal_from": quantity(onset, "fm^-3"),
        "warnings": [*(line for line in table.warnings if not line.startswith("superluminal")), *warnings],
    }
