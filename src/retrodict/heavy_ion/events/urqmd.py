"""UrQMD, files f13 and f14: an event has a long header up to `pvec:` and a block for each output time.

The header has 14 or 17 lines by version and options, so its end is looked for. Events are told apart by `UQMD`; the
last output time is the final state. Spectators may stand before the counted particles.
"""

import re
from typing import Final

from retrodict.base.errors import InputError
from retrodict.heavy_ion.events.collect import Collector, Layout, miscounted, truncated
from retrodict.heavy_ion.events.headers import real, whole
from retrodict.heavy_ion.events.lines import Lines
from retrodict.heavy_ion.events.table import Beams, EventTable

PARTICLE: Final = (
    "t",
    "x",
    "y",
    "z",
    "E",
    "px",
    "py",
    "pz",
    "mass",
    "ityp",
    "iso3",
    "charge",
    "last",
    "ncoll",
    "origin",
)
FREEZE_OUT: Final = tuple(f"{name}_freeze_out" for name in PARTICLE[:8])
LAYOUTS: Final = {
    "13": {23: Layout((*PARTICLE, *FREEZE_OUT)), 24: Layout((*PARTICLE, *FREEZE_OUT, "counter"))},
    "14": {15: Layout(PARTICLE), 19: Layout((*PARTICLE, "decay", "formation", "factor", "uid"))},
}
SPECTATOR: Final = b"-1"  # collisions of a spectator
HEADER: Final = 100  # lines that a header has at most
_VERSION: Final = re.compile(r"UQMD\s+version:\s+(\d+).*output_file\s+(\d+)")
_NUCLEI: Final = re.compile(r"projectile:.*?\)\s*(-?\d+)\s+(-?\d+)\s+target:.*?\)\s*(-?\d+)\s+(-?\d+)")
_ENERGY: Final = re.compile(r"sqrt\(s\)\(GeV\):\s*([-+.\dEe]+)")
_IMPACT: Final = re.compile(r"impact_parameter_real/min/max\(fm\):\s*([-+.\dEe]+)")


def read(lines: Lines) -> EventTable:
    """The events of a file whose first line is `UQMD   version: ...  output_file 14`, or 13.

    Args:
        lines: the file, from its first line.

    Raises:
        InputError: for another file of UrQMD, a truncated event, a count that disagrees with the rows.
    """
    collector, version, beams = None, "", Beams()
    while (line := lines.peek()) is not None:
        if not line.strip():
            lines.take()
            continue
        if "UQMD" not in line:
            raise InputError("not the header of an event", where=lines.where, got=line[:100], expected="UQMD version")
        header = _header(lines)
        match = _VERSION.search(header)
        if not match or match[2] not in LAYOUTS:
            raise _other_file(lines, header, match)
        event = f"event {collector.events + 1 if collector else 1}"
        impact, found = _IMPACT.search(header), _beams(header)
        version, beams = (f"UrQMD {match[1]}", found) if collector is None else (version, beams)
        times = 0
        while (line := lines.peek()) is not None and "UQMD" not in line:
            if line.strip():
                collector = _time(lines, collector, match[2], event)
                times += 1
            else:
                lines.take()
        if not times:
            raise truncated(lines, event, "no particles below its header")
        if collector:
            collector.end(float(impact[1]) if impact else float("nan"))
    if collector is None:
        raise InputError("a list of particles without an event", where=lines.path, expected="events")
    kind = "f13" if len(collector.layout.columns) > 20 else "f14"
    return collector.table(f"UrQMD {kind}", writer=version, beams=beams)


def _header(lines: Lines) -> str:
    """The header of an event as one line, up to the names of the columns."""
    found = []
    while (line := lines.take()) is not None and len(found) < HEADER:
        found.append(line)
        if line.startswith("pvec:"):
            return " ".join(found)
    raise truncated(lines, "the header of an event", "no line `pvec:`")


def _time(lines: Lines, collector: Collector | None, file: str, event: str) -> Collector:
    """The particles at one output time."""
    cells = (lines.take() or "").split()
    if len(cells) != 2:
        if collector is not None and len(cells) == len(collector.layout.columns):
            raise miscounted(lines.where, event, collector.last, collector.last + 1)
        got = " ".join(cells)[:100]
        raise InputError("not the line of an output time", where=lines.where, got=got, expected="particles, time")
    count = whole(cells, 0, lines.where)
    real(cells, 1, lines.where)
    if lines.take() is None:
        raise truncated(lines, event, "no counters of collisions")
    row = (lines.peek() or "").split()
    if collector is None:
        if count and len(row) not in LAYOUTS[file]:
            if not row or "UQMD" in row:
                raise truncated(lines, event, f"its header says {count} particles, 0 rows follow")
            got, expected = f"{len(row)} columns", " or ".join(map(str, LAYOUTS[file]))
            what = f"not the particles of a file {file} of UrQMD"
            raise InputError(what, where=f"{lines.path}:{lines.number + 1}", got=got, expected=f"{expected} columns")
        layout = LAYOUTS[file].get(len(row)) or next(iter(LAYOUTS[file].values()))
        collector = Collector(lines, layout)
    collector.block(count, event, word=b"UQMD")
    collector.uncounted(PARTICLE.index("ncoll"), SPECTATOR, event)
    return collector


def _beams(header: str) -> Beams:
    nuclei, energy = _NUCLEI.search(header), _ENERGY.search(header)
    system = f"({nuclei[1]},{nuclei[2]})+({nuclei[3]},{nuclei[4]})" if nuclei else ""
    return Beams(system, float(energy[1]), "sqrt(s_NN)") if energy else Beams(system)


def _other_file(lines: Lines, header: str, match: re.Match[str] | None) -> InputError:
    got = f"output_file {match[2]}" if match else header[:80]
    why = "files 15 and 16 list collisions and decayed particles, not the final state" if match else ""
    fix = "use the file 14 (or 13) of the same run"
    return InputError(
        "not a particle list of UrQMD", where=lines.where, got=got, expected="f13 or f14", why=why, fix=fix
    )
