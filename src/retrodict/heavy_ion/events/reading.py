"""Events from a file of any known format, and what `inspect` says of them."""

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from retrodict.base.description import value_range
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import JSON, PathLike
from retrodict.base.recognition import FileHead
from retrodict.heavy_ion.events import jetscape, oscar_1997, oscar_1999, oscar_2013, trento, urqmd
from retrodict.heavy_ion.events.kinds import format_of
from retrodict.heavy_ion.events.lines import Lines
from retrodict.heavy_ion.events.species import name
from retrodict.heavy_ion.events.table import EventTable
from retrodict.heavy_ion.events.trento import InitialConditions

PARTICLE_LISTS: Final[Mapping[str, Callable[[Lines], EventTable]]] = {
    "OSCAR 1997": oscar_1997.read,
    "OSCAR 1999": oscar_1999.read,
    "OSCAR 2013": oscar_2013.read,
    "UrQMD": urqmd.read,
    "JETSCAPE": jetscape.read,
}
INITIAL: Final[Mapping[str, Callable[[PathLike], InitialConditions]]] = {
    "TRENTo table": trento.read_table,
    "TRENTo grid": trento.read_grid,
    "TRENTo HDF5": trento.read_grids,
}
STANDARDS: Final = {"OSCAR 1997": "OSC1997A", "OSCAR 1999": "OSC1999A"}
SHOWN: Final = 30  # species that are listed by themselves


def read_events(path: PathLike) -> EventTable:
    """The particles of all events in a file: OSCAR 1997, 1999, 2013 and extended, UrQMD, SMASH, JETSCAPE; gzip, too.

    Args:
        path: the file.

    Raises:
        UnknownKind: for a file of another kind.
        InputError: for a version that is not known, a truncated event, a count that disagrees with the rows, an unknown
            species, momenta in MeV, and initial conditions, which have no particles.
    """
    found = read_any(path)
    if isinstance(found, InitialConditions):
        what, fix = (
            "initial conditions have no particles",
            "run hydrodynamics and particlisation, and give what they write",
        )
        raise InputError(what, where=found.source.path, got=found.format, expected="a list of particles", fix=fix)
    return found


def read_any(path: PathLike) -> EventTable | InitialConditions:
    """What a file of events holds.

    Args:
        path: the file.

    Raises:
        InputError: as `read_events`.
    """
    head = FileHead(path)
    kind = format_of(head)
    if kind in INITIAL:
        return INITIAL[kind](path)
    if kind == "SMASH binary":
        fix = "write OSCAR 2013 in its place: Output: Particles: Format: [Oscar2013]"
        raise InputError("binary lists of SMASH are not read", where=head.path, expected="text", fix=fix)
    if kind not in PARTICLE_LISTS:
        expected = "OSCAR 1997A, 1999A or 2013, UrQMD f13 or f14, JETSCAPE final states, TRENTo"
        raise UnknownKind("not a file of events", where=head.path, expected=expected)
    first = head.first[:64].decode("utf-8-sig", "replace").strip().split("\n")[0].strip("# \r")
    if kind in STANDARDS and first != STANDARDS[kind]:
        expected = STANDARDS[kind]
        raise InputError("an unknown version of OSCAR", where=head.path, got=first[:40], expected=expected)
    return PARTICLE_LISTS[kind](Lines(path))


def describe(path: PathLike) -> dict[str, JSON]:
    """What `inspect` says: events, particles, species, system and energy as far as they are said, and what is missing.

    Args:
        path: the file.

    Raises:
        InputError: as `read_events`.
    """
    found = read_any(path)
    return _described_initial(found) if isinstance(found, InitialConditions) else _described(found)


def _described(table: EventTable) -> dict[str, JSON]:
    counts = np.diff(table.offsets)
    species = list(table.species().items())
    shown = {name(code): count for code, count in species[:SHOWN]}
    rest = sum(count for _, count in species[SHOWN:])
    beams = table.beams
    out: dict[str, JSON] = {
        "kind": "events",
        "format": table.format,
        "events": table.events,
        "particles": table.particles,
        "species": {**shown, **({f"{len(species) - SHOWN} others": rest} if rest else {})},
        "writer": table.writer,
        "events_without_particles": int(np.sum(counts == 0)),
        "particles_per_event": value_range(counts.astype(float), ""),
        "charged_particles": int(np.sum(table.charge != 0)),
    }
    if table.particles:
        out["pT"] = value_range(table.pt, "GeV")
        out["pz"] = value_range(table.pz, "GeV")
    if not np.isnan(table.impact).all():
        out["impact_parameter"] = value_range(table.impact[np.isfinite(table.impact)], "fm")
    out |= {"system": beams.system} if beams.system else {}
    if math.isfinite(beams.energy):
        out["energy"] = {"value": beams.energy, "unit": "GeV"}
        out["energy_is"] = beams.meaning
    if np.ptp(table.weight) > 0:
        out["weight"] = value_range(table.weight, "")
    if holes := int(np.sum(table.status < 0)):
        out["holes"] = holes
    source = {"sha256": table.source.sha256, "size": {"value": table.source.size, "unit": "bytes"}}
    further = {"missing": list(table.missing), "warnings": list(table.notes), "file": table.source.path, **source}
    return {**out, **further, "next": f"retrodict analyse {table.source.path}"}


def _described_initial(found: InitialConditions) -> dict[str, JSON]:
    units = {"b": "fm"}
    return {
        "kind": "events",
        "format": found.format,
        "events": found.events,
        "particles": 0,
        "species": {},
        **{key: value_range(values, units.get(key, "")) for key, values in found.columns.items()},
        **({"grid": "x".join(map(str, found.grid))} if found.grid else {}),
        "missing": ["particles", "colliding nuclei", "energy", "parameters", "grid step", "participant-plane angles"],
        "warnings": [],
        "file": found.source.path,
        "sha256": found.source.sha256,
        "size": {"value": found.source.size, "unit": "bytes"},
    }
