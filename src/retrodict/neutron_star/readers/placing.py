"""Where a user's files go in a config of this domain."""

from typing import Final

from retrodict.base.domain import Placed
from retrodict.base.errors import InputError
from retrodict.base.files import JSON
from retrodict.neutron_star.readers.inspect import DATA, SAMPLES, TIDES, Reading, inspect

PLACES: Final = {  # kind of file -> field of the config, and what its entry may say
    "mass_radius_observations": ("problem.data", DATA),
    "mass_radius_samples": ("problem.samples", SAMPLES),
    "tidal_samples": ("problem.tides", TIDES),
}
MATTER: Final = "an equation of state is no observation: mock stars are made of it (problem.mock)"


def place_data(
    files: list[str],
    columns: str = "",
    group: str = "",
    redshift: float | None = None,
    crust: bool | None = None,
) -> Placed:
    """The config fields to which files go, with what the user says of them: those of observations, or an equation of
    state, whose stars become mock data.

    Args:
        files: the files.
        columns: names and units of the columns of tables that have no header.
        group: the table in an HDF5 file that holds several.
        redshift: z of a merger whose masses are in the detector frame.
        crust: whether the stars of an equation of state get the crust that ships.

    Raises:
        InputError: for a file that is neither, or two of a kind that goes into one field.
    """
    fields: dict[str, JSON] = {"problem.data": None}
    notes: list[str] = []
    reading = Reading(columns or None, group, redshift)
    for file in files:
        described = inspect(file, columns or None, group, redshift, crust)
        kind = str(described["kind"])
        if kind == "equation_of_state":
            said = {"columns": columns or None, "crust": crust}
            mock = {"equation_of_state": file, **{name: value for name, value in said.items() if value is not None}}
            _put(fields, "problem.mock", mock, "equations of state")
            fields["problem.pulsars"] = []
            notes.append(f"{file}: {MATTER}")
        elif kind in PLACES:
            field, names = PLACES[kind]
            entry = reading.value(file, names)
            if field == "problem.data":
                _put(fields, field, entry, "measured masses and radii")
            else:
                fields[field] = [*fields.get(field, []), entry]
        else:
            expected = "measured stars, posterior samples of a star or a merger, or an equation of state"
            raise InputError(f"this file is no observation but {kind}", where=file, expected=expected)
        notes += [f"{file}: {note}" for note in described["warnings"]]
    return Placed(fields, notes)


def _put(fields: dict[str, JSON], field: str, entry: JSON, what: str) -> None:
    """Fill a field that takes one file."""
    if fields.get(field) is not None:
        raise InputError(f"two files of {what}", got=f"{fields[field]}, {entry}"[:400], fix="put all into one")
    fields[field] = entry
