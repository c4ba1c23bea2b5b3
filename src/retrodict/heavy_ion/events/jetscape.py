"""Final states of JETSCAPE, headers v1, v2 and v3: an event line of words and values, `i pid status E px py pz` below.

Two files call themselves v2: one has a line for the file and a cross section at its end, the other names the columns at
the end of each event line and leaves out events without hadrons.
"""

import re
from typing import Final

from retrodict.base.errors import InputError
from retrodict.heavy_ion.events.collect import Collector, Layout, miscounted, truncated
from retrodict.heavy_ion.events.headers import behind, real, whole
from retrodict.heavy_ion.events.lines import Lines
from retrodict.heavy_ion.events.table import EventTable

VERSIONS: Final = ("v2", "v3")
LAYOUT: Final = Layout(("i", "pdg", "status", "E", "px", "py", "pz"))
OLD: Final = Layout((*LAYOUT.columns, "eta", "phi"))
_OLD_EVENT: Final = re.compile(r"#\s+(\S+)\s+Event(\d+)ID\s+(\d+)\s+pstat-E")
COUNTS: Final = ("N_hadrons", "N_partons")


def read(lines: Lines) -> EventTable:
    """The events of a file whose first line names `JETSCAPE_FINAL_STATE`, or is an event line of JETSCAPE.

    Args:
        lines: the file, from its first line.

    Raises:
        InputError: for an unknown version, a truncated event, a count that disagrees with the rows.
    """
    first = (lines.peek() or "").strip("#").split()
    named = first[:1] == ["JETSCAPE_FINAL_STATE"]
    if named and first[1:2] and first[1] not in VERSIONS:
        fix = "write the file with headerVersion 2 or 3, or update this program"
        got, expected = first[1][:20], "v2 or v3"
        raise InputError(
            "an unknown version of JETSCAPE's final states", where=lines.path, got=got, expected=expected, fix=fix
        )
    old = bool(_OLD_EVENT.match(lines.peek() or ""))
    collector = Collector(lines, OLD if old else LAYOUT)
    version = "v1" if old else first[1] if named else "v2"
    partons = closed = False
    while (line := lines.take()) is not None:
        cells = line.strip().strip("#").split()
        if not cells or cells[0] == "JETSCAPE_FINAL_STATE":
            continue
        if not line.startswith("#"):
            raise _uncounted(lines, collector, cells)
        if cells[0] == "sigmaGen":
            closed = True
            continue
        if old:
            match = _OLD_EVENT.match(line)
            if not match:
                raise _no_event(lines, line)
            collector.block(int(match[3]), f"event {match[2]}")
            collector.end()
            continue
        word = next((name for name in COUNTS if name in cells), "")
        if cells[0] != "Event" or not word:
            raise _no_event(lines, line)
        partons = word == "N_partons"
        collector.block(whole(cells, behind(cells, word), lines.where), f"event {whole(cells, 1, lines.where)}")
        collector.end(weight=real(cells, behind(cells, "weight"), lines.where) if "weight" in cells else 1.0)
    if named and not collector.events:
        raise truncated(lines, "the header", "no event")
    notes = (
        ["no cross section at the end: the run was not closed, or the file is cut off"] if named and not closed else []
    )
    notes += ["events without hadrons are left out by the program that wrote this file"] if not named else []
    notes += ["partons, not hadrons"] if partons else []
    return collector.table(f"JETSCAPE {version}", writer="JETSCAPE", notes=tuple(notes))


def _uncounted(lines: Lines, collector: Collector, cells: list[str]) -> InputError:
    if collector.events and len(cells) == len(collector.layout.columns):
        return miscounted(lines.where, f"event {collector.events}", collector.last, collector.last + 1)
    return InputError("a row outside an event", where=lines.where, got=" ".join(cells)[:100])


def _no_event(lines: Lines, line: str) -> InputError:
    expected = "# Event i weight w EPangle a N_hadrons n"
    return InputError("not the line of an event", where=lines.where, got=line[:120], expected=expected)
