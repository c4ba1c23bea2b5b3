"""OSCAR 1997A, `final_id_p_x`: no comment anywhere, an event ends where its count says so."""

from typing import Final

from retrodict.base.errors import InputError
from retrodict.heavy_ion.events.collect import Collector, Layout, miscounted, truncated
from retrodict.heavy_ion.events.headers import beams_of, real, whole
from retrodict.heavy_ion.events.lines import Lines
from retrodict.heavy_ion.events.table import EventTable

CONTENT: Final = "final_id_p_x"
LAYOUT: Final = Layout(("id", "pdg", "px", "py", "pz", "E", "mass", "x", "y", "z", "t"))
EVENT: Final = 4  # numbers of an event line: its number, particles, impact parameter, angle


def read(lines: Lines) -> EventTable:
    """The events of a file whose first line is `OSC1997A`.

    Args:
        lines: the file, from its first line.

    Raises:
        InputError: for another content than the final state, a truncated event, a count that disagrees with the rows.
    """
    lines.take()
    content = (lines.take() or "").strip()
    if content != CONTENT:
        expected = f"{CONTENT}, the particles of the final state"
        raise InputError("another content of OSCAR 1997A", where=lines.where, got=content[:60], expected=expected)
    about = lines.take()
    if about is None:
        raise truncated(lines, "the header", "no line with the code, the nuclei and the energy")
    collector = Collector(lines, LAYOUT)
    while (line := lines.take()) is not None:
        cells = line.split()
        if not cells:
            continue
        if len(cells) == len(LAYOUT.columns) and collector.events:
            raise miscounted(lines.where, f"event {collector.events}", collector.last, collector.last + 1)
        if len(cells) != EVENT:
            raise _other_variant(lines, cells)
        event, count = whole(cells, 0, lines.where), whole(cells, 1, lines.where)
        collector.block(count, f"event {event}")
        collector.end(real(cells, 2, lines.where))
    return collector.table("OSCAR1997A", writer=" ".join(about.split()[:2])[:60], beams=beams_of(about))


def _other_variant(lines: Lines, cells: list[str]) -> InputError:
    fix = "a visualisation file (time steps) or one with more columns is not the final state: write final_id_p_x"
    expected = "event number, particles, impact parameter [fm], angle"
    got = f"{len(cells)} numbers: {' '.join(cells)[:100]}"
    return InputError("not the line of an event", where=lines.where, got=got, expected=expected, fix=fix)
