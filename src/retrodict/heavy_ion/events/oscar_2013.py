"""OSCAR 2013, extended, and the lists with chosen columns of SMASH: the first line names the columns, words the blocks.

Versions differ: events count from 1 (up to 1.8) or from 0, later ones name an ensemble, the end of an event says
`empty` or `scattering_projectile_target` in the opposite sense, extended lists have 20, 21 or 22 columns. So nothing is
read by its position but the numbers below the names.
"""

import re
from collections.abc import Sequence
from typing import Final

from retrodict.base.errors import InputError
from retrodict.heavy_ion.events.collect import Collector, Layout, miscounted, truncated
from retrodict.heavy_ion.events.headers import behind, real, whole
from retrodict.heavy_ion.events.lines import Lines
from retrodict.heavy_ion.events.table import EventTable

STANDARD: Final = ("OSCAR2013", "OSCAR2013Extended", "ASCII")
LISTS: Final = ("particle_lists", "full_event_history", "SMASH_IC")
OURS: Final = {"p0": "E"}
_BLOCK: Final = re.compile(r"# *(event|interaction)\b")
NEEDED: Final = ("px", "py", "pz", "pdg")
GEV: Final = ("px", "py", "pz", "E", "mass")


def read(lines: Lines) -> EventTable:
    """The events of a file whose first line is `#!OSCAR2013 NAME columns` or `#!ASCII NAME columns`.

    Args:
        lines: the file, from its first line.

    Raises:
        InputError: for another content, columns that are missing, units other than GeV, a truncated event, a count that
            disagrees with the rows.
    """
    first = lines.take() or ""
    kind, content, names = _first_line(first, lines.where)
    units, version = "", ""
    while (line := lines.peek()) is not None and line.startswith("#") and not _BLOCK.match(line):
        lines.take()
        units = line.partition("Units:")[2] or units
        version = line.strip("# ") if "SMASH" in line else version
    _refuse_units(names, units.split(), lines.where)
    collector = Collector(lines, Layout(names))
    state = _Blocks(collector, lines, content, shifted="SMASH-2.0" in version and "SMASH-2.0." not in version)
    while (line := lines.take()) is not None:
        cells = line.strip().strip("#").split()
        if line == first or (not cells) or (line.startswith("#") and cells[0] in ("Units:", version)):
            continue  # files that were joined
        if not line.startswith("#"):
            raise state.unexpected(line)
        if cells[0] == "interaction":
            count = whole(cells, behind(cells, "in"), lines.where) + whole(cells, behind(cells, "out"), lines.where)
            state.pass_over(count)
        elif cells[0] == "event":
            state.take(cells)
        else:
            raise InputError("an unknown line of comment", where=lines.where, got=line[:100], expected="# event ...")
    state.close()
    return collector.table(kind, writer=version[:60], notes=state.notes())


class _Blocks:
    """The blocks of one event after the other.

    Args:
        collector: takes the particles.
        lines: the file.
        content: what it holds.
        shifted: whether blocks inside an event may have the number of the next one, as in SMASH 2.0.
    """

    def __init__(self, collector: Collector, lines: Lines, content: str, *, shifted: bool) -> None:
        self.collector, self.lines, self.content, self.shifted = collector, lines, content, shifted
        self.open = ""  # the event that has blocks but no end yet
        self.final = False  # whether its final state was seen
        self.quiet = 0  # events without a collision

    def take(self, cells: Sequence[str]) -> None:
        """The header of a block, or the end of an event."""
        where = self.lines.where
        label = cells[1] if len(cells) > 1 else ""
        ensemble = cells[behind(cells, "ensemble")] if behind(cells, "ensemble") < len(cells) else ""
        event = f"event {label} ensemble {ensemble}" if ensemble else f"event {label}"
        number = whole(cells, 1, where)
        if self.open and event != self.open:
            bare = f"event {number} " in self.open and "end" in cells  # an end that does not name the ensemble
            following = self.shifted and self.open == f"event {number - 1}" and "end" not in cells
            if not bare and not following:
                raise self._no_end(event)
            event = self.open
        if "end" in cells:
            self._end(cells, event)
        elif "out" in cells:
            self.collector.block(whole(cells, behind(cells, "out"), where), event)
            self.open, self.final = event, True
        elif "in" in cells:
            self.collector.block(whole(cells, behind(cells, "in"), where), event)
            self.open, self.final = event, self.content == "SMASH_IC"
            if not self.final:
                self.collector.drop()
        elif "start" in cells:
            self.collector.block_to_comment(event)
            self.open, self.final = event, True
        else:
            raise InputError("an unknown header of a block", where=where, got=" ".join(cells)[:100])

    def pass_over(self, count: int) -> None:
        """An interaction, whose particles are not final."""
        self.collector.block(count, self.open or "an interaction")
        self.collector.drop()
        self.open, self.final = self.open or "an event", False

    def unexpected(self, line: str) -> InputError:
        """The error for a row that no header counts."""
        cells, event = line.split(), self.open or "the file"
        if len(cells) == len(self.collector.layout.columns) and self.open:
            return miscounted(self.lines.where, event, self.collector.last, self.collector.last + 1)
        return InputError("a row outside an event", where=self.lines.where, got=line.strip()[:120])

    def close(self) -> None:
        """Raises `InputError` if the last event has no end."""
        if self.open:
            raise truncated(self.lines, self.open, "no line `# event ... end`, which closes an event")

    def notes(self) -> tuple[str, ...]:
        """What is worth saying."""
        found = (f"{self.quiet} events without a collision of projectile and target",) if self.quiet else ()
        if self.content == "SMASH_IC":
            found = (*found, "initial conditions: particles where they cross the hypersurface, not the final state")
        return found

    def _end(self, cells: Sequence[str], event: str) -> None:
        if self.open and not self.final:
            fix = "write the final state, too: Print_Start_End: True for the collisions of SMASH"
            raise InputError(f"{event} has no final state", where=self.lines.where, expected="# event N out", fix=fix)
        place = behind(cells, "impact")
        impact = real(cells, place, self.lines.where) if "impact" in cells else float("nan")
        quiet = {"empty": "yes", "scattering_projectile_target": "no"}
        self.quiet += any(word in cells and cells[behind(cells, word) :][:1] == [no] for word, no in quiet.items())
        self.collector.end(impact)
        self.open, self.final = "", False

    def _no_end(self, event: str) -> InputError:
        what, got = f"{self.open} has no end", f"then comes {event}"
        fix = "lines were lost, or files were joined in the middle of an event: write the file again"
        return InputError(what, where=self.lines.where, got=got, expected="# event ... end", fix=fix)


def _first_line(text: str, where: str) -> tuple[str, str, tuple[str, ...]]:
    """The standard, the content and the columns by our names."""
    kind, content, *names = [*text.removeprefix("#!").split(), "", ""]
    columns = tuple(OURS.get(name, name) for name in names if name)
    if kind not in STANDARD:
        raise InputError("an unknown version of OSCAR", where=where, got=kind[:40], expected=", ".join(STANDARD))
    if content not in LISTS:
        expected = f"one of {', '.join(LISTS)}"
        raise InputError("not a list of hadrons", where=where, got=content[:40] or "no name", expected=expected)
    lacking = [name for name in NEEDED if name not in columns]
    if lacking or not {"E", "mass"} & set(columns) or len(set(columns)) < len(columns):
        got = f"without {', '.join(lacking) or 'p0 and mass'}" if len(set(columns)) == len(columns) else "one twice"
        fix = "Quantities: [px, py, pz, p0, pdg] at least"
        raise InputError("columns are missing", where=where, got=f"{got}: {' '.join(names)[:120]}", fix=fix)
    return kind, content, columns


def _refuse_units(names: Sequence[str], units: Sequence[str], where: str) -> None:
    wrong = [(n, u) for n, u in zip(names, units, strict=False) if n in GEV and u != "GeV"]
    if units and wrong:
        got = ", ".join(f"{name} [{unit}]" for name, unit in wrong)[:100]
        raise InputError("momenta and energies in another unit", where=where, got=got, expected="GeV")
