"""OSCAR 1999A, by SMASH or UrQMD: blocks `nin nout ...`; no particles in is the beginning, none out the end so far.

The final state of an event is its last block without outgoing particles; `0 0` closes the event, which is told from a
block without particles by the impact parameter in SMASH, and by the block before it in UrQMD.
"""

from typing import Final

from retrodict.base.errors import InputError
from retrodict.heavy_ion.events.collect import Collector, Layout, truncated
from retrodict.heavy_ion.events.headers import beams_of, real, whole
from retrodict.heavy_ion.events.lines import Lines
from retrodict.heavy_ion.events.table import EventTable

CONTENTS: Final = ("final_id_p_x", "full_event_history")
OPENING: Final = 5  # words of the line with which UrQMD opens an event
BLOCK: Final = 9  # words of a block's header, at most
LAYOUT: Final = Layout(("id", "pdg", "zero", "px", "py", "pz", "E", "mass", "x", "y", "z", "t"))


def read(lines: Lines) -> EventTable:
    """The events of a file whose first line is `# OSC1999A`.

    Args:
        lines: the file, from its first line.

    Raises:
        InputError: for another content, a truncated event, a count that disagrees with the rows, an event without a
            final state.
    """
    lines.take()
    heading = []
    while (line := lines.peek()) is not None and line.lstrip().startswith("#"):
        heading.append((lines.take() or "").strip("# \t"))
    if not heading or heading[0] not in CONTENTS:
        got = heading[0][:60] if heading else "nothing"
        expected = " or ".join(CONTENTS)
        raise InputError("another content of OSCAR 1999A", where=lines.where, got=got, expected=expected)
    collector = Collector(lines, LAYOUT)
    impact, opened, final = float("nan"), False, False
    while (line := lines.take()) is not None:
        cells = line.split()
        if not cells:
            continue
        event = f"event {collector.events + 1}"
        coming, going = whole(cells, 0, lines.where), whole(cells, 1, lines.where)
        if len(cells) > BLOCK:
            raise _no_block(lines, cells)
        first = len(cells) == OPENING and not coming and "." in cells[3]  # UrQMD: event, impact parameter, angle
        closing = not coming and not going and not first and ("." in cells[-1] or (len(cells) == 2 and final))
        if closing:
            if opened and not final:
                raise _no_final_state(lines, event)
            collector.end(real(cells, -1, lines.where) if len(cells) > 3 else impact)
            impact, opened, final = float("nan"), False, False
            continue
        if first and opened:
            raise InputError(f"{event} has no end", where=lines.where, got=line.strip()[:100], expected="0 0")
        impact, opened = real(cells, 3, lines.where) if first else impact, True
        collector.block(coming + going, event)
        final = not going and not first
        if not final:
            collector.drop()
    if opened or not collector.events:
        raise truncated(lines, f"event {collector.events + 1}", "no line `0 0`, which closes an event")
    writer = " ".join(heading[1].split())[:60] if len(heading) > 1 else ""
    return collector.table("OSCAR1999A", writer=writer, beams=beams_of(" ".join(heading)))


def _no_final_state(lines: Lines, event: str) -> InputError:
    fix = "write the final state, too: Print_Start_End: True in SMASH, or content final_id_p_x"
    return InputError(f"{event} has no final state", where=lines.where, expected="a block `N 0`", fix=fix)


def _no_block(lines: Lines, cells: list[str]) -> InputError:
    fix = "a count of particles is wrong, or lines were lost: write the file again"
    got = f"{len(cells)} numbers: {' '.join(cells)[:100]}"
    return InputError("not the line of a block", where=lines.where, got=got, expected="nin nout ...", fix=fix)
